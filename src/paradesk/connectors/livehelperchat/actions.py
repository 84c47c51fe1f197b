"""What the agent wants, done to Live Helper Chat. Every refusal that needs no I/O comes before any.

A command's answer proves nothing here: the server says yes to what it does not do. Each command is followed by a look at
the chat, and what is seen there is the outcome.
"""

import time
from collections.abc import Callable, Mapping
from typing import Final

from paradesk.connectors.base import Conflict, Forbidden, Outcome, Rejected, Unsupported
from paradesk.connectors.capabilities import Capabilities, Support
from paradesk.connectors.livehelperchat.client import LhcClient
from paradesk.connectors.livehelperchat.fold import NUMBERS, agent_of, presence_of
from paradesk.connectors.livehelperchat.mobile import MobileApi
from paradesk.connectors.livehelperchat.records import Record
from paradesk.connectors.livehelperchat.sending import LhcSending
from paradesk.connectors.livehelperchat.stream import LhcStream
from paradesk.connectors.livehelperchat.text import harmless, within_limit
from paradesk.connectors.livehelperchat.wire import SYSTEM, ChatRow, ChatStatus, OperatorRow
from paradesk.core.events import Event, PresenceChanged
from paradesk.core.intents import (
    AcceptTransfer,
    Assign,
    ChangeTags,
    CreateConversation,
    DeclineTransfer,
    EndChat,
    Intent,
    Join,
    Leave,
    MarkRead,
    Send,
    SetPresence,
    SetPriority,
    SetStatus,
    SetTyping,
    TakeNext,
    Transfer,
)
from paradesk.core.model import Offer, Presence, Status

NO_REWRITE: Final = (
    "it would write the chat's whole row back, over what others change meanwhile (the option `rewrites` allows it)"
)
NO_PASSWORD: Final = "offers go through the mobile app's interface, which takes your password (the option `password`)"
_REASONS: Final = {
    "tags": "Live Helper Chat takes subjects in its own window only",
    "read_out": "Live Helper Chat marks nothing as read over its interface",
    "create": "a chat at Live Helper Chat is begun by its visitor",
    "take_next": "Live Helper Chat hands out chats by itself, or you pick one",
    "priority": NO_REWRITE,
    "assign": NO_REWRITE,
    "typing_out": NO_REWRITE,
    "transfer": NO_PASSWORD,
    "offers": NO_PASSWORD,
}
_NEEDS: Final[Mapping[type, str]] = {
    ChangeTags: "tags",
    MarkRead: "read_out",
    CreateConversation: "create",
    TakeNext: "take_next",
    SetPriority: "priority",
    Assign: "assign",
    SetTyping: "typing_out",
    Transfer: "transfer",
    AcceptTransfer: "offers",
    DeclineTransfer: "offers",
}
DEPARTMENT: Final = "department-"
"""In front of the id of a department on the roster."""


def check_able(intent: Intent, able: Capabilities) -> None:
    """Raise Unsupported, with the reason, for what this connector cannot do as it is set up."""
    need = _NEEDS.get(type(intent))
    if need is not None and able.support(need) is not Support.NATIVE:
        raise Unsupported(_REASONS[need])
    if isinstance(intent, SetStatus) and intent.status not in able.statuses:
        words = {
            Status.NEW: "leave the chat instead: that puts it back into the queue",
            Status.ON_HOLD: f"a hold could not be lifted again: {NO_REWRITE}",
        }
        raise Unsupported(words.get(intent.status, "Live Helper Chat has no such status"))
    if isinstance(intent, SetStatus) and intent.snoozed_until is not None:
        raise Unsupported("Live Helper Chat cannot wake a chat up again")
    if isinstance(intent, SetPresence) and intent.presence not in able.presences:
        raise Unsupported("Live Helper Chat knows online, away and invisible")


