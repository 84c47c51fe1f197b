"""The Matrix connector keeps the connector contract, on a real Synapse."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from paradesk.testing.contract import ConnectorContract
from tests.contract.matrix_backend import MatrixBackend
from tests.contract.synapse import Synapse

pytestmark = pytest.mark.synapse


class TestMatrix(ConnectorContract):
    @pytest_asyncio.fixture
    async def backend(self, homeserver: Synapse) -> AsyncIterator[MatrixBackend]:
        async with MatrixBackend(homeserver) as backend:
            yield backend
