"""The embedded chat server: conversations, messages, a log of what happened, and both sides' actions on it.

Deterministic by its seed and its start; driven by virtual time, either by a real clock with a speed factor (`pump`) or
step by step (`advance`). All public methods may be called from any thread.
"""

import asyncio
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from paradesk.connectors.simulator.chat import Chat, Counterpart, StoredFile
from paradesk.connectors.simulator.faults import Faults
from paradesk.connectors.simulator.ledger import STATUS_LABELS, Ledger, locked
from paradesk.connectors.simulator.log import Batch
from paradesk.connectors.simulator.people import COLLEAGUES, ME, TEAMS
from paradesk.connectors.simulator.timeline import Timeline
from paradesk.core.events import (
    MessageDeleted,
    MessageEdited,
    ReadMarked,
    TypingChanged,
)
from paradesk.core.model import (
    Agent,
    Conversation,
    ConversationId,
    Customer,
    MessageId,
    Presence,
    Priority,
    Role,
    Status,
    Visibility,
)

TYPING_LASTS = 8.0
"""Virtual seconds after which typing lapses without a word."""

LONGEST_PAUSE = 0.25
"""Real seconds after which the clock is looked at again, because an action may have made something due sooner."""


class World(Ledger):
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
        super().__init__(retention)
        self.seed = seed
        self.speed = speed
        self.start = time.time() if start is None else start
        self.id = f"{seed}.{int(self.start)}"
        self.timeline = Timeline()
        self.random = random.Random(f"paradesk/{seed}")
        self.faults = Faults()
        self.me: Agent = ME
        self.roster: tuple[Agent, ...] = (*COLLEAGUES, *TEAMS)
        self.presence = Presence.ONLINE
        """What the service holds the agent for."""
        self.presence_text = ""
        self.recent = 30
        """How many of the newest messages of each conversation a first sign-in brings."""
        self.on_outbound: Callable[[ConversationId], None] | None = None
        """Called with each conversation that the agent begins, so that someone can play its customer."""
        self._realtime = realtime
        self._began: float | None = None

    # Time

    def stamp(self, moment: float | None = None) -> float:
        """Return the Unix time of a virtual moment (default: now), such that a screen's clock agrees at any speed."""
        virtual = self.timeline.now if moment is None else moment
        return self.start + self.faults.clock_skew + (virtual / self.speed if virtual > 0 else virtual)

    @locked
    def advance(self, seconds: float) -> None:
        """Let so many virtual seconds pass at once, with everything that happens in them."""
        self.timeline.advance_to(self.timeline.now + seconds)

    @locked
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

    @locked
    def batch(self, since: int, limit: int = 500) -> Batch:
        """Return up to `limit` events after a position, or a `limited` batch when the log does not reach back."""
        if self.faults.forget_cursors:
            return Batch((), self.log.position, limited=True)
        return self.log.after(since, limit)

    def revoke(self) -> None:
        """Refuse everybody's credentials from now on, those who are connected included."""
        self.faults.refuse_sign_in = True
        self.log.wake()

    def cut(self) -> None:
        """Break every connection and let no new one through."""
        self.faults.cut = True
        self.log.wake()

    def restore(self) -> None:
        """Let connections through again."""
        self.faults.cut = False

    def answer_outbound(self, conversation_id: ConversationId) -> None:
        """Let the customer of a conversation that the agent began be played by someone, if there is anyone."""
        if self.on_outbound is not None:
            self.on_outbound(conversation_id)

    # Beginning

    @locked
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

    # The customer's side

    @locked
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
        message = self.write(chat, Role.CUSTOMER, customer.id, customer.name, body, self.stamp(moment), files=files)
        chat.customer_typing = False
        if chat.conversation.ended:
            self.upsert(chat, ended=False)
        if chat.conversation.status in (Status.PENDING, Status.SOLVED, Status.ON_HOLD):
            self.put_status(chat, Status.OPEN, None)
        return message.id

    @locked
    def greets_late(self, conversation_id: ConversationId, body: str) -> str:
        """Write as the customer, and put a line of the service before it that gets its id afterwards; return that line."""
        chat = self.chat(conversation_id)
        before = self.log.next()
        self.customer_says(conversation_id, body)
        line = f"{chat.conversation.customer.name} has come in."
        self.write(chat, Role.SYSTEM, "system", "System", line, self.stamp(), order_key=before)
        return line

    @locked
    def customer_edits(self, conversation_id: ConversationId, message_id: MessageId, body: str) -> None:
        """Change what the customer wrote."""
        chat = self.chat(conversation_id)
        version = self.log.next()
        chat.put(replace(chat.message(message_id), body=body, edited=True, version=version), version)
        self.tell(chat, MessageEdited(conversation_id, message_id, body, version))

    @locked
    def customer_deletes(self, conversation_id: ConversationId, message_id: MessageId) -> None:
        """Withdraw what the customer wrote, with its files."""
        chat = self.chat(conversation_id)
        version = self.log.next()
        message = chat.message(message_id)
        for attachment in message.attachments:
            chat.files.pop(attachment.id, None)
        chat.put(replace(message, body="", deleted=True, version=version, attachments=()), version)
        self.tell(chat, MessageDeleted(conversation_id, message_id, version))

    @locked
    def customer_types(self, conversation_id: ConversationId, typing: bool) -> None:
        """Show, or stop showing, that the customer types."""
        chat = self.chat(conversation_id)
        chat.customer_typing = typing
        until = self.stamp(self.timeline.now + TYPING_LASTS) if typing else self.stamp()
        self.tell(chat, TypingChanged(conversation_id, chat.conversation.customer.name, typing, until))

    @locked
    def customer_reads(self, conversation_id: ConversationId, message_id: MessageId) -> None:
        """Mark everything up to a message as read by the customer."""
        chat = self.chat(conversation_id)
        chat.read_by_customer = chat.message(message_id).id
        self.tell(chat, ReadMarked(conversation_id, message_id))

    @locked
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

    # Bots and the system

    @locked
    def bot_says(self, conversation_id: ConversationId, body: str, moment: float | None = None) -> MessageId:
        """Write as the greeting bot."""
        return self.write(self.chat(conversation_id), Role.BOT, "bot", "Pixel (bot)", body, self.stamp(moment)).id

    @locked
    def system_says(
        self, conversation_id: ConversationId, body: str, visibility: Visibility = Visibility.PUBLIC
    ) -> MessageId:
        """Write a line of the service itself, such as who came and went; a note is for agents only."""
        return self.write(
            self.chat(conversation_id), Role.SYSTEM, "system", "System", body, self.stamp(), visibility=visibility
        ).id

    @locked
    def colleague_notes(self, conversation_id: ConversationId, colleague: Agent, body: str) -> MessageId:
        """Write a private note as a colleague or supervisor."""
        return self.write(
            self.chat(conversation_id),
            Role.AGENT,
            colleague.id,
            colleague.name,
            body,
            self.stamp(),
            visibility=Visibility.NOTE,
        ).id
