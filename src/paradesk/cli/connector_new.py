"""Writes the package of a new connector, which keeps the contract as it stands."""

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from string import Template

from paradesk import __version__

NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
_LONGEST = 32
_TEMPLATES = "templates/connector"
_SUFFIX = ".txt"


class CannotWrite(Exception):
    """The package cannot be written; the text says why, and what to do."""


def new_connector(parent: Path, name: str, title: str) -> list[Path]:
    """Write `parent/paradesk-NAME` and return its files; raises CannotWrite or OSError."""
    if not NAME.fullmatch(name) or len(name) > _LONGEST:
        raise CannotWrite(
            f"{name!r}: a connector's name is 1 to {_LONGEST} of a-z, 0-9, - and _, and begins with a letter"
        )
    folder = parent / f"paradesk-{name.replace('_', '-')}"
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise CannotWrite(f"{folder}: there is something already; choose another name, or --directory")
    words = re.split(r"[_-]", name)
    values = {
        "name": name,
        "title": title or " ".join(words).capitalize(),
        "distribution": folder.name,
        "package": f"paradesk_{'_'.join(words)}",
        "class_name": "".join(word.capitalize() for word in words) + "Connector",
        "version": __version__,
    }
    if any(character in values["title"] for character in "\"'\\\n{}"):
        raise CannotWrite("the title is written into Python and TOML: leave out quotes, braces and backslashes")
    written = []
    for place, text in _files(values["package"]):
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(Template(text).substitute(values), encoding="utf-8")
        written.append(path)
    return written


def _files(package: str) -> Iterator[tuple[str, str]]:
    root = files("paradesk.cli") / _TEMPLATES
    for folder, target in (("", ""), ("src", f"src/{package}/"), ("tests", "tests/")):
        for entry in sorted((root / folder).iterdir() if folder else root.iterdir(), key=lambda entry: entry.name):
            if entry.name.endswith(_SUFFIX):
                yield target + entry.name.removesuffix(_SUFFIX), entry.read_text(encoding="utf-8")
