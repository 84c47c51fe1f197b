"""What is particular to Matrix, on a real Synapse: gaps, invitations, trust, encryption, hostile events, restarts."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import msgspec
import pytest
import pytest_asyncio

from paradesk.connectors.base import AuthError, RateLimited, Rejected, Unsupported
from paradesk.connectors.matrix import MatrixConnector
from paradesk.connectors.matrix.ticket import ASSIGNEE, PRIORITY, STATUS, TAGS
from paradesk.core.events import ConversationRemoved, Gap, MessageUpserted
from paradesk.core.intents import ChangeTags, Join, Leave, Send, SetPriority, SetStatus, Transfer
from paradesk.core.model import ClientId, Conversation, ConversationId, Message, Priority, Role, Status, Visibility
from paradesk.testing.recorder import Recorder, Session
from tests.contract.matrix_backend import MatrixBackend, room_path
from tests.contract.synapse import PASSWORD, Synapse

pytestmark = pytest.mark.synapse


@pytest.fixture(scope="module")
def server() -> Iterator[Synapse]:
    with Synapse() as synapse:
        yield synapse


@pytest_asyncio.fixture
async def backend(server: Synapse) -> AsyncIterator[MatrixBackend]:
    async with MatrixBackend(server) as backend:
        yield backend


def session(backend: MatrixBackend, start: Recorder | None = None, connector: MatrixConnector | None = None) -> Session:
    """Return a session of the agent, continuing from the last commit of another one where that is given."""
    recorder = Recorder(start=start.commits[-1]) if start else None
    return Session(connector or backend.connector(), recorder, backend.patience)


def reply(chat: ConversationId, body: str, client_id: str) -> Send:
    return Send(conversation_id=chat, body=body, visibility=Visibility.PUBLIC, client_id=ClientId(client_id))


def conversation(desk: Recorder, chat: ConversationId) -> Conversation | None:
    thread = desk.known(chat)
    return thread.conversation if thread else None


def lines(desk: Recorder, chat: ConversationId) -> list[str]:
    """Return what nobody said."""
    return [message.body for message in desk.messages(chat) if message.role is Role.SYSTEM]


def committed(desk: Recorder, chat: ConversationId) -> bool:
    """Tell whether the last commit contains something that a customer said."""
    thread = desk.commits[-1].state.threads.get(chat) if desk.commits else None
    return thread is not None and any(message.role is Role.CUSTOMER for message in thread.transcript)


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


async def test_invitation_is_a_new_chat_that_join_takes(backend: MatrixBackend) -> None:
    async with session(backend) as open_session:
        desk = open_session.desk
        await backend.call(
            backend.customer,
            "PUT",
            f"/_matrix/client/v3/profile/{backend.customer.user_id}/displayname",
            {"displayname": "Sarah Chen"},
        )
        chat = await backend.waiting_conversation()
        found = await open_session.until(lambda: conversation(desk, chat), "the invitation")
        assert (found.joined, found.status, found.customer.name) == (False, Status.NEW, "Sarah Chen")
        assert found.subject == "Help"
        assert found.created_at > 1_000_000_000
        assert "join" in found.absent["history"]
        with pytest.raises(Unsupported):
            await open_session.perform(reply(chat, "hello?", "too-early"))
        with pytest.raises(Unsupported):
            await open_session.connector.history(chat, None, 10)
        await open_session.perform(Join(chat))
        await open_session.until(lambda: desk.said(chat) == ["is this the right place?"], "what was said before")
        joined = conversation(desk, chat)
        assert joined is not None
        assert (joined.joined, joined.status, joined.customer.id) == (True, Status.OPEN, backend.customer.user_id)
        assert "history" not in joined.absent


async def test_invitation_can_be_joined_after_a_restart(backend: MatrixBackend) -> None:
    async with session(backend) as first:
        chat = await backend.waiting_conversation()
        await first.until(lambda: conversation(first.desk, chat), "the invitation")
    async with session(backend, first.desk) as second:
        await second.perform(Join(chat))
        await second.until(lambda: second.desk.said(chat) == ["is this the right place?"], "its messages")


async def test_ticket_is_in_the_state_of_the_room(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        await open_session.perform(SetStatus(chat, Status.PENDING))
        await open_session.perform(SetPriority(chat, Priority.URGENT))
        await open_session.perform(ChangeTags(chat, add=frozenset({"vip", "refund"})))
        await open_session.perform(Join(chat))
    assert await backend.state(chat, STATUS) == {"status": "pending"}, "taking a ticket leaves its status"
    assert await backend.state(chat, PRIORITY) == {"priority": "urgent"}
    assert await backend.state(chat, TAGS) == {"tags": ["refund", "vip"]}
    assert await backend.state(chat, ASSIGNEE) == {"user_id": backend.agent.user_id}


async def test_customer_cannot_set_the_ticket_of_our_room(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    path = f"{room_path(chat, 'state', STATUS)}/"
    answer = await backend.try_call(backend.customer, "PUT", path, {"status": "solved"})
    assert (answer.status_code, answer.json()["errcode"]) == (403, "M_FORBIDDEN")


async def test_ticket_forged_in_the_customers_own_room_is_ignored_and_shown(backend: MatrixBackend) -> None:
    chat = await backend.waiting_conversation()
    await backend.join(backend.agent, chat)
    path = f"{room_path(chat, 'state', STATUS)}/"
    await backend.call(backend.customer, "PUT", path, {"status": "solved"})
    async with session(backend) as open_session:
        desk = open_session.desk
        found = await open_session.until(lambda: conversation(desk, chat), "the room")
        assert found.status is Status.OPEN
        assert "ignored" in found.attributes["ticket fields"]
        tags = f"{room_path(chat, 'state', TAGS)}/"
        await backend.call(backend.customer, "PUT", tags, {"tags": ["vip"]})
        await open_session.until(lambda: any("tags" in line and "ignored" in line for line in lines(desk, chat)), "it")
        after = conversation(desk, chat)
        assert after is not None
        assert after.tags == frozenset()
        for intent in (SetStatus(chat, Status.PENDING), ChangeTags(chat, add=frozenset({"x"}))):
            with pytest.raises(Unsupported, match="moderator"):
                await open_session.perform(intent)


async def test_colleagues_ticket_changes_are_taken(backend: MatrixBackend) -> None:
    levels = {"events": {STATUS: 50}, "users": {backend.colleague.user_id: 50}}
    chat = await backend.room(
        backend.agent,
        backend.customer,
        power_level_content_override={**levels, "users": {backend.colleague.user_id: 50, **await creator(backend)}},
    )
    await backend.join(backend.customer, chat)
    await backend.call(backend.agent, "POST", room_path(chat, "invite"), {"user_id": backend.colleague.user_id})
    await backend.join(backend.colleague, chat)
    async with session(backend) as open_session:
        desk = open_session.desk
        path = f"{room_path(chat, 'state', STATUS)}/"
        await backend.call(backend.colleague, "PUT", path, {"status": "on_hold"})

        def held() -> bool:
            found = conversation(desk, chat)
            return found is not None and found.status is Status.ON_HOLD

        await open_session.until(held, "the colleague's status")
        await backend.send(backend.colleague, chat, {"msgtype": "m.text", "body": "I know this one"})
        await backend.send(backend.colleague, chat, {"msgtype": "m.notice", "body": "an automatic answer"})

        def roles() -> list[tuple[str, Role]]:
            return [(m.body, m.role) for m in desk.messages(chat) if m.role in (Role.AGENT, Role.BOT)]

        wanted = [("I know this one", Role.AGENT), ("an automatic answer", Role.BOT)]
        await open_session.until(lambda: roles() == wanted, "a colleague's words and a bot's")


async def creator(backend: MatrixBackend) -> dict[str, int]:
    """Return what `users` must say of the room's maker: nothing where makers are above all power levels."""
    answer = await backend.call(backend.agent, "GET", "/_matrix/client/v3/capabilities")
    default = answer["capabilities"]["m.room_versions"]["default"]
    return {} if int(default) >= 12 else {backend.agent.user_id: 100}


