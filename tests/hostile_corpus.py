"""Hostile texts for tests: a few of our own, and the large collection where it lies beside the project."""

import json
import os
from pathlib import Path
from typing import NamedTuple

from tests.unit.core.hostile import HOSTILE

DATA = Path(os.environ.get("PARADESK_TEST_DATA") or Path(__file__).parents[2] / "shared" / "data")
"""Where large test data lies."""

COLLECTION = DATA / "hostile_inputs.json"

MISSING = f"{COLLECTION} is not there (PARADESK_TEST_DATA names its directory): only our own hostile texts are tried"


class Entry(NamedTuple):
    """One hostile text."""

    id: str
    text: str
    survives: bool
    """It is honest text that only looks odd, and must come out as it went in."""


OWN = tuple(Entry(f"own: {name}", text, False) for name, text in HOSTILE.items()) + (
    Entry("own: honest scripts", "Grüße, Zoë! مرحبا שלום कैसे हैं ไทย 日本語 👩‍👩‍👧 می‌خواهم", True),
)


def collection() -> tuple[Entry, ...]:
    """Return the large collection; empty where it is not there."""
    if not COLLECTION.exists():
        return ()
    return tuple(
        Entry(item["id"], item["text"] * item.get("repeat", 1), item["why"].startswith("MUST SURVIVE UNCHANGED"))
        for item in json.loads(COLLECTION.read_text(encoding="utf-8"))
    )


def everything() -> tuple[Entry, ...]:
    """Return all hostile texts that there are."""
    return OWN + collection()
