"""Shoutbox keeps the connector contract."""

from collections.abc import AsyncIterator

import pytest_asyncio
from paradesk_shoutbox.backend_under_test import ShoutboxBackend

from paradesk.testing import BackendUnderTest, ConnectorContract


class TestShoutbox(ConnectorContract):
    @pytest_asyncio.fixture
    async def backend(self) -> AsyncIterator[BackendUnderTest]:
        async with ShoutboxBackend() as backend:
            yield backend
