"""The guard's front: one verdict out of many checks, whatever is thrown at it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paradesk.core.model import ConversationId, MessageId, Visibility
from paradesk.core.state import Thread
from paradesk.core.text import cell_width, clean_line
from paradesk.guard import guard as front
from paradesk.guard.explain import explain
from paradesk.guard.guard import MOST_FINDINGS, Guard, names_of
from paradesk.guard.verdict import (
    Check,
    Draft,
    Finding,
    GuardSettings,
    Late,
    Origin,
    OriginKind,
    Severity,
    Verdict,
)
from tests.unit.core.hostile import HOSTILE
from tests.unit.guard.chats import NOW, look, only, silent, state, thread

ONE, TWO, THREE = (ConversationId(f"acme/{n}") for n in (1, 2, 3))
JONAS = thread("acme/2", "I want my money back", name="Jonas Kühn", number="1251", order={"id": "7731"})
LEAK = Finding(
    check=Check.LEAK, severity=Severity.ASK, reason="names order 7731", meant=TWO, evidence=("7731",), risk=0.8
)
FIT = Finding(check=Check.FIT, severity=Severity.HOLD, reason="answers what was asked there", meant=TWO, risk=0.5)


@dataclass
class Learned:
    """Two learned checks that say what a test wants."""

    says_leak: Finding | None = None
    says_fit: Finding | None = None
    asked: int = 0

    def leak(self, draft: Draft, here: Thread, others: Sequence[Thread], settings: GuardSettings) -> Finding | None:
        self.asked += 1
        return self.says_leak

    def fit(self, draft: Draft, here: Thread, others: Sequence[Thread], settings: GuardSettings) -> Finding | None:
        self.asked += 1
        return self.says_fit


def test_a_clean_reply_has_no_findings_and_no_wait() -> None:
    verdict = look("Your parcel comes on Friday.", thread("acme/1", "where is it?"), JONAS)
    assert verdict == Verdict()
    assert explain(verdict, {}) == ""


def test_those_that_mean_the_same_chat_are_one_finding_with_the_strongest_evidence() -> None:
    origin = Origin(TWO, OriginKind.CANNED, "Your refund for order 7731 is on its way")
    verdict = look(origin.text, thread("acme/1"), JONAS, learned=Learned(LEAK, FIT), origins=(origin,))
    finding = only(verdict, Check.PROVENANCE)
    assert finding.checks == (Check.PROVENANCE, Check.LEAK, Check.FIT)
    assert finding.evidence == ("7731",)
    assert finding.risk > 0.95
    assert (verdict.asks, verdict.hold) == (True, 0.0)
    assert explain(verdict, names_of({TWO: JONAS}, [TWO])) == "meant for JONAS KÜHN #1251? filled there: order 7731"


def test_a_question_comes_before_a_delay_even_where_that_is_stronger_evidence() -> None:
    leak = replace(LEAK, severity=Severity.HOLD, risk=0.9)
    fit = replace(FIT, severity=Severity.ASK)
    finding = only(look("fine", thread("acme/1"), JONAS, learned=Learned(leak, fit)), Check.FIT)
    assert finding.also == (Check.LEAK,)
    assert finding.severity is Severity.ASK


def test_the_wrong_customer_comes_first_and_questions_before_delays() -> None:
    here = thread("acme/1", "hello", "anyone?")
    verdict = look(
        "customer is lying, card 4242 4242 4242 4242",
        here,
        JONAS,
        thread("acme/3"),
        learned=Learned(LEAK, replace(FIT, meant=THREE)),
        last_seen=MessageId("m1"),
    )
    assert [finding.check for finding in verdict.findings] == [
        Check.LEAK,
        Check.AUDIENCE,
        Check.SECRET,
        Check.LATE,
        Check.FIT,
    ]
    assert verdict.hold == 4.0
    assert explain(verdict, {TWO: "JONAS KÜHN #1251"}) == "meant for JONAS KÜHN #1251? names order 7731 (+4 more)"


def test_a_delay_is_as_long_as_the_policy_says() -> None:
    assert look("fine", thread("acme/1"), JONAS, learned=Learned(None, FIT)).hold == 4.0
    strict = GuardSettings(hold=9.0)
    verdict = look("fine", thread("acme/1"), JONAS, settings=strict, learned=Learned(None, FIT))
    assert (verdict.hold, verdict.asks) == (9.0, False)
    assert explain(verdict, {TWO: "JONAS"}) == "perhaps meant for JONAS? answers what was asked there"


def test_checks_can_be_turned_off_one_by_one_or_all() -> None:
    text = "customer is lying"
    assert silent(look(text, settings=GuardSettings(checks=frozenset(Check) - {Check.AUDIENCE})))
    assert silent(look(text, settings=GuardSettings(enabled=False)))
    learned = Learned(LEAK, FIT)
    off = GuardSettings(checks=frozenset(Check) - {Check.LEAK, Check.FIT})
    assert silent(look("fine", thread("acme/1"), JONAS, settings=off, learned=learned))
    assert learned.asked == 0


def test_notes_are_not_compared_with_other_chats() -> None:
    learned = Learned(LEAK, FIT)
    assert silent(look("same as #1251", thread("acme/1"), JONAS, learned=learned, visibility=Visibility.NOTE))
    assert learned.asked == 0


def test_a_chat_that_nobody_knows_has_no_verdict() -> None:
    draft = Draft(conversation_id=ConversationId("acme/9"), text="x", target=ONE)
    assert Guard(GuardSettings()).look(draft, state(), [ONE, TWO], NOW) == Verdict()


def test_a_broken_check_is_counted_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(_of: object) -> None:
        raise RuntimeError("the text of a customer")

    monkeypatch.setattr(front, "repeat", broken)
    with caplog.at_level(logging.ERROR):
        verdict = look("customer is lying")
    assert [finding.check for finding in verdict.findings] == [Check.AUDIENCE]
    assert verdict.faults == (Check.REPEAT,)
    assert "repeat failed: RuntimeError" in caplog.text
    assert "customer" not in caplog.text


@pytest.mark.parametrize("late", list(Late))
@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_is_explained_on_one_clean_line(hostile: str, late: Late) -> None:
    """Whatever text from outside says, the line for the composer is clean and fits."""
    here = thread("acme/1", "hello", hostile * 3, name=hostile)
    text = f"{hostile} @ana customer is lying {hostile} 4242 4242 4242 4242"
    there = thread("acme/2", hostile * 5, name=hostile, number=hostile, order={hostile: hostile * 2})
    verdict = look(
        text,
        here,
        there,
        settings=GuardSettings(late=late, internal_links=(hostile,)),
        last_seen=MessageId("m1"),
        target=TWO,
        switched=hostile,
        switched_from=TWO,
        origins=(Origin(TWO, OriginKind.CANNED, hostile * 2), Origin(TWO, OriginKind.COPIED, text)),
    )
    assert verdict.faults == ()
    assert 2 <= len(verdict.findings) <= MOST_FINDINGS
    names = names_of({ONE: here, TWO: there}, [ONE, TWO])
    for finding in verdict.findings:
        said = explain(Verdict((finding,)), names)
        assert said == clean_line(said, 130)
        assert said
        assert cell_width(finding.reason) <= 70
        assert all(cell_width(piece) <= 40 for piece in finding.evidence)


TEXTS = st.text(max_size=80) | st.sampled_from([*HOSTILE.values(), "customer is", "@ana", "4242 4242 4242 4242", ""])


@settings(max_examples=150, deadline=None)
@given(
    st.lists(TEXTS, min_size=1, max_size=6),
    st.lists(TEXTS.map(lambda text: f"> {text}"), max_size=3),
    TEXTS,
    st.sampled_from(OriginKind),
    st.floats(allow_nan=True),
    st.none() | st.floats(),
)
def test_no_text_makes_it_fail(
    there: list[str], here: list[str], text: str, kind: OriginKind, now: float, begun: float | None
) -> None:
    """No draft, chat or clock raises, and there are never more than a handful of findings."""
    chats = (thread("acme/1", *here, name=text), thread("acme/2", *there, name=there[0], order={"id": text}))
    verdict = look(
        text,
        *chats,
        now=now,
        begun_at=begun,
        origins=(Origin(TWO, kind, there[0]), Origin(THREE, kind, text)),
        switched=text[:3],
        switched_from=THREE,
        target=TWO,
    )
    assert verdict.faults == ()
    assert len(verdict.findings) <= MOST_FINDINGS
    said = explain(verdict, {TWO: there[0]})
    assert said == clean_line(said, 140)
