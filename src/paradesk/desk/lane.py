"""A lane runs one connector: in a thread and an event loop of its own, so that nothing it does can hold up the rest.

A connector may block, raise anything, leave the loop in ruins or never come back. The lane turns each of these into a
`ConnectionChanged` with a reason, waits with full jitter and tries again; the desk goes on meanwhile.
"""

import asyncio
import concurrent.futures
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol, TypeVar

from paradesk.connectors.base import (
    AuthError,
    Connector,
    ConnectorContext,
    ConnectorError,
    NotSent,
    RateLimited,
    Uncertain,
)
from paradesk.connectors.capabilities import Capabilities
from paradesk.core.events import ConnectionChanged, Event
from paradesk.core.model import Link
from paradesk.desk.detached import DetachedExecutor
from paradesk.desk.intake import incoming
from paradesk.desk.reasons import place, quiet, reason, secrets_of, title_of
from paradesk.desk.redaction import REDACTION
from paradesk.desk.timing import Timing

T = TypeVar("T")
_PIECE = 500
"""Events that are handed to the desk at once, at most."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Profile:
    """One configured backend: its name and how to build its connector."""

    name: str
    """Without a slash: it stands in front of the ids of its conversations."""
    build: Callable[[], Connector]


class LaneHost(Protocol):
    """What a lane needs of the desk; both may be called from any thread and return at once."""

    def take(self, profile: str, events: tuple[Event, ...], cursor: str | None) -> "concurrent.futures.Future[None]":
        """Commit these events, then the cursor; the future is done when they are on disk."""

    def report(self, event: ConnectionChanged) -> None:
        """Show the state of a connection."""


class _Run:
    """One life of a lane's thread: what a later one must not share with it."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.connector: Connector | None = None
        self.task: asyncio.Task[BaseException | None] | None = None
        self.wake: asyncio.Event | None = None
        self.online_at: float | None = None
        self.refusal: AuthError | None = None
        """Why the running task was cancelled, when an intent found that the backend does not accept us any more."""
        self.rebuild = False
        self.again = threading.Event()
        self.ended = threading.Event()
        self.over = False
        """Set when this life is abandoned: whatever it still does has no effect."""
        self.link = ConnectionChanged("", Link.CONNECTING)
        self.answered = time.monotonic()
        self.stuck = False


class _Context(ConnectorContext):
    def __init__(self, lane: "Lane", run: _Run) -> None:
        self._lane = lane
        self._run = run

    @property
    def profile(self) -> str:
        return self._lane.profile.name

    @property
    def cursor(self) -> str | None:
        return self._lane.cursor

    async def emit(self, *events: Event, cursor: str | None = None) -> None:
        if self._run.over:
            raise asyncio.CancelledError
        # Cleaned here, in the lane's own thread: a flood costs its sender and a malformed event fails at its sender.
        cleaned = tuple(incoming(self.profile, event) for event in events)
        # In pieces, so that one large delivery does not hold up everybody else's; the cursor comes with the last one.
        while len(cleaned) > _PIECE:
            await asyncio.wrap_future(self._lane.host.take(self.profile, cleaned[:_PIECE], None))
            cleaned = cleaned[_PIECE:]
        await asyncio.wrap_future(self._lane.host.take(self.profile, cleaned, cursor))
        if cursor is not None:
            self._lane.cursor = cursor

    async def online(self) -> None:
        self._lane.say(self._run, Link.ONLINE)


