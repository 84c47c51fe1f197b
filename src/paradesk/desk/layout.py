"""Which conversations lie side by side: what the screen restores after a restart."""

from dataclasses import dataclass

from paradesk.core.model import ConversationId


@dataclass(frozen=True, slots=True)
class Layout:
    """The panes from left to right, and how they are shown."""

    panes: tuple[ConversationId, ...] = ()
    active: ConversationId | None = None
    zoomed: bool = False
    hotlist: bool = True
    notes: tuple[ConversationId, ...] = ()
    """Conversations whose composer is in note mode."""
