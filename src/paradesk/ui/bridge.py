"""Between the desk's thread and the screen's: snapshots come in at most once per frame, intents go out."""

import asyncio
import concurrent.futures
import contextvars
import threading
from collections.abc import Callable
from typing import Protocol, TypeVar

from paradesk.core.state import State

FRAME = 1 / 6
"""Seconds between two looks at the desk's state, however many events arrive; the first after a quiet time is shown at
once. Nobody reads faster, and each look at a flood takes time that a key then waits."""

AFTER_KEY = 0.012
"""Seconds that a change waits at least: the echo of the key that caused it is painted first."""

T = TypeVar("T")


class Source(Protocol):
    """The part of the desk that the bridge reads."""

    @property
    def state(self) -> State:
        """The newest snapshot."""

    def subscribe(self, selector: Callable[[State], T], callback: Callable[[T], None]) -> Callable[[], None]:
        """Call back, on the desk's thread, whenever the selected value changes."""


class Bridge:
    """Holds the snapshot that the screen shows, and calls `show` on the screen's loop when there is a newer one."""

    def __init__(self, desk: Source, show: Callable[[State], None], *, frame: float = FRAME) -> None:
        self._desk, self._show, self._frame = desk, show, frame
        self._loop: asyncio.AbstractEventLoop | None = None
        self._context = contextvars.copy_context()
        self._unsubscribe: Callable[[], None] | None = None
        self._lock = threading.Lock()
        self._asked = False
        self._last = 0.0
        self._context = contextvars.Context()
        self.state: State = desk.state
        """What the screen shows; only ever replaced on the screen's loop."""

    def start(self) -> None:
        """Begin to follow the desk; call it on the screen's loop."""
        self._loop = asyncio.get_running_loop()
        # The desk's thread has no idea which app this is, and timers that are set on the way need to know.
        self._context = contextvars.copy_context()
        self._unsubscribe = self._desk.subscribe(lambda state: state.version, self._changed)
        self.flush()

    def stop(self) -> None:
        """Follow no longer. Idempotent."""
        self._loop = None
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None

    def _changed(self, _version: int) -> None:
        with self._lock:
            loop = self._loop
            if self._asked or loop is None:
                return
            self._asked = True
        try:
            loop.call_soon_threadsafe(self._arm, context=self._context)
        except RuntimeError:  # the screen's loop has ended
            self._loop = None

    def _arm(self) -> None:
        if self._loop is not None:
            self._loop.call_later(max(AFTER_KEY, self._last + self._frame - self._loop.time()), self.flush)

    def flush(self) -> None:
        """Show the newest snapshot now."""
        if self._loop is None:
            return
        with self._lock:
            self._asked = False
        self._last = self._loop.time()
        self.state = self._desk.state
        self._show(self.state)

    def when_done(
        self,
        future: concurrent.futures.Future[T],
        then: Callable[[T], None] | None = None,
        failed: Callable[[BaseException], None] | None = None,
    ) -> None:
        """Call `then` with the result, or `failed` with the error, on the screen's loop."""
        loop = self._loop
        if loop is None:
            return

        def settle() -> None:
            if self._loop is None or future.cancelled():
                return
            self.flush()
            error = future.exception()
            if error is not None:
                if failed is not None:
                    failed(error)
            elif then is not None:
                then(future.result())

        context = contextvars.copy_context()

        def done(_future: concurrent.futures.Future[T]) -> None:
            try:
                loop.call_soon_threadsafe(settle, context=context)
            except RuntimeError:  # the screen's loop has ended; the desk keeps what it accepted
                pass

        future.add_done_callback(done)
