"""espanso packages: `matches` in YAML, text only. Nothing in them is ever run; what would need that is refused.

Published at espanso.org/docs/matches and in espanso's `schemas/match.schema.json`. Read with PyYAML's parser, from
which only text, lists and tables are taken: no tag of YAML makes an object.
"""

import json
import re
from collections.abc import Mapping, Sequence

from paradesk.canned.exchange import espanso_yaml
from paradesk.canned.exchange.collecting import Collector, Record, as_words, identity, sorted_words
from paradesk.canned.exchange.espanso_yaml import Node
from paradesk.canned.exchange.exporting import Exporter
from paradesk.canned.exchange.format import Format
from paradesk.canned.exchange.liquid import Blank, Segment, Text, joined, plain
from paradesk.canned.exchange.records import Exported, Imported, PortableResponse
from paradesk.canned.exchange.source import BadSource, Source

REFUSED = ("shell", "script", "form", "clipboard", "random", "date")
"""Kinds of variables that run something, ask something, or come out differently each time."""

_INERT = frozenset(("word", "left_word", "right_word", "propagate_case", "uppercase_style", "force_mode", "paragraph"))
_KNOWN = _INERT | {
    "trigger",
    "triggers",
    "replace",
    "label",
    "search_terms",
    "vars",
    "html",
    "markdown",
    "comment",
    "anchor",
}
_VARIABLE = re.compile(r"\{\{\s*([\w.-]{1,80})\s*\}\}")
_CURSOR = "$|$"
_MAX_DEPTH = 5


class _Refused(ValueError):
    """A match that cannot become a response."""


def recognises(source: Source) -> bool:
    """Tell whether the file looks like an espanso package, without parsing it."""
    return not source.looks_like_json and re.search(r"^matches:", source.text, re.M) is not None


def read(source: Source, language: str) -> Imported:
    """Read the matches of a package."""
    document = espanso_yaml.load(source.text)
    matches = document.get("matches")
    if not isinstance(matches, list):
        raise BadSource("", "bad-shape", "there is no list `matches`", "Give the package.yml of an espanso package.")
    collector = Collector("csv", language)
    for name in ("imports", "includes"):
        if name in document:
            collector.remark(name, "field", f"`{name}` names other files, which are not read", level="changed")
    package = _Package(matches, document.get("global_vars"))
    for match in matches:
        if isinstance(match, dict):
            _match(collector, package, match)
        else:
            collector.leave_out(f"line {espanso_yaml.line(match)}", "bad-shape", "this match is no table")
    return collector.result()


class _Package:
    """What a match may refer to: the variables of the whole file, and other matches by their trigger."""

    def __init__(self, matches: list[Node], variables: Node | None) -> None:
        self.variables = _variables(variables)
        self._matches = {
            str(trigger): match for match in matches if isinstance(match, dict) for trigger in _triggers(match)
        }

    def expand(self, match: Mapping[str, Node], depth: int = 0) -> tuple[list[Segment], list[tuple[str, str]]]:
        """Return a match's text as segments, and remarks (code, sentence). Raises `_Refused`."""
        if depth > _MAX_DEPTH:
            raise _Refused("its matches refer to each other in a circle, or too deeply")
        text = plain(_text(match))
        variables = {**self.variables, **_variables(match.get("vars"))}
        segments: list[Segment] = []
        remarks: list[tuple[str, str]] = []
        at = 0
        for found in _VARIABLE.finditer(text):
            segments.append(Text(_unescaped(text[at : found.start()])))
            at = found.end()
            inner, told = self._variable(found[1], variables, depth)
            segments += inner
            remarks += told
        return joined([*segments, Text(_unescaped(text[at:]))]), remarks

    def _variable(
        self, name: str, variables: Mapping[str, Mapping[str, Node]], depth: int
    ) -> tuple[list[Segment], list[tuple[str, str]]]:
        variable = variables.get(name.partition(".")[0])
        if variable is None:
            return [Blank(name)], [("unknown-placeholder", f"`{name}` is no variable of this file and became a blank")]
        kind = str(variable.get("type", "global"))
        found = variable.get("params")
        given: Mapping[str, Node] = found if isinstance(found, dict) else {}
        if kind in REFUSED:
            raise _Refused(f"its variable `{name}` is of the kind `{kind}`, which is never run here")
        if kind == "echo":
            return [Text(plain(str(given.get("echo", ""))))], []
        if kind == "choice":
            values = given.get("values")
            shown = ", ".join(_choice(value) for value in values) if isinstance(values, list) else ""
            return [Blank(name)], [("choice", f"`{name}` became a blank; its choices were: {shown}")]
        if kind == "match":
            other = self._matches.get(str(given.get("trigger", "")))
            if other is None:
                raise _Refused(f"its variable `{name}` refers to a match that is not in this file")
            return self.expand(other, depth + 1)
        raise _Refused(f"its variable `{name}` is of the kind `{kind}`, which is not known here")


