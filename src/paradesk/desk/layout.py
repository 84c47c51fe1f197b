"""Which conversations lie side by side, and where the agent was in them: what the screen restores after a restart."""

from dataclasses import dataclass

from paradesk.core.model import ConversationId, LocalFile


@dataclass(frozen=True, slots=True)
class ReadingPlace:
    """Where the agent reads back in a transcript. Message ids and order keys are the backend's."""

    message_id: str
    """The message in the first row of the view."""
    order: int
    offset: int
    """Rows from that message's first row of text."""
    left_id: str = ""
    """The newest message when the agent left the end: what came later is new."""
    left_order: int | None = None


@dataclass(frozen=True, slots=True)
class PanePlace:
    """What else is restored of one conversation's pane."""

    conversation_id: ConversationId
    reading: ReadingPlace | None = None
    """None at the newest message."""
    cursor: int | None = None
    """Characters before the cursor in the draft; None at its end."""
    files: tuple[LocalFile, ...] = ()
    """What is attached to the draft."""


@dataclass(frozen=True, slots=True)
class Layout:
    """The panes from left to right, and how they are shown. Fields have defaults: an older record lacks some."""

    panes: tuple[ConversationId, ...] = ()
    active: ConversationId | None = None
    zoomed: bool = False
    hotlist: bool = True
    notes: tuple[ConversationId, ...] = ()
    """Conversations whose composer is in note mode."""
    places: tuple[PanePlace, ...] = ()
    chosen: ConversationId | None = None
    """The row under the hotlist's cursor."""
    panel: bool = False
    """Whether the customer panel is open."""
