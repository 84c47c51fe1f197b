"""What a broken Chatwoot, a proxy in between, or an expired token can say: an error of the right kind, nobody else harmed."""

import asyncio
import json
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from paradesk.connectors.base import AuthError, Forbidden, NotSent, ProtocolError, RateLimited, Rejected, Uncertain
from paradesk.connectors.chatwoot import ChatwootConnector, client, stream
from paradesk.connectors.chatwoot import cable as cable_module
from paradesk.connectors.chatwoot.cable import MAX_FRAME
from paradesk.core.events import Gap
from paradesk.core.intents import SetPriority
from paradesk.core.model import ConversationId, MessageId, Priority, Role
from paradesk.testing.recorder import Recorder
from tests.contract.chatwoot.cables import StandInCable
from tests.contract.chatwoot.web import Asked, Told, pump
from tests.contract.chatwoot_backend import ChatwootBackend
from tests.contract.chatwoot_desk import kept, played, reply, session, shown

PAGE = b"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>"
AS_PAGE = {"Content-Type": "text/html"}


def answering(told: Told, ending: str, method: str = "POST") -> Callable[[Asked], Told | None]:
    """Return what makes the server answer one kind of request with something."""

    def answer(asked: Asked) -> Told | None:
        meant = asked.method == method and asked.path.startswith("/api/") and asked.path.endswith(ending)
        return told if meant else None

    return answer


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        pytest.param(Told(PAGE, 200, AS_PAGE), ProtocolError, id="page"),
        pytest.param(Told(PAGE, 502, AS_PAGE), Uncertain, id="bad gateway"),
        pytest.param(Told(b"{not json", 200), ProtocolError, id="no json"),
        pytest.param(Told(b"", 200), ProtocolError, id="nothing"),
        pytest.param(Told(None, 200), ProtocolError, id="null"),
        pytest.param(Told({"id": "many"}, 200), ProtocolError, id="wrong types"),
        pytest.param(Told({"id": 5, "message_type": 1, "account_id": 99}, 200), ProtocolError, id="other account"),
        pytest.param(Told({"id": 5, "message_type": 1, "conversation_id": 99}, 200), ProtocolError, id="other chat"),
        pytest.param(Told({"error": "Too many messages"}, 422), RateLimited, id="too many messages"),
        pytest.param(Told(b"Retry later\n", 429, {"Retry-After": "7"}), RateLimited, id="too many requests"),
        pytest.param(Told({"error": "Content is too long"}, 422), Rejected, id="too long"),
        pytest.param(Told({"error": "You are not authorized to do this action"}, 401), Forbidden, id="not allowed"),
        pytest.param(Told({"error": "no"}, 403), Forbidden, id="forbidden"),
        pytest.param(Told({"error": "Resource could not be found"}, 404), Rejected, id="gone"),
        pytest.param(Told(b"", 302, {"Location": "https://evil.example/"}), NotSent, id="redirect"),
        pytest.param(Told({"error": "boom"}, 500), Uncertain, id="server error"),
    ],
)
async def test_answer_to_a_reply_is_mapped_and_the_desk_goes_on(told: Told, kind: type[Exception]) -> None:
    async with played() as (backend, _):
        chat, other = await backend.open_conversation(), await backend.open_conversation()
        async with session(backend) as desk:
            await desk.until(lambda: shown(desk, chat) and shown(desk, other), "the conversations")
            backend.server.override = answering(told, f"/conversations/{chat}/messages")
            with pytest.raises(kind) as caught:
                await desk.perform(reply(chat, "hello"))
            assert str(caught.value).isprintable()
            assert backend.agent.token not in str(caught.value)
            await desk.perform(reply(other, "unharmed", "client-2"))
            await backend.customer_says(chat, "still heard")
            await desk.until(lambda: "still heard" in desk.desk.said(chat), "the stream to go on")
            assert not desk.losses


async def test_token_that_expires_in_mid_stream_ends_in_auth_error() -> None:
    async with played() as (backend, _):
        chat = await backend.open_conversation()
        async with session(backend) as desk:
            await desk.until(lambda: desk.desk.commits and shown(desk, chat), "all to be listed")
            backend.server.refused_tokens.add(backend.agent.token)
            with pytest.raises(AuthError):
                await desk.perform(reply(chat, "hello"))
            await desk.desk.until(lambda: desk.refused, "the stream to end", backend.patience)
            assert "token" in str(desk.refused)
        assert await backend.received(chat) == []


