"""Signs in to a backend without a desk: nothing is kept, nothing is sent."""

import asyncio
from dataclasses import dataclass

from paradesk.connectors.base import AuthError, Connector
from paradesk.core.events import ConversationUpserted, Event
from paradesk.desk.detached import DetachedExecutor
from paradesk.desk.reasons import reason


@dataclass(frozen=True, slots=True)
class SignIn:
    """What came of it, in words."""

    works: bool
    text: str


class _Listener:
    """Stands in for the desk: counts chats until the connection stands."""

    def __init__(self, profile: str) -> None:
        self.profile = profile
        self.cursor: str | None = None
        self.connected = asyncio.Event()
        self.conversations: set[str] = set()

    async def emit(self, *events: Event, cursor: str | None = None) -> None:
        for event in events:
            if isinstance(event, ConversationUpserted):
                self.conversations.add(event.conversation.id)

    async def online(self) -> None:
        self.connected.set()


def sign_in(connector: Connector, profile: str, timeout: float) -> SignIn:
    """Run the connector until it is connected, fails, or `timeout` seconds have passed."""
    return asyncio.run(_sign_in(connector, profile, timeout))


async def _sign_in(connector: Connector, profile: str, longest: float) -> SignIn:
    asyncio.get_running_loop().set_default_executor(DetachedExecutor())
    listener = _Listener(profile)
    running = asyncio.ensure_future(connector.run(listener))
    waiting = asyncio.ensure_future(listener.connected.wait())
    try:
        await asyncio.wait({running, waiting}, timeout=longest, return_when=asyncio.FIRST_COMPLETED)
        if listener.connected.is_set():
            count = len(listener.conversations)
            return SignIn(True, f"signed in to {connector.title}; {count} {'chat' if count == 1 else 'chats'} so far")
        if not running.done():
            return SignIn(False, f"no answer within {longest:g} seconds; check the address, or give --timeout")
        return _failure(running.exception(), connector)
    finally:
        for task in (running, waiting):
            task.cancel()
        await asyncio.gather(running, waiting, return_exceptions=True)
        try:
            async with asyncio.timeout(1.0):
                await connector.close()
        except Exception:
            # What came of the sign-in is known by now.
            pass


def _failure(error: BaseException | None, connector: Connector) -> SignIn:
    if error is None:
        return SignIn(False, "the connector ended without a connection")
    why = reason(error, connector, connector.title)
    if isinstance(error, AuthError):
        return SignIn(False, f"refused: {why}; enter the secret again with `paradesk profile secret`")
    return SignIn(False, f"not connected: {why}")
