"""Names of keys. A key has one canonical name here, whatever a person wrote or a terminal sent.

Canonical: modifiers in alphabetical order, then the key: `alt+ctrl+k`, `ctrl+shift+j`, `pageup`, `space`. A key that
types a character is that character (`?`, `J`), and so is a symbol below a modifier (`ctrl+]`).
"""

import re
import unicodedata
from difflib import get_close_matches

MODIFIERS: tuple[str, ...] = ("alt", "ctrl", "hyper", "meta", "shift", "super")
"""Modifiers in the order in which they stand in a canonical name."""

WRITING_KEYS: frozenset[str] = frozenset(
    {"enter", "tab", "space", "backspace", "delete", "insert", "escape"}
    | {"up", "down", "left", "right", "home", "end", "pageup", "pagedown"}
)
"""Named keys that people press while they write; each arrives from every terminal."""

NAMED_KEYS: frozenset[str] = (
    WRITING_KEYS | {"menu", "pause", "print_screen", "kp_begin"} | {f"f{number}" for number in range(1, 36)}
)
"""Keys that are called by a name because they type nothing that can be seen."""

MODIFIER_KEYS: frozenset[str] = frozenset(
    f"{side}_{name}" for side in ("left", "right") for name in ("shift", "control", "alt", "super", "hyper", "meta")
) | {"caps_lock", "num_lock", "scroll_lock", "iso_level3_shift", "iso_level5_shift"}
"""Keys that only change others. With the Kitty protocol a terminal reports them on their own."""

_MODIFIER_ALIASES = {
    "control": "ctrl",
    "ctl": "ctrl",
    "option": "alt",
    "opt": "alt",
    "cmd": "super",
    "command": "super",
    "win": "super",
    "windows": "super",
}

_KEY_ALIASES = {
    "esc": "escape",
    "return": "enter",
    "cr": "enter",
    "bs": "backspace",
    "del": "delete",
    "ins": "insert",
    "pgup": "pageup",
    "page_up": "pageup",
    "prior": "pageup",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "page_down": "pagedown",
    "spc": "space",
    "spacebar": "space",
    "↑": "up",
    "↓": "down",
    "←": "left",
    "→": "right",
}

_WHOLE_ALIASES = {"newline": "ctrl+j", "lf": "ctrl+j", "backtab": "shift+tab", "ctrl+@": "ctrl+space"}

_SHORT_SYMBOLS = {
    "slash": "/",
    "backslash": "\\",
    "at": "@",
    "minus": "-",
    "dash": "-",
    "hyphen": "-",
    "plus": "+",
    "underscore": "_",
    "dot": ".",
    "period": ".",
    "question": "?",
    "exclamation": "!",
    "quote": '"',
    "hash": "#",
    "dollar": "$",
    "percent": "%",
    "star": "*",
    "equals": "=",
    "equal": "=",
    "less": "<",
    "greater": ">",
    "caret": "^",
    "backtick": "`",
    "pipe": "|",
}


def _symbol_names() -> dict[str, str]:
    names = dict(_SHORT_SYMBOLS)
    for code in range(0x21, 0x7F):
        character = chr(code)
        if not character.isalnum():
            names[unicodedata.name(character).lower().replace("-", "_").replace(" ", "_")] = character
    return names


_SYMBOLS: dict[str, str] = _symbol_names()
_ALL_NAMES = sorted(NAMED_KEYS | _KEY_ALIASES.keys() | _SYMBOLS.keys() | _WHOLE_ALIASES.keys())

# What a key types on other layouts, and the character at the same place of a Latin keyboard.
_LAYOUTS: tuple[tuple[str, str], ...] = (
    ("йцукенгшщзхъфывапролджэячсмитьбю", "qwertyuiop[]asdfghjkl;'zxcvbnm,."),
    ("іїє", "s]'"),
    ("ςερτυθιοπασδφγηξκλζχψωβνμ", "wertyuiopasdfghjklzxcvbnm"),
    ("קראטוןםפשדגכעיחלךזסבהנמצ", "ertyuiopasdfghjklzxcvbnm"),
)
_LATIN: dict[str, str] = {there: here for layout in _LAYOUTS for there, here in zip(*layout, strict=True)}


class UnknownKey(ValueError):
    """The text names no key; the message says so and, where something is close, what was probably meant."""


def split_key(key: str) -> tuple[frozenset[str], str]:
    """Split a canonical name into its modifiers and the key itself: `ctrl++` is ({ctrl}, `+`)."""
    head, _, base = key[:-1].rpartition("+")
    return frozenset(head.split("+")) if head else frozenset(), base + key[-1:]


def join_key(modifiers: frozenset[str], base: str) -> str:
    """Make a canonical name of modifiers and a key."""
    return "+".join([*(name for name in MODIFIERS if name in modifiers), base])


def is_printable(key: str) -> bool:
    """Tell whether this canonical key types a character by itself."""
    return len(key) == 1 or key == "space"


def _canonical(modifiers: frozenset[str], base: str) -> str:
    if modifiers == {"shift"} and base.isalpha() and len(base) == 1 and len(base.upper()) == 1:
        return base.upper()
    if modifiers and len(base) == 1 and base.isupper() and len(base.lower()) == 1:
        modifiers, base = modifiers | {"shift"}, base.lower()
    name = join_key(modifiers, base)
    return _WHOLE_ALIASES.get(name, name)


