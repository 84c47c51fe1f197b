"""The embedded chat server: conversations, messages, a log of what happened, and both sides' actions on it.

Deterministic by its seed and its start; driven by virtual time, either by a real clock with a speed factor (`pump`) or
step by step (`advance`). All public methods may be called from any thread.
"""

import asyncio
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from paradesk.connectors.base import Rejected
from paradesk.connectors.simulator.chat import Chat, Counterpart, StoredFile
from paradesk.connectors.simulator.faults import Faults
from paradesk.connectors.simulator.log import Batch, Log
from paradesk.connectors.simulator.people import COLLEAGUES, ME, TEAMS
from paradesk.connectors.simulator.timeline import Timeline
from paradesk.core.events import (
    ConversationRemoved,
    ConversationUpserted,
    Event,
    MessageDeleted,
    MessageEdited,
    MessageUpserted,
    ReadMarked,
    StatusChanged,
    TypingChanged,
)
from paradesk.core.model import (
    Agent,
    Attachment,
    ClientId,
    Conversation,
    ConversationId,
    Customer,
    Message,
    MessageId,
    Priority,
    Role,
    Status,
    Visibility,
)

P = ParamSpec("P")
R = TypeVar("R")

TYPING_LASTS = 8.0
"""Virtual seconds after which typing lapses without a word."""

LONGEST_PAUSE = 0.25
"""Real seconds after which the clock is looked at again, because an action may have made something due sooner."""

STATUS_LABELS: Mapping[Status, str] = {
    Status.NEW: "New",
    Status.OPEN: "Open",
    Status.PENDING: "Pending",
    Status.ON_HOLD: "On hold",
    Status.SOLVED: "Solved",
    Status.CLOSED: "Closed",
}


def _locked(method: Callable[Concatenate["World", P], R]) -> Callable[Concatenate["World", P], R]:
    @wraps(method)
    def guarded(self: "World", /, *args: P.args, **kwargs: P.kwargs) -> R:
        with self.lock:
            return method(self, *args, **kwargs)

    return guarded


