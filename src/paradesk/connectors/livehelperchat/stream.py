"""Asks the server again and again, and tells the desk what has changed since.

There is no push and no "changed since". Two questions are repeated: which chats there are, and what was written in those
that are ours. A third one keeps the operator counted as present, a fourth asks for offered chats where that is possible.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from paradesk.connectors.base import ConnectorContext, Forbidden, Gone, NotSent, ProtocolError, Rejected
from paradesk.connectors.heartbeat import beat, together
from paradesk.connectors.livehelperchat.client import LhcClient, statuses
from paradesk.connectors.livehelperchat.fold import (
    agent_of,
    conversation_id,
    conversation_of,
    joined,
    message_of,
    place_keys,
)
from paradesk.connectors.livehelperchat.mobile import MobileApi
from paradesk.connectors.livehelperchat.records import Record, Records
from paradesk.connectors.livehelperchat.wire import (
    REJECTED,
    ChatRow,
    ChatStatus,
    MessageRow,
    OperatorRow,
    TransferRow,
)
from paradesk.connectors.polling import again, all_of
from paradesk.core.events import (
    ConversationRemoved,
    ConversationUpserted,
    Event,
    Gap,
    MessageUpserted,
    ReadMarked,
    TypingChanged,
)
from paradesk.core.model import ConversationId, MessageId, Offer

T = TypeVar("T")
R = TypeVar("R")

HEARTBEAT: Final = 60.0
"""Seconds; the server takes an operator for gone after 300 (its setting `online_timeout`)."""
TYPING_LASTS: Final = 10.0
"""Seconds that the server itself takes a visitor for typing after the last key."""
AT_ONCE: Final = 4
"""Questions at a time."""
OTHERS: Final = 40
"""So many chats that are not ours are read in one go at most: nobody's answer waits behind a long queue."""
SHARE: Final = 3
"""The list is asked for at most so many times rarer than its answer takes, whatever interval is set."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often the server is asked."""

    messages: float
    """Seconds between two looks into a chat that is ours."""
    chats: float
    """Seconds between two lists of chats."""
    offers: float
    """Seconds between two looks at what is offered to us: each costs the server a check of our password."""
    heartbeat: float = HEARTBEAT


@dataclass(frozen=True, slots=True)
class Scope:
    """Which chats this desk shows."""

    departments: frozenset[int]
    """Empty: all that the operator may see."""
    bots: bool
    """Also chats that a bot answers."""
    preview: bool
    """Also what a visitor has typed and not sent."""


