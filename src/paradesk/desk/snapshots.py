"""A copy of the journal each day, whole and checked, for the day on which the disk loses the journal itself."""

import contextlib
import logging
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

KEPT = 3
"""How many days are kept."""
_FIRST = 30.0
_EVERY = 1800.0
"""Seconds after the start, and between two looks whether a new day has come."""
_log = logging.getLogger(__name__)


def snapshots_of(path: Path) -> list[Path]:
    """Return the snapshots of a journal, the newest first."""
    return sorted((path.parent / "snapshots").glob("desk-????-??-??.sqlite3"), reverse=True)


class Snapshots:
    """Takes them in a thread and through a connection of its own; a failure is a line in the log."""

    def __init__(self, path: Path, clock: Callable[[], float] = time.time, *, first: float = _FIRST) -> None:
        """Prepare for the journal at `path`; `first` is the seconds until the first look."""
        self._path = path
        self._clock = clock
        self._first = first
        self._ending = threading.Event()
        self._connection: sqlite3.Connection | None = None
        self._thread = threading.Thread(target=self._live, name="paradesk-snapshots", daemon=True)

    def start(self) -> None:
        """Begin to look once in a while."""
        self._thread.start()

    def stop(self, timeout: float = 0.2) -> None:
        """End, and give up a snapshot that is being written."""
        self._ending.set()
        with contextlib.suppress(sqlite3.Error):
            if self._connection is not None:
                self._connection.interrupt()
        if self._thread.is_alive():
            self._thread.join(timeout)

    def take(self) -> Path | None:
        """Write today's snapshot; None where it is there already, or could not be made. Any thread but the desk's."""
        folder = self._path.parent / "snapshots"
        final = folder / f"desk-{time.strftime('%Y-%m-%d', time.localtime(self._clock()))}.sqlite3"
        fresh = final.with_suffix(".new")
        if final.exists():
            return None
        try:
            folder.mkdir(mode=0o700, exist_ok=True)
            for left in folder.glob("*.new*"):
                left.unlink()
            size = sum(file.stat().st_size for file in self._path.parent.glob(f"{self._path.name}*") if _own(file))
            if shutil.disk_usage(folder).free < 2 * size:
                _log.warning("no snapshot of the journal today: the disk has less than twice its size free")
                return None
            self._write(fresh)
            if not _sound(fresh):
                _log.error("no snapshot of the journal today: it is damaged, or the disk is")
                return None
            fresh.replace(final)
            for old in snapshots_of(self._path)[KEPT:]:
                old.unlink()
        except (OSError, sqlite3.Error) as error:
            if not self._ending.is_set():
                _log.error("no snapshot of the journal today: %s", type(error).__name__)
            return None
        finally:
            with contextlib.suppress(OSError):
                fresh.unlink(missing_ok=True)
        return final

    def _write(self, fresh: Path) -> None:
        # SQLite writes into an empty file that is there already, so that it is never readable for others.
        os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
        uri = f"{self._path.absolute().as_uri()}?mode=ro"
        with closing(sqlite3.connect(uri, uri=True, timeout=0.25, check_same_thread=False)) as connection:
            self._connection = connection
            try:
                if self._ending.is_set():
                    raise sqlite3.OperationalError("interrupted")
                connection.execute("vacuum into ?", (str(fresh),))
            finally:
                self._connection = None
        descriptor = os.open(fresh, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def _live(self) -> None:
        wait = self._first
        while not self._ending.wait(wait):
            self.take()
            wait = _EVERY


def forget_near_misses(path: Path) -> None:
    """Delete the near misses from all snapshots of a journal; a snapshot that does not let that happen goes as a whole."""
    _forget(path, "near_misses", "delete from near_misses")


def forget_choices(path: Path, conversation_id: str | None = None) -> None:
    """Delete the choices of canned responses from all snapshots of a journal: all, or those of one conversation."""
    where, values = (" where conversation_id = ?", (conversation_id,)) if conversation_id is not None else ("", ())
    _forget(path, "canned_choices", f"delete from canned_choices{where}", values)


def _forget(path: Path, table: str, statement: str, values: tuple[str, ...] = ()) -> None:
    for snapshot in snapshots_of(path):
        try:
            with closing(sqlite3.connect(snapshot, isolation_level=None)) as connection:
                if connection.execute("select 1 from sqlite_master where name = ?", (table,)).fetchone():
                    connection.execute("pragma secure_delete = on")
                    connection.execute(statement, values)
        except (sqlite3.Error, UnicodeDecodeError):
            snapshot.unlink(missing_ok=True)


def _own(file: Path) -> bool:
    return file.suffix == ".sqlite3" or file.name.endswith("-wal")


def _sound(path: Path) -> bool:
    try:
        with closing(sqlite3.connect(path)) as connection:
            return bool(connection.execute("pragma quick_check").fetchone()[0] == "ok")
    except (sqlite3.Error, UnicodeDecodeError):
        return False
