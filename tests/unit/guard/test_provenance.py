"""Text that came from another chat: filled for its customer, copied from it, or found there word for word."""

import pytest

from paradesk.core.model import ConversationId, Delivery
from paradesk.core.state import State, Thread
from paradesk.guard.guard import Guard
from paradesk.guard.verdict import Check, Draft, GuardSettings, Origin, OriginKind, Severity, Verdict
from tests.unit.guard.chats import NOW, look, message, only, silent, state, thread

TWO = ConversationId("acme/2")
SARAH = thread("acme/1", "where is my parcel?", name="Sarah Chen", number="1245", order={"id": "4410"})
JONAS = thread(
    "acme/2",
    "ich kann mich seit heute morgen nicht mehr anmelden",
    "> Das tut mir leid, ich sehe sofort nach",
    name="Jonas Kühn",
    email="jonas@kuehn.example",
    number="1251",
    order={"id": "7731", "item": "desk lamp", "status": "shipped"},
    plan="Premium",
)
FILLED = "Hi Jonas, your refund for order 7731 is on its way. It takes three to five days."
GENERIC = "Thank you for your patience. I am looking into this and will be back in a minute."


def canned(text: str, where: ConversationId = TWO) -> tuple[Origin, ...]:
    return (Origin(where, OriginKind.CANNED, text),)


def copied(text: str, where: ConversationId = TWO) -> tuple[Origin, ...]:
    return (Origin(where, OriginKind.COPIED, text),)


def to_sarah(text: str, origins: tuple[Origin, ...] = (), *more: Thread) -> Verdict:
    return look(text, SARAH, JONAS, *more, origins=origins)


@pytest.mark.parametrize(
    ("filled", "shown"),
    [
        (FILLED, "order 7731"),
        ("Hi Jonas, I will look into this.", "Jonas"),
        ("Dear Jonas Kühn, I will look into this.", "Jonas Kühn"),
        ("Ihre Erstattung zu Bestellung 7731 ist unterwegs.", "order 7731"),
        ("I have written to JONAS@KUEHN.EXAMPLE, please look there.", "jonas@kuehn.example"),
        ("Your Desk Lamp has left our warehouse.", "item desk lamp"),
        ("This is about ticket #1251.", "ticket 1251"),
        ("Guten Tag Herr Kühn, danke für Ihre Nachricht.", "Kühn"),
        ("Als Premium-Kunde erreichen Sie uns rund um die Uhr.", "plan Premium"),
    ],
)
def test_a_response_filled_for_another_customer_is_stopped(filled: str, shown: str) -> None:
    finding = only(to_sarah(filled, canned(filled)), Check.PROVENANCE)
    assert finding.reason == f"filled there: {shown}"
    assert (finding.severity, finding.meant) == (Severity.ASK, TWO)


def test_a_response_that_says_nothing_of_a_customer_is_harmless() -> None:
    assert silent(to_sarah(GENERIC, canned(GENERIC)))
    assert silent(to_sarah("Danke für Ihre Geduld, ich prüfe das.", canned("Danke für Ihre Geduld, ich prüfe das.")))


def test_values_that_were_corrected_are_no_longer_there() -> None:
    assert silent(to_sarah("Hi Sarah, your refund for order 4410 is on its way.", canned(FILLED)))
    kept = to_sarah("Hi Sarah, your refund for order 7731 is on its way.", canned(FILLED))
    assert only(kept, Check.PROVENANCE).reason == "filled there: order 7731"


def test_what_is_known_here_too_is_not_another_customers() -> None:
    also = thread("acme/1", "my order is 7731, I am Jonas", name="Jonas Weber", order={"id": "7731"})
    assert silent(look(FILLED, also, JONAS, origins=canned(FILLED)))
    named = thread("acme/1", "it is for my husband Jonas, order 7731")
    assert silent(look(FILLED, named, JONAS, origins=canned(FILLED)))


def test_a_response_filled_here_is_fine() -> None:
    text = "Hi Sarah, your order 4410 is on its way."
    assert silent(to_sarah(text, canned(text, ConversationId("acme/1"))))


def test_a_response_whose_chat_is_gone_is_judged_by_what_looks_like_a_value() -> None:
    finding = only(look(FILLED, SARAH, origins=canned(FILLED)), Check.PROVENANCE)
    assert finding.reason == "filled there: 7731"
    assert silent(look(GENERIC, SARAH, origins=canned(GENERIC)))


