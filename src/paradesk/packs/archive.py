"""Packs as zip files: written so that equal content gives equal bytes, and read without believing what they say."""

import io
import stat
import zipfile
import zlib
from pathlib import Path

from paradesk.packs.findings import Finding, finding
from paradesk.packs.tree import MAX_FILES, MAX_PACK, Gathering, Tree, read_plain

MAX_ARCHIVE = MAX_PACK + 1024 * 1024
"""Bytes of the zip itself: what a pack can hold, and the entries around it."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_ENCRYPTED = 0x1 | 0x40


def write_zip(tree: Tree) -> bytes:
    """Return a pack as a zip. Names are sorted, times and rights fixed: the same files give the same bytes.

    Files are stored as they are, since what a compressor makes of them may change with its version.
    """
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, content in sorted(tree.files.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            archive.writestr(entry, content)
    return stream.getvalue()


def read_zip_file(path: Path) -> tuple[bytes, list[Finding]]:
    """Return the bytes of a zip of a bounded size, or a finding. Never raises."""
    try:
        content = read_plain(path.resolve(), MAX_ARCHIVE)
    except OSError as error:
        return b"", [finding("P313", str(path), 0, f"cannot be read: {error.strerror or error}")]
    if len(content) > MAX_ARCHIVE:
        message = f"the zip is larger than {MAX_ARCHIVE // 1024 // 1024} MB"
        return b"", [finding("P304", str(path), 0, message)]
    return content, []


def read_zip(content: bytes, origin: str) -> tuple[Tree, list[Finding]]:
    """Read the bytes of a zip as a pack. Never raises for what is in it, and unpacks nothing onto the disk.

    Sizes are counted while unpacking, not believed. One folder around everything, as code hosts make it, is taken off.
    """
    gathering = Gathering(origin)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _read(archive, gathering)
    except (
        zipfile.BadZipFile,
        zipfile.LargeZipFile,
        NotImplementedError,
        ValueError,
        OverflowError,
        EOFError,
    ) as error:
        gathering.report("P308", "", f"not a zip that can be read: {error}")
    except (zlib.error, OSError, RuntimeError, MemoryError) as error:
        gathering.report("P308", "", f"the zip is damaged: {error}")
    return gathering.tree(), gathering.findings


def _read(archive: zipfile.ZipFile, gathering: Gathering) -> None:
    entries = archive.infolist()
    if len(entries) > 2 * MAX_FILES:
        gathering.report("P305", "", f"{len(entries)} entries; at most {MAX_FILES} files are read")
        return
    if (declared := sum(entry.file_size for entry in entries)) > MAX_PACK:
        size = f"{declared // 1024 // 1024:,} MB"
        gathering.report("P304", "", f"{size} when unpacked; {MAX_PACK // 1024 // 1024} MB are allowed")
        return
    strip = _wrapper(entries)
    by_name: dict[str, zipfile.ZipInfo] = {}
    for entry in entries:
        # The library cuts a name at a zero byte; what stands behind it would go unseen.
        name = entry.orig_filename
        if strip and name.startswith(strip):
            name = name.removeprefix(strip)
        mode = entry.external_attr >> 16
        if stat.S_IFMT(mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
            gathering.report("P302", name, "a link or a special file")
            continue
        if name.endswith("/") or stat.S_ISDIR(mode) or not name:
            continue
        if entry.flag_bits & _ENCRYPTED:
            gathering.report("P309", name, "encrypted")
            continue
        by_name.setdefault(name, entry)
        if gathering.wanted(name, entry.file_size):
            _take(archive, entry, name, gathering)
    for name in gathering.beside():
        _take(archive, by_name[name], name, gathering)


def _take(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, name: str, gathering: Gathering) -> None:
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        gathering.report("P310", name, f"compression method {entry.compress_type}")
        return
    with archive.open(entry) as stream:
        gathering.take(name, stream.read(gathering.limit(name) + 1))


def _wrapper(entries: list[zipfile.ZipInfo]) -> str:
    """Return the folder that stands around everything, with its slash, where `pack.toml` lies in it."""
    names = [entry.orig_filename for entry in entries]
    first = names[0].partition("/")[0] + "/" if names else ""
    wrapped = all(name.startswith(first) for name in names) and f"{first}pack.toml" in names
    return first if wrapped and first not in ("/", "../", "./") else ""
