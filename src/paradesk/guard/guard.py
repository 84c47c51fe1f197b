"""The guard's front: asks every check at the moment of sending and puts what they say into one verdict."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from paradesk.core.model import ConversationId, Visibility
from paradesk.core.state import State, Thread
from paradesk.guard.audience import audience
from paradesk.guard.explain import WRONG_CUSTOMER
from paradesk.guard.moment import late, switched, target
from paradesk.guard.passages import Passages
from paradesk.guard.provenance import provenance
from paradesk.guard.repeat import repeat
from paradesk.guard.secret import secret
from paradesk.guard.situation import Situation
from paradesk.guard.verdict import Check, Draft, Finding, GuardSettings, Severity, Verdict

MOST_FINDINGS = 5
_ORDER = {check: place for place, check in enumerate((*WRONG_CUSTOMER, Check.AUDIENCE, Check.SECRET, Check.LATE))}
"""What matters more comes first: the wrong customer, then what cannot be taken back, then what can be mended."""
_OF_NOTES = frozenset({Check.TARGET, Check.SWITCHED})
"""Checks that mean something for a note, which no customer reads and which may well speak of other chats."""
_log = logging.getLogger(__name__)


class LearnedChecks(Protocol):
    """The two checks that compare the draft with what is said in the chats."""

    def leak(self, draft: Draft, here: Thread, others: Sequence[Thread], settings: GuardSettings) -> Finding | None:
        """Object to a detail that belongs to another open chat and not to this one."""

    def fit(self, draft: Draft, here: Thread, others: Sequence[Thread], settings: GuardSettings) -> Finding | None:
        """Object to a draft that answers another open chat far better than this one."""


class Guard:
    """Asks whether a reply is about to go to the wrong customer, or to say what it should not. For one thread only."""

    def __init__(self, settings: GuardSettings, learned: LearnedChecks | None = None) -> None:
        """`learned` brings the checks `leak` and `fit`; without it these two say nothing."""
        self.settings = settings
        self._learned = learned
        self._passages = Passages()

    def look(self, draft: Draft, state: State, open_chats: Sequence[ConversationId], now: float) -> Verdict:
        """Return all findings on a draft, the gravest first. Never raises, whatever the draft and the chats say.

        `open_chats` are the conversations among which the agent could have mistaken one, `now` is in Unix seconds.
        """
        here = state.threads.get(draft.conversation_id)
        if not self.settings.enabled or here is None:
            return Verdict()
        others = tuple(
            state.threads[chat]
            for chat in dict.fromkeys(open_chats)
            if chat in state.threads and chat != draft.conversation_id
        )
        of = Situation(draft, here, others, state, self.settings, now, self._passages)
        found: list[Finding] = []
        faults: list[Check] = []
        for check, ask in self._checks(of):
            try:
                finding = ask()
            except Exception as error:
                # A check that is broken must neither stop the reply nor the other checks. Texts are not logged.
                _log.error("the guard's check %s failed: %s", check, type(error).__name__)
                faults.append(check)
                continue
            if finding is not None:
                found.append(_for_same_customer(of, finding))
        findings = tuple(sorted(_merged(found), key=_gravity)[:MOST_FINDINGS])
        held = any(finding.severity is Severity.HOLD for finding in findings)
        return Verdict(findings, self.settings.hold if held else 0.0, tuple(faults))

    def prepare(self, state: State, chats: Sequence[ConversationId]) -> None:
        """Read these chats now, so that the first look need not: at the first key of a draft, or when a chat opens."""
        for chat in chats:
            if (thread := state.threads.get(chat)) is not None:
                self._passages.of(thread)

    def _checks(self, of: Situation) -> Iterator[tuple[Check, Callable[[], Finding | None]]]:
        """Yield the checks that are on and that mean something for this draft."""
        learned = self._learned
        every: list[tuple[Check, Callable[[], Finding | None]]] = [
            (Check.TARGET, lambda: target(of)),
            (Check.SWITCHED, lambda: switched(of)),
            (Check.PROVENANCE, lambda: provenance(of)),
            (Check.AUDIENCE, lambda: audience(of)),
            (Check.SECRET, lambda: secret(of)),
            (Check.LATE, lambda: late(of)),
            (Check.REPEAT, lambda: repeat(of)),
        ]
        if learned is not None and of.others:
            every += [
                (Check.LEAK, lambda: learned.leak(of.draft, of.here, of.others, of.settings)),
                (Check.FIT, lambda: learned.fit(of.draft, of.here, of.others, of.settings)),
            ]
        for check, ask in every:
            if check in of.settings.checks and (of.draft.visibility is Visibility.PUBLIC or check in _OF_NOTES):
                yield check, ask


def _for_same_customer(of: Situation, finding: Finding) -> Finding:
    """Two tickets of one customer: nobody else would read it, so that a moment to take it back is enough."""
    there = None if finding.meant is None else of.state.threads.get(finding.meant)
    if there is None or finding.check in (Check.TARGET, Check.SWITCHED):
        return finding
    one, other = of.here.conversation, there.conversation
    if one.profile == other.profile and one.customer.id and one.customer.id == other.customer.id:
        return replace(finding, severity=Severity.HOLD)
    return finding


def _merged(found: Sequence[Finding]) -> list[Finding]:
    """Return the findings with those in one that say the same: for which other chat the draft is meant."""
    kept = [finding for finding in found if finding.check not in WRONG_CUSTOMER]
    by_chat: dict[ConversationId | None, list[Finding]] = {}
    for finding in found:
        if finding.check in WRONG_CUSTOMER:
            by_chat.setdefault(finding.meant, []).append(finding)
    for same in by_chat.values():
        first, *rest = sorted(same, key=_gravity)
        doubt = 1.0
        for finding in same:
            doubt *= 1.0 - min(1.0, max(0.0, finding.risk))
        kept.append(
            replace(
                first,
                also=tuple(finding.check for finding in rest),
                evidence=tuple(dict.fromkeys(piece for finding in (first, *rest) for piece in finding.evidence)),
                risk=1.0 - doubt,
            )
        )
    return kept


def _gravity(finding: Finding) -> tuple[bool, bool, int, float]:
    """Return what findings are ordered by: questions before delays, the wrong customer before all else."""
    wrong_customer = finding.check in WRONG_CUSTOMER
    return (
        finding.severity is Severity.HOLD,
        not wrong_customer,
        _ORDER.get(finding.check, len(_ORDER)),
        -finding.risk,
    )


def names_of(threads: Mapping[ConversationId, Thread], chats: Sequence[ConversationId]) -> dict[ConversationId, str]:
    """Return how these chats are called where no screen says it: the customer's name in capitals, and the number."""
    found: dict[ConversationId, str] = {}
    for chat in chats:
        if (thread := threads.get(chat)) is not None:
            number = thread.conversation.number
            found[chat] = thread.conversation.customer.name.upper() + (f" #{number}" if number else "")
    return found
