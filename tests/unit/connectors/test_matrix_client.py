"""The HTTP side of the Matrix connector: what answers mean, and where secrets go. No homeserver is needed."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import httpx
import pytest

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
from paradesk.connectors.matrix.client import (
    MatrixClient,
    TokenExpired,
    homeserver_origin,
    segment,
)
from paradesk.connectors.matrix.session import MatrixSession, room_path, user_ids
from paradesk.core.secret import Secret

HOME = "https://matrix.example.org"
TOKEN = "syt_very_secret_token"
Answer = Callable[[httpx.Request], httpx.Response]


class Wire(httpx.AsyncBaseTransport):
    """Answers from a function, as a stream that has not been read yet: what a real connection gives."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        await request.aread()
        made = self._answer(request)
        return httpx.Response(made.status_code, headers=made.headers, stream=httpx.ByteStream(made.content))


@asynccontextmanager
async def client(answer: Answer, home: str = HOME) -> AsyncIterator[MatrixClient]:
    made = MatrixClient(home, transport=Wire(answer))
    made.token = Secret(TOKEN)
    try:
        yield made
    finally:
        await made.close()


async def outcome(answer: Answer) -> ConnectorError:
    """Return the error that a call ends in when the server answers like this."""
    async with client(answer) as made:
        with pytest.raises(ConnectorError) as error:
            await made.call("PUT", "/_matrix/client/v3/x", dict, json={})
        return error.value


def answering(status: int, errcode: str = "", headers: dict[str, str] | None = None, **fields: object) -> Answer:
    body = {"errcode": errcode, "error": "why not"} | fields
    return lambda request: httpx.Response(status, json=body, headers=headers)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (answering(400, "M_BAD_JSON"), Rejected),
        (answering(403, "M_FORBIDDEN"), Forbidden),
        (answering(404, "M_NOT_FOUND"), Gone),
        (answering(400, "M_NOT_FOUND"), Gone),
        (answering(409, "M_UNKNOWN"), Conflict),
        (answering(413, "M_TOO_LARGE"), Rejected),
        (answering(401, "M_MISSING_TOKEN"), AuthError),
        (answering(403, "M_USER_DEACTIVATED"), AuthError),
        (answering(401, "M_UNKNOWN_TOKEN"), TokenExpired),
        (answering(429, "M_LIMIT_EXCEEDED"), RateLimited),
        (answering(408), Uncertain),
        (answering(500, "M_UNKNOWN"), Uncertain),
        (answering(502), Uncertain),
        (answering(302, headers={"Location": "https://evil.example/"}), NotSent),
        (lambda request: httpx.Response(403, text="<html>no</html>"), Rejected),
        (lambda request: httpx.Response(403, json=["a", "list"]), Rejected),
        (lambda request: httpx.Response(200, text="<html>hello</html>"), ProtocolError),
        (lambda request: httpx.Response(200, json=[1]), ProtocolError),
    ],
)
async def test_answers_are_mapped_to_what_may_be_done_about_them(answer: Answer, kind: type[ConnectorError]) -> None:
    error = await outcome(answer)
    assert type(error) is kind or (kind in (Rejected, NotSent, Gone) and isinstance(error, kind))
    assert str(error)


@pytest.mark.parametrize(
    ("exception", "kind"),
    [
        (httpx.ConnectError("refused"), NotSent),
        (httpx.ConnectTimeout("slow"), NotSent),
        (httpx.PoolTimeout("busy"), NotSent),
        (httpx.ReadTimeout("slow"), Uncertain),
        (httpx.WriteError("reset"), Uncertain),
        (httpx.RemoteProtocolError("nonsense"), Uncertain),
    ],
)
async def test_broken_connections_are_mapped_to_what_may_have_happened(
    exception: httpx.HTTPError, kind: type[ConnectorError]
) -> None:
    def break_off(request: httpx.Request) -> httpx.Response:
        raise exception

    assert type(await outcome(break_off)) is kind


@pytest.mark.parametrize(
    ("fields", "headers", "seconds"),
    [
        ({"retry_after_ms": 1500}, {}, 1.5),
        ({"retry_after_ms": 1500}, {"Retry-After": "9"}, 1.5),
        ({}, {"Retry-After": "9"}, 9.0),
        ({}, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 5.0),
        ({}, {}, 5.0),
        ({"retry_after_ms": -4}, {}, 5.0),
        ({"retry_after_ms": 1e18}, {}, 3600.0),
        ({}, {"Retry-After": "nan"}, 5.0),
    ],
)
async def test_rate_limit_carries_a_sane_waiting_time(
    fields: dict[str, object], headers: dict[str, str], seconds: float
) -> None:
    error = await outcome(answering(429, "M_LIMIT_EXCEEDED", headers, **fields))
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


