"""Canned responses of a backend: marked, offered in its own chats only, and never a template of theirs."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.canned import Library, fill, offered
from paradesk.canned.remote import responses_of
from paradesk.core.model import RemoteResponse
from paradesk.core.text import clean_text

VALUES = {"customer": {"name": "Sarah Chen", "first_name": "Sarah"}}
TODAY = date(2026, 11, 28)


def filled(connector: str, body: str) -> str:
    (response,) = responses_of("acme", connector, [RemoteResponse("7", "Hello", body)])
    return fill(response, VALUES, "en").text


def test_it_is_marked_and_offered_in_the_chats_of_its_backend_only() -> None:
    """By its profile's name; its own ids keep two of the same title apart."""
    found = responses_of(
        "acme",
        "chatwoot",
        [RemoteResponse("1", "Hello", "Hi!", "/hi", "de-at"), RemoteResponse("2", "Hello", "Hey")],
        "fr",
    )
    library = Library(found)
    assert [one.title for one in found] == ["Hello (acme)", "Hello (acme)"]
    assert len({one.id for one in found}) == 2
    assert {one.shortcut: [*one.body] for one in found} == {"hi": ["de-AT"], "": ["fr"]}
    assert len(offered(library, "web", TODAY, "acme")) == 2
    assert len(offered(library, "web", TODAY, "beta")) == 0
    assert [one.id for one in responses_of("acme", "chatwoot", [RemoteResponse("1", "Hello", "new text")])] == [
        found[0].id
    ]


def test_known_placeholders_are_translated_and_unknown_ones_become_blanks() -> None:
    """So that nobody sends braces to a customer by mistake."""
    assert filled("chatwoot", "Hi {{contact.name}}!") == "Hi Sarah Chen!"
    assert filled("chatwoot", "Hi {{contact.shoe_size}}!") == "Hi ⟦contact.shoe size⟧!"
    assert filled("livehelperchat", "Hi {nick}, 50 % off") == "Hi Sarah Chen, 50 % off"


@pytest.mark.parametrize(
    "body", ["Hi {{contact.name}}, {% if x %}", "{{{{", "%}{%", "{% loop %}", "{nick}", "{{ customer.name }}"]
)
def test_of_an_unknown_backend_the_text_stays_as_it_stands(body: str) -> None:
    """Nothing in it is ours to expand."""
    assert filled("homemade", body) == body


@given(st.text(max_size=60))
def test_any_text_comes_out_as_it_went_in(body: str) -> None:
    """Whatever a backend keeps: it is text, or nothing where there is nothing to read."""
    found = responses_of("acme", "homemade", [RemoteResponse("1", "x", clean_text(body))])
    if found:
        assert fill(found[0], VALUES, "en").text.strip() == clean_text(body).strip()
    else:
        assert not clean_text(body).strip()


@pytest.mark.parametrize("body", ["{% for x in y %}a{% endfor %}", "{{ x | system: 'rm' }}", "{{"])
def test_what_would_run_something_is_text(body: str) -> None:
    """A tag that we refuse in an import is harmless here: nobody runs it."""
    assert "rm" not in VALUES
    text = filled("zendesk", body)
    assert text == body or "⟦" in text


def test_what_has_no_text_or_too_much_is_left_out() -> None:
    """The others are there."""
    found = responses_of(
        "acme",
        "x",
        [RemoteResponse("1", "a", " "), RemoteResponse("2", "b", "{" * 400_000), RemoteResponse("3", "", "c")],
    )
    assert [one.title for one in found] == ["c (acme)"]
