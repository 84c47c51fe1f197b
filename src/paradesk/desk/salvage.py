"""Starts over from a damaged journal: moves it aside and brings over what can be read, the rest from a snapshot.

A new file is written whole before the damaged one moves, so that a kill in between loses nothing.
"""

import contextlib
import logging
import os
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec

from paradesk.core.model import Delivery
from paradesk.core.text import clean_line
from paradesk.desk.journal import UNREADABLE
from paradesk.desk.migrations import SCHEMA_VERSION, TABLES, migrate
from paradesk.desk.outbox_rows import OutboxRow
from paradesk.desk.snapshots import snapshots_of

DOUBTFUL = "the journal was damaged; it may have arrived, or you may have taken it back"
_MAGIC = b"SQLite format 3\0"
_MARK = b"client_id text not null unique"
_SIDES = ("", "-wal", "-shm")
_MOST_PROBES = 1_000
"""How many rows between two readable stretches are asked for one by one."""
_COLUMNS = {
    "conversations": ("id", "profile", "record"),
    "messages": ("conversation_id", "id", "order_key", "sent_at", "part", "base", "amendment"),
    "seen": ("conversation_id", "order_key"),
    "outbox": ("place", "client_id", "conversation_id", "state", "record"),
    "drafts": ("conversation_id", "visibility", "text"),
    "draft_origins": ("conversation_id", "visibility", "record"),
    "layout": ("id", "record"),
    "near_misses": ("place", "at", "record"),
    "guard_counts": ("day", "name", "outcome", "count"),
    "canned_choices": (
        "place",
        "at",
        "conversation_id",
        "client_id",
        "response_id",
        "language",
        "source",
        "likeness",
        "features",
    ),
}
"""What is brought over, in this order: replies are judged by the messages. Cursors are not: the backend tells all again."""
_KEYS = {"messages": ("conversation_id", "id"), "guard_counts": ("day", "name", "outcome")}
_log = logging.getLogger(__name__)

_Row = tuple[Any, ...]
_BROKEN = (sqlite3.Error, UnicodeDecodeError, OverflowError, MemoryError)
"""What reading a damaged database raises."""


class _Text(bytes):
    """A text as it lies on disk, whatever its bytes are."""


class _Reply(msgspec.Struct):
    client_id: str
    body: str = ""


class _Source:
    """A database that may be damaged, open for reading only."""

    def __init__(self, path: Path) -> None:
        self.db = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=0.25)
        self.db.text_factory = _Text
        self.clean = not _size(path.with_name(path.name + "-wal"))
        """It was closed in an orderly way: no commit can be missing."""

    def sound(self, table: str) -> bool:
        """Whether SQLite finds nothing wrong with a table."""
        try:
            return bytes(self.db.execute(f"pragma quick_check('{table}')").fetchone()[0]) == b"ok"
        except (*_BROKEN, TypeError):
            return False

    def rows(self, table: str) -> Iterator[_Row]:
        """Yield what can be read: from the start, from the end, then one by one in between. Rows may come twice."""
        keys = _KEYS.get(table, ("rowid",))
        select = f"select {', '.join(_COLUMNS[table])}, {keys[0]} from {table}"
        ends: list[int] = []
        for way in ("", " desc"):
            order = ", ".join(f"{key}{way}" for key in keys)
            last: Any = None
            reading = self._while_it_goes(f"{select} order by {order}")
            while True:
                try:
                    row = next(reading)
                except StopIteration as end:
                    if end.value:
                        return
                    break
                last = row[-1]
                yield row[:-1]
            ends.append(last if isinstance(last, int) else 0)
        if not self._readable(table):
            return
        if table == "messages":
            for where in self._ids():
                for way in ("", " desc"):
                    step = f"{select} where conversation_id = cast(? as text) order by id{way}"
                    for row in self._while_it_goes(step, where):
                        yield row[:-1]
        elif keys == ("rowid",):
            first, last = ends
            for rowid in range(first + 1, min(last or first + _MOST_PROBES, first + _MOST_PROBES)):
                for row in self._while_it_goes(f"{select} where rowid = ?", rowid):
                    yield row[:-1]

    def _readable(self, table: str) -> bool:
        try:
            self.db.execute(f"select 1 from {table} limit 0")
        except _BROKEN:
            return False
        return True

    def _while_it_goes(self, query: str, *values: Any) -> Generator[_Row, None, bool]:
        try:
            cursor = self.db.execute(query, values)
        except _BROKEN:
            return False
        while True:
            try:
                row = cursor.fetchone()
            except _BROKEN:
                return False
            if row is None:
                return True
            yield row

    def _ids(self) -> list[bytes]:
        found: dict[bytes, None] = {}
        for row in self.rows("conversations"):
            if isinstance(row[0], _Text):
                found[row[0]] = None
        return list(found)


