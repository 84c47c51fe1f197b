"""The Live Helper Chat connector keeps the connector contract: as it is set up at first, and with everything allowed."""

from collections.abc import AsyncIterator

import pytest_asyncio

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
