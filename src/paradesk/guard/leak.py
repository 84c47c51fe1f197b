"""Does the draft hold a detail of another open chat which was never mentioned in this one?"""

import re
from collections.abc import Sequence

from paradesk.core.text import clean_line
from paradesk.guard.chat_view import ChatView
from paradesk.guard.experience import Experience
from paradesk.guard.verdict import Check, Draft, Finding, GuardSettings, Severity
from paradesk.guard.words import Value, ValueKind, read, values, word_id

THRESHOLD = 7.5
"""Evidence (logarithm) from which on the guard objects, at a sensitivity of 0.5; `benchmarks.guard --tune` derives it."""
_PER_SENSITIVITY = 8.0
_CAUTION = 1.5
"""So much more before anything was learnt; details that identify a customer are above it at once."""
_CERTAIN = 30.0
"""Evidence of a detail that identifies one customer or case."""
_IDENTIFYING = frozenset({ValueKind.EMAIL, ValueKind.PHONE, ValueKind.CODE})
_CASE = (ValueKind.CODE, ValueKind.NUMBER, ValueKind.PHONE)
_OF_THE_RECORD = {
    "name": (ValueKind.NAME,),
    "e-mail": (ValueKind.EMAIL,),
    "phone": (ValueKind.PHONE, ValueKind.CODE),
    "ticket": _CASE,
    "order": _CASE,
    "tracking": _CASE,
}
"""Fields of a record that belong to a single customer, and what a value in them looks like."""
_SHORTEST_NAME = 3
_SHORTEST_NUMBER = 4
"""Digits from which on a number counts as one of a case; a shorter one needs its `#`."""
_ADDRESS = re.compile(
    r"\b(?:hi|hello|hey|dear|hallo|liebe[r]?|herrn?|frau|mr|mrs|ms|thanks|danke)\b\.?,?\s+(?P<greeted>[^\W\d_]{3,})"
    r"|(?:^|[.!?\n]\s{0,3})(?P<called>[^\W\d_]{3,}),",
    re.IGNORECASE,
)
_BEGINNING = 2_000
_FRESH = Experience(bits=1)


def evidence(
    draft: Draft, here: ChatView, other: ChatView, experience: Experience
) -> tuple[float, list[tuple[float, str, Value]]]:
    """Return how strongly details speak for `other`, and those details, the strongest first, each with its kind in words."""
    runs: dict[int, float] = {}
    found: list[tuple[float, str, Value]] = []
    own = _names(here)
    reply = experience.wording(read(draft.text))
    for value in (*values(draft.text), *_addressed(draft.text)):
        at_home = not here.terms.isdisjoint(value.forms) or not own.isdisjoint(value.forms)
        there = not other.terms.isdisjoint(value.forms)
        if at_home == there:
            continue
        strength = experience.echo(value, reply)[0]
        if at_home and value.run < 0:
            continue
        if at_home:
            runs[value.run] = min(-min(strength, _CERTAIN), runs.get(value.run, 0.0))
            continue
        label = _field(value, other)
        if value.run < 0 and not label:
            continue
        if (label or value.kind in _IDENTIFYING) and not experience.common(value):
            strength = _CERTAIN if label or value.kind is not ValueKind.CODE else max(strength, _CERTAIN / 2)
        runs[value.run] = max(strength, runs.get(value.run, 0.0))
        found.append((strength, label, value))
    found.sort(key=lambda one: -one[0])
    return sum(runs.values()), found


def leak(
    draft: Draft,
    here: ChatView,
    others: Sequence[ChatView],
    settings: GuardSettings,
    experience: Experience | None = None,
) -> Finding | None:
    """Return an objection to a draft with details of another open chat, or None. Never raises for any text.

    A detail that was said here, stands in this customer's record, or that the agent sends to everybody, is fine.
    """
    experience = experience or _FRESH
    limit = THRESHOLD + (0.5 - settings.sensitivity) * _PER_SENSITIVITY + _CAUTION * experience.newness
    best: tuple[float, list[tuple[float, str, Value]], ChatView] | None = None
    for other in others:
        strength, found = evidence(draft, here, other, experience)
        if found and strength >= limit and (best is None or strength > best[0]):
            best = strength, found, other
    if best is None:
        return None
    strength, found, other = best
    names = names_of(draft.text, found)
    label = found[0][1]
    return Finding(
        check=Check.LEAK,
        severity=Severity.ASK,
        reason=f"names {_WORDS.get(label, '')}{' and '.join(names[:2] if sum(map(len, names[:2])) < 40 else names[:1])}",
        meant=other.conversation_id,
        evidence=tuple(names),
        risk=min(1.0, 0.5 + (strength - limit) / 20),
    )


_WORDS = {"order": "order ", "ticket": "ticket ", "tracking": "tracking number ", "phone": "phone number "}


def names_of(text: str, found: Sequence[tuple[float, str, Value]]) -> list[str]:
    """Return the details as they stand in the text, the words of one name together, the strongest first."""
    by_run: dict[int, list[str]] = {}
    for _, _, value in found:
        by_run.setdefault(value.run, []).append(value.text)
    phrases = [clean_line(" ".join(sorted(words, key=text.find)), 30) for words in by_run.values()]
    return list(dict.fromkeys(phrase for phrase in phrases if phrase))


def _field(value: Value, view: ChatView) -> str:
    """Return the field of the record that this value is, if it is one that belongs to a single customer."""
    written = value.text.startswith("#") or len(value.forms[0]) >= _SHORTEST_NUMBER
    for name, text in view.record_fields:
        kinds = _OF_THE_RECORD.get(name, ())
        if value.kind not in kinds or read(text).terms.isdisjoint(value.forms):
            continue
        if len(value.forms[0]) >= _SHORTEST_NAME if value.kind is ValueKind.NAME else written:
            return name
    return ""


def _addressed(text: str) -> list[Value]:
    """Return who is addressed: the word after a greeting, or before the first comma of a sentence, however it is written."""
    found = []
    for number, match in enumerate(_ADDRESS.finditer(text[:_BEGINNING])):
        name = match["greeted"] or match["called"]
        found.append(Value(name, ValueKind.NAME, (name.lower(),), word_id("addressed"), -1 - number))
    return found


def _names(view: ChatView) -> frozenset[str]:
    """Return the words of the name of whoever answers here: no detail of any customer."""
    assignee = view.record.assignee if view.record is not None else None
    return read(assignee.name).terms if assignee is not None else frozenset()
