"""What was hidden in a text: noticed, and shown as escapes that are harmless wherever they turn up."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.core.text import MAX_ORIGINAL, clean_text, escaped, has_hidden
from tests.hostile_corpus import Entry, everything


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("pay \u202e001\u202c EUR", "pay \\u202e001\\u202c EUR"),
        ("in\u200bvisible", "in\\u200bvisible"),
        ("\x1b[31mred", "\\u001b[31mred"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("half \ud800 a pair", "half \\ud800 a pair"),
        ("C1 \x9b31m", "C1 \\u009b31m"),
    ],
)
def test_hidden_characters_are_noticed_and_shown(text: str, shown: str) -> None:
    assert has_hidden(text)
    assert escaped(text) == shown


@pytest.mark.parametrize(
    "text", ["two\r\nlines", "tab\tstop", "Grüße, Zoë! مرحبا שלום कैसे हैं 日本語", "👩‍👩‍👧 می‌خواهم", "next\u2028line", ""]
)
def test_honest_text_hides_nothing(text: str) -> None:
    assert not has_hidden(text)


@pytest.mark.parametrize("entry", everything(), ids=lambda entry: entry.id)
def test_of_every_hostile_text_the_escapes_are_harmless(entry: Entry) -> None:
    shown = escaped(entry.text)
    assert not has_hidden(shown)
    assert clean_text(clean_text(shown)) == clean_text(shown)
    assert not has_hidden(clean_text(entry.text))
    if entry.survives:
        assert not has_hidden(entry.text)


@given(st.text(alphabet=st.characters()))
def test_escapes_are_harmless_and_unambiguous(text: str) -> None:
    shown = escaped(text)
    assert not has_hidden(shown)
    shown.encode()
    if len(text) * 10 < MAX_ORIGINAL:
        back = shown.replace("\\\\", "\x00").encode("ascii", "backslashreplace").decode("unicode_escape")
        assert back.replace("\x00", "\\") == text or "\x00" in text


def test_it_is_bounded() -> None:
    assert len(escaped("\u202e" * 1_000_000)) <= MAX_ORIGINAL + 1
