"""What a reply becomes before Live Helper Chat gets it: nothing in it may act as a command, as HTML or as BBCode.

The server executes a message that begins with `!`, and its widget turns BBCode into markup. An invisible character
(U+2060, word joiner) in the right place makes both into plain text that looks the same.
"""

import re
from typing import Final

from paradesk.connectors.base import Prepared, Rejected

JOINER: Final = "\u2060"
MAX_BODY: Final = 60_000
_TRIMMED: Final = " \t\n\r\0\x0b"
"""What the server takes off both ends before it looks for a command."""
_ACTS = re.compile(r"\[(?=/?(?:html|html_snippet|translation)\b)", re.IGNORECASE)
"""Neutralised always: the first two are HTML, for which a server that forbids it stores a refusal in the reply's place;
of the third the customer sees only what stands inside."""
_TAGS: Final = [
    "b",
    "i",
    "u",
    "s",
    "mark",
    "list",
    "li",
    "color",
    "level",
    "code",
    "mask",
    "plain",
    "dateformat",
    "baseurl",
    "img",
    "loc",
    "url",
    "quote",
    "paypal",
    "youtube",
    "fupload",
    "button_action",
    "link_trigger",
    "file",
    "survey",
]
_MARKUP = re.compile(rf"\[(?=/?(?:(?:{'|'.join(_TAGS)}|fs\d+)[\]=\s\"]|\*\]))", re.IGNORECASE)
_LINK = re.compile(r"(?<=\])\((?=[^)]+\))")
_OURS = re.compile(rf"^{JOINER}(?=!)|(?<=\[){JOINER}(?=/?[a-zA-Z*])|(?<=\]){JOINER}(?=\()")
_CODE = re.compile(r"`[^`]+`")
COMMAND_REMARK: Final = (
    "a leading ! would be a command to the server: an invisible character in front of it keeps it text"
)
MARKUP_REMARK: Final = "what would be markup at the customer is kept as text by invisible characters"
CODE_REMARK: Final = "the customer sees what stands between ` marks as code, without the marks"


def harmless(body: str) -> str:
    """Return the text so that the server neither executes it nor refuses it as HTML. Harmless to repeat."""
    body = _ACTS.sub(f"[{JOINER}", body.strip(_TRIMMED))
    return f"{JOINER}{body}" if body.startswith("!") else body


def as_written(body: str) -> str:
    """Return a reply of an operator without the invisible characters that made it harmless: as its reader sees it."""
    return _OURS.sub("", body)


def prepared(body: str, *, markup: bool) -> Prepared:
    """Return what is sent for a text; `markup` leaves BBCode and links to the widget. Raises Rejected for too much.

    What was prepared before stays as it is.
    """
    trimmed = body.strip(_TRIMMED)
    plain = _ACTS.sub(f"[{JOINER}", trimmed)
    if not markup:
        plain = _LINK.sub(f"{JOINER}(", _MARKUP.sub(f"[{JOINER}", plain))
    remarks = []
    if trimmed.startswith("!"):
        remarks.append(COMMAND_REMARK)
    if plain != trimmed:
        remarks.append(MARKUP_REMARK)
    if not markup and _CODE.search(plain):
        remarks.append(CODE_REMARK)
    return Prepared((within_limit(harmless(plain)),), tuple(remarks))


def within_limit(body: str) -> str:
    """Return the text as it is; raises Rejected where it is longer than one message may be."""
    size = len(body.encode("utf-8", "replace"))
    if size > MAX_BODY:
        raise Rejected(f"the text is {size:,} bytes long; at most {MAX_BODY:,} are sent to Live Helper Chat at once")
    return body
