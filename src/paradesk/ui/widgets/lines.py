"""Drawing single rows: pieces of text with styles become strips of an exact width."""

from collections.abc import Iterable, Sequence
from itertools import groupby
from operator import itemgetter
from typing import ClassVar, Self

from rich.cells import cell_len
from rich.style import Style
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from paradesk.core.text import clean_line
from paradesk.ui.cards import CARDS
from paradesk.ui.content import segment
from paradesk.ui.safety import FilteredRows

Part = tuple[str, Style]


def cut_out(rows: list[Strip], crop: Region, width: int) -> list[Strip]:
    """Return the part of a widget's rows (`width` cells each) that lies in a region; the list itself if that is all."""
    if crop.y or crop.height < len(rows):
        rows = rows[crop.y : crop.bottom]
    if crop.x or crop.width != width:
        rows = [row.crop(crop.x, crop.right) for row in rows]
    return rows


def strip_of(parts: Iterable[Part], width: int, fill: Style) -> Strip:
    """Return the pieces as one row of exactly `width` cells, cut or filled up at its end.

    Neighbours of one style become one segment: each costs the terminal about forty bytes of its own.
    """
    pieces = groupby((part for part in parts if part[0]), key=itemgetter(1))
    segments = [segment(CARDS.shown("".join(text for text, _ in same)), style) for style, same in pieces]
    return Strip(segments).adjust_cell_length(width, fill)


def width_of(parts: Iterable[Part]) -> int:
    """Return how many cells the pieces take."""
    return sum(cell_len(text) for text, _ in parts)


def shorten(text: str, width: int) -> str:
    """Return a text of at most `width` cells, ending in `…` where something was cut."""
    if width <= 0:
        return ""
    return text if cell_len(text) <= width else clean_line(text, width)


def spread(left: Sequence[Part], right: Sequence[Part], width: int, fill: Part) -> Strip:
    """Return one row with pieces at both ends and the fill character between them."""
    character, style = fill
    gap = max(0, width - width_of(left) - width_of(right))
    return strip_of([*left, (character * gap, style), *right], width, style)


class Drawn(Widget):
    """A widget without border and padding that draws whole rows in `draw_row`, each again only after a `refresh`."""

    STYLE_PREFIX: ClassVar[str] = ""
    """What stands before the names of its styles in COMPONENT_CLASSES."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._kept: list[Strip | None] = []
        self._kept_size = Size(0, 0)
        self._filtered = FilteredRows(self)
        self._passed: list[Strip] | None = None
        self._styles: dict[str, Style] = {}

    def style_of(self, name: str) -> Style:
        """Return the style of a component class, by its name without the prefix; of the widget for an empty name."""
        style = self._styles.get(name)
        if style is None:
            style = self.get_component_rich_style(self.STYLE_PREFIX + name) if name else self.rich_style
            self._styles[name] = style
        return style

    def draw_row(self, y: int) -> Strip:
        """Return row `y`, as wide as the widget."""
        raise NotImplementedError

    def refresh(self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False) -> Self:
        """Draw these regions again, or everything."""
        self._passed = None
        for region in regions:
            for y in range(max(0, region.y), min(region.bottom, len(self._kept))):
                self._kept[y] = None
        if not regions:
            self._kept = []
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def notify_style_update(self) -> None:
        """Draw everything again in the colours of the new theme."""
        self._kept = []
        self._passed = None
        self._styles.clear()
        self._filtered.forget()
        super().notify_style_update()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the rows of a region; those that nobody refreshed are not drawn again."""
        size = self.size
        if self._passed is None or size != self._kept_size:
            if size != self._kept_size or not self._kept:
                self._kept = [None] * size.height
                self._kept_size = size
            rows = [kept or self.draw_row(y) for y, kept in enumerate(self._kept)]
            self._kept = list(rows)
            self._passed = rows
        return cut_out(self._filtered.pass_through(self._passed), crop, size.width)
