"""The JSON Schema of `config.toml` with the options of connectors in it, so that editors complete and mark them."""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paradesk.connectors.base import Connector, Option

_VALUE = ["string", "number", "boolean"]
"""What a value may be in the file; the connector gets it as text."""


def config_schema(connectors: "Iterable[type[Connector]]") -> str:
    """Return the schema as text. A profile of a connector that is not among these may have any options."""
    from paradesk.config.shape import config_type
    from paradesk.packs.shapes import schema_text

    known = sorted(connectors, key=lambda connector: connector.name)
    schema: dict[str, Any] = json.loads(schema_text(config_type()))
    profile = schema["$defs"]["Profile"]
    profile["properties"]["connector"]["examples"] = [connector.name for connector in known]
    everywhere = dict.fromkeys(profile["properties"], True)
    profile["allOf"] = [_of(connector, everywhere) for connector in known]
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"


def _of(connector: "type[Connector]", everywhere: dict[str, bool]) -> dict[str, Any]:
    """Return what holds for the profiles of one connector, beside what any may have. Secrets do not belong there."""
    open_ones = [option for option in connector.options if not option.secret]
    asked = {"properties": {"connector": {"const": connector.name}}, "required": ["connector"]}
    then: dict[str, Any] = {
        "title": connector.title,
        "properties": everywhere | {option.name: _value(option) for option in open_ones},
        "additionalProperties": False,
    }
    if needed := [option.name for option in open_ones if option.required and not option.default]:
        then["required"] = needed
    return {"if": asked, "then": then}


def _value(option: "Option") -> dict[str, Any]:
    value: dict[str, Any] = {"type": _VALUE, "description": option.help}
    return value | ({"default": option.default} if option.default else {})


def shipped_connectors() -> "list[type[Connector]]":
    """Return the connectors that ship, without those whose extra is not installed."""
    return _loaded(of_paradesk=True)


def installed_connectors() -> "list[type[Connector]]":
    """Return every connector that can be loaded."""
    return _loaded(of_paradesk=False)


def _loaded(*, of_paradesk: bool) -> "list[type[Connector]]":
    from paradesk.connectors.registry import UnknownConnector, load_connector, offered_connectors

    found = []
    for offered in offered_connectors():
        if of_paradesk and offered.package != "paradesk":
            continue
        try:
            found.append(load_connector(offered.name))
        except UnknownConnector:
            # Whoever names it in a profile is told why.
            continue
    return found
