"""What a backend can do. One object drives both what the screen offers and which contract tests run."""

from dataclasses import dataclass
from enum import StrEnum

from paradesk.core.model import Presence, Status


class Support(StrEnum):
    """How a capability is there: at the backend, kept by the desk ("local only"), or not at all."""

    NATIVE = "native"
    EMULATED = "emulated"
    ABSENT = "absent"


class Idempotency(StrEnum):
    """What happens when a send is repeated after an unclear outcome."""

    EXACT = "exact"
    """The backend recognises the client id and delivers once (within `Capabilities.exact_window`)."""
    ECHO = "echo"
    """The client id comes back with the message, but a repeat is a second message."""
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """Declared by each connector. What is absent is refused by the desk before any I/O."""

    history: Support = Support.ABSENT
    typing_in: Support = Support.ABSENT
    typing_out: Support = Support.ABSENT
    read_in: Support = Support.ABSENT
    """The customer's read marks reach the agent."""
    read_out: Support = Support.ABSENT
    notes: Support = Support.ABSENT
    """Private notes. A connector without native notes has no code path that could send one."""
    attachments_in: Support = Support.ABSENT
    attachments_out: Support = Support.ABSENT
    edits_in: Support = Support.ABSENT
    deletions_in: Support = Support.ABSENT
    status: Support = Support.ABSENT
    statuses: frozenset[Status] = frozenset()
    """Which canonical statuses can be set."""
    priority: Support = Support.ABSENT
    tags: Support = Support.ABSENT
    join: Support = Support.ABSENT
    leave: Support = Support.ABSENT
    end_chat: Support = Support.ABSENT
    take_next: Support = Support.ABSENT
    """The backend hands out whichever conversation has waited longest."""
    assign: Support = Support.ABSENT
    """Somebody can be made responsible without being asked."""
    transfer: Support = Support.ABSENT
    offers: Support = Support.ABSENT
    """A transfer waits until its target accepts or declines it."""
    presence: Support = Support.ABSENT
    presences: frozenset[Presence] = frozenset()
    """Which presences can be set."""
    search: Support = Support.ABSENT
    canned: Support = Support.ABSENT
    """The backend keeps canned responses that can be read."""
    customer: Support = Support.ABSENT
    """More about the customer, and their earlier conversations, can be asked for."""
    upload: Support = Support.ABSENT
    """Files are uploaded before the reply that carries them, so that a repeat does not upload them again."""
    create: Support = Support.ABSENT
    resume: Support = Support.ABSENT
    """A persisted cursor continues the stream where it stopped."""
    idempotency: Idempotency = Idempotency.NONE
    exact_window: float = 0.0
    """Seconds during which a repeat with the same client id is safe (EXACT)."""
    settle: float = 30.0
    """Longest time in seconds that the backend may take to show a message that it accepted (ECHO)."""
    typing_lapses: float = 6.0
    """Seconds after which a customer's typing counts as over when the backend says nothing more."""
    latency: float = 0.0
    """Seconds until what happened is noticed, at worst, where the connector has to ask for it again and again."""
    max_body_bytes: int = 60_000
    """Longest message body in UTF-8 bytes."""
    max_attachment_bytes: int = 25_000_000

    def support(self, name: str) -> Support:
        """Return the support of the capability called `name`, such as `notes`; raises AttributeError if unknown."""
        value = getattr(self, name)
        if not isinstance(value, Support):
            raise AttributeError(f"{name!r} is not a capability")
        return value
