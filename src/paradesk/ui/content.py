"""The one module of the user interface that turns data into what widgets draw."""

from rich.cells import cell_len
from textual.content import Content


def plain(text: str) -> Content:
    """Return text that is never read as markup."""
    return Content(text)


def assemble(*parts: tuple[str, str]) -> Content:
    """Return text in pieces, each with a style (empty for none); never read as markup."""
    return Content.assemble(*((text, style) if style else text for text, style in parts))


def segments_width(text: str) -> int:
    """Return the width of a text in cells."""
    return cell_len(text)
