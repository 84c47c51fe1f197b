"""The second layer: what leaves a widget, and what goes past the widgets."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from paradesk.ui.content import assemble, cell, one_line, plain, segment, segments_width, styled
from paradesk.ui.safety import ControlGuard, safe_title

BLACK = Color(0, 0, 0)
CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
any_text = st.text(alphabet=st.characters(codec=None), max_size=40)


def through_guard(*segments: Segment) -> list[Segment]:
    return ControlGuard().apply(list(segments), BLACK)


def test_guard_replaces_controls_and_keeps_the_rest() -> None:
    (guarded,) = through_guard(Segment("a\x1b]0;x\x07b\x9b31m\u202eü漢👨‍👩‍👧", Style(bold=True)))
    assert guarded.text == "a�]0;x�b�31m�ü漢👨‍👩‍👧"
    assert guarded.style == Style(bold=True)


def test_guard_leaves_clean_rows_as_they_are() -> None:
    row = [Segment("│ ü漢 می\u200cخواهم"), Segment("plain", Style(italic=True))]
    assert ControlGuard().apply(row, BLACK) is row


def test_guard_drops_a_link_that_carries_a_control() -> None:
    bad, good = through_guard(
        Segment("x", Style(link="https://a.example/\x1b\\\x1b]52;c;QQ==\x07")),
        Segment("y", Style(link="https://a.example/")),
    )
    assert bad.style is not None
    assert bad.style.link is None
    assert good.style is not None
    assert good.style.link == "https://a.example/"


@given(any_text)
def test_guard_lets_no_control_through(text: str) -> None:
    (guarded,) = through_guard(Segment(text))
    assert not CONTROLS.search(guarded.text)
    assert len(guarded.text) == len(text)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Paradesk · Sarah Chen #1245", "Paradesk · Sarah Chen #1245"),
        ("x\x07\x1b]52;c;QQ==\x1b\\", "x␇␛]52,c,QQ==␛\\"),
        ("a\nb\tc", "a b c"),
        ("\x9c\x9d\u202e", "��␦"),
    ],
)
def test_titles(text: str, title: str) -> None:
    assert safe_title(text) == title


@given(any_text)
def test_a_title_cannot_end_its_sequence(text: str) -> None:
    assert re.fullmatch("[^\x00-\x1f\x7f-\x9f;]{0,80}", safe_title(text))


@given(any_text)
def test_content_carries_text_and_no_control(text: str) -> None:
    for content in (plain(text), styled(text, "bold"), one_line(text), assemble("to ", (text, "bold"), (text, ""))):
        assert not CONTROLS.search(content.plain.replace("\n", "").replace("\t", ""))
    assert not CONTROLS.search(cell(text).plain)
    assert not CONTROLS.search(segment(text).text)


def test_content_is_never_markup() -> None:
    text = "[@click=app.quit]x[/] [/nope] [$accent] \\[b]"
    assert plain(text).plain == text
    assert plain(text).spans == []
    assert assemble((text, "")).plain == text
    assert cell(text).plain == text


def test_width_counts_cells() -> None:
    assert segments_width("a漢") == 3
