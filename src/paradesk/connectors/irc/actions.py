"""What the agent wants, as commands of IRC."""

import time
from collections.abc import Callable
from typing import Final

from paradesk.connectors.base import Gone, NotSent, Outcome, Rejected, Unsupported
from paradesk.connectors.http import printable
from paradesk.connectors.irc.book import NO_TYPING, Book
from paradesk.connectors.irc.dialogue import Dialogue
from paradesk.connectors.irc.hearing import Hearing
from paradesk.connectors.irc.text import plain, split
from paradesk.connectors.irc.wire import Line, is_word
from paradesk.core.events import ConversationRemoved, Event, MessageUpserted, PresenceChanged
from paradesk.core.intents import CreateConversation, Intent, Join, Leave, Send, SetPresence, SetTyping
from paradesk.core.model import ClientId, ConversationId, Customer, MessageId, Presence, Role, Visibility

_REFUSED: Final = frozenset(
    (
        *("401", "402", "403", "404", "405", "407", "411", "412", "413", "414", "415", "417", "437", "442", "471"),
        *("473", "474", "475", "476", "477", "486", "489", "494", "520", "531", "716"),
    )
)
"""Errors that say that a message or a JOIN was not taken (RFC 2812, 5.2, and what servers have added)."""
_CHANNEL_NAME: Final = 64


def name_problem(nick: str) -> str:
    """Return why a nick cannot be one, or an empty text."""
    if not nick:
        return "a nick is needed"
    if not is_word(nick) or "," in nick or "!" in nick or "@" in nick:
        return "no blanks, commas, ! or @"
    if nick[0] in "#&+~:$" or nick[0].isdigit():
        return "it must begin with a letter"
    return "" if len(nick.encode()) <= 30 else "it is too long"


