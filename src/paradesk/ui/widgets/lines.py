"""Drawing single rows: pieces of text with styles become strips of an exact width."""

from collections.abc import Iterable, Sequence
from typing import Self

from rich.cells import cell_len
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from paradesk.core.text import clean_line
from paradesk.ui.content import segment
from paradesk.ui.safety import filtered

Part = tuple[str, Style]


def strip_of(parts: Iterable[Part], width: int, fill: Style) -> Strip:
    """Return the pieces as one row of exactly `width` cells, cut or filled up at its end."""
    segments = [segment(text, style) for text, style in parts if text]
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


class KeptRows(Widget):
    """A widget without border and padding whose rows are drawn by `render_line` and kept until `refresh`.

    Textual asks every widget of the screen for its rows whenever one of them changes; kept ones cost nothing.
    """

    _kept: list[Strip | None]
    _kept_for: object = None

    def refresh(
        self, *regions: Region, repaint: bool = True, layout: bool = False, recompose: bool = False
    ) -> Self:
        """Draw these rows again, or all."""
        if not regions or self._kept_for is None:
            self._kept_for = None
        else:
            for region in regions:
                for y in range(max(0, region.y), min(region.bottom, len(self._kept))):
                    self._kept[y] = None
        return super().refresh(*regions, repaint=repaint, layout=layout, recompose=recompose)

    def notify_style_update(self) -> None:
        """Draw again in the new colours."""
        self._kept_for = None
        super().notify_style_update()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the kept rows, after the filters of the app."""
        size = self.size
        key = (size, tuple(map(id, self.get_line_filters())))
        if self._kept_for != key:
            self._kept, self._kept_for = [None] * size.height, key
        rows: list[Strip] = []
        for y in range(crop.y, crop.bottom):
            row = self._kept[y] if y < size.height else Strip.blank(size.width)
            if row is None:
                row = self._kept[y] = filtered(self, [self.render_line(y)])[0]
            rows.append(row)
        if (crop.x, crop.width) != (0, size.width):
            rows = [row.crop(crop.x, crop.right) for row in rows]
        return rows
