"""The state of the desk: one immutable snapshot, with versions so that a widget compares integers, not texts."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from paradesk.core.model import Agent, Conversation, ConversationId, Link, MessageId, Visibility
from paradesk.core.transcript import Transcript


@dataclass(frozen=True, slots=True)
class Typing:
    """Who is typing, until when (Unix seconds)."""

    name: str
    until: float
    customer: bool = True


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
    """When the customer began to wait for a human agent, or None. Every clock is computed from this."""
    seen: int = -(2**62)
    """Order key up to which the agent has looked."""
    unread: int = 0
    """Customer messages after `seen`."""
    read_by_customer: MessageId | None = None
    """The newest message that the customer has read."""
    history_complete: bool = False
    """Nothing lies before the first message of the transcript."""
    gap: bool = False
    """Messages are missing somewhere; the connector is closing the hole."""
    drafts: Mapping[Visibility, str] = field(default_factory=dict)
    field_versions: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    """Per field of the conversation, the version (and tie-breaker) of the event that set it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileState:
    """One configured backend."""

    name: str
    link: Link = Link.CONNECTING
    reason: str = ""
    retry_at: float | None = None
    agent: Agent | None = None
    roster: tuple[Agent, ...] = ()
    gap: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything. Replaced as a whole by `core.reduce`, shared freely between threads."""

    threads: Mapping[ConversationId, Thread] = field(default_factory=dict)
    profiles: Mapping[str, ProfileState] = field(default_factory=dict)
    version: int = 0
