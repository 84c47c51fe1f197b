"""HTTP for connectors over real sockets: where secrets go, how long and how large an answer may be, what is logged."""

import asyncio
import logging
import pickle
import ssl
import tracemalloc
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import trustme

from paradesk.connectors.base import AuthError, ConnectorError, NotSent, Rejected, Uncertain
from paradesk.connectors.http import (
    Answer,
    Downloader,
    OriginClient,
    OriginRefused,
    RedirectRefused,
    TooLarge,
    checked_origin,
    is_public,
)
from paradesk.connectors.http_log import LOGGERS, redact_logs, redacted
from paradesk.core.secret import Secret

TOKEN = "syt_canary_token"
SECRETS: dict[str, str | Secret] = {
    "Authorization": Secret(f"Bearer {TOKEN}"),
    "api_access_token": Secret(f"{TOKEN}2"),
    "X-Api-Key": Secret(f"{TOKEN}3"),
    "Cookie": Secret(f"sid={TOKEN}4"),
}
Respond = Callable[[bytes, asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Server:
    """Reads whole requests from a real socket, keeps them, and answers as it is told."""

    def __init__(self, respond: Respond) -> None:
        self._respond = respond
        self.requests: list[bytes] = []
        self.sent = 0
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = await reader.readuntil(b"\r\n\r\n")
            length = next(
                (int(line[15:]) for line in request.split(b"\r\n") if line.lower().startswith(b"content-length:")), 0
            )
            request += await reader.readexactly(length)
            self.requests.append(request)
            await self._respond(request, writer)
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(respond: Respond, context: ssl.SSLContext | None = None) -> AsyncIterator[Server]:
    server = Server(respond)
    listening = await asyncio.start_server(server.accept, "127.0.0.1", 0, ssl=context)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()


async def ok(request: bytes, writer: asyncio.StreamWriter) -> None:
    writer.write(OK)


def redirecting(target: Callable[[], str], status: int = 307) -> Respond:
    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(
            f"HTTP/1.1 {status} X\r\nLocation: {target()}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
        )

    return respond


async def ask(
    url: str,
    path: str = "/x",
    *,
    method: str = "GET",
    limit: int = 1_000_000,
    content: bytes | None = None,
    deadline: float = 10.0,
    ca_file: str = "",
) -> Answer:
    client = OriginClient(checked_origin(url, "server"), ca_file=ca_file)
    try:
        return await client.ask(method, path, limit=limit, content=content, headers=SECRETS, deadline=deadline)
    finally:
        await client.close()


# Where secrets go


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_redirect_to_another_origin_gets_neither_headers_nor_body(status: int, method: str) -> None:
    async with serving(ok) as other, serving(redirecting(lambda: f"{other.url}/steal?from=x", status)) as own:
        with pytest.raises(RedirectRefused) as error:
            await ask(own.url, method=method, content=b"a private message" if method == "POST" else None)
        assert other.requests == []
        assert own.url in str(error.value)
        assert other.url in str(error.value)
        assert TOKEN not in str(error.value)
        assert "steal" not in str(error.value)


@pytest.mark.parametrize(
    "path",
    [
        "http://127.0.0.1:{other}/x",
        "http://127.0.0.1:{own}@127.0.0.1:{other}/x",
        "http://localhost:{own}/x",
        "https://127.0.0.1:{own}/x",
        "http://user@127.0.0.1:{own}/x",
        "ftp://127.0.0.1:{own}/x",
    ],
)
async def test_address_of_another_origin_is_refused_before_anything_is_sent(path: str) -> None:
    async with serving(ok) as other, serving(ok) as own:
        with pytest.raises(Rejected):
            await ask(own.url, path.format(own=own.port, other=other.port))
        assert other.requests == own.requests == []


async def test_refusal_names_both_origins_and_no_secret() -> None:
    async with serving(ok) as other, serving(ok) as own:
        with pytest.raises(OriginRefused) as error:
            await ask(own.url, f"{other.url}/x?token={TOKEN}")
        assert own.url in str(error.value)
        assert other.url in str(error.value)
        assert TOKEN not in str(error.value)


@pytest.mark.parametrize(
    "path", ["//evil.example/x", "/../../x", "/@evil.example", "/\\evil.example", "x:y", "/x#y", "/%2f%2fevil.example"]
)
async def test_no_path_leads_to_another_host(path: str) -> None:
    async with serving(ok) as own:
        try:
            await ask(own.url, path)
        except Rejected:
            return
        assert b"Host: 127.0.0.1:%d" % own.port in own.requests[0]


async def test_redirect_within_the_origin_is_followed_for_get_only() -> None:
    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        if request.split()[1] == b"/x":
            await redirecting(lambda: "/y")(request, writer)
        else:
            writer.write(OK)

    async with serving(respond) as own:
        assert (await ask(own.url)).body == b"ok"
        assert TOKEN.encode() in own.requests[1]
        with pytest.raises(RedirectRefused):
            await ask(own.url, method="POST", content=b"{}")


async def test_circle_of_redirects_ends() -> None:
    async with serving(redirecting(lambda: "/x")) as own:
        with pytest.raises(Rejected, match="circle"):
            await ask(own.url)


@pytest.mark.parametrize("address", ["http://example.org", "ws://example.org", "ftp://example.org", "https://a@b.org"])
def test_secrets_go_to_no_address_that_is_not_encrypted(address: str) -> None:
    with pytest.raises(AuthError):
        checked_origin(address, "server")


@pytest.mark.parametrize("address", ["ws://127.0.0.1:1", "wss://example.org", "ws://localhost:2"])
def test_websocket_addresses_are_judged_alike(address: str) -> None:
    assert checked_origin(address, "server", ("wss", "ws")).scheme == address.partition(":")[0]
    with pytest.raises(AuthError):
        checked_origin("ws://example.org", "server", ("wss", "ws"))


# Time and size


async def test_bomb_is_stopped_long_before_it_has_unfolded() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(bytes(1 << 20)) for _ in range(100)) + packer.flush()

    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        assert b"identity" in request
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb) + bomb)

    async with serving(respond) as own:
        tracemalloc.start()
        try:
            with pytest.raises(TooLarge):
                await ask(own.url, limit=1_000_000)
            assert tracemalloc.get_traced_memory()[1] < 12_000_000
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_answer_packed_without_being_asked_for_is_read_all_the_same(encoding: str) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if encoding == "gzip" else 15)
    packed = packer.compress(b"hello" * 50_000) + packer.flush()

    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(packed)}\r\n\r\n"
        writer.write(head.encode() + packed)

    async with serving(respond) as own:
        assert (await ask(own.url)).body == b"hello" * 50_000


