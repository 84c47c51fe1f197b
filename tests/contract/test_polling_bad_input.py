"""Whatever stands in the place of the backend, a connector that polls says why it waits, and goes on when it is gone."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from paradesk.connectors.base import ConnectorError
from paradesk.core.intents import Send, SetStatus
from paradesk.core.model import ClientId, Status, Visibility
from paradesk.testing.backend import BackendUnderTest
from paradesk.testing.recorder import Session
from tests.contract.livehelperchat_backend import LhcBackend
from tests.contract.plain_http import HttpServer, Reply
from tests.contract.zendesk_backend import ZendeskBackend

Prepared = tuple[BackendUnderTest, HttpServer]

ODD = {
    "html": Reply(b"<!DOCTYPE html><title>Maintenance</title>\x1b[2J", headers={"Content-Type": "text/html"}),
    "nothing": Reply(),
    "a number": Reply(b"7"),
    "a list": Reply(b"[[], {}, null, [[]]]"),
    "wrong types": Reply.of({"list": 7, "tickets": {"id": []}, "result": "x", "user": [1], "error": False}),
    "deep": Reply(b"[" * 200_000),
    "not text": Reply(b"\xff\xfe\x00{" * 50),
    "a proxy": Reply(b"<html>Forbidden</html>", 403, {"Content-Type": "text/html"}),
    "not found": Reply(b"no such site", 404),
    "elsewhere": Reply(status=302, headers={"Location": "https://login.example.org/"}),
    "in a circle": Reply(status=302, headers={"Location": "/again"}),
    "busy": Reply(b"busy", 503, {"Retry-After": "0.1"}),
    "too many": Reply.of({"error": "slow down"}, 429, **{"Retry-After": "0.1"}),
}


@pytest_asyncio.fixture(params=[LhcBackend, ZendeskBackend], ids=["livehelperchat", "zendesk"])
async def prepared(request: pytest.FixtureRequest) -> AsyncIterator[Prepared]:
    async with request.param() as backend:
        yield backend, backend.server


@pytest.mark.parametrize("name", ODD)
async def test_something_else_in_the_servers_place_passes(prepared: Prepared, name: str) -> None:
    backend, server = prepared
    chat = await backend.open_conversation()
    async with Session(backend.connector(), patience=backend.patience) as session:
        await session.until(lambda: session.desk.known(chat), "the conversation")
        server.spoiled = ODD[name]
        reply = Send(conversation_id=chat, body="hello?", visibility=Visibility.PUBLIC, client_id=ClientId("one"))
        for intent in (reply, SetStatus(chat, Status.OPEN)):
            with pytest.raises(ConnectorError) as refusal:
                await session.perform(intent)
            assert str(refusal.value).isprintable()
        await session.until(lambda: session.losses, "it to be noticed")
        assert str(session.losses[0]).isprintable()
        server.spoiled = None
        await backend.customer_says(chat, "still here")
        await session.until(lambda: "still here" in session.desk.said(chat), "the stream to go on")
        assert session.refused is None
        assert await backend.received(chat) == []
