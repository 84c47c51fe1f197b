"""What counts as one character on a screen, and how many cells it takes. Pure; agrees with how rich measures text."""

import unicodedata

from rich.cells import cell_len, get_character_cell_size

ZWJ = "\u200d"
TAB_CELLS = 4
"""A tab is drawn as an arrow and blanks of this width altogether, wherever it stands."""

_SHOWN = {code: chr(0x2400 + code) for code in range(32)}
_SHOWN[9] = "→".ljust(TAB_CELLS)
_SHOWN[0x7F] = "␡"
_SHOWN.update(dict.fromkeys(range(128, 160), "�"))
_SHOWN.update(dict.fromkeys(range(55296, 57344), "�"))


class _CharacterCells(dict[str, int]):
    """Cells of one character on its own, computed once per character."""

    def __missing__(self, character: str) -> int:
        shown = _SHOWN.get(ord(character))
        cells = len(shown) if shown is not None else get_character_cell_size(character)
        self[character] = cells
        return cells


class _Extends(dict[str, bool]):
    """Whether a character always belongs to the one before it, computed once per character."""

    def __missing__(self, character: str) -> bool:
        code = ord(character)
        extends = code not in _SHOWN and (
            get_character_cell_size(character) == 0
            or 0x1F3FB <= code <= 0x1F3FF
            or unicodedata.category(character) in ("Mn", "Mc", "Me")
        )
        self[character] = extends
        return extends


CHARACTER_CELLS = _CharacterCells()
EXTENDS = _Extends()


def shown(text: str) -> str:
    """The text as it is drawn: controls and tabs become visible characters, everything else stays."""
    return text if text.isprintable() else text.translate(_SHOWN)


def cells(text: str) -> int:
    """The cells that a text takes when it is drawn, controls and tabs included."""
    if text.isascii() and text.isprintable():
        return len(text)
    return cell_len(shown(text))


def joins(text: str, index: int) -> bool:
    """Whether the character at `index` is part of the same grapheme as the one before it."""
    if index <= 0 or index >= len(text):
        return False
    if text[index - 1] == ZWJ:
        return True
    character = text[index]
    if "\U0001f1e6" <= character <= "\U0001f1ff":  # two regional indicators make a flag
        first = index
        while first > 0 and "\U0001f1e6" <= text[first - 1] <= "\U0001f1ff":
            first -= 1
        return (index - first) % 2 == 1
    return EXTENDS[character]


def next_boundary(text: str, index: int) -> int:
    """The end of the grapheme that starts at `index`; the length of the text when there is none."""
    index += 1
    while index < len(text) and joins(text, index):
        index += 1
    return min(index, len(text))


def previous_boundary(text: str, index: int) -> int:
    """The start of the grapheme that ends at `index`; 0 when there is none."""
    index -= 1
    while index > 0 and joins(text, index):
        index -= 1
    return max(index, 0)