class LhcStream:
    """Follows one operator's chats. Lives for one `run`; what it knows begins at the desk's cursor."""

    def __init__(
        self,
        client: LhcClient,
        desk: ConnectorContext,
        me: OperatorRow,
        names: Mapping[int, str],
        scope: Scope,
        rhythm: Rhythm,
        absent: Mapping[str, str],
        mobile: MobileApi | None,
    ) -> None:
        self._client = client
        self._desk = desk
        self.me = me
        self.names = names
        self._scope = scope
        self._rhythm = rhythm
        self._absent = absent
        self._mobile = mobile
        self.records = Records(me.id, desk.cursor)
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._unsaid: list[Event] = []
        """What was seen while an intent was carried out: said again with the next list, whatever became of the intent."""

    async def follow(self) -> None:
        """Tell the desk what happens until cancelled; raises ConnectorError when the server cannot be asked."""
        await self._list_chats()
        await self._desk.online()
        repeated = [
            again(self._list_chats, lambda took: max(self._rhythm.chats, SHARE * took)),
            again(self._read_messages, lambda took: max(self._rhythm.messages, took)),
            beat(self._rhythm.heartbeat, self._stay_present),
        ]
        if self._mobile is not None:
            repeated.append(again(self._look_for_offers, lambda took: max(self._rhythm.offers, SHARE * took)))
        await together(*repeated)

    async def _stay_present(self) -> None:
        try:
            await self._client.alive(self.me.id)
        except Rejected:
            # The server answers; where it does not let us, it counts us as away, and the chats go on.
            return

    # Chats

    async def _list_chats(self) -> None:
        wanted = [ChatStatus.PENDING, ChatStatus.ACTIVE, *([ChatStatus.BOT] if self._scope.bots else [])]
        filters = {"status_ids": statuses(wanted)}
        if self._scope.departments:
            filters["departament_ids"] = ",".join(map(str, sorted(self._scope.departments)))
        version = self.records.versions.next()
        rows = await self._client.chats(filters)
        events, self._unsaid = self._unsaid, []
        for row in rows:
            events += self.apply(row, version)
        here = {row.id for row in rows}
        missing = [record.id for record in self.records.chats.values() if record.listed and record.id not in here]
        for found in await self._each(self._look_at, missing):
            events += found
        if events:
            await self._desk.emit(*events, cursor=self.records.cursor())

    async def _look_at(self, chat_id: int) -> list[Event]:
        """Return what became of a chat that is not in the list any more."""
        version = self.records.versions.next()
        try:
            row = await self._client.chat(chat_id)
        except (Gone, Forbidden) as error:
            return self._remove(self.records.record(chat_id), version, str(error))
        except ProtocolError:
            return []
        return self.apply(row, version)

    def apply(self, row: ChatRow, version: int) -> list[Event]:
        """Take over how a chat looks, and return what the desk has to be told of it."""
        record = self.records.record(row.id)
        if version < record.version:
            return []
        if not self._concerns(row, record):
            if not record.listed:
                return []
            record.row, whose = row, agent_of(row.owner, self.me, self.names, row.owner_name)
            reason = f"{whose.name} has it now" if whose else "no longer with operators"
            last = conversation_of(row, self.me, self.names, self._absent, None)
            return [ConversationUpserted(last, version), *self._remove(record, version, reason)]
        record.row, record.version, record.listed = row, version, True
        if record.offer is not None and not record.offer.mine and row.owner != self.me.id:
            record.offer = None
        events: list[Event] = []
        told = conversation_of(row, self.me, self.names, self._absent, record.offer)
        if told != record.told:
            record.told = told
            events.append(ConversationUpserted(told, version))
        return [*events, *self._typing(record, row)]

    def _concerns(self, row: ChatRow, record: Record) -> bool:
        if record.offer is not None and record.offer.mine:
            return True
        if row.status == ChatStatus.CLOSED:
            # One that was ours stays readable; what was closed before nobody here has asked for.
            return record.listed and row.owner in (0, self.me.id)
        if row.status == ChatStatus.BOT:
            return self._scope.bots
        if row.status == ChatStatus.PENDING:
            return row.owner in (0, self.me.id)
        return row.status == ChatStatus.ACTIVE and row.owner == self.me.id

    def _remove(self, record: Record, version: int, reason: str) -> list[Event]:
        record.listed, record.told, record.version = False, None, version
        return [ConversationRemoved(conversation_id(record.id), reason, version)]

    def _typing(self, record: Record, row: ChatRow) -> list[Event]:
        if not row.typing and not record.typing:
            return []
        record.typing = row.typing
        preview = row.typing_text if self._scope.preview and row.typing else ""
        until = time.time() + TYPING_LASTS
        return [TypingChanged(conversation_id(row.id), row.nick or "Visitor", row.typing, until, preview=preview)]

    # Messages

    async def _read_messages(self) -> None:
        """Read what is ours each time, other chats when the list shows that something was written there."""
        ours: list[Record] = []
        others: list[Record] = []
        for record in self.records.chats.values():
            row = record.row
            if row is None or not record.listed:
                continue
            if joined(row, self.me.id):
                ours.append(record)
            elif record.stamp != row.stamp or row.status == ChatStatus.CLOSED:
                others.append(record)
        if any(await self._each(self._read, [*ours, *others[:OTHERS]])):
            await self._desk.emit(cursor=self.records.cursor())

    async def _read(self, record: Record) -> bool:
        stamp = record.row.stamp if record.row is not None else None
        try:
            rows = await self._client.messages(record.id, record.floor)
        except (Gone, Forbidden):
            # The next list says what became of it.
            return False
        except ProtocolError:
            # PHP answers nothing at all where one message is broken text: the other chats go on.
            if not record.gap:
                record.gap = True
                await self._desk.emit(Gap(self._desk.profile, conversation_id(record.id)))
            return False
        events = self.news(record, rows)
        if record.gap:
            record.gap = False
            events.append(Gap(self._desk.profile, conversation_id(record.id), closed=True))
        if events:
            await self._desk.emit(*events)
        record.take(rows)
        record.stamp = stamp
        if record.row is not None and record.row.status == ChatStatus.CLOSED:
            record.listed = False
        return bool(events)

    def news(self, record: Record, rows: list[MessageRow]) -> list[Event]:
        """Return what the desk has to be told of messages that were read side by side."""
        chat, keys = record.row, place_keys(rows)
        if chat is None:
            return []
        changed = {row.id for row in rows if row.state == REJECTED and record.recent.get(row.id, REJECTED) != REJECTED}
        fresh = {row.id for row in record.fresh(rows)}
        events: list[Event] = [
            MessageUpserted(message_of(row, keys[row.id], chat)) for row in rows if row.id in fresh | changed
        ]
        read = max((row.id for row in rows if row.author > 0 and row.state == 3 and not row.whisper), default=0)
        if read > record.read_up_to:
            events.append(ReadMarked(conversation_id(record.id), MessageId(str(read))))
        return events

    # Offers

    async def _look_for_offers(self) -> None:
        if self._mobile is None or self._mobile.off:
            return
        try:
            offered = {transfer.chat_id: transfer for transfer in await self._mobile.offers()}
        except Rejected as error:
            # Switched off meanwhile: offers are missing, everything else goes on.
            self._mobile.off = str(error)
            return
        events: list[Event] = []
        for record in list(self.records.chats.values()):
            if record.transfer and record.id not in offered:
                record.transfer, record.declined, record.offer = 0, 0, None
                events += await self._look_at(record.id)
        for transfer in offered.values():
            events += await self._take_offer(transfer)
        if events:
            await self._desk.emit(*events, cursor=self.records.cursor())

    async def _take_offer(self, transfer: TransferRow) -> list[Event]:
        record = self.records.record(transfer.chat_id)
        if transfer.id in (record.transfer, record.declined):
            return []
        me = agent_of(self.me.id, self.me, self.names)
        record.transfer = transfer.id
        record.offer = Offer(agent_of(transfer.by, self.me, self.names), me)
        version = self.records.versions.next()
        try:
            return self.apply(await self._client.chat(transfer.chat_id), version)
        except (Gone, Forbidden):
            # Of another department: it can be read once it has been accepted.
            record.transfer, record.offer = 0, None
            return []

    def decline(self, record: Record) -> list[Event]:
        """Put an offer out of sight. The server knows no refusal: it stays there until somebody takes the chat."""
        version = self.records.versions.next()
        record.declined, record.offer = record.transfer, None
        events = self._remove(record, version, "you declined it")
        self._unsaid += events
        return events

    # For those who carry out intents

    def record(self, chat: ConversationId) -> Record:
        """Return what is known of a chat that the desk shows or has shown; raises Rejected for any other."""
        known = self.records.chats.get(int(chat)) if chat.isascii() and chat.isdecimal() and len(chat) < 16 else None
        if known is None or known.row is None:
            raise Rejected("this chat is not among yours")
        return known

    async def look(self, record: Record) -> tuple[ChatRow, list[Event]]:
        """Ask for a chat as it is now; return it with what the desk has to be told."""
        version = self.records.versions.next()
        row = await self._client.chat(record.id)
        events = self.apply(row, version)
        self._unsaid += events
        return row, events

    async def catch_up(self, record: Record) -> list[Event]:
        """Read a chat's newest messages and return what the desk has to be told; the next look tells it again."""
        return self.news(record, await self._client.messages(record.id, record.floor))

    async def _each(self, look: Callable[[T], Coroutine[Any, Any, R]], at: Iterable[T]) -> list[R]:
        async def one(place: T) -> R:
            async with self._gate:
                return await look(place)

        return await all_of([one(place) for place in at])


def running(stream: LhcStream | None) -> LhcStream:
    """Return the stream; raises NotSent before the first list of chats has come."""
    if stream is None:
        raise NotSent("not connected to Live Helper Chat yet")
    return stream
