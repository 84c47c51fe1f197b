"""Drawing single rows: pieces of text with styles become strips of an exact width."""

from collections.abc import Iterable, Sequence

from rich.cells import cell_len
from rich.style import Style
from textual.strip import Strip

from paradesk.core.text import clean_line
from paradesk.ui.content import segment

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
