"""The Matrix client-server API over HTTP: one origin, total deadlines, capped answers, and errors with a meaning."""

import asyncio
from collections.abc import Mapping
from ipaddress import ip_address
from typing import TypeVar
from urllib.parse import quote

import httpx
import msgspec

from paradesk.connectors.base import AuthError, ConnectorError, NotSent, RateLimited, Rejected, Uncertain
from paradesk.connectors.matrix.wire import Login, Trouble, decode_raw

T = TypeVar("T")

API = "/_matrix/client/v3"
DEADLINE = 30.0
"""Seconds for a whole request, however busily the server drips."""
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


class NotFound(Rejected):
    """Refused with 404: no such thing, or this server does not know the call."""


def segment(text: str) -> str:
    """Return an id as one path segment: ids are opaque and may hold any character."""
    # A segment of dots alone would be resolved away by URL normalisation.
    return quote(text, safe="").replace(".", "%2E") if text.strip(".") == "" else quote(text, safe="")


def printable(text: str, limit: int = 200) -> str:
    """Return the server's words fit for an error message: one line, no control characters, cut short."""
    line = "".join(character if character.isprintable() else " " for character in text[: limit + 1])
    return line if len(line) <= limit else line[: limit - 1] + "…"


def encode(content: Json) -> bytes:
    """Return the JSON of a request; raises Rejected for text that no encoding can carry (half a surrogate pair)."""
    try:
        return msgspec.json.encode(content)
    except UnicodeEncodeError:
        raise Rejected("the text contains a broken character that cannot be sent") from None


def homeserver_origin(address: str) -> httpx.URL:
    """Return the checked origin of a homeserver; raises AuthError when secrets must not be sent there."""
    text = address.strip()
    if not text:
        raise AuthError("no homeserver is configured, such as https://matrix.example.org")
    try:
        url = httpx.URL(text if "://" in text else f"https://{text}")
    except httpx.InvalidURL as error:
        raise AuthError(f"homeserver {printable(text)!r} is not an address: {printable(str(error))}") from None
    if not url.host or url.scheme not in ("http", "https"):
        raise AuthError(f"homeserver {printable(text)!r} is not an http address, such as https://matrix.example.org")
    if url.userinfo or url.query or url.fragment or url.path not in ("", "/"):
        raise AuthError("the homeserver's address must be only scheme, host and port")
    if url.scheme == "http" and not is_loopback(url.host):
        raise AuthError(f"homeserver {printable(text)!r}: http is for this machine only, use https")
    return url.copy_with(path="/")


def is_loopback(host: str) -> bool:
    """Tell whether a host name means this machine."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost"


class MatrixClient:
    """Talks to one homeserver. The token goes into a header of requests to that origin, and nowhere else."""

    def __init__(self, homeserver: str, *, transport: httpx.AsyncBaseTransport | None = None) -> None:
        self.origin = homeserver_origin(homeserver)
        self._place = self.origin.netloc.decode("ascii")
        self._token = ""
        self._http = httpx.AsyncClient(
            base_url=self.origin,
            follow_redirects=False,
            # Uncompressed: a small answer cannot unfold into memory.
            headers={"Accept-Encoding": "identity", "User-Agent": "Paradesk"},
            timeout=httpx.Timeout(DEADLINE, connect=10.0),
            limits=httpx.Limits(max_connections=20, max_keepalive_connections=10),
            event_hooks={"request": [self._keep_to_origin]},
            # A proxy from the environment would see what is meant for this machine.
            trust_env=not is_loopback(self.origin.host),
            transport=transport,
        )

    @property
    def token(self) -> str:
        """The access token in use, or an empty string. Never log it."""
        return self._token

    @token.setter
    def token(self, token: str) -> None:
        self._token = token

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def login(self, user: str, password: str, device_id: str) -> Login:
        """Sign in by password as this device and keep the token; raises AuthError when the server refuses."""
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": user},
            "password": password,
            "device_id": device_id,
            "initial_device_display_name": "Paradesk",
        }
        self._token = ""
        try:
            answer = await self.call("POST", f"{API}/login", Login, json=body)
        except (InvalidRequest, NotFound, TokenExpired) as error:
            raise AuthError(f"sign-in refused: {error}") from None
        except Rejected as error:
            raise AuthError(f"sign-in refused for {printable(user)}: {error}") from None
        self._token = answer.access_token
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
            raise Uncertain(f"the homeserver's answer makes no sense ({method} {path.split('/')[-1] or path})")
        return answer

    async def download(self, path: str, limit: int, deadline: float = 120.0) -> bytes:
        """Return a file of at most `limit` bytes; raises Rejected when it is larger."""
        return await self._exchange("GET", path, None, None, {}, limit, deadline)

    async def _exchange(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        content: bytes | None,
        headers: dict[str, str],
        limit: int,
        deadline: float,
    ) -> bytes:
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        try:
            async with (
                asyncio.timeout(deadline),
                self._http.stream(
                    method,
                    path,
                    params=params,
                    content=content,
                    headers=headers,
                    timeout=httpx.Timeout(deadline, connect=min(10.0, deadline)),
                ) as response,
            ):
                body = await self._read(response, limit)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            raise NotSent(f"cannot reach {self._place}: {reason_of(error)}") from None
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError) as error:
            raise Rejected(f"not a request that can be sent: {reason_of(error)}") from None
        except (TimeoutError, httpx.TimeoutException):
            raise Uncertain(f"{self._place} did not answer in {deadline:g} s") from None
        except httpx.HTTPError as error:
            raise Uncertain(f"the connection to {self._place} broke: {reason_of(error)}") from None
        if response.status_code != 200:
            raise refusal(response.status_code, response.headers, body)
        return body

    @staticmethod
    async def _read(response: httpx.Response, limit: int) -> bytes:
        parts: list[bytes] = []
        size = 0
        async for part in response.aiter_raw(65_536):
            size += len(part)
            if size > limit:
                if response.status_code != 200:
                    break
                raise Rejected(f"larger than the limit of {limit // 1_000_000} MB")
            parts.append(part)
        return b"".join(parts)

    async def _keep_to_origin(self, request: httpx.Request) -> None:
        url = request.url
        if (url.scheme, url.host, url.port) != (self.origin.scheme, self.origin.host, self.origin.port):
            raise Rejected("refused to send a request to another origin than the homeserver's")


def reason_of(error: Exception) -> str:
    """Return an exception in words that fit on one line."""
    return printable(str(error)) or type(error).__name__


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
        return NotSent("the homeserver's address redirects to another place; it is not followed")
    if status == 408 or status >= 500:
        return Uncertain(f"the homeserver is in trouble ({status}): {words}")
    if status == 404:
        return NotFound(words)
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
