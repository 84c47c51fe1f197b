"""What `paradesk packs new` writes: a small pack that checks clean, with a schema beside it for the editor."""

from collections.abc import Mapping
from pathlib import Path

import tomli_w

from paradesk import __version__
from paradesk.packs.findings import refuse
from paradesk.packs.manifest import NAME

SCHEMAS = ".schemas"
"""The folder for editors; what begins with a dot is no part of a pack."""


def new_pack(folder: Path, name: str, *, author: str, schemas: Mapping[str, str]) -> list[str]:
    """Write a pack into a new or empty folder and return the names of its files; raises PackError or OSError."""
    if not NAME.fullmatch(name):
        raise refuse("P106", name, f"a pack cannot be called `{name}`")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise refuse("P313", str(folder), "there is something already", "Choose another name, or another place.")
    files = {
        "pack.toml": _header("pack") + _manifest(name, author),
        "policy.toml": _header("policy") + _POLICY,
        f"keymaps/{name}.toml": _header("keymap", "../") + _KEYMAP.replace("NAME", name),
        "canned_responses/greeting/greeting.toml": _header("canned_responses", "../../") + _RESPONSES,
        "README.md": f"# {name}\n\nFor whom this pack is, and whom to ask about it.\n",
        **{f"{SCHEMAS}/{file}": text for file, text in schemas.items()},
    }
    for file, text in files.items():
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return [file for file in files if not file.startswith(".")]


def _header(kind: str, up: str = "") -> str:
    return f"#:schema {up or './'}{SCHEMAS}/{kind}.schema.json\n"


def _manifest(name: str, author: str) -> str:
    values = {
        "name": name,
        "version": "0.1.0",
        "title": name.replace("-", " ").capitalize(),
        "description": "",
        "authors": [author],
        "licence": "All rights reserved",
        "languages": ["en", "de"],
        "default_language": "en",
        "paradesk": __version__,
        "contains": {"keymaps": [name], "canned_responses": True, "policy": True},
    }
    return tomli_w.dumps(values)


_POLICY = """\
# What is not set here is left to each agent. docs/packs.md says what there is.

response_target = 45
"""

_KEYMAP = """\
[keymap]
name = "NAME"
description = "The keys of this team"

[bindings.global]
"ctrl+x ;" = "canned.pick"
"""

_RESPONSES = """\
[[response]]
id = "greeting.team"
title = "Greeting of this team"
tags = { topic = "greeting" }
labels = ["hello", "hallo"]
[response.body]
en = "Hello{% if customer.first_name %} {{ customer.first_name }}{% endif %}, how can I help?"
de = "Guten Tag{% if customer.first_name %} {{ customer.first_name }}{% endif %}, wie kann ich helfen?"
"""
