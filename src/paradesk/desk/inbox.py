"""What lanes have brought and the desk has not committed yet: drained in batches, so that a flood is cheap."""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

from paradesk.connectors.base import NotSent
from paradesk.core.events import Event
from paradesk.desk.engine import Delivery, Engine

_BATCH = 500
"""Events in one transaction, about: enough to make a flood cheap, few enough to let others in between."""

LINGER = 0.05
"""Seconds between two commits while messages come one by one: each costs a wake-up of three threads and a disk write. The
first after a quiet time is committed at once."""

_ENOUGH = 50
"""So many events are worth a commit of their own."""


class Inbox:
    """A queue between the lanes' threads and the desk's. Who puts something in waits for its commit."""

    def __init__(self, soon: Callable[[Callable[[], object]], bool]) -> None:
        """`soon` runs a step on the desk's thread, or returns False when there is none any more."""
        self._soon = soon
        self._lock = threading.Lock()
        self._waiting: deque[Delivery] = deque()
        self._asked = False
        self._last = 0.0
        self.engine: Engine | None = None
        """Who commits; None before the start and after the end, when everything is turned away."""

    def put(self, profile: str, events: tuple[Event, ...], cursor: str | None) -> "Future[None]":
        """Queue events for the next commit; the future is done after it."""
        delivery = Delivery(profile, events, cursor, Future())
        with self._lock:
            self._waiting.append(delivery)
            asked, self._asked = self._asked, True
        if not asked and not self._soon(self._arrange):
            self.drain()
        return delivery.done

    def _arrange(self) -> None:
        """Commit now, or a little later together with what comes until then. Desk's thread."""
        with self._lock:
            size = sum(len(delivery.events) for delivery in self._waiting)
            profiles = {delivery.profile for delivery in self._waiting}
        wait = self._last + LINGER - time.monotonic()
        # Who is still catching up waits for each commit before it goes on: to linger would only make it slow.
        live = self.engine is not None and all(map(self.engine.is_online, profiles))
        if wait > 0 and size < _ENOUGH and live:
            asyncio.get_running_loop().call_later(wait, self.drain)
        else:
            self.drain()

    def drain(self) -> None:
        """Commit what waits, up to a batch; the rest has its turn after whatever else the desk has to do."""
        batch: list[Delivery] = []
        size = 0
        self._last = time.monotonic()
        with self._lock:
            while self._waiting and size < _BATCH:
                batch.append(self._waiting.popleft())
                size += len(batch[-1].events)
            self._asked = more = bool(self._waiting)
        if self.engine is not None and batch:
            self.engine.take(batch)
        else:
            for delivery in batch:
                delivery.fail(NotSent("the desk has ended"))
        if more and not self._soon(self.drain):
            self.drain()
