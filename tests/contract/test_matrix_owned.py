"""Who owns a room decides whether its ticket can be believed: rooms of a bot, and of customers, on a real Synapse."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from paradesk.connectors.matrix import MatrixConnector
from paradesk.connectors.matrix.ticket import ASSIGNEE, STATUS, TYPES
from paradesk.core.intents import Assign, SetStatus
from paradesk.core.model import Status
from tests.contract.matrix_backend import MatrixBackend, room_path
from tests.contract.matrix_desk import conversation, session
from tests.contract.synapse import Synapse

pytestmark = pytest.mark.synapse


@pytest_asyncio.fixture
async def backend(homeserver: Synapse) -> AsyncIterator[MatrixBackend]:
    async with MatrixBackend(homeserver) as backend:
        yield backend


async def test_ticket_of_a_room_that_a_bot_made_is_trusted(backend: MatrixBackend) -> None:
    bot = await backend.account(f"bot-of-{backend.agent.user_id[1:].partition(':')[0]}")
    people = [backend.customer.user_id, backend.agent.user_id]
    agents = {backend.agent.user_id: 50, backend.colleague.user_id: 50}
    levels = {"users": agents, "events": dict.fromkeys(TYPES, 50)}
    chat = await backend.room(bot, backend.customer, invite=people, power_level_content_override=levels)
    await backend.join(backend.agent, chat)
    await backend.join(backend.customer, chat)
    connector = MatrixConnector(backend.settings(bots=bot.user_id))
    async with session(backend, connector=connector) as open_session:
        found = await open_session.until(lambda: conversation(open_session.desk, chat), "the room")
        assert found.customer.id == backend.customer.user_id
        assert found.absent == {}
        await open_session.perform(SetStatus(chat, Status.PENDING))
        await open_session.perform(Assign(chat, backend.agent.user_id))
    assert await backend.state(chat, STATUS) == {"status": "pending"}
    assert await backend.state(chat, ASSIGNEE) == {"user_id": backend.agent.user_id}
    for event_type in (*TYPES, "m.room.power_levels"):
        answer = await backend.try_call(backend.customer, "PUT", f"{room_path(chat, 'state', event_type)}/", {})
        assert (answer.status_code, answer.json()["errcode"]) == (403, "M_FORBIDDEN"), event_type


async def test_room_whose_customer_has_power_says_that_its_ticket_is_not_trusted(backend: MatrixBackend) -> None:
    chat = await backend.room(backend.agent, backend.customer, preset="trusted_private_chat")
    await backend.join(backend.customer, chat)
    async with session(backend) as open_session:
        found = await open_session.until(lambda: conversation(open_session.desk, chat), "the room")
        assert "overwrite" in found.absent["ticket"]


async def test_room_of_the_customer_says_that_its_ticket_is_not_trusted(backend: MatrixBackend) -> None:
    chat = await backend.waiting_conversation()
    await backend.join(backend.agent, chat)
    async with session(backend) as open_session:
        found = await open_session.until(lambda: conversation(open_session.desk, chat), "the room")
        assert "overwrite" in found.absent["ticket"]
        assert "moderator" in found.absent["assign"]
