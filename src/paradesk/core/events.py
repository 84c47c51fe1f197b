"""What happened, from a backend or from this desk. Events are upserts, delivered at least once and in any order.

A `version` orders what several events say about one field: the larger wins, and of equal ones the reducer picks the
same in any order of arrival. Backends without versions use the server's time in milliseconds.

Events without version or message id say how things are at this moment (typing, gap, connection, roster, draft): each
has one source, which sends them in order, and the last to arrive holds.
"""

from dataclasses import dataclass

from paradesk.core.model import (
    Agent,
    ClientId,
    Conversation,
    ConversationId,
    Delivery,
    Link,
    Message,
    MessageId,
    Offer,
    Presence,
    Priority,
    Status,
    Visibility,
)


@dataclass(frozen=True, slots=True)
class ConversationUpserted:
    """A conversation exists and looks like this, messages apart."""

    conversation: Conversation
    version: int = 0


@dataclass(frozen=True, slots=True)
class ConversationRemoved:
    """It is no longer ours to see (left, transferred away, forgotten). What was cached stays readable until closed."""

    conversation_id: ConversationId
    reason: str
    version: int = 0


@dataclass(frozen=True, slots=True)
class MessageUpserted:
    """A message exists in this version."""

    message: Message


@dataclass(frozen=True, slots=True)
class MessageEdited:
    """The text of a message changed; it may not have been seen yet."""

    conversation_id: ConversationId
    message_id: MessageId
    body: str
    version: int
    original: str = ""
    """As of a message; set by the desk's intake."""


@dataclass(frozen=True, slots=True)
class MessageDeleted:
    """A message was withdrawn; it may not have been seen yet. Its place stays, its text goes."""

    conversation_id: ConversationId
    message_id: MessageId
    version: int


@dataclass(frozen=True, slots=True)
class HistoryLoaded:
    """A page of older messages has arrived; `complete` when nothing lies before it."""

    conversation_id: ConversationId
    messages: tuple[Message, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class StatusChanged:
    conversation_id: ConversationId
    status: Status
    version: int
    label: str = ""
    snoozed_until: float | None = None


@dataclass(frozen=True, slots=True)
class PriorityChanged:
    conversation_id: ConversationId
    priority: Priority
    version: int


@dataclass(frozen=True, slots=True)
class TagsChanged:
    """The whole set after the change."""

    conversation_id: ConversationId
    tags: frozenset[str]
    version: int


@dataclass(frozen=True, slots=True)
class AssigneeChanged:
    conversation_id: ConversationId
    assignee: Agent | None
    version: int


@dataclass(frozen=True, slots=True)
class OfferChanged:
    """A transfer was offered, or (None) accepted, declined or withdrawn."""

    conversation_id: ConversationId
    offer: Offer | None
    version: int


@dataclass(frozen=True, slots=True)
class TypingChanged:
    """Somebody types (or stopped). It lapses by itself at `until`, whatever happens to the stop event.

    From a connector, 0 leaves it to the desk, which in no case waits longer than `Capabilities.typing_lapses`.
    """

    conversation_id: ConversationId
    name: str
    typing: bool
    until: float
    customer: bool = True
    preview: str = ""
    """What has been typed so far, where the backend shows unsent text."""


@dataclass(frozen=True, slots=True)
class ReadMarked:
    """The customer has read everything up to this message."""

    conversation_id: ConversationId
    message_id: MessageId


@dataclass(frozen=True, slots=True)
class Seen:
    """This desk's agent has looked at the conversation up to this order key."""

    conversation_id: ConversationId
    order_key: int


@dataclass(frozen=True, slots=True)
class ConnectionChanged:
    profile: str
    link: Link
    reason: str = ""
    retry_at: float | None = None


@dataclass(frozen=True, slots=True)
class AgentIdentified:
    """Who this desk is at that backend."""

    profile: str
    agent: Agent


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """What the backend holds this desk's agent for."""

    profile: str
    presence: Presence
    text: str = ""


@dataclass(frozen=True, slots=True)
class RosterChanged:
    """Colleagues and teams that a conversation can be transferred to."""

    profile: str
    agents: tuple[Agent, ...]


@dataclass(frozen=True, slots=True)
class Gap:
    """Messages are missing between what we have and what comes next. Closing it is the connector's job."""

    profile: str
    conversation_id: ConversationId | None
    """None: any conversation of the profile may have a hole."""
    closed: bool = False


@dataclass(frozen=True, slots=True)
class SendChanged:
    """A reply of this desk moved to another delivery state.

    `message` is given when it is queued, so that the reply is on screen before the backend has seen it.
    `message_id` is given when the server acknowledged it. The largest `version` says where it is, but nothing takes
    back an acknowledgement, and once the stream has shown the reply nothing else counts.
    """

    conversation_id: ConversationId
    client_id: ClientId
    delivery: Delivery
    message: Message | None = None
    message_id: MessageId | None = None
    reason: str = ""
    version: int = 0
    held_until: float | None = None
    """Unix seconds until which a queued reply waits so that it can be taken back."""


@dataclass(frozen=True, slots=True)
class DraftChanged:
    """What the agent has typed and not sent, per conversation and visibility."""

    conversation_id: ConversationId
    visibility: Visibility
    text: str


Event = (
    ConversationUpserted
    | ConversationRemoved
    | MessageUpserted
    | MessageEdited
    | MessageDeleted
    | HistoryLoaded
    | StatusChanged
    | PriorityChanged
    | TagsChanged
    | AssigneeChanged
    | OfferChanged
    | TypingChanged
    | ReadMarked
    | Seen
    | ConnectionChanged
    | AgentIdentified
    | PresenceChanged
    | RosterChanged
    | Gap
    | SendChanged
    | DraftChanged
)
