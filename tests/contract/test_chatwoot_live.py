"""The Chatwoot connector on a live Chatwoot, for those who have one. Skipped by name where the environment names none.

CHATWOOT_URL, CHATWOOT_ACCOUNT and CHATWOOT_TOKEN (an agent's) are enough for what only reads. CHATWOOT_INBOX, the
identifier of an inbox of the kind API, lets a customer of the test write: it makes a contact and a conversation there,
and resolves it at the end.
"""

import os
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
import pytest_asyncio

from paradesk.connectors.chatwoot import ChatwootConnector
from paradesk.core.events import RosterChanged
from paradesk.core.intents import ChangeTags, Join, SetPriority, SetStatus
from paradesk.core.model import ConversationId, Priority, Status, Visibility
from paradesk.testing.recorder import Session
from tests.contract.chatwoot_desk import by_body, reply, shown

NEEDED = ("CHATWOOT_URL", "CHATWOOT_ACCOUNT", "CHATWOOT_TOKEN")
PATIENCE = 60.0


def connector() -> ChatwootConnector:
    """Return a connector with the environment's settings, or skip."""
    missing = [name for name in NEEDED if not os.environ.get(name)]
    if missing:
        pytest.skip(f"NOT TESTED: a live Chatwoot ({', '.join(missing)} not set)")
    url, account, token = (os.environ[name] for name in NEEDED)
    return ChatwootConnector({"url": url, "account": account, "token": token})


@pytest_asyncio.fixture
async def desk() -> AsyncIterator[Session]:
    async with Session(connector(), patience=PATIENCE) as session:
        yield session


async def test_desk_reads_the_account(desk: Session) -> None:
    await desk.until(lambda: desk.desk.commits, "all conversations, and a place")
    assert any(isinstance(event, RosterChanged) for event in desk.desk.events)
    await desk.connector.canned()
    await desk.connector.search("hello", 5)
    for conversation_id, thread in list(desk.desk.state.threads.items())[:3]:
        if thread.known:
            assert thread.conversation.customer.name
            await desk.connector.customer(conversation_id)
            page = await desk.connector.history(conversation_id, None, 30)
            keys = [message.order_key for message in page.messages]
            assert keys == sorted(keys)


class LiveCustomer:
    """A customer over the public interface of an API inbox."""

    def __init__(self, http: httpx.AsyncClient, inbox: str) -> None:
        self._http, self._inbox = http, inbox
        self._path = ""

    async def _ask(self, method: str, path: str, body: object = None) -> Any:
        answer = await self._http.request(method, f"/public/api/v1/inboxes/{quote(self._inbox)}{path}", json=body)
        answer.raise_for_status()
        return answer.json()

    async def begin(self) -> ConversationId:
        """Make a contact and a conversation."""
        contact = await self._ask("POST", "/contacts", {"name": "Paradesk test", "email": f"{time.time()}@example.org"})
        source = quote(contact["source_id"])
        begun = await self._ask("POST", f"/contacts/{source}/conversations", {})
        self._path = f"/contacts/{source}/conversations/{begun['id']}/messages"
        return ConversationId(str(begun["id"]))

    async def say(self, text: str) -> None:
        """Write a message."""
        await self._ask("POST", self._path, {"content": text})

    async def sees(self) -> list[str]:
        """Return the texts that the customer can see."""
        return [message["content"] for message in await self._ask("GET", self._path)]


async def test_conversation_goes_both_ways(desk: Session) -> None:
    inbox = os.environ.get("CHATWOOT_INBOX")
    if not inbox:
        pytest.skip("NOT TESTED: writing to a live Chatwoot (CHATWOOT_INBOX not set)")
    async with httpx.AsyncClient(base_url=os.environ["CHATWOOT_URL"], timeout=30) as http:
        customer = LiveCustomer(http, inbox)
        chat = await customer.begin()
        await customer.say("Is anybody there?")
        await desk.until(lambda: "Is anybody there?" in desk.desk.said(chat), "the customer's words")
        await desk.perform(Join(chat))
        try:
            outcome = await desk.perform(reply(chat, "Yes, I am.", f"live-{time.time()}"))
            echo = await desk.until(lambda: by_body(desk, chat, "Yes, I am."), "the echo")
            assert echo.id == outcome.message_id
            assert echo.client_id
            page = await desk.connector.history(chat, None, 20)
            assert [m.client_id for m in page.messages if m.body == "Yes, I am."] == [echo.client_id]
            await desk.perform(reply(chat, "internal", f"live-note-{time.time()}", note=True))
            note = await desk.until(lambda: by_body(desk, chat, "internal"), "the note")
            assert note.visibility is Visibility.NOTE
            seen = await customer.sees()
            assert "Yes, I am." in seen
            assert "internal" not in seen
            await desk.perform(SetPriority(chat, Priority.HIGH))
            await desk.perform(ChangeTags(chat, add=frozenset({"paradesk-test"})))
            await desk.perform(SetStatus(chat, Status.PENDING))
            assert (now := shown(desk, chat)) is not None
            assert (now.priority, now.status) == (Priority.HIGH, Status.PENDING)
            assert "paradesk-test" in now.tags
        finally:
            await desk.perform(SetStatus(chat, Status.SOLVED))
