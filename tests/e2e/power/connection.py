"""The part of `sqlite3.Connection` that the journal uses, over apsw: so the desk's own statements run on our disk."""

import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import apsw

from tests.e2e.power.disk import Disk


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
        return iter(self._cursor)


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

    def __init__(self, path: Path, disk: Disk, pragmas: Sequence[str] = ()) -> None:
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

    def executescript(self, script: str) -> None:
        with _translated():
            self._db.execute(script)

    def close(self) -> None:
        with _translated():
            self._db.close()


def opener(disk: Disk, pragmas: Sequence[str] = ()) -> Any:
    """Return what `Journal` takes as `connect`."""
    return lambda path: cast("sqlite3.Connection", PowerConnection(path, disk, pragmas))
