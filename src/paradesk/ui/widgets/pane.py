"""One chat on the screen: a frame that says whose it is, the transcript, the find line, the composer."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

from rich.cells import cell_len
from rich.style import Style
from textual.app import ComposeResult
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from paradesk.core.model import ConversationId, LocalFile, Visibility
from paradesk.core.state import Thread
from paradesk.ui.safety import FilteredRows
from paradesk.ui.themes import hue_colour
from paradesk.ui.widgets.composer import Composer
from paradesk.ui.widgets.composer_rows import Target
from paradesk.ui.widgets.guarded_composer import GuardedComposer
from paradesk.ui.widgets.lines import Part, cut_out, shorten, spread, strip_of, width_of
from paradesk.ui.widgets.transcript import TranscriptView

if TYPE_CHECKING:
    from paradesk.ui.widgets.find_bar import FindBar

_NAME_CELLS = 24
"""A name up to this width is cut only when nothing else can go."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PaneTitle:
    """What the frame of a pane says. Two equal ones look the same, so a pane repaints only for a new one."""

    number: int
    name: str
    ticket: str = ""
    channel: str = ""
    state: str = ""
    waiting: str = ""
    """How long the customer has waited, with its mark; empty when nobody waits."""
    unread: int = 0
    active: bool = False
    confusable: bool = False
    """Another open chat has a name that is easily taken for this one."""
    distinct: str = ""
    """What tells this customer from the one with the similar name, beside the ticket's number."""
    mixed: bool = False
    """The name mixes letters of scripts that can be taken for each other."""
    hue: int = 0
    note: bool = False
    """The composer writes a private note."""
    zoomed: bool = False
    foot: str = ""
    """What needs the agent's decision, such as a reply that failed; stands in the lower edge."""

    def target(self, *, dark: bool) -> Target:
        """Return how the input line names the one whom a reply goes to."""
        name = self.name
        if self.confusable:
            name = f"≈ {name} ({self.distinct})" if self.distinct else f"≈ {name}"
        return Target(name, self.ticket, hue_colour(self.hue, dark=dark))


def title_parts(title: PaneTitle, width: int, frame: Style, name: Style, alert: Style) -> tuple[list[Part], list[Part]]:
    """Return the left and the right half of a pane's upper edge; what matters least goes where room is short."""
    line = "━" if title.active else "─"
    joint: Part = (f" {line} ", frame)
    ending = ("┓" if title.active else "┐", frame)
    corner = "┏━" if title.active else "┌─"
    mark = f"▶ {title.number}" if title.active else f" {title.number}"
    head: list[Part] = [(corner, frame), (mark, name if title.active else frame), joint]
    ticket = f"#{title.ticket}" if title.ticket else ""
    shown = f"≈ {title.name}" if title.confusable else title.name
    distinct = title.distinct if title.confusable else ""
    whole = min(cell_len(shown), _NAME_CELLS)
    right: list[Part] = []
    tail: list[Part] = []
    room = 0
    for extras, between in _fitting(ticket, distinct, title.channel, joint, (" ", frame)):
        tail = [part for extra in extras for part in (joint, (extra, frame))]
        words = _state_words(title, frame, alert, tight=between is not joint)
        right = [part for word in words for part in (word, between)][:-1]
        right = [(" ", frame), *right, (" ", frame), ending] if right else [ending]
        room = width - width_of(head) - width_of(tail) - width_of(right) - 2
        if room >= whole:
            break
    return [*head, (shorten(shown, max(room, 3)), name), *tail, (" ", frame)], right


def _state_words(title: PaneTitle, frame: Style, alert: Style, *, tight: bool) -> list[Part]:
    """Return the words at the right end of the upper edge."""
    words: list[Part] = [("ZOOM", frame)] if title.zoomed else []
    if title.unread and not title.active:
        words.append((f"+{title.unread}" if tight else f"{title.unread} unread", alert))
    if title.mixed:
        words.append(("mixed scripts", alert))
    if title.state:
        words.append((title.state, frame))
    if title.waiting:
        words.append((title.waiting, alert if title.waiting.endswith("!") else frame))
    return words


def _fitting(ticket: str, distinct: str, channel: str, wide: Part, tight: Part) -> Iterator[tuple[list[str], Part]]:
    """Yield what may stand beside the name, and between the words at the right: the roomiest way first."""
    yield [extra for extra in (ticket, distinct, channel) if extra], wide
    rest = [extra for extra in (ticket, distinct or channel) if extra]
    yield rest, wide
    if distinct:
        yield rest, tight
    yield [ticket] if ticket else [], wide
    yield [ticket] if ticket else [], tight
    yield [], wide
    yield [], tight