class World:
    """One simulated chat service with one agent (`me`), colleagues, and any number of customers.

    `start` is the Unix time of the beginning (None: now). With `realtime` off the clock stands until `advance` is
    called. Several connectors may share one world; it outlives each of them.
    """

    def __init__(
        self,
        *,
        seed: int = 1,
        speed: float = 1.0,
        start: float | None = None,
        realtime: bool = True,
        retention: int = 2_000,
    ) -> None:
        self.seed = seed
        self.speed = speed
        self.start = time.time() if start is None else start
        self.id = f"{seed}.{int(self.start)}"
        self.timeline = Timeline()
        self.random = random.Random(f"paradesk/{seed}")
        self.faults = Faults()
        self.me: Agent = ME
        self.roster: tuple[Agent, ...] = (*COLLEAGUES, *TEAMS)
        self.recent = 30
        """How many of the newest messages of each conversation a first sign-in brings."""
        self.lock = threading.RLock()
        self.on_outbound: Callable[[ConversationId], None] | None = None
        """Called with each conversation that the agent begins, so that someone can play its customer."""
        self._realtime = realtime
        self._began: float | None = None
        self.log = Log(retention)
        self._chats: dict[ConversationId, Chat] = {}

    # Time

    def stamp(self, moment: float | None = None) -> float:
        """Return the Unix time of a virtual moment (default: now), such that a screen's clock agrees at any speed."""
        virtual = self.timeline.now if moment is None else moment
        return self.start + (virtual / self.speed if virtual > 0 else virtual)

    @_locked
    def advance(self, seconds: float) -> None:
        """Let so many virtual seconds pass at once, with everything that happens in them."""
        self.timeline.advance_to(self.timeline.now + seconds)

    @_locked
    def catch_up(self) -> float:
        """Move to what the real clock says; return the real seconds until the next thing is due (at most a quarter)."""
        if not self._realtime:
            return LONGEST_PAUSE
        if self._began is None:
            self._began = time.monotonic()
        self.timeline.advance_to((time.monotonic() - self._began) * self.speed)
        due = self.timeline.next_due()
        return LONGEST_PAUSE if due is None else min(max((due - self.timeline.now) / self.speed, 0.004), LONGEST_PAUSE)

    async def pump(self) -> None:
        """Drive the world by the real clock until cancelled; a world that is driven by hand only waits."""
        while True:
            pause = self.catch_up()
            await asyncio.sleep(pause)

    # The stream

    @_locked
    def batch(self, since: int, limit: int = 500) -> Batch:
        """Return up to `limit` events after a position, or a `limited` batch when the log does not reach back."""
        if self.faults.forget_cursors:
            return Batch((), self.log.position, limited=True)
        return self.log.after(since, limit)

    def cut(self) -> None:
        """Break every connection and let no new one through."""
        self.faults.cut = True
        self.log.wake()

    def restore(self) -> None:
        """Let connections through again."""
        self.faults.cut = False

    def tell(self, chat: Chat, *events: Event) -> tuple[Event, ...]:
        """Put what happened to a conversation into the log, unless it is no longer the agent's to see."""
        if not chat.removed:
            self.log.append(*events)
        return events

    # Reading

    @_locked
    def chat(self, conversation_id: ConversationId) -> Chat:
        """Return a conversation, whoever's it is; raises Rejected when there is none of this id."""
        chat = self._chats.get(conversation_id)
        if chat is None:
            raise Rejected("there is no such conversation")
        return chat

    @_locked
    def chats(self) -> list[Chat]:
        """Return every conversation, oldest first, those of colleagues included."""
        return list(self._chats.values())

    @_locked
    def listing(self) -> list[tuple[Conversation, int]]:
        """Return the agent's conversations and the queue, each with the version of its fields."""
        return [(chat.conversation, chat.version) for chat in self._chats.values() if not chat.removed]

    @_locked
    def read_marks(self) -> list[ReadMarked]:
        """Return how far each customer has read."""
        return [
            ReadMarked(chat.conversation.id, chat.read_by_customer)
            for chat in self._chats.values()
            if chat.read_by_customer is not None and not chat.removed
        ]

    @_locked
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

    @_locked
    def messages(
        self, conversation_id: ConversationId, before: Message | None, limit: int
    ) -> tuple[tuple[Message, ...], bool]:
        """Return a page of messages older than `before`, oldest first, and whether nothing lies before it."""
        return self.ours(conversation_id, reading=True).page(before, limit)

    @_locked
    def changed_messages(self, conversation_id: ConversationId, since: int) -> list[Message]:
        """Return every message that is new or different after a position, oldest first."""
        return self.ours(conversation_id, reading=True).changed_after(since)

    @_locked
    def file(self, attachment_id: str) -> bytes:
        """Return the content of an attachment; raises Rejected when there is none."""
        for chat in self._chats.values():
            if attachment_id in chat.files:
                return chat.files[attachment_id].content
        raise Rejected("this file is no longer there")

    @_locked
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

    def answer_outbound(self, conversation_id: ConversationId) -> None:
        """Let the customer of a conversation that the agent began be played by someone, if there is anyone."""
        if self.on_outbound is not None:
            self.on_outbound(conversation_id)

    # Beginning

    @_locked
    def begin(
        self,
        customer: Customer,
        *,
        channel: str = "web",
        subject: str = "",
        queue: str = "Support",
        joined: bool = True,
        status: Status = Status.NEW,
        priority: Priority = Priority.NORMAL,
        tags: frozenset[str] = frozenset(),
        order: Mapping[str, str] | None = None,
        attributes: Mapping[str, str] | None = None,
        counterpart: Counterpart | None = None,
    ) -> ConversationId:
        """Begin a conversation with a customer: the agent's own, or (not `joined`) one that waits in the queue."""
        number = len(self._chats) + 1
        conversation = Conversation(
            id=ConversationId(f"{self.id}-{number}"),
            number=str(1240 + number),
            customer=customer,
            channel=channel,
            subject=subject,
            status=status,
            status_label=STATUS_LABELS[status],
            priority=priority,
            tags=tags,
            assignee=self.me if joined else None,
            queue=queue,
            joined=joined,
            created_at=self.stamp(),
            order=dict(order or {}),
            attributes=dict(attributes or {}),
        )
        chat = Chat(conversation, counterpart)
        self._chats[conversation.id] = chat
        self.upsert(chat)
        return conversation.id

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
        *,
        visibility: Visibility = Visibility.PUBLIC,
        files: Sequence[StoredFile] = (),
        client_id: ClientId | None = None,
        moment: float | None = None,
    ) -> Message:
        """Append a message by anyone."""
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
            sent_at=self.stamp(moment),
            order_key=sequence,
            visibility=visibility,
            attachments=tuple(attachments),
            client_id=client_id,
        )
        chat.put(message, sequence)
        self.tell(chat, MessageUpserted(message))
        return message

    # The customer's side

    @_locked
    def customer_says(
        self,
        conversation_id: ConversationId,
        body: str,
        files: Sequence[StoredFile] = (),
        moment: float | None = None,
    ) -> MessageId:
        """Write as the customer; a solved or pending ticket opens again. `moment` dates it back (virtual seconds)."""
        chat = self.chat(conversation_id)
        customer = chat.conversation.customer
        message = self.write(chat, Role.CUSTOMER, customer.id, customer.name, body, files=files, moment=moment)
        chat.customer_typing = False
        if chat.conversation.ended:
            self.upsert(chat, ended=False)
        if chat.conversation.status in (Status.PENDING, Status.SOLVED, Status.ON_HOLD):
            self.put_status(chat, Status.OPEN, None)
        return message.id

    @_locked
    def customer_edits(self, conversation_id: ConversationId, message_id: MessageId, body: str) -> None:
        """Change what the customer wrote."""
        chat = self.chat(conversation_id)
        version = self.log.next()
        chat.put(replace(chat.message(message_id), body=body, edited=True, version=version), version)
        self.tell(chat, MessageEdited(conversation_id, message_id, body, version))

    @_locked
    def customer_deletes(self, conversation_id: ConversationId, message_id: MessageId) -> None:
        """Withdraw what the customer wrote, with its files."""
        chat = self.chat(conversation_id)
        version = self.log.next()
        message = chat.message(message_id)
        for attachment in message.attachments:
            chat.files.pop(attachment.id, None)
        chat.put(replace(message, body="", deleted=True, version=version, attachments=()), version)
        self.tell(chat, MessageDeleted(conversation_id, message_id, version))

    @_locked
    def customer_types(self, conversation_id: ConversationId, typing: bool) -> None:
        """Show, or stop showing, that the customer types."""
        chat = self.chat(conversation_id)
        chat.customer_typing = typing
        until = self.stamp(self.timeline.now + TYPING_LASTS) if typing else self.stamp()
        self.tell(chat, TypingChanged(conversation_id, chat.conversation.customer.name, typing, until))

    @_locked
    def customer_reads(self, conversation_id: ConversationId, message_id: MessageId) -> None:
        """Mark everything up to a message as read by the customer."""
        chat = self.chat(conversation_id)
        chat.read_by_customer = chat.message(message_id).id
        self.tell(chat, ReadMarked(conversation_id, message_id))

    @_locked
    def customer_leaves(self, conversation_id: ConversationId) -> None:
        """End the chat from the customer's side; one that still waited in the queue disappears from it."""
        chat = self.chat(conversation_id)
        if chat.conversation.ended:
            return
        self.system_says(conversation_id, f"{chat.conversation.customer.name} has left the chat.")
        if chat.conversation.joined:
            self.upsert(chat, ended=True)
        else:
            self.remove(chat, "the customer left before anybody had joined", ended=True)

    def remove(self, chat: Chat, reason: str, **changes: object) -> tuple[Event, ...]:
        """Take a conversation away from the agent, with a last change of its fields."""
        chat.change(self.log.next(), **changes)
        chat.removed = reason
        removed = ConversationRemoved(chat.conversation.id, reason, chat.version)
        self.log.append(removed)
        return (removed,)

    def customer_view(self, conversation_id: ConversationId) -> list[Message]:
        """Return the messages that the customer can see."""
        return [message for message in self.chat(conversation_id).all() if message.visibility is Visibility.PUBLIC]

    # Bots and the system

    @_locked
    def bot_says(self, conversation_id: ConversationId, body: str, moment: float | None = None) -> MessageId:
        """Write as the greeting bot."""
        return self.write(self.chat(conversation_id), Role.BOT, "bot", "Pixel (bot)", body, moment=moment).id

    @_locked
    def system_says(
        self, conversation_id: ConversationId, body: str, visibility: Visibility = Visibility.PUBLIC
    ) -> MessageId:
        """Write a line of the service itself, such as who came and went; a note is for agents only."""
        return self.write(self.chat(conversation_id), Role.SYSTEM, "system", "System", body, visibility=visibility).id

    @_locked
    def colleague_notes(self, conversation_id: ConversationId, colleague: Agent, body: str) -> MessageId:
        """Write a private note as a colleague or supervisor."""
        return self.write(
            self.chat(conversation_id), Role.AGENT, colleague.id, colleague.name, body, visibility=Visibility.NOTE
        ).id
