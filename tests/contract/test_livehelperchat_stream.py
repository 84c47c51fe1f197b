"""What Live Helper Chat tells late, not at all or wrongly, and commands that it says yes to."""

import asyncio
from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio

from paradesk.connectors.base import (
    AuthError,
    Conflict,
    Forbidden,
    Rejected,
    Unsupported,
)
from paradesk.core.events import MessageUpserted, PresenceChanged, TypingChanged
from paradesk.core.intents import (
    AcceptTransfer,
    Assign,
    ChangeTags,
    EndChat,
    Join,
    Leave,
    SetPresence,
    SetPriority,
    SetStatus,
    Transfer,
)
from paradesk.core.model import (
    ConversationId,
    Delivery,
    MessageId,
    Presence,
    Priority,
    Role,
    Status,
    Visibility,
)
from paradesk.testing.recorder import Recorder
from tests.contract.livehelperchat_backend import LhcBackend
from tests.contract.livehelperchat_desk import conversation, is_there, removed, reply, session
from tests.contract.livehelperchat_server import LhcServer
from tests.contract.livehelperchat_setup import COLLEAGUE, ME


@pytest_asyncio.fixture
async def backend() -> AsyncIterator[LhcBackend]:
    async with LhcBackend() as backend:
        yield backend


# The stream


async def test_system_message_stands_in_front_of_its_cause(backend: LhcBackend) -> None:
    chat = await backend.waiting_conversation()
    server = backend.server
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        row = server.add(int(chat), "hello from the web window", ME, "Anna")
        server._accepted(server.chats[int(chat)], "op_pnd_msg")
        await backend.customer_says(chat, "thanks")
        await open_session.until(lambda: "thanks" in open_session.desk.said(chat), "all of it")
        roles = [message.role for message in open_session.desk.messages(chat)]
        assert roles == [Role.CUSTOMER, Role.SYSTEM, Role.AGENT, Role.CUSTOMER]
        page = await open_session.connector.history(chat, None, 10)
        assert [(m.id, m.order_key) for m in page.messages] == [
            (m.id, m.order_key) for m in open_session.desk.messages(chat)
        ]
        assert MessageId(str(row["id"])) in {message.id for message in page.messages}


async def test_row_that_is_written_back_hides_no_message(backend: LhcBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend, rewrites="yes") as open_session:
        await is_there(open_session, chat)
        await backend.customer_says(chat, "one")
        await backend.customer_says(chat, "two")
        backend.server.traps.stale_row = True
        outcome = await open_session.perform(SetPriority(chat, Priority.URGENT))
        assert backend.server.chats[int(chat)]["last_msg_id"] < backend.server.of_chat(int(chat))[-1]["id"]
        assert "two" in {event.message.body for event in outcome.events if isinstance(event, MessageUpserted)} | set(
            open_session.desk.said(chat)
        )
        await open_session.until(lambda: open_session.desk.said(chat) == ["one", "two"], "both")


async def test_chat_that_cannot_be_read_disturbs_no_other(backend: LhcBackend) -> None:
    broken, whole = await backend.open_conversation(), await backend.open_conversation()
    backend.server.traps.unreadable.add(int(broken))
    async with session(backend) as open_session:
        await backend.customer_says(broken, "lost for now")
        await backend.customer_says(whole, "hello")
        await open_session.until(lambda: open_session.desk.said(whole), "the other chat")
        await open_session.until(lambda: (t := open_session.desk.thread(broken)) is not None and t.gap, "the gap")
        backend.server.traps.unreadable.clear()
        await open_session.until(lambda: open_session.desk.said(broken) == ["lost for now"], "the message")
        thread = open_session.desk.thread(broken)
        assert thread is not None
        assert not thread.gap
        assert open_session.losses == []


