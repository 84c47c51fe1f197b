"""What an answer of Live Helper Chat means. Its status says little: errors come with 200, refusals as empty bodies.

PHP may write warnings in front of the JSON; an unknown route leads to a page of HTML; a gated call answers nothing.
"""

import logging
import re
from typing import Final

import msgspec

from paradesk.connectors.answers import retry_after
from paradesk.connectors.base import (
    AuthError,
    ConnectorError,
    Forbidden,
    Gone,
    ProtocolError,
    RateLimited,
    Rejected,
    Uncertain,
)
from paradesk.connectors.http import Answer, printable
from paradesk.connectors.loose import Row

_log = logging.getLogger(__name__)
_START = re.compile(rb"(?:^|>|\n)\s*([\[{])")
_ATTEMPTS: Final = 25
_SECRETS = re.compile(
    r"""(?ix) ( ["'] (?: hash | security_hash | password | api_key | session_id | forgot\w* | \w*token ) ["'] \s* : \s* )
    (?: "(?:[^"\\]|\\.)*" | \d+ )"""
)
_BCRYPT = re.compile(r"\$2[abxy]\$\d\d\$[./A-Za-z0-9]{20,}")
_AUTH = ("authorization failed", "authorization header", "authorisation failed", "direct_logins", "ip restrictions")
_FORBIDDEN = ("permission", "cannot read this chat", "access denied", "is required")
_GONE = ("could not be found", "could not find", "no object", "not found")


class NotTheServer(Rejected):
    """Refused by something in front of Live Helper Chat, or at a wrong address: the answer is no data."""


def redacted(body: str) -> str:
    """Return an answer without what lets others act as the visitor or as an operator."""
    return _BCRYPT.sub("•••", _SECRETS.sub(r'\1"•••"', body))


def parsed(body: bytes) -> object:
    """Return the JSON of an answer, also where PHP has written warnings in front of it; raises ProtocolError."""
    body = body.strip(b"\xef\xbb\xbf \t\r\n")
    if not body:
        raise ProtocolError("the server answered nothing")
    for start in (0, *(found.start(1) for found, _ in zip(_START.finditer(body), range(_ATTEMPTS), strict=False))):
        try:
            return msgspec.json.decode(body[start:])
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            continue
    kind = "a page of HTML" if body[:200].lstrip().startswith(b"<") else "something that is not JSON"
    # Only what is no answer at all is worth a look, and it holds nobody's messages.
    _log.warning("Live Helper Chat answered %s: %s", kind, printable(redacted(body[:600].decode("utf-8", "replace"))))
    raise ProtocolError(f"the server answered {kind} instead of data")


def meaning(answer: Answer) -> object:
    """Return what an answer says; raises the ConnectorError that it stands for, whatever its status is."""
    if answer.status == 429:
        raise RateLimited("the server asks us to slow down", retry_after(answer))
    if answer.status == 401:
        raise AuthError("the server does not accept the user name and key")
    if answer.status == 408 or answer.status >= 500:
        raise Uncertain(f"the server is in trouble ({answer.status})")
    try:
        said = parsed(answer.body)
    except ProtocolError:
        if 400 <= answer.status < 500:
            raise NotTheServer(
                f"refused with {answer.status}, and not by Live Helper Chat: is the address of the installation right?"
            ) from None
        raise
    if isinstance(said, dict) and said.get("error") in (True, 1, "true", "1"):
        raise refusal(said)
    if answer.status >= 400:
        raise Rejected(f"the server refused it ({answer.status})")
    return said


def refusal(said: Row) -> ConnectorError:
    """Return the error that a body with `error: true` stands for, by the server's words."""
    result = said.get("result", said.get("r", said.get("error_string")))
    words = printable(redacted(result if isinstance(result, str) else "")) or "the server refused it and gave no reason"
    low = words.lower()
    if any(sign in low for sign in _AUTH):
        return AuthError(words)
    if any(sign in low for sign in _GONE):
        return Gone(words)
    if any(sign in low for sign in _FORBIDDEN):
        return Forbidden(words)
    return Rejected(words)