class _Rescued:
    """The new journal while it is being filled."""

    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db
        self.counts: Counter[str] = Counter()
        self.doubtful = 0
        self._replies: set[bytes] = set()
        self._delivered: set[str] = set()
        self._said: set[tuple[bytes, str]] = set()

    def take(self, table: str, source: _Source, *, whole: bool, newest: bool) -> None:
        """Bring over the rows of a table. `newest`: from the damaged file itself, not from a snapshot."""
        step: Callable[[_Row], _Row | None] = lambda row: row  # noqa: E731
        if table == "messages":
            step = self._message
        elif table == "drafts":
            step = (lambda row: row) if newest else self._stale_draft
        elif table == "outbox":
            step = lambda row: self._reply(row, certain=whole and newest and source.clean, newest=newest)  # noqa: E731
        for row in source.rows(table):
            kept = step(row)
            if kept is not None:
                self._put(table, kept)

    def forget_completeness(self) -> None:
        """Messages may be missing: older ones are asked for again where the agent reads back."""
        for where, text in self._db.execute("select id, record from conversations").fetchall():
            with contextlib.suppress(*UNREADABLE, AttributeError):
                record = msgspec.json.decode(text)
                record["history_complete"] = False
                self._db.execute(
                    "update conversations set record = ? where id = cast(? as text)",
                    (msgspec.json.encode(record).decode(), where),
                )

    def _put(self, table: str, row: _Row) -> None:
        marks = ", ".join("cast(? as text)" if isinstance(value, _Text) else "?" for value in row)
        with contextlib.suppress(sqlite3.IntegrityError, sqlite3.DataError, OverflowError):
            cursor = self._db.execute(
                f"insert or ignore into {table} ({', '.join(_COLUMNS[table])}) values ({marks})", row
            )
            self.counts[table] += cursor.rowcount

    def _message(self, row: _Row) -> _Row:
        base = row[5]
        if isinstance(base, bytes) and b'"client_id":"' in base:
            with contextlib.suppress(*UNREADABLE):
                reply = msgspec.json.decode(base, type=_Reply)
                self._delivered.add(reply.client_id)
                self._said.add((bytes(row[0]), reply.body.strip()))
        return row

    def _stale_draft(self, row: _Row) -> _Row | None:
        """Leave out a draft of the day before that was sent since: it would invite to send it twice."""
        if not isinstance(row[0], bytes) or not isinstance(row[2], bytes):
            return None
        return None if (bytes(row[0]), row[2].decode("utf-8", "replace").strip()) in self._said else row

    def _reply(self, row: _Row, *, certain: bool, newest: bool) -> _Row | None:
        place, client_id, where, _, record = row
        if not isinstance(client_id, bytes) or bytes(client_id) in self._replies:
            return None
        if not newest and client_id.decode("utf-8", "replace") in self._delivered:
            return None
        self._replies.add(bytes(client_id))
        try:
            reply = msgspec.json.decode(record, type=OutboxRow)
        except UNREADABLE:
            return row
        if isinstance(where, bytes):
            self._said.add((bytes(where), (reply.whole or reply.body).strip()))
        if certain:
            return row
        reply = _unclear(reply, newest=newest)
        self.doubtful += reply.unclear
        taken = self._db.execute("select 1 from outbox where place = ?", (place,)).fetchone()
        return (None if taken else place, client_id, where, reply.state.value, msgspec.json.encode(reply).decode())


def _unclear(row: OutboxRow, *, newest: bool) -> OutboxRow:
    """Return a reply of which nobody can say how far it came; it is never sent again without asking somebody."""
    if row.state is Delivery.ACKED:
        return row
    if row.state is Delivery.SENDING and newest:
        # What the backend declares decides. It cannot have left before it was accepted.
        return replace(row, unclear=True, sent_at=row.echo.sent_at if row.sent_at is None else row.sent_at)
    return replace(row, state=Delivery.UNCERTAIN, unclear=True, reason=DOUBTFUL, version=row.version + 1)


def is_journal(path: Path) -> bool:
    """Whether a file that cannot be read is what is left of a journal, and no file of somebody else."""
    for side in _SIDES[:2]:
        with contextlib.suppress(OSError), path.with_name(path.name + side).open("rb") as file:
            start = file.read(len(_MAGIC))
            if not side and start == _MAGIC:
                return True
            empty, tail = True, start
            while block := file.read(1 << 20):
                empty = empty and not block.strip(b"\0")
                if _MARK in tail + block:
                    return True
                tail = block[-len(_MARK) :]
            # Some file systems leave zeros after a power cut.
            if not side and empty and not start.strip(b"\0"):
                return True
    return False


