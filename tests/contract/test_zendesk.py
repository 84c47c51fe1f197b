"""The Zendesk connector keeps the connector contract, on a server of our own after the published documentation."""

from collections.abc import AsyncIterator

import pytest_asyncio

from paradesk.testing.contract import ConnectorContract
from tests.contract.zendesk_backend import ZendeskBackend


class TestZendesk(ConnectorContract):
    @pytest_asyncio.fixture
    async def backend(self) -> AsyncIterator[ZendeskBackend]:
        async with ZendeskBackend() as backend:
            yield backend