class PaneOwner(Protocol):
    """What a pane asks of the rest."""

    def typed(self, pane: "Pane", text: str) -> None:
        """Keep what stands in the composer."""

    def typing(self, conversation_id: ConversationId, typing: bool) -> None:
        """Tell the customer that somebody writes."""

    def send(
        self,
        pane: "Pane",
        text: str,
        visibility: Visibility,
        attachments: tuple[LocalFile, ...],
        *,
        claim: Callable[[], None] | None = None,
    ) -> bool:
        """Send to the pane's customer."""

    def copied(self, pane: "Pane", text: str, *, composer: bool) -> None:
        """Remember from which chat text was copied."""

    def pasted(self, pane: "Pane", text: str) -> None:
        """Remember that text is about to be pasted."""

    def history(self, pane: "Pane") -> None:
        """Fetch what was said before."""

    async def links(self, pane: "Pane") -> None:
        """Show the links and files of the chosen message."""

    def tell(self, text: str, severity: str) -> None:
        """Tell the agent something."""


class Pane(Widget):
    """The conversation of a pane never changes: another chat is another pane."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"pane--frame", "pane--frame-active", "pane--alert"}
    DEFAULT_CSS = """
    Pane { position: absolute; padding: 1; layout: vertical; background: $background; color: $foreground; }
    Pane > .pane--frame { color: $foreground 45%; background: $background; }
    Pane > .pane--frame-active { color: $accent; background: $background; text-style: bold; }
    Pane > .pane--alert { color: $warning; background: $background; text-style: bold; }
    """

    def __init__(self, conversation_id: ConversationId, owner: PaneOwner) -> None:
        super().__init__()
        self.conversation_id = conversation_id
        self._owner = owner
        self.title = PaneTitle(number=0, name="")
        self.transcript = TranscriptView()
        self._find_bar: FindBar | None = None
        self.composer = GuardedComposer()
        self._rows: list[Strip] = []
        self._drawn_for: Size | None = None
        self._filtered = FilteredRows(self)

    def compose(self) -> ComposeResult:
        """Transcript and composer; the find line comes between them when it is wanted."""
        yield self.transcript
        yield self.composer

    async def find(self) -> None:
        """Open the line for finding text in the transcript, and go there."""
        from textual.widgets import Input

        from paradesk.ui.widgets.find_bar import FindBar

        if self._find_bar is None:
            self._find_bar = FindBar()
            await self.mount(self._find_bar, before=self.composer)
        self._find_bar.open()
        self.screen.set_focus(self._find_bar.query_one(Input))

    def show_title(self, title: PaneTitle) -> None:
        """Draw the frame for this title; only edges that look different are painted."""
        old, self.title = self.title, title
        if old == title:
            return
        self._drawn_for = None
        self.composer.target = title.target(dark=self.app.current_theme.dark)
        self.composer.active = title.active
        if old.active != title.active:
            self.set_class(title.active, "-active")
            self.refresh()
            return
        width, height = self.outer_size
        self.refresh(Region(-1, -1, width, 1))
        if old.foot != title.foot or old.note != title.note:
            self.refresh(Region(-1, height - 2, width, 1))

    @property
    def visibility(self) -> Visibility:
        """Whether the composer writes to the customer or a private note."""
        return self.composer.visibility

    def show_thread(self, thread: Thread, now: float, agent_id: str, *, looked_at: bool, offline: bool = False) -> None:
        """Show what was said, and whether replies have to wait for the connection; cheap when nothing changed."""
        self.transcript.attentive = looked_at
        self.transcript.show(thread, now=now, agent_id=agent_id, offline=offline)

    # What the parts of the pane say

    def on_composer_changed(self, event: Composer.Changed) -> None:
        """Keep the draft."""
        event.stop()
        self._owner.typed(self, event.text)

    def on_composer_send_requested(self, event: Composer.SendRequested) -> None:
        """Send to this pane's customer, whichever pane is active by now."""
        event.stop()
        self._owner.send(self, event.text, event.visibility, event.attachments, claim=event.claim)

    def on_composer_slots_open(self, event: Composer.SlotsOpen) -> None:
        """Say what must be filled in first."""
        event.stop()
        blanks = ", ".join(dict.fromkeys(f"⟦{name}⟧" for name in event.names))
        self._owner.tell(
            f"{self.title.name}: fill in {blanks} first. Nothing was sent; tab goes to the next", "warning"
        )

    def on_composer_typing(self, event: Composer.Typing) -> None:
        """Tell the customer."""
        event.stop()
        self._owner.typing(self.conversation_id, event.typing)

    def on_composer_paste_cut(self, event: Composer.PasteCut) -> None:
        """Say that a paste was too long."""
        event.stop()
        self._owner.tell(f"{self.title.name}: the paste was too long, {event.lost} characters were left out", "warning")

    def on_composer_copied(self, event: GuardedComposer.Copied) -> None:
        """Remember where it came from."""
        event.stop()
        self._owner.copied(self, event.text, composer=True)

    def on_composer_pasted(self, event: GuardedComposer.Pasted) -> None:
        """Where it came from is known, if it was copied here."""
        event.stop()
        self._owner.pasted(self, event.text)

    def on_transcript_view_history_wanted(self, event: TranscriptView.HistoryWanted) -> None:
        """Fetch what was said before."""
        event.stop()
        self._owner.history(self)

    async def on_transcript_view_link_or_file_wanted(self, event: TranscriptView.LinkOrFileWanted) -> None:
        """Show the links and files of the chosen message."""
        event.stop()
        await self._owner.links(self)

    async def on_transcript_view_raw_wanted(self, event: TranscriptView.RawWanted) -> None:
        """Show a message as it came."""
        event.stop()
        from paradesk.ui.keys import drain
        from paradesk.ui.screens.raw import RawScreen

        screen = RawScreen(event.message)
        await self.app.push_screen(screen)
        await drain([screen])

    def on_transcript_view_copied(self, event: TranscriptView.Copied) -> None:
        """Say that it worked: the clipboard cannot be seen."""
        event.stop()
        self._owner.copied(self, event.text, composer=False)
        self._owner.tell("Copied", "information")

    def on_transcript_view_notice(self, event: TranscriptView.Notice) -> None:
        """Say why nothing happened."""
        event.stop()
        self._owner.tell(event.text, "information")

    def on_find_bar_changed(self, event: "FindBar.Changed") -> None:
        """Find as the agent types."""
        event.stop()
        self.transcript.find(event.query)
        self._show_matches(event.query)

    def on_find_bar_step(self, event: "FindBar.Step") -> None:
        """Go to another match."""
        event.stop()
        if event.direction > 0:
            self.transcript.find_previous()
        else:
            self.transcript.find_next()
        self._show_matches("again")

    def _show_matches(self, query: str) -> None:
        place, count = self.transcript.find_position
        if self._find_bar is not None:
            self._find_bar.show_count("" if not query else f"{place} of {count}" if count else "not found")

    def on_find_bar_closed(self, event: "FindBar.Closed") -> None:
        """Go back to writing."""
        event.stop()
        self.transcript.clear_find()
        self.screen.set_focus(self.composer)

    def notify_style_update(self) -> None:
        """Draw the frame again in the colours of the new theme."""
        self._drawn_for = None
        self._filtered.forget()
        super().notify_style_update()

    def _draw(self, size: Size) -> list[Strip]:
        """Return all rows: the upper edge, the sides, and the lower edge."""
        width = size.width
        title = self.title
        frame = self.get_component_rich_style("pane--frame-active" if title.active else "pane--frame")
        alert = self.get_component_rich_style("pane--alert")
        plain = Style(color=frame.color, bgcolor=frame.bgcolor)
        name = plain + Style(color=hue_colour(title.hue, dark=self.app.current_theme.dark), bold=True)
        left, right = title_parts(title, width, plain, name, alert)
        top = spread(left, right, width, ("━" if title.active else "─", plain))
        side, across = ("┃", "━") if title.active else ("│", "─")
        ends = "┗┛" if title.active else "└┘"
        middle = strip_of([(side, plain), (" " * (width - 2), self.rich_style), (side, plain)], width, plain)
        foot: list[Part] = [(ends[0] + across, plain)]
        if title.foot:
            foot.append((f" {shorten(title.foot, width - 6)} ", alert))
        bottom = spread(foot, [(ends[1], plain)], width, (across, plain))
        return [top, *[middle] * (size.height - 2), bottom]

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw the frame; the widgets inside draw themselves."""
        size = self.outer_size
        if self._drawn_for != size:
            self._rows = self._draw(size)
            self._drawn_for = size
        return cut_out(self._filtered.pass_through(self._rows), crop, size.width)
