"""A Polish, German, Swiss, French or Cyrillic keyboard types everything it needs, and no letter of it is a command."""

import pytest
from textual import events
from textual._xterm_parser import XTermParser

from paradesk.config.shipped import shipped
from paradesk.keymap.dispatch import Dispatcher, Pass
from paradesk.keymap.keymap import Layer
from paradesk.keymap.layouts import LAYOUTS
from paradesk.keymap.loader import load_keymap
from paradesk.ui.composer_keys import typed_character

COMPOSER = ("composer", "workspace", "global")
FOLDER = shipped("keymaps")
KEYMAPS = sorted(path.stem for path in FOLDER.glob("*.toml"))


def keys(data: str) -> list[events.Key]:
    return [event for event in XTermParser().feed(data) if isinstance(event, events.Key)]


def encodings(character: str) -> list[str]:
    """Return what terminals send for a character that needs AltGr: its bytes, and forms of the Kitty protocol.

    The last is that of a keyboard whose AltGr is reported as Ctrl and Alt.
    """
    text = ord(character)
    kitty = [f"\x1b[{text};;{text}u", f"\x1b[97;;{text}u", f"\x1b[97;1;{text}u", f"\x1b[97;7;{text}u"]
    return [character, *(f"\x1b[57453u{form}" for form in kitty)]


@pytest.mark.parametrize("name", KEYMAPS)
def test_every_character_of_every_keyboard_is_text_in_the_composer(name: str) -> None:
    keymaps = [load_keymap(FOLDER / "default.toml", Layer.DEFAULT)]
    if name != "default":
        keymaps.append(load_keymap(FOLDER / f"{name}.toml"))
    dispatcher = Dispatcher(keymaps, LAYOUTS["fr"])
    levels = ((layout.plain, layout.shift, layout.altgr, layout.dead) for layout in LAYOUTS.values())
    for character in {character for characters in levels for level in characters for character in level}:
        for data in encodings(character):
            pressed = [event for event in keys(data) if event.key != "iso_level3_shift"]
            assert len(pressed) == 1, data
            event = pressed[0]
            assert isinstance(dispatcher.press(event.key, event.character, COMPOSER), Pass), (character, data)
            assert typed_character(event.key, event.character) == character, data