@pytest.mark.parametrize("encoding", ["br", "gzip, gzip", "gzip"])
async def test_answer_that_cannot_be_unpacked_is_uncertain(encoding: str) -> None:
    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: 4\r\n\r\nabcd".encode())

    async with serving(respond) as own:
        with pytest.raises(Uncertain, match="packed|unpacked"):
            await ask(own.url)


async def test_endless_body_is_stopped_at_the_limit() -> None:
    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"10000\r\n" + bytes(0x10000) + b"\r\n")
            await writer.drain()

    async with serving(respond) as own:
        with pytest.raises(TooLarge):
            await ask(own.url, limit=500_000)


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-Slow: ", b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"])
async def test_server_that_drips_head_or_body_is_given_up(head: bytes) -> None:
    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(head)
        while True:
            writer.write(b"a")
            await writer.drain()
            await asyncio.sleep(0.02)

    async with serving(respond) as own:
        with pytest.raises(Uncertain, match="did not answer in 0.4 s"):
            await ask(own.url, deadline=0.4)


async def test_twenty_megabytes_of_headers_are_not_read() -> None:
    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(20_000):
            writer.write(b"X-%d: %s\r\n" % (number, b"a" * 1000))
            own.sent += 1000
            await writer.drain()

    async with serving(respond) as own:
        with pytest.raises(Uncertain):
            await ask(own.url)
        assert own.sent < 20_000_000


@pytest.mark.parametrize(
    "answer",
    [b"", b"nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort", b"HTTP/1.1 200 OK\r\nContent-L"],
)
async def test_broken_answers_are_uncertain(answer: bytes) -> None:
    async def respond(request: bytes, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)

    async with serving(respond) as own:
        with pytest.raises(Uncertain) as error:
            await ask(own.url)
        assert str(error.value).isprintable()


