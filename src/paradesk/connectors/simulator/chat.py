"""One conversation as the embedded server keeps it."""

from bisect import bisect_left
from dataclasses import dataclass, replace
from typing import Any, Protocol

from paradesk.connectors.base import Rejected
from paradesk.core.model import ClientId, Conversation, Message, MessageId


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file with its content."""

    name: str
    media_type: str
    content: bytes


class Counterpart(Protocol):
    """Whoever plays the customer: told what the agent says and does."""

    def heard(self, message: Message) -> None:
        """The agent has written a public message."""

    def noticed(self, trigger: str) -> None:
        """The agent has done something that the customer can notice, such as `status:solved` or `joined`."""


class Chat:
    """A conversation with its messages in order, its files, and what the other side is shown."""

    def __init__(self, conversation: Conversation, counterpart: Counterpart | None = None) -> None:
        self.conversation = conversation
        self.counterpart = counterpart
        self.version = 0
        """The position at which its fields last changed."""
        self.removed = ""
        """Why it is no longer the agent's, or empty."""
        self.files: dict[str, StoredFile] = {}
        self.sent: dict[ClientId, MessageId] = {}
        self.customer_typing = False
        self.agent_typing_until = 0.0
        self.read_by_customer: MessageId | None = None
        self.read_by_agent: MessageId | None = None
        self._messages: list[Message] = []
        self._places: dict[MessageId, int] = {}
        self._changed: dict[MessageId, int] = {}

    def change(self, version: int, **fields: Any) -> None:
        """Replace fields of the conversation."""
        self.conversation = replace(self.conversation, **fields)
        self.version = version

    def put(self, message: Message, changed: int) -> None:
        """Put a message in its place, or replace the one of the same id; `changed` is the position of the change."""
        place = self._places.get(message.id)
        if place is None:
            place = len(self._messages)
            if self._messages and message.order_key < self._messages[-1].order_key:
                place = bisect_left(self._messages, message.order_key, key=lambda other: other.order_key)
            self._messages.insert(place, message)
            for number, each in enumerate(self._messages[place:], place):
                self._places[each.id] = number
        else:
            self._messages[place] = message
        self._changed[message.id] = changed

    def all(self) -> list[Message]:
        """Return every message, oldest first."""
        return list(self._messages)

    @property
    def last(self) -> Message | None:
        """The newest message, or None."""
        return self._messages[-1] if self._messages else None

    def message(self, message_id: MessageId) -> Message:
        """Return a message; raises Rejected when there is none of this id."""
        place = self._places.get(message_id)
        if place is None:
            raise Rejected("there is no such message")
        return self._messages[place]

    def page(self, before: Message | None, limit: int) -> tuple[tuple[Message, ...], bool]:
        """Return up to `limit` messages before another, oldest first, and whether nothing lies before them."""
        end = len(self._messages)
        if before is not None:
            end = bisect_left(self._messages, before.order_key, key=lambda message: message.order_key)
        begin = max(0, end - limit)
        return tuple(self._messages[begin:end]), begin == 0

    def changed_after(self, position: int) -> list[Message]:
        """Return the messages that are new or different after a position."""
        return [message for message in self._messages if self._changed[message.id] > position]
