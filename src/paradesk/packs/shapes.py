"""JSON Schemas of everything that is written by hand, so that editors complete and mark it. Made from the types."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from paradesk.canned.entries import KEYS as RESPONSE_KEYS
from paradesk.canned.fields import (
    MAX_ATTACHMENTS,
    MAX_CHANNELS,
    MAX_FALLBACKS,
    MAX_FOLDER_PARTS,
    MAX_LINKS,
    MAX_TAGS,
)
from paradesk.canned.follow_up import STATUSES
from paradesk.canned.responses import URGENCIES
from paradesk.core.model import Priority
from paradesk.keymap.actions import ACTIONS
from paradesk.keymap.keymap import KNOWN_CONTEXTS
from paradesk.packs.lock import Lock
from paradesk.packs.manifest import Language, Manifest
from paradesk.packs.policy import Policy

_Text = Annotated[str, Meta(min_length=1, max_length=4096)]
_Tag = Annotated[str, Meta(min_length=1, max_length=40)]
_Period = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,3} ?[dwmy]$", description="30d, 12w, 6m or 1y")]
_Urgency = Annotated[str, Meta(extra_json_schema={"enum": [*URGENCIES]})]

_Tags = Annotated[list[_Tag], Meta(max_length=MAX_TAGS)]
_Url = Annotated[str, Meta(pattern=r"^https?://", max_length=500, description="All of it, beginning with https://")]
_Fallback = Annotated[
    dict[Language, Language],
    Meta(max_length=MAX_FALLBACKS, description='Which language to take instead where a text is missing: gsw = "de"'),
]


class Link(msgspec.Struct, forbid_unknown_fields=True):
    """A page with a title of its own."""

    url: _Url
    title: Annotated[str, Meta(max_length=60)] = ""


class Then(msgspec.Struct, forbid_unknown_fields=True):
    """What is done to the ticket when a response is sent."""

    status: Annotated[str, Meta(extra_json_schema={"enum": [*STATUSES]})] | msgspec.UnsetType = msgspec.UNSET
    add_tags: _Tags | msgspec.UnsetType = msgspec.UNSET
    remove_tags: _Tags | msgspec.UnsetType = msgspec.UNSET
    priority: Annotated[str, Meta(extra_json_schema={"enum": [*Priority]})] | msgspec.UnsetType = msgspec.UNSET


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
    "shortcuts": Annotated[
        list[Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^\S+$")]],
        Meta(max_length=10, description="More of them"),
    ],
    "folder": Annotated[
        str,
        Meta(
            pattern=rf"^[^/]{{1,40}}(/[^/]{{1,40}}){{0,{MAX_FOLDER_PARTS - 1}}}$",
            description="Where agents find it when they browse: billing/invoices. Otherwise where its file lies",
        ),
    ],
    "active_from": Annotated[date, Meta(description="The first day on which it is offered, without quotes")],
    "active_to": Annotated[date, Meta(description="The last day on which it is offered, without quotes")],
    "channels": Annotated[list[_Tag], Meta(max_length=MAX_CHANNELS, description="Only for chats of these channels")],
    "links": Annotated[
        list[_Url | Link], Meta(max_length=MAX_LINKS, description="Pages that it rests on, for agents; never sent")
    ],
    "attachments": Annotated[
        list[Annotated[str, Meta(min_length=1, pattern=r"^[^/]")]],
        Meta(max_length=MAX_ATTACHMENTS, description="Files that go out with it, beside this one or below it"),
    ],
    "then": Annotated[Then, Meta(description="What is done to the ticket when it is sent; shown before")],
    "fallback": _Fallback,
}
_FILE: dict[str, Any] = {
    "default_language": Annotated[Language, Meta(description="What customers get who speak no language of a response")],
    "fallback": _Fallback,
}
"""Keys above all responses of a file."""
_NEEDED = ("id", "title", "body")


def _response() -> type[msgspec.Struct]:
    """Return the type of one response; raises KeyError for a key that has none here."""
    fields: list[Any] = []
    for key in sorted(RESPONSE_KEYS, key=lambda key: key not in _NEEDED):
        kind = _RESPONSE[key]
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
    fields: list[Any] = [
        ("response", list[_response()]),  # type: ignore[misc]
        *((key, kind | msgspec.UnsetType, msgspec.UNSET) for key, kind in _FILE.items()),
    ]
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
