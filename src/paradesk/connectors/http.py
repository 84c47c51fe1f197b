"""HTTP for connectors: credentials that leave for one origin only, deadlines over whole requests, answers of bounded size.

`OriginClient` carries credentials and talks to the configured origin and to nothing else. `Downloader` carries none, and
fetches files from anywhere that is public.
"""

import asyncio
import ssl
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

import httpx

from paradesk.connectors.base import AuthError, NotSent, Rejected, Uncertain
from paradesk.connectors.http_log import redact_logs
from paradesk.core.secret import Secret

DEADLINE: Final = 30.0
"""Seconds for a whole request, however busily the server drips."""
CONNECT: Final = 10.0
"""Seconds until a connection stands, at most."""
MAX_HOPS: Final = 5
"""Redirects of one request that are followed, at most."""
_PIECE: Final = 65_536
_SCHEMES: Final = {"https": 443, "http": 80, "wss": 443, "ws": 80}
_IDENTITY: Final = ("", "identity")
# A name is looked up again for every connection, so that it cannot be checked as one address and used as another.
Resolve = Callable[[str, int], Awaitable[Collection[str]]]
"""Host and port → all addresses."""


class OriginRefused(Rejected):
    """A request for another origin than the configured one; nothing was sent."""


class RedirectRefused(NotSent):
    """The server points to another place, where our credentials do not belong. `target` is the place."""

    def __init__(self, reason: str, target: str) -> None:
        super().__init__(reason)
        self.target = target


class TooLarge(Rejected):
    """The answer is larger than the limit, after decompression."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `body` is decompressed, and cut at the limit unless the status is 200."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def printable(text: str, limit: int = 200) -> str:
    """Return a server's words fit for an error message: one line, no control characters, cut short."""
    line = "".join(character if character.isprintable() else " " for character in text[: limit + 1])
    return line if len(line) <= limit else line[: limit - 1] + "…"


def reason_of(error: BaseException) -> str:
    """Return an exception in words that fit on one line."""
    return printable(str(error)) or type(error).__name__


def is_loopback(host: str) -> bool:
    """Tell whether a host name means this machine."""
    address = _address(host)
    return host == "localhost" if address is None else address.is_loopback


def is_public(host: str) -> bool:
    """Tell whether an address (not a name) is one that anybody on the internet may use."""
    address = _address(host)
    if isinstance(address, IPv6Address):
        # An address inside an address is judged by what it leads to.
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if inner is None and address.packed[:12] == bytes.fromhex("0064ff9b") + bytes(8):
            inner = IPv4Address(address.packed[12:])
        address = inner or address
    return address is not None and address.is_global and not address.is_multicast


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host.strip("[]"))
    except ValueError:
        return None


def origin_of(url: httpx.URL) -> str:
    """Return scheme, host and port, with nothing else of the address."""
    host = f"[{url.host}]" if ":" in url.host else url.host
    port = url.port or _SCHEMES.get(url.scheme, 0)
    return printable(f"{url.scheme}://{host}:{port}")


def checked_origin(address: str, what: str, schemes: Collection[str] = ("https", "http")) -> httpx.URL:
    """Return the origin that credentials may be sent to; raises AuthError, naming `what` it is the address of.

    Only scheme, host and port may be given; without a scheme it is the first of `schemes`. What is not encrypted is for
    this machine only.
    """
    text = address.strip()
    secure, *plain = schemes
    example = f"such as {secure}://{what}.example.org"
    if not text:
        raise AuthError(f"no {what} is configured, {example}")
    try:
        url = httpx.URL(text if "://" in text else f"{secure}://{text}")
    except httpx.InvalidURL as error:
        raise AuthError(f"{what} {printable(text)!r} is not an address: {reason_of(error)}") from None
    if not url.host or url.scheme not in schemes:
        raise AuthError(f"{what} {printable(url.host)!r} is not an address of the right kind, {example}")
    if url.userinfo or url.query or url.fragment or url.path not in ("", "/"):
        raise AuthError(f"the {what}'s address must be only scheme, host and port")
    if url.scheme in plain and not is_loopback(url.host):
        raise AuthError(f"{what} {printable(text)!r}: {url.scheme} is for this machine only, use {secure}")
    return url.copy_with(path="/")


def trust(ca_file: str) -> ssl.SSLContext:
    """Return what certificates are checked with: the usual authorities, and those in `ca_file` (PEM) if it is given.

    There is no way to check nothing. Raises AuthError for a file that cannot be used.
    """
    context = httpx.create_ssl_context()
    if ca_file:
        try:
            context.load_verify_locations(cafile=ca_file)
        except (OSError, ssl.SSLError) as error:
            why = getattr(error, "strerror", None) or "no certificates in PEM form are in it"
            raise AuthError(f"ca_file {printable(ca_file)!r} cannot be used: {printable(str(why))}") from None
    return context


