"""Settings of all tests."""

import os
from collections.abc import Generator

import pytest
from hypothesis import HealthCheck, settings

# No test asserts a time: a loaded machine takes longer, and that is no fault of what is tested.
settings.register_profile("paradesk", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("paradesk")

# Processes of pytest-xdist are told a terminal of 80 columns; a program started from there would believe it of its own.
for size in ("COLUMNS", "LINES"):
    os.environ.pop(size, None)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Escape what was captured of hostile texts: lone surrogates cannot be sent from one process to another."""
    report = yield
    report.sections = [
        (title, text.encode("utf-8", "backslashreplace").decode("utf-8")) for title, text in report.sections
    ]
    return report
