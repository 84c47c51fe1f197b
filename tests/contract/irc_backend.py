"""IRC, prepared for the contract suite: customers are plain clients on a real server, the wire is a proxy that can be cut."""

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any

from paradesk.connectors.base import Connector, ConnectorContext
from paradesk.connectors.irc import IrcConnector
from paradesk.connectors.irc.wire import Line, build, parse
from paradesk.core.events import Event, MessageUpserted
from paradesk.core.model import ConversationId, MessageId, Presence
from paradesk.testing.backend import BackendUnderTest, CannotArrange, Received, TicketRecord
from tests.contract.irc_servers import PASSWORD, IrcServer
from tests.contract.wire_proxy import WireProxy

_names = itertools.count(1)
AGENT = "helper"


class Client:
    """A customer: signs in, talks, and remembers what was said."""

    def __init__(self, nick: str) -> None:
        self.nick = nick
        self.lines: list[Line] = []
        self._changed = asyncio.Condition()
        self._task: asyncio.Task[None] | None = None

    async def connect(self, port: int, *caps: str) -> None:
        """Sign in, with these capabilities."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", port)
        self._task = asyncio.create_task(self._read())
        if caps:
            await self.send("CAP", "REQ", " ".join(caps))
        await self.send("PASS", PASSWORD)
        await self.send("NICK", self.nick)
        await self.send("USER", "someone", "0", "*", self.nick)
        if caps:
            await self.send("CAP", "END")
        await self.until(lambda line: line.command in ("376", "422"))

    async def send(self, command: str, *params: str, **tags: str) -> None:
        """Send one line."""
        self._writer.write(build(command, *params, tags={"+typing": tags["typing"]} if tags else None))
        await self._writer.drain()

    async def _read(self) -> None:
        while raw := await self._reader.readline():
            line = parse(raw.rstrip(b"\r\n"))
            if line is None:
                continue
            if line.command == "PING":
                await self.send("PONG", line.last)
            async with self._changed:
                self.lines.append(line)
                self._changed.notify_all()

    async def until(self, look: Any, start: int = 0) -> Line:
        """Wait for a line and return it."""
        async with asyncio.timeout(20), self._changed:
            while True:
                for line in self.lines[start:]:
                    if look(line):
                        return line
                await self._changed.wait()

    async def round_trip(self) -> None:
        """Wait until the server has taken everything that was sent before."""
        token, start = f"t{next(_names)}", len(self.lines)
        await self.send("PING", token)
        await self.until(lambda line: line.command == "PONG" and line.last == token, start)

    async def close(self) -> None:
        """Go."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._writer.transport.abort()


class _Watched(IrcConnector):
    """Remembers under which id each text was reported: only the connector knows, where the server gives none."""

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        self.told: dict[tuple[str, str], MessageId] = {}
        self.running = False

    async def run(self, desk: ConnectorContext) -> None:
        try:
            await super().run(_Listening(desk, self))
        finally:
            self.running = False


class _Listening(ConnectorContext):
    def __init__(self, desk: ConnectorContext, connector: _Watched) -> None:
        self._desk, self._connector = desk, connector

    @property
    def profile(self) -> str:
        return self._desk.profile

    @property
    def cursor(self) -> str | None:
        return self._desk.cursor

    async def emit(self, *events: Event, cursor: str | None = None) -> None:
        for event in events:
            if isinstance(event, MessageUpserted):
                self._connector.told[event.message.conversation_id, event.message.body] = event.message.id
        await self._desk.emit(*events, cursor=cursor)

    async def online(self) -> None:
        self._connector.running = True
        await self._desk.online()


