"""A list of choices whose cursor is a mark (`▶`), not a colour, and stands on an id, not on a row."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from paradesk.ui.content import segments_width
from paradesk.ui.widgets.lines import shorten


@dataclass(frozen=True, slots=True)
class Choice:
    """One row: an id, its label, and what stands dimmed at the right end."""

    id: str
    label: str
    hint: str = ""
    heading: str = ""
    """A group title that is drawn above the first row of each group; rows of a group stand together."""


class ChoiceList(Widget):
    """Rows of plain text with one cursor. The owner moves it; a click chooses a row."""

    DEFAULT_CSS = """
    ChoiceList { height: 1fr; min-height: 1; }
    ChoiceList > .choice-list--heading { text-style: bold underline; }
    ChoiceList > .choice-list--cursor { text-style: bold reverse; }
    ChoiceList > .choice-list--hint { text-style: dim; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"choice-list--heading", "choice-list--cursor", "choice-list--hint"}

    class Chosen(Message):
        """A row was clicked."""

        def __init__(self, choice_id: str) -> None:
            super().__init__()
            self.choice_id = choice_id

    class Moved(Message):
        """The cursor stands on another row (or on none)."""

        def __init__(self, choice_id: str | None) -> None:
            super().__init__()
            self.choice_id = choice_id

    def __init__(
        self, choices: Sequence[Choice] = (), *, empty: str = "nothing matches", id: str | None = None
    ) -> None:
        super().__init__(id=id)
        self._empty = empty
        self._choices: tuple[Choice, ...] = ()
        self._rows: list[tuple[str, Choice | None]] = []
        self._cursor: str | None = None
        self._top = 0
        self.set_choices(choices)

    @property
    def cursor(self) -> str | None:
        """The id under the cursor, or None when the list is empty."""
        return self._cursor

    @property
    def choices(self) -> tuple[Choice, ...]:
        """All rows, in order."""
        return self._choices

    def set_choices(self, choices: Sequence[Choice]) -> None:
        """Replace the rows. The cursor stays on its id where that is still there, else it goes to the first row."""
        self._choices = tuple(choices)
        rows: list[tuple[str, Choice | None]] = []
        heading = ""
        for choice in self._choices:
            if choice.heading and choice.heading != heading:
                heading = choice.heading
                rows.append((heading, None))
            rows.append((choice.label, choice))
        self._rows = rows
        ids = [choice.id for choice in self._choices]
        if self._cursor not in ids:
            self._cursor = ids[0] if ids else None
            self._top = 0
            if self.is_mounted:
                self.post_message(self.Moved(self._cursor))
        self._reveal()
        if self.is_mounted:
            # A layout that is asked for earlier keeps Textual from noticing this one.
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """All rows, or the one that says that there are none; the style sheet caps it."""
        return max(1, len(self._rows))

    def move(self, rows: int) -> None:
        """Move the cursor by so many rows, stopping at the ends."""
        ids = [choice.id for choice in self._choices]
        if not ids or self._cursor is None:
            return
        place = min(max(ids.index(self._cursor) + rows, 0), len(ids) - 1)
        self.select(ids[place])

    def page(self, direction: int) -> None:
        """Move the cursor by a page, up (-1) or down (1)."""
        self.move(direction * max(1, self.size.height - 1))

    def select(self, choice_id: str) -> None:
        """Put the cursor on the row with this id, where there is one."""
        if any(choice.id == choice_id for choice in self._choices) and choice_id != self._cursor:
            self._cursor = choice_id
            self._reveal()
            self.refresh()
            self.post_message(self.Moved(choice_id))

    def _reveal(self) -> None:
        height = self.size.height
        if not height:
            return
        place = next((i for i, (_, c) in enumerate(self._rows) if c is not None and c.id == self._cursor), 0)
        if place > 0 and self._rows[place - 1][1] is None and place - 1 < self._top:
            place -= 1
        self._top = min(max(self._top, place - height + 1), place)
        self._top = max(0, min(self._top, len(self._rows) - height))

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        self._reveal()

    def on_click(self, event: events.Click) -> None:
        """Choose the row that was clicked."""
        place = self._top + event.y
        if 0 <= place < len(self._rows) and (choice := self._rows[place][1]) is not None:
            self.select(choice.id)
            self.post_message(self.Chosen(choice.id))

    def on_mouse_scroll_up(self) -> None:
        """Move up with the wheel."""
        self.move(-1)

    def on_mouse_scroll_down(self) -> None:
        """Move down with the wheel."""
        self.move(1)

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        width = self.size.width
        base = self.rich_style
        place = self._top + y
        if not self._rows:
            return Strip([Segment(f"  {self._empty}"[:width] if y == 0 else "", base)]).adjust_cell_length(width, base)
        if place >= len(self._rows):
            return Strip.blank(width, base)
        label, choice = self._rows[place]
        if choice is None:
            heading = self.get_component_rich_style("choice-list--heading")
            return Strip([Segment(f" {label}", heading)]).adjust_cell_length(width, base)
        at_cursor = choice.id == self._cursor
        style = base + self.get_component_rich_style("choice-list--cursor") if at_cursor else base
        more = "▲" if y == 0 and self._top else ""
        if y == self.size.height - 1 and place < len(self._rows) - 1:
            more = "▼"
        hint = f" {choice.hint} {more}" if more else f" {choice.hint}"
        room = width - 3 - segments_width(hint)
        strips: list[Segment] = [Segment(" ▶ " if at_cursor else "   ", style)]
        body = Strip([Segment(shorten(label, max(room, 0)), style)]).adjust_cell_length(max(room, 0), style)
        hint_style: Style = style if at_cursor else base + self.get_component_rich_style("choice-list--hint")
        return Strip([*strips, *body, Segment(hint, hint_style)]).adjust_cell_length(width, style)
