"""What connectors share that have to ask again and again, because their backend tells nothing by itself."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypeVar

from paradesk.connectors.base import NotSent, Uncertain

R = TypeVar("R")


class Versions:
    """Versions for a backend that has none: what was asked later counts as newer. They only grow, also over restarts."""

    def __init__(self, newest: int = 0) -> None:
        """`newest`: the newest one of the last run, which a clock that was set back must not fall behind."""
        self.newest = newest

    def next(self) -> int:
        """Return a version above all before it, to be taken before a question is asked: the clock's milliseconds."""
        self.newest = max(self.newest + 1, int(time.time() * 1000))
        return self.newest


async def again(work: Callable[[], Awaitable[None]], pause: Callable[[float], float]) -> None:
    """Repeat the work for ever; `pause` says how many seconds to wait after work that took so many."""
    while True:
        begun = time.monotonic()
        await work()
        await asyncio.sleep(pause(time.monotonic() - begun))


async def all_of(work: list[Coroutine[Any, Any, R]]) -> list[R]:
    """Wait for all and return their results; the first failure ends the others and is raised as it is."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        if tasks:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_EXCEPTION)
            for task in done:
                task.result()
        return [task.result() for task in tasks]
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def before_sending(reading: Awaitable[R]) -> R:
    """Wait for something that is read before anything is sent; raises NotSent where reading ends unclear."""
    try:
        return await reading
    except Uncertain as error:
        raise NotSent(f"{error}; nothing was sent") from None
