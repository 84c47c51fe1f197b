"""The simulator keeps the connector contract."""

import pytest

from paradesk.testing.backend import BackendUnderTest
from paradesk.testing.contract import ConnectorContract
from tests.contract.simulated import SimulatedBackend


class TestSimulator(ConnectorContract):
    @pytest.fixture
    def backend(self) -> BackendUnderTest:
        return SimulatedBackend()
