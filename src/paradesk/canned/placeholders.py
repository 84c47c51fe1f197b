"""The names that a canned response may use, and which of them exist."""

from collections.abc import Sequence

from rapidfuzz import fuzz, process

KNOWN: dict[str, tuple[str, ...]] = {
    "customer": ("id", "name", "first_name", "last_name", "email", "phone", "language", "plan", "company"),
    "conversation": ("id", "number", "subject", "channel", "status", "priority", "queue", "created"),
    "agent": ("name", "first_name", "last_name", "email"),
    "assignee": ("name", "first_name", "last_name", "email"),
    "order": ("id", "item", "total", "status", "tracking", "date"),
    "ask": (),
}
"""Per root its fields. `agent` is the person writing; `ask` never has a value: it is a blank for the agent to fill."""

FREE = ("order", "ask")
"""Roots whose fields are open: what an order carries, and what is asked for, is the team's own business."""

WITH_ATTRIBUTES = ("customer", "conversation")
"""Roots that carry custom attributes under `.attributes.<key>`."""


def known(segments: Sequence[str]) -> bool:
    """Tell whether a dotted name, given as its parts, can ever have a value or become a blank."""
    match tuple(segments):
        case (root, field) if root in FREE:
            return bool(field)
        case (root, field) if root in KNOWN:
            return field in KNOWN[root]
        case (root, "attributes", key) if root in WITH_ATTRIBUTES:
            return bool(key)
        case _:
            return False


def suggestion(name: str) -> str:
    """Return the known name that looks most like a misspelt one, or an empty string."""
    names = [f"{root}.{field}" for root, fields in KNOWN.items() for field in fields]
    found = process.extractOne(name, names, scorer=fuzz.ratio, score_cutoff=60)
    return found[0] if found else ""
