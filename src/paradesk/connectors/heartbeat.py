"""For connectors whose backend wants to hear from them again and again: a heartbeat beside the stream."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NoReturn

from paradesk.connectors.base import AuthError, ConnectorError, NotSent, RateLimited, Rejected


async def beat(every: float, do: Callable[[], Awaitable[object]], *, misses: int = 3) -> NoReturn:
    """Call `do` at once and then every `every` seconds, until cancelled.

    A beat that fails is passed over, the next one tries again; after so many `misses` in a row the last error is raised,
    a refusal (AuthError, Rejected) at once. One that lasts longer than `every` counts as missed.
    """
    missed = 0
    while True:
        pause = every
        try:
            async with asyncio.timeout(every):
                await do()
            missed = 0
        except (AuthError, Rejected):
            raise
        except (ConnectorError, TimeoutError) as error:
            missed += 1
            if missed >= misses:
                raise error if isinstance(error, ConnectorError) else NotSent("no answer to a heartbeat") from error
            pause = max(every, error.retry_after) if isinstance(error, RateLimited) else every
        await asyncio.sleep(pause)


async def together(*works: Coroutine[Any, Any, object]) -> None:
    """Run these until the first of them ends or fails; the others are cancelled and awaited, and its error is raised.

    `await together(self._stream(desk), beat(20, self._still_here))` is a whole `run`.
    """
    tasks = [asyncio.ensure_future(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    # In the order in which they were given, where several ended at once.
    for task in tasks:
        if task in done:
            task.result()
