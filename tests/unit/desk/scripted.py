"""Connectors that do what a test tells them, and what every desk test needs."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, TypeVar

from paradesk.connectors.base import Connector, ConnectorContext, Option, Outcome, Page
from paradesk.connectors.capabilities import Capabilities, Idempotency, Support
from paradesk.core.events import ConversationUpserted, Event, MessageUpserted
from paradesk.core.intents import Intent, Send
from paradesk.core.model import (
    ClientId,
    Conversation,
    ConversationId,
    Customer,
    Delivery,
    Link,
    Message,
    MessageId,
    Role,
    Status,
    Visibility,
)
from paradesk.core.state import State
from paradesk.desk.desk import Desk, Profile, Timing

T = TypeVar("T")
PATIENCE = 20.0
"""Seconds after which a test gives up waiting for what must come."""
QUICK = Timing(backoff=0.01, backoff_cap=0.02, perform=0.3, history=0.3, fetch=0.3, read_repeat=0.01)
ABLE = Capabilities(
    history=Support.NATIVE,
    notes=Support.NATIVE,
    status=Support.NATIVE,
    statuses=frozenset({Status.OPEN, Status.PENDING, Status.SOLVED}),
    typing_out=Support.NATIVE,
    read_out=Support.NATIVE,
    attachments_in=Support.NATIVE,
    idempotency=Idempotency.EXACT,
    exact_window=3600.0,
)


def conversation(name: str = "1", **changes: Any) -> Conversation:
    fields: dict[str, Any] = {"id": ConversationId(name), "customer": Customer(id="c", name="Sarah Chen")} | changes
    return Conversation(**fields)


def message(number: int, body: str = "hello", where: str = "1", **changes: Any) -> Message:
    fields: dict[str, Any] = {
        "id": MessageId(f"m{number}"), "conversation_id": ConversationId(where), "role": Role.CUSTOMER,
        "sender_id": "c", "sender_name": "Sarah", "body": body, "sent_at": 1000.0 + number, "order_key": number,
    } | changes  # fmt: skip
    return Message(**fields)


class Scripted(Connector):
    """Keeps a conversation in memory; `on_perform` and `on_run` replace what it does."""

    name: ClassVar[str] = "scripted"
    title: ClassVar[str] = "Scripted"
    options: ClassVar[tuple[Option, ...]] = (Option("token", "The token", secret=True),)

    def __init__(self, able: Capabilities = ABLE, settings: Mapping[str, str] | None = None) -> None:
        super().__init__(settings or {})
        self.capabilities = able
        self.performed: list[Intent] = []
        self.delivered: list[Message] = []
        """What the backend has taken, in its order."""
        self.runs = 0
        self.context: ConnectorContext | None = None
        self.cursor_at_start: str | None = None
        self.loop: asyncio.AbstractEventLoop | None = None
        self.up = threading.Event()
        self.asked = threading.Event()
        """Set once a reply has reached it."""
        self.echoes = True
        """Whether what the backend takes comes back in the stream."""
        self.first: tuple[Event, ...] = (
            ConversationUpserted(conversation("1"), 1),
            MessageUpserted(message(1)),
        )
        self.on_run: Callable[[Scripted, ConnectorContext], Awaitable[None]] = Scripted.stream
        self.on_perform: Callable[[Scripted, Intent], Awaitable[Outcome]] = Scripted.deliver

    async def run(self, desk: ConnectorContext) -> None:
        self.runs += 1
        self.context, self.loop, self.cursor_at_start = desk, asyncio.get_running_loop(), desk.cursor
        await self.on_run(self, desk)

    async def stream(self, desk: ConnectorContext) -> None:
        await desk.emit(*self.first)
        await desk.online()
        self.up.set()
        await asyncio.Event().wait()

    async def perform(self, intent: Intent) -> Outcome:
        self.performed.append(intent)
        if isinstance(intent, Send):
            self.asked.set()
        return await self.on_perform(self, intent)

    async def deliver(self, intent: Intent) -> Outcome:
        if not isinstance(intent, Send):
            return Outcome()
        taken = next((m for m in self.delivered if m.client_id == intent.client_id), None)
        if taken is None or self.capabilities.idempotency is not Idempotency.EXACT:
            taken = self.take(intent)
        if self.echoes and self.context is not None:
            await self.context.emit(MessageUpserted(taken))
        return Outcome(message_id=taken.id)

    def take(self, send: Send) -> Message:
        number = 100 + len(self.delivered)
        taken = message(
            number, send.body, send.conversation_id, role=Role.AGENT, client_id=send.client_id,
            visibility=send.visibility,
        )  # fmt: skip
        self.delivered.append(taken)
        return taken

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        found = [m for m in self.delivered if before is None or m.order_key < before.order_key]
        return Page(tuple(found[-limit:]), complete=len(found) <= limit)

    def emit(self, *events: Event, cursor: str | None = None) -> None:
        """Emit from the test's thread, and wait for the commit."""
        assert self.loop is not None
        assert self.context is not None
        asyncio.run_coroutine_threadsafe(self.context.emit(*events, cursor=cursor), self.loop).result(PATIENCE)

    @property
    def sent(self) -> list[Send]:
        return [intent for intent in self.performed if isinstance(intent, Send)]


def _same(connector: Connector) -> Connector:
    return connector


def desk_of(
    directory: Path,
    *connectors: Connector,
    timing: Timing = QUICK,
    clock: Callable[[], float] = time.time,
    resend_once: bool = False,
) -> Desk:
    profiles = [
        Profile(name, partial(_same, c)) for name, c in zip(("acme", "beta", "gamma"), connectors, strict=False)
    ]
    return Desk(profiles, directory, timing=timing, clock=clock, resend_once=resend_once)


def wait_for(desk: Desk, condition: Callable[[State], T]) -> T:
    """Return the first true value of the condition, as soon as a state has it."""
    seen: Future[T] = Future()

    def look(value: T) -> None:
        if value and not seen.done():
            seen.set_result(value)

    unsubscribe = desk.subscribe(condition, look)
    try:
        look(condition(desk.state))
        return seen.result(PATIENCE)
    finally:
        unsubscribe()


def online(desk: Desk, *profiles: str) -> None:
    wait_for(desk, lambda state: all(state.profiles[name].link is Link.ONLINE for name in profiles or ("acme",)))


def delivery(desk: Desk, client_id: ClientId, where: str = "acme/1") -> Delivery | None:
    return delivery_in(desk.state, client_id, where)


def delivery_in(state: State, client_id: ClientId, where: str = "acme/1") -> Delivery | None:
    thread = state.threads.get(ConversationId(where))
    found = None if thread is None else thread.transcript.by_client(client_id)
    return None if found is None else found.delivery


def reaches(desk: Desk, client_id: ClientId, wanted: Delivery, where: str = "acme/1") -> None:
    wait_for(desk, lambda state: delivery_in(state, client_id, where) is wanted)


def reply(desk: Desk, body: str = "hi", where: str = "acme/1", visibility: Visibility = Visibility.PUBLIC) -> ClientId:
    """Submit a reply and wait until it is accepted."""
    client_id = desk.new_client_id()
    send = Send(conversation_id=ConversationId(where), body=body, visibility=visibility, client_id=client_id)
    desk.submit(send).result(PATIENCE)
    return client_id
