"""What is remembered of each chat between two questions, and the part of it that outlives a restart."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import msgspec

from paradesk.connectors.livehelperchat.wire import READ, ChatRow, MessageRow
from paradesk.connectors.polling import Versions
from paradesk.core.model import Conversation, Offer

WINDOW: Final = 30
"""So many of a chat's newest messages are read again each time: what happened to them shows in no other way, and of two
messages that are stored at once the one with the smaller id may appear later."""
KEPT: Final = 6
"""So many of their ids outlive a restart."""


@dataclass(slots=True)
class Record:
    """One chat."""

    id: int
    row: ChatRow | None = None
    version: int = 0
    """When the question was asked that `row` answers."""
    told: Conversation | None = None
    """What the desk has been told last."""
    recent: dict[int, int] = field(default_factory=dict)
    """The newest messages: id → delivery state; the desk has them."""
    floor: int = 0
    """No message up to this id is news."""
    read_up_to: int = 0
    """The newest of our messages that the visitor has read."""
    stamp: tuple[int, int, int] | None = None
    """Of the row when the messages were read last; None: they have to be read."""
    typing: bool = False
    gap: bool = False
    """Its messages could not be read the last time."""
    offer: Offer | None = None
    transfer: int = 0
    """Id of the transfer that offers us this chat, or 0."""
    declined: int = 0
    """Id of the transfer that we do not want, or 0."""
    listed: bool = False
    """It belongs to what this desk shows."""

    @property
    def last(self) -> int:
        """The newest message that the desk has, or 0."""
        return max(self.recent, default=self.floor)

    def fresh(self, rows: Iterable[MessageRow]) -> list[MessageRow]:
        """Return the messages that the desk does not have."""
        return [row for row in rows if row.id > self.floor and row.id not in self.recent]

    def take(self, rows: Iterable[MessageRow]) -> None:
        """Remember messages once the desk has them."""
        for row in rows:
            if row.id > self.floor:
                self.recent[row.id] = row.state
            if row.author > 0 and row.state == READ:
                self.read_up_to = max(self.read_up_to, row.id)
        for old in sorted(self.recent)[:-WINDOW]:
            del self.recent[old]
            self.floor = max(self.floor, old)


class _Stored(msgspec.Struct):
    user: int = 0
    version: int = 0
    chats: dict[str, list[int]] = {}


class Records:
    """All chats that this desk shows or has shown since it started."""

    def __init__(self, user: int, cursor: str | None) -> None:
        """Begin at a cursor that the desk kept; one that is damaged or another operator's means the beginning."""
        self.user = user
        self.chats: dict[int, Record] = {}
        stored = _decode(cursor)
        self.versions = Versions(stored.version if stored.user == user else 0)
        for name, ids in (stored.chats if stored.user == user else {}).items():
            if name.isascii() and name.isdecimal() and len(name) < 16 and ids:
                floor, *recent = sorted(ids)
                self.chats[int(name)] = Record(int(name), floor=floor, recent=dict.fromkeys(recent, 0), listed=True)

    def record(self, chat_id: int) -> Record:
        """Return what is remembered of a chat, made anew where there is nothing."""
        return self.chats.setdefault(chat_id, Record(chat_id))

    def cursor(self) -> str:
        """Return what the desk keeps: for each open chat the newest ids, the first of them the floor."""
        chats = {}
        for record in self.chats.values():
            if record.listed:
                known = sorted(record.recent)
                kept, older = known[-KEPT:], known[:-KEPT]
                chats[str(record.id)] = [max([record.floor, *older[-1:]]), *kept]
        return msgspec.json.encode(_Stored(self.user, self.versions.newest, chats)).decode()


def _decode(cursor: str | None) -> _Stored:
    try:
        return msgspec.json.decode(cursor, type=_Stored) if cursor else _Stored()
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _Stored()
