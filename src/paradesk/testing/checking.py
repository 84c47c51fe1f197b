"""Runs the contract over one backend and gathers what came of each sentence. Needs pytest (`paradesk[testing]`)."""

import contextlib
import importlib.util
import inspect
import io
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from paradesk.testing.backend import BackendUnderTest
from paradesk.testing.results import Outcome, Report, Result, case_of, outcome_of_skip

_SETTINGS = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"
_MODULE = "paradesk.testing.checked"
_HIDDEN = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS")

# Without this an assertion of the suite would say that something failed, and not what was there instead.
pytest.register_assert_rewrite("paradesk.testing.chapters", _MODULE)


class _Gathering:
    """A plugin of pytest that keeps results instead of printing them."""

    def __init__(self, make: Callable[[], BackendUnderTest], tell: Callable[[Result], None]) -> None:
        self._make, self._tell = make, tell
        self.results: list[Result] = []
        self._last = ""
        self._about: dict[str, tuple[str, str, str, str]] = {}

    def pytest_configure(self, config: pytest.Config) -> None:
        from paradesk.testing.checked import BACKEND

        config.stash[BACKEND] = self._make

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        function = getattr(item, "function", None)
        test, case = case_of(item.name)
        sentence = " ".join((inspect.getdoc(function) or test).split())
        self._about[item.nodeid] = (chapter_of(function), test, case, sentence)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.passed and report.when != "call":
            return
        outcome, reason, trace = Outcome.PASSED, "", ""
        if report.skipped:
            reason = _skip_reason(report.longrepr)
            outcome = outcome_of_skip(reason)
        elif report.failed:
            outcome, reason, trace = Outcome.FAILED, _failure(report), report.longreprtext
        result = Result(*self._about[report.nodeid], outcome, reason, trace)
        if report.when == "teardown" and self._last == report.nodeid:
            # The test itself passed, but what it used could not be taken down: that is one case, and it failed.
            self.results.pop()
        self._last = report.nodeid
        self.results.append(result)
        self._tell(result)


def chapter_of(part: object) -> str:
    """Return the heading of the chapter that a test or class stands in: the first sentence of its module."""
    module = inspect.getmodule(part)
    return (inspect.getdoc(module) or "").partition(". ")[0].strip().rstrip(".") if module else ""


def _skip_reason(longrepr: object) -> str:
    text = str(longrepr[2]) if isinstance(longrepr, tuple) else str(longrepr)
    return " ".join(text.removeprefix("Skipped: ").split())


def _failure(report: pytest.TestReport) -> str:
    crash: Any = getattr(report.longrepr, "reprcrash", None)
    text = crash.message if crash is not None else report.longreprtext
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[0].removeprefix("AssertionError: ") if lines else "no reason was given"


def check(
    make: Callable[[], BackendUnderTest],
    *,
    only: str = "",
    tell: Callable[[Result], None] = lambda _result: None,
) -> Report:
    """Run the contract over what `make` returns and report on it.

    `only` is an expression that chooses tests by name, as pytest's -k takes it; `tell` hears of each result at once.
    """
    connector = make().connector()
    gathering = _Gathering(make, tell)
    with tempfile.TemporaryDirectory(prefix="paradesk-check-") as folder, _alone():
        settings = Path(folder) / "pytest.ini"
        settings.write_text(_SETTINGS, encoding="utf-8")
        arguments = ["-c", str(settings), f"--rootdir={folder}", f"--basetemp={folder}/tmp", "--noconftest"]
        arguments += ["-p", "no:cacheprovider", "-p", "pytest_asyncio.plugin", "-q", "--pyargs", _MODULE]
        if importlib.util.find_spec("pytest_timeout") is not None:
            arguments += ["-p", "pytest_timeout", "--timeout=120"]
        if only:
            arguments += ["-k", only]
        with contextlib.redirect_stdout(io.StringIO()) as said:
            status = pytest.main(arguments, plugins=[gathering])
    if status not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(said.getvalue().strip().splitlines()[-1] if said.getvalue().strip() else "pytest gave up")
    return Report(connector.name, connector.title, tuple(sorted(gathering.results, key=_chapter_number)))


def chapters() -> list[str]:
    """Return the headings of the contract's chapters in their order."""
    from paradesk.testing.contract import ConnectorContract

    return [chapter_of(base) for base in ConnectorContract.__mro__ if "chapters." in base.__module__][:-1]


def _chapter_number(result: Result) -> int:
    known = chapters()
    return known.index(result.chapter) if result.chapter in known else len(known)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Keep out whatever else is set up for pytest on this machine: the result is to be the same everywhere."""
    before = dict(os.environ)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    for name in _HIDDEN:
        os.environ.pop(name, None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
