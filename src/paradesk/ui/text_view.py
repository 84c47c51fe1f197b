"""A window of rows onto a text buffer: which rows are visible, where the cursor is in them, vertical movement. Pure."""

from typing import NamedTuple

from paradesk.ui.soft_wrap import SoftWrap
from paradesk.ui.text_buffer import Position, Splice, TextBuffer


class VisibleRow(NamedTuple):
    """One row on the screen: columns `start` to `end` of a logical line."""

    line: int
    start: int
    end: int


class TextView:
    """Wraps only what it shows, so that a huge text costs no more per key than a small one."""

    def __init__(self, buffer: TextBuffer, width: int) -> None:
        self.buffer = buffer
        self.wrap = SoftWrap(width)
        self._top = (0, 0)
        self._goal = 0
        self._goal_at: tuple[int, Position] | None = None
        buffer.listeners.append(self._spliced)

    def resize(self, width: int) -> None:
        """Set the width of a row in cells, the cursor's cell included."""
        self.wrap.resize(width)

    def row_count(self, limit: int) -> int:
        """How many rows the whole text takes, counted up to `limit`."""
        count = 0
        for line in self.buffer.lines:
            count += self.wrap.row_count(line)
            if count >= limit:
                return limit
        return count

    def visible(self, height: int) -> list[VisibleRow]:
        """The rows to show in `height` rows: the cursor's among them, and no empty space while text is hidden."""
        lines, wrap = self.buffer.lines, self.wrap
        self._bring_cursor_in(height)
        number, row = self._top
        rows: list[VisibleRow] = []
        while number < len(lines) and len(rows) < height:
            line = lines[number]
            starts = wrap.rows(line)
            while row < len(starts) and len(rows) < height:
                end = starts[row + 1] if row + 1 < len(starts) else len(line)
                rows.append(VisibleRow(number, starts[row], end))
                row += 1
            number, row = number + 1, 0
        return rows

    def position_at(self, row: VisibleRow, cell: int) -> Position:
        """The place in a visible row that a cell belongs to."""
        line = self.buffer.lines[row.line]
        number, _ = self.wrap.locate(line, row.start)
        return Position(row.line, self.wrap.column_at(line, number, cell))

    def above(self, position: Position, rows: int = 1) -> Position | None:
        """The place `rows` rows up in the same cell as far as possible; None at the top row."""
        return self._vertical(position, -rows)

    def below(self, position: Position, rows: int = 1) -> Position | None:
        """The place `rows` rows down in the same cell as far as possible; None at the bottom row."""
        return self._vertical(position, rows)

    def row_start(self, position: Position) -> Position:
        """The start of the row; from there, the start of the logical line."""
        line = self.buffer.lines[position.line]
        row, _ = self.wrap.locate(line, position.column)
        start, _ = self.wrap.span(line, row)
        return Position(position.line, 0 if start == position.column else start)

    def row_end(self, position: Position) -> Position:
        """The end of the row; from there, the end of the logical line."""
        line = self.buffer.lines[position.line]
        row, _ = self.wrap.locate(line, position.column)
        column = self.wrap.column_at(line, row, self.wrap.width)
        return Position(position.line, len(line) if column == position.column else column)

    def keep_goal(self) -> None:
        """Say that the cursor has just moved vertically: the next vertical move aims at the same cell."""
        self._goal_at = (self.buffer.version, self.buffer.cursor)

    def _vertical(self, position: Position, rows: int) -> Position | None:
        line = self.buffer.lines[position.line]
        row, cell = self.wrap.locate(line, position.column)
        if self._goal_at != (self.buffer.version, position):
            self._goal = cell
        place = self._step((position.line, row), rows)
        if place == (position.line, row):
            return None
        return Position(place[0], self.wrap.column_at(self.buffer.lines[place[0]], place[1], self._goal))

    def _step(self, place: tuple[int, int], rows: int) -> tuple[int, int]:
        """The row that lies `rows` further, stopping at either end of the text."""
        lines, wrap = self.buffer.lines, self.wrap
        number, row = place
        row += rows
        while row < 0:
            if number == 0:
                return 0, 0
            number -= 1
            row += wrap.row_count(lines[number])
        while row >= (count := wrap.row_count(lines[number])):
            if number + 1 == len(lines):
                return number, count - 1
            row -= count
            number += 1
        return number, row

    def _bring_cursor_in(self, height: int) -> None:
        lines, wrap = self.buffer.lines, self.wrap
        number = min(self._top[0], len(lines) - 1)
        top = (number, min(self._top[1], wrap.row_count(lines[number]) - 1))
        cursor = self.buffer.cursor
        row, _ = wrap.locate(lines[cursor.line], cursor.column)
        here = (cursor.line, row)
        top = max(min(top, here), self._step(here, 1 - height))
        # The last page is full: rows are never left empty below the text while some are hidden above it.
        last = (len(lines) - 1, wrap.row_count(lines[-1]) - 1)
        self._top = min(top, self._step(last, 1 - height)) if last[0] - top[0] < height else top

    def _spliced(self, splice: Splice) -> None:
        if "\n" not in splice.removed and "\n" not in splice.inserted:
            new = self.buffer.lines[splice.start.line]
            self.wrap.edited(splice.old_line, new, splice.start.column, splice.end.column)
