"""The XMPP connector keeps the connector contract, on a real Prosody: one-to-one, and in rooms."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from paradesk.testing.contract import ConnectorContract
from tests.contract.prosody import Prosody, missing

pytestmark = pytest.mark.prosody

if not missing():
    from tests.contract.xmpp_backend import XmppBackend, XmppRooms


class TestXmpp(ConnectorContract):
    @pytest_asyncio.fixture
    async def backend(self, xmpp_server: Prosody) -> AsyncIterator["XmppBackend"]:
        async with XmppBackend(xmpp_server) as backend:
            yield backend


class TestXmppRooms(ConnectorContract):
    @pytest_asyncio.fixture
    async def backend(self, xmpp_server: Prosody) -> AsyncIterator["XmppRooms"]:
        async with XmppRooms(xmpp_server) as backend:
            yield backend
