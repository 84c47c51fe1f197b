"""The state of the desk: one immutable snapshot, with versions so that a widget compares integers, not texts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from paradesk.core.model import (
    Agent,
    ClientId,
    Conversation,
    ConversationId,
    Delivery,
    Link,
    Message,
    MessageId,
    Presence,
    Visibility,
)
from paradesk.core.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Typing:
    """Who is typing, until when (Unix seconds)."""

    name: str
    until: float
    customer: bool = True
    preview: str = ""
    """What has been typed so far, where the backend shows unsent text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What is known of a message beside its text as first seen: edits and a deletion, perhaps ahead of the message."""

    base: Message | None = None
    """The newest full version of the message, before the changes below; None while it has not arrived."""
    edit: tuple[int, str] | None = None
    """Version and text of the newest edit."""
    original: str = ""
    """The text of that edit as it came, where hidden characters were removed from it; see `Message.original`."""
    deleted: int | None = None
    """Version of the newest deletion."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sending:
    """A reply of this desk that the stream has not shown yet. It goes when the stream shows it."""

    delivery: Delivery
    version: int = 0
    reason: str = ""
    message: Message | None = None
    """What to show meanwhile; None while only changes of its delivery have arrived."""
    message_id: MessageId | None = None
    """The server's id, once acknowledged."""
    held_until: float | None = None
    """Unix seconds until which it waits so that it can be taken back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """Stands for the messages that were cut from the start of a transcript, so that clocks and counts stay right."""

    order_key: int
    message_id: str
    """Order key and id of the newest message that was cut."""
    waiting_since: float | None = None
    """When the customer began to wait, as the messages up to here say."""
    unread: int = 0
    """Unread messages up to here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """One conversation with everything that the desk knows of it."""

    conversation: Conversation
    transcript: Transcript = field(default_factory=Transcript)
    version: int = 0
    """Grows with every visible change of this thread, its transcript included."""
    known: bool = True
    """False while only messages or changes have arrived, and the conversation itself has not."""
    removed: str = ""
    """Why it is no longer ours, or empty."""
    typing: Typing | None = None
    waiting_since: float | None = None
    """When the first customer message after the last public reply of a human agent was sent, or None.

    A bot, a note or a failed reply does not end the wait. It says nothing of the status: a solved conversation can have
    one, and `core.hotlist` is where that stops being shown as waiting. Every clock is computed from this.
    """
    seen: int = -(2**62)
    """Order key up to which the agent has looked."""
    unread: int = 0
    """Customer messages after `seen` that no human agent has answered publicly since."""
    read_by_customer: MessageId | None = None
    """The newest message that the customer has read."""
    history_complete: bool = False
    """Nothing lies before the first message of the transcript."""
    gap: bool = False
    """Messages are missing somewhere; the connector is closing the hole."""
    gap_key: int | None = None
    """Order key of the newest message before the hole, or None where there is no hole or nothing before it."""
    drafts: Mapping[Visibility, str] = field(default_factory=dict)
    field_versions: Mapping[str, int] = field(default_factory=dict)
    """Per group of fields of the conversation, the version of the event that set it; absent while nothing has."""
    amendments: Mapping[MessageId, Amendment] = field(default_factory=dict)
    """Edits and deletions, by message; also of messages that have not arrived."""
    sends: Mapping[ClientId, Sending] = field(default_factory=dict)
    """Replies of this desk on their way, failed, unclear or taken back."""
    read_ahead: frozenset[MessageId] = frozenset()
    """Messages that the customer has read and that have not arrived here."""
    floor: Floor | None = None
    """Set when the older part of the transcript has been cut to bound memory; the journal still has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileState:
    """One configured backend."""

    name: str
    link: Link = Link.CONNECTING
    reason: str = ""
    retry_at: float | None = None
    agent: Agent | None = None
    roster: tuple[Agent, ...] = ()
    presence: Presence | None = None
    """What the backend holds the agent for; None where it has not said."""
    presence_text: str = ""
    gap: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything. Replaced as a whole by `core.reduce`, shared freely between threads."""

    threads: Mapping[ConversationId, Thread] = field(default_factory=dict)
    profiles: Mapping[str, ProfileState] = field(default_factory=dict)
    version: int = 0