def event_key(key: str, character: str | None) -> str:
    """Return the canonical name of a key event of the terminal. Total: what nobody knows is returned as it came.

    A key that types a character has no name with Ctrl, even where a keyboard's AltGr is reported as Ctrl and Alt.
    """
    if character is not None and len(character) == 1 and character.isprintable():
        modifiers = key[: -len(character)] if key.endswith(character) else key
        if not any(f"{name}+" in modifiers for name in ("alt", "super", "meta", "hyper")):
            return "space" if character == " " else character
    if not key:
        return key
    pieces, base = split_key(key)
    if not pieces <= frozenset(MODIFIERS):
        return key
    base = _SYMBOLS.get(base, base)
    return _canonical(pieces, base)


def parse_key(text: str) -> str:
    """Return the canonical name of a key as a person writes it; raises UnknownKey with what was probably meant."""
    if not text:
        raise UnknownKey("the key has no name")
    if len(text) == 1:
        if text in _KEY_ALIASES:
            return _KEY_ALIASES[text]
        if text.isprintable() and not text.isspace():
            return text
        raise UnknownKey(f"{text!r} is not a key; write space for the space bar")
    pieces, base = split_key(text)
    modifiers = set()
    for piece in pieces:
        name = _MODIFIER_ALIASES.get(piece.lower(), piece.lower())
        if name not in MODIFIERS:
            raise UnknownKey(f"{piece!r} in {text!r} is not a modifier{_suggestion(text, name, MODIFIERS)}")
        modifiers.add(name)
    if len(base) > 1:
        lower = base.lower()
        whole = _WHOLE_ALIASES.get(lower)
        if whole is not None and not modifiers:
            return whole
        base = _KEY_ALIASES.get(lower, _SYMBOLS.get(lower, lower))
        if len(base) > 1 and base not in NAMED_KEYS:
            raise UnknownKey(f"no key is called {text!r}{_suggestion(text, lower, _ALL_NAMES)}")
    elif base in _KEY_ALIASES:
        base = _KEY_ALIASES[base]
    elif not base.isprintable() or base.isspace():
        raise UnknownKey(f"{base!r} in {text!r} is not a key; write space for the space bar")
    held = frozenset(modifiers)
    if held == {"shift"} and len(base) == 1 and not base.isalpha():
        raise UnknownKey(f"{text!r}: write the character that it types, such as ! for shift+1")
    if held == {"shift"} and base == "space":
        raise UnknownKey(f"{text!r} cannot be told from space; write space")
    if held and "shift" not in held and len(base) == 1 and base.isupper():
        low = join_key(held, base.lower())
        raise UnknownKey(f"{text!r} can be read in two ways: write {display_key(low)} or {_shifted(held, base)}")
    return _canonical(held, base)


def parse_sequence(text: str) -> tuple[str, ...]:
    """Return the canonical keys of a sequence such as `ctrl+x o`; raises UnknownKey."""
    keys = tuple(parse_key(piece) for piece in text.split())
    if not keys:
        raise UnknownKey("the key has no name")
    return keys


def _shifted(modifiers: frozenset[str], base: str) -> str:
    return display_key(join_key(modifiers | {"shift"}, base.lower()))


def _suggestion(text: str, name: str, known: tuple[str, ...] | list[str]) -> str:
    emacs = re.fullmatch(r"([CMSAcmsa])-(\S+)", text)
    if emacs:
        modifier = {"c": "ctrl", "m": "alt", "a": "alt", "s": "shift"}[emacs[1].lower()]
        return f"; did you mean {modifier}+{emacs[2]}?"
    hyphened = text.replace("-", "+")
    if hyphened != text:
        try:
            return f"; did you mean {display_key(parse_key(hyphened))}?"
        except UnknownKey:
            pass
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {text.lower().replace(name, near[0])}?" if near else ""


_DISPLAY_ORDER = ("ctrl", "alt", "shift", "super", "hyper", "meta")
_DISPLAY = {"escape": "esc", "pageup": "pgup", "pagedown": "pgdn", "up": "↑", "down": "↓", "left": "←", "right": "→"}


def display_key(key: str) -> str:
    """Return how a canonical key is shown to people: `ctrl+alt+k`, `F4`, `↑`. `parse_key` reads it back."""
    modifiers, base = split_key(key) if key else (frozenset[str](), key)
    if re.fullmatch(r"f\d+", base):
        base = base.upper()
    return "+".join([*(name for name in _DISPLAY_ORDER if name in modifiers), _DISPLAY.get(base, base)])


def display_sequence(keys: tuple[str, ...]) -> str:
    """Return how a sequence is shown to people: `ctrl+x o`."""
    return " ".join(display_key(key) for key in keys)


# Ctrl with a digit or some symbols arrives as one of five control keys: these are the keys that may have been meant.
_HELD = {
    "ctrl+space": ("space", "2"),
    "ctrl+\\": ("\\", "4"),
    "ctrl+]": ("]", "5"),
    "ctrl+^": ("^", "6"),
    "ctrl+_": ("_", "-", "/", "7"),
}


def without_ctrl(key: str) -> tuple[str, ...]:
    """Return the keys that may be meant when Ctrl is still held from the key before; none if Ctrl is not in `key`."""
    modifiers, base = split_key(key) if key else (frozenset[str](), key)
    if "ctrl" not in modifiers:
        return ()
    return _HELD.get(key) or (_canonical(modifiers - {"ctrl"}, base),)


def on_latin_layout(key: str) -> str | None:
    """Return the key at the same place of a Latin keyboard, or None where the key is Latin or unknown."""
    modifiers, base = split_key(key) if key else (frozenset[str](), key)
    latin = _LATIN.get(base.lower()) if len(base) == 1 else None
    if latin is None:
        return None
    return _canonical(modifiers | ({"shift"} if base.isupper() else set()), latin)
