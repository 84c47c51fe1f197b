"""Does the draft answer another open chat far better than this one?

Each open chat gets a score for how well the draft belongs to it: a weighted sum of the evidence of `experience`. The
weights make the scores logarithms of odds, so that `log(sum(exp(others))) - here` says how much likelier it is that the
draft was meant for any of the others. A detail of the draft that another chat holds and this one does not adds to that
chat's score what the check `leak` makes of it, though it need not be enough for that check alone.
`python -m benchmarks.guard --tune` derives the weights and the threshold.
"""

import math
from collections.abc import Sequence

from paradesk.core.text import cell_width
from paradesk.guard.chat_view import ChatView
from paradesk.guard.experience import EVIDENCE, Experience
from paradesk.guard.leak import evidence as details_of
from paradesk.guard.leak import names_of
from paradesk.guard.verdict import Check, Draft, Finding, GuardSettings, Severity

WEIGHTS = {
    "after the last reply": 0.024,
    "after the last two replies": 0.067,
    "stage of the chat": 0.045,
    "question, for": 0.131,
    "question, against": 0.107,
    "question after the last reply": 0.056,
    "topic, for": 0.154,
    "topic, against": 0.082,
    "earlier replies, for": 0.102,
    "earlier replies, against": 0.119,
    "words after the last reply": 0.143,
    "words and earlier replies": 0.134,
    "customer waits": 0.919,
    "said before": 0.206,
    "values": 0.182,
    "values missing": 0.699,
    "words of the question": 0.445,
    "words of the customer": 0.154,
}
"""What a unit of each kind of evidence counts."""
THRESHOLD = 4.00
"""Logarithm of the odds from which on the guard objects, at a sensitivity of 0.5."""
_PER_SENSITIVITY = 6.0
_TUNED_FOR = 3
"""Other chats, while the threshold was found."""
_ALIKE, _MOST_ALIKE = 3.0, 0.6
"""So much more for each unit of likeness, and the likeness from which on it stays."""
_PER_DETAIL, _MOST_DETAIL = 0.35, 5.0
"""What a unit of a detail's evidence counts, and the evidence from which on it stays."""
_TELLS_APART = 0.5
"""A detail of this evidence tells two chats apart, however alike they are."""
_ASK_FROM = 1.0
"""So much above the threshold the agent is asked; below, the reply is only held."""

_REASONS = {
    "customer waits": "that customer waits for a reply, this one does not",
    "after the last reply": "follows what was said last in that chat",
    "after the last two replies": "follows what was said last in that chat",
    "words after the last reply": "follows what was said last in that chat",
    "question after the last reply": "answers what was asked in that chat",
    "question, for": "answers what was asked in that chat",
    "question, against": "does not answer what was asked here",
    "words of the question": "answers what was asked in that chat",
    "topic, for": "fits the subject of that chat",
    "topic, against": "strays from the subject here",
    "words of the customer": "fits the subject of that chat",
    "earlier replies, for": "fits the course of that chat",
    "earlier replies, against": "strays from the course of this chat",
    "words and earlier replies": "fits the course of that chat",
    "said before": "was said here already",
    "values": "names what was said in that chat",
    "values missing": "names what was said in that chat",
}

_WITH_WORDS = {
    "question, against": "fits the question there better",
    "topic, against": "fits the subject there better",
    "earlier replies, against": "fits the course of that chat better",
}
"""Reasons that say what speaks against this chat, put the other way round where words of the other can be named."""
_SAYS_ALL = frozenset({"customer waits", "said before"})
_REASON_CELLS = 60


def weigh(evidence: Sequence[float]) -> float:
    """Return the score of one chat."""
    return sum(map(float.__mul__, _WEIGHTS, evidence))


_WEIGHTS = tuple(WEIGHTS.get(name, 0.0) for name in EVIDENCE)


def log_odds(scores: Sequence[float]) -> float:
    """Return the logarithm of the odds of all but the first of these scores against the first."""
    here, *others = scores
    highest = max(others)
    return highest + math.log(sum(math.exp(score - highest) for score in others)) - here


def excess(
    scores: Sequence[float],
    details: Sequence[float],
    here: ChatView,
    others: Sequence[ChatView],
    experience: Experience,
) -> tuple[float, int]:
    """Return the logarithm of the odds beyond what chance explains, and the place of the likeliest among the others.

    `scores` are of this chat and the others, `details` of the others alone. Chance finds more among many chats, and between
    chats that are alike, unless a detail tells them apart.
    """
    capped = [min(_MOST_DETAIL, max(0.0, strength)) for strength in details]
    there = [score + _PER_DETAIL * strength for score, strength in zip(scores[1:], capped, strict=True)]
    best = max(range(len(others)), key=there.__getitem__)
    allowed = math.log(len(others) / _TUNED_FOR)
    if capped[best] <= _TELLS_APART:
        allowed += _ALIKE * min(_MOST_ALIKE, experience.likeness(here, others[best]))
    return log_odds((scores[0], *there)) - allowed, best


def fit(
    draft: Draft, here: ChatView, others: Sequence[ChatView], experience: Experience, settings: GuardSettings
) -> Finding | None:
    """Return an objection to a draft that fits one of the other open chats far better, or None.

    Never raises for any text. An empty draft, and a desk with one chat, are always fine.
    """
    if not others or not draft.text.strip():
        return None
    evidence = experience.evidence(draft.text, (here, *others))
    scores = [weigh(one) for one in evidence]
    details = [details_of(draft, here, other, experience) for other in others]
    found, best = excess(scores, [strength for strength, _ in details], here, others, experience)
    found -= THRESHOLD + (0.5 - settings.sensitivity) * _PER_SENSITIVITY
    if found < 0:
        return None
    meant = others[best]
    gains = {
        name: weight * (there - at_home)
        for name, weight, there, at_home in zip(EVIDENCE, _WEIGHTS, evidence[best + 1], evidence[0], strict=True)
    }
    decisive = max(gains, key=gains.__getitem__)
    named = names_of(draft.text, details[best][1])
    if named and _PER_DETAIL * min(_MOST_DETAIL, details[best][0]) >= gains[decisive]:
        return _finding(meant, found, f"names {named[0]}, and fits that chat better", named)
    words = experience.telling(draft.text, here, meant)
    reason = _REASONS.get(decisive, "fits that chat far better")
    if decisive not in _SAYS_ALL:
        reason = _with_words(_WITH_WORDS.get(decisive, reason) if words else reason, words)
    return _finding(meant, found, reason, words)


def _finding(meant: ChatView, found: float, reason: str, words: Sequence[str]) -> Finding:
    return Finding(
        check=Check.FIT,
        severity=Severity.ASK if found >= _ASK_FROM else Severity.HOLD,
        reason=reason,
        meant=meant.conversation_id,
        evidence=tuple(words),
        risk=1 / (1 + math.exp(-found - 1)) if found < 30 else 1.0,
    )


def _with_words(reason: str, words: Sequence[str]) -> str:
    """Return a reason with as many of the telling words as its line has room for."""
    for count in range(len(words), 0, -1):
        full = f"{reason} ({', '.join(words[:count])})"
        if cell_width(full) <= _REASON_CELLS:
            return full
    return reason
