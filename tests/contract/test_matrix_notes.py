"""Private notes on a real Synapse: they live in a room that only agents are in, and show in the chat that they are about."""

from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio

from paradesk.connectors.base import Unsupported
from paradesk.connectors.matrix import MatrixConnector
from paradesk.connectors.matrix.room import COMPANION, NOTES
from paradesk.core.intents import Send
from paradesk.core.model import ClientId, ConversationId, Message, Visibility
from paradesk.testing.recorder import Recorder
from tests.contract.matrix_backend import API, MatrixBackend, room_path
from tests.contract.matrix_desk import conversation, reply, session
from tests.contract.synapse import Account, Synapse

pytestmark = pytest.mark.synapse
_numbers = count(1)


@pytest_asyncio.fixture
async def backend(homeserver: Synapse) -> AsyncIterator[MatrixBackend]:
    async with MatrixBackend(homeserver) as backend:
        yield backend


def note(chat: ConversationId, body: str, client_id: str = "") -> Send:
    client = ClientId(client_id or f"note{next(_numbers)}")
    return Send(conversation_id=chat, body=body, visibility=Visibility.NOTE, client_id=client)


def notes(desk: Recorder, chat: ConversationId) -> list[Message]:
    return [message for message in desk.messages(chat) if message.visibility is Visibility.NOTE]


def said(desk: Recorder, chat: ConversationId) -> list[str]:
    return [message.body for message in desk.messages(chat) if message.role != "system"]


async def companions(backend: MatrixBackend, who: Account, chat: ConversationId) -> list[str]:
    joined = (await backend.call(who, "GET", f"{API}/joined_rooms"))["joined_rooms"]
    path = [(room, f"{room_path(room, 'state', COMPANION)}/{room_path(chat).rpartition('/')[2]}") for room in joined]
    return [room for room, where in path if (await backend.try_call(who, "GET", where)).status_code == 200]


async def made_companion(backend: MatrixBackend, chat: ConversationId, **more: object) -> ConversationId:
    """Make a companion as the agent, with the colleague in it."""
    state = [{"type": COMPANION, "state_key": chat, "content": {}}]
    extra = more.pop("initial_state", [])
    assert isinstance(extra, list)
    place = await backend.room(
        backend.agent, backend.colleague, creation_content={"type": NOTES}, initial_state=[*state, *extra], **more
    )
    await backend.join(backend.colleague, place)
    return place


