"""The connector contract as a document: one sentence for each test, by chapter, with the capability that it needs."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass

from paradesk.testing.contract import ConnectorContract

_NEEDS = re.compile(r"\bneed(?:_one_of)?\(([^()]*(?:\(\))?[^()]*)\)")
_NAME = re.compile(r'"([a-z_]+)"')


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence of the specification."""

    chapter: str
    test: str
    sentence: str
    needs: tuple[str, ...]
    """Capabilities without which the test is skipped."""


def rules() -> Iterator[Rule]:
    """Yield the sentences in the order in which they stand in the suite."""
    for chapter in ConnectorContract.__mro__[1:]:
        heading = (inspect.getdoc(inspect.getmodule(chapter)) or "").partition(". ")[0]
        for name, function in vars(chapter).items():
            if name.startswith("test_"):
                sentence = " ".join((inspect.getdoc(function) or "").split())
                source = inspect.getsource(function)
                needs = tuple(found for call in _NEEDS.findall(source) for found in _NAME.findall(call))
                yield Rule(heading, name, sentence, needs)


def document() -> str:
    """Return `docs/connector-contract.md`."""
    lines = [
        "# The connector contract",
        "",
        "<!-- Made by `paradesk connector contract > docs/connector-contract.md`; change the suite, not this file. -->",
        "",
        "`paradesk.testing.ConnectorContract` is the specification of a connector. Each test is one sentence of it; where a",
        "capability is named, the test runs for connectors that declare it native. `paradesk connector check NAME` says",
        "which sentences a connector keeps.",
    ]
    chapter = ""
    for rule in rules():
        if rule.chapter != chapter:
            chapter = rule.chapter
            lines += ["", f"## {chapter}", "", "| sentence | where native | test |", "| --- | --- | --- |"]
        needs = ", ".join(f"`{name}`" for name in rule.needs)
        lines.append(f"| {rule.sentence.replace('|', chr(92) + '|')} | {needs} | `{rule.test}` |")
    return "\n".join(lines) + "\n"
