"""The IRC connector keeps the connector contract, on a server with IRCv3 and on one without."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from paradesk.testing.backend import BackendUnderTest
from paradesk.testing.contract import ConnectorContract
from tests.contract.irc_backend import IrcBackend
from tests.contract.irc_servers import IrcServer, irc_server


@pytest.fixture(scope="module")
def inspircd() -> Iterator[IrcServer]:
    with irc_server("inspircd") as server:
        yield server


@pytest.fixture(scope="module")
def ngircd() -> Iterator[IrcServer]:
    with irc_server("ngircd") as server:
        yield server


class TestInspIRCd(ConnectorContract):
    @pytest_asyncio.fixture
    async def backend(self, inspircd: IrcServer) -> AsyncIterator[BackendUnderTest]:
        async with IrcBackend(inspircd) as backend:
            yield backend


class TestNgIRCd(ConnectorContract):
    @pytest_asyncio.fixture
    async def backend(self, ngircd: IrcServer) -> AsyncIterator[BackendUnderTest]:
        async with IrcBackend(ngircd) as backend:
            yield backend
