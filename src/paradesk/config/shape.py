"""The shape of `config.toml` as a type, made from the settings themselves, for its JSON Schema."""

import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from paradesk.config.settings import OPTIONS, Settings


class Profile(msgspec.Struct):
    """One chat backend: its connector, and the connector's own options."""

    connector: Annotated[str, Meta(min_length=1, description="matrix, simulator, or one that you have installed")]


def config_type() -> type[msgspec.Struct]:
    """Return the type of the whole file."""
    hints = typing.get_type_hints(Settings)
    tables: dict[str, list[Any]] = {"": []}
    for option in OPTIONS:
        table, _, name = option.name.rpartition(".")
        kind: Any = Annotated[_in_toml(hints[option.attribute]), Meta(description=option.help)]
        tables.setdefault(table, []).append((name, kind | msgspec.UnsetType, msgspec.UNSET))
    fields = tables.pop("")
    for table, entries in tables.items():
        section: Any = msgspec.defstruct(table.title(), entries, namespace={"__doc__": ""}, forbid_unknown_fields=True)
        fields.append((table, section | msgspec.UnsetType, msgspec.UNSET))
    fields.append(("profiles", dict[str, Profile] | msgspec.UnsetType, msgspec.UNSET))
    namespace = {"__doc__": "The settings of Paradesk."}
    return msgspec.defstruct("Config", fields, namespace=namespace, forbid_unknown_fields=True)


def _in_toml(kind: Any) -> Any:
    """Return what a setting is in the file: paths are texts, and a file has lists where settings have tuples."""
    if kind is Path:
        return str
    if typing.get_origin(kind) is tuple:
        return list[_in_toml(typing.get_args(kind)[0])]  # type: ignore[misc]
    if typing.get_origin(kind) in (dict, Mapping):
        return dict[str, Any]
    return kind
