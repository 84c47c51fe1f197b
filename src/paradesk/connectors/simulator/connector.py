"""The simulator as a connector: the embedded world behind the same interface as any real backend."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from paradesk.connectors.base import (
    Connector,
    ConnectorContext,
    Option,
    Outcome,
    Page,
    ProtocolError,
    Rejected,
    Unsupported,
)
from paradesk.connectors.capabilities import Capabilities, Idempotency, Support
from paradesk.connectors.simulator.agent import AgentSide
from paradesk.connectors.simulator.chat import StoredFile
from paradesk.connectors.simulator.line import Line
from paradesk.connectors.simulator.office import Office
from paradesk.connectors.simulator.stage import Stage
from paradesk.connectors.simulator.world import TYPING_LASTS, World
from paradesk.core.events import (
    AgentIdentified,
    ConversationRemoved,
    ConversationUpserted,
    Event,
    Gap,
    HistoryLoaded,
    MessageUpserted,
    PresenceChanged,
    RosterChanged,
    TypingChanged,
)
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
from paradesk.core.model import (
    Attachment,
    ConversationId,
    Customer,
    Found,
    LocalFile,
    Message,
    Presence,
    RemoteResponse,
    Status,
)

CHUNK = 500
"""So many events at most go to the desk at once."""

_NATIVE = Support.NATIVE


class SimulatorConnector(Connector):
    """Signs in to a `World`: its own, built from the settings, or one that is shared with others."""

    name = "simulator"
    title = "Simulator"
    options = (
        Option("seed", "Number that decides who comes and what they say", required=False, default="1"),
        Option("speed", "How fast time passes, such as 2 for twice as fast", required=False, default="1"),
        Option("size", "How many customers are there at the same time", required=False, default="5"),
        Option("scenarios", "Directory with scenarios of your own (TOML) instead of the shipped ones", required=False),
    )
    capabilities = Capabilities(
        history=_NATIVE,
        typing_in=_NATIVE,
        typing_out=_NATIVE,
        read_in=_NATIVE,
        read_out=_NATIVE,
        notes=_NATIVE,
        attachments_in=_NATIVE,
        attachments_out=_NATIVE,
        edits_in=_NATIVE,
        deletions_in=_NATIVE,
        status=_NATIVE,
        statuses=frozenset(Status) - {Status.NEW},
        priority=_NATIVE,
        tags=_NATIVE,
        join=_NATIVE,
        leave=_NATIVE,
        end_chat=_NATIVE,
        take_next=_NATIVE,
        assign=_NATIVE,
        transfer=_NATIVE,
        offers=_NATIVE,
        presence=_NATIVE,
        presences=frozenset(Presence),
        search=_NATIVE,
        canned=_NATIVE,
        customer=_NATIVE,
        upload=_NATIVE,
        create=_NATIVE,
        resume=_NATIVE,
        idempotency=Idempotency.EXACT,
        exact_window=86_400.0,
        typing_lapses=TYPING_LASTS,
        max_body_bytes=20_000,
        max_attachment_bytes=10_000_000,
    )

    def __init__(self, settings: Mapping[str, str], world: World | None = None) -> None:
        """Raise ConnectorError when a setting or a scenario is wrong; `world` shares an existing one."""
        super().__init__(settings)
        self.world = Stage.from_settings(settings).world() if world is None else world
        self._line = Line(self.world, refused=settings.get("fail") == "auth")
        self._agent = AgentSide(self.world)
        self._office = Office(self.world, self._agent)

    async def run(self, desk: ConnectorContext) -> None:
        """Sign in, bring the desk up to date, then stream; drives the world's clock meanwhile."""
        await self._line.sign_in()
        pump = asyncio.create_task(self.world.pump(), name="simulated time")
        try:
            await self._stream(desk)
        finally:
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    async def _stream(self, desk: ConnectorContext) -> None:
        presence = PresenceChanged(desk.profile, self.world.presence, self.world.presence_text)
        await desk.emit(
            AgentIdentified(desk.profile, self.world.me), RosterChanged(desk.profile, self.world.roster), presence
        )
        self.world.catch_up()
        position = self._position(desk.cursor)
        if position is None:
            position = await self._resync(desk, desk.cursor)
        await desk.online()
        while True:
            batch = await self._line.news(position)
            if batch.limited:
                position = await self._resync(desk, self._cursor(position))
                continue
            position = batch.position
            events = (self._told(event, desk.profile) for event in batch.events)
            await desk.emit(*events, cursor=self._cursor(position))

    def _told(self, event: Event, profile: str) -> Event:
        """Return an event of the log as this desk hears it: with its profile's name, and lapses by this machine's clock."""
        if isinstance(event, PresenceChanged):
            return replace(event, profile=profile)
        if isinstance(event, TypingChanged):
            return replace(event, until=time.time() + event.until - self.world.stamp())
        return event

    # Cursors: the world's id, the position, and how many conversations there have been.

    def _cursor(self, position: int) -> str:
        return f"{self.world.id}:{position}:{len(self.world.chats())}"

    def _position(self, cursor: str | None) -> int | None:
        world_id, position, _ = _parts(cursor)
        return position if world_id == self.world.id else None

    async def _resync(self, desk: ConnectorContext, cursor: str | None) -> int:
        """Read everything again that is new or different since a cursor; returns where the stream goes on."""
        world_id, since, count = _parts(cursor)
        same_world = world_id == self.world.id
        if cursor is not None:
            await desk.emit(Gap(desk.profile, None))
        events: list[Event] = []
        if world_id and not same_world:
            # The world lives in this process: what an earlier one had is gone for good.
            events += [
                ConversationRemoved(ConversationId(f"{world_id}-{n}"), "the simulator was started anew", 2**60)
                for n in range(1, count + 1)
            ]
        position = self.world.log.position
        listing = await self._line.ask(self.world.listing)
        events += self.world.removals(since if same_world else 0)
        for conversation, version in listing:
            events.append(ConversationUpserted(conversation, version))
            if same_world:
                events += map(MessageUpserted, self.world.changed_messages(conversation.id, since))
                continue
            page, complete = self.world.messages(conversation.id, None, self.world.recent)
            events += map(MessageUpserted, page)
            if complete:
                events.append(HistoryLoaded(conversation.id, (), complete=True))
        events += self.world.read_marks()
        for begin in range(0, len(events), CHUNK):
            await desk.emit(*events[begin : begin + CHUNK])
        closed = (Gap(desk.profile, None, closed=True),) if cursor is not None else ()
        await desk.emit(*closed, cursor=self._cursor(position))
        return position

    async def perform(self, intent: Intent) -> Outcome:
        """Carry out an intent at the world."""
        agent, office, ask = self._agent, self._office, self._line.ask
        match intent:
            case Send():
                return await self._send(intent)
            case SetStatus(conversation_id, status, until):
                if status not in self.capabilities.statuses:
                    raise Unsupported(f"the simulator cannot set a ticket to {status}")
                return Outcome(events=await ask(lambda: agent.set_status(conversation_id, status, until)))
            case SetPriority(conversation_id, priority):
                return Outcome(events=await ask(lambda: agent.set_priority(conversation_id, priority)))
            case ChangeTags(conversation_id, add, remove):
                return Outcome(events=await ask(lambda: agent.change_tags(conversation_id, add, remove)))
            case Join(conversation_id):
                return Outcome(events=await ask(lambda: agent.join(conversation_id)))
            case Leave(conversation_id):
                return Outcome(events=await ask(lambda: agent.leave(conversation_id)))
            case EndChat(conversation_id):
                return Outcome(events=await ask(lambda: agent.end(conversation_id)))
            case Transfer(conversation_id, target_id, note):
                return Outcome(events=await ask(lambda: office.transfer(conversation_id, target_id, note)))
            case TakeNext():
                taken, events = await ask(office.take_next)
                return Outcome(conversation_id=taken, events=events)
            case Assign(conversation_id, assignee_id):
                return Outcome(events=await ask(lambda: office.assign(conversation_id, assignee_id)))
            case AcceptTransfer(conversation_id):
                return Outcome(events=await ask(lambda: office.accept(conversation_id)))
            case DeclineTransfer(conversation_id, reason):
                return Outcome(events=await ask(lambda: office.decline(conversation_id, reason)))
            case SetPresence(profile, presence, text):
                told = await ask(lambda: office.set_presence(presence, text))
                return Outcome(events=tuple(self._told(event, profile) for event in told))
            case SetTyping(conversation_id, typing):
                await ask(lambda: agent.types(conversation_id, typing))
            case MarkRead(conversation_id, message_id):
                await ask(lambda: agent.reads(conversation_id, message_id))
            case CreateConversation(_, customer, subject, body):
                return await self._create(customer, subject, body)
        return Outcome()

    async def _send(self, send: Send) -> Outcome:
        if len(send.body.encode()) > self.capabilities.max_body_bytes:
            raise Rejected(f"the reply is longer than {self.capabilities.max_body_bytes:,} bytes")
        if send.uploads:
            files = await self._line.ask(lambda: self._office.files(send.uploads))
        else:
            files = [await self._read(file) for file in send.attachments]
        message = await self._line.send(
            lambda: self._agent.says(send.conversation_id, send.body, send.visibility, send.client_id, files)
        )
        return Outcome(message_id=message.id)

    async def _create(self, address: str, subject: str, body: str) -> Outcome:
        conversation_id, message = await self._line.send(lambda: self._agent.begins(address, subject, body))
        return Outcome(message_id=message.id if message else None, conversation_id=conversation_id)

    async def _read(self, file: LocalFile) -> StoredFile:
        limit = self.capabilities.max_attachment_bytes

        def read() -> bytes:
            with Path(file.path).open("rb") as opened:
                return opened.read(limit + 1)

        try:
            content = await asyncio.to_thread(read)
        except OSError as error:
            raise Rejected(f"{file.name} cannot be read: {error.strerror or error}") from error
        if len(content) > limit:
            raise Rejected(f"{file.name} is larger than {limit / 1_000_000:g} MB")
        return StoredFile(file.name, file.media_type, content)

    async def upload(self, conversation_id: ConversationId, file: LocalFile) -> str:
        """Bring a file to the world, before the reply that names it."""
        content = await self._read(file)
        await self._line.ask(lambda: self.world.ours(conversation_id))
        return await self._line.ask(lambda: self._office.keep(content))

    async def customer(self, conversation_id: ConversationId) -> Customer:
        """Return a customer with their other conversations."""
        return await self._line.ask(lambda: self._office.customer(conversation_id))

    async def canned(self) -> tuple[RemoteResponse, ...]:
        """Return the canned responses that the service keeps."""
        return await self._line.ask(self._office.canned)

    async def search(self, query: str, limit: int) -> tuple[Found, ...]:
        """Return the conversations in which all the words occur."""
        return await self._line.ask(lambda: self._office.search(query, limit))

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        """Return up to `limit` messages older than `before`."""
        messages, complete = await self._line.ask(lambda: self.world.messages(conversation_id, before, limit))
        return Page(messages, complete)

    async def fetch(self, attachment: Attachment) -> bytes:
        """Return the content of an attachment."""
        content = await self._line.download(lambda: self.world.file(attachment.id))
        if attachment.size is not None and len(content) != attachment.size:
            raise ProtocolError(f"{attachment.name}: the service sent something else than this file")
        return content


def _parts(cursor: str | None) -> tuple[str, int, int]:
    """Return world id, position and number of conversations of a cursor; of an unreadable one, nothing known."""
    world_id, _, numbers = (cursor or "").partition(":")
    position, _, count = numbers.partition(":")
    if not (position.isascii() and position.isdigit() and count.isascii() and count.isdigit()):
        return "", 0, 0
    return world_id, int(position), min(int(count), 10_000)