async def test_encrypted_room_is_reported_and_never_written(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        desk = open_session.desk
        await open_session.until(lambda: conversation(desk, chat), "the room")
        path = f"{room_path(chat, 'state', 'm.room.encryption')}/"
        await backend.call(backend.agent, "PUT", path, {"algorithm": "m.megolm.v1.aes-sha2"})
        cipher = {"algorithm": "m.megolm.v1.aes-sha2", "ciphertext": "AwgA", "session_id": "x"}
        await backend.send(backend.customer, chat, cipher, "m.room.encrypted")
        unreadable = "encrypted message: cannot be read here"
        await open_session.until(lambda: any(unreadable in line for line in lines(desk, chat)), "the line")

        def reported() -> bool:
            found = conversation(desk, chat)
            return found is not None and "encrypted" in found.absent.get("send", "")

        await open_session.until(reported, "that it cannot be written")
        with pytest.raises(Unsupported, match="encrypted"):
            await open_session.perform(reply(chat, "in the clear", "never"))
    assert await backend.received(chat) == []


# What this server lets through; tests/unit has what others might.
HOSTILE_CONTENTS: tuple[object, ...] = (
    {"msgtype": "m.text", "body": "x", "info": "no", "url": ["no"], "file": []},
    {"msgtype": "m.image", "body": "x.png", "url": "https://evil.example/x.png"},
    {"msgtype": "m.image", "body": "x.png", "url": 7, "info": "no"},
    {"msgtype": "m.file", "body": "../../x", "url": "mxc://../..", "info": {"size": -1, "mimetype": "a\nb"}},
    {"msgtype": "m.file", "body": "x", "url": "mxc://localhost/x", "info": {"size": 10**15, "mimetype": 4}},
    {"msgtype": "m.text", "body": "x", "m.relates_to": "nothing"},
    {"msgtype": "m.text", "body": "x", "m.relates_to": {"rel_type": "m.replace", "event_id": ["no"]}},
    {"msgtype": "m.text", "body": "* x", "m.new_content": 3, "m.relates_to": {"rel_type": "m.replace"}},
    {"msgtype": "m.text", "body": "x", "m.new_content": {"body": 3}},
    {"msgtype": "m.location", "body": "here", "geo_uri": {"a": []}},
)


async def test_hostile_events_never_stop_the_stream(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        desk = open_session.desk
        await open_session.until(lambda: conversation(desk, chat), "the room")
        sent = [await backend.send(backend.customer, chat, content) for content in HOSTILE_CONTENTS]
        name = f"{room_path(chat, 'state', 'm.room.member')}/{backend.customer.user_id}"
        hostile_member = {"membership": "join", "displayname": "\x1b]0;owned\x07 [bold]x"}
        await backend.call(backend.customer, "PUT", name, hostile_member)
        for event_type in ("m.room.encrypted", "m.sticker", "m.reaction", "org.example.unknown"):
            await backend.send(backend.customer, chat, {"m.relates_to": 5, "body": 5}, event_type)
        last = await backend.customer_says(chat, "and a good one")
        await open_session.until(lambda: desk.message(chat, last), "the message after all of that")
        assert not open_session.losses
        shown = {message.id for message in desk.messages(chat)}
        # Edits that make no sense are no messages; everything else left a trace.
        assert [place for place, event_id in enumerate(sent) if event_id not in shown] == [7]
        for place in (1, 2, 3):
            message = desk.message(chat, sent[place])
            assert message is not None
            assert not message.attachments, "an address outside the homeserver is never fetched"
    async with session(backend) as afresh:
        await afresh.until(lambda: afresh.desk.message(chat, last), "the same from the history of the room")


async def test_nobody_edits_the_words_of_others(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        outcome = await open_session.perform(reply(chat, "we refund 5 euros", "promise"))
        assert outcome.message_id is not None
    message_id = outcome.message_id
    # Across a restart the connector no longer remembers whose message it was.
    async with session(backend, open_session.desk) as again:
        desk = again.desk
        await backend.edit(backend.customer, chat, message_id, "we refund 5000 euros")
        last = await backend.customer_says(chat, "thank you!")
        await again.until(lambda: desk.message(chat, last), "the next message")
        page = await again.connector.history(chat, None, 20)
        bodies = [m.body for m in [*desk.messages(chat), *page.messages] if m.id == message_id]
        assert bodies
        assert set(bodies) == {"we refund 5 euros"}


async def test_removed_agent_loses_the_chat_with_the_reason(backend: MatrixBackend) -> None:
    chat = await backend.waiting_conversation()
    await backend.join(backend.agent, chat)
    async with session(backend) as open_session:
        desk = open_session.desk
        await open_session.until(lambda: conversation(desk, chat), "the room")
        body = {"user_id": backend.agent.user_id, "reason": "wrong number"}
        await backend.call(backend.customer, "POST", room_path(chat, "kick"), body)

        def removal() -> ConversationRemoved | None:
            return next((event for event in desk.events if isinstance(event, ConversationRemoved)), None)

        event = await open_session.until(removal, "the removal")
        assert event.conversation_id == chat
        assert "wrong number" in event.reason
        with pytest.raises(Rejected):
            await open_session.perform(reply(chat, "hello?", "gone"))


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


async def test_customer_leaving_ends_the_chat(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        desk = open_session.desk
        await open_session.until(lambda: conversation(desk, chat), "the room")
        await backend.call(backend.customer, "POST", room_path(chat, "leave"), {})
        await open_session.until(lambda: (c := conversation(desk, chat)) is not None and c.ended, "the end")
        ended = conversation(desk, chat)
        assert ended is not None
        assert ended.customer.id == backend.customer.user_id
        assert any("left" in line for line in lines(desk, chat))


async def test_handed_over_chat_waits_at_the_colleagues_desk_with_the_note(backend: MatrixBackend) -> None:
    levels = {"events": {STATUS: 50, ASSIGNEE: 50}}
    chat = await backend.room(backend.agent, backend.customer, power_level_content_override=levels)
    await backend.join(backend.customer, chat)
    other = MatrixConnector(
        {
            "homeserver": backend.server.url,
            "user": backend.colleague.user_id,
            "password": PASSWORD,
            "agents": backend.agent.user_id,
        }
    )
    async with session(backend) as ours, session(backend, connector=other) as theirs:
        await ours.until(lambda: conversation(ours.desk, chat), "the room")
        await ours.perform(Transfer(chat, backend.colleague.user_id, "wants a refund, be quick"))
        await theirs.until(lambda: conversation(theirs.desk, chat), "the chat at the colleague's desk")
        notes = await theirs.until(lambda: invited_by_name(theirs.desk, "Hand-over notes"), "the room for notes")
        await theirs.perform(Join(notes))
        await theirs.until(
            lambda: any("be quick" in m.body for m in theirs.desk.messages(notes)), "the note at the colleague's desk"
        )
        await theirs.perform(Join(chat))
        await theirs.until(lambda: (c := conversation(theirs.desk, chat)) is not None and c.joined, "it to be joined")
        await theirs.perform(SetStatus(chat, Status.PENDING))
    assert (await backend.record(chat)).assignee_id == backend.colleague.user_id
    assert await backend.state(chat, STATUS) == {"status": "pending"}, "a transfer gives the right to file the ticket"
    members = await backend.call(backend.colleague, "GET", room_path(notes, "joined_members"))
    assert set(members["joined"]) <= {backend.agent.user_id, backend.colleague.user_id}


def invited_by_name(desk: Recorder, name: str) -> ConversationId | None:
    return next((id for id, thread in desk.state.threads.items() if thread.conversation.subject == name), None)


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