class IrcActions:
    """Carries out intents over a dialogue, and keeps the book."""

    def __init__(self, dialogue: Dialogue, book: Book, hearing: Hearing, prepared: Callable[[Send], str]) -> None:
        """`prepared` returns the text of a reply that is one line already, and raises Rejected for any other."""
        self._dialogue, self._book, self._hearing, self._prepared = dialogue, book, hearing, prepared
        self._sending: tuple[str, str, ClientId] | None = None
        self._echo: str | None = None

    def echo_of(self, line: Line) -> ClientId | None:
        """Return the reply whose echo a line is."""
        if self._sending is None or line.command != "PRIVMSG" or line.nick != self._book.me:
            return None
        target, text, client_id = self._sending
        if self._book.server.fold(line.param(0)) != self._book.server.fold(target) or line.last != text:
            return None
        return client_id

    async def perform(self, intent: Intent, *, typing: bool) -> Outcome:
        """Carry out one intent; `typing` says whether who types is sent at all."""
        match intent:
            case Send(visibility=Visibility.PUBLIC, attachments=()):
                return await self._send(intent)
            case Join():
                return await self._join(intent.conversation_id)
            case Leave():
                return await self._leave(intent.conversation_id)
            case SetTyping() if typing:
                return await self._type(intent)
            case SetPresence(presence=Presence.ONLINE | Presence.AWAY):
                return await self._present(intent)
            case CreateConversation():
                return await self._create(intent)
        raise Unsupported(f"IRC knows no {type(intent).__name__}")

    async def _send(self, send: Send) -> Outcome:
        if not self._dialogue.stands:
            raise NotSent("not connected to the server")
        target = self._book.target(send.conversation_id)
        if target is None:
            raise Rejected("you are not in this chat")
        if not target:
            raise Gone("this person's nick belongs to somebody else now")
        text = self._prepared(send)
        found: list[Event] = []

        def answered(line: Line) -> bool:
            if line.command in _REFUSED and line.param(1).casefold() == target.casefold():
                return True
            return self._book.server.echoes and self.echo_of(line) is not None

        self._sending = (target, text, send.client_id)
        try:
            heard = await self._dialogue.ask("PRIVMSG", target, text, until=answered, probe=True)
        finally:
            self._sending = None
        last = heard[-1]
        if last.command in _REFUSED:
            why = printable(plain(last.last))
            raise Gone(f"{target}: {why}") if last.command == "401" else Rejected(f"{target}: {why}")
        if last.command == "PRIVMSG":
            made = self._echoed(last)
            return Outcome(message_id=made)
        # A server without echo-message has said nothing against it, and has answered what came behind it.
        said = self._hearing.events(
            Line("PRIVMSG", (target, text), f"{self._book.me}!@", {}), time.time(), send.client_id
        )
        found += said
        made = next((event.message.id for event in said if isinstance(event, MessageUpserted)), None)
        return Outcome(message_id=made, events=tuple(found))

    def _echoed(self, line: Line) -> MessageId | None:
        # What has no id of the server gets one when it is heard; it is in the stream, and nothing more need be said.
        return MessageId(line.tags["msgid"]) if line.tags.get("msgid") else None

    async def enter(self, name: str) -> str:
        """Go into a channel; returns why that was refused, or an empty text."""
        if not self._book.server.is_channel(name) or not is_word(name) or "," in name or len(name) > _CHANNEL_NAME:
            return f"{printable(name)} is no channel"
        folded = self._book.server.fold(name)

        def answered(line: Line) -> bool:
            about = self._book.server.fold(line.param(1))
            return (line.command == "366" and about == folded) or (line.command in _REFUSED and about == folded)

        last = (await self._dialogue.ask("JOIN", name, until=answered, probe=True))[-1]
        channel = self._book.channel(name)[1]
        if channel.joined:
            return ""
        if not channel.invited:
            self._book.memory.channels.pop(folded, None)
        return printable(plain(last.last)) if last.command in _REFUSED else "the server did not let you in"

    async def _join(self, conversation_id: ConversationId) -> Outcome:
        channel = self._book.memory.channels.get(conversation_id)
        if channel is None:
            if conversation_id in self._book.memory.queries:
                return Outcome()
            raise Rejected("this chat is not known here")
        if not channel.joined and (why := await self.enter(channel.name)):
            raise Rejected(f"{channel.name}: {why}")
        return Outcome(events=(self._book.conversation(conversation_id),))

    async def _leave(self, conversation_id: ConversationId) -> Outcome:
        if conversation_id in self._book.memory.queries:
            del self._book.memory.queries[conversation_id]
        elif (channel := self._book.memory.channels.get(conversation_id)) is not None:
            if channel.joined:
                folded = self._book.server.fold(channel.name)

                def answered(line: Line) -> bool:
                    gone = line.command == "PART" and line.nick == self._book.me
                    return gone and self._book.server.fold(line.param(0)) == folded

                await self._dialogue.ask("PART", channel.name, until=answered, probe=True)
            self._book.memory.channels.pop(conversation_id, None)
        else:
            raise Rejected("this chat is not known here")
        return Outcome(events=(ConversationRemoved(conversation_id, "you have left", self._book.keys.next(None)),))

    async def _type(self, intent: SetTyping) -> Outcome:
        if not self._dialogue.stands:
            raise NotSent("not connected to the server")
        if not self._book.server.types:
            raise Unsupported(NO_TYPING)
        if not (target := self._book.target(intent.conversation_id)):
            raise Rejected("you are not in this chat")
        tags = {"+typing": "active" if intent.typing else "done"}
        await self._dialogue.ask("TAGMSG", target, until=lambda line: False, tags=tags, probe=True)
        return Outcome()

    async def _present(self, intent: SetPresence) -> Outcome:
        away = intent.presence is Presence.AWAY
        words = (plain(intent.text).translate({ord(c): " " for c in "\r\n\0"})[:200] or "away",) if away else ()
        numeric = "306" if away else "305"
        heard = await self._dialogue.ask("AWAY", *words, until=lambda line: line.command == numeric, probe=True)
        if heard[-1].command != numeric:
            raise Rejected("the server did not take it")
        return Outcome(events=(PresenceChanged(intent.profile, intent.presence, words[0] if words else ""),))

    async def _create(self, intent: CreateConversation) -> Outcome:
        nick = intent.customer.strip()
        if problem := name_problem(nick):
            raise Rejected(f"{printable(nick)!r} is no nick: {problem}")
        if not any(line.command == "311" for line in await self._whois(nick)):
            raise Gone(f"nobody is called {printable(nick)} here now")
        conversation_id, _, _ = self._book.query(nick)
        events: list[Event] = [self._book.conversation(conversation_id)]
        if intent.body.strip():
            for number, part in enumerate(split(intent.body, 300)):
                client_id = ClientId(f"create-{conversation_id}-{time.time_ns()}-{number}")
                send = Send(
                    conversation_id=conversation_id, body=part, visibility=Visibility.PUBLIC, client_id=client_id
                )
                events += (await self._send(send)).events
        return Outcome(conversation_id=conversation_id, events=tuple(events))

    async def _whois(self, nick: str) -> list[Line]:
        return await self._dialogue.ask("WHOIS", nick, until=lambda line: line.command == "318", probe=True)

    async def customer(self, conversation_id: ConversationId) -> Customer:
        """Return what the network tells of a person or a channel; raises Rejected for a chat that is not known."""
        channel = self._book.memory.channels.get(conversation_id)
        if channel is not None:
            names = await self._dialogue.ask(
                "NAMES", channel.name, until=lambda line: line.command == "366", probe=True
            )
            people = [
                self._book.server.bare(name) for line in names if line.command == "353" for name in line.last.split()
            ]
            customers = [name for name in people if self._book.role(name) is Role.CUSTOMER]
            about = {"topic": channel.topic, "people": ", ".join(customers[:30])}
            return Customer(id=conversation_id, name=channel.name, attributes={k: v for k, v in about.items() if v})
        query = self._book.memory.queries.get(conversation_id)
        if query is None or not query.nick:
            raise Rejected("this chat is not known here")
        about = {}
        for line in await self._whois(query.nick):
            match line.command:
                case "311":
                    about["address"] = f"{line.param(2)}@{line.param(3)}"
                    about["name"] = plain(line.last)
                case "312":
                    about["server"] = line.param(2)
                case "301":
                    about["away"] = plain(line.last)
                case "317":
                    about["idle"] = f"{line.param(2)} s"
                case "319":
                    about["channels"] = line.last
                case "330":
                    about["account"] = line.param(2)
                case "401":
                    raise Gone(f"{query.nick} is not there any more")
        return Customer(id=conversation_id, name=query.nick, attributes=about)