@pytest.mark.parametrize(
    "draft",
    [
        "Das tut mir leid, ich sehe sofort nach",
        "Hallo Sarah, das tut mir leid, ich sehe sofort nach.",
        "mir leid,\nich  sehe SOFORT nach: moment",
    ],
)
def test_copied_text_is_stopped_while_it_stands(draft: str) -> None:
    text = "Das tut mir leid, ich sehe sofort nach"
    finding = only(to_sarah(draft, copied(text)), Check.PROVENANCE)
    assert finding.reason.startswith("copied there: “")
    assert (finding.severity, finding.meant) == (Severity.ASK, TWO)


def test_copied_text_of_which_nothing_is_left_is_forgotten() -> None:
    text = "Das tut mir leid, ich sehe sofort nach"
    assert silent(to_sarah("Your parcel comes on Friday", copied(text)))
    assert silent(to_sarah("tut mir leid", copied(text)))
    assert silent(to_sarah("ok, thanks!", copied("ok, thanks!")))


def test_copied_text_that_was_said_here_as_well_is_fine() -> None:
    here = thread("acme/1", "> Das tut mir leid, ich sehe sofort nach.", "danke")
    text = "Das tut mir leid, ich sehe sofort nach"
    assert silent(look(text, here, JONAS, origins=copied(text)), Check.REPEAT)


def test_a_number_copied_alone_counts() -> None:
    assert only(to_sarah("track it: JD014600006281230704", copied("JD014600006281230704")), Check.PROVENANCE)


def test_a_passage_is_found_without_knowing_where_it_came_from() -> None:
    finding = only(to_sarah("You wrote: ich kann mich seit heute morgen nicht mehr anmelden"), Check.PROVENANCE)
    assert finding.reason == "that customer wrote “ich kann mich seit heute morgen nicht…”"
    assert finding.meant == TWO


def test_scripts_without_blanks_are_read_as_well() -> None:
    other = thread("acme/2", "我昨天买的台灯到现在还没有收到怎么办")
    assert only(look("您好，昨天买的台灯到现在还没有收到", SARAH, other), Check.PROVENANCE).meant == TWO


def test_what_agents_say_everywhere_belongs_to_nobody() -> None:
    phrase = "Let me look that up for you, one moment please"
    others = [thread(f"acme/{n}", f"> {phrase}", name=f"N{n}") for n in (2, 3, 4)]
    assert silent(look(phrase, SARAH, *others))
    assert silent(look(phrase, SARAH, *others, origins=copied(phrase)))
    asked = [thread(f"acme/{n}", "when will my parcel be here please?", name=f"N{n}") for n in (2, 3)]
    assert silent(look("You ask: when will my parcel be here please?", SARAH, *asked))


def test_what_was_taken_back_was_never_said_here() -> None:
    text = "Das tut mir leid, ich sehe sofort nach"
    here = thread("acme/1", "hello", message(2, f"> {text}", delivery=Delivery.CANCELLED))
    assert only(look(text, here, JONAS, origins=copied(text)), Check.PROVENANCE)


def test_two_tickets_of_one_customer_only_hold() -> None:
    again = thread(
        "acme/2", "ich kann mich seit heute morgen nicht mehr anmelden", customer_id="c7", order={"id": "7731"}
    )
    here = thread("acme/1", "hello", customer_id="c7")
    verdict = look("Your order 7731 is here", here, again, origins=canned("Your order 7731 is here"))
    assert only(verdict, Check.PROVENANCE).severity is Severity.HOLD
    assert verdict.hold == 4.0


def test_new_lines_are_seen_by_a_guard_that_has_read_the_chat_before() -> None:
    guard = Guard(GuardSettings())
    line = "the coffee machine leaks water all over my kitchen"
    draft = Draft(conversation_id=ConversationId("acme/1"), text=f"So {line}?")

    def judge(chats: State) -> list[Check]:
        return [one.check for one in guard.look(draft, chats, [ConversationId("acme/1"), TWO], NOW).findings]

    before = thread("acme/2", "hello", "hello")
    assert judge(state(SARAH, before)) == []
    longer = before.transcript.put(message(3, line, "acme/2"))
    after = Thread(conversation=before.conversation, transcript=longer)
    assert judge(state(SARAH, after)) == [Check.PROVENANCE]
    edited = Thread(conversation=before.conversation, transcript=longer.put(message(3, "sorry", "acme/2")))
    assert judge(state(SARAH, edited)) == []
    assert judge(state(SARAH, after)) == [Check.PROVENANCE]