async def test_words_of_the_server_become_one_printable_line() -> None:
    error = await outcome(answering(403, "M_FORBIDDEN", error="\x1b[2Jno\nway" + "!" * 500))
    assert str(error).isprintable()
    assert len(str(error)) <= 200


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://matrix.example.org",
        "ftp://matrix.example.org",
        "https://user:password@matrix.example.org",
        "https://matrix.example.org/_matrix",
        "https://matrix.example.org/?a=b",
        "https://",
        "http://127.0.0.1.example.org",
        "https://matrix.example.org:port",
    ],
)
def test_address_that_must_not_get_secrets_is_refused(address: str) -> None:
    with pytest.raises(AuthError):
        homeserver_origin(address)


@pytest.mark.parametrize(
    ("address", "origin"),
    [
        ("matrix.example.org", "https://matrix.example.org/"),
        (" https://matrix.example.org:8448/ ", "https://matrix.example.org:8448/"),
        ("http://localhost:8008", "http://localhost:8008/"),
        ("http://127.0.0.1:8008", "http://127.0.0.1:8008/"),
        ("http://[::1]:8008", "http://[::1]:8008/"),
    ],
)
def test_address_is_reduced_to_its_origin(address: str, origin: str) -> None:
    assert str(homeserver_origin(address)) == origin


async def test_redirect_is_not_followed() -> None:
    asked: list[str] = []

    def redirect(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.host)
        return httpx.Response(307, headers={"Location": "https://evil.example/steal"})

    error = await outcome(redirect)
    assert isinstance(error, NotSent)
    assert asked == ["matrix.example.org"]


@pytest.mark.parametrize("path", ["https://evil.example/x", "http://matrix.example.org/x", "//evil.example/x"])
async def test_no_request_leaves_for_another_origin(path: str) -> None:
    asked: list[httpx.URL] = []

    def record(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        return httpx.Response(200, json={})

    async with client(record) as made:
        with suppress(Rejected):
            await made.call("GET", path, dict)
    assert all((url.scheme, url.host) == ("https", "matrix.example.org") for url in asked)


async def test_secrets_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with client(answering(403, "M_FORBIDDEN")) as made:
        with pytest.raises(AuthError):
            await made.login("anna", Secret("hunter2-password"), "PARADESK")
        made.token = Secret(TOKEN)
        with pytest.raises(Rejected):
            await made.call("GET", "/_matrix/client/v3/sync", dict)
        assert TOKEN not in repr(made)
    assert TOKEN not in caplog.text
    assert "hunter2" not in caplog.text


async def test_download_stops_at_the_limit() -> None:
    async with client(lambda request: httpx.Response(200, content=b"x" * 2000)) as made:
        assert len(await made.download("/file", 2000)) == 2000
        with pytest.raises(Rejected, match="larger"):
            await made.download("/file", 1999)


async def test_answers_are_asked_for_uncompressed() -> None:
    def check(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"encoding": request.headers["Accept-Encoding"]})

    async with client(check) as made:
        assert await made.call("GET", "/x", dict) == {"encoding": "identity"}


async def test_server_that_drips_for_ever_is_given_up() -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        try:
            while True:
                writer.write(b" ")
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    made = MatrixClient(f"http://127.0.0.1:{port}")
    try:
        with pytest.raises(Uncertain):
            await made.call("GET", "/x", dict, deadline=0.3)
    finally:
        await made.close()
        server.close()


async def test_closed_port_is_not_sent() -> None:
    server = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    server.close()
    await server.wait_closed()
    made = MatrixClient(f"http://127.0.0.1:{port}")
    try:
        with pytest.raises(NotSent, match="cannot reach"):
            await made.call("GET", "/x", dict)
    finally:
        await made.close()


async def test_text_that_no_encoding_carries_is_rejected() -> None:
    async with client(answering(200)) as made:
        with pytest.raises(Rejected):
            await made.call("PUT", "/x", dict, json={"body": "half \ud83d"})


