"""One Matrix homeserver for all tests that need one, and a word by name where none is to be had."""

from collections.abc import Iterator

import pytest

from tests.contract.prosody import Prosody
from tests.contract.prosody import missing as prosody_missing
from tests.contract.synapse import Synapse, synapse_python


@pytest.fixture(scope="session")
def homeserver() -> Iterator[Synapse]:
    """A Synapse that runs as long as the tests; whoever kills it starts it again."""
    with Synapse() as synapse:
        yield synapse


@pytest.fixture(scope="session")
def xmpp_server() -> Iterator[Prosody]:
    """A Prosody that runs as long as the tests; whoever kills it starts it again."""
    with Prosody() as prosody:
        yield prosody


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what is marked `synapse` when SYNAPSE_PYTHON is not set, each test with its own name in the summary."""
    if item.get_closest_marker("synapse") and synapse_python() is None:
        pytest.skip(f"NOT TESTED: {item.name} (SYNAPSE_PYTHON names no python that has matrix-synapse)")
    if item.get_closest_marker("prosody") and (why := prosody_missing()):
        pytest.skip(f"NOT TESTED: {item.name} ({why})")
