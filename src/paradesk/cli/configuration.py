"""`paradesk config`: every value and where it comes from."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paradesk.cli.failure import readable

if TYPE_CHECKING:
    from paradesk.config.credentials import Credentials
    from paradesk.config.settings import ProfileSettings


@click.group()
def config() -> None:
    """Show the configuration and where it comes from."""


@config.command()
def show() -> None:
    """Print every value with its origin; secrets are masked."""
    from paradesk.config.credentials import Credentials
    from paradesk.config.settings import OPTIONS, load_settings

    with readable():
        settings = load_settings()
        rows = [
            (option.name, _toml(getattr(settings, option.attribute)), settings.origins[option.name])
            for option in OPTIONS
        ]
        credentials = Credentials()
        for profile in settings.profiles.values():
            rows += _profile(profile, credentials)
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    for name, value, origin in rows:
        click.echo(f"{name:<{widths[0]}}  {value:<{widths[1]}}  {origin}")


@config.command()
def schema() -> None:
    """Print the JSON Schema of config.toml, with the options of every installed connector.

    Save it, and name it in the first line of config.toml as `#:schema ./config.schema.json`: editors complete and check.
    """
    from paradesk.cli.config_schema import config_schema, installed_connectors

    click.echo(config_schema(installed_connectors()), nl=False)


@config.command()
def path() -> None:
    """Print where Paradesk keeps its files."""
    from paradesk.config.places import config_directory, journal_directory, packs_directory
    from paradesk.config.shipped import shipped

    places: list[tuple[str, Path]] = [
        ("configuration", config_directory() / "config.toml"),
        ("your keymap", config_directory() / "keymap.toml"),
        ("more keymaps", config_directory() / "keymaps"),
        ("installed packs", packs_directory()),
        ("pinned packs", config_directory() / "packs.lock"),
        ("secrets", config_directory() / "credentials"),
        ("journal", journal_directory()),
        ("shipped keymaps", shipped("keymaps")),
        ("shipped responses", shipped("canned_responses")),
    ]
    for name, place in places:
        click.echo(f"{name:<18} {place}")


def _toml(value: object) -> str:
    from paradesk.core.text import clean_line

    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, tuple):
        return "[" + ", ".join(_toml(str(item)) for item in value) + "]"
    if isinstance(value, str):
        shown = clean_line(value, 80).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{shown}"'
    return str(value)


_USER_IN_ADDRESS = re.compile(r"(?<=://)[^/]*@")


def _profile(profile: "ProfileSettings", credentials: "Credentials") -> Iterator[tuple[str, str, str]]:
    """Yield the rows of one profile. A value that its connector does not declare as harmless may be a secret."""
    from paradesk.connectors.base import Option
    from paradesk.connectors.registry import UnknownConnector, load_connector
    from paradesk.core.text import clean_line

    table = f"profiles.{profile.name}"
    yield f"{table}.connector", _toml(profile.connector), profile.place
    options: tuple[Option, ...] = ()
    try:
        options = load_connector(profile.connector).options
    except UnknownConnector as error:
        yield table, "?", clean_line(str(error), 120)
    declared = {option.name: option for option in options}
    for name, value in profile.options.items():
        harmless = name in declared and not declared[name].secret
        shown = _toml(_USER_IN_ADDRESS.sub("••••@", value)) if harmless else '"••••"'
        yield f"{table}.{clean_line(name)}", shown, profile.place.rpartition(":")[0]
    for option in options:
        if option.secret:
            found = credentials.get(profile.name, option.name)
            yield f"{table}.{option.name}", '"••••"' if found else "not set", found.origin if found else "-"
        elif option.name not in profile.options:
            yield f"{table}.{option.name}", _toml(option.default), "default"
