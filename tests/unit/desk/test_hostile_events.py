"""Every hostile text in every field of every event: cleaned at intake, kept by the journal, the same after a restart."""

import dataclasses
import re
from collections.abc import Iterator, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.core.events import MessageUpserted
from paradesk.core.text import clean_text
from paradesk.desk.intake import incoming
from tests.hostile_corpus import COLLECTION, MISSING, Entry, collection, everything
from tests.hostile_events import events, message, removal

UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\U000e0000-\U000e0fff]"
)
any_text = st.text(alphabet=st.characters(codec=None), max_size=200)


def texts(value: object) -> Iterator[str]:
    """Return every text inside a value."""
    if isinstance(value, str):
        yield value
    elif dataclasses.is_dataclass(value):
        for one in dataclasses.fields(value):
            yield from texts(getattr(value, one.name))
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield from texts(key)
            yield from texts(inner)
    elif isinstance(value, (tuple, list, frozenset)):
        for inner in value:
            yield from texts(inner)


def check(text: str) -> None:
    taken = [incoming("acme", event) for event in [*events(text, "c1", 1), removal(text, "c1")]]
    for event in taken:
        for found in texts(event):
            assert not UNSAFE.search(found), (type(event).__name__, found[:80])


@pytest.mark.parametrize("entry", everything(), ids=lambda entry: entry.id)
def test_nothing_unsafe_is_left_in_any_field_of_any_event(entry: Entry) -> None:
    check(entry.text)


def test_the_large_collection_was_there() -> None:
    if not COLLECTION.exists():
        pytest.skip(MISSING)
    assert len(collection()) == 116
    assert any(entry.survives for entry in collection())


@given(any_text)
def test_nothing_unsafe_is_left_of_any_text(text: str) -> None:
    check(text)


@pytest.mark.parametrize("entry", [entry for entry in everything() if entry.survives], ids=lambda entry: entry.id)
def test_honest_text_comes_out_as_it_went_in(entry: Entry) -> None:
    taken = incoming("acme", events(entry.text, "c1", 1)[4])
    assert entry.text in set(texts(taken))
    assert clean_text(entry.text) == entry.text


@pytest.mark.parametrize("number", [10**400, -(10**400), float("nan"), float("inf"), -1.0])
def test_absurd_numbers_are_made_such_as_the_journal_holds(number: float) -> None:
    odd = dataclasses.replace(message("x", "c1", "m", 1), sent_at=number)
    if isinstance(number, int):
        odd = dataclasses.replace(odd, order_key=number, version=number)
    taken = incoming("acme", MessageUpserted(odd))
    assert isinstance(taken, MessageUpserted)
    assert 0 <= taken.message.sent_at < 1e12
    assert abs(taken.message.order_key) <= 2**60
