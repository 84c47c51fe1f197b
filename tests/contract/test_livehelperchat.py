"""The Live Helper Chat connector keeps the connector contract: as it is set up at first, and with everything allowed."""

from collections.abc import AsyncIterator

import pytest_asyncio

from paradesk.core.intents import Transfer
from paradesk.testing.backend import BackendUnderTest
from paradesk.testing.chapters.chapter import reply, unique
from paradesk.testing.chapters.replies import reaches
from paradesk.testing.chapters.tickets import conversation, gone, offered
from paradesk.testing.contract import ConnectorContract
from tests.contract.livehelperchat_backend import LhcBackend


class TestLiveHelperChat(ConnectorContract):
    @pytest_asyncio.fixture
    async def backend(self) -> AsyncIterator[LhcBackend]:
        async with LhcBackend() as backend:
            yield backend


class TestLiveHelperChatWithEverything(ConnectorContract):
    @pytest_asyncio.fixture
    async def backend(self) -> AsyncIterator[LhcBackend]:
        async with LhcBackend(rewrites="yes", password="password-of-anna") as backend:
            yield backend

    async def test_offer_waits_for_its_answer(self, backend: BackendUnderTest) -> None:
        """What the agent offers stays theirs until a colleague takes it; that one does not want it is never told."""
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            await session.until(lambda: conversation(session, chat), "the conversation")
            await session.perform(Transfer(chat, await backend.colleague_id(), unique("for you")))
            offer = await session.until(lambda: offered(session, chat), "the offer")
            assert not offer.mine
            await reaches(session, backend, reply(chat, unique("a colleague may take over")))
            assert not gone(session, chat)
            await backend.colleague_answers(chat, True)
            await session.until(lambda: gone(session, chat), "it to be gone")
