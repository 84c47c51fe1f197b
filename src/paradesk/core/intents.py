"""What the agent wants. Every intent names its conversation by id, fixed at the key press: nothing says "active"."""

from dataclasses import dataclass

from paradesk.core.model import ClientId, ConversationId, LocalFile, MessageId, Priority, Status, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Deliver a reply or a private note."""

    conversation_id: ConversationId
    body: str
    visibility: Visibility
    client_id: ClientId
    attachments: tuple[LocalFile, ...] = ()
    hold: float = 0.0
    """Seconds for which the accepted reply waits in the outbox and can be taken back; nothing leaves before."""


@dataclass(frozen=True, slots=True)
class SetStatus:
    conversation_id: ConversationId
    status: Status
    snoozed_until: float | None = None


@dataclass(frozen=True, slots=True)
class SetPriority:
    conversation_id: ConversationId
    priority: Priority


@dataclass(frozen=True, slots=True)
class ChangeTags:
    conversation_id: ConversationId
    add: frozenset[str] = frozenset()
    remove: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Join:
    """Take the conversation from the queue, or accept its invitation, and become its assignee."""

    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class Leave:
    """Give it back: stop taking part, without ending it for the customer."""

    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class EndChat:
    """End the live chat for both sides."""

    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand the conversation to a colleague or a team (an id from the roster), with a note for them."""

    conversation_id: ConversationId
    target_id: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class SetTyping:
    conversation_id: ConversationId
    typing: bool


@dataclass(frozen=True, slots=True)
class MarkRead:
    """The agent has read up to this message."""

    conversation_id: ConversationId
    message_id: MessageId


@dataclass(frozen=True, slots=True)
class CreateConversation:
    """Open a new ticket with a customer (the backend's address for them) and, where given, a first message."""

    profile: str
    customer: str
    subject: str
    body: str = ""


Intent = (
    Send
    | SetStatus
    | SetPriority
    | ChangeTags
    | Join
    | Leave
    | EndChat
    | Transfer
    | SetTyping
    | MarkRead
    | CreateConversation
)
