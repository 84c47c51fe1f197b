"""The runs of the contract as one table: `python -m tests.contract.report junit.xml … > contract.md`.

Reads what pytest wrote with `--junitxml`. Every class that ran the suite is a column, every sentence a row; what was
skipped is listed with its reason, and so is whether the suite noticed each deliberately broken connector.
Exit status 1 where something failed, or where no run of the suite was found.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from xml.etree import ElementTree

from paradesk.testing.results import Outcome, Report, Result, case_of, outcome_of_skip, sentences
from paradesk.testing.specification import Rule, rules

MARKS = {Outcome.PASSED: "passed", Outcome.SKIPPED: "–", Outcome.UNARRANGED: "?", Outcome.FAILED: "**FAILED**"}
BROKEN = "test_suite_notices"


def cases(paths: Iterable[Path]) -> Iterator[tuple[str, str, ElementTree.Element]]:
    """Yield class, test and element of each test case in these files."""
    for path in paths:
        for element in ElementTree.parse(path).iter("testcase"):
            yield element.get("classname", "").rpartition(".")[2], element.get("name", ""), element


def result_of(rule: Rule, name: str, element: ElementTree.Element) -> Result:
    """Return what came of one case."""
    outcome, reason = Outcome.PASSED, ""
    if (skipped := element.find("skipped")) is not None:
        reason = skipped.get("message", "")
        outcome = outcome_of_skip(reason)
    for kind in ("failure", "error"):
        if (failed := element.find(kind)) is not None:
            outcome, reason = Outcome.FAILED, failed.get("message", "").partition("\n")[0]
    return Result(rule.chapter, rule.test, case_of(name)[1], rule.sentence, outcome, reason)


def reports(paths: Iterable[Path]) -> tuple[list[Report], list[tuple[str, bool]]]:
    """Return a report for each class that ran the suite, and which broken connectors were noticed."""
    known = {rule.test: rule for rule in rules()}
    found: dict[str, list[Result]] = {}
    broken: list[tuple[str, bool]] = []
    for group, name, element in cases(paths):
        test, case = case_of(name)
        if test == BROKEN:
            broken.append((case, element.find("failure") is None and element.find("error") is None))
        elif test in known and group.startswith("Test"):
            found.setdefault(group, []).append(result_of(known[test], name, element))
    order = [*known]
    return [
        Report(group.removeprefix("Test"), group, tuple(sorted(results, key=lambda result: order.index(result.test))))
        for group, results in sorted(found.items())
    ], broken


def table(found: list[Report], broken: list[tuple[str, bool]]) -> Iterator[str]:
    """Yield the lines of the document."""
    yield "# The connector contract, run"
    yield ""
    yield "| connector | passed | skipped by capability | not arranged | failed |"
    yield "| --- | --- | --- | --- | --- |"
    for report in found:
        counts = " | ".join(str(report.count(outcome)) for outcome in Outcome)
        yield f"| {report.connector} | {counts} |"
    yield ""
    yield f"| sentence | {' | '.join(report.connector for report in found)} |"
    yield f"| --- |{' --- |' * len(found)}"
    by_test = [{sentence.test: sentence for sentence in sentences(report.results)} for report in found]
    for rule in rules():
        marks = [MARKS[column[rule.test].outcome] if rule.test in column else "" for column in by_test]
        yield f"| {rule.sentence} | {' | '.join(marks)} |"
    for report in found:
        yield from _reasons(report)
    if broken:
        yield ""
        yield "| deliberately broken connector | noticed |"
        yield "| --- | --- |"
        for name, noticed in broken:
            yield f"| {name} | {'yes' if noticed else '**NO**'} |"


def _reasons(report: Report) -> Iterator[str]:
    yield ""
    yield f"## {report.connector}"
    yield ""
    yield report.summary
    yield ""
    counted: dict[tuple[Outcome, str], int] = {}
    for result in report.results:
        if result.outcome is not Outcome.PASSED:
            said = f"{result.test}: {result.reason}" if result.outcome is Outcome.FAILED else result.reason
            counted[result.outcome, said] = counted.get((result.outcome, said), 0) + 1
    for (outcome, reason), count in sorted(counted.items()):
        yield f"- {outcome.value}, {count}: {reason}"


def main(arguments: list[str]) -> int:
    """Print the table of these files; returns the exit status."""
    if not arguments:
        print("usage: python -m tests.contract.report JUNIT.XML…", file=sys.stderr)
        return 2
    try:
        found, broken = reports(map(Path, arguments))
    except (OSError, ElementTree.ParseError) as error:
        print(f"{' '.join(arguments)}: {error}", file=sys.stderr)
        return 2
    print("\n".join(table(found, broken)))
    kept = bool(found) and all(report.kept for report in found) and all(noticed for _, noticed in broken)
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
