"""The one module of the user interface that turns text into what widgets draw.

Nothing that passes through here is read as markup, and everything is cleaned once more: cleaning is cheap and
idempotent, and a widget then shows hostile text harmlessly whichever way it came. Card numbers lose all digits but the
last four here. A test refuses `Content`, `Text` and
markup anywhere else in `ui/`.
"""

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.content import Content

from paradesk.core.text import clean_line, clean_text
from paradesk.ui.cards import CARDS

Part = str | tuple[str, str]
"""A piece of text, or a piece with its style; a style is written in the code, never taken from outside."""


def plain(text: str) -> Content:
    """Return text of any number of lines, as it is."""
    return Content(CARDS.shown(clean_text(text)))


def plain_unmasked(text: str) -> Content:
    """Return text in which card numbers stay: for the one message that the agent asked to see as it came."""
    return Content(clean_text(text))


def one_line(text: str, limit: int = 60) -> Content:
    """Return text on one line of at most `limit` cells, for titles, options and names."""
    return Content(clean_line(CARDS.shown(text), limit))


def styled(text: str, style: str) -> Content:
    """Return text in one style."""
    return Content.styled(CARDS.shown(clean_text(text)), style)


def assemble(*parts: Part) -> Content:
    """Return pieces of text after each other, each with its style (empty or none for the widget's own)."""
    pieces: list[str | tuple[str, str]] = []
    for part in parts:
        text, style = (part, "") if isinstance(part, str) else part
        shown = CARDS.shown(clean_text(text))
        pieces.append((shown, style) if style else shown)
    return Content.assemble(*pieces)


def cell(text: str, limit: int = 60) -> Text:
    """Return text for a cell or label of DataTable and Tree, which do not take `Content`."""
    return Text(clean_line(CARDS.shown(text), limit), no_wrap=True, end="")


def segment(text: str, style: Style | None = None) -> Segment:
    """Return a piece of one row for widgets that build their rows themselves."""
    return Segment(clean_line_piece(text), style)


def clean_line_piece(text: str) -> str:
    """Return text cleaned for a place inside a row: blanks stay, newlines and tabs become blanks."""
    if text.isprintable() and text.isascii():
        return text
    return clean_text(text).replace("\n", " ").replace("\t", " ")


def segments_width(text: str) -> int:
    """Return the width of a text in cells, as the screen counts them."""
    return cell_len(text)
