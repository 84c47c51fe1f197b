"""The Matrix client-server API over HTTP: one origin, total deadlines, capped answers, and errors with a meaning."""

from collections.abc import Mapping
from functools import partial
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec

from paradesk.connectors.base import (
    AuthError,
    Conflict,
    ConnectorError,
    Forbidden,
    Gone,
    NotSent,
    ProtocolError,
    RateLimited,
    Rejected,
    Uncertain,
)
from paradesk.connectors.http import DEADLINE, Downloader, OriginClient, RedirectRefused, checked_origin, printable
from paradesk.connectors.matrix.wire import Login, Trouble, decode_raw
from paradesk.core.secret import Secret

T = TypeVar("T")

API = "/_matrix/client/v3"
MAX_ANSWER = 64 * 2**20
"""Bytes of the largest JSON answer that is read."""
DEFAULT_RETRY_AFTER = 5.0

Json = Mapping[str, object]


class TokenExpired(ConnectorError):
    """The access token is no longer valid; `soft` when the server invites us to sign in again as the same device."""

    def __init__(self, reason: str, soft: bool) -> None:
        super().__init__(reason)
        self.soft = soft


class InvalidRequest(Rejected):
    """Refused with 400: the request itself makes no sense to the server (a stale position in the stream, too)."""


class NotFound(Gone):
    """Refused with 404: no such thing, or this server does not know the call."""


def segment(text: str) -> str:
    """Return an id as one path segment: ids are opaque and may hold any character."""
    # A segment of dots alone would be resolved away by URL normalisation.
    return quote(text, safe="").replace(".", "%2E") if text.strip(".") == "" else quote(text, safe="")


def encode(content: Json) -> bytes:
    """Return the JSON of a request; raises Rejected for text that no encoding can carry (half a surrogate pair)."""
    try:
        return msgspec.json.encode(content)
    except UnicodeEncodeError:
        raise Rejected("the text contains a broken character that cannot be sent") from None


def homeserver_origin(address: str) -> httpx.URL:
    """Return the checked origin of a homeserver; raises AuthError when secrets must not be sent there."""
    return checked_origin(address, "homeserver")


class MatrixClient:
    """Talks to one homeserver. The token goes into a header of requests to that origin, and nowhere else."""

    def __init__(
        self, homeserver: str, *, ca_file: str = "", transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        origin = homeserver_origin(homeserver)
        self._http = OriginClient(origin, ca_file=ca_file, transport=transport)
        self._files: Downloader | None = None
        self._build_files = partial(Downloader, [origin], ca_file=ca_file, transport=transport)
        self.token = Secret("")
        """The access token in use, or an empty one."""

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()
        if self._files is not None:
            await self._files.close()

    async def login(self, user: str, password: Secret, device_id: str) -> Login:
        """Sign in by password as this device and keep the token; raises AuthError when the server refuses."""
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": user},
            "password": password.reveal(),
            "device_id": device_id,
            "initial_device_display_name": "Paradesk",
        }
        self.token = Secret("")
        try:
            answer = await self.call("POST", f"{API}/login", Login, json=body)
        except (InvalidRequest, NotFound, TokenExpired) as error:
            raise AuthError(f"sign-in refused: {error}") from None
        except Rejected as error:
            raise AuthError(f"sign-in refused for {printable(user)}: {error}") from None
        self.token = Secret(answer.access_token)
        return answer

    async def call(
        self,
        method: str,
        path: str,
        kind: type[T],
        *,
        json: Json | None = None,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        media_type: str | None = None,
        deadline: float = DEADLINE,
    ) -> T:
        """Ask and return the answer as `kind`; raises a ConnectorError that says whether the request was taken."""
        if json is not None:
            content, media_type = encode(json), "application/json"
        headers = {"Content-Type": media_type} if media_type else {}
        body = await self._exchange(method, path, params, content, headers, MAX_ANSWER, deadline)
        answer = decode_raw(body, kind)
        if answer is None:
            raise ProtocolError(f"the homeserver's answer makes no sense ({method} {path.split('/')[-1] or path})")
        return answer

    async def download(self, path: str, limit: int, deadline: float = 120.0) -> bytes:
        """Return a file of at most `limit` bytes; raises Rejected when it is larger.

        Where the homeserver keeps its files elsewhere and points there, they are fetched without the token.
        """
        try:
            return await self._exchange("GET", path, None, None, {}, limit, deadline)
        except RedirectRefused as error:
            if self._files is None:
                self._files = self._build_files()
            return await self._files.fetch(error.target, limit, deadline)

    async def _exchange(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        content: bytes | None,
        headers: Mapping[str, str],
        limit: int,
        deadline: float,
    ) -> bytes:
        signed: dict[str, str | Secret] = dict(headers)
        if self.token:
            signed["Authorization"] = Secret(f"Bearer {self.token.reveal()}")
        answer = await self._http.ask(
            method, path, params=params, content=content, headers=signed, limit=limit, deadline=deadline
        )
        if answer.status != 200:
            raise refusal(answer.status, answer.headers, answer.body)
        return answer.body


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> ConnectorError:
    """Return the error that an HTTP answer other than 200 stands for."""
    trouble = decode_raw(body, Trouble) or Trouble()
    words = printable(trouble.error) or f"the homeserver answered {status}"
    code = trouble.errcode
    if status == 429 or code == "M_LIMIT_EXCEEDED":
        return RateLimited("the homeserver asks us to slow down", retry_after(headers, trouble))
    if code in ("M_UNKNOWN_TOKEN", "M_USER_LOCKED"):
        return TokenExpired(f"signed out by the homeserver: {words}", trouble.soft_logout)
    if status == 401 or code == "M_USER_DEACTIVATED":
        return AuthError(words)
    if status == 413 or code == "M_TOO_LARGE":
        return Rejected(f"too large for the homeserver: {words}")
    if 300 <= status < 400:
        return NotSent(f"the homeserver answered {status}, which leads nowhere")
    if status == 408 or status >= 500:
        return Uncertain(f"the homeserver is in trouble ({status}): {words}")
    if status == 404 or code == "M_NOT_FOUND":
        return NotFound(words)
    if code == "M_FORBIDDEN" or status == 403:
        return Forbidden(words)
    if status == 409:
        return Conflict(words)
    if status == 400:
        return InvalidRequest(words)
    return Rejected(words)


def retry_after(headers: Mapping[str, str], trouble: Trouble) -> float:
    """Return how many seconds to wait, from the body or the header, within reason."""
    if trouble.retry_after_ms is not None:
        seconds = trouble.retry_after_ms / 1000
    else:
        try:
            seconds = float(headers.get("Retry-After", ""))
        except ValueError:
            seconds = DEFAULT_RETRY_AFTER
    # NaN compares false with everything.
    return min(seconds, 3600.0) if seconds > 0 else DEFAULT_RETRY_AFTER
