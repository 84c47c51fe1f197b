"""Finds the keymaps that the settings name, in the order of their layers."""

from difflib import get_close_matches
from pathlib import Path

from paradesk.config.errors import ConfigError, Problem
from paradesk.config.places import config_directory
from paradesk.config.settings import Settings
from paradesk.config.shipped import shipped
from paradesk.core.text import clean_line
from paradesk.keymap.keymap import Keymap, Layer
from paradesk.keymap.loader import load_keymap


def keymap_names() -> dict[str, Path]:
    """Return what can be named without a path: keymaps that ship, and those in the user's `keymaps` folder."""
    folders = (shipped("keymaps"), config_directory() / "keymaps")
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.toml"))}


def find_keymap(name: str) -> Path:
    """Return the file of a keymap given by name or path; raises LookupError with what there is."""
    if "/" in name or name.endswith(".toml"):
        return Path(name).expanduser()
    known = keymap_names()
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}; a path is possible as well"
    raise LookupError(f"no keymap is called {clean_line(repr(name))}; {hint}")


def load_keymaps(settings: Settings) -> list[Keymap]:
    """Load all layers, lowest first; raises ConfigError for an unknown name, KeymapError for a bad file."""
    keymaps = [load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)]
    try:
        chosen = find_keymap(settings.keymap)
    except LookupError as error:
        place, _, line = settings.origins.get("keymap", "keymap").rpartition(":")
        known_line = line.isdigit() and bool(place)
        origin = place if known_line else settings.origins.get("keymap", "keymap")
        raise ConfigError([Problem(origin, int(line) if known_line else 0, str(error))]) from error
    if settings.keymap != "default":
        keymaps.append(load_keymap(chosen, Layer.PACK))
    if settings.team_keymap:
        keymaps.append(load_keymap(_beside(settings, settings.team_keymap), Layer.TEAM))
    own = settings.path.parent / "keymap.toml"
    if settings.user_keymap:
        keymaps.append(load_keymap(_beside(settings, settings.user_keymap), Layer.USER))
    elif own.is_file():
        keymaps.append(load_keymap(own, Layer.USER))
    return keymaps


def _beside(settings: Settings, path: str) -> Path:
    return settings.path.parent / Path(path).expanduser()