class IrcBackend(BackendUnderTest):
    """A server that tests share; agent, customers and channels are new for each test."""

    patience = 20.0
    crowd = 60

    def __init__(self, server: IrcServer) -> None:
        self._server = server
        self._proxy = WireProxy(server.port, b"PRIVMSG ")
        self._agent = f"{AGENT}{next(_names)}"
        self._channels: list[str] = []
        self._customers: dict[ConversationId, Client] = {}
        self._connectors: list[_Watched] = []
        self._modern = server.kind == "inspircd"

    async def __aenter__(self) -> "IrcBackend":
        await self._proxy.__aenter__()
        return self

    async def __aexit__(self, *error: object) -> None:
        for client in self._customers.values():
            await client.close()
        await self._proxy.cut()

    # Connectors

    def settings(self, **other: str) -> dict[str, str]:
        """Return what the connectors are set up with."""
        return {
            "server": "127.0.0.1",
            "port": str(self._proxy.port),
            "tls": "no",
            "nick": self._agent,
            "password": PASSWORD,
            "channels": ",".join(self._channels),
            "typing": "yes" if self._modern else "no",
            "lines_per_second": "10000",
        } | other

    def connector(self) -> Connector:
        made = _Watched(self.settings())
        # What begins between its making and its start is a channel of its own, too.
        made.settings = _Growing(self)
        self._connectors.append(made)
        return made

    def impostor(self) -> Connector:
        return IrcConnector(self.settings(password="wrong-horse"))

    @property
    def _running(self) -> _Watched | None:
        return next((connector for connector in self._connectors if connector.running), None)

    # Conversations

    async def _customer(self) -> Client:
        client = Client(f"cust{next(_names)}")
        await client.connect(self._server.port, *(["message-tags"] if self._modern else []))
        return client

    async def open_conversation(self) -> ConversationId:
        client = await self._customer()
        if self._running is not None:
            self._customers[ConversationId(client.nick)] = client
            return ConversationId(client.nick)
        name = f"#chat{next(_names)}"
        await client.send("JOIN", name)
        await client.round_trip()
        self._channels.append(name)
        self._customers[ConversationId(name)] = client
        return ConversationId(name)

    async def waiting_conversation(self) -> ConversationId:
        client, name = await self._customer(), f"#wait{next(_names)}"
        await client.send("JOIN", name)
        await client.send("INVITE", self._agent, name)
        await client.round_trip()
        self._customers[ConversationId(name)] = client
        return ConversationId(name)

    async def new_customer(self) -> str:
        client = await self._customer()
        self._customers[ConversationId(client.nick)] = client
        return client.nick

    async def agent_presence(self) -> Presence | None:
        client = await self._customer()
        try:
            await client.send("WHOIS", self._agent)
            await client.until(lambda line: line.command == "318")
            away = any(line.command == "301" for line in client.lines)
            return Presence.AWAY if away else Presence.ONLINE
        finally:
            await client.close()

    async def earlier_conversation(self, conversation_id: ConversationId) -> str:
        raise CannotArrange("IRC keeps no earlier conversations")

    async def record(self, conversation_id: ConversationId) -> TicketRecord:
        client, start = self._customers[conversation_id], len(self._customers[conversation_id].lines)
        await client.send("NAMES", conversation_id)
        await client.until(lambda line: line.command == "366", start)
        people = [line.last for line in client.lines[start:] if line.command == "353"]
        return TicketRecord(joined=self._agent in " ".join(people))

    # The customer's hands

    def _target(self, conversation_id: ConversationId) -> str:
        return conversation_id if conversation_id.startswith("#") else self._agent

    async def customer_says(self, conversation_id: ConversationId, text: str) -> MessageId:
        if "\n" in text or "\r" in text:
            raise CannotArrange("a message of IRC is one line")
        client = self._customers[conversation_id]
        await client.send("PRIVMSG", self._target(conversation_id), text)
        await client.round_trip()
        watched = self._running
        if watched is None:
            return MessageId("")
        for _ in range(1000):
            if (conversation_id, text) in watched.told:
                return watched.told[conversation_id, text]
            await asyncio.sleep(0.01)
        raise AssertionError(f"the connector never reported {text!r}, but {list(watched.told)}")

    async def customer_types(self, conversation_id: ConversationId, typing: bool) -> None:
        client = self._customers[conversation_id]
        await client.send("TAGMSG", self._target(conversation_id), typing="active" if typing else "done")

    # The customer's eyes

    async def received(self, conversation_id: ConversationId) -> list[Received]:
        client = self._customers[conversation_id]
        await client.round_trip()
        return [
            Received(line.last)
            for line in client.lines
            if line.command == "PRIVMSG" and line.nick.startswith(self._agent)
        ]

    async def sees_agent_typing(self, conversation_id: ConversationId) -> bool:
        client = self._customers[conversation_id]
        await client.round_trip()
        told = [line.tags["+typing"] for line in client.lines if line.command == "TAGMSG" and "+typing" in line.tags]
        return bool(told) and told[-1] == "active"

    # Faults

    async def cut(self) -> None:
        await self._proxy.cut()

    async def restore(self) -> None:
        await self._proxy.restore()

    async def lose_next_answer(self) -> None:
        self._proxy.lose_next_answer()


class _Growing(dict[str, str]):
    """Settings that name the channels that there are when they are read."""

    def __init__(self, backend: IrcBackend) -> None:
        super().__init__(backend.settings())
        self._backend = backend

    def get(self, key: str, default: Any = None) -> Any:
        if key == "channels":
            return ",".join(self._backend._channels)
        return super().get(key, default)
