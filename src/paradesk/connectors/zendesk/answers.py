"""What an answer of Zendesk means: data, or the error that its status and its words stand for."""

import msgspec

from paradesk.connectors.answers import retry_after
from paradesk.connectors.base import (
    AuthError,
    Conflict,
    ConnectorError,
    Forbidden,
    Gone,
    ProtocolError,
    RateLimited,
    Rejected,
    Uncertain,
)
from paradesk.connectors.http import Answer, printable
from paradesk.connectors.loose import row_of, rows_of, text


def meaning(answer: Answer) -> object:
    """Return the JSON of an answer; raises the ConnectorError that it stands for."""
    if not 200 <= answer.status < 300:
        raise refusal(answer)
    if answer.status == 204:
        return {}
    try:
        return msgspec.json.decode(answer.body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        raise ProtocolError("Zendesk answered something that is not JSON") from None


def refusal(answer: Answer) -> ConnectorError:
    """Return the error that an answer other than 2xx stands for, in Zendesk's words."""
    words = _words(answer.body)
    status = answer.status
    if status == 429:
        return RateLimited("Zendesk asks us to slow down", retry_after(answer))
    if status == 401:
        return AuthError(f"Zendesk does not accept the credentials: {words or 'no reason given'}")
    if status == 408 or status >= 500:
        return Uncertain(f"Zendesk is in trouble ({status}): {words}".removesuffix(": "))
    known: dict[int, tuple[type[Rejected], str]] = {
        403: (Forbidden, "Zendesk does not let you do this"),
        404: (Gone, "Zendesk has no such thing, or does not show it to you"),
        409: (Conflict, "somebody else changed it meanwhile"),
        413: (Rejected, "too large for Zendesk"),
    }
    kind, default = known.get(status, (Rejected, f"Zendesk refused it ({status})"))
    return kind(words or default)


def _words(body: bytes) -> str:
    try:
        said = row_of(msgspec.json.decode(body))
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return ""
    details = [text(one, "description") for field in row_of(said.get("details")).values() for one in rows_of(field)]
    error = said.get("error")
    told = [
        *details,
        text(said, "description"),
        text(row_of(error), "message") or text(row_of(error), "title"),
        error if isinstance(error, str) else "",
    ]
    return printable(next((one for one in told if one), ""))
