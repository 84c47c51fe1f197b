"""The Matrix connector keeps the connector contract, on a real Synapse."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from paradesk.testing.contract import ConnectorContract
from tests.contract.matrix_backend import MatrixBackend
from tests.contract.synapse import Synapse

pytestmark = pytest.mark.synapse


@pytest.fixture(scope="module")
def server() -> Iterator[Synapse]:
    with Synapse() as synapse:
        yield synapse


class TestMatrix(ConnectorContract):
    @pytest_asyncio.fixture
    async def backend(self, server: Synapse) -> AsyncIterator[MatrixBackend]:
        async with MatrixBackend(server) as backend:
            yield backend
