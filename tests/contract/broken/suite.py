"""The contract over one broken connector, named by an environment variable. Run by `test_broken.py`, not collected."""

import os

import pytest

from paradesk.testing.backend import BackendUnderTest
from paradesk.testing.contract import ConnectorContract
from tests.contract.broken.connectors import BROKEN
from tests.contract.simulated import SimulatedBackend

CHOSEN, FAULTS = BROKEN[os.environ["BROKEN_CONNECTOR"]]


class BrokenBackend(SimulatedBackend):
    # With a fault, waiting in vain is the normal end.
    patience = 1.0 if FAULTS else SimulatedBackend.patience
    crowd = 100
    connector_class = CHOSEN


class TestBroken(ConnectorContract):
    @pytest.fixture
    def backend(self) -> BackendUnderTest:
        return BrokenBackend()
