"""What the agent did about the guard's verdicts: counts by day, and the near misses, on disk and for the agent alone."""

import logging
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import msgspec

from paradesk.core.model import ConversationId
from paradesk.core.state import State, Thread
from paradesk.core.text import clean_line
from paradesk.desk.intake import storable
from paradesk.desk.journal import UNREADABLE, Journal, JournalError
from paradesk.desk.snapshots import forget_near_misses
from paradesk.guard.outcome import Decision, NearMiss, counted, meant_by, near_miss

MOST_MISSES = 500
"""Near misses that are kept, the newest."""
_MOST_WAITING = 1_000
_log = logging.getLogger(__name__)

GuardCounts = Mapping[str, Mapping[str, int]]
"""Name of a check (or `guard.outcome.REPLIES`) → outcome → how often."""


class VerdictTable:
    """The tables `near_misses` and `guard_counts` of an open journal."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, day: str, name: str, outcome: str, count: int) -> None:
        """Add to a day's count."""
        self._db.execute(
            "insert into guard_counts values (?, ?, ?, ?)"
            " on conflict(day, name, outcome) do update set count = count + excluded.count",
            (day, name, outcome, count),
        )

    def keep(self, miss: NearMiss) -> None:
        """Keep a near miss; beyond `MOST_MISSES` the oldest go."""
        kept = replace(
            miss,
            conversation_id=ConversationId(storable(miss.conversation_id)),
            meant=None if miss.meant is None else ConversationId(storable(miss.meant)),
        )
        self._db.execute(
            "insert into near_misses (at, record) values (?, ?)", (kept.at, msgspec.json.encode(kept).decode())
        )
        self._db.execute(
            "delete from near_misses where place <= (select max(place) from near_misses) - ?", (MOST_MISSES,)
        )

    def misses(self, limit: int) -> tuple[NearMiss, ...]:
        """Return the newest near misses, newest first. What cannot be read is left where it is."""
        found: list[NearMiss] = []
        for (record,) in self._db.execute(
            "select record from near_misses order by place desc limit ?", (max(0, limit),)
        ):
            try:
                found.append(msgspec.json.decode(record, type=NearMiss))
            except UNREADABLE as error:
                _log.warning("a near miss cannot be read and is kept as it is: %s", type(error).__name__)
        return tuple(found)

    def counts(self, since: str) -> dict[str, dict[str, int]]:
        """Return the counts from this day (`2026-11-27`) on."""
        found: dict[str, dict[str, int]] = {}
        for name, outcome, count in self._db.execute(
            "select name, outcome, sum(count) from guard_counts where day >= ? group by name, outcome", (since,)
        ):
            found.setdefault(str(name), {})[str(outcome)] = int(count)
        return found

    def forget(self) -> int:
        """Delete all near misses; returns how many. The counts stay: they say nothing of anybody."""
        return self._db.execute("delete from near_misses").rowcount


class Verdicts:
    """Takes decisions in. Desk's thread only."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._table = VerdictTable(journal.connection)
        self._counts: Counter[tuple[str, str, str]] = Counter()
        self._misses: list[NearMiss] = []

    def note(self, decision: Decision, state: State) -> None:
        """Count a decision, and keep it where something nearly went wrong: that on disk at once, counts at the next flush."""
        day = _day(decision.at)
        self._counts.update((day, name, outcome) for name, outcome in counted(decision))
        meant = meant_by(decision)
        miss = near_miss(
            decision,
            _called(state.threads.get(decision.conversation_id)),
            "" if meant is None else _called(state.threads.get(meant)),
        )
        if miss is not None:
            self._misses.append(miss)
            self.flush()

    def flush(self) -> None:
        """Commit what was noted. What the disk does not take is tried again at the next turn."""
        if not self._counts and not self._misses:
            return
        try:
            with self._journal.transaction():
                for (day, name, outcome), count in self._counts.items():
                    self._table.add(day, name, outcome, count)
                for miss in self._misses:
                    self._table.keep(miss)
        except JournalError as error:
            _log.error("%s", error)
            del self._misses[:-_MOST_WAITING]
            return
        self._counts.clear()
        self._misses.clear()

    def near_misses(self, limit: int) -> tuple[NearMiss, ...]:
        """Return the newest near misses, newest first."""
        self.flush()
        return self._table.misses(limit)

    def counts(self, days: int, now: float) -> GuardCounts:
        """Return the counts of so many days, today included."""
        self.flush()
        return self._table.counts(first_day(days, now))

    def forget(self) -> int:
        """Delete all near misses from the disk, snapshots included; returns how many there were. Raises JournalError."""
        self.flush()
        self._misses.clear()
        with self._journal.transaction():
            count = self._table.forget()
            forget_near_misses(self._journal.path)
        # What is deleted stays in the write-ahead log until that is emptied.
        self._journal.connection.execute("pragma wal_checkpoint(truncate)").fetchall()
        return count


@contextmanager
def reading(path: Path) -> Iterator[VerdictTable | None]:
    """Open the tables of a journal without writing, also while a Paradesk is running on it; None where there are none.

    Raises JournalError, which names the file, when it cannot be read.
    """
    if not path.exists():
        yield None
        return
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2.0)
        try:
            connection.execute("pragma query_only = on")
            tables = {row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")}
            yield VerdictTable(connection) if {"near_misses", "guard_counts"} <= tables else None
        finally:
            connection.close()
    except sqlite3.Error as error:
        raise JournalError(f"{path} cannot be read: {clean_line(str(error), 120)}") from error


def first_day(days: int, now: float) -> str:
    """Return the first of so many days that end with the one of `now` (Unix seconds), as this machine counts days."""
    today = date.fromisoformat(_day(now))
    return (today - timedelta(days=min(max(1, days), 36_500) - 1)).isoformat()


def _day(at: float) -> str:
    try:
        return datetime.fromtimestamp(at).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return "1970-01-01"


def _called(thread: Thread | None) -> str:
    if thread is None:
        return ""
    number = thread.conversation.number
    return thread.conversation.customer.name + (f" #{number}" if number else "")
