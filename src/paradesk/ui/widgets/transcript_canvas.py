"""How a transcript is drawn: the state of one conversation in, rows of the screen out."""

import time
from collections.abc import Callable
from datetime import date
from typing import ClassVar

from rich.style import Style
from textual.geometry import Region
from textual.message import Message as WidgetMessage
from textual.strip import Strip
from textual.timer import Timer
from textual.widget import Widget

from paradesk.core.model import ConversationId
from paradesk.core.state import Thread
from paradesk.core.text import clean_line
from paradesk.core.transcript import sort_key
from paradesk.desk.layout import ReadingPlace
from paradesk.ui.cards import CARDS
from paradesk.ui.safety import FilteredRows
from paradesk.ui.transcript_blocks import Blocks
from paradesk.ui.transcript_find import Finder, match_offset
from paradesk.ui.transcript_paint import Mark, Painter
from paradesk.ui.transcript_reading import Reading
from paradesk.ui.transcript_rows import local_time
from paradesk.ui.transcript_scroll import Place
from paradesk.ui.transcript_selection import TextSelection
from paradesk.ui.widgets.lines import cut_out

KINDS = (
    "text",
    "time",
    "rule",
    "unseen",
    "gap",
    "typing",
    "status",
    "customer-gutter",
    "customer-name",
    "you-gutter",
    "you-name",
    "agent-gutter",
    "agent-name",
    "bot-gutter",
    "bot-name",
    "system-gutter",
    "system",
    "note-gutter",
    "note-name",
    "note-text",
    "file",
    "link",
    "more",
    "deleted",
    "mark",
    "pending",
    "failed",
    "match",
    "match-current",
    "selection",
    "cursor",
)
"""Every kind of text in a transcript; each is the component class `transcript--<kind>`."""

_NEVER_SEEN = -(2**62)


