"""A disk that keeps only what was synced: an apsw file system that drops, tears and reorders the rest at a cut.

Writes reach real files as well, so that the program under test reads what it wrote. Beside them the disk keeps, per file,
what a sync has made certain and what is still on its way; `cut` writes out what is left after the power went.
"""

import itertools
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw

SECTOR = 512
"""Bytes that a disk writes whole or not at all."""
_DROPPED, _TORN = 0.4, 0.2
"""Shares of unsynced writes that are lost, and that are written in part."""
_names = itertools.count()

Write = tuple[int, bytes | None]
"""Offset and bytes; None: the file was cut off there."""


class _File(apsw.VFSFile):
    def __init__(self, disk: "Disk", name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._disk = disk
        self._path = str(name.filename() if isinstance(name, apsw.URIFilename) else name)
        disk.pending.setdefault(self._path, [])
        if self._path not in disk.durable:
            disk.durable[self._path] = Path(self._path).read_bytes()

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.pending[self._path].append((offset, bytes(data)))
        super().xWrite(data, offset)
        self._disk.wrote()

    def xTruncate(self, size: int) -> None:
        self._disk.pending[self._path].append((size, None))
        super().xTruncate(size)
        self._disk.wrote()

    def xSync(self, flags: int) -> None:
        super().xSync(flags)
        self._disk.syncs += 1
        self._disk.durable[self._path] = _applied(self._disk.durable[self._path], self._disk.pending[self._path])
        self._disk.pending[self._path] = []


class Disk(apsw.VFS):
    """One simulated disk. `after(n)` calls back behind the n-th write, in the middle of whatever is going on."""

    def __init__(self) -> None:
        self.name = f"power-{next(_names)}"
        self.durable: dict[str, bytes] = {}
        self.pending: dict[str, list[Write]] = {}
        self.syncs = 0
        self._left = -1
        self._then: Callable[[], None] = lambda: None
        super().__init__(self.name, "")

    def after(self, writes: int, then: Callable[[], None]) -> None:
        """Call `then` behind so many writes from now."""
        self._left, self._then = writes, then

    def wrote(self) -> None:
        """Count a write."""
        self._left -= 1
        if self._left == 0:
            self._then()

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        return _File(self, name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:
        self.durable.pop(filename, None)
        self.pending.pop(filename, None)
        super().xDelete(filename, syncdir)

    def cut(self, folder: Path, rng: random.Random) -> None:
        """Write what the disk holds after a power cut into a folder."""
        for path, image in self.durable.items():
            if not path.endswith("-shm"):
                target = folder / Path(path).name
                target.write_bytes(_applied(image, _survivors(self.pending[path], rng)))
                target.chmod(0o600)


def _survivors(writes: list[Write], rng: random.Random) -> list[Write]:
    """Return which unsynced writes reached the disk, in the order in which it happened to take them."""
    kept: list[Write] = []
    for offset, data in writes:
        roll = rng.random()
        if roll < _DROPPED:
            continue
        if roll < _DROPPED + _TORN and data is not None and len(data) > SECTOR:
            starts = [start for start in range(0, len(data), SECTOR) if rng.random() < 0.5]
            kept += [(offset + start, data[start : start + SECTOR]) for start in starts]
            continue
        kept.append((offset, data))
    if rng.random() < 0.5:
        rng.shuffle(kept)
    return kept


def _applied(image: bytes, writes: list[Write]) -> bytes:
    content = bytearray(image)
    for offset, data in writes:
        if data is None:
            del content[offset:]
            continue
        content.extend(bytes(max(0, offset - len(content))))
        content[offset : offset + len(data)] = data
    return bytes(content)
