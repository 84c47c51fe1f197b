"""What lines mean: each becomes events of the chat that it belongs to, or nothing."""

from dataclasses import replace
from typing import Final

from paradesk.connectors.irc.book import Book
from paradesk.connectors.irc.text import heard, plain
from paradesk.connectors.irc.wire import Line
from paradesk.core.events import ConversationRemoved, Event, MessageUpserted, TypingChanged
from paradesk.core.model import ClientId, ConversationId, Role

TYPING_LASTS: Final = 6.0
"""Seconds for which a `+typing` holds (IRCv3 typing)."""
MOST_INVITATIONS: Final = 200
"""Invitations that wait at once: anybody can send any number of them."""


class Hearing:
    """Turns lines into events, and keeps the book. Does no I/O; nothing in a line makes it raise."""

    def __init__(self, book: Book, *, queries: bool) -> None:
        """`queries`: whoever writes to us alone gets a chat."""
        self._book, self.queries = book, queries

    def events(self, line: Line, now: float, client_id: ClientId | None = None) -> list[Event]:
        """Return what a line says; `client_id` names the reply whose echo it is."""
        match line.command:
            case "PRIVMSG" | "NOTICE":
                return self._said(line, now, client_id)
            case "TAGMSG":
                return self._typing(line, now)
            case "JOIN" | "PART" | "KICK":
                return self._moved(line, now)
            case "QUIT":
                return self._quit(line, now)
            case "NICK":
                return self._renamed(line, now)
            case "INVITE":
                return self._asked_in(line)
            case "TOPIC":
                return self._topic(line.param(0), line.last)
            case "332":
                return self._topic(line.param(1), line.last)
        return []

    def _mine(self, nick: str) -> bool:
        return self._book.server.fold(nick) == self._book.server.fold(self._book.me)

    def _said(self, line: Line, now: float, client_id: ClientId | None) -> list[Event]:
        where, nick = line.param(0).lstrip("~&@%+") if line.param(0)[1:2] in "#&" else line.param(0), line.nick
        text, request = heard(line.last)
        if not nick or not where or request or not text.strip():
            return []
        notice, book = line.command == "NOTICE", self._book
        if book.server.is_channel(where):
            conversation_id, channel = book.channel(where)
            if not channel.joined:
                return []
            found: list[Event] = []
        else:
            other = where if self._mine(nick) else nick
            # Servers and services write notices to everybody; they are nobody's chat.
            known = book.asked(other)
            if known is None and (notice or not self.queries or not line.userhost):
                return []
            conversation_id, query, new = book.query(other, "" if self._mine(nick) else line.account)
            found = [book.conversation(conversation_id)] if new else []
            if query.doubtful and not self._mine(nick):
                query.doubtful = False
                text_of = f"The connection was lost meanwhile: IRC cannot tell whether {nick} is still the same person"
                found.append(book.remark(conversation_id, text_of, line.time_ms, now))
        said = book.message(
            conversation_id, nick, text, msgid=line.tags.get("msgid", ""), time_ms=line.time_ms, now=now,
            role=Role.AGENT if self._mine(nick) else Role.BOT if notice else None,
        )  # fmt: skip
        if client_id is not None:
            said = replace(said, client_id=client_id)
        return [*found, MessageUpserted(said)]

    def _typing(self, line: Line, now: float) -> list[Event]:
        state = line.tags.get("+typing", "")
        if not state or not line.nick or self._mine(line.nick):
            return []
        where = line.param(0)
        if self._book.server.is_channel(where):
            conversation_id: ConversationId | None = self._book.channel(where)[0]
        else:
            conversation_id = self._book.asked(line.nick)
        if conversation_id is None:
            return []
        customer = self._book.role(line.nick) is Role.CUSTOMER
        return [TypingChanged(conversation_id, line.nick, state == "active", now + TYPING_LASTS, customer)]

    def _moved(self, line: Line, now: float) -> list[Event]:
        conversation_id, channel = self._book.channel(line.param(0))
        if line.command == "KICK":
            who, words = line.param(1), f"was removed by {line.nick}"
            words += f": {plain(line.param(2))}" if line.param(2) else ""
        else:
            who, words = line.nick, "came in" if line.command == "JOIN" else "left"
            if line.command == "PART" and line.param(1):
                words += f": {plain(line.param(1))}"
        if self._mine(who):
            channel.joined = line.command == "JOIN"
            channel.invited = ""
            if channel.joined:
                return [self._book.conversation(conversation_id)]
            self._book.memory.channels.pop(conversation_id, None)
            why = words.replace("was removed", "you were removed") if line.command == "KICK" else "you have left"
            return [ConversationRemoved(conversation_id, why, self._book.keys.next(None))]
        if not channel.joined or self._book.role(who) is not Role.CUSTOMER:
            return []
        return [self._book.remark(conversation_id, f"{who} {words}", line.time_ms, now)]

    def _quit(self, line: Line, now: float) -> list[Event]:
        known = self._book.asked(line.nick)
        if known is None:
            return []
        words = f": {plain(line.last)}" if line.params else ""
        return [self._book.remark(known, f"{line.nick} has left IRC{words}", line.time_ms, now)]

    def _renamed(self, line: Line, now: float) -> list[Event]:
        new = line.param(0)
        if not new:
            return []
        if self._mine(line.nick):
            self._book.me = new
            return []
        known = self._book.asked(line.nick)
        if known is None:
            return []
        taken = self._book.asked(new)
        if taken is not None and taken != known:
            # Somebody takes the nick of a person who has gone without our seeing it: two people, two chats.
            self._book.memory.queries[taken].nick = ""
        self._book.memory.queries[known].nick = new
        told = self._book.remark(known, f"{line.nick} is now called {new}", line.time_ms, now)
        return [self._book.conversation(known), told]

    def _asked_in(self, line: Line) -> list[Event]:
        if not self._mine(line.param(0)) or not self._book.server.is_channel(line.param(1)):
            return []
        waiting = sum(not channel.joined for channel in self._book.memory.channels.values())
        conversation_id, channel = self._book.channel(line.param(1))
        if channel.joined:
            return []
        if waiting >= MOST_INVITATIONS and not channel.invited:
            self._book.memory.channels.pop(conversation_id, None)
            return []
        channel.invited = line.nick
        return [self._book.conversation(conversation_id)]

    def _topic(self, name: str, topic: str) -> list[Event]:
        if not self._book.server.is_channel(name):
            return []
        conversation_id, channel = self._book.channel(name)
        channel.topic = plain(topic)
        return [self._book.conversation(conversation_id)] if channel.joined else []
