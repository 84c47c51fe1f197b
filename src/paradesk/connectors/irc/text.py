"""Texts of IRC: what a message of somebody says, and what a reply becomes. Pure."""

import re
from typing import Final

import wcwidth

# Bold, italics, underline, strike, monospace, reverse and reset; colours by number and by hexadecimal digits.
_FORMAT: Final = re.compile(
    r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?|[\x02\x0f\x11\x16\x1d\x1e\x1f]"
)
_CONTROL: Final = re.compile("[\x00-\x08\x0e-\x1b\x7f]")
_BREAKS: Final = re.compile("\r\n|[\n\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_CTCP: Final = "\x01"


def plain(text: str) -> str:
    """Return the text without colours and other formatting codes."""
    return _FORMAT.sub("", text)


def heard(text: str) -> tuple[str, str]:
    """Return what a message says, and the name of the CTCP request that it is instead (empty for a message).

    An action (`/me waves`) is a message, and is shown as the words that somebody types for it.
    """
    if not text.startswith(_CTCP):
        return plain(text), ""
    name, _, rest = text.strip(_CTCP).partition(" ")
    if name.upper() == "ACTION":
        return plain(f"/me {rest}".rstrip()), ""
    return plain(rest), plain(name).upper()[:40] or "?"


def sayable(body: str) -> list[str]:
    """Return the lines of a reply that can be sent: no control characters, nothing empty, no blanks at their ends."""
    lines = (_CONTROL.sub("", _FORMAT.sub("", line)).replace("\x1f", "").rstrip() for line in _BREAKS.split(body))
    return [line for line in lines if line]


def has_controls(body: str) -> bool:
    """Tell whether a reply holds characters that IRC would take for a command or for formatting."""
    return bool(_CONTROL.search(body) or _FORMAT.search(body))


def split(body: str, room: int) -> list[str]:
    """Return the messages that a reply becomes, each at most `room` bytes long in UTF-8.

    One for each line; a longer one breaks between words, else between characters as people see them.
    """
    return [piece for line in sayable(body) for piece in _pieces(line, max(room, 8))]


def _pieces(line: str, room: int) -> list[str]:
    pieces: list[str] = []
    while len(line.encode("utf-8", "replace")) > room:
        head = _fitting(line, room)
        blank = max(head.rfind(" "), head.rfind("\t"))
        if line[len(head)] in " \t":
            blank = len(head)
        # Words are kept whole unless that would leave most of the message empty.
        if blank > 0 and line[:blank].strip() and len(line[:blank].encode("utf-8", "replace")) * 2 >= room:
            head = line[:blank]
        pieces.append(head.rstrip())
        line = line[len(head) :].lstrip(" \t")
    return [*pieces, line] if line else pieces


def _fitting(line: str, room: int) -> str:
    """Return the longest beginning that fits and ends between two characters as people see them."""
    size, end = 0, 0
    # No more characters than bytes can fit, and a few in which the last one may go on.
    for cluster in wcwidth.iter_graphemes(line[: room + 64]):
        size += len(cluster.encode("utf-8", "replace"))
        if size > room:
            break
        end += len(cluster)
    if end:
        return line[:end]
    # One that fits into no message at all is broken between code points.
    return line.encode("utf-8", "replace")[:room].decode("utf-8", "ignore")
