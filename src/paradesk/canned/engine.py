"""The restricted Liquid: output, `if`, `unless` and a few text filters, with names that never vanish silently.

A module of its own because importing the engine takes a tenth of a second, which a start-up cannot spare.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any

from liquid import Environment
from liquid.ast import Node
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, Path, StringLiteral
from liquid.builtin.expressions.arguments import KeywordArgument
from liquid.builtin.expressions.logical import (
    ContainsExpression,
    EqExpression,
    LogicalAndExpression,
    LogicalOrExpression,
    NeExpression,
)
from liquid.builtin.expressions.primitive import FalseLiteral, FloatLiteral, IntegerLiteral, Nil, TrueLiteral
from liquid.context import RenderContext
from liquid.expression import Expression
from liquid.template import BoundTemplate
from liquid.undefined import Undefined

from paradesk.core.slots import slot, without_slots
from paradesk.core.text import clean_text

MAX_VALUE = 500
"""Characters that one value may bring into a reply."""

_TAGS = ("content", "output", "illegal", "if", "unless")

# Ordering (`<`) and ranges are missing on purpose: values are text, and both fail only once a value is there.
_EXPRESSIONS = (
    FilteredExpression,
    BooleanExpression,
    LogicalAndExpression,
    LogicalOrExpression,
    EqExpression,
    NeExpression,
    ContainsExpression,
    Path,
    StringLiteral,
    IntegerLiteral,
    FloatLiteral,
    TrueLiteral,
    FalseLiteral,
    Nil,
)

_DATE_PARTS = re.compile(r"%-?[demyYHM]")


class Blank(Undefined):
    """A name without a value: false in conditions, replaced by `default`, and otherwise a blank in the text."""

    __slots__ = ()

    def __str__(self) -> str:
        return slot(self.name)

    def __getitem__(self, key: str) -> object:
        return Blank(f"{self.name}.{key}")

    __hash__ = Undefined.__hash__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Undefined) or other is None


class _Flag(str):
    """A truth value that reads as text and counts as itself in a condition."""

    __slots__ = ()

    def __liquid__(self) -> bool:
        return self == "true"


class Names(Mapping[str, object]):
    """The values below one dotted name. Looking up never fails: what is missing or empty comes back as a `Blank`."""

    def __init__(self, name: str, values: object) -> None:
        self._name = name
        self._values = values if isinstance(values, Mapping) else {}

    def __getitem__(self, key: str) -> object:
        name = f"{self._name}.{key}"
        try:
            value = self._values.get(key)
        except TypeError:
            value = None
        if key == "attributes" or isinstance(value, Mapping):
            return Names(name, value)
        text = value_text(value)
        return Blank(name) if text is None else text

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __str__(self) -> str:
        return slot(self._name)


class Ask(Names):
    """The names that only the agent can fill: always blank, and shown without the root."""

    def __getitem__(self, key: str) -> object:
        return Blank(str(key).replace("_", " "))


def value_text(value: object) -> str | None:
    """Return how a value reads in a reply, on one line and without anything that could pose as a blank; None if empty.

    `0` and `False` are values. What is neither text, number, truth value nor date is none.
    """
    match value:
        case bool():
            return _Flag("true" if value else "false")
        case str():
            text = value
        case int() | float():
            try:
                text = str(value)
            except ValueError:  # more digits than Python is willing to print
                return None
            if text in ("nan", "inf", "-inf"):
                return None
        case datetime():
            text = value.date().isoformat()
        case date():
            text = value.isoformat()
        case _:
            return None
    text = " ".join(without_slots(clean_text(text[: 8 * MAX_VALUE])).split())[:MAX_VALUE]
    return text or None


# Filters take whatever arguments stand in a template: `ARITY` refuses wrong ones when it is checked, and filling one
# must not fail.


def _default(value: object, fallback: object = "", *_: object) -> object:
    return fallback if isinstance(value, Undefined) or value is None else value


def _upcase(value: object, *_: object) -> object:
    return value if isinstance(value, Undefined) else _plain(value).upper()


def _downcase(value: object, *_: object) -> object:
    return value if isinstance(value, Undefined) else _plain(value).lower()


def _capitalize(value: object, *_: object) -> object:
    return value if isinstance(value, Undefined) else _plain(value).capitalize()


def _strip(value: object, *_: object) -> object:
    return value if isinstance(value, Undefined) else _plain(value).strip()


def _truncate(value: object, length: object = 50, end: object = "…", *_: object) -> object:
    if isinstance(value, Undefined):
        return value
    text, tail = _plain(value), _plain(end)[:10]
    room = length if isinstance(length, int) else 50
    return text if len(text) <= room else text[: max(0, room - len(tail))].rstrip() + tail


def _date(value: object, form: object = "%Y-%m-%d", *_: object) -> object:
    if isinstance(value, Undefined):
        return value
    try:
        when = datetime.fromisoformat(_plain(value).strip())
    except ValueError:
        return value

    def part(found: re.Match[str]) -> str:
        letter = found[0][-1]
        text = when.strftime("%d" if letter == "e" else f"%{letter}")
        return text.lstrip("0") or "0" if "-" in found[0] or letter == "e" else text

    return _DATE_PARTS.sub(part, _plain(form)[:40])


def _plain(value: object) -> str:
    return value if isinstance(value, str) else value_text(value) or ""


FILTERS: dict[str, Any] = {
    "default": _default,
    "upcase": _upcase,
    "downcase": _downcase,
    "capitalize": _capitalize,
    "strip": _strip,
    "truncate": _truncate,
    "date": _date,
}
"""All filters that there are. None can multiply its input."""

ARITY = {"default": (1, 1), "truncate": (0, 2), "date": (0, 1)}
"""Least and most arguments of a filter; none where it is not listed."""


class _Environment(Environment):
    loop_iteration_limit = 1
    local_namespace_limit = 10_000
    output_stream_limit = 4_000_000

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=False)
        self.tags = {name: tag for name, tag in self.tags.items() if name in _TAGS}
        self.filters = dict(FILTERS)


_ENVIRONMENT = _Environment(undefined=Blank)


def parse(source: str) -> BoundTemplate:
    """Parse a body. Raises `liquid.exceptions.LiquidError`."""
    return _ENVIRONMENT.from_string(source)


def render(template: BoundTemplate, context: Mapping[str, object], roots: tuple[str, ...]) -> str:
    """Fill a parsed body, once. Raises `liquid.exceptions.LiquidError`."""
    names = {root: Ask(root, {}) if root == "ask" else Names(root, context.get(root)) for root in roots}
    return template.render(**names)


def refused_expressions(template: BoundTemplate) -> list[str]:
    """Return, as text, what is Liquid but not of the restricted set, and filters with a wrong number of arguments."""
    static = RenderContext(template)
    refused: list[str] = []

    def expressions(expression: Expression) -> None:
        if not isinstance(expression, _EXPRESSIONS):
            refused.append(str(expression) or "empty")
            return
        if isinstance(expression, FilteredExpression):
            for used in expression.filters or ():
                least, most = ARITY.get(used.name, (0, 0))
                keywords = any(isinstance(argument, KeywordArgument) for argument in used.args)
                if used.name in FILTERS and (keywords or not least <= len(used.args) <= most):
                    refused.append(str(used))
        for child in expression.children():
            expressions(child)

    def nodes(node: Node) -> None:
        for expression in node.expressions():
            expressions(expression)
        for child in node.children(static):
            nodes(child)

    for node in template.nodes:
        nodes(node)
    return refused
