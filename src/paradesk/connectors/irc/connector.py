"""The IRC connector: a channel or a private conversation is a chat; there is no history, and little else."""

import asyncio
import ssl
import time
from collections.abc import Mapping
from dataclasses import replace
from ipaddress import ip_address
from typing import ClassVar, Final

from paradesk.connectors.base import (
    AuthError,
    Connector,
    ConnectorContext,
    Option,
    Outcome,
    Prepared,
    Rejected,
)
from paradesk.connectors.capabilities import Capabilities, Idempotency, Support
from paradesk.connectors.http import trust
from paradesk.connectors.irc.actions import IrcActions, name_problem
from paradesk.connectors.irc.book import Book, remembered
from paradesk.connectors.irc.dialogue import Dialogue
from paradesk.connectors.irc.hearing import Hearing
from paradesk.connectors.irc.link import Link
from paradesk.connectors.irc.names import Server
from paradesk.connectors.irc.signing_in import Identity, SignIn
from paradesk.connectors.irc.text import has_controls, sayable, split
from paradesk.core.events import AgentIdentified, Event, PresenceChanged
from paradesk.core.intents import Intent, Send
from paradesk.core.model import Agent, ConversationId, Customer, Presence, Status

LINE: Final = 390
"""Bytes of a message to a target of no length. Of 512 a server shows others `:nick!user@host PRIVMSG target :` and the
end of the line: here with a nick of 30, a user of 11 and a host of 64 bytes (RFC 2812 leaves these to the network)."""
MOST_PARTS: Final = 25
"""Messages that one reply may become."""
GAP: Final = "Connected again. IRC keeps no history: what was said meanwhile is not here"
YES: Final = ("yes", "true", "on", "1")


def words(text: str) -> list[str]:
    """Return the names in an option, which are separated by commas or blanks."""
    return text.replace(",", " ").split()