async def test_notes_stand_between_the_messages_and_are_written_once(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as desk:
        await desk.until(lambda: conversation(desk.desk, chat), "the chat")
        await backend.customer_says(chat, "one")
        await desk.until(lambda: "one" in said(desk.desk, chat), "the first message")
        outcome = await desk.perform(note(chat, "first note", "same"))
        again = await desk.perform(note(chat, "first note", "same"))
        assert outcome.message_id is not None
        assert outcome.message_id == again.message_id
        kept = await desk.until(lambda: notes(desk.desk, chat), "the note")
        assert (kept[0].id, kept[0].client_id) == (outcome.message_id, "same")
        await desk.perform(reply(chat, "two", "reply-two"))
        await desk.until(lambda: "two" in said(desk.desk, chat), "the reply")
        await desk.perform(note(chat, "second note"))
        await desk.perform(note(chat, "third note"))
        await desk.until(lambda: len(notes(desk.desk, chat)) == 3, "all notes")
        assert said(desk.desk, chat) == ["one", "first note", "two", "second note", "third note"]
    # After a restart the same note is recognised, and its companion is found again.
    async with session(backend, desk.desk) as later:
        assert (await later.perform(note(chat, "first note", "same"))).message_id == outcome.message_id
        await later.perform(note(chat, "fourth note"))
        await later.until(lambda: len(notes(later.desk, chat)) == 4, "the fourth note")
    (place,) = await companions(backend, backend.agent, chat)
    assert desk.desk.known(ConversationId(place)) is None
    assert [message.body for message in await backend.received(chat)] == ["two"]
    assert await companions(backend, backend.customer, chat) == []


async def test_colleague_reads_the_notes_and_has_no_room_more_in_the_queue(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    await backend.call(backend.agent, "POST", room_path(chat, "invite"), {"user_id": backend.colleague.user_id})
    await backend.join(backend.colleague, chat)
    theirs = MatrixConnector(backend.settings(user=backend.colleague.user_id, agents=backend.agent.user_id))
    async with session(backend) as mine, session(backend, connector=theirs) as other:
        await mine.until(lambda: conversation(mine.desk, chat), "the chat")
        await mine.perform(note(chat, "knows the boss"))
        await other.until(lambda: notes(other.desk, chat), "the note at the colleague's desk")
        await other.perform(note(chat, "so do I"))
        await mine.until(lambda: len(notes(mine.desk, chat)) == 2, "the colleague's note")
        (place,) = await companions(backend, backend.colleague, chat)
        assert other.desk.known(ConversationId(place)) is None
        assert mine.desk.known(ConversationId(place)) is None


async def test_missed_notes_and_their_edits_and_deletions_are_caught_up_with(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    place = await made_companion(backend, chat)
    first = await backend.send(backend.colleague, place, {"msgtype": "m.text", "body": "typo"})
    second = await backend.send(backend.colleague, place, {"msgtype": "m.text", "body": "wrong"})
    async with session(backend) as desk:
        await desk.until(lambda: len(notes(desk.desk, chat)) == 2, "both notes")
    for number in range(backend.absence):
        await backend.send(backend.colleague, place, {"msgtype": "m.text", "body": f"missed {number}"})
    await backend.edit(backend.colleague, place, first, "right")
    await backend.call(backend.colleague, "PUT", room_path(place, "redact", second, f"r{next(_numbers)}"), {})
    async with session(backend, desk.desk) as later:
        await later.until(lambda: len(notes(later.desk, chat)) == backend.absence + 2, "all notes")
        await later.until(lambda: notes(later.desk, chat)[1].deleted, "the deletion")
        bodies = [message.body for message in notes(later.desk, chat)]
        assert bodies == ["right", "", *(f"missed {number}" for number in range(backend.absence))]


async def test_history_brings_the_notes_of_its_time(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    place = await made_companion(backend, chat)
    await backend.customer_says(chat, "long ago")
    await backend.send(backend.colleague, place, {"msgtype": "m.text", "body": "old note"})
    for number in range(backend.absence):
        await backend.customer_says(chat, f"line {number}")
    connector = backend.connector()
    async with session(backend, connector=connector) as desk:
        await desk.until(lambda: f"line {backend.absence - 1}" in said(desk.desk, chat), "the newest message")
        assert notes(desk.desk, chat) == []
        page = await connector.history(chat, desk.desk.messages(chat)[0], 100)
        bodies = [message.body for message in page.messages if message.role != "system"]
        assert bodies[:3] == ["long ago", "old note", "line 0"]
        assert page.complete


@pytest.mark.parametrize("trouble", ["stranger", "encrypted", "open"])
async def test_note_is_refused_where_the_companion_cannot_be_trusted(backend: MatrixBackend, trouble: str) -> None:
    chat = await backend.open_conversation()
    extra = {
        "stranger": [],
        "encrypted": [{"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}],
        "open": [{"type": "m.room.join_rules", "state_key": "", "content": {"join_rule": "public"}}],
    }[trouble]
    place = await made_companion(backend, chat, initial_state=extra)
    if trouble == "stranger":
        await backend.call(backend.agent, "POST", room_path(place, "invite"), {"user_id": backend.customer.user_id})
    async with session(backend) as desk:
        await desk.until(lambda: conversation(desk.desk, chat), "the chat")
        with pytest.raises(Unsupported) as refusal:
            await desk.perform(note(chat, "not for them"))
        reason = {"stranger": backend.customer.user_id, "encrypted": "encrypted", "open": "open to others"}[trouble]
        assert reason in str(refusal.value)
        if trouble != "open":
            found = conversation(desk.desk, chat)
            assert found is not None
            assert reason in found.absent["notes"]
    for room in (chat, place):
        events = await backend.events(backend.agent, room)
        assert all("not for them" not in str(event["content"]) for event in events)


async def test_customer_cannot_pass_a_room_off_as_a_companion(backend: MatrixBackend) -> None:
    chat = await backend.open_conversation()
    state = [{"type": COMPANION, "state_key": chat, "content": {}}]
    trap = await backend.room(
        backend.customer, backend.agent, creation_content={"type": NOTES}, initial_state=state, name="Notes"
    )
    await backend.join(backend.agent, trap)
    async with session(backend) as desk:
        await desk.until(lambda: conversation(desk.desk, trap), "the trap, as a chat like any other")
        await desk.perform(note(chat, "between us"))
        await desk.until(lambda: notes(desk.desk, chat), "the note")
    events = await backend.events(backend.customer, trap)
    assert all("between us" not in str(event["content"]) for event in events)
