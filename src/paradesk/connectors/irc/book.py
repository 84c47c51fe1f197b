"""Which chats there are: the channels that we are in, and the people who talk to us. Survives a restart in the cursor."""

import msgspec

from paradesk.connectors.irc.keys import Ids, Keys
from paradesk.connectors.irc.names import Server
from paradesk.core.events import ConversationUpserted, MessageUpserted
from paradesk.core.model import Agent, Conversation, ConversationId, Customer, Message, MessageId, Role, Status

NO_TYPING = "this server does not carry who is typing"


class Channel(msgspec.Struct):
    """A channel that is a chat."""

    name: str
    """As it is written."""
    joined: bool = False
    invited: str = ""
    """Who asked us in; empty where nobody did."""
    topic: str = ""


class Query(msgspec.Struct):
    """One person who talks to us alone."""

    nick: str
    """What they are called now."""
    account: str = ""
    doubtful: bool = False
    """The connection was lost since they last wrote: somebody else may have the nick now."""


class Memory(msgspec.Struct):
    """What the cursor holds."""

    last: int = 0
    channels: dict[str, Channel] = {}
    queries: dict[str, Query] = {}


def remembered(cursor: str | None) -> Memory:
    """Return what a cursor holds; an unreadable one is as good as none."""
    if cursor is None:
        return Memory()
    try:
        return msgspec.json.decode(cursor, type=Memory)
    except (msgspec.MsgspecError, UnicodeError):
        return Memory()


class Book:
    """The chats of one connector. Ids stay what they were at the first word, whatever a person calls themselves later."""

    def __init__(self, memory: Memory, staff: frozenset[str], bots: frozenset[str]) -> None:
        """`staff` and `bots` are nicks: who is in neither is a customer."""
        self.memory = memory
        self.keys = Keys(memory.last)
        self.ids = Ids()
        self.server = Server()
        self.me = ""
        self._staff, self._bots = staff, bots

    @property
    def cursor(self) -> str:
        """Everything that the next start needs."""
        self.memory.last = self.keys.last
        return msgspec.json.encode(self.memory).decode()

    def channel(self, name: str) -> tuple[ConversationId, Channel]:
        """Return a channel's chat, made where there is none."""
        known = self.server.fold(name)
        return ConversationId(known), self.memory.channels.setdefault(known, Channel(name))

    def query(self, nick: str, account: str = "") -> tuple[ConversationId, Query, bool]:
        """Return the chat with a person, and whether it is new."""
        folded = self.server.fold(nick)
        for known, query in self.memory.queries.items():
            if self.server.fold(query.nick) == folded:
                query.account = account or query.account
                return ConversationId(known), query, False
        # A nick that somebody has left behind names their chat; whoever takes it now gets one of their own.
        name, number = folded, 1
        while name in self.memory.queries:
            number += 1
            name = f"{folded} {number}"
        made = self.memory.queries[name] = Query(nick, account)
        return ConversationId(name), made, True

    def asked(self, nick: str) -> ConversationId | None:
        """Return the chat with a person where there is one."""
        folded = self.server.fold(nick)
        found = (known for known, query in self.memory.queries.items() if self.server.fold(query.nick) == folded)
        return next(map(ConversationId, found), None)

    def target(self, conversation_id: ConversationId) -> str | None:
        """Return the name that a message to this chat goes to, or None where we may not write."""
        if (channel := self.memory.channels.get(conversation_id)) is not None:
            return channel.name if channel.joined else None
        query = self.memory.queries.get(conversation_id)
        return None if query is None else query.nick

    def role(self, nick: str) -> Role:
        """Return what somebody is here."""
        folded = self.server.fold(nick)
        if folded == self.server.fold(self.me) or folded in {self.server.fold(name) for name in self._staff}:
            return Role.AGENT
        return Role.BOT if folded in {self.server.fold(name) for name in self._bots} else Role.CUSTOMER

    def conversation(self, conversation_id: ConversationId) -> ConversationUpserted:
        """Return a chat as it is now."""
        if (channel := self.memory.channels.get(conversation_id)) is not None:
            customer = Customer(id=conversation_id, name=channel.name)
            subject, joined, queue = channel.topic, channel.joined, channel.invited
        else:
            query = self.memory.queries[conversation_id]
            about = {"account": query.account} if query.account else {}
            customer = Customer(id=conversation_id, name=query.nick, attributes=about)
            subject, joined, queue = "", True, ""
        return ConversationUpserted(
            Conversation(
                id=conversation_id,
                customer=customer,
                channel="irc",
                subject=subject,
                status=Status.OPEN if joined else Status.NEW,
                queue=f"invited by {queue}" if queue and not joined else "",
                joined=joined,
                assignee=Agent(self.me, self.me) if joined else None,
                absent={} if self.server.types else {"typing_out": NO_TYPING},
            ),
            self.keys.next(None),
        )

    def message(
        self, conversation_id: ConversationId, nick: str, body: str, *, msgid: str, time_ms: int | None, now: float,
        role: Role | None = None,
    ) -> Message:  # fmt: skip
        """Return what somebody said; `now` is when it came, in Unix seconds, where the server gives no time."""
        return Message(
            id=MessageId(self.ids.of(msgid, time_ms, self.server.fold(nick), conversation_id, body)),
            conversation_id=conversation_id,
            role=role or self.role(nick),
            sender_id=self.server.fold(nick),
            sender_name=nick,
            body=body,
            sent_at=now if time_ms is None else time_ms / 1000,
            order_key=self.keys.next(time_ms),
        )

    def remark(self, conversation_id: ConversationId, text: str, time_ms: int | None, now: float) -> MessageUpserted:
        """Return a line of the service itself."""
        said = self.message(conversation_id, "", text, msgid="", time_ms=time_ms, now=now, role=Role.SYSTEM)
        return MessageUpserted(said)
