"""What the played Chatwoot knows, and how it behaves: who may do what, what follows from it, and who is told."""

import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import count
from typing import Any, Final

from liquid import Environment
from liquid.exceptions import LiquidError

_LIQUID: Final = Environment()
INCOMING, OUTGOING, ACTIVITY, TEMPLATE = range(4)
DELETED: Final = "This message was deleted"


@dataclass(slots=True)
class User:
    """An agent of the account."""

    id: int
    name: str
    token: str
    pubsub_token: str
    role: str = "agent"
    availability: str = "online"


@dataclass(slots=True)
class Contact:
    """A customer, with what identifies them at one inbox."""

    id: int
    name: str
    source_id: str
    pubsub_token: str
    email: str | None = None
    phone_number: str | None = None
    custom_attributes: dict[str, Any] = field(default_factory=dict)
    additional_attributes: dict[str, Any] = field(default_factory=dict)
    created_at: float = 0.0


@dataclass(slots=True)
class Team:
    """A team of the account."""

    id: int
    name: str
    members: set[int] = field(default_factory=set)


@dataclass(slots=True)
class Blob:
    """A file."""

    id: int
    name: str
    media_type: str
    content: bytes


@dataclass(slots=True)
class Message:
    """A message. `echo_id` lives only as long as the request that brought it."""

    id: int
    type: int
    content: str | None
    sender: User | Contact | None
    created_at: float
    updated_at: float
    private: bool = False
    status: str = "sent"
    attributes: dict[str, Any] = field(default_factory=dict)
    files: list[Blob] = field(default_factory=list)
    echo_id: str | None = None


@dataclass(slots=True)
class Conversation:
    """A conversation; `id` is its number in the account."""

    id: int
    inbox_id: int
    contact: Contact
    created_at: float
    updated_at: float
    status: str = "open"
    assignee: User | None = None
    team: Team | None = None
    priority: str | None = None
    labels: list[str] = field(default_factory=list)
    snoozed_until: float | None = None
    waiting_since: float | None = None
    first_reply_created_at: float | None = None
    contact_last_seen_at: float = 0.0
    agent_last_seen_at: float = 0.0
    can_reply: bool = True
    custom_attributes: dict[str, Any] = field(default_factory=dict)
    additional_attributes: dict[str, Any] = field(default_factory=dict)
    messages: list[Message] = field(default_factory=list)


