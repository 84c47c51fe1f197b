"""The running workstation without a screen: its own thread and loop, driven by intents, seen through snapshots."""

import asyncio
import contextlib
import logging
import random as random_module
import secrets
import threading
import time
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any, TypeVar

from paradesk.connectors.base import ConnectorError, NotSent, Outcome, Uncertain
from paradesk.connectors.capabilities import Capabilities, Support
from paradesk.core.events import ConnectionChanged, Event
from paradesk.core.intents import Intent, Send
from paradesk.core.model import Attachment, ClientId, ConversationId, Link, Visibility
from paradesk.core.state import ProfileState, State
from paradesk.desk.backends import Backends
from paradesk.desk.choices import Choice, Choices
from paradesk.desk.engine import Engine
from paradesk.desk.inbox import Inbox
from paradesk.desk.journal import DeskBusy, DraftKey, Journal, JournalDamaged, JournalError
from paradesk.desk.keeping import Keeping
from paradesk.desk.lane import Lane, Profile
from paradesk.desk.layout import Layout
from paradesk.desk.lessons import Lessons
from paradesk.desk.outbox import TakenBack
from paradesk.desk.practice import Practice
from paradesk.desk.reasons import place, quiet
from paradesk.desk.recorder import Recorder
from paradesk.desk.rescue import Rescue
from paradesk.desk.snapshots import Snapshots
from paradesk.desk.store import Store
from paradesk.desk.timing import Timing
from paradesk.desk.verdicts import GuardCounts, Verdicts
from paradesk.guard.outcome import Decision, NearMiss
from paradesk.guard.verdict import Draft

T = TypeVar("T")
_NEWEST = 200
"""Messages per conversation that are in memory at the start; older ones are paged in from the journal."""
_LOOK_EVERY = 2.0
_log = logging.getLogger(__name__)

__all__ = ["Desk", "DeskBusy", "JournalError", "Layout", "Profile", "TakenBack", "Timing"]


