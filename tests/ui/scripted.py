"""A backend that does what a test says, for screens with a real desk below them."""

import asyncio
import itertools
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from paradesk.connectors.base import Connector, ConnectorContext, Outcome, Page, Rejected
from paradesk.connectors.capabilities import Capabilities, Idempotency, Support
from paradesk.core.events import (
    AgentIdentified,
    AssigneeChanged,
    ConversationUpserted,
    Event,
    MessageUpserted,
    PriorityChanged,
    RosterChanged,
    StatusChanged,
    TagsChanged,
)
from paradesk.core.intents import (
    ChangeTags,
    CreateConversation,
    EndChat,
    Intent,
    Join,
    Leave,
    Send,
    SetPriority,
    SetStatus,
    Transfer,
)
from paradesk.core.model import (
    Agent,
    Conversation,
    ConversationId,
    Customer,
    Message,
    MessageId,
    Role,
    Status,
    Visibility,
)

ME = Agent("me", "Robin", email="robin@desk.example")
ROSTER = (ME, Agent("bo", "Bo Lind"), Agent("billing", "Billing", kind="team"))
NAMES = ("Sarah Chen", "Jonas Kühn", "Ana Pereira", "Li Wei", "Mia Rossi", "Tom Baker", "Zoë Ünal")

ABLE = Capabilities(
    history=Support.NATIVE,
    typing_in=Support.NATIVE,
    typing_out=Support.NATIVE,
    read_in=Support.NATIVE,
    read_out=Support.NATIVE,
    notes=Support.NATIVE,
    attachments_in=Support.NATIVE,
    attachments_out=Support.NATIVE,
    status=Support.NATIVE,
    statuses=frozenset({Status.OPEN, Status.PENDING, Status.ON_HOLD, Status.SOLVED}),
    priority=Support.NATIVE,
    tags=Support.NATIVE,
    join=Support.NATIVE,
    leave=Support.NATIVE,
    end_chat=Support.NATIVE,
    transfer=Support.NATIVE,
    create=Support.NATIVE,
    idempotency=Idempotency.EXACT,
    exact_window=3600.0,
)
UNABLE = Capabilities(idempotency=Idempotency.EXACT, exact_window=3600.0)


class ScriptedConnector(Connector):
    """Says what it is told to say and remembers what it was asked for. Made afresh for each test."""

    name: ClassVar[str] = "scripted"
    title: ClassVar[str] = "Scripted"

    def __init__(self, settings: Mapping[str, str] | None = None, *, capabilities: Capabilities = ABLE) -> None:
        super().__init__(settings or {})
        self.capabilities = capabilities
        self.intents: list[Intent] = []
        self.refuse: str = ""
        """Why every intent is refused, or empty."""
        self._versions = itertools.count(1)
        self._events: asyncio.Queue[tuple[Event, ...]] = asyncio.Queue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._early: list[tuple[Event, ...]] = []
        self._conversations: dict[str, Conversation] = {}

    # What a test says

    def say(self, *events: Event) -> None:
        """Emit events; from any thread."""
        if self._loop is None:
            self._early.append(events)
        else:
            self._loop.call_soon_threadsafe(self._events.put_nowait, events)

    def chat(self, place: int, *, joined: bool = True, name: str = "", text: str = "hello", ago: float = 10.0) -> None:
        """A customer writes: chat number `place` (from 1), who began to wait `ago` seconds ago."""
        name = name or NAMES[(place - 1) % len(NAMES)]
        conversation = Conversation(
            id=ConversationId(f"c{place}"),
            number=str(1240 + place),
            customer=Customer(id=f"u{place}", name=name, email=f"u{place}@mail.example", company=f"Firm {place}"),
            channel=("web", "whatsapp", "email")[place % 3],
            subject="Where is it?",
            status=Status.OPEN,
            joined=joined,
            assignee=ME if joined else None,
            created_at=time.time() - ago,
        )
        self._conversations[conversation.id] = conversation
        self.say(ConversationUpserted(conversation, next(self._versions)), self.message(place, text, ago=ago))

    def message(self, place: int, text: str, *, ago: float = 0.0) -> MessageUpserted:
        """Return what chat number `place` says."""
        number = next(self._versions)
        conversation = self._conversations[f"c{place}"]
        return MessageUpserted(
            Message(
                id=MessageId(f"m{number}"),
                conversation_id=conversation.id,
                role=Role.CUSTOMER,
                sender_id=conversation.customer.id,
                sender_name=conversation.customer.name,
                body=text,
                sent_at=time.time() - ago,
                order_key=number,
            )
        )

    def sent(self) -> list[tuple[str, str, Visibility]]:
        """Return the replies that arrived: conversation, text, visibility."""
        return [(item.conversation_id, item.body, item.visibility) for item in self.intents if isinstance(item, Send)]

    # What the desk asks

    async def run(self, desk: ConnectorContext) -> None:
        """Sign in and emit what the test says."""
        self._loop = asyncio.get_running_loop()
        self._events = asyncio.Queue()
        for events in self._early:
            self._events.put_nowait(events)
        await desk.emit(AgentIdentified(desk.profile, ME), RosterChanged(desk.profile, ROSTER))
        await desk.online()
        while True:
            await desk.emit(*await self._events.get())

    async def perform(self, intent: Intent) -> Outcome:
        """Do it, and say what came of it."""
        self.intents.append(intent)
        if self.refuse:
            raise Rejected(self.refuse)
        version = next(self._versions)
        match intent:
            case Send():
                message = Message(
                    id=MessageId(f"m{version}"),
                    conversation_id=intent.conversation_id,
                    role=Role.AGENT,
                    sender_id=ME.id,
                    sender_name=ME.name,
                    body=intent.body,
                    sent_at=time.time(),
                    order_key=version,
                    visibility=intent.visibility,
                    client_id=intent.client_id,
                )
                return Outcome(message.id, events=(MessageUpserted(message),))
            case SetStatus(conversation_id=item, status=status):
                return Outcome(events=(StatusChanged(item, status, version),))
            case SetPriority(conversation_id=item, priority=priority):
                return Outcome(events=(PriorityChanged(item, priority, version),))
            case ChangeTags(conversation_id=item, add=add):
                return Outcome(events=(TagsChanged(item, add, version),))
            case Join(conversation_id=item):
                return Outcome(events=(self._update(item, version, joined=True), AssigneeChanged(item, ME, version)))
            case Leave(conversation_id=item):
                return Outcome(events=(self._update(item, version, joined=False),))
            case EndChat(conversation_id=item):
                return Outcome(events=(self._update(item, version, ended=True),))
            case Transfer(conversation_id=item, target_id=target):
                agent = next(agent for agent in ROSTER if agent.id == target)
                return Outcome(events=(AssigneeChanged(item, agent, version),))
            case CreateConversation(customer=customer):
                place = len(self._conversations) + 1
                self.chat(place, name=customer)
                return Outcome(conversation_id=ConversationId(f"c{place}"))
        return Outcome()

    def _update(
        self, item: ConversationId, version: int, *, joined: bool | None = None, ended: bool | None = None
    ) -> ConversationUpserted:
        before = self._conversations[item]
        after = replace(
            before,
            joined=before.joined if joined is None else joined,
            ended=before.ended if ended is None else ended,
        )
        self._conversations[item] = after
        return ConversationUpserted(after, version)

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        """There is nothing older."""
        return Page((), True)