def _choice(value: Node) -> str:
    return str(value.get("label", value.get("id", ""))) if isinstance(value, dict) else str(value)


def _variables(node: Node | None) -> dict[str, Mapping[str, Node]]:
    found = node if isinstance(node, list) else []
    return {str(variable["name"]): variable for variable in found if isinstance(variable, dict) and "name" in variable}


def _triggers(match: Mapping[str, Node]) -> list[str]:
    several = match.get("triggers")
    found = several if isinstance(several, list) else [match.get("trigger")]
    return [str(trigger) for trigger in found if isinstance(trigger, str) and trigger]


def _text(match: Mapping[str, Node]) -> str:
    for key in ("replace", "markdown", "html"):
        if isinstance(value := match.get(key), str):
            return value
    return ""


def _unescaped(text: str) -> str:
    return text.replace(_CURSOR, "").replace(r"\{\{", "{{").replace(r"\}\}", "}}")


def _match(collector: Collector, package: _Package, match: Mapping[str, Node]) -> None:
    place = f"line {espanso_yaml.line(match)}"
    triggers = _triggers(match)
    label = str(match.get("label", ""))
    name = label or (triggers[0] if triggers else str(match.get("regex", "a match")))
    for key, why in (("form", "is a form"), ("image_path", "is a picture"), ("regex", "depends on what is typed")):
        if key in match:
            collector.leave_out(place, "refused", f"`{name}` {why} (`{key}`)")
            return
    try:
        segments, remarks = package.expand(match)
    except _Refused as error:
        collector.leave_out(place, "refused", f"`{name}`: {error}", "Write it anew as a response of your own.")
        return
    for code, message in remarks:
        collector.remark(place, code, message, level="changed")
    if _CURSOR in _text(match):
        collector.remark(place, "cursor", f"`{name}` put the cursor into the text; the mark is gone")
    if unknown := sorted(match.keys() - _KNOWN):
        collector.remark(place, "field", f"`{name}`: {', '.join(unknown)} is left away", level="changed")
    terms = match.get("search_terms")
    tags, labels = sorted_words(str(term) for term in terms) if isinstance(terms, list) else ({}, ())
    shortcuts = [trigger.lstrip(":;/!#") or trigger for trigger in triggers]
    html = "html" in match and "replace" not in match and "markdown" not in match
    collector.add(
        Record(
            place=place,
            title=label or (shortcuts[0] if shortcuts else ""),
            texts={"": _text(match) if html and not _VARIABLE.search(_text(match)) else segments},
            html=html and not _VARIABLE.search(_text(match)),
            shortcut=shortcuts[0] if shortcuts else "",
            tags=tags,
            labels=(*shortcuts[1:], *labels),
        )
    )


def write(responses: Sequence[PortableResponse], language: str) -> Exported:
    """Write a package without variables: espanso knows no customer, so only texts without placeholders can go."""
    exporter = Exporter("espanso", language, ("title", "tags", "labels", "shortcut"))
    lines = ["# Written by `paradesk canned export --to espanso`.", "matches:"]
    for response in responses:
        for text in exporter.texts(response).values():
            if _CURSOR in text or r"\{\{" in text or r"\}\}" in text:
                exporter.remark(response, "unwritable", "left out: espanso would read a mark in its text", "left-out")
                continue
            if identity(response.title) != response.id:
                exporter.remark(response, "lost-id", f"it would come back as `{identity(response.title)}`")
            found = {
                "trigger": f":{response.shortcut or response.id}",
                "label": response.title,
                "replace": text.replace("{{", r"\{\{").replace("}}", r"\}\}"),
            }
            quoted = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in found.items()]
            if terms := as_words(response):
                quoted.append(f"search_terms: {json.dumps(terms, ensure_ascii=False)}")
            lines += [f"  {'-' if index == 0 else ' '} {line}" for index, line in enumerate(quoted)]
    if len(lines) == 2:
        lines[1] = "matches: []"
    return exporter.result("\n".join(lines) + "\n")


FORMAT = Format(
    name="espanso",
    title="espanso package (YAML), text only",
    suffixes=(".yml", ".yaml"),
    recognises=recognises,
    read=read,
    write=write,
)
