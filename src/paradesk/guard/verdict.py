"""What the guard is asked and what it answers. Every answer can be explained in one line."""

from dataclasses import dataclass, field
from enum import StrEnum

from paradesk.core.model import ConversationId, MessageId, Visibility


class Check(StrEnum):
    """The guard's checks, by the names that policy, counters and explanations use."""

    TARGET = "target"
    """The draft was begun for another conversation than the one it is about to go to."""
    PROVENANCE = "provenance"
    """Text that was filled, copied or pasted from another chat."""
    LEAK = "leak"
    """A detail that belongs to another open chat and not to this one."""
    FIT = "fit"
    """The draft answers another open chat far better than this one."""
    SWITCHED = "switched"
    """The focus changed while keys were on their way."""
    LATE = "late"
    """The customer wrote after the draft was begun."""
    REPEAT = "repeat"
    """This text, or nearly this text, was sent here already."""
    AUDIENCE = "audience"
    """A note-like text is about to go out as a public reply."""
    SECRET = "secret"
    """A card number, token or password, in either direction."""


class Severity(StrEnum):
    """What a finding asks for."""

    HOLD = "hold"
    """Send, after a short visible delay in which one key takes it back."""
    ASK = "ask"
    """Send only after the agent has said so."""


class Late(StrEnum):
    """When a line that came while the agent wrote is shown before the reply leaves."""

    ALWAYS = "always"
    UNREAD = "unread"
    """Unless it stood on the screen for a while, as the agent went on writing."""
    OFF = "off"


class OriginKind(StrEnum):
    """How a piece of a draft came into it."""

    CANNED = "canned"
    COPIED = "copied"
    """Copied or cut inside Paradesk, from a transcript or a composer."""
    MOVED = "moved"
    """A draft that was moved here by the agent: counts as meant for this chat."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A piece of a draft that came from somewhere: which chat it was filled or copied for, and its text as it came."""

    conversation_id: ConversationId
    kind: OriginKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A reply at the moment of sending, with what the composer knows of its making."""

    conversation_id: ConversationId
    """Whom it would go to."""
    text: str
    visibility: Visibility = Visibility.PUBLIC
    target: ConversationId | None = None
    """Whom it was begun for, fixed at its first keystroke; None where that is not known."""
    begun_at: float | None = None
    """Unix seconds of the first keystroke."""
    last_seen: MessageId | None = None
    """The newest customer message on the screen at the first keystroke."""
    acknowledged: MessageId | None = None
    """The newest customer message that the guard has shown for this draft already."""
    read: MessageId | None = None
    """The newest customer message that stood on the screen for at least two seconds while the agent went on writing."""
    switched: str = ""
    """Characters that were typed right after the focus changed, and may have been meant for the pane before."""
    switched_from: ConversationId | None = None
    origins: tuple[Origin, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's objection."""

    check: Check
    severity: Severity
    reason: str
    """In words for the agent, about 60 cells, without the names of the chats: `names order 7731`."""
    meant: ConversationId | None = None
    """The chat that the draft seems to be meant for."""
    evidence: tuple[str, ...] = ()
    """The words or details that decided."""
    risk: float = 1.0
    """From 0 (nothing) to 1 (certain), for the order of findings and for tuning."""
    message_id: MessageId | None = None
    """The message that should be looked at first, such as a line that came late."""
    also: tuple[Check, ...] = ()
    """Other checks that object for the same chat, and whose evidence stands here too."""

    @property
    def checks(self) -> tuple[Check, ...]:
        """All checks that this finding speaks for, its own first."""
        return (self.check, *self.also)


@dataclass(frozen=True, slots=True)
class Verdict:
    """All findings on a draft, the gravest first."""

    findings: tuple[Finding, ...] = ()
    hold: float = 0.0
    """Seconds for which the reply can be taken back before it leaves; 0 for a clean one."""
    faults: tuple[Check, ...] = ()
    """Checks that failed inside and said nothing; the others went on."""

    @property
    def first(self) -> Finding | None:
        """The finding that the agent is shown."""
        return self.findings[0] if self.findings else None

    @property
    def asks(self) -> bool:
        """Whether nothing may be sent before the agent has decided."""
        return any(finding.severity is Severity.ASK for finding in self.findings)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardSettings:
    """How strict the guard is; set in `[guard]` of config.toml, and later by desk policy."""

    enabled: bool = True
    checks: frozenset[Check] = field(default_factory=lambda: frozenset(Check))
    """Those that are on."""
    sensitivity: float = 0.5
    """0 to 1, for the checks `leak` and `fit`: higher catches more and asks more often."""
    hold: float = 4.0
    """Seconds of delay for a reply with a risk that needs no question; 0 turns the delay off."""
    undo: float = 0.0
    """Seconds of delay for every other reply to a customer, so that it can be taken back; no finding is needed for it."""
    late: Late = Late.UNREAD
    internal_links: tuple[str, ...] = ()
    """Host names whose links are internal, such as `wiki.example.com`."""
