"""Templates of ours as a row of segments, and back: the common ground between the syntaxes of all tools."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from paradesk.core.slots import without_slots
from paradesk.core.text import clean_text

SAME_FILTERS = ("upcase", "downcase", "capitalize", "strip")
"""Filters that mean the same in Liquid everywhere."""


@dataclass(frozen=True, slots=True)
class Text:
    """Characters that stand in the reply as they are."""

    text: str


@dataclass(frozen=True, slots=True)
class Value:
    """A value of ours by its dotted name; `fallback` stands in where it is missing, None leaves a blank."""

    name: str
    fallback: str | None = None
    filters: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Blank:
    """A blank that the agent fills; the label says with what."""

    label: str


@dataclass(frozen=True, slots=True)
class Control:
    """A condition's tag: `if`, `elsif`, `else`, `endif`, `unless` or `endunless`, with its expression in our names."""

    tag: str
    expression: str = ""


Segment = Text | Value | Blank | Control


class Unwritable(ValueError):
    """A template, or a part of it, has no counterpart in the other tool's syntax."""


_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_WORDS = frozenset(("and", "or", "not", "contains", "true", "false", "nil", "null", "empty", "blank", "in"))
_UNFIT = re.compile(r"['\"{}\[\]%|⟦⟧\s]+")
_SIMPLE = re.compile(r"[^'{}\\\n]*")
_SIMPLE_DOUBLE = re.compile(r"[^\"{}\\\n]*")


def path(name: str) -> str:
    """Return a dotted name as a Liquid path; a part that is no identifier stands in brackets."""
    root, *fields = name.split(".", 2 if ".attributes." in name else 1)
    parts = [root]
    for field in fields:
        plain = _IDENTIFIER.fullmatch(field) and field not in _WORDS
        parts.append(f".{field}" if plain else f"['{_UNFIT.sub(' ', field).strip() or '?'}']")
    return "".join(parts)


def joined(segments: Iterable[Segment]) -> list[Segment]:
    """Return the segments with neighbouring texts made one and empty ones left out."""
    result: list[Segment] = []
    for segment in segments:
        if isinstance(segment, Text):
            if not segment.text:
                continue
            if result and isinstance(result[-1], Text):
                result[-1] = Text(result[-1].text + segment.text)
                continue
        result.append(segment)
    return result


def compose(segments: Iterable[Segment]) -> str:
    """Return a template of ours. Text comes out of it as it went in, whatever braces it has."""
    parts = joined(segments)
    written: list[str] = []
    for index, segment in enumerate(parts):
        match segment:
            case Text(text):
                first = index == 0
                last = index == len(parts) - 1
                written.append(_escaped(text, first=first, last=last))
            case Value():
                written.append(_value(segment))
            case Blank(label):
                written.append(f"{{{{ {path('ask.' + (_UNFIT.sub(' ', label).strip()[:60] or '?'))} }}}}")
            case Control(tag, expression):
                written.append(f"{{% {tag} {expression} %}}" if expression else f"{{% {tag} %}}")
    return "".join(written)


def _escaped(text: str, *, first: bool, last: bool) -> str:
    """Write braces that could be read as a mark (next to a brace, a percent sign or a placeholder) as values."""
    result: list[str] = []
    for index, char in enumerate(text):
        if char in "{}":
            before = text[index - 1] if index else ("" if first else "{")
            after = text[index + 1] if index + 1 < len(text) else ("" if last else "{")
            if (before and before in "{}%") or (after and after in "{}%"):
                result.append(f"{{{{ '{char}' }}}}")
                continue
        result.append(char)
    return "".join(result)


def _value(value: Value) -> str:
    reference = path(value.name)
    chain = "".join(f" | {name}" for name in value.filters)
    fallback = value.fallback
    if fallback is None:
        return f"{{{{ {reference}{chain} }}}}"
    if not value.filters:
        if _SIMPLE.fullmatch(fallback):
            return f"{{{{ {reference} | default: '{fallback}' }}}}"
        if _SIMPLE_DOUBLE.fullmatch(fallback):
            return f'{{{{ {reference} | default: "{fallback}" }}}}'
    other = _escaped(fallback, first=False, last=False)
    return f"{{% if {reference} %}}{{{{ {reference}{chain} }}}}{{% else %}}{other}{{% endif %}}"


_TOKEN = re.compile(r"\{\{(-?)\s*(.*?)\s*(-?)\}\}|\{%(-?)\s*(\w+)\s*(.*?)\s*(-?)%\}", re.S)
_LITERAL = re.compile(r"'([^']*)'|\"([^\"]*)\"")
_OUTPUT = re.compile(
    r"(?P<name>[A-Za-z_][\w-]*(?:\.[\w-]+|\['[^']*'\])*)(?P<filters>(?:\s*\|\s*\w+(?:\s*:\s*(?:'[^']*'|\"[^\"]*\"))?)*)"
)
_FILTER = re.compile(r"\|\s*(\w+)(?:\s*:\s*(?:'([^']*)'|\"([^\"]*)\"))?")
_BRACKETS = re.compile(r"\['([^']*)'\]")


def decompose(template: str) -> list[Segment]:
    """Take a checked template of ours apart. Raises `Unwritable` for what no other tool has."""
    segments: list[Segment] = []
    at = 0
    for token in _TOKEN.finditer(template):
        segments.append(Text(template[at : token.start()]))
        at = token.end()
        if "-" in (token[1], token[3], token[4], token[7]):
            raise Unwritable("white space is trimmed with a dash inside the braces")
        segments.append(Control(token[5], token[6]) if token[5] else _output(token[2]))
    segments.append(Text(template[at:]))
    return _with_fallbacks(joined(segments))


def _output(expression: str) -> Segment:
    if literal := _LITERAL.fullmatch(expression):
        return Text(literal[1] if literal[1] is not None else literal[2])
    found = _OUTPUT.fullmatch(expression)
    if found is None:
        raise Unwritable(f"`{expression}` is no plain placeholder")
    name = _BRACKETS.sub(r".\1", found["name"])
    if name.startswith("ask."):
        return Blank(name.removeprefix("ask."))
    fallback: str | None = None
    filters: list[str] = []
    for called in _FILTER.finditer(found["filters"]):
        argument = called[2] if called[2] is not None else called[3]
        if called[1] == "default" and argument is not None and fallback is None and not filters:
            fallback = argument
        elif called[1] in SAME_FILTERS and argument is None and fallback is None:
            filters.append(called[1])
        else:
            raise Unwritable(f"the filter `{called[1]}` has no counterpart")
    return Value(name, fallback, tuple(filters))


def _with_fallbacks(segments: Sequence[Segment]) -> list[Segment]:
    """Make `if x … x … else text endif`, which is how a fallback with quotes is written, one value again."""
    result: list[Segment] = []
    index = 0
    while index < len(segments):
        match segments[index : index + 5]:
            case [
                Control("if", asked),
                Value(name, None, filters),
                Control("else", ""),
                Text(text),
                Control("endif", ""),
            ] if asked == path(name):
                result.append(Value(name, text, filters))
                index += 5
            case _:
                result.append(segments[index])
                index += 1
    return result


def plain(text: str) -> str:
    """Return text from outside, cleaned, with line ends made one kind and nothing that could pose as a blank."""
    return without_slots(clean_text(text.replace("\r\n", "\n").replace("\r", "\n")))
