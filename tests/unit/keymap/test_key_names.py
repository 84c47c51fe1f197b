"""Names of keys: one canonical name, whatever a person wrote or a terminal sent."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.keymap.names import (
    MODIFIERS,
    NAMED_KEYS,
    UnknownKey,
    display_key,
    event_key,
    join_key,
    on_latin_layout,
    parse_key,
    parse_sequence,
    split_key,
    without_ctrl,
)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("ctrl+alt+k", "alt+ctrl+k"),
        ("alt+ctrl+k", "alt+ctrl+k"),
        ("Control+Option+k", "alt+ctrl+k"),
        ("ctrl+@", "ctrl+space"),
        ("ctrl+space", "ctrl+space"),
        ("ctrl+shift+j", "ctrl+shift+j"),
        ("ctrl+shift+J", "ctrl+shift+j"),
        ("shift+j", "J"),
        ("J", "J"),
        ("question_mark", "?"),
        ("?", "?"),
        ("ctrl+right_square_bracket", "ctrl+]"),
        ("ctrl+]", "ctrl+]"),
        ("ctrl++", "ctrl++"),
        ("ctrl+plus", "ctrl++"),
        ("plus", "+"),
        ("+", "+"),
        ("Esc", "escape"),
        ("PgUp", "pageup"),
        ("F4", "f4"),
        ("return", "enter"),
        ("newline", "ctrl+j"),
        ("backtab", "shift+tab"),
        ("↑", "up"),
        ("space", "space"),
        ("ü", "ü"),
    ],
)
def test_what_people_write(written: str, canonical: str) -> None:
    assert parse_key(written) == canonical


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("ctr+o", "ctrl+o"),
        ("C-x", "ctrl+x"),
        ("M-x", "alt+x"),
        ("ctrl-x", "ctrl+x"),
        ("ctrl+pgupp", "ctrl+pgup"),
        ("entr", "enter"),
        ("ctrl+K", "ctrl+shift+k"),
        ("shift+1", "!"),
        ("shift+space", "space"),
        (" ", "space"),
        ("ctrl+ ", "space"),
    ],
)
def test_mistakes_are_answered_with_what_was_meant(written: str, meant: str) -> None:
    with pytest.raises(UnknownKey, match=meant.replace("+", r"\+")):
        parse_key(written)


@pytest.mark.parametrize("written", ["", "nonsense-key", "ctrl+", "+ctrl+", "\x1b", "ctrl+\x07", "f99"])
def test_nonsense_is_an_unknown_key(written: str) -> None:
    with pytest.raises(UnknownKey):
        parse_key(written)


@pytest.mark.parametrize(
    ("key", "character", "canonical"),
    [
        ("alt+ctrl+k", None, "alt+ctrl+k"),
        ("ctrl+@", "\x00", "ctrl+space"),
        ("ctrl+shift+J", None, "ctrl+shift+j"),
        ("J", "J", "J"),
        ("question_mark", "?", "?"),
        ("space", " ", "space"),
        ("shift+space", " ", "space"),
        ("alt+o", "o", "alt+o"),
        ("alt+shift+o", "O", "alt+shift+o"),
        ("ctrl+backslash", "\x1c", "ctrl+\\"),
        ("enter", "\r", "enter"),
        ("tab", "\t", "tab"),
        ("plus", "+", "+"),
        ("pageup", None, "pageup"),
        ("", None, ""),
        ("<ignore>", "\x1b[O", "<ignore>"),
    ],
)
def test_what_terminals_send(key: str, character: str | None, canonical: str) -> None:
    assert event_key(key, character) == canonical


@given(st.text(max_size=12), st.one_of(st.none(), st.text(max_size=2)))
def test_event_names_are_total(key: str, character: str | None) -> None:
    assert isinstance(event_key(key, character), str)


_BASES = st.one_of(
    st.sampled_from(sorted(NAMED_KEYS)), st.sampled_from(string.ascii_lowercase + string.digits + "]+/?")
)
_KEYS = st.builds(lambda held, base: (frozenset(held), base), st.sets(st.sampled_from(MODIFIERS)), _BASES)


@given(_KEYS)
def test_every_name_survives_being_shown_and_read_again(key: tuple[frozenset[str], str]) -> None:
    try:
        canonical = parse_key(join_key(*key))
    except UnknownKey:
        return
    assert parse_key(display_key(canonical)) == canonical
    assert parse_key(canonical) == canonical
    assert join_key(*split_key(canonical)) == canonical
    assert event_key(canonical, None) == canonical


def test_ctrl_still_held() -> None:
    assert without_ctrl("ctrl+o") == ("o",)
    assert without_ctrl("ctrl+left") == ("left",)
    assert without_ctrl("ctrl+shift+o") == ("O",)
    assert "2" in without_ctrl("ctrl+space")
    assert without_ctrl("o") == ()
    assert without_ctrl("") == ()


def test_other_layouts() -> None:
    assert on_latin_layout("alt+ctrl+л") == "alt+ctrl+k"
    assert on_latin_layout("щ") == "o"
    assert on_latin_layout("Щ") == "O"
    assert on_latin_layout("κ") == "k"
    assert on_latin_layout("o") is None
    assert on_latin_layout("") is None


def test_a_sequence_needs_a_key() -> None:
    assert parse_sequence("ctrl+x  o") == ("ctrl+x", "o")
    with pytest.raises(UnknownKey):
        parse_sequence("  ")
