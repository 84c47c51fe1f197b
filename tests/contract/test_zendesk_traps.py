"""What is particular about changing Zendesk's tickets: collisions, lost answers, closed tickets, and who may sign in."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio

from paradesk.connectors.base import AuthError, Conflict, Rejected, Uncertain, Unsupported
from paradesk.connectors.zendesk import ZendeskConnector
from paradesk.connectors.zendesk.text import JOINER
from paradesk.core.intents import (
    AcceptTransfer,
    Assign,
    ChangeTags,
    CreateConversation,
    Join,
    SetPriority,
    SetStatus,
    SetTyping,
    Transfer,
)
from paradesk.core.model import Priority, Status, Visibility
from paradesk.testing.recorder import Recorder
from tests.contract.plain_http import HttpServer, Reply, Request
from tests.contract.zendesk_backend import ZendeskBackend
from tests.contract.zendesk_desk import conversation, is_there, removed, reply, session
from tests.contract.zendesk_server import COLLEAGUE, ME


@pytest_asyncio.fixture
async def backend() -> AsyncIterator[ZendeskBackend]:
    async with ZendeskBackend() as backend:
        yield backend


# Collisions


async def test_reply_that_crosses_the_customers_is_stopped(backend: ZendeskBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend, poll="60") as open_session:
        await is_there(open_session, chat)
        backend.server.traps.next_updates.append("collide")
        with pytest.raises(Conflict, match="somebody wrote meanwhile"):
            await open_session.perform(reply(chat, "that is all then"))
        assert await backend.received(chat) == []
        await open_session.perform(reply(chat, "sorry, this one too", Visibility.NOTE))


async def test_change_that_touches_nothing_of_ours_is_made_after_all(backend: ZendeskBackend) -> None:
    chat = await backend.open_conversation()
    ticket = backend.server.tickets[int(chat)]
    async with session(backend, poll="60") as open_session:
        await is_there(open_session, chat)
        backend.server.touch(int(chat), tags=["by-a-trigger"])
        await open_session.perform(SetPriority(chat, Priority.URGENT))
        assert ticket["priority"] == "urgent"
        backend.server.touch(int(chat), priority="low")
        with pytest.raises(Conflict, match="priority"):
            await open_session.perform(SetPriority(chat, Priority.HIGH))
        assert ticket["priority"] == "low"
        await open_session.perform(reply(chat, "hello"))
        assert [one.body for one in await backend.received(chat)] == ["hello"]


async def test_triggers_that_change_each_ticket_again_stop_nothing(backend: ZendeskBackend) -> None:
    backend.server.traps.bump = True
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        for number in range(3):
            await open_session.perform(reply(chat, f"reply {number}"))
        assert [one.body for one in await backend.received(chat)] == ["reply 0", "reply 1", "reply 2"]


async def test_two_agents_set_a_status(backend: ZendeskBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend, poll="60") as open_session:
        await is_there(open_session, chat)
        backend.server.touch(int(chat), status="pending")
        with pytest.raises(Conflict, match="status"):
            await open_session.perform(SetStatus(chat, Status.SOLVED))
        assert backend.server.tickets[int(chat)]["status"] == "pending"
        await open_session.perform(SetStatus(chat, Status.SOLVED))


async def test_two_agents_take_a_ticket(backend: ZendeskBackend) -> None:
    chat = await backend.waiting_conversation()
    async with session(backend, poll="60") as open_session:
        await is_there(open_session, chat)
        backend.server.touch(int(chat), assignee_id=COLLEAGUE)
        with pytest.raises(Conflict, match="Ben has taken it"):
            await open_session.perform(Join(chat))
        assert backend.server.tickets[int(chat)]["assignee_id"] == COLLEAGUE


# Sends whose answer is lost


@pytest.mark.parametrize("fault", ["lose", "html", "blank"])
async def test_lost_answer_is_found_in_the_ticket(backend: ZendeskBackend, fault: str) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        first = await open_session.perform(reply(chat, "the same words"))
        backend.server.traps.next_updates.append(fault)
        second = await open_session.perform(reply(chat, "the same words"))
        ids = [str(row["id"]) for row in backend.server.comments[int(chat)]]
        assert [first.message_id, second.message_id] == ids


async def test_send_that_never_arrived_stays_uncertain(
    backend: ZendeskBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("paradesk.connectors.zendesk.actions.LOOKS", (0.0, 0.0))
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        backend.server.traps.next_updates.append("break")
        with pytest.raises(Uncertain, match="not in the ticket so far"):
            await open_session.perform(reply(chat, "hello?"))
        assert await backend.received(chat) == []


async def test_new_ticket_is_opened_once_whatever_becomes_of_the_answer(backend: ZendeskBackend) -> None:
    async with session(backend) as open_session:
        backend.server.traps.next_updates.append("lose")
        asked = CreateConversation("contract", "eve@x.example", "Your parcel", "It is on its way.")
        outcome = await open_session.perform(asked)
        assert [one["subject"] for one in backend.server.tickets.values()] == ["Your parcel"]
        assert outcome.conversation_id is not None
        assert (await is_there(open_session, outcome.conversation_id)).joined


# What cannot be done


async def test_closed_ticket_takes_nothing_but_a_follow_up(backend: ZendeskBackend) -> None:
    chat = await backend.open_conversation()
    server = backend.server
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        server.tickets[int(chat)] |= {"status": "closed", "updated_at": server.stamp()}

        def closed() -> bool:
            found = conversation(open_session, chat)
            return found is not None and found.ended and "follow-up" in found.absent["send"]

        await open_session.until(closed, "the end")
        for intent in (reply(chat, "one more"), SetStatus(chat, Status.OPEN), SetPriority(chat, Priority.LOW)):
            with pytest.raises(Rejected, match="follow-up"):
                await open_session.perform(intent)
        outcome = await open_session.perform(
            CreateConversation("contract", f"#{chat}", "Once more", "About your ticket")
        )
        made = server.tickets[int(outcome.conversation_id or 0)]
        assert made["followup_of"] == int(chat)
        assert made["requester_id"] == server.tickets[int(chat)]["requester_id"]
        with pytest.raises(Rejected, match="is not closed"):
            await open_session.perform(CreateConversation("contract", f"#{made['id']}", "", "again"))
        for customer in ("eve", "a b@x.example", "#x", ""):
            with pytest.raises(Rejected):
                await open_session.perform(CreateConversation("contract", customer, "", "hello"))
        with pytest.raises(Rejected, match="begins with a message"):
            await open_session.perform(CreateConversation("contract", "eve@x.example", "subject"))


async def test_refusals_say_what_zendesk_said(backend: ZendeskBackend) -> None:
    chat = await backend.open_conversation()
    backend.server.traps.hold = False
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        with pytest.raises(Rejected, match="hold is not a valid status"):
            await open_session.perform(SetStatus(chat, Status.ON_HOLD))
        with pytest.raises(Rejected, match="no spaces"):
            await open_session.perform(ChangeTags(chat, add=frozenset({"two words"})))
        for intent in (SetStatus(chat, Status.CLOSED), SetStatus(chat, Status.OPEN, 1.0), SetTyping(chat, True)):
            with pytest.raises(Unsupported):
                await open_session.perform(intent)
        with pytest.raises(Unsupported):
            await open_session.perform(AcceptTransfer(chat))
        with pytest.raises(Rejected, match="roster"):
            await open_session.perform(Assign(chat, "999"))


async def test_waiting_ticket_takes_notes_but_no_reply(backend: ZendeskBackend) -> None:
    chat = await backend.waiting_conversation()
    async with session(backend) as open_session:
        assert not (await is_there(open_session, chat)).joined
        with pytest.raises(Rejected, match="join"):
            await open_session.perform(reply(chat, "hello"))
        with pytest.raises(Rejected, match="take the ticket first"):
            await open_session.perform(SetStatus(chat, Status.SOLVED))
        await open_session.perform(reply(chat, "a regular", Visibility.NOTE))
        assert await backend.received(chat) == []
        await open_session.perform(Join(chat))
        ticket = backend.server.tickets[int(chat)]
        assert (ticket["assignee_id"], ticket["status"]) == (ME, "open")


async def test_hand_over_and_its_note_are_one_change(backend: ZendeskBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        await open_session.perform(Transfer(chat, str(COLLEAGUE), "knows {{ticket.requester.email}}"))
        notes = [(row["body"], row["public"]) for row in backend.server.comments[int(chat)]]
        assert notes == [(f"knows {{{JOINER}{{ticket.requester.email}}}}", False)]
        await open_session.until(partial(removed, open_session, chat), "it to be gone")
        assert "Ben" in removed(open_session, chat)


async def test_placeholders_are_not_filled_in(backend: ZendeskBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        prepared = open_session.connector.prepare(reply(chat, "{{ticket.id}} {% if a %} {x} *b*"))
        assert prepared.parts == (f"{{{JOINER}{{ticket.id}}}} {{{JOINER}% if a %}} {{x}} *b*",)
        assert len(prepared.remarks) == 2
        assert open_session.connector.prepare(reply(chat, prepared.parts[0])).parts == prepared.parts
        await open_session.perform(reply(chat, "{{ticket.id}}"))
        await open_session.until(lambda: open_session.desk.messages(chat), "the reply in the stream")
        assert [one.body for one in open_session.desk.messages(chat)] == ["{{ticket.id}}"]
        assert [one.body for one in await backend.received(chat)] == [f"{{{JOINER}{{ticket.id}}}}"]


# Files and credentials


class Storage(HttpServer):
    """Somebody else's place, where the files lie."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[Request] = []

    async def answer(self, request: Request) -> Reply | None:
        self.seen.append(request)
        return Reply(b"the file")