class OriginClient:
    """Talks to one origin. Whatever address it is given, a request for another one never leaves."""

    def __init__(
        self,
        origin: httpx.URL,
        *,
        ca_file: str = "",
        connections: int = 20,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`origin` comes from `checked_origin`; `transport` stands in for the network in tests."""
        redact_logs()
        self.origin = origin
        self.place = printable(origin.netloc.decode("ascii"))
        self._http = httpx.AsyncClient(
            base_url=origin,
            follow_redirects=False,
            verify=trust(ca_file),
            # Uncompressed: a small answer cannot unfold into memory.
            headers={"Accept-Encoding": "identity", "User-Agent": "Paradesk"},
            limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections // 2),
            event_hooks={"request": [self._keep_to_origin]},
            # A proxy from the environment would see what is meant for this machine.
            trust_env=not is_loopback(origin.host),
            transport=transport,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def ask(
        self,
        method: str,
        path: str,
        *,
        limit: int,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str | Secret] | None = None,
        deadline: float = DEADLINE,
    ) -> Answer:
        """Ask and return the answer, whatever its status; all of it within `deadline` seconds and `limit` bytes.

        Secrets go into headers, never into the path or the parameters. A redirect within the origin is followed for
        GET; any other raises RedirectRefused. Raises OriginRefused, TooLarge, NotSent, Rejected or Uncertain.
        """
        shown = {
            name: value.reveal() if isinstance(value, Secret) else value for name, value in (headers or {}).items()
        }
        with_errors = _errors(self.place, deadline)
        async with with_errors, asyncio.timeout(deadline):
            for _ in range(MAX_HOPS + 1):
                async with self._http.stream(
                    method, path, params=params, content=content, headers=shown, timeout=_timeout(deadline)
                ) as response:
                    target = _redirect(response)
                    if target is None:
                        body = await _read(response, limit)
                        return Answer(response.status_code, response.headers, body)
                    if not self._is_ours(target):
                        raise RedirectRefused(
                            f"{origin_of(self.origin)} redirects to {origin_of(target)}; it is not followed",
                            str(target),
                        )
                    if method != "GET":
                        raise RedirectRefused(f"{origin_of(self.origin)} redirects; it is not followed", str(target))
                    path, params = target.raw_path.decode("ascii"), None
            raise Rejected(f"{self.place} redirects in a circle")

    def _is_ours(self, url: httpx.URL) -> bool:
        return not url.userinfo and origin_of(url) == origin_of(self.origin)

    async def _keep_to_origin(self, request: httpx.Request) -> None:
        if not self._is_ours(request.url):
            raise OriginRefused(
                f"refused: a request for {origin_of(request.url)}, but the configured origin is {origin_of(self.origin)}"
            )


class Downloader:
    """Fetches files that messages point to, without credentials: over https, from public addresses.

    `origins` are configured places, which may be private; where one of them is this machine, all of it may be asked.
    Proxies of the environment are not used: behind one, nobody can tell which address is asked.
    """

    def __init__(
        self,
        origins: Collection[httpx.URL] = (),
        *,
        ca_file: str = "",
        resolve: Resolve | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        redact_logs()
        self._origins = frozenset(map(origin_of, origins))
        self._loopback = any(is_loopback(origin.host) for origin in origins)
        self._resolve = resolve or _look_up
        self._http = httpx.AsyncClient(
            follow_redirects=False,
            verify=trust(ca_file),
            headers={"Accept-Encoding": "identity", "User-Agent": "Paradesk"},
            trust_env=False,
            transport=transport,
        )

    async def close(self) -> None:
        """Close all connections."""
        await self._http.aclose()

    async def fetch(self, address: str, limit: int, deadline: float = 120.0) -> bytes:
        """Return a file of at most `limit` bytes; every hop of a redirect is checked like the first address.

        Raises Rejected for what is never fetched, NotSent or Uncertain for what may work later.
        """
        try:
            url = httpx.URL(address)
        except httpx.InvalidURL:
            raise Rejected("not an address that can be fetched") from None
        async with _errors(origin_of(url), deadline), asyncio.timeout(deadline):
            for _ in range(MAX_HOPS + 1):
                request = await self._request(url, deadline)
                self._http.cookies.clear()
                response = await self._http.send(request, stream=True)
                try:
                    target = _redirect(response, url)
                    if target is None:
                        if response.status_code != 200:
                            raise Rejected(f"{origin_of(url)} answered {response.status_code}")
                        return await _read(response, limit)
                finally:
                    await response.aclose()
                if url.scheme == "https" and target.scheme != "https":
                    raise Rejected(f"{origin_of(url)} redirects to {origin_of(target)}, which is not encrypted")
                url = target
            raise Rejected(f"{origin_of(url)} redirects in a circle")

    async def _request(self, url: httpx.URL, deadline: float) -> httpx.Request:
        """Return a request that goes to an address which has been checked, whatever the name means a moment later."""
        place = origin_of(url)
        if url.scheme not in ("http", "https") or not url.host or url.userinfo:
            raise Rejected(f"{place} is not fetched: only https addresses without a user name are")
        configured = place in self._origins
        if url.scheme == "http" and not configured and not is_loopback(url.host):
            raise Rejected(f"{place} is not fetched: it is not encrypted")
        addresses = await self._resolve(url.host, url.port or _SCHEMES[url.scheme])
        if not addresses:
            raise NotSent(f"{place} has no address")
        for address in addresses:
            allowed = configured or is_public(address) or (self._loopback and is_loopback(address))
            if not allowed:
                raise Rejected(f"{place} is not fetched: it is in a private network")
        request = self._http.build_request("GET", url, timeout=_timeout(deadline))
        request.url = url.copy_with(host=next(iter(addresses)))
        request.extensions["sni_hostname"] = url.host
        return request


async def _look_up(host: str, port: int) -> Collection[str]:
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=1)
    except OSError as error:
        raise NotSent(f"{printable(host)} cannot be found: {error.strerror or type(error).__name__}") from None
    return tuple(dict.fromkeys(str(row[4][0]) for row in found))


def _timeout(deadline: float) -> httpx.Timeout:
    return httpx.Timeout(deadline, connect=min(CONNECT, deadline))


def _redirect(response: httpx.Response, base: httpx.URL | None = None) -> httpx.URL | None:
    """Return where an answer points, or None when it does not."""
    if not response.has_redirect_location:
        return None
    try:
        return (base or response.request.url).join(response.headers["Location"])
    except (httpx.InvalidURL, ValueError):
        raise Rejected("the server redirects to something that is not an address") from None


async def _read(response: httpx.Response, limit: int) -> bytes:
    """Return the decompressed body. It stops at the limit: raises TooLarge, or returns the beginning of a refusal."""
    parts: list[bytes] = []
    size = 0
    async for part in _unpacked(response, limit):
        size += len(part)
        if size > limit:
            if response.status_code != 200:
                break
            raise TooLarge(f"larger than the limit of {limit / 1_000_000:.3g} MB")
        parts.append(part)
    return b"".join(parts)


async def _unpacked(response: httpx.Response, limit: int) -> AsyncIterator[bytes]:
    """Yield the body in pieces that are small also after decompression. (httpx would unfold a piece as a whole.)"""
    encoding = response.headers.get("Content-Encoding", "").strip().lower()
    if encoding in _IDENTITY:
        async for chunk in response.aiter_raw(_PIECE):
            yield chunk
        return
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise Uncertain(f"the server's answer is packed in a way that was not asked for ({printable(encoding, 40)})")
    unpack = zlib.decompressobj(zlib.MAX_WBITS | 32)
    try:
        async for chunk in response.aiter_raw(_PIECE):
            rest = chunk
            while rest:
                piece = unpack.decompress(rest, _PIECE)
                rest = unpack.unconsumed_tail
                if piece:
                    yield piece
                elif unpack.eof:
                    return
    except zlib.error:
        raise Uncertain("the server's answer cannot be unpacked") from None


@asynccontextmanager
async def _errors(place: str, deadline: float) -> AsyncIterator[None]:
    """Turn what httpx raises into what may be done about it."""
    try:
        yield
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
        why = reason_of(error)
        if "CERTIFICATE_VERIFY_FAILED" in why:
            why = f"its certificate is not to be trusted ({why.partition(': ')[2].partition(' (_ssl')[0] or why})"
        raise NotSent(f"cannot reach {place}: {why}") from None
    except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError) as error:
        raise Rejected(f"not a request that can be sent: {reason_of(error)}") from None
    except (TimeoutError, httpx.TimeoutException):
        raise Uncertain(f"{place} did not answer in {deadline:g} s") from None
    except httpx.HTTPError as error:
        raise Uncertain(f"the connection to {place} broke: {reason_of(error)}") from None
