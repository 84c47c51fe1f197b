"""JSON Schemas of everything that is written by hand, so that editors complete and mark it. Made from the types."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from paradesk.canned.entries import KEYS as RESPONSE_KEYS
from paradesk.canned.responses import URGENCIES
from paradesk.keymap.actions import ACTIONS
from paradesk.keymap.keymap import KNOWN_CONTEXTS
from paradesk.packs.lock import Lock
from paradesk.packs.manifest import Manifest
from paradesk.packs.policy import Policy

_Text = Annotated[str, Meta(min_length=1, max_length=4096)]
_Tag = Annotated[str, Meta(min_length=1, max_length=40)]
_Period = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,3} ?[dwmy]$", description="30d, 12w, 6m or 1y")]
_Urgency = Annotated[str, Meta(extra_json_schema={"enum": [*URGENCIES]})]

_RESPONSE: dict[str, Any] = {
    "id": Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)*$", description="Never changes")],
    "title": Annotated[str, Meta(min_length=1, max_length=60, description="What agents see in the list")],
    "body": Annotated[dict[str, _Text], Meta(min_length=1, description="The text, once per language: en, de, de-AT")],
    "tags": Annotated[dict[str, _Tag], Meta(description="topic, urgency, customer, or your own")],
    "labels": Annotated[list[_Tag], Meta(max_length=40, description="Words that agents and customers use for it")],
    "shortcut": Annotated[str, Meta(max_length=20, description="Typing it puts this response first")],
    "owner": Annotated[str, Meta(max_length=60, description="The team that answers for the text")],
    "reviewed": Annotated[date, Meta(description="The day of the last review, without quotes")],
    "review_every": _Period,
}
_NEEDED = ("id", "title", "body")


def _response() -> type[msgspec.Struct]:
    """Return the type of one response. A key that has no type here may hold anything."""
    fields: list[Any] = []
    for key in sorted(RESPONSE_KEYS, key=lambda key: key not in _NEEDED):
        kind = _RESPONSE.get(key, Any)
        fields.append((key, kind) if key in _NEEDED else (key, kind | msgspec.UnsetType, msgspec.UNSET))
    return msgspec.defstruct(
        "Response", fields, namespace={"__doc__": "One canned response."}, kw_only=True, forbid_unknown_fields=True
    )


class KeymapHeader(msgspec.Struct, forbid_unknown_fields=True):
    """What the keymap is called."""

    name: Annotated[str, Meta(max_length=40)] = ""
    description: Annotated[str, Meta(max_length=200)] = ""


_ACTIONS = [*ACTIONS, *(f"-{action}" for action in ACTIONS)]
_Action = Annotated[
    str,
    Meta(
        description="What the key does; with - in front it loses that; false unbinds it",
        extra_json_schema={"enum": _ACTIONS},
    ),
]
_Target = _Action | bool


def _keymap() -> type[msgspec.Struct]:
    contexts: list[Any] = [(name, dict[str, _Target] | msgspec.UnsetType, msgspec.UNSET) for name in KNOWN_CONTEXTS]
    bindings = msgspec.defstruct(
        "Bindings", contexts, namespace={"__doc__": "Keys by the place in which they hold."}, forbid_unknown_fields=True
    )
    fields: list[Any] = [("keymap", KeymapHeader), ("bindings", bindings | msgspec.UnsetType, msgspec.UNSET)]
    return msgspec.defstruct("KeymapFile", fields, namespace={"__doc__": "A keymap."}, forbid_unknown_fields=True)


def _responses() -> type[msgspec.Struct]:
    fields: list[Any] = [("response", list[_response()])]  # type: ignore[misc]
    namespace = {"__doc__": "A file of canned responses."}
    return msgspec.defstruct("ResponsesFile", fields, namespace=namespace, forbid_unknown_fields=True)


def schemas() -> Mapping[str, str]:
    """Return the schemas as JSON text, by the names of their files."""
    kinds: dict[str, Any] = {
        "pack": Manifest,
        "policy": Policy,
        "keymap": _keymap(),
        "canned_responses": _responses(),
        "packs.lock": Lock,
    }
    return {f"{name}.schema.json": schema_text(kind) for name, kind in kinds.items()}


def schema_text(kind: Any) -> str:
    """Return the JSON Schema of a type as text."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(kind)}
    return json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
