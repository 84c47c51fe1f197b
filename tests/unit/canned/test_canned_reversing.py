"""A sent reply becomes a template again: known values turn into placeholders, and filling it gives the reply back."""

import pytest

from paradesk.canned import Response, context_for, fill
from paradesk.canned.reversing import Replacement, to_template
from paradesk.canned.template import compile_template
from paradesk.core.model import Agent, Conversation, ConversationId, Customer
from paradesk.core.state import Thread


def context(name: str = "Sarah Chen", agent: str = "Robin", **order: str) -> dict[str, object]:
    conversation = Conversation(
        id=ConversationId("acme/42"),
        profile="acme",
        number="1245",
        customer=Customer(id="c1", name=name, email="sarah@example.com", attributes={"pet": "Rex"}),
        order=order,
    )
    return context_for(Thread(conversation=conversation), Agent("a", agent))


def test_known_values_become_placeholders_and_are_told() -> None:
    text, found = to_template(
        "Hi Sarah, order A-1007 (ticket 1245) goes to sarah@example.com. Sarah Chen, bye, Robin. Rex!",
        context(id="A-1007"),
    )
    assert text == (
        "Hi {{ customer.first_name }}, order {{ order.id }} (ticket {{ conversation.number }}) goes to "
        "{{ customer.email }}. {{ customer.name }}, bye, {{ agent.first_name }}. {{ customer.attributes.pet }}!"
    )
    assert found[0] == Replacement("Sarah", "customer.first_name", 1)
    assert [item.placeholder for item in found][:3] == ["customer.first_name", "order.id", "conversation.number"]


@pytest.mark.parametrize(
    "text",
    [
        "Sarahs Paket, SARAH, sarah",
        "A-10071 and XA-1007",
        "open, normal, web, chat: common words are no values",
        "",
    ],
)
def test_only_whole_words_as_they_are_written_count(text: str) -> None:
    assert to_template(text, context(id="A-1007", status="open")) == (text, ())


def test_the_customer_comes_before_an_agent_of_the_same_name() -> None:
    text, _ = to_template("Hi Robin", context(name="Robin", agent="Robin"))
    assert text == "Hi {{ customer.first_name }}"


def test_it_fills_to_what_was_sent() -> None:
    values = context(id="A-1007", total="49.90 €")
    sent = "Hi Sarah, 49.90 € for A-1007 are on their way. Sarah Chen and Sarah."
    text, _ = to_template(sent, values)
    compile_template(text)
    assert fill(Response(id="a", title="A", body={"en": text}), values, "en").text == sent


def test_hostile_values_are_no_patterns() -> None:
    text, found = to_template("a (.*) b", context(id=".*", item="(.*)"))
    assert (text, [item.placeholder for item in found]) == ("a (.*) b", [])
    assert to_template("x", {}) == ("x", ())
