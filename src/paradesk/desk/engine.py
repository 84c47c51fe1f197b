"""The desk's inside: carries out intents against lanes, journal and outbox. Runs on the desk's loop only."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from typing import TypeVar

from paradesk.connectors.base import (
    Connector,
    ConnectorError,
    NotSent,
    Outcome,
    Prepared,
    Rejected,
    Uncertain,
    Unsupported,
)
from paradesk.connectors.capabilities import Support
from paradesk.core.events import ConnectionChanged, DraftChanged, Event, HistoryLoaded, MessageUpserted, TypingChanged
from paradesk.core.fold import base_of
from paradesk.core.intents import CreateConversation, Intent, Send, SetPresence, TakeNext
from paradesk.core.model import Agent, Attachment, ClientId, ConversationId, Link
from paradesk.core.state import Thread
from paradesk.desk import offers
from paradesk.desk.attention import Attention
from paradesk.desk.delivery_log import DeliveryLog
from paradesk.desk.intake import backend_id, incoming, outgoing, outgoing_message, profile_of, qualified, storable
from paradesk.desk.journal import DraftKey, JournalError
from paradesk.desk.lane import Lane
from paradesk.desk.layout import Layout
from paradesk.desk.local import LOCAL_PREFIX, LocalChanges, written
from paradesk.desk.outbox import Outbox, TakenBack
from paradesk.desk.parts import prepare
from paradesk.desk.reasons import place, reason
from paradesk.desk.recorder import Recorder
from paradesk.desk.timing import Timing

T = TypeVar("T")
_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Delivery:
    """Events of one `emit`, and who waits for their commit."""

    profile: str
    events: tuple[Event, ...]
    cursor: str | None
    done: "Future[None]"

    def fail(self, error: BaseException) -> None:
        """Tell who waits that it was not committed; they may have gone."""
        if not self.done.done():
            self.done.set_exception(error)


class Engine:
    """Carries out what the public `Desk` is asked for."""

    def __init__(
        self,
        recorder: Recorder,
        lanes: Mapping[str, Lane],
        timing: Timing,
        clock: Callable[[], float],
        random: Callable[[], float],
        resend_once: bool = False,
    ) -> None:
        self.recorder = recorder
        self.outbox = Outbox(recorder, lanes, timing, clock, random, resend_once)
        self._lanes = lanes
        self._timing = timing
        self._clock = clock
        self._local = LocalChanges(clock)
        self._reading: dict[ConversationId, asyncio.Task[bool]] = {}
        self._deliveries = DeliveryLog(recorder.store)
        self.attention = Attention(recorder, timing, self.perform, lambda where, what: self.support(where, what)[0])

    def support(self, conversation_id: ConversationId, capability: str) -> tuple[Support, str]:
        """Return whether this conversation can do it, and why not; may be called from any thread."""
        lane = self._lanes.get(profile_of(conversation_id))
        if lane is None:
            return Support.ABSENT, f"{profile_of(conversation_id)} is not configured"
        return offers.support(self._thread(conversation_id), lane.capabilities, lane.title, capability)

    def take(self, deliveries: Sequence[Delivery]) -> None:
        """Commit what lanes delivered in one transaction; where that fails one by one, so that only the bad one fails."""
        try:
            cursors: dict[str, str] = {}
            events: list[Event] = []
            for delivery in deliveries:
                events += self._with_consequences(delivery)
                if delivery.cursor is not None:
                    cursors[delivery.profile] = delivery.cursor
            self.recorder.record(events, cursors=cursors)
        except Exception as error:
            if len(deliveries) == 1:
                if not isinstance(error, JournalError):
                    _log.error("%s: %s", deliveries[0].profile, place(error))
                deliveries[0].fail(NotSent(f"the events could not be saved ({type(error).__name__})"))
                return
            for delivery in deliveries:
                self.take([delivery])
            return
        for delivery in deliveries:
            if not delivery.done.done():
                delivery.done.set_result(None)

    def prepared(self, send: Send) -> Prepared | None:
        """Return what the backend will be given, or None while its connector has not been built; any thread."""
        lane = self.lane(profile_of(send.conversation_id))
        if self.support(send.conversation_id, offers.needed(send))[0] is not Support.NATIVE:
            return None
        return prepare(lane, replace(send, body=storable(send.body)))

    async def perform(self, intent: Intent) -> Outcome:
        """Carry out any intent; raises ConnectorErrors with a reason for the agent, before any I/O where possible."""
        if isinstance(intent, Send):
            return self._accept(intent)
        if isinstance(intent, CreateConversation | TakeNext | SetPresence):
            lane = self.lane(intent.profile)
            offers.check(intent, None, lane.capabilities, lane.title)
        else:
            lane = self.lane(profile_of(intent.conversation_id))
            thread = self._known(intent.conversation_id)
            if offers.check(intent, thread, lane.capabilities, lane.title) is Support.EMULATED:
                self._record(self._local.events(intent, thread, self._agent(lane)))
                return Outcome()
        outcome = await self.ask(lane, lambda c: c.perform(outgoing(intent)), self._timing.perform)
        profile = lane.profile.name
        events = tuple(incoming(profile, event) for event in outcome.events)
        try:
            self.recorder.record(events)
        except JournalError as error:
            raise Uncertain(f"{lane.title} took it, but {error}") from error
        created = None if outcome.conversation_id is None else qualified(profile, outcome.conversation_id)
        return Outcome(message_id=outcome.message_id, conversation_id=created, events=events)

    def retry(self, client_id: ClientId) -> Outcome:
        """Queue a failed or uncertain reply again."""
        self._saved(lambda: self.outbox.retry(client_id))
        return Outcome()

    def release(self, client_id: ClientId) -> Outcome:
        """Let a held reply go now."""
        self._saved(lambda: self.outbox.release(client_id))
        return Outcome()

    def settle(self, client_id: ClientId) -> Outcome:
        """Take an uncertain reply for delivered."""
        self._saved(lambda: self.outbox.settle(client_id))
        return Outcome()

    def dismiss(self, client_id: ClientId) -> TakenBack:
        """Give up a reply; its text is back in the draft."""
        return self._saved(lambda: self.outbox.dismiss(client_id))

    def save_drafts(self, drafts: Mapping[DraftKey, str], origins: Mapping[DraftKey, str | None] | None = None) -> None:
        """Commit drafts, and how they were made; raises JournalError, but shows the drafts all the same: they live on in
        memory."""
        journal = self.recorder.journal
        changed = {key: storable(text) for key, text in drafts.items()}
        events = [DraftChanged(where, visibility, text) for (where, visibility), text in changed.items()]

        def write() -> None:
            for (where, visibility), text in changed.items():
                journal.write_draft(where, visibility, text)
            for key, record in (origins or {}).items():
                journal.write_origins(key, record)

        try:
            self.recorder.record(events, work=write)
        except JournalError:
            self.recorder.show(events)
            raise

    def save_layout(self, layout: Layout) -> None:
        """Commit the layout; what lies in no pane any more is not kept in memory as a whole."""
        with self.recorder.journal.transaction():
            self.recorder.journal.write_layout(layout)
        self.recorder.leave_paged(self.recorder.paged - set(layout.panes))

    def link_changed(self, event: ConnectionChanged) -> None:
        """Show the state of a connection, and let replies go on."""
        self.recorder.show([event])
        self.outbox.link_changed(event.profile)

    async def history(self, conversation_id: ConversationId, limit: int) -> bool:
        """Bring in older messages; says whether there may be more. Several who ask at once share one answer."""
        reading = self._reading.get(conversation_id)
        if reading is None:
            reading = asyncio.create_task(self._history(conversation_id, limit))
            self._reading[conversation_id] = reading
            reading.add_done_callback(lambda _: self._reading.pop(conversation_id, None))
        return await asyncio.shield(reading)

    async def read_again(self, conversation_id: ConversationId, limit: int) -> None:
        """Read the newest messages from the backend, whatever is here already; raises ConnectorErrors."""
        self._known(conversation_id)
        able, why = self.support(conversation_id, "history")
        lane = self.lane(profile_of(conversation_id))
        if able is not Support.NATIVE:
            raise Unsupported(why or f"{lane.title} keeps no history")
        where = backend_id(conversation_id)
        page = await self.ask(lane, lambda c: c.history(where, None, limit), self._timing.history)
        loaded = incoming(lane.profile.name, HistoryLoaded(where, page.messages, page.complete))
        self._saved(lambda: self.recorder.record([loaded]))

    async def fetch(self, conversation_id: ConversationId, attachment: Attachment) -> bytes:
        """Download an attachment."""
        lane = self.lane(profile_of(conversation_id))
        if attachment.id.startswith(LOCAL_PREFIX):
            raise Rejected("this file is still on its way to the backend")
        able, why = self.support(conversation_id, "attachments_in")
        if able is Support.ABSENT:
            raise Unsupported(why)
        return await self.ask(lane, lambda connector: connector.fetch(attachment), self._timing.fetch)

    async def _history(self, conversation_id: ConversationId, limit: int) -> bool:
        thread = self._known(conversation_id)
        if thread.history_complete:
            return False
        if self.recorder.page_in(conversation_id, limit):
            return True
        if self.recorder.archive.complete(conversation_id):
            self.recorder.show([HistoryLoaded(conversation_id, (), True)])
            return False
        if self.support(conversation_id, "history")[0] is Support.ABSENT:
            return False
        lane = self.lane(profile_of(conversation_id))
        oldest = next((m for m in thread.transcript if not m.id.startswith(LOCAL_PREFIX)), None)
        before = None if oldest is None else outgoing_message(base_of(thread, oldest.id) or oldest)
        where = backend_id(conversation_id)
        page = await self.ask(lane, lambda c: c.history(where, before, limit), self._timing.history)
        self.recorder.paged.add(conversation_id)
        loaded = incoming(lane.profile.name, HistoryLoaded(where, page.messages, page.complete))
        self._saved(lambda: self.recorder.record([loaded], older=True))
        return not page.complete

    def _accept(self, send: Send) -> Outcome:
        send = replace(send, body=storable(send.body))
        lane = self.lane(profile_of(send.conversation_id))
        thread = self._known(send.conversation_id)
        declared = offers.check(send, thread, lane.capabilities, lane.title)
        draft = remainder(thread.drafts.get(send.visibility, ""), send.body)
        if thread.transcript.by_client(send.client_id) is not None:
            raise Rejected("this reply has been accepted before")
        if declared is Support.EMULATED:
            events = [
                *self._local.events(send, thread, self._agent(lane)),
                DraftChanged(send.conversation_id, send.visibility, draft),
            ]
            journal = self.recorder.journal
            self._record(events, lambda: journal.write_draft(send.conversation_id, send.visibility, draft))
        else:
            made = prepare(lane, send)
            parts = None if made is None else made.parts
            echo = written(send, thread, self._agent(lane), self._clock())
            self._saved(lambda: self.outbox.accept(send, echo, draft, parts))
        self.attention.type(send.conversation_id, False)
        return Outcome()

    def _with_consequences(self, delivery: Delivery) -> list[Event]:
        """Add what the desk has to do because of an event, where the backend does not."""
        able = self._lanes[delivery.profile].capabilities
        if able is None:
            return list(delivery.events)
        reopens = able.status is Support.EMULATED
        events: list[Event] = []
        for event in delivery.events:
            if isinstance(event, TypingChanged) and event.typing:
                latest = self._clock() + able.typing_lapses
                event = replace(event, until=latest if event.until <= 0 else min(event.until, latest))
            events.append(event)
            if reopens and isinstance(event, MessageUpserted):
                thread = self._thread(event.message.conversation_id)
                events += () if thread is None else self._local.reopened(thread, event.message)
        return events

    def _record(self, events: Sequence[Event], work: Callable[[], None] | None = None) -> None:
        self._saved(lambda: self.recorder.record(events, work=work))

    def _saved(self, step: Callable[[], T]) -> T:
        """Run a step that commits; a disk that does not take it is told like any other failure."""
        try:
            return step()
        except JournalError as error:
            raise NotSent(str(error)) from error

    async def ask(self, lane: Lane, ask: Callable[[Connector], Awaitable[T]], deadline: float) -> T:
        """Ask a connector that is online; raises ConnectorErrors with a reason for the agent."""
        self._need_link(lane)
        try:
            return await lane.call(ask, deadline)
        except ConnectorError as error:
            error.args = (reason(error, lane.connector, lane.title), *error.args[1:])
            raise

    def is_online(self, name: str) -> bool:
        """Return whether the connection of this profile stands."""
        profile = self.recorder.store.state.profiles.get(name)
        return profile is not None and profile.link is Link.ONLINE

    def _need_link(self, lane: Lane) -> None:
        if not self.is_online(lane.profile.name):
            profile = self.recorder.store.state.profiles.get(lane.profile.name)
            why = f": {profile.reason}" if profile is not None and profile.reason else ""
            raise NotSent(f"{lane.profile.name} is not connected{why}")

    def lane(self, profile: str) -> Lane:
        """Return the lane of a profile; raises Rejected for one that is not configured."""
        lane = self._lanes.get(profile)
        if lane is None:
            raise Rejected(f"the profile {profile!r} is not configured")
        return lane

    def _agent(self, lane: Lane) -> Agent | None:
        profile = self.recorder.store.state.profiles.get(lane.profile.name)
        return None if profile is None else profile.agent

    def _thread(self, conversation_id: ConversationId) -> Thread | None:
        return self.recorder.store.state.threads.get(conversation_id)

    def _known(self, conversation_id: ConversationId) -> Thread:
        thread = self._thread(conversation_id)
        if thread is None:
            raise Rejected("this conversation is not known here")
        return thread


def remainder(draft: str, sent: str) -> str:
    """Return what is left of a draft when this text of it is sent: what was typed since, or a different text whole."""
    if draft.strip() == sent.strip():
        return ""
    return draft.removeprefix(sent)