class Home:
    """A homeserver that signs in and forgets tokens on demand."""

    def __init__(self, *, soft: bool = True) -> None:
        self.soft = soft
        self.valid = ""
        self.logins: list[dict[str, object]] = []
        self.refuse_login = False

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/login"):
            assert "Authorization" not in request.headers
            if self.refuse_login:
                return httpx.Response(403, json={"errcode": "M_FORBIDDEN", "error": "Invalid password"})
            self.logins.append(json.loads(request.content))
            self.valid = f"token{len(self.logins)}"
            return httpx.Response(200, json={"access_token": self.valid, "user_id": "@anna:x", "device_id": "D"})
        if request.headers.get("Authorization") != f"Bearer {self.valid}":
            body = {"errcode": "M_UNKNOWN_TOKEN", "error": "expired", "soft_logout": self.soft}
            return httpx.Response(401, json=body)
        if request.url.path.endswith("/whoami"):
            return httpx.Response(200, json={"user_id": "@anna:x"})
        return httpx.Response(200, json={"ok": True})


@asynccontextmanager
async def session(home: Home, **settings: str) -> AsyncIterator[MatrixSession]:
    made = MatrixSession({"homeserver": HOME} | settings, Wire(home))
    try:
        yield made
    finally:
        await made.close()


async def test_soft_logout_signs_in_again_as_the_same_device_and_repeats_the_call() -> None:
    home = Home()
    async with session(home, user="anna", password="pw") as made:
        await made.sign_in()
        home.valid = "forgotten"
        answers = await asyncio.gather(*(made.call("GET", "/x", dict) for _ in range(5)))
        assert answers == [{"ok": True}] * 5
        assert len(home.logins) == 2, "one new sign-in for all calls"
        assert {login["device_id"] for login in home.logins} == {"PARADESK"}


async def test_hard_logout_is_an_auth_error_and_the_next_start_signs_in() -> None:
    home = Home(soft=False)
    async with session(home, user="anna", password="pw", device_id="DESK7") as made:
        await made.sign_in()
        home.valid = "forgotten"
        with pytest.raises(AuthError):
            await made.call("GET", "/x", dict)
        with pytest.raises(NotSent):
            await made.call("GET", "/x", dict)
        await made.sign_in()
        assert await made.call("GET", "/x", dict) == {"ok": True}
        assert [login["device_id"] for login in home.logins] == ["DESK7", "DESK7"]


async def test_soft_logout_without_a_password_is_an_auth_error() -> None:
    home = Home()
    home.valid = TOKEN
    async with session(home, token=TOKEN) as made:
        await made.sign_in()
        assert made.user_id == "@anna:x"
        home.valid = "forgotten"
        with pytest.raises(AuthError):
            await made.call("GET", "/x", dict)


async def test_password_changed_meanwhile_is_an_auth_error() -> None:
    home = Home()
    async with session(home, user="anna", password="pw") as made:
        await made.sign_in()
        home.valid, home.refuse_login = "forgotten", True
        with pytest.raises(AuthError, match="Invalid password"):
            await made.call("GET", "/x", dict)


@pytest.mark.parametrize("settings", [{}, {"user": "anna"}, {"password": "pw"}])
async def test_nothing_to_sign_in_with_says_so(settings: dict[str, str]) -> None:
    async with session(Home(), **settings) as made:
        with pytest.raises(AuthError, match="password"):
            await made.sign_in()


@pytest.mark.parametrize("text", ["!a/b:c", "..", ".", "$x?y#z", "a b", "%2F"])
def test_ids_stay_one_segment(text: str) -> None:
    path = room_path(text, "state")
    assert path.count("/") == 6
    assert not set(segment(text)) & set("/?# ")
    assert httpx.URL(HOME).join(path).raw_path.decode() == path


def test_list_of_user_ids_is_read_as_people_write_it() -> None:
    assert user_ids(" @a:x, @b:x\n@a:x,,") == ("@a:x", "@b:x")


@pytest.mark.parametrize(
    ("target", "fetched"), [("https://93.184.216.34/file", True), ("https://10.0.0.8/file", False)]
)
async def test_file_that_lies_elsewhere_is_fetched_without_the_token(target: str, fetched: bool) -> None:
    asked: list[httpx.Request] = []

    def point(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        if request.url.host == "matrix.example.org":
            return httpx.Response(307, headers={"Location": target})
        return httpx.Response(200, content=b"file")

    async with client(point) as made:
        if fetched:
            assert await made.download("/file", 10) == b"file"
        else:
            with pytest.raises(Rejected, match="private network"):
                await made.download("/file", 10)
    assert ["Authorization" in request.headers for request in asked] == [True, False][: len(asked)]
    assert len(asked) == 1 + fetched
