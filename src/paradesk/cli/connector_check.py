"""Finds what plays the customer for a connector, runs the contract over it, and says what came of each sentence."""

import importlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from paradesk.cli.failure import Failure
from paradesk.connectors.registry import BACKENDS, GROUP, backends_under_test, connector_names

if TYPE_CHECKING:
    from paradesk.testing.backend import BackendUnderTest
    from paradesk.testing.results import Report, Result, Sentence

FORMAT = 1
"""Version of the JSON that `--json` writes."""

_NEEDED = "the contract suite needs pytest: pip install 'paradesk[testing]'"


def found_backends(what: str) -> "dict[str, Callable[[], BackendUnderTest]]":
    """Return what makes the backends that a connector's name, a package or `module:Class` stands for.

    Raises Failure where there is none, with what is there and what to write.
    """
    if ":" in what:
        if str(Path.cwd()) not in sys.path:
            sys.path.insert(0, str(Path.cwd()))
        return {what: _loaded(what, what)}
    entries = backends_under_test()
    wanted = _plain(what)
    chosen = {what: entries[what]} if what in entries else {
        name: entry
        for name, entry in entries.items()
        if wanted in (_plain(entry.dist.name) if entry.dist else "", _plain(entry.module.partition(".")[0]))
    }  # fmt: skip
    if not chosen:
        known = f"; there are {', '.join(sorted(entries))}" if entries else ""
        if what in connector_names():
            raise Failure(
                f"the connector {what} is installed, but no package says what plays its customer{known}\n"
                f"write a BackendUnderTest, and name it in the entry points {BACKENDS!r}, or here as module:Class"
            )
        raise Failure(
            f"no installed package is called {what!r}, and no connector is{known}\n"
            f"a package names its connector in the entry points {GROUP!r} and what plays its customer in {BACKENDS!r}"
        )
    return {name: _loaded(name, entry.value) for name, entry in sorted(chosen.items())}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _loaded(name: str, place: str) -> "Callable[[], BackendUnderTest]":
    try:
        from paradesk.testing.backend import BackendUnderTest
    except ImportError as error:
        raise Failure(_NEEDED) from error
    module, _, attribute = place.partition(":")
    try:
        found: Any = importlib.import_module(module)
        for part in attribute.partition("[")[0].strip().split("."):
            found = getattr(found, part)
    except (Exception, SystemExit) as error:
        raise Failure(f"{name}: {place} cannot be imported: {error or type(error).__name__}") from error
    if not (isinstance(found, type) and issubclass(found, BackendUnderTest)):
        raise Failure(f"{name}: {place} is not a subclass of paradesk.testing.BackendUnderTest")

    def make() -> "BackendUnderTest":
        return found()

    return make


def run_check(make: "Callable[[], BackendUnderTest]", name: str, only: str) -> "Report":
    """Run the contract with a count on standard error where somebody looks; raises Failure where it cannot be run."""
    try:
        from paradesk.testing.checking import check
    except ImportError as error:
        raise Failure(_NEEDED) from error
    watched = sys.stderr.isatty()
    done = 0

    def tell(_result: "Result") -> None:
        nonlocal done
        done += 1
        if watched:
            click.echo(f"\r{name}: {done} …", err=True, nl=False)

    try:
        return check(make, only=only, tell=tell)
    except Exception as error:
        raise Failure(f"{name}: {error or type(error).__name__}") from error
    finally:
        if watched:
            click.echo("\r" + " " * (len(name) + 12) + "\r", err=True, nl=False)


def lines(report: "Report", *, trace: bool) -> Iterator[str]:
    """Yield the results for people: one line for each sentence, and what to do about those that failed."""
    from paradesk.testing.results import Outcome, sentences

    marks = {Outcome.PASSED: "ok  ", Outcome.SKIPPED: "-   ", Outcome.UNARRANGED: "?   ", Outcome.FAILED: "FAIL"}
    yield f"{report.connector}: {report.title}"
    chapter = None
    for sentence in sentences(report.results):
        if sentence.chapter != chapter:
            chapter = sentence.chapter
            yield ""
            yield chapter
        yield f"  {marks[sentence.outcome]} {sentence.text}"
        yield from _details(sentence, trace=trace)
    yield ""
    yield report.summary
    yield "The contract is kept." if report.kept else "The contract is not kept."


def _details(sentence: "Sentence", *, trace: bool) -> Iterator[str]:
    from paradesk.testing.results import Outcome

    if sentence.outcome in (Outcome.SKIPPED, Outcome.UNARRANGED):
        for reason in dict.fromkeys(result.reason for result in sentence.results):
            yield f"       {reason}"
    for result in sentence.results:
        if result.outcome is Outcome.FAILED:
            case = f"[{result.case}] " if result.case else ""
            yield f"       {case}{result.reason}"
            if trace:
                yield from (f"       | {line}" for line in result.trace.splitlines())
    if sentence.outcome is Outcome.FAILED and not trace:
        yield f"       to see where: --only {sentence.test} --trace"


def record(report: "Report") -> dict[str, object]:
    """Return the results for programs."""
    from paradesk import __version__
    from paradesk.testing.results import Outcome

    return {
        "format": FORMAT,
        "paradesk": __version__,
        "connector": report.connector,
        "title": report.title,
        "kept": report.kept,
        "counts": {outcome.value: report.count(outcome) for outcome in Outcome},
        "badge": report.badge,
        "results": [
            {
                "chapter": result.chapter,
                "test": result.test,
                "case": result.case,
                "sentence": result.sentence,
                "outcome": result.outcome.value,
                "reason": result.reason,
            }
            for result in report.results
        ],
    }


def as_json(reports: "list[Report]") -> str:
    """Return the results of several connectors as one document."""
    return json.dumps([record(report) for report in reports], indent=2, ensure_ascii=False)
