"""Breaks one logical line into the rows that fit a width, and re-breaks only what an edit changed. Pure."""

from bisect import bisect_left, bisect_right

from paradesk.ui.graphemes import CHARACTER_CELLS, cells, joins, next_boundary, previous_boundary

_MEMORY_LINES = 512
_MEMORY_CHARACTERS = 4_000_000


def _row_end(line: str, start: int, width: int) -> int:
    """Where the row that begins at `start` ends; `width` cells fit, and one blank may hang into the cell after."""
    size = len(line)
    piece = line[start : start + width + 1]
    if piece.isascii() and piece.isprintable() and not joins(line, start + len(piece)):
        if len(piece) <= width:
            return size
        if piece[width] == " ":
            return start + width + 1
        cut = piece.rfind(" ", 0, width)
        return start + (cut + 1 if cut >= 0 else width)
    return _row_end_of_any_text(line, start, width)


def _row_end_of_any_text(line: str, start: int, width: int) -> int:
    size = len(line)
    used = 0
    at = start
    opportunity = -1
    wide_before = False
    while at < size:
        character = line[at]
        end = at + 1
        if end < size and joins(line, end):
            end = next_boundary(line, at)
            taken = cells(line[at:end])
        else:
            taken = CHARACTER_CELLS[character]
        wide = taken >= 2
        if at > start and (wide or wide_before):
            opportunity = at
        if used + taken > width:
            if character == " " and end == at + 1 and used + 1 <= width + 1:
                return end
            if at > start and line[at - 1] in " \t":
                return at
            if opportunity > start:
                return opportunity
            return at if at > start else end
        used += taken
        at = end
        wide_before = wide
        if character in " \t":
            opportunity = at
            wide_before = False
    return size


class SoftWrap:
    """Rows of logical lines at one width, remembered per line of text so that nothing is broken twice."""

    def __init__(self, width: int) -> None:
        """`width` is in cells and counts the one that the cursor needs after the last character of a full row."""
        self._width = max(2, width)
        self._memory: dict[str, list[int]] = {}
        self._remembered = 0

    @property
    def width(self) -> int:
        """Cells per row, the cursor's cell included."""
        return self._width

    def resize(self, width: int) -> None:
        """Change the width; what was remembered for another width is forgotten."""
        width = max(2, width)
        if width != self._width:
            self._width = width
            self._memory.clear()
            self._remembered = 0

    def rows(self, line: str) -> list[int]:
        """The columns at which the rows of a line start; the first is 0. The caller must not change the list."""
        starts = self._memory.get(line)
        if starts is None:
            starts = self._break(line, [0], [], 0, 0)
            self._remember(line, starts)
        return starts

    def edited(self, old: str, new: str, column: int, end: int) -> None:
        """Say that `old` became `new` by writing `new[column:end]`: rows well before and after it are kept."""
        starts = self._memory.pop(old, None)
        if starts is None:
            return
        self._remembered -= len(old)
        # A row's end depends on the row after it at most, and an added mark can change the grapheme before it.
        keep = max(0, bisect_right(starts, column) - 4)
        shift = len(new) - len(old)
        self._remember(new, self._break(new, starts[: keep + 1], starts, shift, end))

    def row_count(self, line: str) -> int:
        """How many rows a line takes; at least 1."""
        return len(self.rows(line))

    def span(self, line: str, row: int) -> tuple[int, int]:
        """The start and end column of a row."""
        starts = self.rows(line)
        return starts[row], starts[row + 1] if row + 1 < len(starts) else len(line)

    def locate(self, line: str, column: int) -> tuple[int, int]:
        """The row of a column within its line, and the cell within that row."""
        starts = self.rows(line)
        row = bisect_right(starts, column) - 1
        return row, cells(line[starts[row] : column])

    def column_at(self, line: str, row: int, cell: int) -> int:
        """The column whose character covers a cell of a row; beyond its end, the last place on that row."""
        start, end = self.span(line, row)
        text = line[start:end]
        if text.isascii() and text.isprintable():
            column = min(start + max(0, cell), end)
        else:
            column, used = start, 0
            while column < end:
                after = next_boundary(line, column)
                used += cells(line[column:after])
                if used > cell:
                    break
                column = after
        if column == end and end > start and row + 1 < len(self.rows(line)):
            column = max(start, previous_boundary(line, end))
        return column

    def _break(self, line: str, starts: list[int], old: list[int], shift: int, settled: int) -> list[int]:
        """Go on breaking after the last of `starts`; past column `settled`, join the `old` rows where they meet."""
        width = self._width - 1
        size = len(line)
        at = starts[-1]
        while True:
            end = _row_end(line, at, width)
            if end >= size:
                if end > at and cells(line[at:]) > width:
                    starts.append(size)  # a full row has no cell left for the cursor
                return starts
            at = end
            if old and at > settled:
                met = bisect_left(old, at - shift)
                if met < len(old) and old[met] == at - shift:
                    starts.extend([start + shift for start in old[met:]] if shift else old[met:])
                    return starts
            starts.append(at)

    def _remember(self, line: str, starts: list[int]) -> None:
        if len(self._memory) >= _MEMORY_LINES or self._remembered > _MEMORY_CHARACTERS:
            self._memory.clear()
            self._remembered = 0
        self._memory[line] = starts
        self._remembered += len(line)
