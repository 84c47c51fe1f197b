"""The values of one conversation, by name."""

from dataclasses import replace
from datetime import timedelta, timezone

from paradesk.canned import Response, context_for, fill
from paradesk.canned.placeholders import KNOWN
from paradesk.core.model import Agent, Conversation, ConversationId, Customer, Priority, Status
from paradesk.core.state import Thread

CONVERSATION = Conversation(
    id=ConversationId("acme/42"),
    profile="acme",
    number="1245",
    subject="Parcel",
    channel="web",
    status=Status.ON_HOLD,
    priority=Priority.HIGH,
    queue="Support",
    created_at=1_790_895_600.0,
    customer=Customer(
        id="c1",
        name="Müller, Anna",
        email="a@example.com",
        phone="1",
        language="de",
        plan="Team",
        company="Co",
        attributes={"vip": "yes"},
    ),
    assignee=Agent("a2", "Jonas Kühn", email="j@example.com"),
    order={"id": "A-1", "size": "XL"},
    attributes={"shop": "Berlin"},
)


def text(name: str, conversation: Conversation = CONVERSATION, agent: Agent | None = None) -> str:
    response = Response(id="x", title="x", body={"en": f"{{{{ {name} }}}}"})
    return fill(response, context_for(Thread(conversation=conversation), agent), "en").text


def test_each_name_has_its_value() -> None:
    writer = Agent("a1", "Mia Rot", email="m@example.com")
    expected = {
        "customer.id": "c1",
        "customer.name": "Müller, Anna",
        "customer.first_name": "Anna",
        "customer.last_name": "Müller",
        "customer.email": "a@example.com",
        "customer.phone": "1",
        "customer.language": "de",
        "customer.plan": "Team",
        "customer.company": "Co",
        "customer.attributes.vip": "yes",
        "conversation.id": "42",
        "conversation.number": "1245",
        "conversation.subject": "Parcel",
        "conversation.channel": "web",
        "conversation.status": "on hold",
        "conversation.priority": "high",
        "conversation.queue": "Support",
        "conversation.created": "2026-10-01",
        "conversation.attributes.shop": "Berlin",
        "agent.name": "Mia Rot",
        "agent.first_name": "Mia",
        "agent.last_name": "Rot",
        "agent.email": "m@example.com",
        "assignee.name": "Jonas Kühn",
        "assignee.first_name": "Jonas",
        "assignee.last_name": "Kühn",
        "assignee.email": "j@example.com",
        "order.id": "A-1",
        "order.size": "XL",
    }
    assert {name: text(name, agent=writer) for name in expected} == expected


def test_every_known_name_is_a_blank_for_somebody_of_whom_nothing_is_known() -> None:
    nobody = Conversation(id=ConversationId(""), customer=Customer(id="", name=""), channel="")
    always = {"conversation.status", "conversation.priority"}
    for root, fields in KNOWN.items():
        for name in (f"{root}.{field}" for field in fields):
            if name not in always:
                assert text(name, nobody) == f"⟦{name}⟧"


def test_the_writer_is_not_the_assignee() -> None:
    assert text("agent.name") == "⟦agent.name⟧"
    assert text("assignee.name", agent=Agent("a1", "Mia Rot")) == "Jonas Kühn"


def test_a_team_has_no_first_name() -> None:
    conversation = Conversation(
        id=ConversationId("x"), customer=Customer(id="", name=""), assignee=Agent("t", "Billing Team", kind="team")
    )
    assert text("assignee.name", conversation) == "Billing Team"
    assert text("assignee.first_name", conversation) == "⟦assignee.first_name⟧"


def test_an_id_that_only_looks_qualified_stays_whole() -> None:
    conversation = Conversation(id=ConversationId("acme/42"), customer=Customer(id="", name=""))
    assert text("conversation.id", conversation) == "acme/42"


def test_dates_are_those_of_the_zone_and_absurd_ones_are_blank() -> None:
    late = context_for(Thread(conversation=CONVERSATION), None, timezone(timedelta(hours=14)))
    response = Response(id="x", title="x", body={"en": "{{ conversation.created }}"})
    assert fill(response, late, "en").text == "2026-10-02"
    absurd = Conversation(id=ConversationId("x"), customer=Customer(id="", name=""), created_at=1e300)
    assert text("conversation.created", absurd) == "⟦conversation.created⟧"


def test_ids_are_cleaned_where_they_become_text() -> None:
    """An id is whatever a backend says; in a reply it carries no control character."""
    hostile = replace(CONVERSATION, customer=replace(CONVERSATION.customer, id="c\x1b[2J\n1"))
    values = context_for(Thread(conversation=hostile), None)
    customer = values["customer"]
    assert isinstance(customer, dict)
    assert customer["id"] == "c\u241b[2J 1"
