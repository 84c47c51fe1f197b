"""What an HTTP answer means: a status code becomes the error that says what may be done, a body a checked value."""

import email.utils
import time
from typing import TypeVar

import msgspec

from paradesk.connectors.base import (
    AuthError,
    Conflict,
    Forbidden,
    Gone,
    ProtocolError,
    RateLimited,
    Rejected,
    Uncertain,
)
from paradesk.connectors.http import Answer, printable

T = TypeVar("T")


def accepted(answer: Answer, title: str) -> Answer:
    """Return an answer with a status below 300; raises the ConnectorError that any other one means.

    `title` is what the agent calls the backend. Where a backend answers 200 to what it refuses, look at the body first.
    """
    status = answer.status
    if status < 300:
        return answer
    said = printable(answer.body[:400].decode("utf-8", "replace").strip())
    why = f"{title} answered {status}" + (f": {said}" if said and not said.startswith("<") else "")
    match status:
        case 401:
            raise AuthError(why)
        case 403:
            raise Forbidden(why)
        case 404 | 410:
            raise Gone(why)
        case 409 | 412:
            raise Conflict(why)
        case 429 | 503 if status == 429 or "Retry-After" in answer.headers:
            raise RateLimited(why, retry_after(answer))
        case _ if status >= 500 or status == 408:
            raise Uncertain(why)
        case _:
            raise Rejected(why)


def retry_after(answer: Answer, otherwise: float = 5.0) -> float:
    """Return the seconds that `Retry-After` asks to wait, at most an hour, as a number or as a date."""
    said = answer.headers.get("Retry-After", "").strip()
    try:
        seconds = (
            float(said) if said[:1].isdigit() else email.utils.parsedate_to_datetime(said).timestamp() - time.time()
        )
    except (ValueError, OverflowError):
        return otherwise
    return min(max(seconds, 0.1), 3600.0) if seconds == seconds else otherwise


def decoded(answer: Answer, kind: type[T], title: str) -> T:
    """Return the JSON of an answer as a value of this type; raises ProtocolError for anything else, HTML for example.

    Fields that `kind` does not know are ignored, fields of the wrong type are not.
    """
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise ProtocolError(f"{title} answered something that cannot be understood: {printable(str(error))}") from None
