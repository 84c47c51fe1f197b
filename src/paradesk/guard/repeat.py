"""Was this, or nearly this, sent here already? Pressed twice, pasted twice, answered twice."""

from collections.abc import Sequence

from rapidfuzz import fuzz

from paradesk.core.model import Delivery, Message, Role
from paradesk.guard.passages import read, said_to_customer, words
from paradesk.guard.situation import Situation, quoted
from paradesk.guard.verdict import Check, Finding, Severity

_LOOK_BACK = 30
"""Messages of the chat that are looked at, the newest."""
_DAY = 86_400.0
_TWICE = 60.0
"""Seconds within which the same text again is a key or a paste too many."""
_NEARLY = 92.0
"""Likeness in per cent from which on two texts are nearly the same."""
_LONG_ENOUGH = 20
"""Characters from which on a text can be nearly the same as another."""
_SHORTEST = 12
"""Characters of words below which a text is an acknowledgement, which is said again and again."""
_SOON = 5.0
"""Seconds within which even an acknowledgement twice is one too many, and a line of the customer's only crossed it."""


def repeat(of: Situation) -> Finding | None:
    """Object to a text that this agent has sent here of late, while the customer has written nothing since.

    What is said again in answer to another line is meant: the recorded agents do that in one reply of thirty.
    """
    draft = words(of.draft.text)
    if not draft:
        return None
    acknowledges = sum(map(len, draft)) < _SHORTEST
    answered = False
    for looked, message in enumerate(reversed(of.here.transcript)):
        age = max(0.0, of.now - message.sent_at)
        if looked >= _LOOK_BACK or age > (_SOON if answered else _DAY):
            break
        if not said_to_customer(message):
            continue
        answered = answered or message.role is Role.CUSTOMER
        if not of.is_own(message):
            continue
        sent = read(message.body)[0]
        if sent == draft and age <= (_SOON if acknowledges or answered else _TWICE):
            return _finding(message, Severity.ASK, "the same was sent here a moment ago", 0.9)
        if answered or acknowledges:
            continue
        if sent == draft:
            return _finding(message, Severity.HOLD, f"the same was sent here {_since(age)}", 0.6)
        if len(of.draft.text) >= _LONG_ENOUGH and _alike(draft, sent):
            return _finding(message, Severity.HOLD, f"nearly the same was sent here {_since(age)}", 0.4)
    return None


def _alike(draft: tuple[str, ...], sent: tuple[str, ...]) -> bool:
    """Tell whether two texts differ in their wording only; other numbers are another message."""
    if not sent or not 0.5 < len(draft) / len(sent) < 2 or _numbers(draft) != _numbers(sent):
        return False
    one, other = " ".join(draft), " ".join(sent)
    if fuzz.ratio(one, other, score_cutoff=_NEARLY) >= _NEARLY:
        return True
    return fuzz.token_sort_ratio(one, other, score_cutoff=_NEARLY) >= _NEARLY


def _numbers(found: Sequence[str]) -> list[str]:
    return sorted(word for word in found if any(char.isdigit() for char in word))


def _finding(message: Message, severity: Severity, reason: str, risk: float) -> Finding:
    if message.delivery is Delivery.UNCERTAIN:
        reason += ", unclear whether it arrived"
    return Finding(
        check=Check.REPEAT,
        severity=severity,
        reason=reason,
        evidence=(quoted(message.body),),
        risk=risk,
        message_id=message.id,
    )


def _since(age: float) -> str:
    if age < 90:
        return f"{age:.0f} s ago"
    return f"{age / 60:.0f} min ago" if age < 5400 else f"{age / 3600:.0f} h ago"
