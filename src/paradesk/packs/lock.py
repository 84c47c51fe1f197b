"""`packs.lock`: which packs are installed, each pinned to its content. The only thing that decides what is loaded."""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Literal, get_args

from paradesk.core.text import clean_line
from paradesk.core.toml import MAX_BYTES, Document, TomlError, read_toml
from paradesk.packs.findings import Finding, PackError, finding

Kind = Literal["folder", "zip", "git", "https"]
KEPT = 3
"""Earlier states of a pack that are kept to go back to."""
FORMAT = 1
MAX_PACKS = 200

_HASH = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """One state of one pack: what it is, exactly, and where it came from."""

    version: str
    kind: Kind
    source: str
    """A path or an address, as it was given; a path is absolute."""
    content: str
    """sha256 of the listing of its files, in hexadecimal."""
    ref: str = ""
    """For git: the branch, tag or commit that was asked for."""
    commit: str = ""
    """For git: the commit that it was."""
    sha256: str = ""
    """For zips: of the file."""
    signer: str = ""
    """Who signed it, where a signature was asked for."""
    default_keymap: str = ""
    """The keymap that everyone gets who has the pack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One installed pack."""

    pin: Pin
    pinned: bool = False
    """`paradesk packs update` leaves it alone."""
    earlier: tuple[Pin, ...] = ()
    """What it was before, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """All installed packs by name, in the order of their layers: a later one lies on an earlier."""

    format: int = FORMAT
    packs: Mapping[str, Entry] = field(default_factory=dict)

    def put(self, name: str, pin: Pin) -> "Lock":
        """Return the lock with this state of a pack; the one before is kept to go back to."""
        entry = self.packs.get(name)
        if entry is None:
            fresh = Entry(pin=pin)
        elif entry.pin == pin:
            return self
        else:
            fresh = replace(entry, pin=pin, earlier=(entry.pin, *entry.earlier)[:KEPT])
        return replace(self, packs={**self.packs, name: fresh})

    def without(self, name: str) -> "Lock":
        """Return the lock without a pack."""
        return replace(self, packs={other: entry for other, entry in self.packs.items() if other != name})

    def back(self, name: str) -> "Lock":
        """Return the lock with a pack as it was before; raises LookupError where nothing is kept."""
        entry = self.packs[name]
        if not entry.earlier:
            raise LookupError(name)
        fresh = replace(entry, pin=entry.earlier[0], earlier=entry.earlier[1:], pinned=True)
        return replace(self, packs={**self.packs, name: fresh})

    def contents(self) -> set[str]:
        """Return the hashes of everything that must be kept."""
        return {pin.content for entry in self.packs.values() for pin in (entry.pin, *entry.earlier)}


def read_lock(path: Path) -> Lock:
    """Read `packs.lock`; one that is not there is empty. Raises PackError, and then no pack may be used or changed."""
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return Lock()
    except OSError as error:
        raise PackError([finding("P404", str(path), 0, f"cannot be read: {error.strerror or error}")]) from error
    try:
        document = read_toml(content)
    except TomlError as error:
        raise PackError([finding("P404", str(path), error.line, str(error))]) from error
    reader = _Reader(str(path), document)
    lock = reader.read()
    if reader.findings:
        raise PackError(reader.findings)
    return lock


class _Reader:
    # By hand and not by msgspec: every start reads this file before anything is drawn.
    def __init__(self, file: str, document: Document) -> None:
        self.file, self.document = file, document
        self.findings: list[Finding] = []

    def report(self, table: str, key: str, message: str) -> None:
        line = self.document.line(table, key)
        self.findings.append(finding("P404", self.file, line, message))

    def read(self) -> Lock:
        values = self.document.values
        if values.get("format") != FORMAT:
            self.report("", "format", f"format must be {FORMAT}: this file was written by another version of Paradesk")
            return Lock()
        packs = values.get("packs", {})
        for key in values.keys() - {"format", "packs"}:
            self.report("", key, f"unknown key `{clean_line(key)}`")
        if not isinstance(packs, dict) or len(packs) > MAX_PACKS:
            self.report("", "packs", f"packs must be at most {MAX_PACKS} tables")
            return Lock()
        return Lock(packs={name: entry for name, value in packs.items() if (entry := self.entry(name, value))})

    def entry(self, name: str, value: object) -> Entry | None:
        table = f"packs.{name}"
        if not re.fullmatch(r"[a-z][a-z0-9-]{1,39}", name) or not isinstance(value, dict):
            self.report("packs", name, f"`{clean_line(name)}` cannot be a pack")
            return None
        if strange := value.keys() - {item.name for item in fields(Entry)}:
            self.report(table, min(strange), f"unknown key `{clean_line(min(strange))}`")
            return None
        pinned, earlier = value.get("pinned", False), value.get("earlier", [])
        if not isinstance(pinned, bool) or not isinstance(earlier, list) or len(earlier) > KEPT:
            self.report(table, "pinned", "`pinned` must be true or false, `earlier` a short list")
            return None
        pin = self.pin(f"{table}.pin", value.get("pin"))
        before = [self.pin(f"{table}.earlier", entry) for entry in earlier]
        if pin is None or None in before:
            return None
        return Entry(pin=pin, pinned=pinned, earlier=tuple(entry for entry in before if entry is not None))

    def pin(self, table: str, value: object) -> Pin | None:
        known = {item.name for item in fields(Pin)}
        if not isinstance(value, dict) or not all(isinstance(entry, str) for entry in value.values()):
            self.report(table, "", f"[{table}] must hold texts")
            return None
        if strange := value.keys() - known:
            self.report(table, min(strange), f"unknown key `{clean_line(min(strange))}`")
            return None
        if missing := {"version", "kind", "source", "content"} - value.keys():
            self.report(table, "", f"[{table}] lacks {', '.join(sorted(missing))}")
            return None
        if not _HASH.fullmatch(value["content"]):
            self.report(table, "content", "`content` is no sha256")
            return None
        if value["kind"] not in get_args(Kind):
            self.report(table, "kind", f"`kind` is none of {', '.join(get_args(Kind))}")
            return None
        return Pin(**{key: clean_line(entry, 500) for key, entry in value.items()})  # type: ignore[arg-type]


def lock_text(lock: Lock) -> str:
    """Return the lock as TOML."""
    import tomli_w

    packs: dict[str, dict[str, object]] = {}
    for name, entry in lock.packs.items():
        packs[name] = {"pinned": entry.pinned, "pin": _filled(entry.pin)}
        if entry.earlier:
            packs[name]["earlier"] = [_filled(pin) for pin in entry.earlier]
    return _HEADER + tomli_w.dumps({"format": lock.format, "packs": packs})


def _filled(pin: Pin) -> dict[str, str]:
    return {key: value for key, value in asdict(pin).items() if value}


def write_lock(path: Path, lock: Lock) -> None:
    """Replace `packs.lock` as a whole: a crash leaves the old or the new one. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_whole(path.resolve(), lock_text(lock).encode())


def write_whole(path: Path, content: bytes) -> None:
    """Write a file under its name only once it is on the disk; raises OSError."""
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in a folder on the disk; raises OSError."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


_HEADER = """\
# Written by `paradesk packs`. It pins every installed pack to its content: what differs from it is not loaded.
"""
