"""A pack in memory: file names and their bytes, bounded, with everything kept out that does not belong into one."""

import hashlib
import os
import posixpath
import re
import stat
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from paradesk.packs.findings import Finding, finding

MAX_FILE = 256 * 1024
"""Bytes of one file."""
MAX_PACK = 16 * 1024 * 1024
"""Bytes of all files together."""
MAX_FILES = 1_200
MAX_DEPTH = 8
"""Parts of a file's name."""

PATTERNS = (
    re.compile(r"pack\.toml|policy\.toml"),
    re.compile(r"(README|LICEN[CS]E|COPYING|CHANGELOG)(\.(md|txt))?"),
    re.compile(r"keymaps/[^/]+\.toml"),
    re.compile(r"canned_responses/(?:[^/]+/)*[^/]+\.toml"),
    re.compile(r"(?:keymaps|canned_responses)/(?:[^/]+/)*README(\.(md|txt))?"),
)
"""What a pack may hold. Nothing of it is ever run."""

_BESIDE = re.compile(r"canned_responses/(?:[^/]+/)*[^/]+")
"""Where the files lie that go out with a response. They belong into the pack only where a response names them."""

_PART = re.compile(r"\w(?:[\w .+-]*[\w+-])?")
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")


@dataclass(frozen=True, slots=True)
class Tree:
    """The files of one pack, by their names inside it (`keymaps/desk.toml`)."""

    files: Mapping[str, bytes]
    origin: str
    """Where it came from, as findings say it: a folder's path, or how the source was given."""

    def shown(self, name: str) -> str:
        """Return how findings call a file of it."""
        return f"{self.origin.rstrip('/')}/{name}"

    def inside(self, shown: str) -> str:
        """Return the name inside the pack of what findings call `shown`."""
        return shown.removeprefix(f"{self.origin.rstrip('/')}/")

    def below(self, folder: str) -> dict[str, bytes]:
        """Return the files of one folder."""
        return {name: content for name, content in self.files.items() if name.startswith(f"{folder}/")}

    def listing(self) -> str:
        """Return one line a file, sorted: sha256, size, name. It stands for the whole content."""
        return "".join(
            f"{hashlib.sha256(content).hexdigest()} {len(content)} {name}\n"
            for name, content in sorted(self.files.items())
        )

    @property
    def digest(self) -> str:
        """The sha256 of the listing, in hexadecimal: equal for equal files, wherever they came from."""
        return hashlib.sha256(self.listing().encode()).hexdigest()


class Gathering:
    """Takes files in one by one, whatever brings them, and says what is wrong with each."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.files: dict[str, bytes] = {}
        self.findings: list[Finding] = []
        self.full = False
        """No further file is taken."""
        self._size = 0
        self._folded: dict[str, str] = {}
        self._loose: dict[str, int] = {}
        self._named: set[str] = set()

    def report(self, code: str, name: str, message: str, advice: str = "") -> None:
        """Add a finding about a file that is called `name` inside the pack."""
        file = f"{self.origin.rstrip('/')}/{name}" if name else self.origin
        self.findings.append(finding(code, file, 0, message, advice))

    def wanted(self, name: str, size: int) -> bool:
        """Check the name and the size of a file before it is read; tells whether to read it."""
        if self.full:
            return False
        if problem := name_problem(name):
            self.report("P301", name, problem)
            return False
        folded = unicodedata.normalize("NFC", name).casefold()
        if folded in self._folded:
            self.report("P303", name, f"the same name as {self._folded[folded]}")
            return False
        self._folded[folded] = name
        if name.count("/") >= MAX_DEPTH:
            self.report("P306", name, f"more than {MAX_DEPTH - 1} folders inside folders")
            return False
        if not any(pattern.fullmatch(name) for pattern in PATTERNS):
            if _BESIDE.fullmatch(name) and not name.endswith(".toml"):
                self._loose[name] = size
            else:
                self._foreign(name)
            return False
        return self._fits(name, size)

    def _foreign(self, name: str) -> None:
        if name.lower().rpartition(".")[2] in _ARCHIVES:
            self.report("P311", name, "an archive inside the pack")
        else:
            self.report("P307", name, "a pack does not hold such a file")

    def _fits(self, name: str, size: int) -> bool:
        if size > self.limit(name):
            self.report("P304", name, f"the file is larger than {_amount(self.limit(name))}")
            return False
        if len(self.files) >= MAX_FILES:
            self.report("P305", "", f"more than {MAX_FILES} files")
            self.full = True
            return False
        return True

    def beside(self) -> Iterator[str]:
        """Yield, once all other files are taken, those that responses send along, to be taken too; report the rest."""
        named, unsure = named_files(self.files)
        for name, size in self._loose.items():
            if name in named:
                self._named.add(name)
                if not self.full and self._fits(name, size):
                    yield name
            elif not name.startswith(unsure):
                self._foreign(name)

    def limit(self, name: str) -> int:
        """Return the bytes that a file may have."""
        if name not in self._named:
            return MAX_FILE
        from paradesk.canned.fields import MAX_ATTACHMENT

        return MAX_ATTACHMENT

    def take(self, name: str, content: bytes) -> None:
        """Keep a wanted file, unless it turns out to be larger than it said."""
        if len(content) > self.limit(name):
            self.report("P304", name, f"the file is larger than {_amount(self.limit(name))}")
            return
        self._size += len(content)
        if self._size > MAX_PACK:
            self.report("P304", "", f"all files together are larger than {_amount(MAX_PACK)}")
            self.full = True
            return
        # What customers get may be an archive, as documents of an office are: nothing here looks into it.
        archive = content.startswith((b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!"))
        if archive and name not in self._named:
            self.report("P311", name, "an archive under another name")
            return
        self.files[name] = content

    def tree(self) -> Tree:
        """Return what was taken."""
        return Tree(self.files, self.origin)


_ARCHIVES = frozenset({"zip", "gz", "tar", "tgz", "bz2", "xz", "7z", "rar", "zst", "jar", "whl"})


def _amount(size: int) -> str:
    return f"{size // 1024 // 1024} MB" if size >= 1024 * 1024 else f"{size // 1024} KB"


def named_files(files: Mapping[str, bytes]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the names inside the pack of the files that its responses send along.

    Second, the folders of files that say so but cannot be read: what lies there may be meant, once they are mended.
    """
    from paradesk.canned.loader import FileFault, parse_file

    named: set[str] = set()
    unsure: set[str] = set()
    for name, content in files.items():
        if not name.startswith("canned_responses/") or b"attachments" not in content:
            continue
        folder = posixpath.dirname(name)
        try:
            values = parse_file(content)[1].get("response")
        except FileFault:
            unsure.add(f"{folder}/")
            continue
        for table in values if isinstance(values, list) else ():
            wanted = table.get("attachments") if isinstance(table, dict) else None
            for file in wanted if isinstance(wanted, list) else ():
                if isinstance(file, str):
                    named.add(posixpath.normpath(f"{folder}/{file}"))
    return frozenset(named), tuple(unsure)


