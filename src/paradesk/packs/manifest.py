"""`pack.toml`: who made a pack, for whom, and what is in it."""

import re
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from paradesk import __version__
from paradesk.canned.language import find_cycle
from paradesk.core.toml import Document
from paradesk.keymap.findings import Level
from paradesk.packs.findings import Finding, finding
from paradesk.packs.tree import read_plain
from paradesk.packs.typed import read_document, read_typed

NAME = re.compile(r"[a-z][a-z0-9-]{1,39}")
"""What a pack may be called."""

_NUMBER = r"(?:0|[1-9]\d{0,8})"
_WORD = r"(?:0|[1-9]\d{0,8}|[0-9]*[A-Za-z-][0-9A-Za-z-]*)"
_SEMVER = re.compile(
    rf"({_NUMBER})\.({_NUMBER})\.({_NUMBER})(?:-({_WORD}(?:\.{_WORD})*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?"
)

Name = Annotated[
    str, Meta(pattern=rf"^{NAME.pattern}$", description="2 to 40 of a-z, 0-9 and -, beginning with a letter")
]
Version = Annotated[str, Meta(max_length=60, description="A semantic version, such as 1.2.3")]
Language = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$", max_length=35, description="A language tag: en, de, de-AT"),
]
Line = Annotated[str, Meta(min_length=1, max_length=80, description="A text of at most 80 characters")]


class Contains(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """What is in the pack; `packs check` compares it with the files."""

    keymaps: Annotated[
        tuple[str, ...], Meta(max_length=20, description="Names of its keymaps: keymaps/desk.toml is called desk")
    ] = ()
    canned_responses: Annotated[bool, Meta(description="Whether there is a folder canned_responses")] = False
    policy: Annotated[bool, Meta(description="Whether there is a policy.toml")] = False


class Manifest(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The whole of `pack.toml`."""

    name: Annotated[str, Meta(max_length=80, description="2 to 40 of a-z, 0-9 and -, beginning with a letter")]
    version: Version
    title: Line
    description: Annotated[str, Meta(max_length=300, description="For whom it is, in a sentence or two")] = ""
    authors: Annotated[tuple[Line, ...], Meta(min_length=1, max_length=20, description='A list, such as ["Ada Byron"]')]
    licence: Annotated[
        str, Meta(min_length=1, max_length=80, description="An SPDX expression such as CC-BY-4.0, or a phrase")
    ]
    languages: Annotated[tuple[Language, ...], Meta(max_length=60, description='A list, such as ["en", "de-AT"]')] = ()
    default_language: Annotated[str, Meta(description="Who speaks none of `languages` gets this one")] = ""
    paradesk: Annotated[str, Meta(max_length=60, description="The oldest Paradesk that it works with, such as 0.1.0")]
    default_keymap: Annotated[
        str, Meta(description="The keymap that everyone gets who installs the pack; empty: they choose one")
    ] = ""
    contains: Contains = Contains()
    fallbacks: Annotated[
        dict[Language, Language],
        Meta(max_length=60, description='Which language stands in for another: gsw = "de"'),
    ] = {}


def order(version: str) -> tuple[object, ...] | None:
    """Return what to sort a semantic version by, or None for what is none."""
    found = _SEMVER.fullmatch(version)
    if found is None:
        return None
    pre = tuple((0, int(part), "") if part.isdigit() else (1, 0, part) for part in (found[4] or "").split(".") if part)
    return int(found[1]), int(found[2]), int(found[3]), not pre, pre


def newer(version: str, than: str) -> bool:
    """Tell whether one semantic version comes after another; what is none comes before all others."""
    one, other = order(version), order(than)
    return one is not None and (other is None or one > other)


def read_manifest(document: Document, file: str) -> tuple[Manifest | None, list[Finding]]:
    """Check a parsed `pack.toml` by itself, without looking at the other files. Never raises."""
    manifest, found = read_typed(document, Manifest, file)
    values = document.values

    def report(code: str, key: str, message: str, table: str = "") -> None:
        found.append(finding(code, file, document.line(table, key), message))

    if isinstance(name := values.get("name"), str) and len(name) <= 80 and not NAME.fullmatch(name):
        report("P106", "name", f"a pack cannot be called `{name}`")
    if isinstance(version := values.get("version"), str) and len(version) <= 60 and order(version) is None:
        report("P107", "version", f"`{version}` is no semantic version")
    if isinstance(least := values.get("paradesk"), str) and len(least) <= 60:
        if order(least) is None:
            report("P107", "paradesk", f"`{least}` is no semantic version")
        elif newer(least, __version__):
            report("P108", "paradesk", f"it needs Paradesk {least}; this is {__version__}")
    if manifest is None:
        return None, sorted(found)
    languages = set(map(str.casefold, manifest.languages))
    for source, target in manifest.fallbacks.items():
        if target.casefold() not in languages and target not in manifest.fallbacks:
            report("P112", source, f"the fallback of {source} is {target}, which is not in `languages`", "fallbacks")
    if circle := find_cycle(manifest.fallbacks):
        report("P111", circle[0], f"fallbacks in a circle: {' → '.join(circle)}", "fallbacks")
    if manifest.default_language and manifest.default_language.casefold() not in languages:
        report("P112", "default_language", f"{manifest.default_language} is not in `languages`")
    if manifest.default_keymap and manifest.default_keymap not in manifest.contains.keymaps:
        report("P113", "default_keymap", f"`{manifest.default_keymap}` is not in `contains.keymaps`")
    errors = any(item.level is Level.ERROR for item in found)
    return (None if errors else manifest), sorted(found)


def read_manifest_of(folder: Path) -> tuple[Manifest | None, list[Finding]]:
    """Read the `pack.toml` of a folder that is used as it is; None where it has none or a bad one. Never raises."""
    path = folder / "pack.toml"
    try:
        content = read_plain(path)
    except FileNotFoundError:
        return None, []
    except OSError as error:
        return None, [finding("P313", str(path), 0, f"cannot be read: {error.strerror or error}")]
    document, found = read_document(content, str(path))
    return read_manifest(document, str(path)) if document is not None else (None, found)
