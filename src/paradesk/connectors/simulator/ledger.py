"""The server's records: who has which conversation, what was written, and the log of every change."""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from paradesk.connectors.base import Rejected
from paradesk.connectors.simulator.chat import Chat, StoredFile
from paradesk.connectors.simulator.log import Log
from paradesk.core.events import (
    ConversationRemoved,
    ConversationUpserted,
    Event,
    MessageUpserted,
    ReadMarked,
    StatusChanged,
)
from paradesk.core.model import (
    Attachment,
    ClientId,
    Conversation,
    ConversationId,
    Customer,
    Message,
    MessageId,
    Role,
    Status,
    Visibility,
)

P = ParamSpec("P")
R = TypeVar("R")

STATUS_LABELS: Mapping[Status, str] = {
    Status.NEW: "New",
    Status.OPEN: "Open",
    Status.PENDING: "Pending",
    Status.ON_HOLD: "On hold",
    Status.SOLVED: "Solved",
    Status.CLOSED: "Closed",
}


class _Guarded(Protocol):
    @property
    def lock(self) -> AbstractContextManager[Any]: ...


G = TypeVar("G", bound=_Guarded)


def locked(method: Callable[Concatenate[G, P], R]) -> Callable[Concatenate[G, P], R]:
    """Let a method hold its object's lock, so that any thread may call it."""

    @wraps(method)
    def guarded(self: G, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.lock:
            return method(self, *args, **kwargs)

    return guarded


class Ledger:
    """Conversations and their log. Reading is for anyone; writing is for the two sides that build on it."""

    def __init__(self, retention: int) -> None:
        self.log = Log(retention)
        self._lock = threading.RLock()
        self._chats: dict[ConversationId, Chat] = {}

    @property
    def lock(self) -> AbstractContextManager[Any]:
        """Held while anything is read or changed."""
        return self._lock

    # Reading

    @locked
    def chat(self, conversation_id: ConversationId) -> Chat:
        """Return a conversation, whoever's it is; raises Rejected when there is none of this id."""
        chat = self._chats.get(conversation_id)
        if chat is None:
            raise Rejected("there is no such conversation")
        return chat

    @locked
    def chats(self) -> list[Chat]:
        """Return every conversation, oldest first, those of colleagues included."""
        return list(self._chats.values())

    @locked
    def listing(self) -> list[tuple[Conversation, int]]:
        """Return the agent's conversations and the queue, each with the version of its fields."""
        return [(chat.conversation, chat.version) for chat in self._chats.values() if not chat.removed]

    @locked
    def read_marks(self) -> list[ReadMarked]:
        """Return how far each customer has read."""
        return [
            ReadMarked(chat.conversation.id, chat.read_by_customer)
            for chat in self._chats.values()
            if chat.read_by_customer is not None and not chat.removed
        ]

    @locked
    def removals(self, since: int) -> list[ConversationRemoved]:
        """Return which conversations have ceased to be the agent's after a position."""
        return [
            ConversationRemoved(chat.conversation.id, chat.removed, chat.version)
            for chat in self._chats.values()
            if chat.removed and chat.version > since
        ]

    def ours(self, conversation_id: ConversationId, *, reading: bool = False) -> Chat:
        """Return a conversation of the agent, or (`reading`) of the queue; raises Rejected otherwise."""
        chat = self.chat(conversation_id)
        if chat.removed:
            raise Rejected(f"this conversation is no longer yours: {chat.removed}")
        if not (reading or chat.conversation.joined):
            raise Rejected("join this conversation first: it is still in the queue")
        return chat

    @locked
    def messages(
        self, conversation_id: ConversationId, before: Message | None, limit: int
    ) -> tuple[tuple[Message, ...], bool]:
        """Return a page of messages older than `before`, oldest first, and whether nothing lies before it."""
        return self.ours(conversation_id, reading=True).page(before, limit)

    @locked
    def changed_messages(self, conversation_id: ConversationId, since: int) -> list[Message]:
        """Return every message that is new or different after a position, oldest first."""
        return self.ours(conversation_id, reading=True).changed_after(since)

    @locked
    def file(self, attachment_id: str) -> bytes:
        """Return the content of an attachment; raises Rejected when there is none."""
        for chat in self._chats.values():
            if attachment_id in chat.files:
                return chat.files[attachment_id].content
        raise Rejected("this file is no longer there")

    @locked
    def find_customer(self, address: str) -> Customer:
        """Return the customer with this e-mail address, phone number or name, or a new one."""
        for chat in reversed(self._chats.values()):
            known = chat.conversation.customer
            if address.casefold() in (known.email.casefold(), known.phone, known.name.casefold()):
                return known
        name = address.partition("@")[0].replace(".", " ").title() if "@" in address else address
        return Customer(
            id=f"cust-new-{len(self._chats) + 1}",
            name=name,
            email=address if "@" in address else "",
            phone=address if address.startswith("+") else "",
        )

    def customer_view(self, conversation_id: ConversationId) -> list[Message]:
        """Return the messages that the customer can see."""
        return [message for message in self.chat(conversation_id).all() if message.visibility is Visibility.PUBLIC]

    # Writing

    def tell(self, chat: Chat, *events: Event) -> tuple[Event, ...]:
        """Put what happened to a conversation into the log, unless it is no longer the agent's to see."""
        if not chat.removed:
            self.log.append(*events)
        return events

    def put_status(self, chat: Chat, status: Status, snoozed_until: float | None) -> tuple[Event, ...]:
        """Set a ticket's status, whoever wants it."""
        label = STATUS_LABELS[status] if snoozed_until is None else "Snoozed"
        chat.change(self.log.next(), status=status, status_label=label, snoozed_until=snoozed_until)
        return self.tell(chat, StatusChanged(chat.conversation.id, status, chat.version, label, snoozed_until))

    def upsert(self, chat: Chat, **changes: object) -> tuple[Event, ...]:
        """Change fields of a conversation and tell how it looks now."""
        chat.change(self.log.next(), **changes)
        return self.tell(chat, ConversationUpserted(chat.conversation, chat.version))

    def write(
        self,
        chat: Chat,
        role: Role,
        sender_id: str,
        sender_name: str,
        body: str,
        sent_at: float,
        *,
        visibility: Visibility = Visibility.PUBLIC,
        files: Sequence[StoredFile] = (),
        client_id: ClientId | None = None,
        order_key: int | None = None,
    ) -> Message:
        """Write a message by anyone; at the end unless it has an `order_key` of its own."""
        sequence = self.log.next()
        attachments = []
        for place, file in enumerate(files, 1):
            attachment_id = f"{chat.conversation.id}/{sequence}.{place}"
            chat.files[attachment_id] = file
            attachments.append(
                Attachment(id=attachment_id, name=file.name, media_type=file.media_type, size=len(file.content))
            )
        message = Message(
            id=MessageId(f"m{sequence}"),
            conversation_id=chat.conversation.id,
            role=role,
            sender_id=sender_id,
            sender_name=sender_name,
            body=body,
            sent_at=sent_at,
            order_key=sequence if order_key is None else order_key,
            visibility=visibility,
            attachments=tuple(attachments),
            client_id=client_id,
        )
        chat.put(message, sequence)
        self.tell(chat, MessageUpserted(message))
        return message

    def remove(self, chat: Chat, reason: str, **changes: object) -> tuple[Event, ...]:
        """Take a conversation away from the agent, with a last change of its fields."""
        chat.change(self.log.next(), **changes)
        chat.removed = reason
        removed = ConversationRemoved(chat.conversation.id, reason, chat.version)
        self.log.append(removed)
        return (removed,)
