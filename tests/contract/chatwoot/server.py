"""The played Chatwoot: its world behind REST on 127.0.0.1, told over ActionCable, all held against the description."""

import asyncio
import json
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Final, Self

from tests.contract.chatwoot import agents_api, customers_api, shapes
from tests.contract.chatwoot.cables import CableServer
from tests.contract.chatwoot.described import Described
from tests.contract.chatwoot.undocumented import DEPARTURES, OF_CUSTOMERS, UNDOCUMENTED
from tests.contract.chatwoot.web import Asked, Told, Web
from tests.contract.chatwoot.world import ACTIVITY, Conversation, Message, User, World

_DESCRIBED: Final = Described()
LATE: Final = 0.05
"""Seconds by which every other broadcast is held back while the stream is disturbed."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what was answered."""

    method: str
    path: str
    query: dict[str, str]
    status: int


class ChatwootServer:
    """Use as an asynchronous context manager."""

    def __init__(self, cable: CableServer, name: str = "shop") -> None:
        self.world = World(name)
        self.world.tell = self._tell
        self.cable = cable
        self.web = Web(self._answer, cable.port)
        self.base = ""
        self.exchanges: list[Exchange] = []
        self.problems: list[str] = []
        """What was asked or answered against the description, apart from what is listed by name."""
        self.undescribed: set[str] = set()
        """Which of the listed undocumented requests have been made."""
        self.override: Callable[[Asked], Told | None] = lambda _asked: None
        """Answers instead of everything else where it returns something."""
        self.refused_tokens: set[str] = set()
        self.lose_next_send = False
        self.blank_next_send = False
        """Take the next message, and answer 200 without one."""
        self.spoil_next_download = False
        """Answer the next file 200 with a web page."""
        self.limit_next_send: Told | None = None
        self.disturbed = False
        self._broadcasts: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        self._teller: asyncio.Task[None] | None = None
        self._late: set[asyncio.Task[None]] = set()
        self._count = 0

    async def __aenter__(self) -> Self:
        await self.web.__aenter__()
        self.base = f"http://127.0.0.1:{self.web.port}"
        self._teller = asyncio.create_task(self._tell_all())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._teller is not None
        for task in (self._teller, *self._late):
            task.cancel()
        await asyncio.gather(self._teller, *self._late, return_exceptions=True)
        await self.web.__aexit__(kind, error, trace)

    async def new_agent(self, name: str, role: str = "agent") -> User:
        """Make an agent who may subscribe."""
        user = self.world.user(name, role)
        await self.cable.allow(user.pubsub_token)
        return user

    # Broadcasts

    def _tell(self, event: str, conversation: Conversation, message: Message | None = None, **more: Any) -> None:
        # Written at once: a broadcast is a picture of the moment.
        if message is not None:
            content = shapes.message_push(message, conversation, self.world, self.base)
        else:
            content = shapes.conversation_push(conversation, self.world, self.base)
        self.broadcast(event, content | more)
        seen_by_customer = message is not None and not message.private and message.type != ACTIVITY
        if seen_by_customer:
            self._broadcasts.put_nowait((conversation.contact.pubsub_token, {"event": event, "data": content}))

    def broadcast(self, event: str, content: dict[str, Any]) -> None:
        """Tell every agent of the account."""
        told = json.loads(json.dumps({"event": event, "data": {"account_id": self.world.account_id} | content}))
        for user in self.world.users:
            self._broadcasts.put_nowait((user.pubsub_token, told))

    async def _tell_all(self) -> None:
        while True:
            token, told = await self._broadcasts.get()
            if not self.disturbed:
                await self.cable.emit(token, told)
                continue
            self._count += 1
            if self._count % 2:
                task = asyncio.create_task(self._emit_late(token, told))
                self._late.add(task)
                task.add_done_callback(self._late.discard)
            else:
                await self.cable.emit(token, told)
            await self.cable.emit(token, told) if self._count % 3 == 0 else None

    async def _emit_late(self, token: str, told: dict[str, Any]) -> None:
        await asyncio.sleep(LATE)
        await self.cable.emit(token, told)
        await self.cable.emit(token, told)

    # Requests

    async def _answer(self, asked: Asked) -> Told:
        told = self.override(asked)
        if told is not None:
            self.exchanges.append(Exchange(asked.method, asked.path, asked.query, told.status))
            return told
        told = await self._respond(asked)
        told.at = self.world.now
        self.exchanges.append(Exchange(asked.method, asked.path, asked.query, told.status))
        self._hold_against_description(asked, told)
        return told

    async def _respond(self, asked: Asked) -> Told:
        if asked.path.startswith("/rails/active_storage/"):
            return customers_api.download(self, asked)
        for table in (customers_api.ROUTES, agents_api.ROUTES):
            for method, pattern, respond in table:
                match = re.fullmatch(pattern, asked.path)
                if method == asked.method and match is not None:
                    return await self._routed(respond, asked, match, public=table is customers_api.ROUTES)
        return Told({"error": "Resource could not be found"}, 404)

    async def _routed(
        self, respond: Callable[..., Awaitable[Told]], asked: Asked, match: "re.Match[str]", *, public: bool
    ) -> Told:
        if public:
            return await respond(self, asked, **match.groupdict())
        token = asked.headers.get("api_access_token", "")
        user = next((one for one in self.world.users if one.token == token), None)
        if user is None or token in self.refused_tokens:
            return Told({"error": "Invalid Access Token"}, 401)
        groups = match.groupdict()
        if int(groups.pop("account", self.world.account_id)) != self.world.account_id:
            return Told({"error": "You are not authorized to access this account"}, 401)
        return await respond(self, asked, user, **groups)

    def _hold_against_description(self, asked: Asked, told: Told) -> None:
        if asked.path.startswith("/rails/"):
            return
        body, _ = asked.fields() if asked.content else (None, [])
        found = _DESCRIBED.request(asked.method, asked.path, asked.query, asked.headers, body, asked.media_type)
        for problem in found:
            if problem in UNDOCUMENTED:
                self.undescribed.add(problem)
            elif problem not in OF_CUSTOMERS:
                self.problems.append(problem)
        if told.status == 200:
            for problem in _DESCRIBED.answer(asked.method, asked.path, told.status, told.body):
                if problem not in DEPARTURES:
                    self.problems.append(f"answer to {asked.method} {asked.path}: {problem}")
