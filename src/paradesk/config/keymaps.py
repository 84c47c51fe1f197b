"""Finds the keymaps that the settings name, in the order of their layers."""

import re
from difflib import get_close_matches
from pathlib import Path

from paradesk.config.errors import ConfigError, Problem
from paradesk.config.places import config_directory
from paradesk.config.policies import team_folder
from paradesk.config.settings import Settings
from paradesk.config.shipped import shipped
from paradesk.core.text import clean_line
from paradesk.keymap.findings import KeymapError
from paradesk.keymap.keymap import Keymap, Layer
from paradesk.keymap.layers import merge
from paradesk.keymap.loader import load_keymap
from paradesk.packs.shelf import find_keymap as find_in_packs

_OF_PACK = re.compile(r"[a-z][a-z0-9-]{1,39}/[\w-]+")


def keymap_names() -> dict[str, Path]:
    """Return what can be named without a path: keymaps that ship, and those in the user's `keymaps` folder."""
    folders = (shipped("keymaps"), config_directory() / "keymaps")
    return {path.stem: path for folder in folders for path in sorted(folder.glob("*.toml"))}


def find_keymap(name: str) -> Path:
    """Return the file of a keymap given by name or path; raises LookupError with what there is."""
    if _OF_PACK.fullmatch(name) and not Path(name).exists():
        pack = name.partition("/")[0]
        raise LookupError(f"no pack {pack} is installed, and there is no file {name}; `paradesk packs list` shows them")
    if "/" in name or name.endswith(".toml"):
        return Path(name).expanduser()
    known = keymap_names()
    if name in known:
        return known[name]
    near = get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}; a path is possible as well"
    raise LookupError(f"no keymap is called {clean_line(repr(name))}; {hint}")


def load_keymaps(settings: Settings) -> list[Keymap]:
    """Load all layers, lowest first; raises ConfigError for an unknown name, KeymapError for a bad file.

    What is wrong with a pack never keeps the program from starting: its keymap is left out, and a notice says so.
    """
    default = load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)
    packs: list[Keymap] = []
    for pack, name in settings.shelf.default_keymaps():
        layer = Layer.TEAM if pack == settings.team else Layer.PACK
        if (keymap := settings.shelf.keymap(pack, name, layer)) is not None:
            packs.append(keymap)
    if (keymap := _of_team_folder(settings)) is not None:
        packs.append(keymap)
    own: list[Keymap] = []
    if settings.keymap != "default":
        own += _chosen(settings)
    if settings.team_keymap:
        own += _named(settings, settings.team_keymap, Layer.TEAM)
    beside = settings.path.parent / "keymap.toml"
    if settings.user_keymap:
        own += _named(settings, settings.user_keymap, Layer.USER)
    elif beside.is_file():
        own.append(load_keymap(beside, Layer.USER))
    return _together(default, packs, own, settings.notices)


def _chosen(settings: Settings) -> list[Keymap]:
    if (found := find_in_packs(settings.shelf, settings.keymap)) is not None:
        keymap = settings.shelf.keymap(*found)
        return [] if keymap is None else [keymap]
    if _lost(settings, settings.keymap):
        return []
    try:
        return [load_keymap(find_keymap(settings.keymap), Layer.PACK)]
    except LookupError as error:
        place, _, line = settings.origins.get("keymap", "keymap").rpartition(":")
        known_line = line.isdigit() and bool(place)
        origin = place if known_line else settings.origins.get("keymap", "keymap")
        raise ConfigError([Problem(origin, int(line) if known_line else 0, str(error))]) from error


def _lost(settings: Settings, name: str) -> bool:
    """Say whether a keymap is not there because packs.lock cannot be used; a finding of the shelf tells of that."""
    unusable = any(item.code == "P404" for item in settings.shelf.findings)
    return unusable and _OF_PACK.fullmatch(name) is not None and not Path(name).exists()


def _named(settings: Settings, name: str, layer: Layer) -> list[Keymap]:
    """Return the keymap of a path, or of a pack."""
    if (found := find_in_packs(settings.shelf, name)) is not None:
        keymap = settings.shelf.keymap(*found, layer)
        return [] if keymap is None else [keymap]
    if _lost(settings, name):
        return []
    return [load_keymap(settings.path.parent / Path(name).expanduser(), layer)]


def _of_team_folder(settings: Settings) -> Keymap | None:
    """Return the default keymap of a team's pack that is a folder."""
    folder = team_folder(settings.team, settings.shelf, settings.path.parent)
    if folder is None or not (folder / "pack.toml").is_file():
        return None
    from paradesk.core.toml import MAX_BYTES, TomlError, read_toml

    try:
        with (folder / "pack.toml").open("rb") as stream:
            name = read_toml(stream.read(MAX_BYTES + 1)).values.get("default_keymap", "")
        if not isinstance(name, str) or not name or "/" in name:
            return None
        return load_keymap(folder / "keymaps" / f"{name}.toml", Layer.TEAM)
    except (TomlError, OSError, KeymapError) as error:
        settings.notices.append(clean_line(f"{folder}: the team's keymap is not used: {error}", 300))
        return None


def _together(default: Keymap, packs: list[Keymap], own: list[Keymap], notices: list[str]) -> list[Keymap]:
    """Return all keymaps without those of packs that clash with another; raises KeymapError for the agent's own."""
    try:
        merge([default, *packs, *own])
        return [default, *packs, *own]
    except KeymapError:
        kept: list[Keymap] = []
    merge([default, *own])
    for keymap in packs:
        try:
            merge([default, *kept, keymap, *own])
            kept.append(keymap)
        except KeymapError as error:
            notices.append(clean_line(f"the keymap {keymap.path} is not used: {error.findings[0]}", 300))
    return [default, *kept, *own]
