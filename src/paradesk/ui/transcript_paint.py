"""Turns rows of a transcript into strips: styles, padding, and what is marked in the text."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from paradesk.ui.content import segment
from paradesk.ui.transcript_rows import Block, Row
from paradesk.ui.wrapping import cut_to, snap

Mark = tuple[int, int, str]
"""Start and end in a block's text, and the kind it is drawn in."""

_MOST_KEPT = 768


class Painter:
    """Draws rows, and keeps the strips of rows that carry no passing marks."""

    def __init__(self, style_of: Callable[[str], Style]) -> None:
        self._style_of = style_of
        self._styles: dict[str, Style] = {}
        self._kept: dict[Block, list[Strip | None]] = {}
        self._blanks: dict[tuple[int, str], Segment] = {}
        self._empty: Strip | None = None
        self._line: tuple[tuple[str, str, int], Strip] | None = None

    def forget(self) -> None:
        """Forget all styles and strips, because the theme changed."""
        self._styles.clear()
        self._kept.clear()
        self._blanks.clear()
        self._line = self._empty = None

    def style(self, kind: str) -> Style:
        """Return the style of a kind of text."""
        style = self._styles.get(kind)
        if style is None:
            style = self._styles[kind] = self._style_of(kind)
        return style

    def blank(self, width: int) -> Strip:
        """Return an empty row."""
        if self._empty is None or self._empty.cell_length != width:
            self._empty = Strip([self._pad(width, "text")], width)
        return self._empty

    def line(self, text: str, kind: str, width: int) -> Strip:
        """Return a row of its own with one text; the same object while it stays the same."""
        key = (text, kind, width)
        if self._line is None or self._line[0] != key:
            style = self.style(kind)
            piece = segment(cut_to(text, width), style)
            used = cell_len(piece.text)
            self._line = (key, Strip([piece, Segment(" " * (width - used), style)], width))
        return self._line[1]

    def plain(self, block: Block, place: int, width: int) -> Strip:
        """Return a row of a block with nothing marked but its links, from memory where possible."""
        strips = self._kept.get(block)
        if strips is None:
            if len(self._kept) >= _MOST_KEPT:
                for old in list(self._kept)[: _MOST_KEPT // 2]:
                    del self._kept[old]
            strips = self._kept[block] = [None] * len(block.rows)
        strip = strips[place]
        if strip is None or strip.cell_length != width:
            strip = strips[place] = self.marked(block, place, width, ())
        return strip

    def marked(
        self, block: Block, place: int, width: int, marks: Sequence[Mark], cursor: bool = False, pointer: bool = False
    ) -> Strip:
        """Return a row with marks over its text; `cursor` for rows of the chosen message, `pointer` for its first."""
        row = block.rows[place]
        over = self.style("cursor") if cursor else None
        segments = [segment(text, self._over(kind, over)) for text, kind in row.prefix]
        if pointer and segments:
            gutter = segments[0]
            segments[0] = segment(gutter.text[:1] + "▸" + gutter.text[2:], gutter.style)
        base = self._over(row.kind, over)
        if row.start >= 0:
            links = [(start, end, "link") for start, end, _ in block.links]
            segments += self._pieces(row, base, [*links, *marks])
        elif row.text:
            segments.append(segment(row.text, base))
        segments += [segment(text, self._over(kind, over)) for text, kind in row.suffix]
        used = sum(cell_len(piece.text) for piece in segments)
        if used < width:
            segments.append(Segment(" " * (width - used), over) if over else self._pad(width - used, "text"))
        strip = Strip(segments, max(used, width))
        return strip if used <= width else strip.crop(0, width)

    def _over(self, kind: str, over: Style | None) -> Style:
        style = self.style(kind)
        return style if over is None else style + Style(bgcolor=over.bgcolor, bold=over.bold, reverse=over.reverse)

    def _pieces(self, row: Row, base: Style, marks: Sequence[Mark]) -> list[Segment]:
        end = row.start + len(row.text)
        inside = [
            (max(0, start - row.start), min(len(row.text), stop - row.start), kind)
            for start, stop, kind in marks
            if start < end and stop > row.start
        ]
        if not inside:
            return [segment(row.text, base)] if row.text else []
        if not row.text.isascii():
            inside = [(snap(row.text, start), snap(row.text, stop), kind) for start, stop, kind in inside]
        edges = sorted({0, len(row.text), *(edge for start, stop, _ in inside for edge in (start, stop))})
        pieces = []
        for start, stop in pairwise(edges):
            style = base
            for first, last, kind in inside:
                if first <= start and stop <= last:
                    style = style + self.style(kind) if kind == "link" else self.style(kind)
            pieces.append(segment(row.text[start:stop], style))
        return pieces

    def _pad(self, width: int, kind: str) -> Segment:
        pad = self._blanks.get((width, kind))
        if pad is None:
            pad = self._blanks[(width, kind)] = Segment(" " * width, self.style(kind))
        return pad