async def test_undelivered_reply_is_shown_as_failed(backend: LhcBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        outcome = await open_session.perform(reply(chat, "to WhatsApp"))
        assert outcome.message_id is not None
        backend.server.of_chat(int(chat))[-1]["del_st"] = 4

        def failed() -> bool:
            message = open_session.desk.message(chat, outcome.message_id or MessageId(""))
            return message is not None and message.delivery is Delivery.FAILED

        await open_session.until(failed, "the failure")


@pytest.mark.parametrize("shown", ["yes", "no"])
async def test_unsent_text_is_shown_where_it_may_be(backend: LhcBackend, shown: str) -> None:
    chat = await backend.open_conversation()
    async with session(backend, preview=shown) as open_session:
        await is_there(open_session, chat)
        await backend.customer_types(chat, True)

        def typing() -> TypingChanged | None:
            return next((event for event in open_session.desk.events if isinstance(event, TypingChanged)), None)

        event = await open_session.until(typing, "typing")
        assert event.preview == ("I would like" if shown == "yes" else "")


async def test_chat_that_closed_or_went_while_we_were_away(backend: LhcBackend) -> None:
    server = backend.server
    closed, taken, deleted, silent = [await backend.open_conversation() for _ in range(4)]
    async with session(backend) as first:
        for chat in (closed, taken, deleted, silent):
            await is_there(first, chat)
        await backend.customer_says(closed, "before")
        await first.until(lambda: first.desk.said(closed), "the message")
        await first.until(lambda: first.desk.commits, "a cursor")
    await backend.customer_says(closed, "goodbye")
    server.chats[int(closed)]["status"] = 2
    server.chats[int(taken)]["user_id"] = COLLEAGUE
    del server.chats[int(deleted)]
    async with session(backend, first.desk) as second:
        await second.until(lambda: second.desk.said(closed) == ["before", "goodbye"], "what was said last")
        found = await is_there(second, closed)
        assert found.ended
        assert found.status is Status.CLOSED
        for chat in (taken, deleted):
            thread = second.desk.thread(chat)
            assert thread is not None
            assert thread.removed
        assert "Ben" in (second.desk.state.threads[taken].removed or "")
        assert not (await is_there(second, silent)).ended


async def test_thousands_of_waiting_chats_do_not_hold_up_ours(backend: LhcBackend) -> None:
    server = backend.server
    for number in range(900):
        server.add(server.open_chat(f"waiting {number}", owner=0, status=0)["id"], "hello?", 0)
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        await backend.customer_says(chat, "and me?")
        await open_session.until(lambda: open_session.desk.said(chat), "our own customer")
        assert len(open_session.desk.state.threads) == 901
        read_first = [r for r in server.requests if r.path.endswith("fetchchatmessages")]
        assert len({request.query["chat_id"] for request in read_first}) < 900


async def test_departments_and_bots_are_filtered(backend: LhcBackend) -> None:
    server = backend.server
    ours = server.open_chat("in returns", owner=0, status=0, dep_id=4)["id"]
    bot = server.open_chat("with a bot", owner=0, status=5, dep_id=4)["id"]
    server.open_chat("in sales", owner=0, status=0, dep_id=1)
    async with session(backend, departments="4") as open_session:
        await is_there(open_session, ConversationId(str(ours)))
        assert set(open_session.desk.state.threads) == {str(ours)}
    async with session(backend, departments="4", bots="yes") as open_session:
        found = await is_there(open_session, ConversationId(str(bot)))
        assert found.status_label == "bot"
        assert not found.joined
    wrong = type(backend.connector())(backend.settings(departments="sales"))
    with pytest.raises(AuthError, match="numbers"):
        await wrong.run(Recorder())
    await wrong.close()


# Commands that say yes


async def test_yes_to_what_was_not_done_is_seen(backend: LhcBackend) -> None:
    server = backend.server
    chats = [await backend.open_conversation() for _ in range(3)]
    async with session(backend, poll_list="1") as open_session:
        for chat in chats:
            await is_there(open_session, chat)
        server.traps.close_remote = False
        for chat in chats:
            server.chats[int(chat)]["user_id"] = COLLEAGUE
        with pytest.raises(Forbidden, match="allowcloseremote"):
            await open_session.perform(EndChat(chats[0]))
        with pytest.raises(Conflict, match="Ben"):
            await open_session.perform(Join(chats[1]))
        with pytest.raises(Rejected, match="not an open chat of yours"):
            await open_session.perform(Leave(chats[2]))
        for chat in chats:
            await open_session.until(partial(removed, open_session, chat), "what was seen")


async def test_two_agents_race_for_a_chat(backend: LhcBackend) -> None:
    chat = await backend.waiting_conversation()
    async with session(backend, poll_list="60") as open_session:
        await is_there(open_session, chat)
        backend.server.chats[int(chat)] |= {"user_id": COLLEAGUE, "status": 1}
        with pytest.raises(Conflict, match="Ben has taken it"):
            await open_session.perform(Join(chat))
        assert backend.server.chats[int(chat)]["user_id"] == COLLEAGUE


async def test_hold_is_seen_and_lifted_only_where_rows_may_be_rewritten(backend: LhcBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        with pytest.raises(Unsupported, match="rewrites"):
            await open_session.perform(SetStatus(chat, Status.ON_HOLD))
        backend.server.chats[int(chat)]["status_sub"] = 8

        def on_hold() -> bool:
            found = conversation(open_session, chat)
            return found is not None and found.status is Status.ON_HOLD

        await open_session.until(on_hold, "the hold")
        with pytest.raises(Unsupported, match="next reply"):
            await open_session.perform(SetStatus(chat, Status.OPEN))
        with pytest.raises(Unsupported, match="queue"):
            await open_session.perform(SetStatus(chat, Status.NEW))
        with pytest.raises(Unsupported, match="subjects"):
            await open_session.perform(ChangeTags(chat, add=frozenset({"x"})))


async def test_presence_is_set_and_believed_only_when_seen(backend: LhcBackend) -> None:
    async with session(backend) as open_session:
        for presence in (Presence.AWAY, Presence.INVISIBLE, Presence.ONLINE):
            outcome = await open_session.perform(SetPresence("contract", presence))
            assert outcome.events == (PresenceChanged("contract", presence),)
        backend.server.traps.presence = False
        with pytest.raises(Forbidden, match="changeonlinestatus"):
            await open_session.perform(SetPresence("contract", Presence.AWAY))
        with pytest.raises(Unsupported):
            await open_session.perform(SetPresence("contract", Presence.BUSY))
        assert any("updatelastactivity" in request.path for request in backend.server.requests)


# Offers, canned responses, customers


async def test_offer_waits_until_it_is_taken(backend: LhcBackend) -> None:
    chat = await backend.open_conversation()
    server = backend.server
    async with session(backend, password=server.password) as open_session:
        await is_there(open_session, chat)
        await open_session.perform(Transfer(chat, str(COLLEAGUE), "knows the case"))
        found = await is_there(open_session, chat)
        assert found.offer is not None
        assert not found.offer.mine
        assert found.offer.to is not None
        assert found.offer.to.name == "Ben"
        assert found.joined, "it stays ours until then"
        notes = [one.body for one in open_session.desk.messages(chat) if one.visibility is Visibility.NOTE]
        assert notes == ["knows the case"]
        server.chats[int(chat)]["user_id"] = COLLEAGUE
        await open_session.until(lambda: open_session.desk.state.threads[chat].removed, "it to be gone")


async def test_chat_that_is_offered_to_us_is_accepted(backend: LhcBackend) -> None:
    server = backend.server
    chat = ConversationId(str(server.open_chat("of Ben", owner=COLLEAGUE)["id"]))
    server.add(int(chat), "my parcel", 0)
    server.offer(int(chat), COLLEAGUE, ME)
    async with session(backend, password=server.password) as open_session:
        found = await is_there(open_session, chat)
        assert not found.joined
        assert found.offer is not None
        assert found.offer.by is not None
        assert (found.offer.by.name, found.offer.mine) == ("Ben", True)
        await open_session.perform(AcceptTransfer(chat))
        found = await is_there(open_session, chat)
        assert found.joined
        assert found.offer is None
        assert open_session.desk.said(chat) == ["my parcel"]
        with pytest.raises(Rejected, match="not offered"):
            await open_session.perform(AcceptTransfer(chat))


async def test_mobile_interface_that_is_off_is_said(backend: LhcBackend) -> None:
    server = backend.server
    server.traps.mobile = False
    chat = await backend.open_conversation()
    async with session(backend, password=server.password) as open_session:
        found = await is_there(open_session, chat)
        assert "switched off" in found.absent["transfer"]
        with pytest.raises(Unsupported, match="switched off"):
            await open_session.perform(Transfer(chat, str(COLLEAGUE)))
        with pytest.raises(Unsupported, match="switched off"):
            await open_session.connector.canned()
    async with session(backend) as open_session:
        with pytest.raises(Unsupported, match="password"):
            await open_session.connector.canned()


async def test_canned_responses_and_customer(backend: LhcBackend) -> None:
    server = backend.server
    old = server.open_chat("Eve", owner=COLLEAGUE, status=2, email="eve@x.example")["id"]
    more = '[{"key":"order","value":"R-1042"},{"identifier":"vip","value":1}]'
    chat = ConversationId(
        str(
            server.open_chat(
                "Eve", email="eve@x.example", phone="0301234567", additional_data=more, remarks="pays late"
            )["id"]
        )
    )
    async with session(backend, password=server.password) as open_session:
        await is_there(open_session, chat)
        canned = await open_session.connector.canned()
        assert [(one.id, one.title, one.body) for one in canned] == [("3", "Greeting", "Hi {nick}, how can I help?")]
        customer = await open_session.connector.customer(chat)
        assert (customer.name, customer.email, customer.phone) == ("Eve", "eve@x.example", "0301234567")
        assert customer.attributes == {"remarks": "pays late", "order": "R-1042", "vip": "1"}
        assert [line.id for line in customer.earlier] == [str(old)]
        with pytest.raises(Unsupported, match="search"):
            await open_session.connector.search("Eve", 10)


async def test_chat_is_assigned_to_who_is_listed_only(backend: LhcBackend) -> None:
    chat, other = await backend.open_conversation(), await backend.open_conversation()
    async with session(backend, rewrites="yes") as open_session:
        await is_there(open_session, chat)
        with pytest.raises(Rejected, match="roster"):
            await open_session.perform(Assign(chat, "department-99"))
        await open_session.perform(Assign(chat, str(COLLEAGUE)))
        assert backend.server.chats[int(chat)]["user_id"] == COLLEAGUE
        await open_session.perform(Assign(other, "department-4"))
        row = backend.server.chats[int(other)]
        assert (row["dep_id"], row["user_id"], row["status"]) == (4, 0, 0)


async def test_several_performed_at_once_do_not_disturb_each_other(backend: LhcBackend) -> None:
    chats = [await backend.open_conversation() for _ in range(5)]
    async with session(backend) as open_session:
        for chat in chats:
            await is_there(open_session, chat)
        await asyncio.gather(*(open_session.perform(reply(chat, f"to {chat}")) for chat in chats))
        for chat in chats:
            assert [one.body for one in await backend.received(chat)] == [f"to {chat}"]


def test_server_of_ours_is_no_better_than_the_real_one() -> None:
    server = LhcServer()
    chat = server.open_chat("Zoë", owner=0, status=0)
    server._taken({"chat_id": str(chat["id"]), "msg": "hello", "sender": "operator"})
    reply_id, accepted_id = [message["id"] for message in server.of_chat(chat["id"])]
    assert reply_id < accepted_id, "what the system says of it has the higher id"
    assert chat["user_id"] == ME
    server.chats[chat["id"]]["status"] = 2
    server._taken({"chat_id": str(chat["id"]), "msg": "too late", "sender": "operator"})
    assert len(server.visible(chat["id"])) == 3
