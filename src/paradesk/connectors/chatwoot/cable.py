"""Chatwoot's websocket: Rails' ActionCable, with one channel, `RoomChannel`.

It has no replay and no event ids. The server pings every three seconds, and an agent who does not say every twenty
seconds that they are there is shown as offline.
"""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus, WebSocketException
from websockets.typing import Origin, Subprotocol

from paradesk.connectors.base import AuthError, NotSent, ProtocolError
from paradesk.connectors.chatwoot.wire import NOTHING, Broadcast, Frame, decode, shape_of
from paradesk.connectors.http import is_loopback, printable, reason_of
from paradesk.core.secret import Secret

SILENCE: Final = 6.0
"""Seconds without any frame after which the connection counts as dead: two pings have been missed."""
HEARTBEAT: Final = 20.0
"""Seconds between two words that this agent is there (Chatwoot's PRESENCE_DURATION)."""
SUBSCRIBE: Final = 10.0
"""Seconds for the subscription: where Chatwoot does not know the credential it says nothing at all."""
MAX_FRAME: Final = 8 * 2**20
"""Bytes of the largest frame. A longer message comes by the next resynchronisation."""
_log = logging.getLogger(__name__)
# What is said on this connection is no line of a log: credentials, and the words of customers.
_DEAF: Final = logging.Logger("chatwoot.cable", logging.CRITICAL)


class _Connect(connect):
    """A connection to the address that was given: a redirect would lead the credential to another place."""

    def process_redirect(self, exc: Exception) -> Exception:
        """Follow nothing."""
        return exc


class Cable:
    """One subscribed connection. `broadcasts` is to be read all the time; it ends with the connection."""

    def __init__(self, socket: ClientConnection, identifier: str) -> None:
        self._socket = socket
        self._identifier = identifier
        self.server_time = 0.0
        """What the last ping said (Unix seconds by the server's clock)."""

    async def broadcasts(self) -> AsyncIterator[Broadcast]:
        """Yield what is broadcast to us; raises ConnectorError when the connection is lost or makes no sense."""
        while True:
            frame = await self._receive(SILENCE)
            if frame.message != NOTHING and frame.identifier == self._identifier:
                broadcast = decode(frame.message, Broadcast)
                if broadcast is None:
                    _log.warning("chatwoot: a broadcast cannot be read: %s", shape_of(frame.message))
                else:
                    yield broadcast

    async def beat(self) -> None:
        """Say again and again that this agent is there."""
        while True:
            await asyncio.sleep(HEARTBEAT)
            await self.say_present()

    async def say_present(self) -> None:
        """Say once that this agent is there."""
        data = '{"action":"update_presence"}'
        await self._send({"command": "message", "identifier": self._identifier, "data": data})

    async def subscribe(self) -> None:
        """Ask for our broadcasts and wait until they are granted; raises AuthError when they are refused."""
        await self._send({"command": "subscribe", "identifier": self._identifier})
        try:
            async with asyncio.timeout(SUBSCRIBE):
                while True:
                    frame = await self._receive(SILENCE)
                    if frame.type == "confirm_subscription" and frame.identifier == self._identifier:
                        return
                    if frame.type == "reject_subscription":
                        raise AuthError("Chatwoot's websocket does not let this agent in")
        except TimeoutError:
            raise NotSent(f"Chatwoot's websocket did not answer in {SUBSCRIBE:g} s") from None

    async def _send(self, command: dict[str, str]) -> None:
        try:
            await self._socket.send(msgspec.json.encode(command).decode())
        except ConnectionClosed as error:
            raise _lost(error) from None

    async def _receive(self, patience: float) -> Frame:
        try:
            async with asyncio.timeout(patience):
                raw = await self._socket.recv()
        except TimeoutError:
            raise NotSent(f"Chatwoot's websocket has been silent for {patience:g} s") from None
        except ConnectionClosed as error:
            raise _lost(error) from None
        frame = decode(raw, Frame)
        if frame is None:
            _log.warning("chatwoot: a frame cannot be read: %s", shape_of(raw))
            raise ProtocolError("Chatwoot's websocket says something that makes no sense; is a proxy between?")
        if frame.type == "ping":
            self.server_time = decode(frame.message, float) or self.server_time
            return Frame(type="ping")
        if frame.type == "disconnect":
            why = printable(frame.reason or "", 60) or "no reason given"
            if frame.reconnect is False:
                raise AuthError(f"Chatwoot's websocket has signed us out ({why})")
            raise NotSent(f"Chatwoot's websocket has hung up ({why})")
        return frame


@asynccontextmanager
async def open_cable(
    origin: httpx.URL, trusted: ssl.SSLContext, token: Secret, account: int, user: str
) -> AsyncIterator[Cable]:
    """Connect and subscribe; raises AuthError, NotSent or ProtocolError. Leaving closes the connection."""
    secure = origin.scheme == "https"
    address = str(origin.copy_with(scheme="wss" if secure else "ws", path="/cable"))
    own = str(origin).rstrip("/")
    named = {"channel": "RoomChannel", "pubsub_token": token.reveal(), "account_id": account, "user_id": int(user)}
    identifier = msgspec.json.encode(named).decode()
    try:
        socket = await _Connect(
            address,
            origin=Origin(own),
            subprotocols=[Subprotocol("actioncable-v1-json")],
            user_agent_header="Paradesk",
            logger=_DEAF,
            # Uncompressed: a small frame cannot unfold into memory.
            compression=None,
            max_size=MAX_FRAME,
            # ActionCable's own pings come more often.
            ping_interval=None,
            open_timeout=SUBSCRIBE,
            close_timeout=1.0,
            ssl=trusted if secure else None,
            proxy=None if is_loopback(origin.host) else True,
        )
    except (WebSocketException, OSError, TimeoutError, EOFError, ValueError) as error:
        raise _unreachable(error) from None
    try:
        cable = Cable(socket, identifier)
        await cable.subscribe()
        yield cable
    finally:
        await socket.close()


def _unreachable(error: Exception) -> NotSent | ProtocolError:
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        return NotSent(f"Chatwoot's websocket (/cable) answers {status}; does the proxy before it pass websockets on?")
    if isinstance(error, InvalidHandshake):
        return ProtocolError(f"Chatwoot's websocket (/cable) does not speak like one: {reason_of(error)}")
    if isinstance(error, TimeoutError):
        return NotSent(f"Chatwoot's websocket did not answer in {SUBSCRIBE:g} s")
    return NotSent(f"cannot reach Chatwoot's websocket: {reason_of(error)}")


def _lost(error: ConnectionClosed) -> NotSent | ProtocolError:
    if error.sent is not None and error.sent.code == 1009:
        return ProtocolError(f"Chatwoot's websocket sent a frame larger than {MAX_FRAME // 2**20} MB")
    return NotSent("the connection to Chatwoot's websocket is lost")
