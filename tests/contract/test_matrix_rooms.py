"""What is particular to Matrix rooms, on a real Synapse: invitations, trust, encryption, hostile events, transfer."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from paradesk.connectors.base import Rejected, Unsupported
from paradesk.connectors.matrix import MatrixConnector
from paradesk.connectors.matrix.ticket import ASSIGNEE, PRIORITY, STATUS, TAGS
from paradesk.core.events import ConversationRemoved
from paradesk.core.intents import ChangeTags, Join, SetPriority, SetStatus, Transfer
from paradesk.core.model import ConversationId, Priority, Role, Status
from paradesk.testing.recorder import Recorder
from tests.contract.matrix_backend import MatrixBackend, room_path
from tests.contract.matrix_desk import conversation, lines, reply, session
from tests.contract.synapse import PASSWORD, Synapse

pytestmark = pytest.mark.synapse


@pytest_asyncio.fixture
async def backend(homeserver: Synapse) -> AsyncIterator[MatrixBackend]:
    async with MatrixBackend(homeserver) as backend:
        yield backend


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
