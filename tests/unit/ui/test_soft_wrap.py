"""Wrapping, against what it promises: nothing lost, nothing too wide, and an edit leaves what a fresh start makes."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from paradesk.ui.graphemes import cells, joins, next_boundary, shown
from paradesk.ui.soft_wrap import SoftWrap
from paradesk.ui.text_buffer import Position, TextBuffer
from paradesk.ui.text_view import TextView

FAMILY = "👨\u200d👩\u200d👧"
ATOMS = [
    "a",
    "bc",
    " ",
    "word",
    "   ",
    "e\u0301",
    "你",
    FAMILY,
    "🇩🇪",
    "👍🏽",
    "\t",
    "❤",
    "\ufe0f",
    "\u0301",
    "\u200d",
    "नि",
]
lines = st.lists(st.sampled_from(ATOMS), max_size=40).map("".join)
widths = st.integers(2, 14)


def rows_of(wrap: SoftWrap, line: str) -> list[str]:
    return [line[slice(*wrap.span(line, row))] for row in range(wrap.row_count(line))]


@pytest.mark.parametrize(
    ("line", "width", "rows"),
    [
        ("", 6, [""]),
        ("hello", 6, ["hello"]),
        ("hello world", 6, ["hello ", "world"]),
        ("hello  world", 6, ["hello ", " ", "world"]),
        ("to be or not", 6, ["to be ", "or ", "not"]),
        ("hello ", 6, ["hello ", ""]),
        ("unbreakable", 6, ["unbre", "akabl", "e"]),
        ("你好你好", 6, ["你好", "你好"]),
        ("ab 你好你好", 7, ["ab 你", "好你好"]),
        ("a\tb", 6, ["a\t", "b"]),
        (FAMILY * 3, 6, [FAMILY * 2, FAMILY]),
    ],
)
def test_rows(line: str, width: int, rows: list[str]) -> None:
    assert rows_of(SoftWrap(width), line) == rows


@given(lines, widths)
def test_rows_hold_the_line_and_fit(line: str, width: int) -> None:
    wrap = SoftWrap(width)
    rows = rows_of(wrap, line)
    assert "".join(rows) == line
    for row in rows:
        full = cells(row) == width and row.endswith(" ")
        alone = next_boundary(row, 0) == len(row)
        assert cells(row) <= width - 1 or full or alone
    assert not any(joins(line, start) for start in wrap.rows(line))
    if next_boundary(rows[-1], 0) != len(rows[-1]):
        assert cells(rows[-1]) < width  # there is a cell for the cursor


@settings(max_examples=400)
@given(st.data(), widths)
def test_after_an_edit_the_rows_are_those_of_a_fresh_start(data: st.DataObject, width: int) -> None:
    wrap = SoftWrap(width)
    line = data.draw(lines)
    wrap.rows(line)
    for _ in range(4):
        start = data.draw(st.integers(0, len(line)))
        end = data.draw(st.integers(start, min(len(line), start + 5)))
        new = data.draw(st.lists(st.sampled_from(ATOMS), max_size=3).map("".join))
        changed = line[:start] + new + line[end:]
        wrap.edited(line, changed, start, start + len(new))
        assert list(wrap.rows(changed)) == list(SoftWrap(width).rows(changed))
        line = changed


@given(lines, widths)
def test_every_place_has_a_cell_and_every_cell_a_place(line: str, width: int) -> None:
    wrap = SoftWrap(width)
    column = 0
    while True:
        row, cell = wrap.locate(line, column)
        start, end = wrap.span(line, row)
        assert start <= column <= end
        if not line or (column < len(line) and cells(line[column : next_boundary(line, column)]) > 0):
            assert wrap.column_at(line, row, cell) == column
        if column >= len(line):
            break
        column = next_boundary(line, column)
    for row in range(wrap.row_count(line)):
        for cell in range(width + 2):
            place = wrap.column_at(line, row, cell)
            assert wrap.locate(line, place)[0] == row
            assert not joins(line, place)


@given(lines)
def test_cells_agree_with_what_is_drawn(line: str) -> None:
    total, at = 0, 0
    while at < len(line):
        end = next_boundary(line, at)
        total += cells(line[at:end])
        at = end
    assert total == cells(line) == cell_len(shown(line))


@given(st.lists(lines, min_size=1, max_size=8), widths, st.integers(1, 5), st.data())
def test_the_window_shows_the_cursor_and_no_needless_blank(
    texts: list[str], width: int, height: int, data: st.DataObject
) -> None:
    buffer = TextBuffer("\n".join(texts))
    view = TextView(buffer, width)
    total = view.row_count(10_000)
    for _ in range(5):
        buffer.move_to(buffer.position_at(data.draw(st.integers(0, buffer.size))))
        if data.draw(st.booleans()):
            buffer.insert(data.draw(lines))
            total = view.row_count(10_000)
        rows = view.visible(height)
        assert len(rows) == min(height, total)
        cursor = buffer.cursor
        assert any(row.line == cursor.line and row.start <= cursor.column <= row.end for row in rows)


def test_up_and_down_keep_the_cell_over_short_rows() -> None:
    buffer = TextBuffer("a long line\nx\nanother line")
    view = TextView(buffer, 40)
    buffer.move_to(Position(0, 8))
    places = []
    for step in (view.below, view.below, view.above, view.above):
        place = step(buffer.cursor)
        assert place is not None
        buffer.move_to(place)
        view.keep_goal()
        places.append(place)
    assert places == [Position(1, 1), Position(2, 8), Position(1, 1), Position(0, 8)]
    assert view.above(buffer.cursor) is None


def test_home_and_end_go_by_row_then_by_line() -> None:
    buffer = TextBuffer("hello big wide world")
    view = TextView(buffer, 11)
    assert rows_of(view.wrap, buffer.lines[0]) == ["hello big ", "wide world"]
    place = Position(0, 12)
    assert view.row_start(place) == Position(0, 10)
    assert view.row_start(view.row_start(place)) == Position(0, 0)
    assert view.row_end(Position(0, 2)) == Position(0, 9)
    assert view.row_end(Position(0, 9)) == Position(0, 20)


def test_typing_at_the_end_of_a_long_text_breaks_only_its_last_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    import paradesk.ui.soft_wrap as module

    broken: list[int] = []
    real = module._row_end

    def counting(line: str, start: int, width: int) -> int:
        broken.append(start)
        return real(line, start, width)

    monkeypatch.setattr(module, "_row_end", counting)
    buffer = TextBuffer(" ".join("abcdefghijkl"[: 2 + number * number % 11] for number in range(400)))
    view = TextView(buffer, 50)
    buffer.move_to(buffer.end)
    view.visible(6)
    assert len(broken) > 40
    for character in "more text":
        broken.clear()
        buffer.insert(character, typed=True)
        view.visible(6)
        assert len(broken) <= 6
    buffer.move_to(Position(0, 500))
    broken.clear()
    buffer.insert("x")
    view.visible(6)
    assert len(broken) <= 15


def test_only_what_is_shown_is_broken() -> None:
    buffer = TextBuffer("\n".join(f"line {number}" for number in range(100_000)))
    view = TextView(buffer, 50)
    buffer.move_to(buffer.end)
    rows = view.visible(6)
    assert [row.line for row in rows] == list(range(99_994, 100_000))
    assert view.row_count(6) == 6
    assert len(view.wrap._memory) < 50
