"""A homeserver that answers nothing any more is noticed, a slow one is not given up, and a busy one is left in peace."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx
import pytest

from paradesk.connectors.base import ConnectorError, RateLimited, Uncertain
from paradesk.connectors.http import DEADLINE
from paradesk.connectors.matrix import MatrixConnector, session
from paradesk.connectors.matrix.session import MatrixSession
from paradesk.desk.timing import Timing
from paradesk.testing.recorder import Recorder

BOUND = 40.0
"""Seconds within which a dead peer has to be noticed."""
SYNC = {"next_batch": "s1"}
Answer = Callable[[httpx.Request], Awaitable[httpx.Response]]


class Home(httpx.AsyncBaseTransport):
    """A homeserver whose stream answers as it is told; it counts what it is asked."""

    def __init__(self, sync: Answer, *, alive: bool = True) -> None:
        self.sync, self.alive = sync, alive
        self.probes = 0
        self.syncs: list[dict[str, str]] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path.endswith("/sync"):
            self.syncs.append(dict(request.url.params))
            made = await self.sync(request)
        elif path.endswith("/versions"):
            self.probes += 1
            if not self.alive:
                await asyncio.Event().wait()
            made = httpx.Response(404, json={"errcode": "M_UNRECOGNIZED"})
        elif path.endswith("/whoami"):
            made = httpx.Response(200, json={"user_id": "@robin:x"})
        else:
            made = httpx.Response(200, json={})
        return httpx.Response(made.status_code, headers=made.headers, stream=httpx.ByteStream(made.content))


async def never(request: httpx.Request) -> httpx.Response:
    await asyncio.Event().wait()
    raise AssertionError("unreachable")


async def first_only(request: httpx.Request) -> httpx.Response:
    """Answer the first sync; nothing happens after it."""
    return await never(request) if "since" in request.url.params else httpx.Response(200, json=SYNC)


SETTINGS = {"homeserver": "https://matrix.example.org", "token": "syt_token"}


@asynccontextmanager
async def signed_in(home: Home) -> AsyncIterator[MatrixSession]:
    made = MatrixSession(SETTINGS, home)
    made.probe_every = made.probe_deadline = 0.05
    made.long_poll = made.slack = 0.1
    await made.sign_in()
    try:
        yield made
    finally:
        await made.close()


async def lost(home: Home, connector: MatrixConnector | None = None) -> ConnectorError:
    """Run a connector until its connection is lost; returns why."""
    running = connector or MatrixConnector(SETTINGS, transport=home)
    running._session.probe_every = running._session.probe_deadline = 0.05
    running._session.long_poll = running._session.slack = 0.1
    with pytest.raises(ConnectorError) as error:
        await asyncio.wait_for(running.run(Recorder()), 30)
    return error.value


def test_no_silence_lasts_longer_than_the_bound() -> None:
    assert session.LONG_POLL + session.SLACK < BOUND
    assert session.CATCH_UP_DEADLINE < BOUND
    assert session.PROBE_EVERY + session.PROBE_DEADLINE < BOUND
    assert DEADLINE < BOUND
    assert Timing().perform < BOUND


def test_the_server_answers_well_before_it_is_given_up() -> None:
    assert session.SLACK >= 5


async def test_silent_long_poll_is_given_up() -> None:
    async with signed_in(Home(never)) as made:
        with pytest.raises(Uncertain, match="did not answer"):
            await made.sync("s1", full_state=False, wait=True)


async def test_first_answer_is_awaited_as_long_as_the_server_lives() -> None:
    enough = asyncio.Event()

    async def slow(request: httpx.Request) -> httpx.Response:
        await enough.wait()
        return httpx.Response(200, json=SYNC)

    home = Home(slow)
    async with signed_in(home) as made:
        asked = asyncio.create_task(made.sync(None, full_state=False, wait=False))
        while home.probes < 3:  # noqa: ASYNC110 - the transport counts, it has nothing to wait for
            await asyncio.sleep(0.01)
        assert not asked.done()
        enough.set()
        assert (await asked).next_batch == "s1"


async def test_first_answer_is_given_up_when_the_server_is_dead() -> None:
    async with signed_in(Home(never, alive=False)) as made:
        with pytest.raises(Uncertain):
            await made.sync(None, full_state=False, wait=False)


async def test_ended_wait_leaves_no_request_behind() -> None:
    ended = asyncio.Event()

    async def hang(request: httpx.Request) -> httpx.Response:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()
        raise AssertionError("unreachable")

    home = Home(hang)
    async with signed_in(home) as made:
        asked = asyncio.create_task(made.sync(None, full_state=False, wait=False))
        while not home.syncs:  # noqa: ASYNC110 - the transport counts, it has nothing to wait for
            await asyncio.sleep(0.01)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        await asyncio.wait_for(ended.wait(), 10)


async def test_wire_that_dies_after_the_request_is_noticed() -> None:
    """A real socket that takes the long poll and never says another word."""
    swallowed = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        polls = 0
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                polls += b"/sync" in head
                if polls > 1 or (b"/sync" in head and b"timeout=100" in head):
                    swallowed.set()
                    await asyncio.Event().wait()
                body = json.dumps({"user_id": "@robin:x", **SYNC}).encode()
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    connector = MatrixConnector(SETTINGS | {"homeserver": f"http://127.0.0.1:{port}"})
    try:
        assert isinstance(await lost(Home(never), connector), Uncertain)
        assert swallowed.is_set()
    finally:
        await connector.close()
        server.close()


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({}, {"errcode": "M_LIMIT_EXCEEDED", "retry_after_ms": 7500}, 7.5),
        ({"Retry-After": "9"}, {"errcode": "M_LIMIT_EXCEEDED"}, 9.0),
        ({"Retry-After": "9"}, "<html>slow down</html>", 9.0),
    ],
)
async def test_stream_that_is_limited_says_for_how_long(headers: dict[str, str], body: object, seconds: float) -> None:
    async def limited(request: httpx.Request) -> httpx.Response:
        if isinstance(body, str):
            return httpx.Response(429, headers=headers, text=body)
        return httpx.Response(429, headers=headers, json=body)

    error = await lost(Home(limited))
    assert isinstance(error, RateLimited)
    assert error.retry_after == seconds


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"<html><body>502 Bad Gateway</body></html>",
        b"[]",
        b"null",
        b'{"next_batch": 5}',
        b'{"next_batch": "s1", "rooms": []}',
        b'{"next_batch": "s1", "rooms": {"join": {"!r:x": {"timeline": {"events": 7}}}}}',
        b"\xff\xfe\x00",
        b"[" * 100_000,
    ],
)
async def test_nonsense_from_the_stream_is_one_readable_line_and_the_next_try_goes_on(content: bytes) -> None:
    broken = True

    async def respond(request: httpx.Request) -> httpx.Response:
        if not broken:
            return await first_only(request)
        return httpx.Response(200, content=content, headers={"Content-Type": "text/html"})

    home = Home(respond)
    connector = MatrixConnector(SETTINGS, transport=home)
    error = await lost(home, connector)
    assert isinstance(error, Uncertain)
    assert str(error).isprintable()
    assert "homeserver" in str(error)
    broken = False
    desk = Recorder()
    running = asyncio.create_task(connector.run(desk))
    try:
        await desk.until(lambda: desk.cursor, "the cursor", 15)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await connector.close()
