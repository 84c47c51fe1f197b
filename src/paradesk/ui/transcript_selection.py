"""A stretch of text selected over several messages, held by message and offset so that nothing moves it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from paradesk.core.transcript import SortKey, sort_key
from paradesk.ui.transcript_blocks import Blocks
from paradesk.ui.transcript_rows import Row
from paradesk.ui.transcript_scroll import Place
from paradesk.ui.wrapping import offset_at, segments_cells


@dataclass(frozen=True, slots=True, order=True)
class TextPoint:
    """A place between two characters of what a message shows."""

    key: SortKey
    offset: int


@dataclass(frozen=True, slots=True)
class TextSelection:
    """Text between the point where the mouse went down and the one where it is."""

    origin: TextPoint
    reach: TextPoint

    @property
    def first(self) -> TextPoint:
        """The earlier end."""
        return min(self.origin, self.reach)

    @property
    def last(self) -> TextPoint:
        """The later end."""
        return max(self.origin, self.reach)

    def span(self, key: SortKey, length: int) -> tuple[int, int] | None:
        """Return what is selected of a message whose text has this length, or None."""
        first, last = self.first, self.last
        if key < first.key or key > last.key:
            return None
        start = first.offset if key == first.key else 0
        end = last.offset if key == last.key else length
        return (start, min(end, length)) if start < end else None

    def text(self, blocks: Blocks) -> str:
        """Return the selected text: no gutters, no names, no marks, and the line breaks of the writers only."""
        pieces = []
        for index in range(blocks.after(self.first.key, including=True), blocks.after(self.last.key)):
            block = blocks.block(index)
            message = blocks.transcript[index]
            span = self.span((message.order_key, message.id), len(block.text))
            if span is not None:
                pieces.append(block.text[span[0] : span[1]])
        return "\n".join(pieces)


def is_over_text(row: Row, x: int) -> bool:
    """Whether a cell of a row lies over its text, and not over gutter, columns or marks."""
    indent = segments_cells(part.text for part in row.prefix)
    return row.start >= 0 and indent <= x < indent + segments_cells([row.text])


def point_at(blocks: Blocks, places: Sequence[Place | None], x: int, y: int) -> TextPoint | None:
    """Return the place in the text under a cell of the view; beside the text, the nearest; None without messages."""
    if not 0 <= y < len(places) or not len(blocks):
        return None
    place = places[y]
    if place is None or place[0] >= len(blocks):
        return _nearest_end(blocks, places, y)
    index, row_place = max(0, place[0]), place[1]
    key = sort_key(blocks.transcript[index])
    if place[0] < 0:
        return TextPoint(key, 0)
    block = blocks.block(index)
    row = block.rows[row_place]
    if row.start < 0:  # a name, a rule, a mark: the end of what stands above it
        above = [other.start + len(other.text) for other in block.rows[:row_place] if other.start >= 0]
        return TextPoint(key, max(above, default=0))
    cell = x - segments_cells(part.text for part in row.prefix)
    return TextPoint(key, row.start + offset_at(row.text, 0, len(row.text), cell))


def _nearest_end(blocks: Blocks, places: Sequence[Place | None], y: int) -> TextPoint | None:
    below = any(shown is not None for shown in places[:y])
    shown = [place[0] for place in places if place is not None and 0 <= place[0] < len(blocks)]
    if not shown:
        return None
    index = shown[-1 if below else 0]
    return TextPoint(sort_key(blocks.transcript[index]), len(blocks.block(index).text) if below else 0)