class IrcConnector(Connector):
    """Talks to any IRC server, and uses IRCv3 where a server has it."""

    name: ClassVar[str] = "irc"
    title: ClassVar[str] = "IRC"
    options: ClassVar[tuple[Option, ...]] = (
        Option("server", "Name of the server, such as irc.example.org"),
        Option("port", "Its port", required=False, default="6697"),
        Option("tls", "Encrypt the connection: yes, or no for a server on this machine", False, default="yes"),
        Option("nick", "Your nick"),
        Option("password", "The server's password, where it has one", required=False, secret=True),
        Option("account", "Your account at the network's services (SASL), where you have one", required=False),
        Option("account_password", "Its password", required=False, secret=True),
        Option("channels", "Channels that are chats from the start, by commas", required=False),
        Option("agents", "Nicks of your colleagues, by commas. Whoever is not listed is a customer", required=False),
        Option("bots", "Nicks of bots that work for you, by commas", required=False),
        Option("queries", "Whoever writes to you alone opens a chat: yes or no", False, default="yes"),
        Option("typing", "Show who is typing, where the server carries it: yes or no", False, default="yes"),
        Option("realname", "What others read about you; empty for your nick", required=False),
        Option("lines_per_second", "How fast lines may leave after the first few; networks differ", False, default="2"),
        Option("ca_file", "Certificates (PEM) of an authority of your own that vouches for the server", False),
    )

    capabilities = Capabilities(
        typing_in=Support.NATIVE,
        typing_out=Support.NATIVE,
        notes=Support.EMULATED,
        status=Support.EMULATED,
        statuses=frozenset(Status),
        priority=Support.EMULATED,
        tags=Support.EMULATED,
        join=Support.NATIVE,
        leave=Support.NATIVE,
        create=Support.NATIVE,
        presence=Support.NATIVE,
        presences=frozenset({Presence.ONLINE, Presence.AWAY}),
        customer=Support.NATIVE,
        # A reply does come back with a label, but nothing can be read again after the connection was lost.
        idempotency=Idempotency.NONE,
        max_body_bytes=LINE,
    )

    def __init__(self, settings: Mapping[str, str]) -> None:
        super().__init__(settings)
        if self._option("typing").lower() not in YES:
            self.capabilities = replace(self.capabilities, typing_in=Support.ABSENT, typing_out=Support.ABSENT)
        self._dialogue = Dialogue()
        self._book = self._empty_book()
        self._hearing = Hearing(self._book, queries=True)
        self._actions = IrcActions(self._dialogue, self._book, self._hearing, self._prepared)
        self._connected_before = False

    def _option(self, name: str) -> str:
        default = next(option.default for option in self.options if option.name == name)
        return self.settings.get(name, "").strip() or default

    def _empty_book(self, cursor: str | None = None) -> Book:
        staff, bots = (frozenset(words(self._option(name))) for name in ("agents", "bots"))
        return Book(remembered(cursor), staff, bots)

    # Texts

    def prepare(self, send: Send) -> Prepared:
        """Return the lines that the reply becomes; raises Rejected for one that says nothing or is far too long."""
        target = self._book.target(send.conversation_id) or send.conversation_id
        parts = split(send.body, LINE - len(target.encode("utf-8", "replace")))
        if not parts:
            raise Rejected("there is nothing to send: IRC carries no blank lines and no control characters")
        if len(parts) > MOST_PARTS:
            raise Rejected(f"the text would be {len(parts)} messages on IRC; at most {MOST_PARTS} are sent at once")
        remarks = []
        if len(parts) > 1:
            remarks.append(f"sent in {len(parts)} messages")
        if has_controls(send.body.replace("\n", " ").replace("\t", " ")):
            remarks.append("control characters are left out: IRC would take them for commands")
        elif len(parts) < len(sayable(send.body)):
            remarks.append("blank lines are left out")
        return Prepared(tuple(parts), tuple(remarks))

    def _prepared(self, send: Send) -> str:
        parts = self.prepare(send).parts
        if parts != (send.body,):
            raise Rejected(f"too long or of several lines: this is {len(parts)} messages on IRC")
        return send.body

    # The connection

    async def run(self, desk: ConnectorContext) -> None:
        """Sign in, join the channels, and follow what is said; raises ConnectorError when the connection is lost."""
        identity = self._identity()
        link = await Link.open(*self._address(), self._pace())
        try:
            self._book.server = Server()
            nick = await SignIn(link, self._book.server, identity).run()
            if desk.cursor is not None and not self._connected_before:
                self._take_up(desk.cursor)
            self._book.me = nick
            with self._dialogue.over(link):
                await self._follow(desk, link)
        finally:
            link.close()

    def _take_up(self, cursor: str) -> None:
        """Go on where the program ended the last time."""
        known = remembered(cursor)
        self._book.memory.channels, self._book.memory.queries = known.channels, known.queries
        self._book.keys.last = max(self._book.keys.last, known.last)

    async def _follow(self, desk: ConnectorContext, link: Link) -> None:
        reading = asyncio.create_task(self._read(desk, link))
        entering = asyncio.create_task(self._enter(desk))
        try:
            done, _ = await asyncio.wait((reading, entering), return_when=asyncio.FIRST_COMPLETED)
            if reading not in done:
                entering.result()
            await reading
        finally:
            for task in (reading, entering):
                task.cancel()
            await asyncio.gather(reading, entering, return_exceptions=True)

    async def _enter(self, desk: ConnectorContext) -> None:
        """Say who we are, take up the chats of before, go into the channels, and be online."""
        book, memory, now = self._book, self._book.memory, time.time()
        before = [item for item, channel in memory.channels.items() if channel.joined]
        again = self._connected_before or desk.cursor is not None
        events: list[Event] = [
            AgentIdentified(desk.profile, Agent(book.me, book.me)),
            PresenceChanged(desk.profile, Presence.ONLINE),
        ]
        for query in memory.queries.values():
            query.doubtful = True
        events += [book.conversation(ConversationId(item)) for item in memory.queries]
        await desk.emit(*events, cursor=book.cursor)
        names = dict.fromkeys([*words(self._option("channels")), *(memory.channels[item].name for item in before)])
        for name in names:
            await self._actions.enter(name)
        lost: list[Event] = []
        if again:
            stands = [item for item in before if item in memory.channels and memory.channels[item].joined]
            lost = [book.remark(ConversationId(item), GAP, None, now) for item in (*stands, *memory.queries)]
        # Behind all channels, so that what is said in them from now on cannot be missed after `online`.
        await desk.emit(*lost, cursor=book.cursor)
        self._connected_before = True
        await desk.online()

    async def _read(self, desk: ConnectorContext, link: Link) -> None:
        while True:
            line = await link.read()
            if line.command == "005":
                self._book.server.take_supports(line.params[1:-1])
            now = time.time()
            events = self._hearing.events(line, now, self._actions.echo_of(line))
            if events:
                await desk.emit(*events, cursor=self._book.cursor)
            # Only now: who is answered finds the events of the answer with the desk already.
            self._dialogue.hear(line)

    # What the desk wants

    async def perform(self, intent: Intent) -> Outcome:
        """Carry out one intent; raises a ConnectorError that says whether it may have happened."""
        return await self._actions.perform(intent, typing=self.capabilities.typing_out is Support.NATIVE)

    async def customer(self, conversation_id: ConversationId) -> Customer:
        """Return what the network tells of the person (WHOIS), or of the channel."""
        return await self._actions.customer(conversation_id)

    # Settings

    def _identity(self) -> Identity:
        nick = self._option("nick")
        if problem := name_problem(nick):
            raise AuthError(f"nick {nick[:40]!r}: {problem}")
        account = self._option("account")
        password = self.secret("account_password")
        if account and not password.reveal():
            raise AuthError("an account needs `account_password`")
        self._hearing.queries = self._option("queries").lower() in YES
        return Identity(nick, self._option("realname"), self.secret("password"), account, password)

    def _pace(self) -> float:
        try:
            pace = float(self._option("lines_per_second"))
        except ValueError:
            pace = 0.0
        if not 0.1 <= pace <= 10_000:
            raise AuthError("lines_per_second must be a number from 0.1 to 10000")
        return pace

    def _address(self) -> tuple[str, int, ssl.SSLContext | None]:
        host, port = self._option("server"), self._option("port")
        if not host or any(character.isspace() or character == "/" for character in host):
            raise AuthError("`server` must be the name of a server, such as irc.example.org")
        if not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536):
            raise AuthError("`port` must be a number from 1 to 65535")
        if self._option("tls").lower() in YES:
            return host, int(port), trust(self._option("ca_file"))
        if not _local(host):
            raise AuthError("without `tls` only a server on this machine is talked to")
        return host, int(port), None

    async def close(self) -> None:
        """Nothing is left to release: the connection ends with `run`."""


def _local(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
