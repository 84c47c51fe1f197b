"""The Chatwoot connector keeps the connector contract, on a server that plays Chatwoot over Rails' real ActionCable."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from paradesk.testing.contract import ConnectorContract
from tests.contract.chatwoot.cables import Puma, PumaCable, StandInCable, missing_for_puma
from tests.contract.chatwoot_backend import ChatwootBackend


@pytest.fixture(scope="module")
def puma() -> Iterator[Puma | None]:
    """Rails' websocket server, or None where there is no Ruby: a stand-in takes its place then."""
    if missing_for_puma():
        yield None
        return
    server = Puma()
    yield server
    server.stop()


class TestChatwoot(ConnectorContract):
    @pytest_asyncio.fixture
    async def backend(self, puma: Puma | None) -> AsyncIterator[ChatwootBackend]:
        async with (
            PumaCable(puma) if puma is not None else StandInCable() as cable,
            ChatwootBackend(cable) as backend,
        ):
            yield backend


def test_socket_is_the_real_one() -> None:
    """Says loudly where the contract was kept over the stand-in only."""
    if missing := missing_for_puma():
        pytest.skip(f"NOT TESTED: the contract over the real ActionCable ({missing}); the stand-in was used")
