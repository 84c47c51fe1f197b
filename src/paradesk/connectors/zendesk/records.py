"""What is remembered of each ticket between two questions, and the part of it that outlives a restart."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from paradesk.connectors.polling import Versions
from paradesk.connectors.zendesk.wire import TicketRow
from paradesk.core.model import Conversation, Message

KEPT = 4
"""So many ids of a ticket's newest comments outlive a restart."""
FOLLOWED = 3 * 86_400.0
"""Seconds for which a ticket that was solved is still followed after a restart; if it is opened again it comes anyway."""


@dataclass(slots=True)
class Record:
    """One ticket."""

    id: int
    row: TicketRow | None = None
    version: int = 0
    """When the question was asked that `row` answers."""
    told: Conversation | None = None
    known: dict[str, str] = field(default_factory=dict)
    """The comments that the desk has: id → text; the text is empty where only the id outlived a restart."""
    read_stamp: str = ""
    """`updated_at` of the ticket when its comments were read last."""
    read_again: float = 0.0
    """The server's time after which the comments are read once more, or 0: times are whole seconds, and a second is not
    over when it is first seen."""
    gap: bool = False
    """Its comments could not be read the last time."""
    listed: bool = False
    """It belongs to what this desk shows."""

    def done_since(self, time: float) -> bool:
        """Tell whether it was solved before this time, so that it need not be followed any more."""
        return self.row is not None and self.row.status == "solved" and self.row.updated_at < time


class _Stored(msgspec.Struct):
    user: int = 0
    version: int = 0
    changed: float = 0.0
    tickets: dict[str, list[str]] = {}


class Records:
    """All tickets that this desk shows or has shown since it started."""

    def __init__(self, user: int, cursor: str | None) -> None:
        """Begin at a cursor that the desk kept; one that is damaged or another agent's means the beginning."""
        self.user = user
        self.tickets: dict[int, Record] = {}
        stored = _decode(cursor)
        if stored.user != user:
            stored = _Stored()
        self.versions = Versions(stored.version)
        self.changed = stored.changed
        """Everything that changed before this (Unix seconds) has been told."""
        for name, known in stored.tickets.items():
            if name.isascii() and name.isdecimal() and len(name) < 17:
                self.tickets[int(name)] = Record(int(name), known=dict.fromkeys(known, ""), listed=True)

    def record(self, ticket_id: int) -> Record:
        """Return what is remembered of a ticket, made anew where there is nothing."""
        return self.tickets.setdefault(ticket_id, Record(ticket_id))

    def cursor(self) -> str:
        """Return what the desk keeps: how far the changes were read, and each open ticket's newest comments."""
        old = self.changed - FOLLOWED
        followed = (one for one in self.tickets.values() if one.listed and not one.done_since(old))
        tickets = {str(one.id): list(one.known)[-KEPT:] for one in followed}
        return msgspec.json.encode(_Stored(self.user, self.versions.newest, self.changed, tickets)).decode()


def fresh(record: Record, messages: Sequence[Message]) -> list[Message]:
    """Return the messages that the desk does not have. After a restart: those behind the oldest that it is known to have."""
    known = [place for place, message in enumerate(messages) if message.id in record.known]
    start = known[0] if known else 0
    return [message for message in messages[start:] if message.id not in record.known]


def _decode(cursor: str | None) -> _Stored:
    try:
        return msgspec.json.decode(cursor, type=_Stored) if cursor else _Stored()
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _Stored()
