"""What `paradesk connector check` hands to pytest: the contract over whichever backend was asked for."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest
import pytest_asyncio

from paradesk.testing.backend import BackendUnderTest
from paradesk.testing.contract import ConnectorContract

BACKEND: pytest.StashKey[Callable[[], BackendUnderTest]] = pytest.StashKey()
"""Makes the backend under test, once for each test."""


class TestConnector(ConnectorContract):
    """The contract; the backend is entered where it is an asynchronous context manager."""

    @pytest_asyncio.fixture
    async def backend(self, request: pytest.FixtureRequest) -> AsyncIterator[BackendUnderTest]:
        """Yield a fresh backend."""
        made = request.config.stash[BACKEND]()
        if isinstance(made, AbstractAsyncContextManager):
            async with made as entered:
                yield entered
        else:
            yield made
