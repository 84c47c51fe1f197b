"""A draft that answers another chat."""

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from paradesk.guard.chat_view import ChatView, Said, of_lines
from paradesk.guard.experience import EVIDENCE, Experience
from paradesk.guard.fit import WEIGHTS, fit
from paradesk.guard.verdict import Check, Draft, Finding, GuardSettings

SETTINGS = GuardSettings()
PAST = (
    ("my parcel has not arrived", "Could you give me the tracking number?", "it is {n}", "It arrives tomorrow."),
    ("the package is late", "Could you give me the tracking number?", "here: {n}", "It arrives tomorrow."),
    ("I cannot log in", "Shall I send a link to reset the password?", "yes please", "The link is in your inbox."),
    ("my password does not work", "Shall I send a link to reset the password?", "ok", "The link is in your inbox."),
    ("I want my money back", "Which order shall I refund?", "order {n}", "The refund takes five days."),
    ("refund please", "Which order shall I refund?", "number {n}", "The refund takes five days."),
    ("mein Paket ist nicht da", "Wie lautet die Sendungsnummer?", "sie ist {n}", "Es kommt morgen an."),
    ("ich kann mich nicht anmelden", "Soll ich einen neuen Link schicken?", "ja bitte", "Der Link ist unterwegs."),
)


def practised() -> Experience:
    """Return what some hundred short chats teach."""
    rng = random.Random(7)
    experience = Experience()
    for number in range(800):
        lines = rng.choice(PAST)
        said = [Said(place % 2 == 0, line.format(n=rng.randrange(10**4, 10**5))) for place, line in enumerate(lines)]
        said += [Said(True, "thanks"), Said(False, rng.choice(("You are welcome, bye!", "Gern geschehen!")))]
        assert number < 800
        experience.learn_chat(said, [place for place, one in enumerate(said) if not one.by_customer])
    return experience


EXPERIENCE = practised()
PARCEL = of_lines("parcel", [(True, "Hello, my parcel has not arrived")])
LOGIN = of_lines("login", [(True, "Hi, my password does not work, I cannot log in")])
REFUND = of_lines("refund", [(True, "I want my money back please")])
PAKET = of_lines("paket", [(True, "Hallo, mein Paket ist nicht da")])
CHATS = (PARCEL, LOGIN, REFUND, PAKET)
MEANT = (
    (PARCEL, "Could you give me the tracking number?"),
    (LOGIN, "Shall I send a link to reset the password?"),
    (REFUND, "Which order shall I refund?"),
    (PAKET, "Wie lautet die Sendungsnummer?"),
)


def judged(text: str, here: ChatView, experience: Experience = EXPERIENCE) -> Finding | None:
    """Return what the check says of a text in one of the chats."""
    draft = Draft(conversation_id=here.conversation_id, text=text)
    return fit(draft, here, [chat for chat in CHATS if chat is not here], experience, SETTINGS)


def test_each_reply_is_fine_in_its_own_chat_and_in_no_other() -> None:
    """Every wrong pair is found, with the right chat named in a short reason; no right pair is."""
    for meant, text in MEANT:
        assert judged(text, meant) is None
        for here in CHATS:
            if here is meant:
                continue
            finding = judged(text, here)
            assert finding is not None, (text, here.conversation_id)
            assert finding.check is Check.FIT
            assert finding.meant == meant.conversation_id
            assert 0 < len(finding.reason) <= 60


def test_a_reply_worded_a_little_differently_is_known() -> None:
    """Few other words do not hide it."""
    assert judged("Could you give me the tracking number, please?", LOGIN) is not None
    assert judged("Could you give me the tracking number, please?", PARCEL) is None


def test_what_fits_every_chat_is_fine() -> None:
    """A greeting, an emoji, a word that was never sent, an empty text."""
    for text in ("Hello!", "One moment please", "🙂", "", "   ", "xyzzy"):
        for here in CHATS:
            assert judged(text, here) is None


def test_nothing_was_learnt() -> None:
    """Without any past the check keeps still."""
    for _, text in MEANT:
        for here in CHATS:
            assert judged(text, here, Experience()) is None


def test_alone() -> None:
    """With one chat open there is nothing to mistake."""
    assert fit(Draft(conversation_id=LOGIN.conversation_id, text="x"), LOGIN, [], EXPERIENCE, SETTINGS) is None


def test_the_order_of_the_others_does_not_matter() -> None:
    """The same chats in another order give the same answer."""
    draft = Draft(conversation_id=LOGIN.conversation_id, text=MEANT[2][1])
    one = fit(draft, LOGIN, [PARCEL, REFUND, PAKET], EXPERIENCE, SETTINGS)
    other = fit(draft, LOGIN, [PAKET, REFUND, PARCEL], EXPERIENCE, SETTINGS)
    assert one is not None
    assert other is not None
    assert (one.meant, one.reason, one.evidence) == (other.meant, other.reason, other.evidence)


def test_two_equal_chats() -> None:
    """Where two chats say the same, a draft fits both."""
    twin = of_lines("twin", [(True, "Hello, my parcel has not arrived")])
    for _, text in MEANT:
        draft = Draft(conversation_id=PARCEL.conversation_id, text=text)
        assert fit(draft, PARCEL, [twin], EXPERIENCE, SETTINGS) is None


def test_learning_in_one_process_is_learning_in_another() -> None:
    """Nothing depends on the salt of hashes: learning the same gives the same evidence."""
    assert practised().evidence(MEANT[0][1], CHATS) == EXPERIENCE.evidence(MEANT[0][1], CHATS)


def test_every_evidence_has_a_weight_that_counts_for_it() -> None:
    """The names agree, and no weight is negative."""
    assert set(WEIGHTS) == set(EVIDENCE)
    assert all(weight >= 0 for weight in WEIGHTS.values())


@given(st.text(), st.text(), st.text(), st.booleans())
def test_never_raises(text: str, here: str, there: str, by_customer: bool) -> None:
    """Whatever the texts are."""
    one, other = of_lines("1", [(by_customer, here)]), of_lines("2", [(True, there)])
    finding = fit(Draft(conversation_id=one.conversation_id, text=text), one, [other], EXPERIENCE, SETTINGS)
    assert finding is None or (finding.reason and "\n" not in finding.reason)


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.text(max_size=40)), max_size=6))
def test_anything_can_be_learnt(lines: list[tuple[bool, str]]) -> None:
    """Any chat can be learnt from, and judged with what was learnt."""
    experience = Experience()
    said = [Said(by, text) for by, text in lines]
    experience.learn_chat(said, [place for place, one in enumerate(said) if not one.by_customer])
    assert experience.replies == sum(not by for by, _ in lines)
    judged("Which order?", LOGIN, experience)