def start_over(path: Path, what: str) -> str:
    """Put a new journal in the place of a damaged one, which is moved aside; returns what the agent is to be told.

    Raises OSError or sqlite3.Error when the disk does not take it; then the damaged one is in its place.
    """
    fresh = path.with_name(f"{path.name}.salvage")
    fresh.unlink(missing_ok=True)
    os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    with closing(sqlite3.connect(fresh, isolation_level=None)) as db:
        db.execute("pragma synchronous = full")
        migrate(db, 0)
        db.text_factory = _Text
        db.execute("begin immediate")
        rescued, snapshot = _fill(db, path)
        db.execute("commit")
    return _told(path, finish(path), what, rescued, snapshot)


def finish(path: Path) -> str:
    """Move the damaged files aside and the new one into its place; returns the name they have now, empty without one.

    Also what is left to do where that was cut off before: the new file is whole as soon as the damaged one has moved.
    """
    fresh = path.with_name(f"{path.name}.salvage")
    if not fresh.exists():
        return ""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
    aside, number = path.with_name(f"{path.name}.corrupt-{stamp}"), 1
    while any(aside.with_name(aside.name + side).exists() for side in _SIDES):
        number += 1
        aside = path.with_name(f"{path.name}.corrupt-{stamp}-{number}")
    for side in _SIDES:
        with contextlib.suppress(FileNotFoundError):
            path.with_name(path.name + side).rename(aside.with_name(aside.name + side))
    fresh.rename(path)
    directory = os.open(path.parent, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return aside.name


def resume(path: Path) -> str:
    """Complete a salvage that was cut off; returns what the agent is to be told, empty where there was none."""
    if path.exists():
        path.with_name(f"{path.name}.salvage").unlink(missing_ok=True)
        return ""
    if not finish(path):
        return ""
    return f"{path} was damaged and has been moved aside (…corrupt-…); what could be read of it came back"


def _fill(db: sqlite3.Connection, path: Path) -> tuple[_Rescued, str]:
    rescued, used = _Rescued(db), ""
    with contextlib.ExitStack() as stack:
        damaged: _Source | None = None
        with contextlib.suppress(*_BROKEN):
            damaged = stack.enter_context(_source(path))
        older = next((item for name in snapshots_of(path) if (item := _snapshot(name, stack)) is not None), None)
        for table in _COLUMNS:
            whole = damaged is not None and damaged.sound(table)
            if damaged is not None:
                rescued.take(table, damaged, whole=whole, newest=True)
            if not whole and older is not None:
                before = rescued.counts[table]
                rescued.take(table, older[1], whole=False, newest=False)
                used = older[0].name if rescued.counts[table] > before else used
            if table == "messages" and not whole:
                rescued.forget_completeness()
    return rescued, used


@contextlib.contextmanager
def _source(path: Path) -> Iterator[_Source]:
    source = _Source(path)
    try:
        yield source
    finally:
        source.db.close()


def _snapshot(path: Path, stack: contextlib.ExitStack) -> tuple[Path, _Source] | None:
    """Open a snapshot; None for one that is damaged itself, or not ours."""
    try:
        source = stack.enter_context(_source(path))
        if bytes(source.db.execute("pragma quick_check").fetchone()[0]) != b"ok":
            return None
        version = source.db.execute("pragma user_version").fetchone()[0]
        tables = {bytes(row[0]).decode() for row in source.db.execute("select name from sqlite_master")}
    except (*_BROKEN, TypeError):
        return None
    return (path, source) if 0 < version <= SCHEMA_VERSION and tables >= TABLES else None


def _told(path: Path, aside: str, what: str, rescued: _Rescued, snapshot: str) -> str:
    counts = rescued.counts
    words = [
        _number(counts["outbox"], "reply", "replies") + (f" ({rescued.doubtful} unclear)" if rescued.doubtful else ""),
        _number(counts["drafts"], "draft", "drafts"),
        _number(counts["conversations"], "chat", "chats"),
        _number(counts["messages"], "message", "messages"),
    ]
    text = (
        f"{path} was damaged ({clean_line(what, 80)}); it was moved aside as {aside}. Came back: {', '.join(words)}"
        f"{f', partly from {snapshot}' if snapshot else ''}. Look at replies marked unclear; chats are read again"
    )
    _log.error("%s", text)
    return text


def _number(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