async def test_files_that_lie_elsewhere_are_fetched_without_the_token(backend: ZendeskBackend) -> None:
    chat = await backend.open_conversation()
    async with Storage() as storage, session(backend) as open_session:
        message_id = await backend.customer_attaches(chat, "a.bin", "application/octet-stream", b"the file")
        message = await open_session.until(lambda: open_session.desk.message(chat, message_id), "the file")
        backend.server.traps.storage = storage.url
        assert await open_session.connector.fetch(message.attachments[0]) == b"the file"
        assert len(storage.seen) == 1
        assert "authorization" not in storage.seen[0].headers
        row = backend.server.attachments[int(message.attachments[0].id)]
        row["malware_scan_result"] = "malware_found"
        with pytest.raises(Rejected, match="malware"):
            await open_session.connector.fetch(message.attachments[0])
        row |= {"malware_scan_result": "not_scanned", "deleted": True}
        with pytest.raises(Rejected, match="deleted"):
            await open_session.connector.fetch(message.attachments[0])


async def test_who_may_sign_in(backend: ZendeskBackend) -> None:
    server = backend.server
    chat = await backend.open_conversation()
    async with session(backend, token="", email="", oauth="oauth-of-anna") as open_session:
        await is_there(open_session, chat)
    server.users[ME]["role"] = "end-user"
    with pytest.raises(AuthError, match="no agent"):
        await run_to_its_end(backend)
    server.users[ME]["id"] = None
    with pytest.raises(AuthError, match="does not know"):
        await run_to_its_end(backend)
    for more in ({"token": ""}, {"poll": "soon"}, {"url": "http://zendesk.example"}):
        with pytest.raises(AuthError):
            await run_to_its_end(backend, **more)


async def run_to_its_end(backend: ZendeskBackend, **more: str) -> None:
    connector = ZendeskConnector(backend.settings(**more))
    try:
        await connector.run(Recorder())
    finally:
        await connector.close()
