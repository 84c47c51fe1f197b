"""A desk small enough for a test: it commits what a connector emits, folds it, and waits for conditions."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Self, TypeVar

from paradesk.connectors.base import AuthError, Connector, ConnectorError, Outcome, RateLimited
from paradesk.core.events import Event
from paradesk.core.intents import Intent
from paradesk.core.model import ConversationId, Message, MessageId, Role
from paradesk.core.state import State, Thread
from paradesk.testing.fold import reduce

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Commit:
    """What would be on disk after a crash at that moment: the cursor and everything folded until then."""

    cursor: str
    state: State


class Recorder:
    """A `ConnectorContext` that keeps every event, folds them with `core.reduce`, and remembers each commit.

    Begin from a `Commit` to play a restart of the program from exactly that point.
    """

    def __init__(self, profile: str = "contract", start: Commit | None = None) -> None:
        self._profile = profile
        self._cursor = start.cursor if start else None
        self.state = start.state if start else State()
        self.events: list[Event] = []
        self.commits: list[Commit] = []
        self.went_online = 0
        """How often the connector has said that the connection stands."""
        self.failing_emit: Exception | None = None
        """Raised by the next `emit` instead of committing: a full disk."""
        self._changed = asyncio.Condition()

    @property
    def profile(self) -> str:
        """The configured name of this backend."""
        return self._profile

    @property
    def cursor(self) -> str | None:
        """The cursor of the last commit."""
        return self._cursor

    async def emit(self, *events: Event, cursor: str | None = None) -> None:
        """Fold the events, then commit the cursor."""
        if self.failing_emit is not None:
            failure, self.failing_emit = self.failing_emit, None
            raise failure
        self.fold(*events)
        if cursor is not None:
            self._cursor = cursor
            self.commits.append(Commit(cursor, self.state))
        await self.wake()

    async def online(self) -> None:
        """Count a connection that stands."""
        self.went_online += 1
        await self.wake()

    def fold(self, *events: Event) -> None:
        """Take events into the state without a commit (what an `Outcome` carries)."""
        self.events.extend(events)
        for event in events:
            self.state = reduce(self.state, event)

    async def wake(self) -> None:
        """Let everyone who waits look again."""
        async with self._changed:
            self._changed.notify_all()

    async def until(self, look: Callable[[], T | None], what: str, patience: float) -> T:
        """Wait until `look` gives something true and return it; fails naming `what` after `patience` seconds."""

        async def wait() -> T:
            async with self._changed:
                while not (found := look()):
                    await self._changed.wait()
                return found

        try:
            return await asyncio.wait_for(wait(), patience)
        except TimeoutError:
            raise AssertionError(f"waited {patience:g} s in vain for: {what}") from None

    def thread(self, conversation_id: ConversationId) -> Thread | None:
        """Return the folded conversation, or None when nothing of it has arrived."""
        return self.state.threads.get(conversation_id)

    def known(self, conversation_id: ConversationId) -> Thread | None:
        """Return the folded conversation once its customer and fields have arrived, not only its messages."""
        thread = self.thread(conversation_id)
        return thread if thread is not None and thread.known else None

    def messages(self, conversation_id: ConversationId) -> list[Message]:
        """Return the folded messages of a conversation in their order."""
        thread = self.thread(conversation_id)
        return list(thread.transcript) if thread else []

    def message(self, conversation_id: ConversationId, message_id: MessageId) -> Message | None:
        """Return one folded message, or None."""
        thread = self.thread(conversation_id)
        return thread.transcript.get(message_id) if thread else None

    def said(self, conversation_id: ConversationId) -> list[str]:
        """Return what the customer has said, oldest first, withdrawn messages left out."""
        return [m.body for m in self.messages(conversation_id) if m.role is Role.CUSTOMER and not m.deleted]


class Session:
    """A connector at work: run as a task, started again after a lost connection as the desk does it, closed at the end.

    Use it as an asynchronous context manager; entering waits until the connector is online.
    """

    def __init__(self, connector: Connector, recorder: Recorder | None = None, patience: float = 15.0) -> None:
        self.connector = connector
        self.desk = recorder or Recorder()
        self.patience = patience
        self.losses: list[ConnectorError] = []
        """Why `run` ended, each time that it did."""
        self.refused: AuthError | None = None
        self.crash: BaseException | None = None
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._keep_running(), name="connector under test")
        try:
            await self.until(lambda: self.desk.went_online, "the connector to be online")
        except BaseException:
            await self.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()
        if kind is None and self.crash is not None:
            raise AssertionError(f"the connector crashed: {self.crash!r}") from self.crash

    async def stop(self) -> None:
        """Cancel `run`, wait for its end and close the connector; does nothing the second time."""
        task, self._task = self._task, None
        if task is None:
            return
        task.cancel()
        await asyncio.wait([task], timeout=self.patience)
        assert task.done(), f"run() is still running {self.patience:g} s after it was cancelled"
        await asyncio.wait_for(self.connector.close(), self.patience)

    async def perform(self, intent: Intent) -> Outcome:
        """Let the connector carry out an intent and fold what it brings; raises what the connector raises."""
        outcome = await asyncio.wait_for(self.connector.perform(intent), self.patience * 2)
        self.desk.fold(*outcome.events)
        await self.desk.wake()
        return outcome

    async def until(self, look: Callable[[], T | None], what: str) -> T:
        """Wait for a condition on what has arrived; fails early when the connector has crashed or was refused."""

        def look_again() -> T | bool | None:
            return look() or self.crash is not None or self.refused is not None

        await self.desk.until(look_again, what, self.patience)
        found = look()
        if not found:
            raise AssertionError(f"the connector stopped ({self.crash or self.refused!r}) before: {what}")
        return found

    async def eventually(self, look: Callable[[], Awaitable[T | None]], what: str) -> T:
        """Ask the backend again and again until it gives something true; fails naming `what`."""
        return await eventually(look, what, self.patience)

    async def _keep_running(self) -> None:
        while True:
            try:
                await self.connector.run(self.desk)
                raise AssertionError("run() returned; it must go on until cancelled or raise a ConnectorError")
            except AuthError as error:
                self.refused = error
                await self.desk.wake()
                return
            except ConnectorError as error:
                self.losses.append(error)
                await self.desk.wake()
                await asyncio.sleep(min(error.retry_after, 2.0) if isinstance(error, RateLimited) else 0.05)
            except Exception as error:
                self.crash = error
                await self.desk.wake()
                return


async def eventually(look: Callable[[], Awaitable[T | None]], what: str, patience: float) -> T:
    """Poll `look` until it gives something true and return it; fails naming `what` after `patience` seconds."""
    loop = asyncio.get_running_loop()
    deadline, pause = loop.time() + patience, 0.005
    while True:
        found = await look()
        if found:
            return found
        if loop.time() > deadline:
            raise AssertionError(f"waited {patience:g} s in vain for: {what}")
        await asyncio.sleep(pause)
        pause = min(pause * 1.5, 0.25)
