"""YAML as texts, lists and tables with the line of each, and within bounds. PyYAML parses; nothing is constructed."""

from collections.abc import Iterator, Mapping
from typing import Any

from paradesk.canned.exchange.source import BadSource
from paradesk.core.text import clean_line

MAX_YAML = 2 * 1024 * 1024
"""Characters of one file."""
MAX_DEPTH = 20
"""Lists and tables inside each other."""
MAX_NODES = 100_000
"""Values of one file, each counted as often as it is referred to."""


class Scalar(str):
    """A text; `no`, `1_000` and `12:30` stay what was written."""

    line: int = 0


class Many(list["Node"]):
    """A list."""

    line: int = 0


class Table(dict[str, "Node"]):
    """A table, its keys as text."""

    line: int = 0


Node = Scalar | Many | Table


def line(node: object) -> int:
    """Return the line where a value begins, from 1."""
    return int(getattr(node, "line", 0))


def load(text: str) -> Mapping[str, Node]:
    """Parse a file whose whole is a table. Raises `BadSource`, also where PyYAML is not installed."""
    if len(text) > MAX_YAML:
        raise BadSource("", "too-large", f"the file is larger than {MAX_YAML >> 20} MB", "Split it.")
    try:
        import yaml
    except ImportError as error:
        raise BadSource(
            "", "no-yaml", "reading YAML needs PyYAML", "Install it with: pip install 'paradesk[espanso]'"
        ) from error
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _check(yaml, yaml.parse(text, Loader=loader))
        node = yaml.compose(text, Loader=loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"line {mark.line + 1}" if mark is not None else ""
        reason = clean_line(str(getattr(error, "problem", None) or error), 100)
        raise BadSource(place, "bad-yaml", f"this is not YAML: {reason}", "Check indentation and quotes.") from error
    except RecursionError as error:
        raise BadSource("", "too-deep", "lists or tables inside each other too often", "Write it flat.") from error
    document = _Reader(yaml).read(node) if node is not None else Table()
    if not isinstance(document, Table):
        raise BadSource("line 1", "bad-shape", "this is no table", "Give the package.yml of an espanso package.")
    return document


def _check(yaml: Any, events: Iterator[Any]) -> None:
    """Refuse, from the flat stream of events, what would be deep once it is a tree."""
    depth = 0
    for nodes, event in enumerate(events):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH or nodes > 2 * MAX_NODES:
            code = "too-deep" if depth > MAX_DEPTH else "too-large"
            raise BadSource(
                f"line {event.start_mark.line + 1}",
                code,
                "lists or tables inside each other too often" if depth > MAX_DEPTH else f"more than {MAX_NODES} values",
                "Write it flat." if depth > MAX_DEPTH else "Split the file.",
            )


class _Reader:
    """Turns PyYAML's tree into ours. An anchor's value counts again wherever it is used, so that a few lines cannot
    stand for millions of values."""

    def __init__(self, yaml: Any) -> None:
        self._yaml = yaml
        self._left = MAX_NODES

    def read(self, node: Any, depth: int = 0) -> Node:
        place = f"line {node.start_mark.line + 1}"
        self._left -= 1
        if self._left < 0:
            raise BadSource(place, "too-large", f"more than {MAX_NODES} values, aliases counted", "Write it out.")
        if depth > MAX_DEPTH:
            raise BadSource(place, "too-deep", "lists or tables inside each other too often", "Write it flat.")
        made: Node
        if isinstance(node, self._yaml.ScalarNode):
            made = Scalar(node.value)
        elif isinstance(node, self._yaml.SequenceNode):
            made = Many(self.read(child, depth + 1) for child in node.value)
        else:
            made = Table()
            for key, value in node.value:
                name = key.value if isinstance(key, self._yaml.ScalarNode) else ""
                made[str(name)] = self.read(value, depth + 1)
        made.line = node.start_mark.line + 1
        return made
