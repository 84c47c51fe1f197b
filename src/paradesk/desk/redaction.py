"""Takes out of a line of log what must not stand in it: secrets, card numbers, addresses of people, control characters."""

import re
from collections.abc import Iterable

from paradesk.connectors.http_log import path_shape, redacted
from paradesk.core.text import clean_line
from paradesk.guard.secret import masked

MASK = "•••"
LONGEST = 600
"""Terminal cells of one text in the log."""

_LOOKED_AT = 4_000
"""Characters that are searched; what lies behind them is not kept anyway, and a flood costs no time."""

_SHORTEST = 4
"""Known secrets that are shorter would blank out ordinary words."""

_URL = re.compile(r"\b(https?|wss?)://([^\s/\"'<>?#]+)([^\s\"'<>]*)", re.IGNORECASE)
_EMAIL = re.compile(r"[^\s@<>\"'(),;:]{1,64}@[^\s@<>\"'(),;:]{1,253}")
_MATRIX_ID = re.compile(r"(?<!\w)[@!#$+][\w.=/+-]{1,255}:[\w.-]{1,253}")

_LONG_NUMBER = re.compile(r"(?<![\w-])\d(?:[ .\u00a0-]?\d){12,18}(?![\w-])")
"""The guard asks only where it is sure that a number is a card's; a log can do without any number of that length."""


class Redaction:
    """What is known to be secret, and the one function that every text of the log goes through. Safe from any thread."""

    def __init__(self) -> None:
        self._known: tuple[str, ...] = ()

    def hide(self, values: Iterable[str]) -> None:
        """Never write these texts, wherever they turn up; those of fewer than four characters are left alone."""
        known = {*self._known, *(value for value in values if len(value) >= _SHORTEST)}
        # The longest first: one may be a part of another.
        self._known = tuple(sorted(known, key=len, reverse=True))

    def text(self, text: str) -> str:
        """Return one line without secrets, e-mail addresses, card numbers, ids of people and control characters."""
        for value in self._known:
            text = text.replace(value, MASK)
        # Cleaned first: a hidden character within a number must not keep it from being seen.
        text = clean_line(text[:_LOOKED_AT], _LOOKED_AT)
        text = _EMAIL.sub(MASK, _LONG_NUMBER.sub(MASK, redacted(_URL.sub(_place, masked(text)))))
        return clean_line(_MATRIX_ID.sub(MASK, text), LONGEST)


def _place(found: re.Match[str]) -> str:
    return f"{found[1]}://{found[2].rpartition('@')[2]}{path_shape(found[3])}"


REDACTION = Redaction()
"""The process's own: whoever learns a secret tells it, whether or not a log is written."""
