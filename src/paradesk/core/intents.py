"""What the agent wants. Every intent names its conversation by id, fixed at the key press: nothing says "active"."""

from dataclasses import dataclass

from paradesk.core.model import ClientId, ConversationId, LocalFile, MessageId, Presence, Priority, Status, Visibility


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Deliver a reply or a private note."""

    conversation_id: ConversationId
    body: str
    visibility: Visibility
    client_id: ClientId
    attachments: tuple[LocalFile, ...] = ()
    uploads: tuple[str, ...] = ()
    """Where the connector uploads apart from sending: what its `upload` returned, one for each attachment."""
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
class TakeNext:
    """Take whichever conversation the backend says has waited longest; the agent cannot choose."""

    profile: str


@dataclass(frozen=True, slots=True)
class Assign:
    """Make somebody responsible at once, without asking them: an agent, a team, or with None nobody."""

    conversation_id: ConversationId
    assignee_id: str | None


@dataclass(frozen=True, slots=True)
class Transfer:
    """Hand the conversation to a colleague or a team (an id from the roster), with a note for them.

    Where the backend lets them accept it first (`Capabilities.offers`) it stays ours until then.
    """

    conversation_id: ConversationId
    target_id: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class AcceptTransfer:
    """Take over a conversation that was offered."""

    conversation_id: ConversationId


@dataclass(frozen=True, slots=True)
class DeclineTransfer:
    """Leave an offered conversation with whoever offers it."""

    conversation_id: ConversationId
    reason: str = ""


@dataclass(frozen=True, slots=True)
class SetPresence:
    """Tell the backend whether this agent takes new chats."""

    profile: str
    presence: Presence
    text: str = ""
    """Words for colleagues, such as "lunch", where the backend shows them."""


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
    | TakeNext
    | Assign
    | Transfer
    | AcceptTransfer
    | DeclineTransfer
    | SetPresence
    | SetTyping
    | MarkRead
    | CreateConversation
)
