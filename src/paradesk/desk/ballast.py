"""A file of nothing that gives way when the disk is full: even deleting needs room in a database."""

import logging
import os
import shutil
from pathlib import Path

SIZE = 1 << 20
"""Bytes: some hundred small commits."""
_log = logging.getLogger(__name__)


class Ballast:
    """The reserve of one journal."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / "desk.ballast"

    @property
    def there(self) -> bool:
        """Whether there is a reserve that can give way."""
        return self._path.exists()

    def make(self) -> bool:
        """Take the room, where the disk has twice as much to give; returns whether the reserve is there."""
        if self.there:
            return True
        fresh = self._path.with_suffix(".ballast-new")
        try:
            if shutil.disk_usage(self._path.parent).free < 2 * SIZE:
                return False
            descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            try:
                # Written out, since a file with holes takes no room; random, since zeros may be compressed away.
                os.write(descriptor, os.urandom(SIZE))
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if fresh.stat().st_size != SIZE:
                fresh.unlink()
                return False
            fresh.replace(self._path)
        except OSError as error:
            _log.warning("%s cannot be written: %s", self._path, error.strerror)
            try:
                fresh.unlink(missing_ok=True)
            except OSError:
                pass
            return False
        return True

    def free(self) -> bool:
        """Give the room back to the disk; returns whether there was some."""
        try:
            self._path.unlink()
        except OSError:
            return False
        return True
