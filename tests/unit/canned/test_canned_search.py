"""Finding a response by what is typed, and by what the customer wrote."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.canned import Library, Response, load_library, search
from paradesk.core.model import Conversation, ConversationId, Customer, Message, MessageId, Role, Visibility
from paradesk.core.state import Thread
from paradesk.core.transcript import Transcript

LIBRARY, _ = load_library([Path(__file__).parents[3] / "canned_responses"])


def thread(*said: str, tags: tuple[str, ...] = (), subject: str = "", role: Role = Role.CUSTOMER) -> Thread:
    conversation = Conversation(
        id=ConversationId("p/1"), customer=Customer(id="1", name="x"), tags=frozenset(tags), subject=subject
    )
    return Thread(
        conversation=conversation,
        transcript=Transcript(
            Message(
                id=MessageId(str(place)),
                conversation_id=conversation.id,
                role=role,
                sender_id="1",
                sender_name="x",
                body=body,
                sent_at=float(place),
                order_key=place,
            )
            for place, body in enumerate(said)
        ),
    )


def ids(query: str, chat: Thread | None = None, library: Library = LIBRARY, **facets: str) -> list[str]:
    return [hit.response.id for hit in search(library, query, facets, chat)]


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("rfa", "refund.approved"),
        ("/rfa", "refund.approved"),
        ("refund approved", "refund.approved"),
        ("approved refund", "refund.approved"),
        ("delivery.damaged", "delivery.damaged"),
        ("Sendungsverfolgung", "delivery.tracking"),
        ("großer", "returns.exchange"),
        ("rücksendeetikett", "returns.label_sent"),
        ("RUCKSENDEETIKETT", "returns.label_sent"),
        ("second factor", "login.two_factor"),
        ("qqqqzzzz", ""),
    ],
)
def test_what_is_typed_finds(query: str, first: str) -> None:
    assert (ids(query) or [""])[0] == first


def test_what_fits_all_words_comes_before_what_fits_some() -> None:
    assert ids("refund partial")[0] == "refund.partial"
    assert set(ids("refund")) <= set(ids("refund partial"))
    assert ids("refund qqqqzzzz")[:3] == ids("refund")[:3]


def test_a_typing_mistake_finds_what_was_meant() -> None:
    assert set(ids("pasword")) == set(ids("password"))


@pytest.mark.parametrize(
    ("said", "first"),
    [
        ("the parcel says delivered but it isn't here", "delivery.marked_delivered"),
        ("I forgot my password and can't log in", "login.reset_link"),
        ("Ich wurde doppelt belastet, zweimal abgebucht!", "billing.charged_twice"),
        ("I want my money back", "refund.approved"),
        ("Ich möchte mein Abo kündigen", "cancel.plan_confirm"),
        ("please delete my account", "privacy.delete"),
    ],
)
def test_before_anything_is_typed_the_matter_of_the_chat_comes_first(said: str, first: str) -> None:
    assert ids("", thread("hello", said))[0] == first


def test_the_last_message_counts_more_than_the_one_before() -> None:
    assert ids("", thread("where is my invoice", "and my parcel arrived damaged"))[0] == "delivery.damaged"
    assert ids("", thread("my parcel arrived damaged", "and where is my invoice"))[0].startswith("billing.invoice")


def test_subject_and_tags_count_too_but_notes_and_answers_do_not() -> None:
    assert ids("", thread("hmm", subject="Newsletter"))[0] == "privacy.marketing"
    assert ids("", thread("hmm", tags=("newsletter",)))[0] == "privacy.marketing"
    assert ids("", thread("newsletter", role=Role.AGENT)) == ids("", thread("hmm", role=Role.AGENT))
    told = thread("hmm")
    note = Message(
        id=MessageId("n"),
        conversation_id=told.conversation.id,
        role=Role.CUSTOMER,
        sender_id="1",
        sender_name="x",
        body="newsletter",
        sent_at=9.0,
        order_key=9,
        visibility=Visibility.NOTE,
    )
    noted = Thread(conversation=told.conversation, transcript=told.transcript.put(note))
    assert ids("", noted) == ids("", told)


def test_greetings_are_near_until_somebody_has_answered() -> None:
    assert ids("", thread("hmm"))[0].startswith("greeting.")
    assert not ids("", thread("hmm", role=Role.AGENT))[0].startswith("greeting.")


def test_facets_hold_together() -> None:
    found = search(LIBRARY, "", {"urgency": "high", "customer": "vip"}, None)
    assert found
    assert all(hit.response.tags["urgency"] == "high" and hit.response.tags["customer"] == "vip" for hit in found)
    assert ids("", topic="billing", customer="vip") == []
    assert ids("", topic="billing", urgency="") == ids("", topic="billing")


def test_the_language_facet_takes_the_region_aside() -> None:
    library = Library([Response(id="a", title="a", body={"de": "x"}), Response(id="b", title="b", body={"en": "x"})])
    assert ids("", library=library, language="de-AT") == ["a"]
    assert ids("", library=library, language="en") == ["b"]
    assert ids("", library=library, language="fr") == []
    assert [hit.response.id for hit in search(library, "", {}, None, "en")] == ["b", "a"]


def test_a_word_with_a_hash_begins_a_tag_or_label() -> None:
    assert set(ids("#refunds")) == {response.id for response in LIBRARY if response.tags["topic"] == "refunds"} | {
        response.id for response in LIBRARY if any(label.startswith("refunds") for label in response.labels)
    }
    assert set(ids("#billing invoice")) == {"billing.invoice_sent", "billing.invoice_company"}
    assert ids("#nosuchtopic") == []
    assert len(ids("#")) == len(LIBRARY)


def test_what_is_overdue_sinks_below_its_equal() -> None:
    def response(name: str, reviewed: date) -> Response:
        return Response(id=name, title="Refund", body={"en": "x"}, reviewed=reviewed, review_every=timedelta(days=90))

    library = Library([response("a", date(2026, 1, 1)), response("b", date(2026, 10, 1))])
    found = search(library, "refund", {}, None, today=date(2026, 11, 1))
    assert [hit.response.id for hit in found] == ["b", "a"]
    assert [hit.response.id for hit in search(library, "refund", {}, None)] == ["a", "b"]


def test_marks_of_templates_are_no_words() -> None:
    library = Library([Response(id="x", title="y", body={"en": "Hi {{ customer.name }}{% if order.id %}!{% endif %}"})])
    assert ids("customer", library=library) == []
    assert ids("order", library=library) == []


@given(st.text(max_size=40), st.text(max_size=60))
def test_any_query_over_any_chat_gives_each_response_at_most_once_and_always_the_same(query: str, said: str) -> None:
    chat = thread(said)
    found = ids(query, chat)
    assert len(set(found)) == len(found)
    assert found == ids(query, chat)
    assert set(found) <= {response.id for response in LIBRARY}
