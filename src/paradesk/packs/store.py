"""Installed packs on the disk, each under the hash of its content. A pack is there as a whole or not at all."""

import fcntl
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from paradesk.packs.findings import PackError, finding, refuse
from paradesk.packs.lock import sync_folder
from paradesk.packs.tree import MAX_FILES, MAX_PACK, Tree, name_problem, read_plain

_STAGING = ".staging-"
_MAX_LISTING = 400 * MAX_FILES


class Store:
    """The folder of installed packs: `<hash>/listing` and `<hash>/files/…`, beside it what was parsed from them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.absolute()

    @property
    def parsed(self) -> Path:
        """The folder for what was parsed; it can be deleted at any time."""
        return self.folder / "parsed"

    def files(self, content: str) -> Path:
        """Return the folder of a pack's files, whether or not it is there."""
        return self.folder / content / "files"

    @contextmanager
    def busy(self) -> Iterator[None]:
        """Keep every other `paradesk packs` from changing anything meanwhile; raises PackError where one is at work."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(self.folder / ".busy", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                message = "another `paradesk packs` is at work"
                raise refuse("P313", str(self.folder), message, "Wait until it has ended.") from error
            yield
        finally:
            os.close(descriptor)

    def keep(self, tree: Tree) -> str:
        """Put a pack into the store and return its hash; what is there already and whole stays. Raises OSError."""
        content = tree.digest
        try:
            self.read(content, tree.origin)
        except PackError:
            self._write(content, tree)
        return content

    def _write(self, content: str, tree: Tree) -> None:
        staging = self.folder / f"{_STAGING}{secrets.token_hex(6)}"
        staging.mkdir(mode=0o700)
        try:
            folders = {staging, staging / "files"}
            for name, text in tree.files.items():
                path = staging / "files" / name
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                folders.add(path.parent)
                _write_file(path, text)
            (staging / "files").mkdir(exist_ok=True)
            _write_file(staging / "listing", tree.listing().encode())
            for folder in folders:
                sync_folder(folder)
            place = self.folder / content
            if place.exists():
                # What is damaged makes room in one step, too.
                place.rename(self.folder / f"{_STAGING}{secrets.token_hex(6)}")
            staging.rename(place)
            sync_folder(self.folder)
        except BaseException:
            shutil.rmtree(staging, ignore_errors=True)
            raise

    def listing(self, content: str, name: str = "") -> dict[str, str]:
        """Return the sha256 of each file of a pack, by name; raises PackError where it is not what its hash says."""
        who = name or content
        try:
            text = read_plain(self.folder / content / "listing", _MAX_LISTING)
        except OSError as error:
            raise refuse("P403", who, f"its content {content[:12]} is not in {self.folder}") from error
        if hashlib.sha256(text).hexdigest() != content:
            raise refuse("P403", who, f"its listing is not the one of packs.lock ({content[:12]})")
        found: dict[str, str] = {}
        for line in text.decode("utf-8", "replace").splitlines():
            digest, _, rest = line.partition(" ")
            file = rest.partition(" ")[2]
            if not file or name_problem(file):
                raise refuse("P403", who, "its listing is damaged")
            found[file] = digest
        return found

    def read_file(self, content: str, listing: dict[str, str], file: str, name: str = "") -> bytes:
        """Return one file of a pack; raises PackError where it is not what the listing says."""
        who = name or content
        try:
            text = read_plain(self.files(content) / file, MAX_PACK)
        except OSError as error:
            reason = error.strerror or str(error)
            raise PackError([finding("P403", f"{who}/{file}", 0, f"cannot be read: {reason}")]) from error
        if hashlib.sha256(text).hexdigest() != listing[file]:
            raise refuse("P403", f"{who}/{file}", "the file was changed since it was installed")
        return text

    def read(self, content: str, origin: str) -> Tree:
        """Return a whole pack, every file compared with its hash; raises PackError."""
        listing = self.listing(content, origin)
        files: dict[str, bytes] = {}
        size = 0
        for file in listing:
            files[file] = self.read_file(content, listing, file, origin)
            size += len(files[file])
            if size > MAX_PACK:
                raise refuse("P403", origin, "it is larger than a pack can be")
        return Tree(files, origin)

    def sweep(self, keep: set[str]) -> None:
        """Delete what no entry of the lock needs any more, and what was left half done. Never raises."""
        try:
            entries = [*self.folder.iterdir()]
            entries += [*self.parsed.iterdir()] if self.parsed.is_dir() else []
        except OSError:
            return
        for entry in entries:
            name = entry.name.partition(".")[0]
            hashed = len(name) == 64 and all(char in "0123456789abcdef" for char in name)
            if entry.name.startswith(_STAGING) or (hashed and name not in keep):
                if entry.is_dir() and not entry.is_symlink():
                    shutil.rmtree(entry, ignore_errors=True)
                else:
                    entry.unlink(missing_ok=True)


def _write_file(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
