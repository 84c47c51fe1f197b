"""Chatwoot's REST interface: one origin, one token in a header, and errors with a meaning."""

import email.utils
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Final, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from paradesk.connectors.base import (
    AuthError,
    ConnectorError,
    Forbidden,
    Gone,
    NotSent,
    ProtocolError,
    RateLimited,
    Rejected,
    Uncertain,
)
from paradesk.connectors.chatwoot.wire import Trouble, decode, shape_of
from paradesk.connectors.http import DEADLINE, Answer, OriginClient, checked_origin, printable
from paradesk.core.secret import Secret

T = TypeVar("T")

MAX_ANSWER: Final = 64 * 2**20
"""Bytes of the largest answer that is read."""
DEFAULT_RETRY_AFTER: Final = 20.0
"""Seconds to wait where the server names none: its limits are counted by the minute."""
UPLOAD_DEADLINE: Final = 300.0
"""Seconds for a request that carries files."""

Json = Mapping[str, object]
File = tuple[str, str, bytes]
"""Name, media type, content."""
_log = logging.getLogger(__name__)


class Unauthorised(ConnectorError):
    """Answered 401, which Chatwoot says both of a bad token and of what this agent may not do."""


class ServerTrouble(Uncertain):
    """Answered 5xx: Chatwoot is there, and could not answer this."""


def encode(content: object) -> bytes:
    """Return the JSON of a request; raises Rejected for text that no encoding can carry (half a surrogate pair)."""
    try:
        return msgspec.json.encode(content)
    except UnicodeEncodeError:
        raise Rejected("the text contains a broken character that cannot be sent") from None


class ChatwootClient:
    """Talks to one Chatwoot. The token goes into a header of requests to that origin, and nowhere else."""

    def __init__(
        self, url: str, token: Secret, *, ca_file: str = "", transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.origin = checked_origin(url, "chatwoot")
        self.ca_file = ca_file
        self._http = OriginClient(self.origin, ca_file=ca_file, transport=transport)
        self._token = token
        self._ahead = 0.0
        """Seconds by which the server's clock is ahead of ours, by its last answer."""

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()

    @property
    def server_now(self) -> float:
        """The time by the server's own clock (Unix seconds), as its last answer told it."""
        return time.time() + self._ahead

    async def call(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        json: Json | None = None,
        params: Mapping[str, str] | None = None,
    ) -> T:
        """Ask and return the answer as `kind`; raises a ConnectorError that says whether the request was taken."""
        answer = await self._ask(method, path, json=json, params=params)
        return self._read(answer, kind, method, path)

    async def tell(self, method: str, path: str, json: Json | None = None) -> None:
        """Ask for something whose answer says nothing."""
        await self._ask(method, path, json=json)

    async def post_form(self, path: str, kind: type[T], fields: Mapping[str, str], files: Sequence[File]) -> T:
        """Send files with a form and return the answer as `kind`."""
        content, media_type = multipart(fields, files)
        answer = await self._ask("POST", path, content=content, media_type=media_type, deadline=UPLOAD_DEADLINE)
        return self._read(answer, kind, "POST", path)

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        json: Json | None = None,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        media_type: str = "application/json",
        deadline: float = DEADLINE,
    ) -> Answer:
        if not self._token:
            raise AuthError("no token is configured: copy the access token of your profile page in Chatwoot")
        headers: dict[str, str | Secret] = {"api_access_token": self._token, "Accept": "application/json"}
        if json is not None:
            content = encode(json)
        if content is not None:
            headers["Content-Type"] = media_type
        answer = await self._http.ask(
            method, path, params=params, content=content, headers=headers, limit=MAX_ANSWER, deadline=deadline
        )
        self._learn_clock(answer)
        if not 200 <= answer.status < 300:
            raise refusal(answer)
        return answer

    def _learn_clock(self, answer: Answer) -> None:
        try:
            moment = email.utils.parsedate_to_datetime(answer.headers.get("Date", ""))
        except (ValueError, TypeError):
            return
        self._ahead = moment.timestamp() - time.time()

    def _read(self, answer: Answer, kind: type[T], method: str, path: str) -> T:
        found = decode(answer.body, kind)
        if found is None:
            what = "a web page" if is_page(answer) else "something that makes no sense"
            asked = f"{method} {printable(path.rpartition('/')[2], 40)}"
            _log.warning("%s: an answer to %s cannot be read: %s", self._http.place, asked, shape_of(answer.body))
            raise ProtocolError(
                f"{self._http.place} answers {what} to {asked}; is it Chatwoot, and is no proxy between?"
            )
        return found


def is_page(answer: Answer) -> bool:
    """Tell whether an answer is HTML, as a proxy or a maintenance page gives."""
    return "html" in answer.headers.get("Content-Type", "") or answer.body[:200].lstrip().startswith(b"<")


def refusal(answer: Answer) -> ConnectorError:
    """Return the error that an answer stands for; the body decides where the status does not."""
    status, trouble = answer.status, decode(answer.body, Trouble) or Trouble()
    words = printable(trouble.words) or f"Chatwoot answered {status}"
    if status == 429 or (status == 422 and "too many" in words.lower()):
        return RateLimited("Chatwoot asks us to slow down", retry_after(answer.headers))
    if status == 401:
        return Unauthorised(words)
    if status == 403:
        return Forbidden(words)
    if status in (404, 410):
        return Gone("Chatwoot answers with a web page: not found" if is_page(answer) else words)
    if status == 413:
        return Rejected(f"too large for this Chatwoot: {words}")
    if 300 <= status < 400:
        return NotSent(f"Chatwoot answered {status}, which leads nowhere")
    if status == 408 or status >= 500:
        return ServerTrouble(
            f"Chatwoot is in trouble ({status})" if is_page(answer) else f"Chatwoot is in trouble: {words}"
        )
    return Rejected(words)


def retry_after(headers: Mapping[str, str]) -> float:
    """Return how many seconds to wait, from the header, within reason."""
    try:
        seconds = float(headers.get("Retry-After", ""))
    except ValueError:
        return DEFAULT_RETRY_AFTER
    # NaN compares false with everything.
    return min(seconds, 3600.0) if seconds > 0 else DEFAULT_RETRY_AFTER


def multipart(fields: Mapping[str, str], files: Sequence[File]) -> tuple[bytes, str]:
    """Return a form with files as bytes, and its media type."""
    named = [("attachments[]", (name, content, media_type)) for name, media_type, content in files]
    request = httpx.Request("POST", "https://localhost/", data=dict(fields), files=named)
    return request.read(), request.headers["Content-Type"]


def segment(text: str) -> str:
    """Return an id as one path segment: it may hold any character."""
    return quote(text, safe="").replace(".", "%2E") if text.strip(".") == "" else quote(text, safe="")
