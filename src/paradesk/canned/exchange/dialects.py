"""The placeholder syntaxes of the tools: text of theirs into segments of ours, and segments into text of theirs."""

import re
from collections.abc import Callable, Sequence

from paradesk.canned.exchange import aliases
from paradesk.canned.exchange.liquid import (
    SAME_FILTERS,
    Blank,
    Control,
    Segment,
    Text,
    Unwritable,
    Value,
    joined,
    path,
)
from paradesk.canned.placeholders import known

Report = Callable[[str, str], None]
"""Takes a code and a sentence about a placeholder that did not go over as it was."""

LIQUID = ("zendesk", "csv")
"""Dialects in which `{% … %}` is Liquid."""

BRACES = (*LIQUID, "chatwoot", "chatwoot-macros", "intercom", "rocketchat", "gorgias")
"""Dialects that write `{{ name }}`."""


class Refused(ValueError):
    """A text would run something, or cannot be understood well enough to be sent to anybody."""


_NAME = r"[A-Za-z_][\w-]*(?:\.[\w-]+)*"
_BRACED = re.compile(r"\{\{(.{0,300}?)\}\}|\{%(.{0,300}?)%\}", re.S)
# Bounded, so that a text of nothing but openings is read in linear time.
_SYNTAX = {
    "livechat": re.compile(r"%([A-Za-z][A-Za-z0-9_.]{1,40})%"),
    "livehelperchat": re.compile(r"\{([A-Za-z_][\w.]{0,80})\}"),
    "helpscout": re.compile(r"\{%\s*([A-Za-z][\w.]*)\s*(?:,\s*fallback=(.{0,300}?))?\s*%\}", re.S),
}
_TAG = re.compile(r"-?\s*(\w*)\s*(.*?)\s*-?", re.S)
_CONDITIONS = ("if", "elsif", "else", "endif", "unless", "endunless")
_WORDS = frozenset(("and", "or", "contains", "true", "false", "nil", "null"))
_EXPRESSION = re.compile(rf"'[^']*'|\"[^\"]*\"|{_NAME}(?:\['[^']*'\])?")
_CALL = re.compile(
    rf"(?P<name>{_NAME}(?:\['[^']*'\])?)\s*"
    r"(?:\|\|\s*(?P<other>'[^']*'|\"[^\"]*\"|[^|'\"]+?)|(?P<filters>(?:\|(?!\|).*)?))",
    re.S,
)
_FILTER = re.compile(r"\|\s*(\w+)\s*(?::\s*('[^']*'|\"[^\"]*\"))?\s*", re.S)
_LOOKUP = re.compile(r"[A-Za-z_][\w.-]*\[[^\s\[\]]{1,60}\][\w.\[\]'\"-]*")
_FOREIGN = re.compile(r"\{!\$?[\w.]+\}|%\{[\w.,:]+\}|#\{[\w.]+\}|\{%[\w.]+(?:,fallback=[^%]*)?%\}|&\(\(")


def parse(dialect: str, text: str, report: Report) -> list[Segment]:
    """Take a text apart. What is unknown becomes a blank and is reported; raises `Refused` for what must not come in."""
    if dialect in BRACES:
        if dialect == "zendesk" and "&((" in text and "))&" in text:
            raise Refused("it is a WhatsApp template, which only Zendesk can send")
        return joined(_braced(dialect, text, report))
    if dialect == "espanso":  # which knows nothing of customers: its variables are read elsewhere
        return joined([Text(text)])
    segments: list[Segment] = []
    at = 0
    for found in _SYNTAX[dialect].finditer(text):
        segments.append(Text(text[at : found.start()]))
        at = found.end()
        fallback = found[2] if dialect == "helpscout" else None
        segments.append(_named(dialect, found[1], fallback, (), report))
    return joined([*segments, Text(text[at:])])


def _braced(dialect: str, text: str, report: Report) -> list[Segment]:
    segments: list[Segment] = []
    at = 0
    for found in _BRACED.finditer(text):
        inner, tag = found[1], found[2]
        within = inner if tag is None else tag
        trims = dialect in LIQUID and within.strip("-").strip() != ""
        left, right = trims and within.startswith("-"), trims and within.endswith("-")
        if tag is not None:
            if dialect not in LIQUID:
                continue
            segment: Segment | None = _control(dialect, tag)
        else:
            segment = _braces(dialect, inner.removeprefix("-").removesuffix("-") if trims else inner, report)
        if segment is not None:
            before = text[at : found.start()]
            segments += [Text(before.rstrip() if left else before), segment]
            at = found.end()
            if right:  # a dash takes the white space on its side away
                at += len(text) - at - len(text[at:].lstrip())
    return [*segments, Text(text[at:])]


def _braces(dialect: str, inner: str, report: Report) -> Segment | None:
    """Read what stands between two pairs of braces; None where the tool itself would take it for text."""
    if dialect == "rocketchat" and inner != inner.strip():
        return None
    called = _CALL.fullmatch(inner.strip())
    if called is None:
        if not inner.strip() or (dialect in ("rocketchat", "csv") and not _LOOKUP.fullmatch(inner.strip())):
            return None
        report("unknown-placeholder", f"`{{{{{inner}}}}}` is more than a placeholder and became a blank")
        return Blank(inner)
    name = called["name"]
    if (other := called["other"]) is not None:
        return _named(dialect, name, _unquoted(other.strip()), (), report)
    fallback: str | None = None
    filters: list[str] = []
    rest = called["filters"] or ""
    for part in _FILTER.finditer(rest):
        word, argument = part[1], part[2]
        if word in ("default", "fallback") and argument is not None and fallback is None and not filters:
            fallback = _unquoted(argument)
        elif word in SAME_FILTERS and argument is None and fallback is None:
            filters.append(word)
        else:
            break
    if _FILTER.sub("", rest).strip() or len(filters) + (fallback is not None) != len(_FILTER.findall(rest)):
        report("unknown-filter", f"`{{{{{inner}}}}}` changes its value in a way that we have not; it became a blank")
        return Blank(name)
    return _named(dialect, name, fallback, tuple(filters), report)


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"" else text


