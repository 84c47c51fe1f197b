"""The guard's view of a thread follows it."""

import random
from dataclasses import replace

from paradesk.core.model import Conversation, ConversationId, Customer, Message, MessageId, Role, Visibility
from paradesk.core.state import Thread
from paradesk.core.transcript import Transcript
from paradesk.guard.chat_view import MAX_LINES, ChatView, view_of

CONVERSATION = Conversation(id=ConversationId("acme/1"), customer=Customer(id="c", name="Jonas Weber"))


def message(number: int, body: str, role: Role = Role.CUSTOMER, visibility: Visibility = Visibility.PUBLIC) -> Message:
    """Return a message of the chat."""
    return Message(
        id=MessageId(f"m{number}"),
        conversation_id=CONVERSATION.id,
        role=role,
        sender_id="s",
        sender_name="s",
        body=body,
        sent_at=float(number),
        order_key=number,
        visibility=visibility,
    )


def thread(*messages: Message) -> Thread:
    """Return a thread with these messages."""
    return Thread(conversation=CONVERSATION, transcript=Transcript(messages))


def fresh(of: Thread) -> ChatView:
    """Return a view that was built from nothing."""
    copy = replace(of, conversation=replace(of.conversation))
    view_of(Thread(conversation=copy.conversation))
    return view_of(copy)


def test_notes_and_system_lines_are_no_part_of_it() -> None:
    """Only what the customer can read was said."""
    view = view_of(
        thread(
            message(1, "Hello"),
            message(2, "a liar", Role.AGENT, Visibility.NOTE),
            message(3, "joined", Role.SYSTEM),
            message(4, "Hi Jonas", Role.AGENT),
        )
    )
    assert [(said.by_customer, said.text) for said in view.said] == [(True, "Hello"), (False, "Hi Jonas")]
    assert not view.waiting
    assert "weber" in view.terms


def test_the_same_until_it_changes() -> None:
    """A thread is looked at once."""
    one = thread(message(1, "Hello"))
    assert view_of(one) is view_of(one)
    assert view_of(replace(one, transcript=one.transcript.put(message(2, "again")))) is not view_of(one)


def test_whatever_changes_the_view_is_as_if_built_anew() -> None:
    """Additions, edits, deletions, insertions and a full window: built upon the last view, or not, it says the same."""
    rng = random.Random(3)
    current = thread(message(1000, "Hello"))
    for number in range(700):
        roll, key = rng.random(), 1001 + number
        role = rng.choice((Role.CUSTOMER, Role.AGENT))
        changed = message(key, f"line {number} w{rng.randrange(90)}", role)
        if roll < 0.03:
            changed = replace(rng.choice(list(current.transcript)), body=f"edited {number}")
        elif roll < 0.05:
            changed = replace(rng.choice(list(current.transcript)), deleted=True)
        elif roll < 0.07:
            changed = message(999 - number, f"older {number}", role)
        current = replace(current, transcript=current.transcript.put(changed), version=number)
        view_of(current)
        if number % 25 and number < 600:
            continue
        known = view_of(current)
        anew = fresh(current)
        assert known.said == anew.said
        assert (known.question, known.topic, known.waiting) == (anew.question, anew.topic, anew.waiting)
        assert known.terms >= anew.terms
        if len(current.transcript) <= MAX_LINES:
            assert known.terms == anew.terms
            assert known.customer_terms == anew.customer_terms
