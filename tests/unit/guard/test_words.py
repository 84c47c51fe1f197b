"""How a line is read: what counts as the same value, and that nothing raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.guard.words import ValueKind, read, values


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("at 3 pm", "3pm please"),
        ("at 3pm", "15:00"),
        ("um 15 Uhr", "15:00"),
        ("on the 22nd", "May 22"),
        ("$1,200.50", "1200"),
        ("426.00", "426 credits"),
        ("for 4 people", "four people"),
        ("für 4 Personen", "vier Personen"),
        ("call +49 170 123 45 67", "0049 170/1234567"),
        ("Alexis's order", "I am alexis"),
        ("write to Jonas@Example.org.", "jonas@example.org"),
        ("order #7731", "7731"),
        ("AB-1234", "ab-1234"),
    ],
)
def test_the_same_value_in_other_words(one: str, other: str) -> None:
    """Times, dates, amounts, numbers, names and addresses are known again however they are written."""
    assert any(not read(other).terms.isdisjoint(value.forms) for value in values(f"We said {one}"))


@pytest.mark.parametrize(
    ("text", "kind", "form"),
    [
        ("Your order 7731 left", ValueKind.NUMBER, "7731"),
        ("Your parcel JD0146 left", ValueKind.CODE, "jd0146"),
        ("I wrote to jonas@example.org", ValueKind.EMAIL, "jonas@example.org"),
        ("Thanks, Jonas", ValueKind.NAME, "jonas"),
        ("see https://example.org/x.", ValueKind.LINK, "https://example.org/x"),
        ("at 15:30", ValueKind.TIME, "15:30"),
    ],
)
def test_kinds(text: str, kind: ValueKind, form: str) -> None:
    """Each kind of value is told from the others."""
    assert any(value.kind is kind and form in value.forms for value in values(text))


def test_what_is_no_value() -> None:
    """Plain words, and a capital letter at the beginning of a sentence, are none."""
    assert values("Hello, how can I help? Please wait.") == ()


def test_a_wording_is_the_same_with_other_numbers() -> None:
    """Digits do not count for the wording."""
    assert read("It costs 12 euros.").key == read("it costs 7 Euros").key != read("it took 7 euros").key


def test_words_of_one_name_run_together() -> None:
    """Two words of one name are one piece of evidence."""
    first, second, third = values("to San Francisco, with Delta")
    assert first.run == second.run != third.run


@given(st.text())
def test_any_text_can_be_read(text: str) -> None:
    """No text raises, and each value of a text is found among its own terms."""
    terms = read(text).terms
    for value in values(text):
        assert value.forms
        assert not terms.isdisjoint(value.forms)
