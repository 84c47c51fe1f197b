"""Changes `config.toml` by text, so that what a person wrote there, comments included, stays as it is."""

import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from pathlib import Path

import tomli_w

from paradesk.config.errors import ConfigError, Problem
from paradesk.core.text import clean_line
from paradesk.core.toml import TomlError, read_toml


def write_private(path: Path, content: bytes) -> None:
    """Replace a file as a whole, readable by this user only; a crash leaves the old or the new one. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = path.resolve()
    fresh = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def add_profile(path: Path, name: str, connector: str, options: Mapping[str, str]) -> None:
    """Append a profile to the file, which is made if needed; raises ConfigError and changes nothing otherwise."""
    text, values = _read(path)
    profiles = values.get("profiles", {})
    if isinstance(profiles, dict) and name in profiles:
        message = f"there is a profile {name} already; `paradesk profile remove {name}` removes it"
        raise ConfigError([Problem(str(path), 0, message)])
    table = tomli_w.dumps({"profiles": {name: {"connector": connector, **options}}})
    # The header of an empty table above the profile's own says nothing, and may not stand twice.
    table = table.replace("[profiles]\n", "", 1)
    gap = "\n" if text and text.endswith("\n") else "\n\n" if text else ""
    _write(path, f"{text}{gap}{table}", name)


def remove_profile(path: Path, name: str) -> None:
    """Take a profile out of the file; raises ConfigError and changes nothing where that cannot be done."""
    text, values = _read(path)
    profiles = values.get("profiles", {})
    if not isinstance(profiles, dict) or name not in profiles:
        raise ConfigError([Problem(str(path), 0, f"there is no profile {clean_line(name)}")])
    kept: list[str] = []
    inside = False
    for line in text.splitlines(keepends=True):
        if re.match(r"\s*\[", line):
            inside = re.match(rf"""\s*\[\s*profiles\s*\.\s*["']?{re.escape(name)}["']?\s*[\].]""", line) is not None
        if not inside:
            kept.append(line)
    expected = {key: value for key, value in profiles.items() if key != name}
    try:
        left = tomllib.loads("".join(kept)).get("profiles", {})
    except ValueError:
        left = None
    if left != expected:
        message = f"profile {name} is not a table of its own here; remove it with an editor"
        raise ConfigError([Problem(str(path), 0, message)])
    _store(path, "".join(kept).rstrip("\n") + "\n" if kept else "")


def _read(path: Path) -> tuple[str, Mapping[str, object]]:
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return "", {}
    except OSError as error:
        raise ConfigError([Problem(str(path), 0, f"cannot be read: {error.strerror or error}")]) from error
    try:
        return content.decode("utf-8-sig"), read_toml(content).values
    except TomlError as error:
        raise ConfigError([Problem(str(path), error.line, f"{error}; correct the line first")]) from error


def _write(path: Path, text: str, name: str) -> None:
    try:
        tomllib.loads(text)
    except ValueError as error:
        message = f"profile {name} cannot be added to this file; put it there with an editor"
        raise ConfigError([Problem(str(path), 0, message)]) from error
    _store(path, text)


def _store(path: Path, text: str) -> None:
    try:
        write_private(path, text.encode())
    except OSError as error:
        raise ConfigError([Problem(str(path), 0, f"cannot be written: {error.strerror or error}")]) from error
