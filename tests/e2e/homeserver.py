"""A Matrix homeserver with customers who use plain HTTP, and a wire to it that can be cut."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from types import TracebackType
from typing import Any, Self

import httpx

from paradesk.connectors.matrix.ticket import STATUS, TYPES
from tests.contract.matrix_backend import API, room_path
from tests.contract.synapse import Account, Synapse
from tests.contract.wire_proxy import WireProxy

_numbers = count(1)


class Wire:
    """A proxy in a thread of its own, so that a test may wait for a screen meanwhile. Use as a context manager."""

    def __init__(self, port: int) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._proxy = WireProxy(port, b"nothing is lost or refused on purpose")

    def __enter__(self) -> Self:
        self._thread.start()
        self.mend()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def url(self) -> str:
        """Where the connector finds the homeserver."""
        return self._proxy.url

    def cut(self) -> None:
        """Break all connections and accept no new one."""
        asyncio.run_coroutine_threadsafe(self._proxy.cut(), self._loop).result(10)

    def mend(self) -> None:
        """Accept connections again."""
        asyncio.run_coroutine_threadsafe(self._proxy.restore(), self._loop).result(10)


@dataclass
class Customer:
    """Somebody who writes to the desk by plain HTTP."""

    server: Synapse
    account: Account
    room: str = ""
    said: list[str] = field(default_factory=list)

    def call(self, method: str, path: str, body: object = None, who: Account | None = None) -> Any:
        """Ask the server, as this customer if nobody else is named; raises when it refuses."""
        answer = httpx.request(
            method,
            self.server.url + path,
            headers=(who or self.account).headers,
            json=body,
            timeout=30,
            trust_env=False,
        )
        answer.raise_for_status()
        return answer.json()

    def invited_by(self, agent: Account) -> None:
        """Come into a room that the agent has made, in which only agents set ticket fields."""
        content = {
            "preset": "private_chat",
            "invite": [self.account.user_id],
            "power_level_content_override": {"events": dict.fromkeys(TYPES, 50)},
        }
        self.room = self.call("POST", f"{API}/createRoom", content, agent)["room_id"]
        self.call("POST", room_path(self.room, "join"), {})

    def invites(self, agent: Account) -> None:
        """Make a room, let the agent set ticket fields in it, and invite the agent."""
        content = {
            "preset": "private_chat",
            "name": "Help",
            "room_version": "11",
            "power_level_content_override": {"users": {self.account.user_id: 100, agent.user_id: 50}},
        }
        self.room = self.call("POST", f"{API}/createRoom", content)["room_id"]
        self.call("POST", room_path(self.room, "invite"), {"user_id": agent.user_id})

    def says(self, text: str) -> None:
        """Send a message."""
        path = room_path(self.room, "send", "m.room.message", f"e2e{next(_numbers)}")
        self.call("PUT", path, {"msgtype": "m.text", "body": text})
        self.said.append(text)

    def heard(self, agent: Account) -> list[str]:
        """Return what the agent has written here, oldest first, as this customer reads it."""
        page = self.call("GET", f"{room_path(self.room, 'messages')}?dir=b&limit=200")
        return [
            event["content"].get("body", "")
            for event in reversed(page["chunk"])
            if event["type"] == "m.room.message" and event["sender"] == agent.user_id
        ]

    def status(self) -> str:
        """Return the status in the room's state."""
        return str(self.call("GET", f"{room_path(self.room, 'state', STATUS)}/")["status"])


def write_at_once(customers: list[Customer], texts: list[list[str]]) -> None:
    """Let all customers write at the same time, each their own messages in order."""

    def write(pair: tuple[Customer, list[str]]) -> None:
        for text in pair[1]:
            pair[0].says(text)

    with ThreadPoolExecutor(len(customers)) as pool:
        list(pool.map(write, zip(customers, texts, strict=True)))
