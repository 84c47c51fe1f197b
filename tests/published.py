"""Descriptions that backends publish of themselves, where they lie beside the project; they are never part of it."""

import json
import re
from typing import Any

import pytest

from tests.hostile_corpus import DATA


def missing(name: str) -> str:
    """Return why requests cannot be held against a description, in words; empty where it is there."""
    if (DATA / name).is_file():
        return ""
    return f"{DATA / name} is not there (PARADESK_TEST_DATA names its directory): nothing is held against it"


def published(name: str) -> dict[str, Any]:
    """Return a published description; one that describes nothing where it is not there.

    Live Helper Chat publishes a template, whose marks stand for numbers (`{{ts}}`) or for further entries.
    """
    if missing(name):
        return {"paths": {}}
    text = (DATA / name).read_text("utf-8").replace("{{ts}}", "1")
    found: dict[str, Any] = json.loads(re.sub(r"\{\{\w+\}\}", "", text))
    return found


def needs(name: str) -> None:
    """Skip the test that is about a description which is not there."""
    if why := missing(name):
        pytest.skip(why)