@pytest.mark.parametrize(
    "frame",
    ["{not json", "<html>login</html>", "[]", '"text"', '{"type": 7}', "{" * 5000, b"\xff\xfe", b"\x00" * 10],
    ids=["broken", "page", "list", "text", "wrong type", "deep", "no utf-8", "zeros"],
)
async def test_senseless_frame_costs_the_connection_and_nothing_else(frame: str | bytes) -> None:
    async with played() as (backend, cable):
        chat = await backend.open_conversation()
        async with session(backend) as desk:
            await backend.customer_says(chat, "before")
            await desk.until(lambda: desk.desk.said(chat) == ["before"], "the first message")
            await cable.say_raw(frame)
            await desk.until(lambda: desk.losses, "the loss")
            assert isinstance(desk.losses[0], ProtocolError)
            await backend.customer_says(chat, "after")
            await desk.until(lambda: desk.desk.said(chat) == ["before", "after"], "what came afterwards")


async def test_frame_of_twenty_megabytes_is_refused_and_the_message_is_read_otherwise() -> None:
    async with played() as (backend, cable):
        chat = await backend.open_conversation()
        async with session(backend) as desk:
            await desk.until(lambda: desk.desk.commits and shown(desk, chat), "the conversation, and a place")
            await cable.say_raw(json.dumps({"type": "welcome", "padding": "x" * 20_000_000}))
            await desk.until(lambda: desk.losses, "the loss")
            assert f"{MAX_FRAME // 2**20} MB" in str(desk.losses[0])
            await backend.customer_says(chat, "after")
            await desk.until(lambda: desk.desk.said(chat) == ["after"], "what came afterwards")


BROADCASTS = {
    "no data": {"event": "message.created"},
    "data is a list": {"event": "message.created", "data": []},
    "message without id": {"event": "message.created", "data": {"conversation_id": 1}},
    "message with text as id": {
        "event": "message.created",
        "data": {"id": "x", "conversation_id": 1, "message_type": 0},
    },
    "conversation without status": {"event": "conversation.updated", "data": {"id": 1}},
    "labels of wrong type": {"event": "conversation.updated", "data": {"id": 1, "status": "open", "labels": "vip"}},
    "typing of nobody": {"event": "conversation.typing_on", "data": {"conversation": {"id": 1, "status": "open"}}},
    "presence of wrong type": {"event": "presence.update", "data": {"users": [1]}},
    "unknown event": {"event": "copilot.message.created", "data": {"id": 1}},
    "event is a number": {"event": 7, "data": {}},
    "no event": {"data": {}},
    "status of tomorrow": {"event": "conversation.updated", "data": {"id": 77, "status": "parked"}},
}


@pytest.mark.parametrize("broadcast", BROADCASTS.values(), ids=BROADCASTS)
async def test_senseless_broadcast_is_left_away(broadcast: dict[str, object], caplog: pytest.LogCaptureFixture) -> None:
    async with played() as (backend, cable):
        chat = await backend.open_conversation()
        async with session(backend) as desk:
            await desk.until(lambda: shown(desk, chat), "the conversation")
            with caplog.at_level(logging.WARNING):
                await cable.emit(backend.agent.pubsub_token, broadcast)
                await backend.customer_says(chat, "still heard")
                await desk.until(lambda: desk.desk.said(chat) == ["still heard"], "the stream to go on")
            assert not desk.losses


async def test_message_of_wrong_types_stands_as_a_line_that_says_so() -> None:
    async with played() as (backend, cable):
        chat = await backend.open_conversation()
        async with session(backend) as desk:
            await desk.until(lambda: shown(desk, chat), "the conversation")
            record = {"id": 5000, "conversation_id": int(chat), "message_type": 0, "content": {"not": "text"}}
            await cable.emit(backend.agent.pubsub_token, {"event": "message.created", "data": record})
            message = await desk.until(lambda: desk.desk.message(chat, MessageId("5000")), "the message")
            assert message.role is Role.SYSTEM
            assert "Chatwoot" in message.body


async def test_logged_payloads_keep_their_texts_to_themselves(caplog: pytest.LogCaptureFixture) -> None:
    async with played() as (backend, cable):
        chat = await backend.open_conversation()
        with caplog.at_level(logging.DEBUG):
            async with session(backend) as desk:
                await desk.until(lambda: shown(desk, chat), "the conversation")
                record = {"id": "hunter2", "content": "my password is hunter2", "conversation_id": int(chat)}
                await cable.emit(backend.agent.pubsub_token, {"event": "message.created", "data": record})
                await backend.customer_says(chat, "still heard")
                await desk.until(lambda: desk.desk.said(chat), "the stream to go on")
        # What servers of the tests log is theirs.
        mine = [record for record in caplog.records if not record.name.startswith(("websockets.server", "asyncio"))]
        assert not [record for record in mine if record.name.startswith("websockets")], "frames are nobody's to log"
        logged = "\n".join(record.getMessage() for record in mine)
        assert "message.created cannot be read" in logged
        for secret in ("hunter2", backend.agent.token, backend.agent.pubsub_token):
            assert secret not in logged


