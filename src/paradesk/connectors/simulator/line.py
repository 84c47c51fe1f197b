"""The line between a connector and the world: every request crosses it, and every fault that a test wants is here."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from paradesk.connectors.base import AuthError, NotSent, ProtocolError, RateLimited, Uncertain
from paradesk.connectors.simulator.faults import Faults
from paradesk.connectors.simulator.log import Batch
from paradesk.connectors.simulator.world import World
from paradesk.core.events import Event

T = TypeVar("T")


class Line:
    """One connector's connection to a world. Without faults it adds nothing."""

    def __init__(self, world: World, *, refused: bool = False) -> None:
        self._world = world
        self._refused = refused
        self._before: tuple[Event, ...] = ()

    @property
    def _faults(self) -> Faults:
        return self._world.faults

    async def sign_in(self) -> None:
        """Raise AuthError when the credentials are refused, NotSent when there is no connection."""
        await self._cross()

    async def ask(self, request: Callable[[], T]) -> T:
        """Make a request that may be repeated freely; raises NotSent without a connection."""
        await self._cross()
        return request()

    async def send(self, request: Callable[[], T]) -> T:
        """Make a request that the customer will see; may raise RateLimited, NotSent or Uncertain."""
        await self._cross()
        if self._faults.limit_sends > 0:
            self._faults.limit_sends -= 1
            raise RateLimited("too many messages at once", self._faults.retry_after)
        if self._faults.drop_sends > 0:
            self._faults.drop_sends -= 1
            raise NotSent("the connection was lost before the message left")
        answer = request()
        if self._faults.lose_answers > 0:
            self._faults.lose_answers -= 1
            raise Uncertain("the connection was lost before the answer came")
        if self._faults.blank_answers > 0:
            self._faults.blank_answers -= 1
            raise ProtocolError("the simulated service did not say what became of it")
        return answer

    async def download(self, request: Callable[[], bytes]) -> bytes:
        """Ask for the content of a file; what comes may be something else."""
        content = await self.ask(request)
        if self._faults.spoil_downloads > 0:
            self._faults.spoil_downloads -= 1
            return b"this file is not available"
        return content

    async def news(self, position: int) -> Batch:
        """Wait for what happens after a position; raises NotSent when the connection is lost meanwhile."""
        loop, woken = asyncio.get_running_loop(), asyncio.Event()

        def wake() -> None:
            # The world may be driven from another thread, and may outlive this loop.
            if not loop.is_closed():
                loop.call_soon_threadsafe(woken.set)

        unwatch = self._world.log.watch(wake)
        try:
            while True:
                woken.clear()
                if self._faults.cut:
                    raise NotSent("the connection to the simulated service was lost")
                if self._faults.refuse_sign_in:
                    raise AuthError("the simulated service does not accept this token any more")
                batch = self._world.batch(position)
                if batch.limited or batch.events:
                    return await self._deliver(batch, position)
                await woken.wait()
        finally:
            unwatch()

    async def _cross(self) -> None:
        if self._faults.latency:
            await asyncio.sleep(self._faults.latency)
        if self._faults.cut:
            raise NotSent("the simulated service cannot be reached")
        if self._refused or self._faults.refuse_sign_in:
            raise AuthError("the simulated service does not accept this token")

    async def _deliver(self, batch: Batch, position: int) -> Batch:
        if not self._faults.disturb or batch.limited:
            return batch
        await asyncio.sleep(0.01)
        batch = self._world.batch(position)
        disturbed = (*self._before, *reversed(batch.events), *batch.events[:2])
        self._before = batch.events
        return Batch(disturbed, batch.position, batch.limited)