class Lane:
    """Supervises one connector. `call` is awaited on the desk's loop, the rest may be called from anywhere."""

    def __init__(
        self,
        profile: Profile,
        host: LaneHost,
        cursor: str | None,
        timing: Timing,
        clock: Callable[[], float],
        random: Callable[[], float],
    ) -> None:
        self.profile = profile
        self.host = host
        self.cursor = cursor
        self._timing = timing
        self._clock = clock
        self._random = random
        self._stopping = False
        self._run = _Run()
        self.capabilities: Capabilities | None = None
        """What the connector can do, once it has been built."""

    @property
    def connector(self) -> Connector | None:
        """The connector, once it has been built."""
        return self._run.connector

    @property
    def title(self) -> str:
        """What to call it in a sentence."""
        return title_of(self._run.connector, self.profile.name)

    def start(self) -> None:
        """Begin in a new thread."""
        run = self._run
        threading.Thread(target=self._live, args=(run,), name=f"paradesk-{self.profile.name}", daemon=True).start()

    def stop(self) -> None:
        """Ask it to end; returns at once."""
        self._stopping = True
        self._interrupt(self._run)

    def join(self, timeout: float) -> bool:
        """Wait for its end; False when it did not come in time (it is left behind and has no effect any more)."""
        ended = self._run.ended.wait(timeout)
        self._run.over = True
        return ended

    def reconnect(self) -> None:
        """Try again now. After a refusal the connector is built anew, and so is one that is stuck."""
        run = self._run
        if run.stuck or run.ended.is_set():
            run.over = True
            self._run = _Run()
            self.start()
            return
        if run.link.link is Link.REFUSED:
            run.rebuild = True
        self._interrupt(run, cancel=False)

    def _refuse(self, run: _Run, error: AuthError) -> None:
        """Stop trying until someone signs in again: the backend does not accept us any more."""
        run.refusal = error
        self._interrupt(run, wake=False)

    def _interrupt(self, run: _Run, *, cancel: bool = True, wake: bool = True) -> None:
        """End what the connector runs, or the wait between two tries, or both."""

        def interrupt() -> None:
            if cancel and run.task is not None:
                run.task.cancel()
            if wake and run.wake is not None:
                run.wake.set()

        if wake:
            run.again.set()
        self._in_loop(run, interrupt)

    def say(self, run: _Run, link: Link, why: str = "", retry_at: float | None = None) -> None:
        """Report the state of the connection, unless this life of the lane is over."""
        if run.over:
            return
        if link is Link.ONLINE and run.online_at is None:
            run.online_at = time.monotonic()
        changed = ConnectionChanged(self.profile.name, link, why, retry_at)
        if changed == run.link and link is Link.ONLINE:
            # A connector may say so after each look.
            return
        _log.info("%s: %s", self.profile.name, link)
        run.link = changed
        if not run.stuck:
            self.host.report(run.link)

    def look(self) -> None:
        """Notice a connector that holds its loop; called every few seconds by the desk."""
        run = self._run
        if run.loop is None or run.ended.is_set():
            return
        silent = time.monotonic() - run.answered
        if silent > self._timing.stall and not run.stuck:
            run.stuck = True
            self.host.report(ConnectionChanged(self.profile.name, Link.WAITING, f"{self.title} does not respond"))
        self._in_loop(run, lambda: self._answered(run))

    def _answered(self, run: _Run) -> None:
        run.answered = time.monotonic()
        if run.stuck:
            run.stuck = False
            if not run.over:
                self.host.report(run.link)

    async def call(self, ask: Callable[[Connector], Awaitable[T]], deadline: float) -> T:
        """Ask the connector for something, within `deadline` seconds in all; awaited on the desk's loop.

        Raises only ConnectorErrors: NotSent when it was not begun, Uncertain when it broke off or was not answered.
        """
        run = self._run
        result: concurrent.futures.Future[T] = concurrent.futures.Future()
        begun = threading.Event()

        def begin() -> None:
            if result.set_running_or_notify_cancel():
                begun.set()
                task = asyncio.ensure_future(self._ask(run, ask, deadline))
                task.add_done_callback(lambda done: _hand_over(done, result))

        if not self._in_loop(run, begin):
            raise NotSent(f"{self.title} is not running")
        try:
            # A little longer than the lane itself allows, for a loop that is blocked and cannot keep its own deadline.
            return await asyncio.wait_for(asyncio.shield(asyncio.wrap_future(result)), deadline + 1.0)
        except TimeoutError:
            if result.cancel():
                raise NotSent(f"{self.title} does not respond") from None
            raise Uncertain(f"{self.title} did not answer in {deadline:.0f} seconds") from None
        except AuthError as error:
            self._refuse(run, error)
            raise

    async def _ask(self, run: _Run, ask: Callable[[Connector], Awaitable[T]], deadline: float) -> T:
        connector = run.connector
        if connector is None:
            raise NotSent(f"{self.profile.name} is still starting")
        try:
            async with asyncio.timeout(deadline):
                return await ask(connector)
        except TimeoutError:
            raise Uncertain(f"{self.title} did not answer in {deadline:.0f} seconds") from None
        except ConnectorError:
            raise
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            _noted(self.profile.name, error)
            raise Uncertain(reason(error, connector, self.title)) from None

    def _in_loop(self, run: _Run, callback: Callable[[], object]) -> bool:
        loop = run.loop
        if loop is None or run.ended.is_set():
            return False
        try:
            loop.call_soon_threadsafe(callback)
        except RuntimeError:
            return False
        return True

    def _live(self, run: _Run) -> None:
        """The body of the thread. Only the end of the lane ends it, whatever the connector throws."""
        attempt = 0
        while not self._over(run):
            try:
                asyncio.run(self._main(run))
            except BaseException as error:
                # A task of the connector's own may take the whole loop with it.
                _log.error("%s: %s", self.profile.name, place(error))
                delay = self._timing.backoff_before(attempt, self._random())
                attempt += 1
                self.say(run, Link.WAITING, reason(error, run.connector, self.title), self._clock() + delay)
                run.connector = None
                run.again.wait(delay)
                run.again.clear()
        self.say(run, Link.STOPPED)
        run.ended.set()

    async def _main(self, run: _Run) -> None:
        run.wake = asyncio.Event()
        run.loop = asyncio.get_running_loop()
        run.loop.set_exception_handler(quiet)
        run.loop.set_default_executor(DetachedExecutor())
        run.answered = time.monotonic()
        attempt = 0
        while not self._over(run):
            run.wake.clear()
            run.online_at = None
            self.say(run, Link.CONNECTING)
            error = await self._once(run)
            _log.warning("%s: %s", self.profile.name, type(error).__name__)
            if self._over(run):
                break
            if isinstance(error, AuthError):
                self.say(run, Link.REFUSED, reason(error, run.connector, self.title))
                await run.wake.wait()
                attempt = 0
                continue
            if run.online_at is not None and time.monotonic() - run.online_at >= self._timing.stable:
                attempt = 0
            at_least = error.retry_after if isinstance(error, RateLimited) else 0.0
            delay = self._timing.backoff_before(attempt, self._random(), at_least)
            attempt += 1
            self.say(run, Link.WAITING, reason(error, run.connector, self.title), self._clock() + delay)
            try:
                await asyncio.wait_for(run.wake.wait(), delay)
                attempt = 0
            except TimeoutError:
                pass
        await self._close(run)

    async def _once(self, run: _Run) -> BaseException:
        """Run the connector until it ends; returns why it did."""
        try:
            if run.rebuild:
                await self._close(run)
                run.connector, run.rebuild = None, False
            if run.connector is None:
                run.connector = self.profile.build()
                REDACTION.hide(secrets_of(run.connector))
                self.capabilities = run.connector.capabilities
            run.refusal = None
            work = partial(run.connector.run, _Context(self, run))
            run.task = asyncio.create_task(_contained(self.profile.name, work))
            return await run.task or NotSent(f"{self.title} ended the connection")
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            return run.refusal or NotSent(f"{self.title} ended the connection")
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            return _noted(self.profile.name, error)

    async def _close(self, run: _Run) -> None:
        if run.connector is None:
            return
        try:
            async with asyncio.timeout(1.0):
                await run.connector.close()
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            _noted(self.profile.name, error)

    def _over(self, run: _Run) -> bool:
        return self._stopping or run.over


async def _contained(profile: str, work: Callable[[], Awaitable[None]]) -> BaseException | None:
    """Return what ended the work instead of raising it: SystemExit out of a task would end the loop."""
    try:
        await work()
    except (Exception, SystemExit, KeyboardInterrupt) as error:
        return error if isinstance(error, ConnectorError) else _noted(profile, error)
    return None


def _noted(profile: str, error: BaseException) -> BaseException:
    if not isinstance(error, ConnectorError):
        _log.error("%s: %s", profile, place(error))
    return error


def _hand_over(done: "asyncio.Task[T]", result: "concurrent.futures.Future[T]") -> None:
    if done.cancelled():
        result.set_exception(Uncertain("the connection was closed before the answer came"))
    elif (error := done.exception()) is not None:
        result.set_exception(error)
    else:
        result.set_result(done.result())