# TLS


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, str]:
    made = trustme.CA()
    path = tmp_path / "ca.pem"
    made.cert_pem.write_to_path(str(path))
    return made, str(path)


def server_context(authority: trustme.CA, name: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    return context


async def test_certificate_of_a_stranger_is_refused_and_of_a_configured_authority_accepted(
    authority: tuple[trustme.CA, str],
) -> None:
    made, path = authority
    async with serving(ok, server_context(made, "127.0.0.1")) as own:
        address = f"https://127.0.0.1:{own.port}"
        with pytest.raises(NotSent, match="certificate"):
            await ask(address)
        assert own.requests == []
        assert (await ask(address, ca_file=path)).body == b"ok"


async def test_certificate_for_another_name_is_refused(authority: tuple[trustme.CA, str]) -> None:
    made, path = authority
    async with serving(ok, server_context(made, "other.example")) as own:
        with pytest.raises(NotSent, match="certificate"):
            await ask(f"https://127.0.0.1:{own.port}", ca_file=path)
        assert own.requests == []


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_unusable_file_of_authorities_is_named(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(AuthError, match=r"ca\.pem"):
        OriginClient(checked_origin("https://example.org", "server"), ca_file=str(path))


# Downloads


PUBLIC = "93.184.216.34"


class Net(httpx.AsyncBaseTransport):
    """Answers from a table of addresses, and keeps what it was asked."""

    def __init__(self, answers: dict[str, httpx.Response]) -> None:
        self._answers = answers
        self.asked: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.asked.append(request)
        made = self._answers[f"{request.headers['Host']}{request.url.path}"]
        return httpx.Response(made.status_code, headers=made.headers, stream=httpx.ByteStream(made.content))


async def names(host: str, port: int) -> list[str]:
    table = {
        "files.example": [PUBLIC],
        "cdn.example": ["2606:4700::1111"],
        "inside.example": ["10.0.0.8"],
        "mixed.example": [PUBLIC, "169.254.169.254"],
        "desk.example": ["192.168.1.5"],
    }
    return table.get(host, [host])


def downloader(net: Net, *origins: str) -> Downloader:
    return Downloader([checked_origin(origin, "server") for origin in origins], resolve=names, transport=net)


async def test_file_comes_from_the_address_that_was_checked_without_credentials() -> None:
    net = Net({"files.example/a": httpx.Response(200, content=b"file", headers={"Set-Cookie": "a=b"})})
    files = downloader(net)
    assert await files.fetch("https://files.example/a", 10) == b"file"
    assert await files.fetch("https://files.example/a", 10) == b"file"
    for request in net.asked:
        assert request.url.host == PUBLIC
        assert request.extensions["sni_hostname"] == "files.example"
        assert not {"authorization", "cookie", "x-api-key", "api_access_token"} & set(request.headers)


@pytest.mark.parametrize(
    "address",
    [
        "https://inside.example/a",
        "https://mixed.example/a",
        "https://127.0.0.1/a",
        "https://[::1]/a",
        "https://[::ffff:10.0.0.1]/a",
        "https://[64:ff9b::a00:1]/a",
        "https://[2002:a00:1::]/a",
        "https://169.254.169.254/latest",
        "https://0.0.0.0/",
        "https://100.64.0.1/",
        "https://224.0.0.1/",
        "http://files.example/a",
        "https://user:pass@files.example/a",
        "file:///etc/passwd",
        "ftp://files.example/a",
        "//files.example/a",
        "nonsense",
        "https://",
        "https://[",
    ],
)
async def test_what_is_never_fetched(address: str) -> None:
    net = Net({})
    with pytest.raises(Rejected):
        await downloader(net, "https://desk.example").fetch(address, 10)
    assert net.asked == []


async def test_each_hop_is_checked_again() -> None:
    net = Net(
        {
            "files.example/a": httpx.Response(302, headers={"Location": "https://cdn.example/b"}),
            "cdn.example/b": httpx.Response(302, headers={"Location": "https://inside.example/c"}),
        }
    )
    with pytest.raises(Rejected, match="private network"):
        await downloader(net).fetch("https://files.example/a", 10)
    assert [request.headers["Host"] for request in net.asked] == ["files.example", "cdn.example"]


async def test_redirect_to_the_open_wire_is_refused() -> None:
    net = Net({"files.example/a": httpx.Response(302, headers={"Location": "http://cdn.example/b"})})
    with pytest.raises(Rejected, match="not encrypted"):
        await downloader(net).fetch("https://files.example/a", 10)


async def test_configured_origin_may_be_private_and_the_rest_of_its_network_not() -> None:
    net = Net({"desk.example/a": httpx.Response(200, content=b"file")})
    files = downloader(net, "https://desk.example")
    assert await files.fetch("https://desk.example/a", 10) == b"file"
    with pytest.raises(Rejected):
        await files.fetch("https://192.168.1.5/a", 10)
    with pytest.raises(Rejected):
        await files.fetch("https://desk.example:8443/a", 10)


async def test_download_over_a_real_socket_carries_nothing_and_stops_at_the_limit() -> None:
    async with serving(ok) as own:
        files = Downloader([checked_origin(own.url, "server")])
        try:
            assert await files.fetch(f"{own.url}/file", 2) == b"ok"
            assert TOKEN.encode() not in own.requests[0]
            with pytest.raises(TooLarge):
                await files.fetch(f"{own.url}/file", 1)
        finally:
            await files.close()


@pytest.mark.parametrize(
    ("address", "public"),
    [("8.8.8.8", True), ("2606:4700::1111", True), ("10.1.1.1", False), ("fe80::1", False), ("example.org", False)],
)
def test_public_addresses(address: str, public: bool) -> None:
    assert is_public(address) is public


# Secrets and logs


def test_secret_shows_itself_nowhere() -> None:
    secret = Secret(TOKEN)
    shown = f"{secret} {secret!r} {secret:>20} {[secret]} {{'a': {secret}}} %s" % secret
    assert TOKEN not in shown
    assert secret.reveal() == TOKEN
    with pytest.raises(TypeError):
        pickle.dumps(secret)


async def test_nothing_secret_is_logged_at_any_level(caplog: pytest.LogCaptureFixture) -> None:
    for logger in ("", *LOGGERS):
        caplog.set_level(logging.DEBUG, logger)
    async with serving(ok) as own:
        await ask(own.url, f"/x?access_token={TOKEN}&filter=y")
        async with httpx.AsyncClient() as careless:
            await careless.get(f"{own.url}/y?token={TOKEN}", headers={"X-Api-Key": TOKEN})
    assert any(record.name.startswith("httpx") for record in caplog.records)
    assert any(record.name.startswith("httpcore") for record in caplog.records)
    assert TOKEN not in caplog.text


@pytest.mark.parametrize(
    "line",
    [
        f'HTTP Request: GET https://a.example/x?token={TOKEN} "HTTP/1.1 200 OK"',
        f"wss://user:{TOKEN}@a.example/x",
        f"> Authorization: Bearer {TOKEN}",
        f"[(b'Authorization', b'Bearer {TOKEN}'), (b'X-Api-Key', b'{TOKEN}')]",
        f"{{'api_access_token': '{TOKEN}', 'Cookie': 'sid={TOKEN}'}}",
        f'{{"password": "{TOKEN}"}}',
        f"Set-Cookie: sid={TOKEN}; Path=/",
    ],
)
def test_lines_of_logs_are_redacted(line: str) -> None:
    assert TOKEN not in redacted(line)
    assert "•••" in redacted(line) or redacted(line) == "wss://a.example/x"


def test_logs_stay_readable_and_the_filter_is_added_once() -> None:
    line = 'HTTP Request: GET https://a.example/rooms/x "HTTP/1.1 200 OK"'
    assert redacted(line) == line
    redact_logs()
    redact_logs()
    for name in LOGGERS:
        assert len([one for one in logging.getLogger(name).filters if type(one).__name__ == "RedactingFilter"]) == 1


@pytest.mark.parametrize("kind", [OriginRefused, RedirectRefused, TooLarge])
def test_refusals_are_errors_that_the_desk_knows(kind: type[Exception]) -> None:
    assert issubclass(kind, ConnectorError)