def name_problem(name: str) -> str:
    """Return why a file of a pack cannot have this name (parts joined by `/`), or an empty string."""
    if len(name) > 240:
        return "the name is longer than 240 characters"
    if name.startswith("/") or re.match(r"[A-Za-z]:", name):
        return "the name is an absolute path"
    if "\\" in name:
        return "the name has a backslash"
    for part in name.split("/"):
        if part in ("..", ".", ""):
            return "the name leads out of the pack"
        if not _PART.fullmatch(part) or _RESERVED.fullmatch(part):
            return "the name has characters that not every system can keep"
    return ""


def read_folder(folder: Path, origin: str = "") -> tuple[Tree, list[Finding]]:
    """Read a folder as a pack; what begins with a dot is no part of it. Never raises for what is in it."""
    gathering = Gathering(origin or str(folder))
    _walk(folder, "", gathering)
    for name in gathering.beside():
        _take(folder / name, name, gathering)
    return gathering.tree(), gathering.findings


def _walk(folder: Path, prefix: str, gathering: Gathering) -> None:
    for entry in _entries(folder, prefix, gathering):
        name = f"{prefix}{entry.name}"
        if gathering.full:
            return
        try:
            status = entry.stat(follow_symlinks=False)
        except OSError as error:
            gathering.report("P313", name, f"cannot be read: {error.strerror or error}")
            continue
        if stat.S_ISDIR(status.st_mode):
            if name.count("/") >= MAX_DEPTH - 1:
                gathering.report("P306", name, f"more than {MAX_DEPTH - 1} folders inside folders")
            else:
                _walk(folder / entry.name, f"{name}/", gathering)
        elif not stat.S_ISREG(status.st_mode):
            gathering.report("P302", name, "a link or a special file")
        elif gathering.wanted(name, status.st_size):
            _take(folder / entry.name, name, gathering)


def _take(path: Path, name: str, gathering: Gathering) -> None:
    try:
        gathering.take(name, read_plain(path, gathering.limit(name)))
    except OSError as error:
        gathering.report("P313", name, f"cannot be read: {error.strerror or error}")


def _entries(folder: Path, prefix: str, gathering: Gathering) -> Iterator[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            entries = sorted((entry for entry in found if not entry.name.startswith(".")), key=lambda entry: entry.name)
    except OSError as error:
        gathering.report("P313", prefix.rstrip("/"), f"cannot be read: {error.strerror or error}")
        return
    yield from entries


def read_plain(path: Path, limit: int = MAX_FILE) -> bytes:
    """Read at most `limit` + 1 bytes of a plain file that is no link and does not block; raises OSError."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(22, "not a plain file", str(path))
        return stream.read(limit + 1)