async def test_listed_conversation_of_wrong_types_harms_no_other() -> None:
    async with played() as (backend, _):
        chat, other = await backend.open_conversation(), await backend.open_conversation()
        kept(backend, other).labels = [1, 2]  # type: ignore[list-item]
        await backend.customer_says(chat, "I am well")
        async with session(backend) as desk:
            await desk.until(lambda: desk.desk.said(chat) == ["I am well"], "the other conversation")
        backend.server.problems.clear()


async def test_answer_of_another_account_is_a_protocol_error() -> None:
    async with played() as (backend, _):
        payload = [{"id": 1, "status": "open", "account_id": 99}]
        backend.server.override = answering(Told({"data": {"payload": payload}}), "/conversations", "GET")
        connector, desk = backend.connector(), Recorder()
        with pytest.raises(ProtocolError, match="account 99"):
            await connector.run(desk)
        await connector.close()
        assert not desk.state.threads


async def test_silence_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cable_module, "SILENCE", 1.0)
    async with played() as (backend, cable):
        chat = await backend.open_conversation()
        async with session(backend) as desk:
            await desk.until(lambda: desk.desk.commits and shown(desk, chat), "the conversation, and a place")
            cable.silent = True
            await backend.customer_says(chat, "into the silence")
            await desk.until(lambda: desk.losses, "the silence to be noticed")
            assert "silent" in str(desk.losses[0])
            cable.silent = False
            await desk.until(lambda: desk.desk.said(chat) == ["into the silence"], "what was said in it")


async def test_websocket_that_signs_out_for_good_is_an_auth_error() -> None:
    async with played() as (backend, cable):
        chat = await backend.open_conversation()
        async with session(backend) as desk:
            await desk.until(lambda: shown(desk, chat), "the conversation")
            await cable.say_raw(json.dumps({"type": "disconnect", "reason": "unauthorized", "reconnect": False}))
            await desk.desk.until(lambda: desk.refused, "the end", backend.patience)
            assert "unauthorized" in str(desk.refused)


async def test_proxy_that_passes_no_websockets_is_named() -> None:
    async with StandInCable() as cable, ChatwootBackend(cable) as backend:

        async def refuse(first: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            await writer.drain()

        backend.server.web._pass_on = refuse  # type: ignore[method-assign]
        connector, desk = backend.connector(), Recorder()
        with pytest.raises(NotSent, match=r"/cable.*404"):
            await connector.run(desk)
        await connector.close()


async def test_limit_while_catching_up_is_waited_for() -> None:
    async with played() as (backend, _):
        chat = await backend.open_conversation()
        limited = 0

        def limit(asked: Asked) -> Told | None:
            nonlocal limited
            if asked.method == "GET" and asked.path.endswith("/conversations") and limited < 2:
                limited += 1
                return Told(b"Retry later\n", 429, {"Retry-After": "0.05"})
            return None

        backend.server.override = limit
        async with session(backend) as desk:
            await desk.until(lambda: shown(desk, chat), "the conversation")
            assert not desk.losses
        assert limited == 2


@pytest.mark.parametrize(
    "told", [Told({"error": "boom"}, 500), Told(PAGE, 200, AS_PAGE), Told({"payload": 7})], ids=["500", "page", "type"]
)
async def test_conversation_that_cannot_be_read_is_marked_and_holds_up_nobody(told: Told) -> None:
    async with played() as (backend, _):
        chat, other = await backend.open_conversation(), await backend.open_conversation()
        async with session(backend) as desk:
            await desk.until(lambda: desk.desk.commits and shown(desk, chat), "the conversations, and a place")
        for number in range(3):
            await backend.customer_says(chat, f"unreadable {number}")
            await backend.customer_says(other, f"readable {number}")
        backend.server.override = answering(told, f"/conversations/{chat}/messages", "GET")
        async with session(backend, Recorder(start=desk.desk.commits[-1])) as again:
            await again.until(lambda: len(again.desk.said(other)) == 3, "the other conversation")
            await again.until(lambda: (thread := again.desk.thread(chat)) and thread.gap, "the mark of what is missing")
            assert not again.losses
            await backend.customer_says(chat, "live")
            await again.until(lambda: "live" in again.desk.said(chat), "what comes afterwards")
            # Chatwoot is well again.
            backend.server.override = lambda _asked: None
            await backend.customer_says(chat, "well again")
            whole = [*(f"unreadable {number}" for number in range(3)), "live", "well again"]
            await again.until(lambda: again.desk.said(chat) == whole, "what was missing, in order")
            await again.until(lambda: (thread := again.desk.thread(chat)) and not thread.gap, "the mark to go")


async def test_more_changes_than_fit_an_answer_are_read_page_by_page(monkeypatch: pytest.MonkeyPatch) -> None:
    async with played() as (backend, _):
        chats = await backend.open_crowd(60)
        async with session(backend) as desk:
            await desk.until(lambda: desk.desk.commits and shown(desk, chats[-1]), "the conversations, and a place")
        for chat in chats:
            await backend.customer_says(chat, "meanwhile")
        # A page fits, all of them do not.
        monkeypatch.setattr(client, "MAX_ANSWER", 100_000)
        async with session(backend, Recorder(start=desk.desk.commits[-1])) as again:
            await again.until(
                lambda: all(again.desk.said(chat) == ["meanwhile"] for chat in chats), "all that was said"
            )
            assert not again.losses
        pages = [exchange.query["page"] for exchange in backend.server.exchanges[-200:] if "page" in exchange.query]
        assert "3" in pages


async def test_gap_beyond_all_pages_stays_marked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream, "MAX_PAGES", 1)
    async with played() as (backend, _):
        chat = await backend.open_conversation()
        async with session(backend) as desk:
            await backend.customer_says(chat, "before")
            await desk.until(lambda: desk.desk.said(chat) and desk.desk.commits, "the first message")
            await backend.cut()
            await desk.notice_cut(5)
            for number in range(150):
                await backend.customer_says(chat, f"absent {number}")
            await backend.restore()
            await desk.until(lambda: "absent 149" in desk.desk.said(chat), "the newest")
            open_gaps = [
                event for event in desk.desk.events if isinstance(event, Gap) and event.conversation_id == chat
            ]
            assert [gap.closed for gap in open_gaps] == [False]


