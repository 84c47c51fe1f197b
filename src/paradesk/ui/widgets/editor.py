"""A multi-line editor widget that repaints only the rows that a key changed; the composer is built on it."""

from typing import ClassVar, NamedTuple

from rich.style import Style
from textual import events
from textual.color import Color
from textual.geometry import Offset, Region, Size
from textual.strip import Strip
from textual.widget import Widget

from paradesk.ui.composer_keys import EDITS, MOVES
from paradesk.ui.text_buffer import Position, TextBuffer
from paradesk.ui.text_view import TextView, VisibleRow
from paradesk.ui.widgets.composer_rows import Row, hint_row, paint, text_row

_KEPT_STRIPS = 256


class Frame(NamedTuple):
    """What surrounds the text at one width."""

    edge: tuple[str, str]
    above: list[Row]
    below: list[Row]


class Editor(Widget):
    """Text with a gutter, between rows of its subclass above and below.

    It draws its own edge and takes no padding or border. Its height follows the text between one row and `max_rows`;
    only a change of height is a layout.
    """

    ALLOW_SELECT: ClassVar[bool] = False
    STYLE_PREFIX: ClassVar[str] = "editor--"
    """What stands before a row's style names in COMPONENT_CLASSES."""
    can_focus = True

    def __init__(self, *, max_rows: int = 6, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.buffer = TextBuffer()
        self.view = TextView(self.buffer, 80)
        self._max_rows = max(1, max_rows)
        self._dragging = False
        self._rows: list[Row] = []
        self._visible: list[VisibleRow] = []
        self._first_text_row = 0
        self._asked_height = -1
        self._drawn_size = Size(0, 0)
        self._strips: dict[Row, Strip] = {}
        self._styles: dict[str, Style] = {}
        self._background: Color | None = None

    # what a subclass says

    def edge(self, width: int) -> tuple[str, str]:
        """The gutter of each row of text, and the name of its style."""
        return "", ""

    def rows_above(self, width: int) -> list[Row]:
        """Rows above the text."""
        return []

    def rows_below(self, width: int) -> list[Row]:
        """Rows below the text."""
        return []

    def empty_hint(self) -> str:
        """What stands behind the cursor while there is no text."""
        return ""

    def text_edited(self) -> None:
        """Called after each change that the person at the keyboard made."""

    # what an owner sets

    @property
    def max_rows(self) -> int:
        """Rows of text shown at most; the rest is scrolled to by moving the cursor."""
        return self._max_rows

    @max_rows.setter
    def max_rows(self, rows: int) -> None:
        self._max_rows = max(1, rows)
        self.update()

    # keys

    def press(self, event: events.Key) -> bool:
        """Move or edit; False when the key does nothing here, such as up on the first row."""
        return self.press_key(event.key)

    def press_key(self, key: str) -> bool:
        """Do what a key of text editing does, by its name; False when it does nothing here."""
        move = MOVES.get(key)
        if move is not None:
            place = move(self.view)
            if place is None:
                return False
            self.buffer.move_to(place, select="shift+" in key)
            if key.endswith(("up", "down")):
                self.view.keep_goal()
            self.update()
            return True
        edit = EDITS.get(key)
        if edit is None:
            return False
        if edit(self.buffer):
            self.edited()
        return True

    def edited(self) -> None:
        """Repaint after a change of the text and tell the subclass."""
        self.update()
        self.text_edited()

    # mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Place the cursor; with Shift, select up to there."""
        place = self._place_at(event.x, event.y)
        if event.button == 1 and place is not None:
            self._dragging = True
            self.capture_mouse()
            self.buffer.move_to(place, select=event.shift)
            self.update()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Select while the button is held."""
        if self._dragging:
            last = self._first_text_row + len(self._visible) - 1
            place = self._place_at(event.x, min(max(event.y, self._first_text_row), last))
            if place is not None and place != self.buffer.cursor:
                self.buffer.move_to(place, select=True)
                self.update()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """End a drag."""
        self._end_drag()

    def on_click(self, event: events.Click) -> None:
        """Twice selects the word, three times the line."""
        place = self._place_at(event.x, event.y)
        if place is None or event.chain < 2:
            return
        if event.chain == 2:
            self.buffer.select(*self.buffer.word_at(place))
        else:
            self.buffer.select(Position(place.line, 0), Position(place.line, len(self.buffer.lines[place.line])))
        self.update()

    def on_blur(self) -> None:
        """End a drag."""
        self._end_drag()

    def on_resize(self) -> None:
        """Draw for the new size, whatever part of it is visible."""
        if self.size != self._drawn_size:
            self._drawn_size = Size(0, 0)
            self.refresh()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show or hide the cursor."""
        super().watch_has_focus(has_focus)
        self.update()

    def _end_drag(self) -> None:
        if self._dragging:
            self._dragging = False
            self.release_mouse()

    def _place_at(self, x: int, y: int) -> Position | None:
        number = y - self._first_text_row
        if not 0 <= number < len(self._visible):
            return None
        return self.view.position_at(self._visible[number], x - len(self.edge(self.size.width)[0]))

    # drawing

    def update(self) -> None:
        """Repaint the rows that differ from what is on the screen; lay out when their number changed."""
        size = self._drawn_size
        if not size:
            return  # the first drawing will show it
        frame = self._frame(size.width)
        old, self._rows = self._rows, self._build(size, frame)
        if self._wanted_height(frame) != self._asked_height:
            self.refresh(layout=True)
            return
        if len(old) != len(self._rows):
            self.refresh()
            return
        regions = []
        for number, (before, after) in enumerate(zip(old, self._rows, strict=True)):
            if before is not after and before != after:
                # Cells of ASCII are where we think they are in every terminal, so the blank rest can stay.
                plain = before.plain and after.plain
                width = min(size.width, max(before.used, after.used)) if plain else size.width
                regions.append(Region(0, number, width, 1))
        if regions:
            self.refresh(*regions)

    def restyle(self) -> None:
        """Forget what was drawn and repaint everything."""
        self._strips.clear()
        self._styles.clear()
        self._background = None
        self.refresh()

    def notify_style_update(self) -> None:
        """Take the new colours."""
        super().notify_style_update()
        self.restyle()

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """All the width there is."""
        return container.width

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """The rows that everything takes at this width."""
        self._asked_height = self._wanted_height(self._frame(width))
        return self._asked_height

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of a region, each drawn once and kept until it changes."""
        size = self._drawn_size
        if crop.size != size and size != self.size:
            self._strips.clear()
            self._drawn_size = size = self.size
            self._rows = self._build(size, self._frame(size.width))
        self._move_terminal_cursor()
        strips = [self._strip(row, size.width) for row in self._rows[crop.y : crop.bottom]]
        if crop.x or crop.width != size.width:
            return [strip.crop(crop.x, crop.right) for strip in strips]
        return strips

    def _frame(self, width: int) -> Frame:
        """What surrounds the text, with the text fitted into the rest of the width."""
        edge = self.edge(width)
        self.view.resize(width - len(edge[0]))
        return Frame(edge, self.rows_above(width), self.rows_below(width))

    def _wanted_height(self, frame: Frame) -> int:
        text = self.view.row_count(self._max_rows) if self.buffer.size else 1
        return len(frame.above) + text + len(frame.below)

    def _build(self, size: Size, frame: Frame) -> list[Row]:
        """The rows for exactly this size. Where it is too small, the text is the last to go."""
        width, height = size
        if not width or not height:
            self._visible = []
            return []
        edge, above, below = frame
        if height < 3:
            below = []
        above = above[: max(0, height - 1 - len(below))]
        self._first_text_row = len(above)
        rows = [*above, *self._text_rows(edge, width, height - len(above) - len(below)), *below]
        rows += [Row((), 0)] * (height - len(rows))
        return rows[:height]

    def _text_rows(self, edge: tuple[str, str], width: int, height: int) -> list[Row]:
        buffer = self.buffer
        focused = self.has_focus
        self._visible = self.view.visible(height)
        if not buffer.size:
            return [hint_row(edge, self.empty_hint(), width, cursor=focused)]
        selection, cursor = buffer.selection, buffer.cursor
        rows = []
        for line, start, stop in self._visible:
            text = buffer.lines[line]
            selected = None
            if selection is not None and selection[0].line <= line <= selection[1].line:
                selected = (
                    selection[0].column if line == selection[0].line else 0,
                    selection[1].column if line == selection[1].line else len(text),
                )
            here = focused and line == cursor.line and start <= cursor.column
            here = here and (cursor.column < stop or cursor.column == stop == len(text))
            rows.append(text_row(edge, text, start, stop, cursor=cursor.column if here else None, selected=selected))
        return rows

    def _strip(self, row: Row, width: int) -> Strip:
        strip = self._strips.get(row)
        if strip is None:
            strip = paint(row, width, self._style)
            if self._background is None:
                self._background = self.background_colors[1]
            for line_filter in self.get_line_filters():
                strip = strip.apply_filter(line_filter, self._background)
            if len(self._strips) >= _KEPT_STRIPS:
                self._strips.clear()
            self._strips[row] = strip
        return strip

    def _style(self, name: str) -> Style:
        style = self._styles.get(name)
        if style is None:
            style = self.get_component_rich_style(self.STYLE_PREFIX + name) if name else self.rich_style
            self._styles[name] = style
        return style

    def _move_terminal_cursor(self) -> None:
        """Put the terminal's own cursor where the text goes on: input methods open their window there."""
        if self.has_focus:
            for number, row in enumerate(self._rows):
                if row.cursor >= 0:
                    x, y, _, _ = self.region
                    self.app.cursor_position = Offset(x + row.cursor, y + number)
                    return