class TranscriptCanvas(Widget):
    """Draws a thread; wraps only what is in view, and lays nothing out. What the agent does with it is the view's."""

    ALLOW_SELECT: ClassVar[bool] = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {f"transcript--{kind}" for kind in KINDS}
    DEFAULT_CSS = """
    TranscriptCanvas {
        width: 1fr; height: 1fr; background: $background; color: $foreground;
        & > .transcript--text { color: $foreground; }
        & > .transcript--time, & > .transcript--rule, & > .transcript--mark { color: $foreground 55%; }
        & > .transcript--unseen { color: $text-warning; text-style: bold; }
        & > .transcript--gap { color: $text-warning; text-style: bold; }
        & > .transcript--typing { color: $foreground 70%; text-style: italic; }
        & > .transcript--status { color: $foreground; background: $panel; text-style: bold; }
        & > .transcript--customer-gutter, & > .transcript--customer-name { color: $text-primary; text-style: bold; }
        & > .transcript--you-gutter, & > .transcript--you-name { color: $text-success; text-style: bold; }
        & > .transcript--agent-gutter, & > .transcript--agent-name { color: $text-secondary; text-style: bold; }
        & > .transcript--bot-gutter, & > .transcript--bot-name { color: $foreground 70%; text-style: bold; }
        & > .transcript--system-gutter, & > .transcript--system { color: $foreground 60%; text-style: italic; }
        & > .transcript--note-gutter, & > .transcript--note-name { color: $text-warning; text-style: bold; }
        & > .transcript--note-text { color: $text-warning; }
        & > .transcript--file { color: $text-accent; }
        & > .transcript--link { text-style: underline; }
        & > .transcript--more { color: $text-accent; text-style: bold; }
        & > .transcript--deleted { color: $foreground 55%; text-style: italic; }
        & > .transcript--pending { color: $foreground 80%; text-style: italic; }
        & > .transcript--failed { color: $text-error; text-style: bold; }
        & > .transcript--match { color: black; background: $warning; text-style: underline; }
        & > .transcript--match-current { color: black; background: $warning; text-style: bold reverse; }
        & > .transcript--selection { color: $foreground; text-style: reverse; }
        & > .transcript--cursor { background: $panel; }
    }
    """

    typing_preview = False
    """Whether what somebody types is shown before they have sent it."""

    class About(WidgetMessage):
        """A message about the conversation that is shown."""

        def __init__(self, view: "TranscriptCanvas", conversation_id: ConversationId) -> None:
            super().__init__()
            self.view = view
            self.conversation_id = conversation_id

        @property
        def control(self) -> "TranscriptCanvas":
            """The transcript that says so."""
            return self.view

    class HistoryWanted(About, namespace="transcript_view"):
        """The agent reached the oldest loaded message. Call `history_settled` when the page came or could not."""

    class TailReached(About, namespace="transcript_view"):
        """The agent came back to the newest message after reading further up."""

    def __init__(
        self,
        *,
        clock: Callable[[], float] = time.time,
        name: str | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """`clock` gives Unix seconds, for day rules and for typing that lapses."""
        super().__init__(name=name, id=id, classes=classes)
        self._clock = clock
        self._thread: Thread | None = None
        self._blocks = Blocks()
        self._reading = Reading(self._blocks)
        self._finder = Finder()
        self._painter = Painter(self._style_of)
        self._selection: TextSelection | None = None
        self._attentive = False
        self._history_asked = False
        self._history_open = True
        self._history_problem = ""
        self._typing_timer: Timer | None = None
        self._strips: list[Strip] = []
        self._places: list[Place | None] = []
        self._drawn_for: tuple[int, int] | None = None
        self._filtered = FilteredRows(self)

    # What to show

    def show(self, thread: Thread, *, now: float | None = None, agent_id: str = "", offline: bool = False) -> None:
        """Show this state of a conversation; cheap when nothing that is drawn changed.

        `agent_id` is this desk's agent at the backend: their messages are `You`, and carry delivery marks.
        `offline`: what is queued waits for the connection, and says so.
        """
        now = self._clock() if now is None else now
        old, self._thread = self._thread, thread
        blocks = self._blocks
        fresh = old is None or old.conversation.id != thread.conversation.id
        before = None if fresh else (self._drawn_state(), blocks.transcript)
        if fresh:
            self._start_over()
        first = blocks.transcript[0].id if len(blocks) else None
        today = local_time(now)
        if not thread.unread:
            pass
        elif fresh or (not self._attentive and blocks.unseen_after is None):
            blocks.unseen_after = thread.seen if thread.seen > _NEVER_SEEN else None
        blocks.update(thread, today.date() if today else date.min, agent_id, offline=offline)
        if first != (blocks.transcript[0].id if len(blocks) else None):
            self._history_asked, self._history_open, self._history_problem = False, True, ""
        self._note_typing(thread, now)
        if before is None or before[1] is not blocks.transcript or before[0] != self._drawn_state():
            self._redraw()

    @property
    def attentive(self) -> bool:
        """Whether the agent looks at this pane; set by whoever knows which pane is active.

        While they look no rule for new messages is drawn; the one that is there stays until they look away.
        """
        return self._attentive

    @attentive.setter
    def attentive(self, attentive: bool) -> None:
        if self._attentive and not attentive and self._blocks.unseen_after is not None:
            self._blocks.drop_unseen()
            self._redraw()
        self._attentive = attentive

    @property
    def reading_place(self) -> ReadingPlace | None:
        """Where the agent reads back; None at the newest message."""
        return self._reading.place

    def read_on(self, place: ReadingPlace) -> None:
        """Take up reading where it was, once there is something to show."""
        self._reading.wanted = place
        self._redraw()

    def history_settled(self, problem: str = "") -> None:
        """Say that a page asked for by `HistoryWanted` has come, or why not; scrolling up asks again."""
        self._history_asked = self._history_open = False
        self._history_problem = clean_line(problem, 60)
        self._redraw()

    def on_mount(self) -> None:
        """Let typing lapse that was shown before there was a screen."""
        if self._thread is not None:
            self._note_typing(self._thread, self._clock())

    def _start_over(self) -> None:
        self._blocks.clear()
        self._reading.reset()
        self._finder.look_for("")
        self._selection = None
        self._history_asked, self._history_open, self._history_problem = False, True, ""

    def _note_typing(self, thread: Thread, now: float) -> None:
        typing = thread.typing
        if self._typing_timer is not None:
            self._typing_timer.stop()
            self._typing_timer = None
        if typing is None or typing.until <= now:
            self._blocks.typing = ""
            return
        name = clean_line(typing.name, 30) or "Customer"
        said = clean_line(CARDS.shown(typing.preview), 300) if self.typing_preview else ""
        self._blocks.typing = f"{name} is typing: {said}" if said else f"{name} is typing…"
        if self.is_attached:
            self._typing_timer = self.set_timer(min(typing.until - now, 60.0) + 0.01, self._typing_lapsed)

    def _typing_lapsed(self) -> None:
        if self._thread is not None:
            self._typing_timer = None
            self._blocks.typing = ""
            self._redraw()

    def _drawn_state(self) -> tuple[object, ...]:
        complete = bool(self._thread and self._thread.history_complete)
        return (self._blocks.typing, self._blocks.setting, complete)

    # Drawing

    def notify_style_update(self) -> None:
        """Draw everything again in the styles of the new theme."""
        super().notify_style_update()
        painter: Painter | None = getattr(self, "_painter", None)
        if painter is not None:
            painter.forget()
            self._filtered.forget()
            self._drawn_for = None

    def _style_of(self, kind: str) -> Style:
        return self.get_component_rich_style(f"transcript--{kind}", partial=kind == "link")

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the rows in view; nothing is laid out, and only what is in view was wrapped."""
        if self._drawn_for != self.size:
            self._draw()
        return cut_out(self._filtered.pass_through(self._strips), crop, self.size.width)

    def _redraw(self) -> None:
        """Draw again, and repaint the rows that came out different."""
        if not self.is_attached or not self.size or self._drawn_for != self.size:
            self._drawn_for = None
            if self.is_attached:
                self.refresh()
            return
        old = self._strips
        self._draw()
        different = [y for y, (one, other) in enumerate(zip(old, self._strips, strict=True)) if one is not other]
        if different:
            self.refresh(Region(0, different[0], self.size.width, different[-1] - different[0] + 1))

    def _draw(self) -> None:
        width, height = self.size
        reading, painter = self._reading, self._painter
        self._blocks.top_label = self._top_label()
        was_following = reading.following
        reading.resize(width, height)
        places = reading.places()
        self._ask_for_history(places)
        if self._finder.pattern is not None and self._finder.current is None:
            self._finder.refresh(self._blocks.transcript)
        blank = painter.blank(width)
        missing = reading.room - len(places)
        marked = {index: self._marks(index) for index in {index for index, _ in places}}
        self._places = [None] * missing + list(places)
        self._strips = [blank] * missing + [self._strip(index, row, width, marked[index]) for index, row in places]
        if len(self._strips) < height:
            self._places.append(None)
            self._strips.append(self._status(places, width))
        self._drawn_for = self.size
        if reading.following and not was_following:
            self._tell_tail()

    def _strip(self, index: int, row: int, width: int, marks: list[Mark]) -> Strip:
        block = self._blocks.block(index)
        chosen = row >= block.lead and index == self._reading.cursor_index
        if marks or chosen:
            return self._painter.marked(block, row, width, marks, chosen, chosen and row == block.lead)
        return self._painter.plain(block, row, width)

    def _marks(self, index: int) -> list[Mark]:
        """Return what is marked in a message: matches, and over them what is selected."""
        pattern = self._finder.pattern
        if not 0 <= index < len(self._blocks) or (pattern is None and self._selection is None):
            return []
        message = self._blocks.transcript[index]
        block = self._blocks.block(index)
        marks: list[Mark] = []
        if pattern is not None:
            current = self._finder.current
            here = match_offset(current, block) if current and current.message_id == message.id else None
            marks += [
                (match.start(), match.end(), "match-current" if match.start() == here else "match")
                for match in pattern.finditer(block.text)
            ]
        if self._selection is not None:
            span = self._selection.span(sort_key(message), len(block.text))
            if span is not None:
                marks.append((*span, "selection"))
        return marks

    def _status(self, places: list[Place], width: int) -> Strip:
        new = self._reading.new_below
        text = f" ↓ {new} new" if new else " ↓ newest below"
        if self._blocks.typing:
            text += f" · {self._blocks.typing}"
        first = next((index for index, _ in places if index >= 0), 0)
        text += f" · {first + 1:,}/{len(self._blocks):,} "
        return self._painter.line(text, "status", width)

    def _top_label(self) -> str:
        thread = self._thread
        if thread is None:
            return ""
        if thread.history_complete:
            return "beginning of the conversation"
        if self._history_asked:
            return "fetching older messages …"
        if self._history_problem:
            return f"older messages: {self._history_problem} · scroll up to try again"
        return "older messages above"

    def _ask_for_history(self, places: list[Place]) -> None:
        thread = self._thread
        if thread is None or thread.history_complete or self._history_asked or not self._history_open:
            return
        if places and places[0][0] < 0:
            self._history_asked = True
            self._blocks.top_label = self._top_label()
            self._say(self.HistoryWanted(self, thread.conversation.id))

    def _say(self, message: WidgetMessage) -> None:
        """Post a message that bubbles all the way up: whoever paints or calls is not its sender."""
        self.post_message(message.set_sender(self))

    def _tell_tail(self) -> None:
        if self._thread is not None:
            self._say(self.TailReached(self, self._thread.conversation.id))
