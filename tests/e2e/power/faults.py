"""A disk that refuses: an apsw file system on which, from a chosen write or sync on, everything fails until it is mended."""

import itertools
from typing import Any

import apsw

_names = itertools.count()
FAULTS: dict[str, type[apsw.Error]] = {"full": apsw.FullError, "broken": apsw.IOError}
"""What the disk says, by the kind of fault."""
_WORDS = {"full": "database or disk is full", "broken": "disk I/O error"}
"""What SQLite itself says then (`sqlite3_errstr`)."""


class _File(apsw.VFSFile):
    def __init__(self, disk: "FaultyDisk", name: Any, flags: list[int]) -> None:
        super().__init__("", name, flags)
        self._disk = disk

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.touched("write")
        super().xWrite(data, offset)

    def xTruncate(self, size: int) -> None:
        self._disk.touched("write")
        super().xTruncate(size)

    def xSync(self, flags: int) -> None:
        self._disk.touched("sync")
        super().xSync(flags)


class FaultyDisk(apsw.VFS):
    """One disk that works until `fail` and again from `mend` on."""

    def __init__(self) -> None:
        self.name = f"faulty-{next(_names)}"
        self.refused = 0
        """How many writes and syncs have failed."""
        self._operation, self._fault, self._left = "", "", 0
        super().__init__(self.name, "")

    def fail(self, operation: str, fault: str, after: int) -> None:
        """Let every `write` or `sync` fail once so many have gone well."""
        self._operation, self._fault, self._left = operation, fault, after

    def mend(self) -> None:
        """Work again."""
        self._operation = ""

    def touched(self, operation: str) -> None:
        """Count a write or a sync; raises apsw's error for the fault when it is to fail."""
        if operation != self._operation:
            return
        self._left -= 1
        if self._left < 0:
            self.refused += 1
            raise FAULTS[self._fault](_WORDS[self._fault])

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:
        return _File(self, name, flags)
