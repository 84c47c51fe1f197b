"""Between the desk's thread and the screen's: what is shown there knows which app it belongs to."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import ContextVar
from typing import TypeVar

from paradesk.core.state import State
from paradesk.ui.bridge import Bridge

T = TypeVar("T")
APP: ContextVar[str] = ContextVar("app")


class Source:
    """A desk that changes when it is told, in the thread of whoever tells it."""

    def __init__(self) -> None:
        self.state = State()
        self.changed: Callable[[int], None] = lambda version: None

    def subscribe(self, selector: Callable[[State], T], callback: Callable[[T], None]) -> Callable[[], None]:
        self.changed = callback  # type: ignore[assignment]
        return lambda: None


def in_another_thread(work: Callable[[], None]) -> None:
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


async def test_what_the_desks_thread_causes_runs_in_the_apps_context() -> None:
    """Timers that are set while a snapshot is shown ask the context which app they belong to."""
    APP.set("paradesk")
    seen: asyncio.Queue[str] = asyncio.Queue()
    desk = Source()
    bridge = Bridge(desk, lambda state: seen.put_nowait(APP.get("nobody")), frame=0.0)
    bridge.start()
    try:
        assert await seen.get() == "paradesk"
        in_another_thread(lambda: desk.changed(1))
        assert await asyncio.wait_for(seen.get(), 10) == "paradesk"
        future: Future[str] = Future()
        results: asyncio.Queue[str] = asyncio.Queue()
        bridge.when_done(future, lambda result: results.put_nowait(f"{result} {APP.get('nobody')}"))
        in_another_thread(lambda: future.set_result("sent"))
        assert await asyncio.wait_for(results.get(), 10) == "sent paradesk"
    finally:
        bridge.stop()