def _named(dialect: str, name: str, fallback: str | None, filters: tuple[str, ...], report: Report) -> Segment:
    ours = our_name(dialect, name)
    if ours.startswith("ask."):
        return Blank(ours.removeprefix("ask."))
    if ours:
        if dialect == "livechat":
            report("unconfirmed-placeholder", f"`%{name}%` was taken for {ours}; LiveChat does not publish its names")
        return Value(ours, fallback, filters)
    why = (
        "Zendesk's dynamic content has texts of its own" if name.startswith("dc.") else "nothing of ours has this value"
    )
    report("unknown-placeholder", f"`{name}` became a blank: {why}")
    return Blank(name)


def our_name(dialect: str, name: str) -> str:
    """Return our name for theirs, or an empty string. In plain CSV our own names count, then any tool's."""
    if dialect != "csv":
        return aliases.ours(dialect, name)
    dotted = name.replace("['", ".").replace("']", "")
    root, _, field = dotted.partition(".")
    parts = [root, *field.split(".", 1)] if field.startswith("attributes.") else [root, field]
    if field and known(parts):
        return dotted
    found = {aliases.ours(tool, name) for tool in BRACES if tool != "intercom"} - {""}
    found = found or {aliases.ours("intercom", name)} - {""}
    return found.pop() if len(found) == 1 else ""


def _control(dialect: str, tag: str) -> Control:
    found = _TAG.fullmatch(tag)
    word, expression = (found[1], found[2]) if found else ("", "")
    if word not in _CONDITIONS:
        raise Refused(
            f"it has `{{% {word} %}}`; only conditions (if, unless) can come over, nothing that loops or computes"
        )

    def translated(part: re.Match[str]) -> str:
        if part[0][0] in "'\"" or part[0] in _WORDS:
            return part[0]
        ours = our_name(dialect, part[0])
        if not ours:
            raise Refused(f"it has a condition on `{part[0]}`, which we do not know")
        return path(ours)

    return Control(word, _EXPRESSION.sub(translated, expression))


def foreign(text: str) -> list[str]:
    """Return what looks like a placeholder of yet another tool, for a warning."""
    return list(dict.fromkeys(_FOREIGN.findall(text)))


def write(dialect: str, segments: Sequence[Segment]) -> str:
    """Write segments in a tool's syntax. Raises `Unwritable` unless reading the result gives the same segments."""
    text = "".join(_written(dialect, segment) for segment in segments)
    reports: list[str] = []
    try:
        again = parse(dialect, text, lambda code, _: reports.append(code))
    except Refused as error:
        raise Unwritable("the text would be read as something else there") from error
    unexpected = [code for code in reports if code != "unconfirmed-placeholder"]
    if unexpected or again != joined(segments):
        raise Unwritable("the text would be read as something else there")
    return text


def _written(dialect: str, segment: Segment) -> str:
    match segment:
        case Text(text):
            return text
        case Blank(label):
            raise Unwritable(f"the blank `{label}` has no counterpart")
        case Control(tag, expression):
            if dialect != "zendesk":
                raise Unwritable("it has conditions")
            return "{% " + f"{tag} {_EXPRESSION.sub(_their_operand, expression)}".strip() + " %}"
    name = aliases.theirs(dialect, segment.name)
    if not name:
        raise Unwritable(f"`{segment.name}` has no counterpart")
    if segment.filters and dialect != "zendesk":
        raise Unwritable("it has filters")
    return _placeholder(dialect, name, segment.fallback, segment.filters)


def _their_operand(part: re.Match[str]) -> str:
    if part[0][0] in "'\"" or part[0] in _WORDS:
        return part[0]
    name = aliases.theirs("zendesk", part[0].replace("['", ".").replace("']", ""))
    if not name:
        raise Unwritable(f"`{part[0]}` has no counterpart")
    return name


def _placeholder(dialect: str, name: str, fallback: str | None, filters: tuple[str, ...]) -> str:
    quoted = "" if fallback is None else f'"{fallback}"' if '"' not in fallback else f"'{fallback}'"
    match dialect:
        case "livechat" | "rocketchat" | "livehelperchat" if fallback is not None:
            raise Unwritable("it has a fallback, for which there is no place")
        case "livechat":
            return f"%{name}%"
        case "livehelperchat":
            return f"{{{name}}}"
        case "rocketchat":
            return f"{{{{{name}}}}}"
        case "helpscout":
            return f"{{%{name}{'' if fallback is None else f',fallback={fallback}'}%}}"
        case "chatwoot" | "chatwoot-macros":
            quoted = f"'{fallback}'" if fallback is not None and "'" not in fallback else quoted
            return f"{{{{ {name}{'' if fallback is None else f' || {quoted}'} }}}}"
        case "intercom":
            return f"{{{{{name}{'' if fallback is None else f' | fallback: {quoted}'}}}}}"
    chain = "".join(f" | {word}" for word in filters)
    return f"{{{{ {name}{chain}{'' if fallback is None else f' | default: {quoted}'} }}}}"
