"""The guard with the checks that compare what is said in the chats."""

from paradesk.core.model import ConversationId
from paradesk.guard.experience import Experience
from paradesk.guard.explain import explain
from paradesk.guard.guard import names_of
from paradesk.guard.learned import Learned
from paradesk.guard.verdict import Check, Origin, OriginKind
from tests.unit.guard.chats import look, only, silent, thread

TWO = ConversationId("acme/2")
SARAH = thread("acme/1", "where is my parcel?", name="Sarah Chen", number="1245", order={"id": "4410"})
JONAS = thread("acme/2", "I want my money back", name="Jonas Kühn", number="1251", order={"id": "7731"})


def test_a_detail_of_another_chat_is_named_in_one_line() -> None:
    verdict = look("Your order 7731 has been refunded.", SARAH, JONAS, learned=Learned())
    assert only(verdict, Check.LEAK).meant == TWO
    assert explain(verdict, names_of({TWO: JONAS}, [TWO])) == "meant for JONAS KÜHN #1251? names order 7731"
    assert silent(look("Your order 4410 is on its way.", SARAH, JONAS, learned=Learned()))


def test_what_provenance_and_leak_both_say_is_said_once() -> None:
    text = "Your refund for order 7731 is on its way."
    verdict = look(text, SARAH, JONAS, learned=Learned(), origins=(Origin(TWO, OriginKind.CANNED, text),))
    assert only(verdict, Check.PROVENANCE).also == (Check.LEAK,)


def test_what_is_learnt_meanwhile_is_used_at_the_next_look() -> None:
    asked: list[Experience] = []

    def experience() -> Experience:
        asked.append(Experience(bits=4))
        return asked[-1]

    assert silent(look("Let me see.", SARAH, JONAS, learned=Learned(experience)))
    assert len(asked) == 2