class Desk:
    """Everything below the screen. All methods can be called from any thread, none of them waits for a network."""

    def __init__(
        self,
        profiles: Sequence[Profile],
        directory: Path,
        *,
        clock: Callable[[], float] = time.time,
        random: Callable[[], float] = random_module.random,
        timing: Timing | None = None,
        resend_once: bool = False,
    ) -> None:
        """Prepare a desk; raises ValueError for a profile name that is empty, contains a slash or is there twice.

        `resend_once`: a reply that a backend without deduplication does not show after its settle time is sent once more.
        """
        names = [profile.name for profile in profiles]
        bad = [name for name in names if not name or "/" in name or names.count(name) > 1]
        if bad:
            raise ValueError(f"profile name {bad[0]!r}: each needs a name of its own without a slash")
        self._profiles = tuple(profiles)
        self._directory = directory
        self._clock = clock
        self._random = random
        self._timing = timing or Timing()
        self._resend_once = resend_once
        self._store = Store(State(profiles={name: ProfileState(name=name) for name in names}))
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ending: asyncio.Event | None = None
        self._engine: Engine | None = None
        self._verdicts: Verdicts | None = None
        self._lanes: dict[str, Lane] = {}
        self._inbox = Inbox(self._soon)
        self._keeping = Keeping(self._soon, Rescue(directory))
        self.lessons: Lessons | None = None
        """What the guard learns from; None until the desk has started."""
        self.practice: Practice | None = None
        """What the ranking of canned responses learns from; None until the desk has started."""
        self._choices: Choices | None = None
        self._journal: Journal | None = None
        self._snapshots: Snapshots | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.backends = Backends(self._ask, lambda: self._engine, self._timing)
        """What the backends can be asked beside intents."""
        self._closed = True
        self.notices: tuple[str, ...] = ()
        """What the agent is to be told after the start, such as a journal that was damaged. Set once `start` returns."""
        self.failure = ""
        """Where the desk's thread died of an error; empty while all is well. Then nothing is sent or received."""

    # Life

    def start(self) -> None:
        """Open the journal and start; the cached state is there on return, connections follow.

        Raises DeskBusy when another desk has the directory, JournalError when its database cannot be used.
        """
        if self._thread is not None:
            raise RuntimeError("a desk is started once")
        ready: Future[None] = Future()
        self._thread = threading.Thread(target=self._live, args=(ready,), name="paradesk-desk", daemon=True)
        self._thread.start()
        ready.result()

    def stop(self, timeout: float = 1.0) -> None:
        """Write what is left, end connections and give the directory free, within `timeout` seconds."""
        thread, loop, ending = self._thread, self._loop, self._ending
        if thread is None or loop is None or ending is None:
            return
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(ending.set)
        if threading.current_thread() is not thread:
            thread.join(timeout)

    def _live(self, ready: "Future[None]") -> None:
        try:
            asyncio.run(self._main(ready))
        except BaseException as error:
            if ready.done():
                self.failure = place(error)
                self._keeping.rescue()
                _log.critical("the desk ended: %s", self.failure)
            else:
                ready.set_exception(error)

    async def _main(self, ready: "Future[None]") -> None:
        asyncio.get_running_loop().set_exception_handler(quiet)
        journal = Journal(self._directory)
        try:
            try:
                engine = self._restored(journal)
            except JournalDamaged as damage:
                journal.start_over(damage)
                self._lanes.clear()
                engine = self._restored(journal)
            self._journal, self.notices = journal, journal.notices
            self._loop, self._ending, self._engine = asyncio.get_running_loop(), asyncio.Event(), engine
            self._inbox.engine = self._keeping.engine = engine
            self._keeping.take_over()
            self._closed = False
            self.lessons = Lessons(journal.path)
            self.lessons.start()
            self.practice = Practice(journal.path)
            self.practice.start()
            self._snapshots = Snapshots(journal.path, self._clock)
            self._snapshots.start()
            ready.set_result(None)
            for lane in self._lanes.values():
                lane.start()
            engine.outbox.start()
            try:
                await self._look_after()
            finally:
                self._end(engine)
        finally:
            self._closed = True
            journal.close()

    def _restored(self, journal: Journal) -> Engine:
        recorder = Recorder(journal, self._store)
        self._verdicts, self._choices = Verdicts(journal), Choices(journal)
        with journal.reading():
            self._keeping.layout, self._keeping.origins = journal.layout(), journal.origins()
            for profile in self._profiles:
                self._lanes[profile.name] = Lane(
                    profile, self, journal.cursor(profile.name), self._timing, self._clock, self._random
                )
            engine = Engine(recorder, self._lanes, self._timing, self._clock, self._random, self._resend_once)
            recorder.restore(set(self._lanes), _NEWEST, frozenset(self._keeping.layout.panes))
            engine.outbox.restore()
        return engine

    async def _look_after(self) -> None:
        assert self._ending is not None
        while not self._ending.is_set():
            try:
                await asyncio.wait_for(self._ending.wait(), _LOOK_EVERY)
            except TimeoutError:
                try:
                    for lane in self._lanes.values():
                        lane.look()
                    self._keeping.flush()
                    self._noted().flush()
                    self._chosen().flush()
                    if self._journal is not None:
                        self._journal.look()
                except Exception as error:
                    # A defect in here must not take the desk with it.
                    _log.error("desk: %s", place(error))

    def _end(self, engine: Engine) -> None:
        """Flush first: what the agent did is worth more than a tidy goodbye to a backend."""
        self._keeping.flush()
        self._noted().flush()
        self._chosen().flush()
        self._inbox.drain()
        # In this order: a lane that finds the desk closed drains in its own thread, and must not commit there.
        self._inbox.engine = self._keeping.engine = None
        self._closed = True
        self._inbox.drain()
        engine.outbox.stop()
        engine.attention.stop()
        if self.lessons is not None:
            self.lessons.stop()
        if self.practice is not None:
            self.practice.stop()
        if self._snapshots is not None:
            self._snapshots.stop()
        for lane in self._lanes.values():
            lane.stop()
        until = time.monotonic() + 0.5
        for lane in self._lanes.values():
            lane.join(max(0.0, until - time.monotonic()))
            engine.link_changed(ConnectionChanged(lane.profile.name, Link.STOPPED))

    @property
    def running(self) -> bool:
        """Whether its thread is alive; after `stop` the directory is free once it is not."""
        return self._thread is not None and self._thread.is_alive()

    # What the screen sees and asks

    @property
    def trouble(self) -> str:
        """Why nothing can be saved, or soon no more, in words for the status bar; empty while all is well."""
        return "" if self._journal is None else self._journal.trouble

    @property
    def state(self) -> State:
        """The newest snapshot."""
        return self._store.state

    def subscribe(self, selector: Callable[[State], T], callback: Callable[[T], None]) -> Callable[[], None]:
        """Call back, on the desk's thread, when the selected value changes; returns what ends that."""
        return self._store.subscribe(selector, callback)

    def submit(self, intent: Intent) -> Future[Outcome]:
        """Carry out an intent. A `Send` is done when it is on disk and its draft cleared, others when answered.

        The future fails with a ConnectorError whose text is a reason for the agent.
        """
        if isinstance(intent, Send) and intent.visibility is Visibility.PUBLIC and self.lessons is not None:
            thread = self.state.threads.get(intent.conversation_id)
            if thread is not None:
                self.lessons.sent(thread, intent.body)
        return self._ask(lambda engine: self._after_drafts(engine.perform(intent)))

    def new_client_id(self) -> ClientId:
        """Return a fresh id for a reply; it sorts by time."""
        milliseconds = int(self._clock() * 1000) & (2**48 - 1)
        return ClientId(f"{milliseconds:012x}{secrets.token_hex(10)}")

    def support(self, conversation_id: ConversationId, capability: str) -> tuple[Support, str]:
        """Return whether this conversation can do it, and why not. Capabilities by name, and `send`."""
        if self._engine is None:
            return Support.ABSENT, "the desk has not started"
        return self._engine.support(conversation_id, capability)

    def capabilities(self, profile: str) -> Capabilities:
        """Return what the profile's backend can do; nothing until its connector has been built."""
        lane = self._lanes.get(profile)
        return (lane.capabilities if lane is not None else None) or Capabilities()

    def connector_name(self, profile: str) -> str:
        """Return the name of the connector that serves a profile, such as `chatwoot`; empty until it has been built."""
        lane = self._lanes.get(profile)
        return "" if lane is None or lane.connector is None else str(lane.connector.name)

    def retry(self, client_id: ClientId) -> Future[Outcome]:
        """Send a failed or uncertain reply again, with the same client id; done when that is on disk."""
        return self._ask(lambda engine: _now(lambda: engine.retry(client_id)))

    def release(self, client_id: ClientId) -> Future[Outcome]:
        """End the hold of a reply: it leaves now. Harmless where there is no hold any more."""
        return self._ask(lambda engine: _now(lambda: engine.release(client_id)))

    def settle(self, client_id: ClientId) -> Future[Outcome]:
        """The agent has seen that an uncertain reply arrived: it counts as delivered; done when that is on disk."""
        return self._ask(lambda engine: _now(lambda: engine.settle(client_id)))

    def dismiss(self, client_id: ClientId) -> Future[TakenBack]:
        """Give up a held, queued, failed or uncertain reply; its text goes back into the draft, its files come along."""
        return self._ask(lambda engine: self._after_drafts(_now(lambda: engine.dismiss(client_id))))

    def load_history(self, conversation_id: ConversationId, limit: int = 50) -> Future[bool]:
        """Bring in older messages, from the journal first; the result says whether there may be more."""
        return self._ask(lambda engine: engine.history(conversation_id, limit))

    def read_again(self, conversation_id: ConversationId, limit: int = 20) -> Future[None]:
        """Read the newest messages from the backend once more; fails with a ConnectorError where that cannot be."""
        return self._ask(lambda engine: engine.read_again(conversation_id, limit))

    def fetch(self, conversation_id: ConversationId, attachment: Attachment) -> Future[bytes]:
        """Download an attachment; fails with a ConnectorError."""
        return self._ask(lambda engine: engine.fetch(conversation_id, attachment))

    def see(self, conversation_id: ConversationId) -> None:
        """The agent has looked: nothing is unread, and the backend is told where it wants to know."""
        self._tell(lambda engine: engine.attention.see(conversation_id))

    def typing(self, conversation_id: ConversationId, typing: bool) -> None:
        """The agent types, or has stopped; the backend is told, at most every 3 seconds."""
        self._tell(lambda engine: engine.attention.type(conversation_id, typing))

    def reconnect(self, profile: str) -> None:
        """Try again now: after a refusal (with a newly built connector), or instead of waiting."""
        lane = self._lanes.get(profile)
        if lane is not None and not self._closed:
            lane.reconnect()

    # What is kept

    def save_draft(self, conversation_id: ConversationId, visibility: Visibility, text: str) -> None:
        """Keep what is being typed; on disk a moment later, never waits. Only what is queued already is merged."""
        self._keeping.draft(conversation_id, visibility, text)

    def save_origins(self, key: DraftKey, draft: Draft | None) -> None:
        """Keep how a draft was made, beside it; its text is not looked at. None where there is no draft any more."""
        self._keeping.origin(key, draft)

    def saved_origins(self) -> tuple[Draft, ...]:
        """Return how the drafts were made that were there at the start, without their texts."""
        return tuple(self._keeping.origins.values())

    def saved_layout(self) -> Layout:
        """Return the layout that was saved last."""
        return self._keeping.layout

    def save_layout(self, layout: Layout) -> None:
        """Keep the layout for the next start."""
        self._keeping.arrange(layout)

    # The guard

    def note_verdict(self, decision: Decision) -> None:
        """Count what the agent did about a verdict, and keep a near miss; never waits."""
        self._tell(lambda _engine: self._noted().note(decision, self._store.state))

    def near_misses(self, limit: int = 100) -> Future[tuple[NearMiss, ...]]:
        """Return the newest near misses, newest first."""
        return self._ask(lambda _engine: _now(lambda: self._noted().near_misses(limit)))

    def guard_counts(self, days: int = 30) -> Future[GuardCounts]:
        """Return how often each check spoke in so many days, today included, and what became of it."""
        return self._ask(lambda _engine: _now(lambda: self._noted().counts(days, self._clock())))

    def forget_near_misses(self) -> Future[int]:
        """Delete all near misses from the disk; the result says how many there were."""
        return self._ask(lambda _engine: _now(lambda: self._noted().forget()))

    def _noted(self) -> Verdicts:
        assert self._verdicts is not None, "the desk has not started"
        return self._verdicts

    # Canned responses

    def note_choice(self, choice: Choice) -> None:
        """A canned response was sent: learn from it, and count it; never waits."""
        if self.practice is not None:
            self.practice.made(choice)
        self._tell(lambda _engine: self._chosen().note(choice))

    def forget_choices(self, conversation_id: ConversationId | None = None) -> Future[int]:
        """Delete what was learnt from all choices, or from those in one conversation; the result says how many.

        What one conversation has taught stays in memory until the next start.
        """
        if self.practice is not None and conversation_id is None:
            self.practice.forget()
        return self._ask(lambda _engine: _now(lambda: self._chosen().forget(conversation_id)))

    def _chosen(self) -> Choices:
        assert self._choices is not None, "the desk has not started"
        return self._choices

    async def _after_drafts(self, work: Coroutine[Any, Any, T]) -> T:
        """What was typed before a key press counts before what the key does."""
        self._keeping.flush()
        return await work

    # What lanes bring (their threads)

    def take(self, profile: str, events: tuple[Event, ...], cursor: str | None) -> "Future[None]":
        """Queue events for the next commit."""
        return self._inbox.put(profile, events, cursor)

    def report(self, event: ConnectionChanged) -> None:
        """Show the state of a connection."""
        self._tell(lambda engine: engine.link_changed(event))

    # Crossing to the desk's thread

    def _soon(self, step: Callable[[], object]) -> bool:
        loop = self._loop
        if loop is None or self._closed:
            return False
        try:
            loop.call_soon_threadsafe(step)
        except RuntimeError:
            return False
        return True

    def _tell(self, step: Callable[[Engine], None]) -> None:
        def run() -> None:
            try:
                if self._engine is not None and not self._closed:
                    step(self._engine)
            except Exception as error:
                _log.error("desk: %s", place(error))

        self._soon(run)

    def _ask(self, ask: Callable[[Engine], Coroutine[Any, Any, T]]) -> Future[T]:
        answer: Future[T] = Future()

        async def run(engine: Engine) -> None:
            try:
                result = await ask(engine)
            except ConnectorError as error:
                answer.set_exception(error)
            except asyncio.CancelledError:
                answer.set_exception(Uncertain("the desk ended before the answer came"))
                raise
            except Exception as error:
                _log.error("desk: %s", place(error))
                answer.set_exception(Uncertain(f"something failed inside Paradesk ({type(error).__name__})"))
            else:
                answer.set_result(result)

        def begin() -> None:
            if self._engine is not None and answer.set_running_or_notify_cancel():
                task = asyncio.ensure_future(run(self._engine))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

        if not self._soon(begin):
            answer.set_exception(NotSent("the desk is not running"))
        return answer


async def _now(step: Callable[[], T]) -> T:
    return step()
