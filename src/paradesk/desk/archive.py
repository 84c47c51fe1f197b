"""Conversations and messages in the journal: written as the reducer folded them, read back at start and when paging."""

import logging
import sqlite3
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace

import msgspec

from paradesk.core.fold import shown
from paradesk.core.model import Conversation, ConversationId, Message, MessageId
from paradesk.core.state import Amendment, Floor, Thread
from paradesk.core.transcript import SortKey, Transcript, sort_key
from paradesk.core.waiting import Part, part, recount
from paradesk.desk.journal import UNREADABLE

_log = logging.getLogger(__name__)

TOGETHER = 20_000
"""Messages of all conversations together that are in memory at the start, about."""
FEWEST = 2
"""Messages of a conversation that are in memory at the start, however many conversations there are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """What is kept of a thread beside its messages."""

    conversation: Conversation
    known: bool
    removed: str
    read_by_customer: MessageId | None
    history_complete: bool
    gap: bool = False
    gap_key: int | None = None
    field_versions: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Changes:
    """What is kept of an amendment; its message has a column of its own."""

    edit: tuple[int, str] | None = None
    original: str = ""
    deleted: int | None = None


class Archive:
    """The tables of conversations and messages of an open journal."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def write_thread(self, thread: Thread) -> None:
        """Keep what is known of a conversation, its messages apart."""
        record = _Record(
            conversation=thread.conversation,
            known=thread.known,
            removed=thread.removed,
            read_by_customer=thread.read_by_customer,
            # A trimmed thread does not say whether the backend has more.
            history_complete=thread.history_complete
            or (thread.floor is not None and self.complete(thread.conversation.id)),
            gap=thread.gap,
            gap_key=thread.gap_key,
            field_versions=dict(thread.field_versions),
        )
        profile = thread.conversation.profile or thread.conversation.id.partition("/")[0]
        self._db.execute(
            "replace into conversations values (?, ?, ?)",
            (thread.conversation.id, profile, msgspec.json.encode(record).decode()),
        )
        self._db.execute("replace into seen values (?, ?)", (thread.conversation.id, thread.seen))

    def write_message(self, conversation_id: ConversationId, message_id: MessageId, amendment: Amendment) -> None:
        """Keep a message as it is known now, edits and deletion apart; also one of which only those are known."""
        base = amendment.base
        changes: str | None = None
        if amendment.edit is not None or amendment.deleted is not None:
            said = _Changes(edit=amendment.edit, original=amendment.original, deleted=amendment.deleted)
            changes = msgspec.json.encode(said).decode()
        visible = None if base is None else shown(base, amendment if changes else None)
        self._db.execute(
            "replace into messages values (?, ?, ?, ?, ?, ?, ?)",
            (
                conversation_id,
                message_id,
                None if visible is None else visible.order_key,
                None if visible is None else visible.sent_at,
                None if visible is None else part(visible).value,
                None if base is None else msgspec.json.encode(base).decode(),
                changes,
            ),
        )

    def remove_message(self, conversation_id: ConversationId, message_id: MessageId) -> None:
        """Forget a message, where it is kept."""
        self._db.execute("delete from messages where conversation_id = ? and id = ?", (conversation_id, message_id))

    def message(self, conversation_id: ConversationId, message_id: MessageId) -> Amendment | None:
        """Return what is kept of a message, or None."""
        row = self._db.execute(
            "select base, amendment from messages where conversation_id = ? and id = ?", (conversation_id, message_id)
        ).fetchone()
        return None if row is None else self._decoded(row)

    def older(self, conversation_id: ConversationId, before: SortKey | None, limit: int) -> list[Amendment]:
        """Return up to `limit` messages that come before this sort key (None: the newest), oldest first."""
        where, values = "", []
        if before is not None:
            where, values = "and (order_key, id) < (?, ?)", [*before]
        rows = self._db.execute(
            f"select base, amendment from messages where conversation_id = ? and base is not null {where}"
            " order by order_key desc, id desc limit ?",
            (conversation_id, *values, limit),
        ).fetchall()
        found = [self._decoded(row) for row in reversed(rows)]
        return [amendment for amendment in found if amendment is not None and amendment.base is not None]

    def complete(self, conversation_id: ConversationId) -> bool:
        """Say whether the backend has nothing older than what is kept."""
        row = self._db.execute("select record from conversations where id = ?", (conversation_id,)).fetchone()
        record = None if row is None else self._record(row[0])
        return record is not None and record.history_complete

    def threads(
        self, profiles: Collection[str], newest: int, whole: Collection[ConversationId] = ()
    ) -> Iterable[Thread]:
        """Yield the threads of these profiles with up to `newest` of their messages. What cannot be read is left where it is.

        Where there are many conversations each brings fewer, but those in `whole`: the others are paged in when opened.
        """
        rows = self._db.execute(
            "select record, coalesce(seen.order_key, ?) from conversations"
            " left join seen on seen.conversation_id = conversations.id order by conversations.id",
            (-(2**62),),
        ).fetchall()
        few = max(FEWEST, min(newest, TOGETHER // max(1, len(rows))))
        for record_text, seen in rows:
            record = self._record(record_text)
            if record is None or record.conversation.id.partition("/")[0] not in profiles:
                continue
            conversation_id = record.conversation.id
            yield self._thread(record, seen, newest if conversation_id in whole else few)

    def _thread(self, record: _Record, seen: int, newest: int) -> Thread:
        conversation_id = record.conversation.id
        found = self.older(conversation_id, None, newest + 1)
        floor: Floor | None = None
        if len(found) > newest:
            base = found[0].base
            floor = None if base is None else self._floor(conversation_id, sort_key(base), seen)
            found = found[1:]
        messages: list[Message] = []
        amendments: dict[MessageId, Amendment] = {}
        for amendment in found:
            if amendment.base is None:
                continue
            messages.append(shown(amendment.base, amendment))
            if amendment.edit is not None or amendment.deleted is not None:
                amendments[amendment.base.id] = amendment
        if floor is None:
            amendments.update(self._pending(conversation_id))
        thread = Thread(
            conversation=record.conversation,
            known=record.known,
            removed=record.removed,
            read_by_customer=record.read_by_customer,
            history_complete=record.history_complete and floor is None,
            gap=record.gap,
            gap_key=record.gap_key,
            field_versions=record.field_versions,
            transcript=Transcript(messages),
            amendments=amendments,
            seen=seen,
            floor=floor,
        )
        waiting_since, unread = recount(thread, thread.transcript, seen)
        return replace(thread, waiting_since=waiting_since, unread=unread)

    def _pending(self, conversation_id: ConversationId) -> dict[MessageId, Amendment]:
        rows = self._db.execute(
            "select id, amendment from messages where conversation_id = ? and order_key is null and base is null",
            (conversation_id,),
        ).fetchall()
        decoded = {MessageId(row[0]): self._decoded((None, row[1])) for row in rows}
        return {message_id: amendment for message_id, amendment in decoded.items() if amendment is not None}

    def _floor(self, conversation_id: ConversationId, key: SortKey, seen: int) -> Floor:
        """Count below a message what `core.waiting` would count there."""
        answer = self._db.execute(
            "select order_key, id from messages where conversation_id = ? and part = ?"
            " and (order_key, id) <= (?, ?) order by order_key desc, id desc limit 1",
            (conversation_id, Part.ANSWERS.value, *key),
        ).fetchone() or (-(2**63), "")
        asked = (
            "from messages where conversation_id = ? and part = ? and (order_key, id) > (?, ?)"
            " and (order_key, id) <= (?, ?)"
        )
        values = (conversation_id, Part.ASKS.value, *answer, *key)
        first = self._db.execute(f"select sent_at {asked} order by order_key, id limit 1", values).fetchone()
        unread = self._db.execute(f"select count(*) {asked} and order_key > ?", (*values, seen)).fetchone()[0]
        return Floor(
            order_key=key[0], message_id=key[1], waiting_since=None if first is None else first[0], unread=unread
        )

    def _record(self, text: str) -> _Record | None:
        try:
            return msgspec.json.decode(text, type=_Record)
        except UNREADABLE as error:
            _log.warning("a conversation in the journal cannot be read and is kept as it is: %s", type(error).__name__)
            return None

    def _decoded(self, row: tuple[str | None, str | None]) -> Amendment | None:
        try:
            base = None if row[0] is None else msgspec.json.decode(row[0], type=Message)
            changes = _Changes() if row[1] is None else msgspec.json.decode(row[1], type=_Changes)
        except UNREADABLE as error:
            _log.warning("a message in the journal cannot be read and is kept as it is: %s", type(error).__name__)
            return None
        return Amendment(base=base, edit=changes.edit, original=changes.original, deleted=changes.deleted)
