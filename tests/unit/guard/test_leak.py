"""Details of another chat in a draft."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.core.model import Agent, Conversation, ConversationId, Customer
from paradesk.guard.chat_view import ChatView, Said, of_lines
from paradesk.guard.experience import Experience
from paradesk.guard.leak import leak
from paradesk.guard.verdict import Check, Draft, GuardSettings, Severity

SETTINGS = GuardSettings()


def chat(key: str, /, *lines: str, **record: str) -> ChatView:
    """Return a chat with a customer's record; `order` and `ticket` are of the conversation. Lines of ours begin with `>`."""
    who = Customer(id=key, name=record.get("name", ""), email=record.get("email", ""), phone=record.get("phone", ""))
    conversation = Conversation(
        id=ConversationId(key),
        customer=who,
        number=record.get("ticket", ""),
        order={"id": record["order"]} if "order" in record else {},
        assignee=Agent("a", record["agent"]) if "agent" in record else None,
    )
    said = tuple(Said(not line.startswith(">"), line.lstrip("> ")) for line in lines)
    return ChatView(conversation.id, said, conversation)


MIA = chat("1", "Where is my parcel?", name="Mia Keller", email="mia@example.org", order="4410", ticket="18")
JONAS = chat(
    "2",
    "I want my money back for order 7731",
    name="Jonas Weber",
    email="jonas@example.org",
    phone="+49 170 1234567",
    order="7731",
    ticket="42",
)


def to(view: ChatView, text: str) -> Draft:
    """Return a draft for a chat."""
    return Draft(conversation_id=view.conversation_id, text=text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("Hi Jonas, your refund is on its way.", "Jonas"),
        ("hallo jonas, das Geld ist unterwegs", "jonas"),
        ("Jonas, your refund is on its way.", "Jonas"),
        ("Your order 7731 has been refunded.", "names order 7731"),
        ("Ihre Bestellung 7731 wurde erstattet.", "names order 7731"),
        ("I have sent it to jonas@example.org", "jonas@example.org"),
        ("We will call you at 0170 1234567.", "1234567"),
        ("This is about ticket #42.", "names ticket #42"),
        ("Guten Tag Herr Weber, das Geld ist unterwegs.", "Weber"),
    ],
)
def test_a_detail_of_another_customer_is_named(text: str, reason: str) -> None:
    """Record fields of another open chat are caught from the first day, with that chat and the detail named."""
    finding = leak(to(MIA, text), MIA, [JONAS], SETTINGS)
    assert finding is not None
    assert finding.check is Check.LEAK
    assert finding.severity is Severity.ASK
    assert finding.meant == JONAS.conversation_id
    assert reason in finding.reason
    assert len(finding.reason) <= 64


@pytest.mark.parametrize(
    "text",
    [
        "Hi Mia, order 4410 arrives tomorrow.",
        "I have sent it to mia@example.org",
        "That makes 42 euros, or 170 with the frame.",
        "Will you be at home on Monday?",
        "Your parcel leaves today. May I help with anything else?",
        "",
        "🙂",
    ],
)
def test_own_details_and_plain_words_are_fine(text: str) -> None:
    """What belongs here, and what belongs to nobody, is not objected to."""
    assert leak(to(MIA, text), MIA, [JONAS], SETTINGS) is None


def test_a_whole_name_is_named_as_it_was_written() -> None:
    """First and last name are one detail, in their order."""
    finding = leak(to(MIA, "I have told Jonas Weber so"), MIA, [JONAS], SETTINGS)
    assert finding is not None
    assert finding.reason == "names Jonas Weber"


def test_a_detail_of_both_chats_is_fine() -> None:
    """Two customers of one name, or two chats on one order, are no reason."""
    namesake = chat("3", "It is about 7731 as well", name="Jonas Maier")
    assert leak(to(namesake, "Hi Jonas, 7731 is paid"), namesake, [JONAS], SETTINGS) is None


def test_the_agents_own_name_is_fine() -> None:
    """An agent who is called like a customer may sign."""
    here = chat("1", "Hello", name="Mia", agent="Jonas Adler")
    assert leak(to(here, "How can I help? Yours, Jonas"), here, [JONAS], SETTINGS) is None


def test_what_the_agent_writes_to_everybody_is_fine() -> None:
    """The hotline's number is no detail of the customer who quoted it, once the agent was seen to send it to all."""
    other = chat("2", "I called 0800 5551234 and nobody answered")
    text = "You can call us at 0800 5551234."
    assert leak(to(MIA, text), MIA, [other], SETTINGS) is not None
    experience = Experience()
    for number in range(20):
        experience.learn(of_lines(str(number), [(True, "How do I reach you?")]), text)
    assert leak(to(MIA, text), MIA, [other], SETTINGS, experience) is None


def test_a_value_that_is_always_repeated_speaks_for_the_chat_that_has_it() -> None:
    """Learnt: this reply repeats the room that the customer named, so another chat's room is a leak."""
    experience = Experience()
    for room in range(100, 900):
        experience.learn(of_lines("", [(True, f"Towels to {room}, please")]), f"Somebody comes to room {room}.")
        for _ in range(4):
            experience.learn(of_lines("", [(True, "What is the price?")]), f"It costs {room * 7 % 997} euros.")
    here = of_lines("1", [(True, "Towels to 512, please")])
    there = of_lines("2", [(True, "A pillow for 623")])
    assert leak(to(here, "Somebody comes to room 623."), here, [there], SETTINGS, experience) is not None
    assert leak(to(here, "Somebody comes to room 512."), here, [there], SETTINGS, experience) is None


@given(st.text(), st.text(), st.text())
def test_never_raises_and_never_objects_to_what_was_said_here(text: str, here: str, there: str) -> None:
    """Whatever the texts are: no exception, and a text that was said here is free of leaks."""
    one, other = of_lines("1", [(True, here)]), of_lines("2", [(True, there)])
    leak(to(one, text), one, [other], SETTINGS)
    said = of_lines("1", [(True, here), (True, text)])
    assert leak(to(said, text), said, [other], SETTINGS) is None


def test_sensitivity() -> None:
    """A more sensitive guard objects to what a calmer one lets pass."""
    experience = Experience()
    for room in range(100, 300):
        experience.learn(of_lines("", [(True, f"Towels to {room}, please")]), f"Somebody comes to room {room}.")
    here, there = of_lines("1", [(True, "Towels to 512")]), of_lines("2", [(True, "A pillow for 623")])
    draft = to(here, "Somebody comes to room 623.")
    assert leak(draft, here, [there], GuardSettings(sensitivity=1.0), experience) is not None
    assert leak(draft, here, [there], GuardSettings(sensitivity=0.0), experience) is None
