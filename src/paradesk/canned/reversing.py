"""Turning a sent reply back into a template: what is known of the customer becomes a placeholder again."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from paradesk.canned.engine import value_text

_SKIPPED = frozenset(
    {
        *("customer.language", "customer.id", "conversation.id", "conversation.channel", "conversation.status"),
        *("conversation.priority", "conversation.queue", "order.status"),
    }
)
"""Names whose values are common words, or mean nothing to a customer."""

_FIRST = ("customer.", "order.", "conversation.", "agent.", "assignee.")
_SHORTEST = 2


@dataclass(frozen=True, slots=True)
class Replacement:
    """A value that was found in the text, and the placeholder that stands there now."""

    value: str
    placeholder: str
    """A dotted name, such as `customer.first_name`."""
    count: int


def to_template(text: str, context: Mapping[str, object]) -> tuple[str, tuple[Replacement, ...]]:
    """Return the text with every known value as a placeholder, and what was replaced, in the order of the text.

    `context` comes from `context_for`. A value counts only as whole words and only as it is written; longer values come
    first, so that a full name is not taken for a first name and a rest.
    """
    names: dict[str, str] = {}
    for name, value in _values(context):
        if name not in _SKIPPED and len(value) >= _SHORTEST and any(char.isalnum() for char in value):
            names.setdefault(value, name)
    if not names:
        return text, ()
    longest = sorted(names, key=lambda value: -len(value))
    pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)")
    counts: dict[str, int] = {}

    def placeholder(found: re.Match[str]) -> str:
        counts[found[0]] = counts.get(found[0], 0) + 1
        return f"{{{{ {names[found[0]]} }}}}"

    template = pattern.sub(placeholder, text)
    return template, tuple(Replacement(value, names[value], count) for value, count in counts.items())


def _values(context: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for root, fields in context.items():
        if isinstance(fields, Mapping):
            for key, value in fields.items():
                below = value.items() if isinstance(value, Mapping) else [("", value)]
                for inner, single in below:
                    name = f"{root}.{key}.{inner}" if inner else f"{root}.{key}"
                    if (text := value_text(single)) is not None and re.fullmatch(r"[\w.]+", name):
                        found.append((name, text))
    # The customer's own comes before the agent's, where both are called the same.
    order = {prefix: place for place, prefix in enumerate(_FIRST)}
    # And the first name before the name, where somebody has only one: a greeting is what it mostly stands in.
    found.sort(key=lambda item: (order.get(f"{item[0].partition('.')[0]}.", len(order)), item[0].endswith(".name")))
    yield from found
