"""What a support desk is made of: conversations, messages, customers, statuses, delivery states.

Everything here is an immutable value. Times are Unix seconds (UTC, float). Ids are opaque strings: nothing parses them.
A connector speaks in the ids of its backend; above the desk's intake each id carries its profile in front
(`profile/id`), so that two backends can never collide.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType

ConversationId = NewType("ConversationId", str)
"""Names one conversation. Qualified with its profile (`acme/42`) everywhere above `connectors/`."""

MessageId = NewType("MessageId", str)
"""Names one message inside its conversation, as the backend calls it."""

ClientId = NewType("ClientId", str)
"""Names one reply from the moment it is accepted; made once by the desk and kept for life."""


class Status(StrEnum):
    """Canonical ticket status; the backend's own word travels beside it as `Conversation.status_label`."""

    NEW = "new"
    OPEN = "open"
    PENDING = "pending"
    ON_HOLD = "on_hold"
    SOLVED = "solved"
    CLOSED = "closed"


class Priority(StrEnum):
    """How pressing a conversation is, lowest first."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"
    URGENT = "urgent"


class Visibility(StrEnum):
    """Who may read a message. A note is for agents and must never reach a customer."""

    PUBLIC = "public"
    NOTE = "note"


class Role(StrEnum):
    """Who wrote a message. A bot is not an agent: its reply does not stop the customer's wait."""

    CUSTOMER = "customer"
    AGENT = "agent"
    BOT = "bot"
    SYSTEM = "system"


class Delivery(StrEnum):
    """How far a message of ours has come; a message of anyone else is always `CONFIRMED`.

    `queued → sending → acked (the server gave an id) → confirmed (seen in the stream)`, and to the side `uncertain`,
    `failed` and `cancelled`, which only the agent resolves.
    """

    QUEUED = "queued"
    SENDING = "sending"
    ACKED = "acked"
    CONFIRMED = "confirmed"
    UNCERTAIN = "uncertain"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Presence(StrEnum):
    """Whether an agent takes new chats. Away is not disconnected: what is open goes on."""

    ONLINE = "online"
    AWAY = "away"
    BUSY = "busy"
    INVISIBLE = "invisible"
    """Present, but shown as absent."""


class Link(StrEnum):
    """The state of the connection to one backend."""

    CONNECTING = "connecting"
    ONLINE = "online"
    WAITING = "waiting"
    """Lost; the next try has a time."""
    REFUSED = "refused"
    """The backend does not let us in (wrong password, revoked token): nothing is retried until someone acts."""
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Agent:
    """A person or team who answers: this desk's agent, a colleague, or a transfer target."""

    id: str
    name: str
    kind: str = "agent"
    """`agent` or `team`."""
    email: str = ""
    online: bool = True
    presence: Presence | None = None
    """What they told the backend, where it says."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A transfer that waits for an answer: who hands over, to whom, and what they say to it."""

    by: Agent | None
    to: Agent | None
    note: str = ""
    mine: bool = True
    """This desk's agent is the one to answer it; False while ours waits for somebody else's answer."""


@dataclass(frozen=True, slots=True)
class RemoteResponse:
    """A canned response that the backend keeps; text only, with the backend's own placeholders as they stand."""

    id: str
    title: str
    body: str
    shortcut: str = ""
    language: str = ""
    """BCP 47 tag, or empty where the backend does not say."""


@dataclass(frozen=True, slots=True)
class Found:
    """One conversation that a search at the backend brought up, with the words around the hit."""

    conversation_id: ConversationId
    title: str
    excerpt: str
    at: float


@dataclass(frozen=True, slots=True)
class EarlierConversation:
    """One line of a customer's history, for the customer panel."""

    id: str
    subject: str
    status: str
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """The person on the other side, as far as the backend knows them; unknown fields are empty."""

    id: str
    name: str
    email: str = ""
    phone: str = ""
    language: str = ""
    """BCP 47 tag such as `de` or `en-GB`."""
    plan: str = ""
    company: str = ""
    since: float | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    earlier: tuple[EarlierConversation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that belongs to a message and lies at the backend until someone asks for it."""

    id: str
    """What the connector's `fetch` needs to find it."""
    name: str
    media_type: str = "application/octet-stream"
    size: int | None = None
    """Bytes, where the backend says."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A file on this machine that the agent attaches to a reply."""

    path: str
    name: str
    media_type: str
    size: int
    """Bytes, when it was picked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message; edits and deletions are new versions of it, never new messages."""

    id: MessageId
    conversation_id: ConversationId
    role: Role
    sender_id: str
    sender_name: str
    body: str
    sent_at: float
    order_key: int
    """The backend's sequence: larger is later. Messages are ordered by (order_key, id), never by a local clock."""
    visibility: Visibility = Visibility.PUBLIC
    version: int = 0
    """Grows with each edit or deletion; an older version never replaces a newer one."""
    edited: bool = False
    deleted: bool = False
    attachments: tuple[Attachment, ...] = ()
    client_id: ClientId | None = None
    """Set on replies of this desk, where the backend gives it back."""
    delivery: Delivery = Delivery.CONFIRMED
    delivery_reason: str = ""
    """Why a reply failed or is uncertain, in words for the agent."""
    original: str = ""
    """The text as it came, with an escape for each character that does not show itself (`core.text.escaped`); only
    where hidden characters were removed from `body`, else empty. Set by the desk's intake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversation:
    """One ticket or chat with one customer, without its messages."""

    id: ConversationId
    profile: str = ""
    """Which configured backend it lives in; filled in by the desk's intake."""
    number: str = ""
    """What people call it, such as `1245`; shown with a leading `#`."""
    customer: Customer
    channel: str = "chat"
    """`web`, `whatsapp`, `email`, `matrix`, …: the backend's word, lower case."""
    subject: str = ""
    status: Status = Status.NEW
    status_label: str = ""
    snoozed_until: float | None = None
    priority: Priority = Priority.NORMAL
    tags: frozenset[str] = frozenset()
    assignee: Agent | None = None
    queue: str = ""
    joined: bool = True
    """False while it waits in the queue or as an invitation: it can be read where the backend allows, not answered."""
    ended: bool = False
    """The live chat is over (the customer left, or it was ended); the ticket may still be open."""
    created_at: float = 0.0
    order: Mapping[str, str] = field(default_factory=dict)
    """The customer's order that this is about (`id`, `item`, `total`, `status`, `tracking`, `date`), where known."""
    attributes: Mapping[str, str] = field(default_factory=dict)
    offer: Offer | None = None
    """A transfer that waits for an answer."""
    absent: Mapping[str, str] = field(default_factory=dict)
    """Capabilities that this one conversation lacks: capability name → reason, such as `send` → "encrypted room"."""
