"""The outbox in the journal: every reply that was accepted and that the stream has not shown yet."""

import logging
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from paradesk.core.model import ClientId, ConversationId, Delivery, LocalFile, Message, MessageId, Visibility
from paradesk.desk.journal import UNREADABLE

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboxRow:
    """One accepted reply. Its client id stays the same for life."""

    client_id: ClientId
    conversation_id: ConversationId
    body: str
    visibility: Visibility
    attachments: tuple[LocalFile, ...]
    echo: Message
    """What the screen shows until the stream does."""
    state: Delivery = Delivery.QUEUED
    version: int = 0
    """Grows with each change of state."""
    sent_at: float | None = None
    """When the first byte may have left; committed before it does. EXACT: of the first try, else of the last."""
    unclear: bool = False
    """A try had an unclear outcome: the backend may have it."""
    hold: float = 0.0
    """Seconds for which it could be taken back before anything left."""
    not_before: float | None = None
    """Unix seconds until which it is held; None once it is free to go."""
    closed_until: float | None = None
    """Unix seconds before which the backend wants to hear nothing (a rate limit that this reply met)."""
    resent: bool = False
    """The one resend that policy may allow has been used."""
    message_id: MessageId | None = None
    reason: str = ""
    prepared: bool = False
    """`body` is what the connector made of the text, not the text as it was typed."""
    reply_id: ClientId | None = None
    """The client id of the first part, where this is one part of a longer reply."""
    parts: int = 1
    """Into how many parts the reply was made."""
    whole: str = ""
    """On the first part, the reply as the agent wrote it, where `body` is not the same."""
    uploads: tuple[str, ...] = ()
    """What the backend calls those of the attachments that it has already, in their order."""


class OutboxTable:
    """The table `outbox` of an open journal."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def add(self, row: OutboxRow) -> None:
        """Append a reply; raises sqlite3.IntegrityError when its client id is there already."""
        self._db.execute(
            "insert into outbox (client_id, conversation_id, state, record) values (?, ?, ?, ?)",
            (row.client_id, row.conversation_id, row.state.value, msgspec.json.encode(row).decode()),
        )

    def update(self, row: OutboxRow) -> None:
        """Keep the new state of a reply in its place."""
        self._db.execute(
            "update outbox set state = ?, record = ? where client_id = ?",
            (row.state.value, msgspec.json.encode(row).decode(), row.client_id),
        )

    def split(self, rows: Sequence[OutboxRow]) -> None:
        """Keep the new state of the first of these in its place, and the others right behind it."""
        first, *others = rows
        self.update(first)
        query = "select place from outbox where client_id = ?"
        place = int(self._db.execute(query, (first.client_id,)).fetchone()[0])
        # By way of negative numbers: each step keeps all places different.
        self._db.execute("update outbox set place = -(place + ?) where place > ?", (len(others), place))
        self._db.execute("update outbox set place = -place where place < 0")
        for number, row in enumerate(others, place + 1):
            self._db.execute(
                "insert into outbox (place, client_id, conversation_id, state, record) values (?, ?, ?, ?, ?)",
                (number, row.client_id, row.conversation_id, row.state.value, msgspec.json.encode(row).decode()),
            )

    def remove(self, client_id: ClientId) -> None:
        """Forget a reply: the stream has shown it, or the agent took it back."""
        self._db.execute("delete from outbox where client_id = ?", (client_id,))

    def rows(self) -> list[OutboxRow]:
        """Return all replies in the order in which they were accepted. What cannot be read is left where it is."""
        found: list[OutboxRow] = []
        for (record,) in self._db.execute("select record from outbox order by place").fetchall():
            try:
                found.append(msgspec.json.decode(record, type=OutboxRow))
            except UNREADABLE as error:
                _log.error("a reply in the outbox cannot be read and is kept as it is: %s", type(error).__name__)
        return found
