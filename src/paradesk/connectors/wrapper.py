"""A connector around a connector: what it does not change itself goes through. And one that keeps to a rate."""

import asyncio
import time
from collections.abc import Callable

from paradesk.connectors.base import Connector, ConnectorContext, Outcome, Page, Prepared
from paradesk.connectors.capabilities import Capabilities
from paradesk.core.intents import Intent, Send, SetTyping
from paradesk.core.model import (
    Attachment,
    ConversationId,
    Customer,
    Found,
    LocalFile,
    Message,
    RemoteResponse,
)


class Wrapper(Connector):
    """Passes everything on to `inner`. Subclasses override what they are about."""

    def __init__(self, inner: Connector) -> None:
        super().__init__(inner.settings)
        self.inner = inner
        self.name, self.title, self.options = inner.name, inner.title, inner.options  # type: ignore[misc]

    @property
    def capabilities(self) -> Capabilities:  # type: ignore[override]
        """What the inner connector can do."""
        return self.inner.capabilities

    async def run(self, desk: ConnectorContext) -> None:
        """Run the inner connector."""
        await self.inner.run(desk)

    async def perform(self, intent: Intent) -> Outcome:
        """Let the inner connector carry it out."""
        return await self.inner.perform(intent)

    def prepare(self, send: Send) -> Prepared:
        """Return what the inner connector would send."""
        return self.inner.prepare(send)

    async def upload(self, conversation_id: ConversationId, file: LocalFile) -> str:
        """Let the inner connector upload."""
        return await self.inner.upload(conversation_id, file)

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        """Return a page of the inner connector."""
        return await self.inner.history(conversation_id, before, limit)

    async def fetch(self, attachment: Attachment) -> bytes:
        """Return a file of the inner connector."""
        return await self.inner.fetch(attachment)

    async def customer(self, conversation_id: ConversationId) -> Customer:
        """Return a customer of the inner connector."""
        return await self.inner.customer(conversation_id)

    async def canned(self) -> tuple[RemoteResponse, ...]:
        """Return the canned responses of the inner connector."""
        return await self.inner.canned()

    async def search(self, query: str, limit: int) -> tuple[Found, ...]:
        """Search with the inner connector."""
        return await self.inner.search(query, limit)

    async def close(self) -> None:
        """Close the inner connector."""
        await self.inner.close()


class RateLimit(Wrapper):
    """Asks a backend at most so often, so that an account is not shut out: what is too early waits for its turn.

    That somebody has begun to type is dropped instead, since it lapses by itself; that they stopped is told in its turn.
    """

    def __init__(self, inner: Connector, per_second: float, clock: Callable[[], float] = time.monotonic) -> None:
        """`per_second`: intents and pages of history a second, above 0."""
        super().__init__(inner)
        self._pause = 1 / per_second
        self._clock = clock
        self._next = 0.0

    async def perform(self, intent: Intent) -> Outcome:
        """Carry out the intent when it is its turn."""
        if isinstance(intent, SetTyping) and intent.typing and self._clock() < self._next:
            return Outcome()
        await self._turn()
        return await super().perform(intent)

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        """Read a page when it is its turn."""
        await self._turn()
        return await super().history(conversation_id, before, limit)

    async def _turn(self) -> None:
        now = self._clock()
        begin = max(now, self._next)
        # Taken before the wait: whoever comes meanwhile is behind.
        self._next = begin + self._pause
        if begin > now:
            await asyncio.sleep(begin - now)
