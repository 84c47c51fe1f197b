"""The part of `sqlite3.Connection` that the journal uses, over apsw: so the desk's own statements run on our disk."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol, cast

import apsw


class Simulated(Protocol):
    """A simulated disk: an apsw file system under a name of its own."""

    name: str


class _Rows:
    """What `execute` returns."""

    def __init__(self, cursor: apsw.Cursor) -> None:
        self._cursor = cursor

    def fetchone(self) -> Any:
        with _translated():
            return self._cursor.fetchone()

    def fetchall(self) -> list[Any]:
        with _translated():
            return self._cursor.fetchall()

    def __iter__(self) -> Iterator[Any]:
        with _translated():
            yield from self._cursor


class _translated:
    """Turns apsw's errors into those that the standard library would raise."""

    def __enter__(self) -> None:
        return

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, apsw.Error):
            raised = (
                sqlite3.IntegrityError(str(error))
                if isinstance(error, apsw.ConstraintError)
                else sqlite3.OperationalError(str(error))
            )
            raised.sqlite_errorcode = getattr(error, "extendedresult", 0)
            raise raised from error


class PowerConnection:
    """A connection to a database on a simulated disk."""

    def __init__(self, path: Path, disk: Simulated, pragmas: Sequence[str] = ()) -> None:
        """`pragmas` are run whenever the journal has set its own, so that a setting can be replaced."""
        self._pragmas = tuple(pragmas)
        with _translated():
            self._db = apsw.Connection(str(path), vfs=disk.name)

    @property
    def in_transaction(self) -> bool:
        return self._db.in_transaction

    def execute(self, statement: str, values: Sequence[Any] = ()) -> _Rows:
        with _translated():
            rows = _Rows(self._db.execute(statement, tuple(values)))
            if statement.startswith("pragma synchronous"):
                for pragma in self._pragmas:
                    self._db.execute(pragma)
            return rows

    def backup(self, target: sqlite3.Connection) -> None:
        """Copy the database into the file of another connection, which lies on an ordinary disk."""
        path = target.execute("pragma database_list").fetchone()[2]
        copy = apsw.Connection(path)
        with _translated(), copy.backup("main", self._db, "main") as steps:
            while not steps.done:
                steps.step(100)
        copy.close()

    def executescript(self, script: str) -> None:
        with _translated():
            self._db.execute(script)

    def checkpoint_from(self, pages: int) -> None:
        """Checkpoint behind each commit that leaves so many pages in the log, and pass over a failure as SQLite does.

        SQLite's own way of doing so ends in an error of apsw, because the simulated disk raised one on the way.
        """

        def committed(connection: apsw.Connection, database: str, in_log: int) -> int:
            if in_log >= pages:
                with suppress(apsw.Error):
                    connection.wal_checkpoint(database, apsw.SQLITE_CHECKPOINT_PASSIVE)
            return apsw.SQLITE_OK

        self._db.set_wal_hook(committed)

    def close(self) -> None:
        # SQLite closes a file whatever the disk says; apsw passes on what the simulated disk raised meanwhile.
        with suppress(apsw.IOError, apsw.FullError):
            self._db.close()


def opener(disk: Simulated, pragmas: Sequence[str] = ()) -> Any:
    """Return what `Journal` takes as `connect`."""
    return lambda path: cast("sqlite3.Connection", PowerConnection(path, disk, pragmas))
