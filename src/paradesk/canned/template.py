"""Templates of canned responses: checked before they are used, filled once, and never silent about a missing value."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from paradesk.canned.placeholders import KNOWN, known, suggestion
from paradesk.core.text import clean_line

if TYPE_CHECKING:
    from liquid.template import BoundTemplate

MAX_BODY = 4096
"""Characters of one body: far more than a chat reply needs, and little enough for a parser that is quadratic."""

_MARKS = re.compile(r"\{\{|\}\}|\{%|%\}")
_PIECES = re.compile(r"(\{\{.*?\}\}|\{%.*?%\})", re.DOTALL)
_OUTPUT = re.compile(r"\{\{.*?\}\}", re.DOTALL)
_TAG = re.compile(r"\{%-?\s*(\w*)")
_ALLOWED_TAGS = {"if", "elsif", "else", "endif", "unless", "endunless"}
_CLOSES = {"{{": "}}", "{%": "%}"}


class TemplateError(ValueError):
    """A body that cannot be used: `code` for programs, `line` (from 1, within the body) and the advice for people."""

    def __init__(self, code: str, message: str, advice: str, line: int = 1) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.advice = advice
        self.line = line


@dataclass(frozen=True, slots=True, eq=False)
class Template:
    """A checked body: what it asks for, and how it is filled."""

    source: str
    placeholders: frozenset[str]
    """Dotted names, such as `customer.first_name`."""
    filters: frozenset[str]

    def fill(self, context: Mapping[str, object]) -> str:
        """Return the text for these values (root → field → value); each missing one stands there as `⟦name⟧`.

        Never raises for any values: only the template is expanded, the values are not looked at again.
        """
        from paradesk.canned import engine

        return engine.render(_parsed(self.source), context, tuple(KNOWN)).strip()


@lru_cache(maxsize=8192)
def compile_template(source: str) -> Template:
    """Check a body and make it ready. Raises `TemplateError` with the first fault."""
    _check_marks(source)
    try:
        checked = [_check(part) for part in _parts(source)]
    except TemplateError:
        # The whole text decides, and knows the line.
        checked = [_check(source)]
    placeholders = frozenset[str]().union(*(names for names, _ in checked))
    return Template(source, placeholders, frozenset[str]().union(*(filters for _, filters in checked)))


def _parts(source: str) -> set[str]:
    """Return what is to be checked of a body whose marks are sound: each output for itself, and the tags together.

    Nothing in a body changes what follows, so that these say of it what the whole would. Packs say the same few of them
    in thousands of texts, and each is checked once.
    """
    outputs = set(_OUTPUT.findall(source))
    if "{%" in source:
        outputs.add("".join(part if part.startswith("{%") else "x" for part in _PIECES.split(source) if part))
    return outputs


@lru_cache(maxsize=8192)
def _parsed(source: str) -> "BoundTemplate":
    from paradesk.canned import engine

    return engine.parse(source)


@lru_cache(maxsize=8192)
def _check(source: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the placeholders and the filters of a body or a part of one; raises `TemplateError` with the first fault."""
    from liquid.exceptions import LiquidError

    from paradesk.canned import engine

    try:
        parsed = engine.parse(source)
        refused = engine.refused_expressions(parsed)
        analysis = parsed.analyze()
    except (LiquidError, RecursionError) as error:
        raise _syntax_error(source, error) from error
    if refused:
        raise TemplateError(
            "bad-expression",
            f"`{clean_line(refused[0])}` cannot be used here",
            "Conditions compare with ==, != or contains (values are text, not numbers); "
            "`default` takes one argument, `truncate` up to two, `date` one, other filters none.",
        )
    for name, spans in analysis.filters.items():
        if name not in engine.FILTERS:
            raise TemplateError(
                "unknown-filter",
                f"unknown filter `{clean_line(name)}`",
                f"Use one of {', '.join(engine.FILTERS)}.",
                _line(source, spans[0].index),
            )
    placeholders = set()
    for variables in analysis.variables.values():
        for variable in variables:
            segments = [part if isinstance(part, str) else "" for part in variable.segments]
            if not known(segments):
                raise _unknown(str(variable), _line(source, variable.span.index))
            placeholders.add(".".join(segments))
    try:
        engine.render(parsed, {}, tuple(KNOWN))
    except (LiquidError, RecursionError) as error:
        raise _syntax_error(source, error) from error
    return frozenset(placeholders), frozenset(analysis.filters)


def _check_marks(source: str) -> None:
    """Refuse, in linear time, what the engine would read slowly or accept although it must not."""
    if len(source) > MAX_BODY:
        raise TemplateError(
            "too-large",
            f"the body has {len(source)} characters; {MAX_BODY} are allowed",
            "Split it into several responses.",
        )
    opened: re.Match[str] | None = None
    for mark in _MARKS.finditer(source):
        line = _line(source, mark.start())
        if opened is not None and mark[0] == _CLOSES[opened[0]]:
            opened = None
        elif opened is not None:
            raise _unclosed(source, opened)
        elif mark[0] in _CLOSES:
            opened = mark
            if mark[0] == "{%":
                word = _TAG.match(source, mark.start())
                name = word[1] if word else ""
                if name not in _ALLOWED_TAGS:
                    raise TemplateError(
                        "unknown-tag",
                        f"unknown tag `{clean_line(name)}`",
                        "Only if, elsif, else and unless can be used.",
                        line,
                    )
        else:
            raise TemplateError(
                "unopened", f"`{mark[0]}` without an opening", "Remove it, or open it with `{{` or `{%`.", line
            )
    if opened is not None:
        raise _unclosed(source, opened)


def _unclosed(source: str, opened: re.Match[str]) -> TemplateError:
    closing = _CLOSES[opened[0]]
    return TemplateError(
        "unclosed",
        f"`{opened[0]}` is not closed",
        f"Close it with `{closing}` before the next one opens.",
        _line(source, opened.start()),
    )


def _unknown(name: str, line: int) -> TemplateError:
    near = suggestion(name)
    advice = f"Did you mean `{near}`?" if near else "canned_responses/README.md lists the names."
    return TemplateError("unknown-placeholder", f"unknown placeholder `{clean_line(name)}`", advice, line)


def _syntax_error(source: str, error: Exception) -> TemplateError:
    token = getattr(error, "token", None)
    start = getattr(token, "start_index", 0)
    reason = clean_line(str(error.args[0]) if error.args else type(error).__name__, 120)
    return TemplateError("bad-template", reason, "Check the spelling inside the braces.", _line(source, start))


def _line(source: str, index: int) -> int:
    return source.count("\n", 0, max(0, index)) + 1