_LISTED = ("agents", "teams", "inboxes", "conversations")


@pytest.mark.parametrize("name", ["../7", "7/messages", "7%2F", "٧", "", "-1", "1" * 30, "7?x=1", "a"])
async def test_what_is_no_number_is_no_conversation(name: str) -> None:
    async with played() as (backend, _), session(backend) as desk:
        with pytest.raises(Rejected):
            await desk.perform(reply(ConversationId(name), "hello"))
        with pytest.raises(Rejected):
            await desk.perform(SetPriority(ConversationId(name), Priority.HIGH))
        with pytest.raises(Rejected):
            await desk.connector.history(ConversationId(name), None, 5)
        listing = {"/api/v1/profile", *(f"/api/v1/accounts/1/{what}" for what in _LISTED)}
        assert {exchange.path for exchange in backend.server.exchanges} <= listing


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"account": "one"}, "account must be the number"),
        ({"account": ""}, "account must be the number"),
        ({"url": "http://chat.example.org"}, "this machine only"),
        ({"url": "https://chat.example.org/app"}, "only scheme, host and port"),
        ({"url": ""}, "no chatwoot is configured"),
    ],
)
def test_wrong_settings_are_named(settings: dict[str, str], words: str) -> None:
    good = {"url": "https://chat.example.org", "account": "1", "token": "x"}
    with pytest.raises(AuthError, match=words):
        ChatwootConnector(good | settings)


async def test_inbox_that_is_not_there_and_account_of_others_are_named() -> None:
    async with played() as (backend, _):
        for more, words in (
            ({"inboxes": "Telefon"}, "no inbox 'Telefon'"),
            ({"account": "2"}, "no agent of account 2"),
        ):
            connector = ChatwootConnector(backend.settings(**more))
            with pytest.raises(AuthError, match=words):
                await connector.run(Recorder())
            await connector.close()


@asynccontextmanager
async def encrypted(port: int, certificate: trustme.LeafCert) -> AsyncIterator[int]:
    """Put TLS in front of a port, as the web server before Chatwoot does."""

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, to_inner = await asyncio.open_connection("127.0.0.1", port)
        ways = [asyncio.create_task(pump(reader, to_inner)), asyncio.create_task(pump(inner, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for way in ways:
            way.cancel()
        to_inner.close()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    server = await asyncio.start_server(pass_on, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()


async def test_own_authority_is_trusted_for_both_ways_and_no_other(tmp_path: Path) -> None:
    authority, ca_file = trustme.CA(), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    async with played() as (backend, _), encrypted(backend.server.web.port, authority.issue_cert("127.0.0.1")) as port:
        settings = backend.settings(url=f"https://127.0.0.1:{port}")
        stranger = ChatwootConnector(settings)
        with pytest.raises(NotSent, match="certificate"):
            await stranger.run(Recorder())
        await stranger.close()
        chat = await backend.open_conversation()
        async with session(backend, connector=ChatwootConnector(settings | {"ca_file": str(ca_file)})) as desk:
            await desk.until(lambda: shown(desk, chat), "the conversation, over https")
            await backend.customer_says(chat, "encrypted")
            await desk.until(lambda: desk.desk.said(chat) == ["encrypted"], "the message, over wss")
