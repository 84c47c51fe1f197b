"""What is particular about following Zendesk's tickets: a late search, whole seconds, and what no list of changes shows."""

from collections.abc import AsyncIterator
from functools import partial

import pytest
import pytest_asyncio

from paradesk.connectors.base import Gone
from paradesk.core.intents import (
    SetPriority,
)
from paradesk.core.model import ConversationId, Priority, Role, Status, Visibility
from tests.contract.zendesk_backend import ZendeskBackend
from tests.contract.zendesk_desk import is_there, removed, session
from tests.contract.zendesk_server import COLLEAGUE, GROUP, ME, OTHER_GROUP


@pytest_asyncio.fixture
async def backend() -> AsyncIterator[ZendeskBackend]:
    async with ZendeskBackend() as backend:
        yield backend


# The stream


async def test_search_that_is_late_hides_nothing(backend: ZendeskBackend) -> None:
    server = backend.server
    old = ConversationId(str(server.open_ticket("of last week", updated_at="2020-01-01T00:00:00Z")["id"]))
    done = server.open_ticket("done", status="solved", updated_at="2020-01-01T00:00:00Z")["id"]
    server.traps.search_lag = 120.0
    new = await backend.open_conversation()
    async with session(backend) as open_session:
        for chat in (old, new):
            await is_there(open_session, chat)
        assert str(done) not in open_session.desk.state.threads


@pytest.mark.parametrize("skew", [-7200.0, 7200.0], ids=["behind", "ahead"])
async def test_our_own_clock_does_not_matter(backend: ZendeskBackend, skew: float) -> None:
    backend.server.traps.skew = skew
    backend.server.traps.search_lag = 1e9
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        await backend.customer_says(chat, "one")
        await open_session.until(lambda: open_session.desk.said(chat) == ["one"], "the first")
        await backend.customer_says(chat, "two")
        await open_session.until(lambda: open_session.desk.said(chat) == ["one", "two"], "both")


async def test_only_what_is_ours_or_waits_in_our_groups_is_shown(backend: ZendeskBackend) -> None:
    server = backend.server
    ours = server.open_ticket("ours")["id"]
    waits = server.open_ticket("waits", assignee=None)["id"]
    server.open_ticket("of Ben", assignee=COLLEAGUE)
    elsewhere = server.open_ticket("elsewhere", assignee=None, group_id=OTHER_GROUP)
    async with session(backend) as open_session:
        for ticket in (ours, waits):
            await is_there(open_session, ConversationId(str(ticket)))
        assert set(open_session.desk.state.threads) == {str(ours), str(waits)}
        elsewhere |= {"group_id": GROUP, "updated_at": server.stamp()}
        await is_there(open_session, ConversationId(str(elsewhere["id"])))
        server.tickets[waits] |= {"assignee_id": COLLEAGUE, "updated_at": server.stamp()}
        await open_session.until(partial(removed, open_session, ConversationId(str(waits))), "it to be gone")
    async with session(backend, queue="no") as open_session:
        await is_there(open_session, ConversationId(str(ours)))
        assert set(open_session.desk.state.threads) == {str(ours)}


async def test_what_happened_while_we_were_away(backend: ZendeskBackend) -> None:
    server = backend.server
    solved, taken, deleted, written = [await backend.open_conversation() for _ in range(4)]
    async with session(backend) as first:
        for chat in (solved, taken, deleted, written):
            await is_there(first, chat)
        await backend.customer_says(written, "before")
        await first.until(lambda: first.desk.said(written), "the message")
        await first.until(lambda: len(first.desk.commits) > 1, "a cursor")
    server.tickets[int(solved)] |= {"status": "solved", "updated_at": server.stamp()}
    server.tickets[int(taken)] |= {"assignee_id": COLLEAGUE, "updated_at": server.stamp()}
    del server.tickets[int(deleted)]
    await backend.customer_says(written, "goodbye")
    async with session(backend, first.desk) as second:
        await second.until(lambda: second.desk.said(written) == ["before", "goodbye"], "what was said last")
        assert (await is_there(second, solved)).status is Status.SOLVED
        for chat in (taken, deleted):
            await second.until(partial(removed, second, chat), "it to be gone")


async def test_deleted_ticket_is_noticed(backend: ZendeskBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paradesk.connectors.zendesk.stream.CHECK", 0.05)
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        del backend.server.tickets[int(chat)]
        await open_session.until(partial(removed, open_session, chat), "it to be gone")
        with pytest.raises(Gone):
            await open_session.perform(SetPriority(chat, Priority.LOW))


async def test_redacted_text_goes_here_too(backend: ZendeskBackend) -> None:
    chat = await backend.open_conversation()
    server = backend.server
    async with session(backend) as open_session:
        await backend.customer_says(chat, "my card is 4111 1111 1111 1111")
        await open_session.until(lambda: open_session.desk.said(chat), "the message")
        row = server.comments[int(chat)][0]
        row |= {"body": "my card is ▇▇▇▇", "plain_body": "my card is ▇▇▇▇"}
        await backend.customer_says(chat, "oh")
        await open_session.until(lambda: open_session.desk.said(chat) == ["my card is ▇▇▇▇", "oh"], "the redaction")


async def test_ticket_that_cannot_be_read_disturbs_no_other(backend: ZendeskBackend) -> None:
    broken, whole = await backend.open_conversation(), await backend.open_conversation()
    backend.server.traps.unreadable.add(int(broken))
    async with session(backend) as open_session:
        await backend.customer_says(broken, "lost for now")
        await backend.customer_says(whole, "hello")
        await open_session.until(lambda: open_session.desk.said(whole), "the other ticket")
        await open_session.until(lambda: (t := open_session.desk.thread(broken)) is not None and t.gap, "the gap")
        backend.server.traps.unreadable.clear()
        await open_session.until(lambda: open_session.desk.said(broken) == ["lost for now"], "the message")
        thread = open_session.desk.thread(broken)
        assert thread is not None
        assert not thread.gap
        assert open_session.losses == []


async def test_who_wrote_it(backend: ZendeskBackend) -> None:
    chat = await backend.open_conversation()
    server = backend.server
    helper = server.open_ticket("somebody in copy")["requester_id"]
    for author, public in ((ME, True), (COLLEAGUE, True), (COLLEAGUE, False), (helper, True), (-1, False)):
        server.comment(int(chat), author, f"by {author}", public=public)
    async with session(backend) as open_session:
        await open_session.until(lambda: len(open_session.desk.messages(chat)) == 5, "all comments")
        found = [(one.role, one.visibility, one.sender_name) for one in open_session.desk.messages(chat)]
        assert found == [
            (Role.AGENT, Visibility.PUBLIC, "Anna"),
            (Role.AGENT, Visibility.PUBLIC, "Ben"),
            (Role.AGENT, Visibility.NOTE, "Ben"),
            (Role.CUSTOMER, Visibility.PUBLIC, "somebody in copy"),
            (Role.SYSTEM, Visibility.NOTE, "system"),
        ]
