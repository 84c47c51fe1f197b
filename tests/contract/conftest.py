"""Says by name what is not tested where no Matrix homeserver is to be had."""

import pytest

from tests.contract.synapse import synapse_python


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what is marked `synapse` when SYNAPSE_PYTHON is not set, each test with its own name in the summary."""
    if item.get_closest_marker("synapse") and synapse_python() is None:
        pytest.skip(f"NOT TESTED: {item.name} (SYNAPSE_PYTHON names no python that has matrix-synapse)")
