"""The websocket of the played Chatwoot: Rails' real ActionCable on Puma, and a stand-in where Ruby is missing."""

import asyncio
import json
import re
import shutil
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

import httpx
from websockets.asyncio.server import Server, ServerConnection, serve

_CONFIG: Final = Path(__file__).with_name("config.ru")


class CableServer(ABC):
    """What the played Chatwoot needs of a websocket server. Use as an asynchronous context manager."""

    port: int

    @abstractmethod
    async def __aenter__(self) -> Self: ...

    @abstractmethod
    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    @abstractmethod
    async def allow(self, token: str) -> None:
        """Let whoever has this credential subscribe."""

    @abstractmethod
    async def emit(self, token: str, broadcast: Mapping[str, Any]) -> None:
        """Broadcast to whoever has subscribed with a credential."""

    @abstractmethod
    async def restart(self) -> None:
        """Cut everybody off, as a restart of the server does."""


def missing_for_puma() -> str:
    """Return what is missing for the real ActionCable, or an empty text."""
    for program in ("ruby", "puma"):
        if shutil.which(program) is None:
            return f"{program} is not installed (Debian: ruby-actioncable, puma)"
    look = subprocess.run(["ruby", "-e", "require 'action_cable'"], capture_output=True, text=True, check=False)
    return "" if look.returncode == 0 else "ruby has no action_cable (Debian: ruby-actioncable)"


class Puma:
    """The process. One serves all tests of a module, since credentials keep them apart."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["puma", "-b", "tcp://127.0.0.1:0", "-t", "2:8", "-e", "production", str(_CONFIG)],
            cwd=_CONFIG.parent,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout is not None
        said: list[str] = []
        # It chooses its port itself, and says which; its output ends where it does not start.
        for line in self._process.stdout:
            said.append(line)
            found = re.search(r"Listening on http://127\.0\.0\.1:(\d+)", line)
            if found is not None:
                self.port = int(found[1])
                return
        raise RuntimeError(f"puma does not start: {''.join(said)[-2000:]}{self.stop()}")

    def stop(self) -> str:
        """End the process and return the last that it said."""
        self._process.terminate()
        try:
            said, _ = self._process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            said, _ = self._process.communicate()
        return said[-2000:]


class PumaCable(CableServer):
    """The real ActionCable."""

    def __init__(self, puma: Puma) -> None:
        self.port = puma.port
        self._http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{puma.port}", timeout=30, trust_env=False)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.aclose()

    async def allow(self, token: str) -> None:
        """Let whoever has this credential subscribe."""
        (await self._http.post("/allow", content=token)).raise_for_status()

    async def emit(self, token: str, broadcast: Mapping[str, Any]) -> None:
        """Broadcast by way of ActionCable itself."""
        answer = await self._http.post("/emit", params={"to": token}, content=json.dumps(broadcast))
        answer.raise_for_status()

    async def restart(self) -> None:
        """Let ActionCable send its farewell and cut everybody off."""
        (await self._http.post("/restart")).raise_for_status()


class StandInCable(CableServer):
    """ActionCable's frames without Ruby, with hands that no real server has: silence, and any frame at all."""

    ping_every = 0.5
    """Seconds. Shorter than Rails', so that tests of silence need not be long."""

    def __init__(self) -> None:
        self.port = 0
        self.silent = False
        """Say nothing any more, and do not hang up either."""
        self.mute_subscriptions = False
        """Answer no subscription, as Chatwoot does for an unknown credential."""
        self.heard: list[dict[str, Any]] = []
        """Every command that came in."""
        self._allowed: set[str] = set()
        self._subscribed: dict[ServerConnection, tuple[str, str]] = {}
        self._server: Server | None = None

    async def __aenter__(self) -> Self:
        self._server = await serve(self._serve, "127.0.0.1", 0, subprotocols=["actioncable-v1-json"], max_size=2**22)  # type: ignore[list-item]
        self.port = next(iter(self._server.sockets)).getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close(close_connections=True)
        for connection in list(self._subscribed):
            connection.transport.abort()
        await self._server.wait_closed()

    async def allow(self, token: str) -> None:
        """Let whoever has this credential subscribe."""
        self._allowed.add(token)

    async def emit(self, token: str, broadcast: Mapping[str, Any]) -> None:
        """Broadcast to whoever has subscribed with a credential."""
        for connection, (identifier, owner) in list(self._subscribed.items()):
            if owner == token:
                await self._say(connection, {"identifier": identifier, "message": broadcast})

    async def say_raw(self, frame: str | bytes) -> None:
        """Send any frame to everybody."""
        for connection in list(self._subscribed):
            await connection.send(frame)

    async def restart(self) -> None:
        """Say farewell and hang up."""
        for connection in list(self._subscribed):
            await self._say(connection, {"type": "disconnect", "reason": "server_restart", "reconnect": True})
            await connection.close()

    async def _say(self, connection: ServerConnection, frame: Mapping[str, Any]) -> None:
        if not self.silent:
            await connection.send(json.dumps(frame))

    async def _serve(self, connection: ServerConnection) -> None:
        await self._say(connection, {"type": "welcome"})
        pings = asyncio.create_task(self._ping(connection))
        try:
            async for raw in connection:
                command = json.loads(raw)
                self.heard.append(command)
                if command["command"] == "subscribe":
                    await self._subscribe(connection, command["identifier"])
        finally:
            pings.cancel()
            self._subscribed.pop(connection, None)

    async def _subscribe(self, connection: ServerConnection, identifier: str) -> None:
        named = json.loads(identifier)
        if self.mute_subscriptions or named["pubsub_token"] not in self._allowed:
            return
        if named["user_id"] < 0:
            await self._say(connection, {"identifier": identifier, "type": "reject_subscription"})
            return
        self._subscribed[connection] = (identifier, named["pubsub_token"])
        await self._say(connection, {"identifier": identifier, "type": "confirm_subscription"})

    async def _ping(self, connection: ServerConnection) -> None:
        while True:
            await asyncio.sleep(self.ping_every)
            await self._say(connection, {"type": "ping", "message": int(time.time())})
