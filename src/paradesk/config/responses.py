"""All canned responses in the order of their layers: those that ship, packs, the team, the agent's own folders."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from paradesk.canned.loader import load_library, with_shortcuts
from paradesk.canned.responses import Library, Response
from paradesk.config.own_responses import own_directory
from paradesk.config.policies import team_folder
from paradesk.config.settings import Settings
from paradesk.config.shipped import shipped
from paradesk.keymap.keymap import Layer
from paradesk.keymap.loader import load_keymap


def load_responses(settings: Settings) -> tuple[Library, list[str]]:
    """Return everything that can be picked, and what is wrong, one line each. Never raises for what is in the files."""
    problems: list[str] = []
    found = stacked([responses for _, responses in response_layers(settings, problems)])
    owners = _owners(settings)
    if owners:
        found = [
            response if response.owner else replace(response, owner=owners.get(response.tags.get("topic", ""), ""))
            for response in found
        ]
    return Library(found), problems


def _owners(settings: Settings) -> dict[str, str]:
    """Return whose the responses of a topic are, where policies say so."""
    if not any("topics" in policy for policy in settings.policies):
        return {}
    from paradesk.packs.policy import merged

    return merged(settings.policies).topics


def response_layers(settings: Settings, problems: list[str]) -> Iterator[tuple[str, tuple[Response, ...]]]:
    """Yield the name and the responses of each layer, lowest first; what is wrong is added to `problems`."""
    library, found = load_library([shipped("canned_responses")])
    problems += map(str, found)
    yield "default", library.responses
    shelf = settings.shelf
    if shelf.lock.packs:
        default = load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)
        packs = [name for name in shelf.lock.packs if name != settings.team]
        team = [settings.team] if settings.team in shelf.lock.packs else []
        for name in [*packs, *team]:
            before = len(shelf.findings)
            yield f"{'team' if name in team else 'pack'} {name}", shelf.responses(name, default)
            problems += map(str, shelf.findings[before:])
    folder = team_folder(settings.team, shelf, settings.path.parent)
    if folder is not None and (folder / "canned_responses").is_dir():
        yield "team", _of_team(folder, problems)
    own = own_directory()
    for folder in [*settings.canned, *([own] if own.is_dir() else [])]:
        library, found = load_library([folder])
        problems += map(str, found)
        yield "user", library.responses


def _of_team(folder: Path, problems: list[str]) -> tuple[Response, ...]:
    """Return the responses of a team's folder, in the languages that its pack.toml names, where it has one."""
    from paradesk.packs.manifest import read_manifest_of

    place = folder / "canned_responses"
    manifest, faults = read_manifest_of(folder)
    problems += map(str, faults)
    defaults = {place: manifest.default_language} if manifest is not None else {}
    library, found = load_library([place], defaults=defaults)
    problems += map(str, found)
    fallbacks = manifest.fallbacks if manifest is not None else {}
    if not fallbacks:
        return library.responses
    return tuple(replace(response, fallback={**fallbacks, **response.fallback}) for response in library)


def stacked(layers: Iterable[tuple[Response, ...]]) -> list[Response]:
    """Put layers on top of each other: a later response replaces one of the same id, and takes its shortcuts from any."""
    found: dict[str, Response] = {}
    owners: dict[str, str] = {}
    for layer in layers:
        for response in layer:
            for shortcut in response.shortcuts:
                other = owners.get(shortcut)
                if other is not None and other != response.id and shortcut in found[other].shortcuts:
                    found[other] = with_shortcuts(
                        found[other], [name for name in found[other].shortcuts if name != shortcut]
                    )
                owners[shortcut] = response.id
            found[response.id] = response
    return list(found.values())


def beneath(settings: Settings, response_id: str) -> Response | None:
    """Return the response that lies below the agent's own layer: what a proposal is about."""
    own = str(own_directory())
    layers = [responses for _, responses in response_layers(settings, [])]
    below = (tuple(response for response in layer if response.root != own) for layer in layers)
    return Library(stacked(below)).get(response_id)
