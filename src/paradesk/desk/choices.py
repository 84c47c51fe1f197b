"""Which canned responses the agent sent, on disk and for this machine: what the ranking learns from and usage is counted by.

A row names the response, the conversation and the reply, and holds what was seen as numbers; no text of anybody.
"""

import logging
import sqlite3
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from paradesk.core.model import ClientId, ConversationId
from paradesk.core.text import clean_line
from paradesk.desk.intake import storable
from paradesk.desk.journal import Journal, JournalError
from paradesk.desk.snapshots import forget_choices

MOST_CHOICES = 20_000
"""Choices that are kept, the newest."""
_MOST_FEATURES = 400
_MOST_WAITING = 1_000
_log = logging.getLogger(__name__)


class Source(StrEnum):
    """How a response came into the composer."""

    PICKER = "picker"
    SUGGESTION = "suggestion"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A canned response that was sent, as it was or edited."""

    at: float
    """Unix seconds."""
    conversation_id: ConversationId
    client_id: ClientId
    """The reply that it became."""
    response_id: str
    language: str
    source: Source
    likeness: float
    """How much of the filled text was sent, 0 to 1."""
    features: tuple[int, ...] = ()
    """What was seen when it was chosen, as numbers of 32 bits (`canned.tokens.feature`)."""


class ChoiceTable:
    """The table `canned_choices` of an open journal."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def keep(self, choice: Choice) -> None:
        """Keep a choice; beyond `MOST_CHOICES` the oldest go."""
        self._db.execute(
            "insert into canned_choices (at, conversation_id, client_id, response_id, language, source, likeness,"
            " features) values (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                choice.at,
                storable(choice.conversation_id),
                storable(choice.client_id),
                storable(choice.response_id),
                storable(choice.language),
                choice.source.value,
                choice.likeness,
                array("I", choice.features[:_MOST_FEATURES]).tobytes(),
            ),
        )
        self._db.execute(
            "delete from canned_choices where place <= (select max(place) from canned_choices) - ?", (MOST_CHOICES,)
        )

    def choices(self) -> Iterator[Choice]:
        """Yield all choices, oldest first. What cannot be read is left where it is."""
        rows = self._db.execute(
            "select at, conversation_id, client_id, response_id, language, source, likeness, features"
            " from canned_choices order by place"
        )
        for at, conversation_id, client_id, response_id, language, source, likeness, features in rows:
            try:
                numbers = array("I")
                numbers.frombytes(bytes(features))
                yield Choice(
                    at=float(at),
                    conversation_id=ConversationId(str(conversation_id)),
                    client_id=ClientId(str(client_id)),
                    response_id=str(response_id),
                    language=str(language),
                    source=Source(source),
                    likeness=float(likeness),
                    features=tuple(numbers),
                )
            except (ValueError, TypeError) as error:
                _log.warning("a choice cannot be read and is kept as it is: %s", type(error).__name__)

    def forget(self, conversation_id: ConversationId | None = None) -> int:
        """Delete all choices, or those of one conversation; returns how many."""
        if conversation_id is None:
            return self._db.execute("delete from canned_choices").rowcount
        return self._db.execute(
            "delete from canned_choices where conversation_id = ?", (storable(conversation_id),)
        ).rowcount


class Choices:
    """Takes choices in. Desk's thread only."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._table = ChoiceTable(journal.connection)
        self._waiting: list[Choice] = []

    def note(self, choice: Choice) -> None:
        """Keep a choice; on disk at the next flush."""
        self._waiting.append(choice)

    def flush(self) -> None:
        """Commit what was noted. What the disk does not take is tried again at the next turn."""
        if not self._waiting:
            return
        try:
            with self._journal.transaction():
                for choice in self._waiting:
                    self._table.keep(choice)
        except JournalError as error:
            _log.error("%s", error)
            del self._waiting[:-_MOST_WAITING]
            return
        self._waiting.clear()

    def forget(self, conversation_id: ConversationId | None = None) -> int:
        """Delete all choices, or those of one conversation, snapshots included; returns how many. Raises JournalError."""
        self.flush()
        self._waiting.clear()
        with self._journal.transaction():
            count = self._table.forget(conversation_id)
            forget_choices(self._journal.path, conversation_id)
        # What is deleted stays in the write-ahead log until that is emptied.
        self._journal.connection.execute("pragma wal_checkpoint(truncate)").fetchall()
        return count


@contextmanager
def read_only(path: Path) -> Iterator[sqlite3.Connection | None]:
    """Open a journal without writing, also while a Paradesk is running on it; None where it has no choices.

    Raises JournalError, which names the file, when it cannot be read.
    """
    if not path.exists():
        yield None
        return
    try:
        connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=2.0)
        try:
            connection.text_factory = lambda content: content.decode("utf-8", "surrogateescape")
            connection.execute("pragma query_only = on")
            found = connection.execute("select 1 from sqlite_master where name = 'canned_choices'").fetchone()
            yield connection if found else None
        finally:
            connection.close()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise JournalError(f"{path} cannot be read: {clean_line(str(error), 120)}") from error


def numbers_of(groups: Sequence[tuple[int, ...]]) -> tuple[int, ...]:
    """Return what was seen, in one row and each once."""
    return tuple(dict.fromkeys(number for group in groups for number in group))
