"""How the Matrix stream and its connection hold on a real Synapse: gaps, kills, restarts, sign-in, limits."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace

import msgspec
import pytest
import pytest_asyncio

from paradesk.connectors.base import AuthError, RateLimited, Rejected
from paradesk.connectors.matrix import MatrixConnector
from paradesk.core.events import Gap, MessageUpserted
from paradesk.core.intents import Join, Leave
from paradesk.core.model import ConversationId, Message, Role
from paradesk.testing.recorder import Recorder, Session
from tests.contract.matrix_backend import MatrixBackend, room_path
from tests.contract.matrix_desk import committed, reply, session
from tests.contract.synapse import PASSWORD, Synapse

pytestmark = pytest.mark.synapse


@pytest_asyncio.fixture
async def backend(homeserver: Synapse) -> AsyncIterator[MatrixBackend]:
    async with MatrixBackend(homeserver) as backend:
        yield backend


async def test_gap_is_reported_filled_in_order_and_closed_before_its_cursor(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as first:
        await backend.customer_says(chat, "before")
        await first.until(lambda: committed(first.desk, chat), "the first message")
    missed = [f"missed {number}" for number in range(130)]
    for text in missed:
        await backend.customer_says(chat, text)
    async with session(backend, first.desk) as second:
        await second.until(lambda: second.desk.said(chat) == ["before", *missed], "all 130 messages in order")
        gaps = [event for event in second.desk.events if isinstance(event, Gap)]
        assert gaps == [Gap("contract", chat), Gap("contract", chat, closed=True)]
        opened, closed = (second.desk.events.index(gap) for gap in gaps)
        filled = [place for place, event in enumerate(second.desk.events) if isinstance(event, MessageUpserted)]
        assert opened < min(filled)
        assert max(filled) < closed
        keys = [message.order_key for message in second.desk.messages(chat)]
        assert keys == sorted(set(keys))


async def test_thirty_messages_around_a_killed_server_are_there_once(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        await backend.customer_says(chat, "before the kill")
        await open_session.until(lambda: open_session.desk.said(chat), "the first message")
        await backend.cut()
        texts = [f"meanwhile {number}" for number in range(30)]
        for text in texts[:15]:
            await backend.customer_says(chat, text)
        await asyncio.to_thread(backend.server.kill)
        await asyncio.to_thread(backend.server.start)
        for text in texts[15:]:
            await backend.customer_says(chat, text)
        await backend.restore()
        wanted = ["before the kill", *texts]
        await open_session.until(lambda: open_session.desk.said(chat) == wanted, "all of them, once and in order")
        await open_session.perform(reply(chat, "still here", "after-kill"))
        received = [message.body for message in await backend.received(chat)]
        assert received == ["still here"]


async def test_same_client_id_after_a_restart_of_both_sides_is_one_message(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    send = reply(chat, "your parcel left today", "kept-for-life")
    async with session(backend) as first:
        before = await first.perform(send)
    await asyncio.to_thread(backend.server.restart)
    async with session(backend) as second:
        after = await second.perform(replace(send, body="a different text is ignored"))
        assert after.message_id == before.message_id
    assert [message.body for message in await backend.received(chat)] == [send.body]


async def test_unknown_place_in_the_stream_is_read_anew_without_doubles(backend: MatrixBackend) -> None:
    chat, other = await backend.open_conversation(), await backend.open_conversation()
    async with session(backend) as first:
        await backend.customer_says(chat, "one")
        await backend.customer_says(other, "elsewhere")
        await first.until(lambda: committed(first.desk, chat) and committed(first.desk, other), "both on disk")
    keys = {message.id: message.order_key for message in first.desk.messages(chat)}
    missed = [f"missed {number}" for number in range(60)]
    for text in missed:
        await backend.customer_says(chat, text)
    await backend.call(backend.agent, "POST", room_path(other, "leave"), {})
    commit = first.desk.commits[-1]
    damaged = msgspec.json.decode(commit.cursor, type=dict[str, object]) | {"since": "s99_no_such_place"}
    recorder = Recorder(start=replace(commit, cursor=msgspec.json.encode(damaged).decode()))
    async with Session(backend.connector(), recorder, backend.patience) as second:
        await second.until(lambda: recorder.said(chat) == ["one", *missed], "all messages, once")
        again = [event.message for event in recorder.events if isinstance(event, MessageUpserted)]
        assert {message.id for message in again}.isdisjoint(keys), "what was known is not told again"
        await second.until(lambda: (thread := recorder.thread(other)) is not None and thread.removed, "the room left")
        assert [e for e in recorder.events if isinstance(e, Gap) and e.conversation_id is None][-1].closed


async def test_cursor_of_another_account_or_none_at_all_begins_anew(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    await backend.customer_says(chat, "hello")
    async with session(backend) as first:
        await first.until(lambda: first.desk.said(chat), "the message")
    commit = first.desk.commits[-1]
    for cursor in ("{", "[]", '{"since":5}', commit.cursor.replace(backend.agent.user_id, "@somebody:else")):
        await has_once(backend, Recorder(start=replace(commit, cursor=cursor)), chat, "hello")


async def has_once(backend: MatrixBackend, recorder: Recorder, chat: ConversationId, text: str) -> None:
    async with Session(backend.connector(), recorder, backend.patience) as again:
        await again.until(lambda: recorder.said(chat) == [text], "the message, once")


async def test_return_to_a_room_fills_what_was_said_meanwhile(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        desk = open_session.desk
        await backend.customer_says(chat, "first")
        await open_session.until(lambda: desk.said(chat) == ["first"], "the message")
        await open_session.perform(Leave(chat))
        await open_session.until(lambda: (thread := desk.thread(chat)) is not None and thread.removed, "it to be gone")
        meanwhile = [f"meanwhile {number}" for number in range(30)]
        for text in meanwhile:
            await backend.customer_says(chat, text)
        await backend.call(backend.customer, "POST", room_path(chat, "invite"), {"user_id": backend.agent.user_id})
        await open_session.perform(Join(chat))
        await open_session.until(lambda: desk.said(chat) == ["first", *meanwhile], "everything, once and in order")


async def test_revoked_token_is_an_auth_error_and_a_new_start_signs_in(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    connector = backend.connector()
    async with session(backend, connector=connector) as open_session:
        await backend.call(
            backend.agent,
            "POST",
            "/_matrix/client/v3/delete_devices",
            {"devices": ["PARADESK"], "auth": password_of(backend)},
        )
        await open_session.desk.until(lambda: open_session.refused, "the refusal", backend.patience)
        assert isinstance(open_session.refused, AuthError)
    async with session(backend, connector=connector) as again:
        await again.perform(reply(chat, "signed in again", "again"))


def password_of(backend: MatrixBackend) -> dict[str, object]:
    identifier = {"type": "m.id.user", "user": backend.agent.user_id}
    return {"type": "m.login.password", "identifier": identifier, "password": PASSWORD}


async def test_token_instead_of_a_password(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    settings = {"homeserver": backend.proxy.url, "token": backend.agent.token}
    async with session(backend, connector=MatrixConnector(settings)) as open_session:
        await open_session.perform(reply(chat, "by token", "token-send"))
        page = await open_session.connector.history(chat, None, 5)
        mine = [message for message in page.messages if message.client_id == "token-send"]
        assert [message.role for message in mine] == [Role.AGENT]
    refused = MatrixConnector(settings | {"token": "syt_wrong"})
    with pytest.raises(AuthError):
        await refused.run(Recorder())
    await refused.close()


async def test_own_rate_limits_of_the_server_are_told_with_their_time() -> None:
    with Synapse(default_limits=True) as limited:
        async with MatrixBackend(limited) as backend:
            chat = await backend.open_conversation()
            async with session(backend) as open_session:
                for number in range(60):
                    try:
                        await open_session.perform(reply(chat, f"burst {number}", f"burst-{number}"))
                    except RateLimited as error:
                        assert 0 < error.retry_after < 60
                        break
                else:
                    raise AssertionError("the server never limited the rate")
            assert len(await backend.received(chat)) == number


async def test_seventy_kilobytes_are_rejected_by_both_sides(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        with pytest.raises(Rejected, match="60,000"):
            await open_session.perform(reply(chat, "x" * 70_000, "long"))
        with pytest.raises(Rejected, match="62,000"):
            await open_session.perform(reply(chat, '"' * 40_000, "quotes"))
        fits = reply(chat, "x" * 60_000, "fits")
        assert await open_session.perform(fits)
    assert [len(message.body) for message in await backend.received(chat)] == [60_000]


async def test_history_has_the_keys_of_the_stream_after_a_restart(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    texts = [f"line {number}" for number in range(50)]
    for text in texts[:30]:
        await backend.customer_says(chat, text)
    async with session(backend) as first:
        for text in texts[30:]:
            await backend.customer_says(chat, text)
        await first.until(lambda: texts[-1] in first.desk.said(chat), "the stream")
    live = {message.id: message.order_key for message in first.desk.messages(chat)}
    async with session(backend, first.desk) as second:
        collected: list[Message] = []
        before: Message | None = None
        complete = False
        while not complete:
            page = await second.connector.history(chat, before, 9)
            collected[:0] = page.messages
            before, complete = collected[0], page.complete
    assert [message.body for message in collected if message.role is Role.CUSTOMER] == texts
    keys = [message.order_key for message in collected]
    assert keys == sorted(set(keys))
    assert {message.id: message.order_key for message in collected if message.id in live} == live