class World:
    """One account. Whatever changes is told through `tell(event, conversation, message or None, more)`."""

    account_id = 1

    def __init__(self, name: str) -> None:
        self.name = name
        """In front of every credential, so that several worlds share one websocket server."""
        self.tell: Callable[..., None] = lambda *_args, **_more: None
        self.ids = count(1)
        # Message ids belong to the whole installation: other accounts use some of them.
        self.message_ids = count(1000, 3)
        self.users: list[User] = []
        self.contacts: list[Contact] = []
        self.teams: list[Team] = []
        self.conversations: dict[int, Conversation] = {}
        self.inboxes: dict[int, str] = {2: "Web shop"}
        self.blobs: dict[int, Blob] = {}
        self.canned: list[tuple[int, str, str]] = []
        self.macros: list[dict[str, Any]] = []
        self.wrong_by = 0.0
        """Seconds by which the clock is wrong."""
        self.typing: dict[int, bool] = {}
        """Conversation → whether the customer is shown that an agent types."""

    @property
    def now(self) -> float:
        """The time by the account's clock."""
        return time.time() + self.wrong_by

    def user(self, name: str, role: str = "agent") -> User:
        """Make an agent."""
        number = next(self.ids)
        user = User(number, name, f"{self.name}-token-{number}", f"{self.name}-pubsub-{number}", role)
        self.users.append(user)
        return user

    def contact(self, name: str, email: str | None = None) -> Contact:
        """Make a customer."""
        number = next(self.ids)
        contact = Contact(number, name, f"{self.name}-source-{number}", f"{self.name}-contact-{number}", email)
        contact.created_at = self.now
        self.contacts.append(contact)
        return contact

    def team(self, name: str) -> Team:
        """Make a team."""
        team = Team(next(self.ids), name)
        self.teams.append(team)
        return team

    def begin(self, contact: Contact, inbox_id: int = 2) -> Conversation:
        """Begin a conversation; it waits for an answer from then on."""
        now = self.now
        number = len(self.conversations) + 1
        conversation = Conversation(number, inbox_id, contact, now, now, waiting_since=now)
        self.conversations[number] = conversation
        self.tell("conversation.created", conversation)
        return conversation

    # Messages

    def say(
        self, conversation: Conversation, kind: int, content: str | None, sender: User | Contact | None, **more: Any
    ) -> Message:
        """Add a message, with everything that follows from it."""
        now = self.now
        if kind == OUTGOING and content:
            content = self._rendered(content, conversation)
        message = Message(next(self.message_ids), kind, content, sender, now, now, **more)
        conversation.messages.append(message)
        conversation.updated_at = now
        self.tell("message.created", conversation, message)
        # Held in memory for this one broadcast.
        message.echo_id = None
        if kind == INCOMING:
            if conversation.status in ("resolved", "snoozed"):
                self.set_status(conversation, "open", None)
            if conversation.waiting_since is None:
                conversation.waiting_since = now
                self.changed(conversation)
        elif kind == OUTGOING and not message.private and isinstance(sender, User):
            if conversation.first_reply_created_at is None:
                conversation.first_reply_created_at = now
                self.tell("first.reply.created", conversation, message)
            if conversation.waiting_since is not None:
                conversation.waiting_since = None
                self.changed(conversation)
        return message

    def _rendered(self, content: str, conversation: Conversation) -> str:
        """Return an outgoing text as Chatwoot keeps it: rendered as a template, but for code."""
        source = re.sub(r"`(.*?)`", r"{% raw %}`\1`{% endraw %}", content, flags=re.DOTALL)
        try:
            return _LIQUID.from_string(source).render(contact={"name": conversation.contact.name})
        except LiquidError:
            return content

    def note_activity(self, conversation: Conversation, text: str) -> None:
        """Add a line of Chatwoot's own."""
        self.say(conversation, ACTIVITY, text, None)

    def delete(self, conversation: Conversation, message: Message) -> None:
        """Replace a message by a notice."""
        message.content, message.attributes, message.files = DELETED, {"deleted": True}, []
        message.updated_at = self.now
        self.tell("message.updated", conversation, message)

    # The conversation

    def changed(self, conversation: Conversation, event: str = "conversation.updated") -> None:
        """Note that a conversation has changed, and tell it."""
        conversation.updated_at = max(self.now, conversation.updated_at + 0.001)
        self.tell(event, conversation)

    def set_status(
        self, conversation: Conversation, status: str, snoozed_until: float | None, by: User | None = None
    ) -> None:
        """Set a status, as `toggle_status` does: to open by an agent assigns them."""
        before, conversation.status = conversation.status, status
        conversation.snoozed_until = snoozed_until if status == "snoozed" else None
        if status == "resolved":
            conversation.waiting_since = None
        if status != before:
            self.changed(conversation, "conversation.status_changed")
            self.note_activity(conversation, f"Conversation was marked {status} by {by.name if by else 'the customer'}")
        else:
            self.changed(conversation)
        if status == "open" and by is not None and by.role == "agent" and conversation.assignee is not by:
            self.assign(conversation, by, by)

    def assign(self, conversation: Conversation, user: User | None, by: User) -> None:
        """Make somebody, or nobody, responsible."""
        if conversation.assignee is user:
            return
        conversation.assignee = user
        self.changed(conversation, "assignee.changed")
        whom = f"Assigned to {user.name}" if user else "Conversation unassigned"
        self.note_activity(conversation, f"{whom} by {by.name}")

    def assign_team(self, conversation: Conversation, team: Team | None, by: User) -> None:
        """Give it to a team; whoever answers it and is not of the team no longer does."""
        conversation.team = team
        if team is not None and conversation.assignee is not None and conversation.assignee.id not in team.members:
            conversation.assignee = None
            self.changed(conversation, "assignee.changed")
        self.changed(conversation, "team.changed")
        self.note_activity(conversation, f"Assigned to {team.name if team else 'no team'} by {by.name}")
