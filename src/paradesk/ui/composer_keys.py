"""What the keys of text editing do to a text, where no keymap has taken them. Pure."""

import unicodedata
from collections.abc import Callable

from paradesk.ui.text_buffer import Position, TextBuffer
from paradesk.ui.text_view import TextView

_JOINERS = "\u200c\u200d"


def _at(place: Callable[[TextView, Position], Position | None]) -> Callable[[TextView], Position | None]:
    return lambda view: place(view, view.buffer.cursor)


def _left(view: TextView) -> Position:
    selection = view.buffer.selection
    return selection[0] if selection else view.buffer.left_of(view.buffer.cursor)


def _right(view: TextView) -> Position:
    selection = view.buffer.selection
    return selection[1] if selection else view.buffer.right_of(view.buffer.cursor)


MOVES: dict[str, Callable[[TextView], Position | None]] = {
    "left": _left,
    "right": _right,
    "shift+left": _at(lambda view, at: view.buffer.left_of(at)),
    "shift+right": _at(lambda view, at: view.buffer.right_of(at)),
    "up": _at(lambda view, at: view.above(at)),
    "down": _at(lambda view, at: view.below(at)),
    "home": _at(lambda view, at: view.row_start(at)),
    "end": _at(lambda view, at: view.row_end(at)),
    "ctrl+left": _at(lambda view, at: view.buffer.word_left_of(at)),
    "ctrl+right": _at(lambda view, at: view.buffer.word_right_of(at)),
    "ctrl+home": lambda view: Position(0, 0),
    "ctrl+end": lambda view: view.buffer.end,
}
"""Where a key moves the cursor; None when it cannot move and the key is for someone else. With `shift+`: selects."""
MOVES |= {
    "shift+up": lambda view: view.above(view.buffer.cursor) or Position(0, 0),
    "shift+down": lambda view: view.below(view.buffer.cursor) or view.buffer.end,
    **{f"shift+{key}": MOVES[key] for key in ("home", "end")},
    **{f"ctrl+shift+{key}": MOVES[f"ctrl+{key}"] for key in ("left", "right", "home", "end")},
}

EDITS: dict[str, Callable[[TextBuffer], bool]] = {
    "backspace": TextBuffer.delete_left,
    "shift+backspace": TextBuffer.delete_left,
    "delete": TextBuffer.delete_right,
    "ctrl+backspace": TextBuffer.delete_word_left,
    "alt+backspace": TextBuffer.delete_word_left,
    "ctrl+delete": TextBuffer.delete_word_right,
    "composer.undo": TextBuffer.undo,
    "composer.redo": TextBuffer.redo,
    "composer.delete_word": TextBuffer.delete_word_left,
    "composer.delete_to_start": TextBuffer.delete_to_line_start,
    "composer.delete_to_end": TextBuffer.delete_to_line_end,
}
"""Keys and actions that change the text; each returns whether it did."""


PRESSED: dict[str, str] = {
    "composer.left": "left",
    "composer.right": "right",
    "composer.line_start": "home",
    "composer.line_end": "end",
    "composer.delete_right": "delete",
}
"""Actions that are what a key of text editing is, for keymaps that have it elsewhere."""


def typed_character(key: str, character: str | None) -> str | None:
    """The text that a key press stands for; None for a command. A character with Alt held is a command.

    One with Ctrl that can be printed is text: some keyboards report AltGr as Ctrl and Alt.
    """
    if character is None or len(character) != 1 or key.startswith(("alt+", "super+", "hyper+", "meta+")):
        return None
    if character.isprintable() or character in _JOINERS or unicodedata.category(character) == "Zs":
        return character
    return None