class LhcActions:
    """Performs intents for one run of the connector."""

    def __init__(
        self,
        client: LhcClient,
        stream: LhcStream,
        sending: LhcSending,
        mobile: MobileApi | None,
        roster: Mapping[str, str],
        *,
        rewrites: bool,
    ) -> None:
        self._client = client
        self._stream = stream
        self._sending = sending
        self._mobile = mobile
        self._roster = roster
        self._rewrites = rewrites

    async def perform(self, intent: Intent) -> Outcome:
        """Carry out one intent; raises a ConnectorError that says whether it may have happened."""
        match intent:
            case Send():
                return await self._sending.send(intent)
            case SetPresence():
                return await self._set_presence(intent)
            case SetStatus():
                events = await self._set_status(self._stream.record(intent.conversation_id), intent.status)
            case SetPriority():
                record = self._stream.record(intent.conversation_id)
                events = await self._rewrite(record, {"priority": NUMBERS[intent.priority]})
            case Join():
                events = await self._join(self._stream.record(intent.conversation_id))
            case Leave():
                events = await self._leave(self._stream.record(intent.conversation_id))
            case EndChat():
                events = await self._close(self._stream.record(intent.conversation_id))
            case Assign():
                events = await self._assign(self._stream.record(intent.conversation_id), intent.assignee_id)
            case Transfer():
                events = await self._transfer(self._stream.record(intent.conversation_id), intent)
            case AcceptTransfer():
                events = await self._accept(self._stream.record(intent.conversation_id))
            case DeclineTransfer():
                record = self._stream.record(intent.conversation_id)
                if not record.transfer:
                    raise Rejected("it is not offered to you")
                events = self._stream.decline(record)
            case SetTyping():
                events = await self._set_typing(self._stream.record(intent.conversation_id), intent.typing)
            case _:
                raise Unsupported("Live Helper Chat cannot do this")
        return Outcome(events=tuple(events))

    # Status

    async def _set_status(self, record: Record, status: Status) -> list[Event]:
        if status is Status.CLOSED:
            return await self._close(record)
        row, _ = await self._stream.look(record)
        if status is Status.ON_HOLD:
            return await self._hold(record, row)
        if row.status == ChatStatus.ACTIVE and row.on_hold:
            if not self._rewrites:
                raise Unsupported("the hold ends with your next reply")
            return await self._rewrite(record, {"status_sub": 0})
        if row.status == ChatStatus.ACTIVE:
            return await self._seen(record)
        await self._client.set_status(record.id, ChatStatus.ACTIVE)
        return await self._seen(record, "it is not open there", lambda now: now.status == ChatStatus.ACTIVE)

    async def _hold(self, record: Record, row: ChatRow) -> list[Event]:
        if row.status != ChatStatus.ACTIVE or row.owner != self._stream.me.id:
            raise Rejected("only a chat of yours that is open can be put on hold")
        if not row.on_hold:
            # The one command that is sent on purpose; there is no other way that keeps the rest of the row.
            await self._client.write(record.id, "!hold", "operator")
        return await self._seen(record, "it is not on hold there", lambda now: now.on_hold)

    async def _close(self, record: Record) -> list[Event]:
        await self._client.set_status(record.id, ChatStatus.CLOSED)
        why = "the server keeps it open: closing a colleague's chat takes the right `lhchat`, `allowcloseremote`"
        return await self._seen(record, why, lambda now: now.status == ChatStatus.CLOSED)

    # Whose it is

    async def _join(self, record: Record) -> list[Event]:
        row, _ = await self._stream.look(record)
        me = self._stream.me.id
        if row.status == ChatStatus.CLOSED:
            raise Rejected("the chat is closed")
        if row.owner not in (0, me):
            raise Conflict(f"{self._name(row)} has taken it")
        if row.status != ChatStatus.ACTIVE or row.owner != me:
            await self._client.set_status(record.id, ChatStatus.ACTIVE)
        row, events = await self._stream.look(record)
        if row.owner != me:
            raise Conflict(f"{self._name(row)} was faster" if row.owner else "the server did not give it to you")
        return [*events, *await self._stream.catch_up(record)]

    def _name(self, row: ChatRow) -> str:
        agent = agent_of(row.owner, self._stream.me, self._stream.names, row.owner_name)
        return agent.name if agent is not None else "somebody"

    async def _leave(self, record: Record) -> list[Event]:
        row, _ = await self._stream.look(record)
        if row.owner != self._stream.me.id or row.status != ChatStatus.ACTIVE:
            raise Rejected("it is not an open chat of yours")
        await self._client.set_status(record.id, ChatStatus.PENDING)
        return await self._seen(record, "it is still yours there", lambda now: now.owner != self._stream.me.id)

    async def _assign(self, record: Record, assignee: str | None) -> list[Event]:
        if assignee is None:
            await self._client.set_status(record.id, ChatStatus.PENDING)
            return await self._seen(record, "somebody still has it there", lambda now: not now.owner)
        if assignee != str(self._stream.me.id) and assignee not in self._roster:
            raise Rejected("nobody of that id is on the roster")
        if assignee.startswith(DEPARTMENT):
            # The server would take a department that does not exist, too: only those that it listed are offered.
            return await self._rewrite(
                record, {"dep_id": int(assignee.removeprefix(DEPARTMENT)), "user_id": 0, "status": 0}
            )
        return await self._rewrite(record, {"user_id": int(assignee)})

    async def _transfer(self, record: Record, intent: Transfer) -> list[Event]:
        target = intent.target_id
        if self._mobile is None or self._mobile.off:
            raise Unsupported(self._mobile.off if self._mobile else NO_PASSWORD)
        if target not in self._roster or target == str(self._stream.me.id):
            raise Rejected("nobody of that id is on the roster")
        if target.startswith(DEPARTMENT):
            raise Unsupported("chats are offered to operators; give it to the department instead (assign)")
        row, _ = await self._stream.look(record)
        if row.status != ChatStatus.ACTIVE or row.owner != self._stream.me.id:
            raise Rejected("it is not an open chat of yours")
        if intent.note.strip():
            await self._client.write(record.id, within_limit(harmless(intent.note)), "whisper")
        before = max([record.last, *(one.id for one in await self._client.messages(record.id, record.floor))])
        await self._mobile.offer(record.id, int(target))
        # It answers nothing either way; a line by the system in the chat is the only sign.
        if not any(one.author == SYSTEM for one in await self._client.messages(record.id, before)):
            raise Forbidden("the server did not offer it: does it let you write in this department?")
        me, names = self._stream.me, self._stream.names
        record.offer = Offer(agent_of(me.id, me, names), agent_of(int(target), me, names), intent.note, mine=False)
        return [*await self._seen(record), *await self._stream.catch_up(record)]

    async def _accept(self, record: Record) -> list[Event]:
        if self._mobile is None or not record.transfer:
            raise Rejected("it is not offered to you")
        await self._mobile.accept(record.transfer)
        record.transfer, record.offer = 0, None
        events = await self._seen(record, "it is not yours there", lambda now: now.owner == self._stream.me.id)
        return [*events, *await self._stream.catch_up(record)]

    # What rewrites the row

    async def _rewrite(self, record: Record, columns: Mapping[str, int]) -> list[Event]:
        await self._client.rewrite(record.id, columns)
        # The row may have been written back over a newer message's number: the messages are read again whatever it says.
        record.stamp = None
        return [*await self._seen(record), *await self._stream.catch_up(record)]

    async def _set_typing(self, record: Record, typing: bool) -> list[Event]:
        row = record.row
        if row is None or row.status != ChatStatus.ACTIVE or row.owner != self._stream.me.id:
            raise Rejected("join the chat first")
        now = int(time.time()) if typing else 0
        return await self._rewrite(record, {"operator_typing": now, "operator_typing_id": self._stream.me.id})

    # Presence

    async def _set_presence(self, intent: SetPresence) -> Outcome:
        me = self._stream.me
        online, invisible = intent.presence is not Presence.AWAY, intent.presence is Presence.INVISIBLE
        await self._client.set_presence(me.id, online=online, invisible=invisible)
        now: OperatorRow = await self._client.me()
        if presence_of(now) is not intent.presence:
            raise Forbidden("the server did not take it: may you change whether you are online (`changeonlinestatus`)?")
        return Outcome(events=(PresenceChanged(intent.profile, intent.presence),))

    async def _seen(self, record: Record, why: str = "", holds: Callable[[ChatRow], bool] | None = None) -> list[Event]:
        """Look at the chat and return what to tell; raises Forbidden, saying `why`, when `holds` does not hold."""
        row, events = await self._stream.look(record)
        if holds is not None and not holds(row):
            raise Forbidden(why)
        return events
