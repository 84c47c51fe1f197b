"""Word wrap by cells."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from paradesk.core.text import clean_text
from paradesk.ui.wrapping import clusters, cut_to, offset_at, snap, wrap

FAMILY = "👨‍👩‍👧‍👦"


def rows(text: str, width: int, most: int | None = None) -> list[str]:
    return [text[start:end] for start, end in wrap(text, width, most)]


@pytest.mark.parametrize(
    ("text", "width", "expected"),
    [
        ("", 10, [""]),
        ("hello", 5, ["hello"]),
        ("hello world", 5, ["hello", "world"]),
        ("hello world again", 11, ["hello world", "again"]),
        ("abcdefghij", 4, ["abcd", "efgh", "ij"]),
        ("to abcdefghij", 4, ["to", "abcd", "efgh", "ij"]),
        ("a\n\nb", 5, ["a", "", "b"]),
        ("a\n", 5, ["a", ""]),
        ("grüße an alle", 8, ["grüße an", "alle"]),
        ("überlangeswort", 5, ["überl", "anges", "wort"]),
        ("漢字漢字漢", 4, ["漢字", "漢字", "漢"]),
        ("漢字漢字漢", 5, ["漢字", "漢字", "漢"]),
        ("order 漢字漢字", 9, ["order 漢", "字漢字"]),
        ("x" + FAMILY * 3, 5, ["x" + FAMILY * 2, FAMILY]),
        ("🇩🇪🇫🇷🇮🇹", 4, ["🇩🇪🇫🇷", "🇮🇹"]),
        ("e\u0301" * 5, 2, ["e\u0301" * 2, "e\u0301" * 2, "e\u0301"]),
        ("漢", 1, ["漢"]),
    ],
)
def test_rows(text: str, width: int, expected: list[str]) -> None:
    assert rows(text, width) == expected


def test_at_most_so_many_rows() -> None:
    assert rows("a b c d e f", 1, 3) == ["a", "b", "c"]
    assert rows("x" * 1000, 2, 2) == ["xx", "xx"]
    assert rows("漢" * 1000, 2, 2) == ["漢", "漢"]
    assert rows("a\nb\nc", 9, 2) == ["a", "b"]


shown_text = st.one_of(
    st.text(max_size=80),
    st.lists(
        st.sampled_from(
            [" ", "  ", "a", "word", "ü", "漢", "字", FAMILY, "👍🏽", "❤️", "e\u0301", "🇩🇪", "\n", "می\u200cخ", "-"]
        ),
        max_size=60,
    ).map("".join),
).map(lambda text: clean_text(text).expandtabs(4))


@given(shown_text, st.integers(1, 30))
def test_rows_fit_and_lose_nothing_but_blanks(text: str, width: int) -> None:
    spans = wrap(text, width)
    at = 0
    for start, end in spans:
        assert at <= start <= end
        assert text[at:start].strip(" \n") == ""
        assert start == snap(text, start)
        row = text[start:end]
        assert cell_len(row) <= width or len(clusters(row)) == 1
        at = end
    assert text[at:].strip(" \n") == ""


@given(shown_text, st.integers(0, 30))
def test_cutting_fits(text: str, width: int) -> None:
    line = text.replace("\n", " ")
    cut = cut_to(line, width)
    assert cell_len(cut) <= width
    assert cut == line or cut == "" or cut.endswith("…")


@given(shown_text)
def test_clusters_cover_the_text(text: str) -> None:
    assert "".join(text[start:end] for start, end, _ in clusters(text)) == text
    assert sum(cells for _, _, cells in clusters(text)) >= cell_len(text)


def test_a_cell_finds_its_character() -> None:
    text = "a漢" + FAMILY + "b"
    assert [offset_at(text, 0, len(text), cell) for cell in (-1, 0, 1, 2, 3, 5, 99)] == [
        0,
        0,
        1,
        1,
        2,
        2 + len(FAMILY),
        len(text),
    ]


def test_a_flood_of_zero_width_characters_takes_rows() -> None:
    vowels = "\u1100" + "\u1161" * 400  # one syllable block, says Unicode; a terminal may say otherwise
    assert max(cells for _, _, cells in clusters(vowels)) > 300
