"""The list of canned responses in the picker: one row each, a cursor that stays on its response."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from textual.events import Click, MouseScrollDown, MouseScrollUp, Resize
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from paradesk.core.text import clean_line
from paradesk.ui.content import segment, segments_width

_NARROWEST_TITLE = 16


@dataclass(frozen=True, slots=True)
class ResponseRow:
    """What one row shows. `facts` go from right to left when there is no room, the first ones stay longest."""

    id: str
    title: str
    facts: tuple[str, ...]


class ResponseList(Widget):
    """Rows drawn line by line, without layout; the cursor is a shape (`▶`) before it is a colour."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "response-list--row",
        "response-list--cursor",
        "response-list--facts",
        "response-list--empty",
    }
    DEFAULT_CSS = """
    ResponseList {
        height: 1fr;
        .response-list--cursor { text-style: bold; background: $primary; color: $text; }
        .response-list--facts { color: $text-muted; }
        .response-list--empty { text-style: italic; }
    }
    """

    class Chosen(Message):
        """A row was clicked; the cursor is on it."""

    def __init__(self, empty: str = "Nothing fits.") -> None:
        super().__init__()
        self._ids: tuple[str, ...] = ()
        self._row_of: Callable[[str], ResponseRow] = lambda item: ResponseRow(item, item, ())
        self._place = 0
        self._top = 0
        self._empty = empty

    @property
    def cursor(self) -> str | None:
        """The id of the row under the cursor, or None when there is no row."""
        return self._ids[self._place] if self._ids else None

    @property
    def shown(self) -> tuple[str, ...]:
        """The ids of all rows, in their order."""
        return self._ids

    def show(self, ids: Sequence[str], row_of: Callable[[str], ResponseRow], cursor: str | None) -> None:
        """Replace the rows; the cursor goes to the row with this id, else to the first.

        `row_of` makes the row of an id when it comes into sight: there can be thousands.
        """
        self._ids = tuple(ids)
        self._row_of = row_of
        self._place = self._ids.index(cursor) if cursor is not None and cursor in self._ids else 0
        self._top = 0
        self._keep_in_sight()
        self.refresh()

    def move(self, rows: int) -> None:
        """Move the cursor by so many rows, as far as there are any."""
        if self._ids:
            self._place = min(max(self._place + rows, 0), len(self._ids) - 1)
            self._keep_in_sight()
            self.refresh()

    @property
    def page(self) -> int:
        """How many rows one page has."""
        return max(1, self.size.height - 1)

    def _keep_in_sight(self) -> None:
        height = max(1, self.size.height)
        self._top = min(self._top, max(0, len(self._ids) - height))
        if self._place < self._top:
            self._top = self._place
        elif self._place >= self._top + height:
            self._top = self._place - height + 1

    def on_resize(self, _: Resize) -> None:
        """Keep the cursor visible."""
        self._keep_in_sight()

    def on_click(self, event: Click) -> None:
        """Put the cursor on the row and say so."""
        place = self._top + event.y
        if place < len(self._ids):
            self._place = place
            self.refresh()
            self.post_message(self.Chosen())

    def on_mouse_scroll_down(self, _: MouseScrollDown) -> None:
        """The wheel looks further down; the cursor stays on its response."""
        self._top = min(self._top + 3, max(0, len(self._ids) - self.size.height))
        self.refresh()

    def on_mouse_scroll_up(self, _: MouseScrollUp) -> None:
        """The wheel looks further up; the cursor stays on its response."""
        self._top = max(0, self._top - 3)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one row."""
        width = self.size.width
        base = self.rich_style
        place = self._top + y
        if not self._ids and y == 0:
            style = base + self.get_component_rich_style("response-list--empty", partial=True)
            return Strip([segment(clean_line(self._empty, width), style)]).adjust_cell_length(width, base)
        if place >= len(self._ids):
            return Strip.blank(width, base)
        row, current = self._row_of(self._ids[place]), place == self._place
        style = base + self.get_component_rich_style(
            "response-list--cursor" if current else "response-list--row", partial=True
        )
        facts_style = style if current else style + self.get_component_rich_style("response-list--facts", partial=True)
        return self._row(row, "▶ " if current else "  ", width, style, facts_style)

    def _row(self, row: ResponseRow, mark: str, width: int, style: Style, facts_style: Style) -> Strip:
        room = max(1, width - len(mark))
        facts = list(row.facts)
        title_needs = min(segments_width(row.title), max(_NARROWEST_TITLE, room // 2))
        while facts and segments_width("  ".join(facts)) + 2 + title_needs > room:
            facts.pop()
        right = "  ".join(facts)
        title_room = room - (segments_width(right) + 2 if right else 0)
        title = clean_line(row.title, title_room)
        gap = " " * (room - segments_width(title) - segments_width(right))
        return Strip(
            [segment(mark + title, style), segment(gap, style), segment(right, facts_style)]
        ).adjust_cell_length(width, style)
