"""What became of a verdict: the agent's decision, as it is counted, and the near misses that are kept for the agent."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from paradesk.core.model import ConversationId
from paradesk.core.text import clean_line, clean_text
from paradesk.guard.secret import masked
from paradesk.guard.verdict import Check, Finding, Verdict

REPLIES = "replies"
"""The name under which every reply is counted once, whatever the checks said."""
FAULT = "fault"
"""The outcome of a check that failed inside."""
KEPT_CHARACTERS = 2_000
"""Characters of a reply that are kept with a near miss."""


class Outcome(StrEnum):
    """What the agent did about a verdict."""

    CLEAN = "clean"
    """Nothing: the guard found nothing."""
    SENT = "sent"
    """Sent all the same: after the question, or the delay ran out."""
    MOVED = "moved"
    """Moved the draft to the chat that was meant."""
    EDITED = "edited"
    """Changed the draft until the guard had nothing against it, and sent it."""
    TAKEN_BACK = "taken_back"
    """Took the reply back before it left, or gave the draft up."""


_SAVED = frozenset({Outcome.MOVED, Outcome.EDITED, Outcome.TAKEN_BACK})
_NO_MISS = frozenset({Check.LATE})
"""Checks that show something; nothing went wrong when the agent then thought again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A verdict and what the agent made of it."""

    at: float
    """Unix seconds."""
    conversation_id: ConversationId
    """Whom the reply would have gone to."""
    verdict: Verdict
    outcome: Outcome
    text: str = ""
    """The reply, as it stood when the guard spoke."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """A reply that would have gone wrong. Kept on this machine, for the agent alone."""

    at: float
    conversation_id: ConversationId
    customer: str
    """Who would have got it, by name and number."""
    meant: ConversationId | None
    meant_customer: str
    check: Check
    reason: str
    evidence: tuple[str, ...]
    outcome: Outcome
    text: str
    """Cleaned, secrets masked, at most `KEPT_CHARACTERS`."""


def counted(decision: Decision) -> Iterator[tuple[str, str]]:
    """Yield what a decision adds one to: the name of a check, or `REPLIES`, and the outcome."""
    yield REPLIES, decision.outcome.value
    for check in dict.fromkeys(check for finding in decision.verdict.findings for check in finding.checks):
        yield check.value, decision.outcome.value
    for check in decision.verdict.faults:
        yield check.value, FAULT


def near_miss(decision: Decision, customer: str, meant_customer: str) -> NearMiss | None:
    """Return what is kept of a decision, or None where nothing nearly went wrong."""
    finding = _worst(decision.verdict)
    if finding is None or decision.outcome not in _SAVED:
        return None
    return NearMiss(
        at=decision.at,
        conversation_id=decision.conversation_id,
        customer=clean_line(customer),
        meant=finding.meant,
        meant_customer=clean_line(meant_customer),
        check=finding.check,
        reason=clean_line(finding.reason, 80),
        evidence=tuple(clean_line(piece, 40) for piece in finding.evidence[:5]),
        outcome=decision.outcome,
        text=clean_text(masked(decision.text), KEPT_CHARACTERS),
    )


def meant_by(decision: Decision) -> ConversationId | None:
    """Return the chat that the draft was meant for, as far as the guard knows."""
    finding = _worst(decision.verdict)
    return None if finding is None else finding.meant


def vanished(before: Verdict, after: Verdict) -> Verdict:
    """Return what the first verdict found and the second does not find any more, after the draft was edited."""
    left = {(check, finding.meant) for finding in after.findings for check in finding.checks}
    return Verdict(tuple(one for one in before.findings if not any((check, one.meant) in left for check in one.checks)))


def _worst(verdict: Verdict) -> Finding | None:
    return next((finding for finding in verdict.findings if finding.check not in _NO_MISS), None)
