"""Blanks that a person must fill in before a text is sent: `⟦order.id⟧`, visible, findable, never sent by accident."""

import re
from dataclasses import dataclass

SLOT_OPEN = "⟦"
SLOT_CLOSE = "⟧"

# Shorter than a line: a stray bracket far away must not swallow the text in between.
_SLOT = re.compile(f"{SLOT_OPEN}([^{SLOT_OPEN}{SLOT_CLOSE}\n]{{1,80}}){SLOT_CLOSE}")
_PLAIN = {ord(SLOT_OPEN): "[", ord(SLOT_CLOSE): "]"}


@dataclass(frozen=True, slots=True)
class Slot:
    """One open blank: `text[start:end]` is the whole token, `name` what belongs there."""

    start: int
    end: int
    name: str


def slot(name: str) -> str:
    """Return the token for a blank of this name; one that could not be found again is cut and cleaned until it can."""
    inner = " ".join(without_slots(name).split())[:80].strip()
    return f"{SLOT_OPEN}{inner or '?'}{SLOT_CLOSE}"


def find_slots(text: str) -> list[Slot]:
    """Return the open blanks of a text, in order."""
    if SLOT_OPEN not in text:
        return []
    return [Slot(found.start(), found.end(), found[1]) for found in _SLOT.finditer(text)]


def without_slots(text: str) -> str:
    """Return text from outside with its own `⟦⟧` made plain brackets, so that it can never pose as a blank."""
    return text.translate(_PLAIN)
