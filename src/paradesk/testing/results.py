"""What a run of the contract came to: one result for each sentence and case, and sums over them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import quote

BY_CAPABILITY = " declares "
"""What stands in the reason of a test that is skipped because of the connector's own capabilities."""


class Outcome(StrEnum):
    """How a test ended."""

    PASSED = "passed"
    SKIPPED = "skipped"
    """The connector does not declare the capability."""
    UNARRANGED = "not arranged"
    """The backend under test cannot be brought into the situation."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Result:
    """One case of one test."""

    chapter: str
    test: str
    case: str
    """What tells this case from others of the test, or empty."""
    sentence: str
    outcome: Outcome
    reason: str = ""
    """Why it was skipped, or what was wrong, in one line."""
    trace: str = ""
    """Where it failed, line by line."""


def outcome_of_skip(reason: str) -> Outcome:
    """Tell a test that the capabilities rule out from one whose situation cannot be arranged."""
    return Outcome.SKIPPED if BY_CAPABILITY in reason else Outcome.UNARRANGED


def case_of(name: str) -> tuple[str, str]:
    """Return the test and the case of a name such as `test_x[case]`."""
    found = re.fullmatch(r"(\w+)\[(.*)\]", name, re.DOTALL)
    return (found[1], found[2]) if found else (name, "")


@dataclass(frozen=True, slots=True)
class Report:
    """All results of one connector."""

    connector: str
    title: str
    results: tuple[Result, ...]

    def count(self, outcome: Outcome) -> int:
        """Return how many cases ended so."""
        return sum(1 for result in self.results if result.outcome is outcome)

    @property
    def kept(self) -> bool:
        """Whether the contract is kept: something was tested, and nothing failed."""
        return self.count(Outcome.PASSED) > 0 and not self.count(Outcome.FAILED)

    @property
    def summary(self) -> str:
        """The sums in words."""
        counts = ((outcome, self.count(outcome)) for outcome in Outcome)
        named = (
            f"{count} {_WORDS[outcome]}" for outcome, count in counts if count or outcome is not Outcome.UNARRANGED
        )
        return ", ".join(named)

    @property
    def badge(self) -> str:
        """A line of Markdown that says how it came out."""
        failed = self.count(Outcome.FAILED)
        words = f"{failed} failed" if failed else f"{self.count(Outcome.PASSED)} passed"
        colour = "brightgreen" if self.kept else "red"
        alternative = f"Paradesk connector contract: {words}"
        return f"![{alternative}](https://img.shields.io/badge/paradesk_contract-{quote(words)}-{colour})"


_WORDS = {
    Outcome.PASSED: "passed",
    Outcome.SKIPPED: "skipped by capability",
    Outcome.UNARRANGED: "could not be arranged",
    Outcome.FAILED: "failed",
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of the specification with its cases."""

    chapter: str
    test: str
    text: str
    results: tuple[Result, ...]

    @property
    def outcome(self) -> Outcome:
        """The gravest of its cases; skipped only where all are."""
        found = {result.outcome for result in self.results}
        for outcome in (Outcome.FAILED, Outcome.PASSED, Outcome.UNARRANGED):
            if outcome in found:
                return outcome
        return Outcome.SKIPPED


def sentences(results: Iterable[Result]) -> Iterator[Sentence]:
    """Group the cases by their sentence, in the order in which they came."""
    grouped: dict[tuple[str, str], list[Result]] = {}
    for result in results:
        grouped.setdefault((result.chapter, result.test), []).append(result)
    for (chapter, test), cases in grouped.items():
        yield Sentence(chapter, test, cases[0].sentence, tuple(cases))
