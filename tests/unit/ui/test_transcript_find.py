"""Finding and selecting text over the messages of a conversation."""

from datetime import date

from paradesk.core.model import Attachment
from paradesk.core.transcript import Transcript, sort_key
from paradesk.ui.transcript_blocks import Blocks
from paradesk.ui.transcript_find import Finder, match_offset
from paradesk.ui.transcript_rows import Look, build_block
from paradesk.ui.transcript_selection import TextPoint, TextSelection, point_at
from tests.unit.ui.transcripts import message, thread

TRANSCRIPT = Transcript(
    [
        message(0, "Where is my Parcel? parcel!"),
        message(1, "nothing"),
        message(2, "see", attachments=(Attachment(id="a", name="PARCEL label.pdf"),)),
        message(3, "parcel", deleted=True),
        message(4, "the parcel came"),
    ]
)


def found(finder: Finder) -> list[tuple[str, int, int | None]]:
    return [(match.message_id, match.start, match.file) for match in finder.matches]


def test_finds_in_bodies_and_names_of_files_whatever_the_case() -> None:
    finder = Finder()
    finder.look_for("parcel")
    finder.refresh(TRANSCRIPT)
    assert found(finder) == [("m0", 12, None), ("m0", 20, None), ("m2", 7, 0), ("m4", 4, None)]


def test_patterns_are_text() -> None:
    finder = Finder()
    finder.look_for("?  .*[".replace("  ", ""))
    finder.refresh(TRANSCRIPT)
    assert found(finder) == []
    finder.look_for("Parcel?")
    finder.refresh(TRANSCRIPT)
    assert found(finder) == [("m0", 12, None)]


def test_steps_go_round_in_both_directions() -> None:
    finder = Finder()
    finder.look_for("parcel")
    finder.refresh(TRANSCRIPT)
    assert finder.position == (0, 4)
    finder.choose_before(sort_key(TRANSCRIPT[1]))
    assert finder.position == (2, 4)
    positions = []
    for direction in (1, 1, 1, -1, -1, -1):
        finder.step(direction)
        positions.append(finder.position[0])
    assert positions == [3, 4, 1, 4, 3, 2]


def test_matches_follow_the_messages() -> None:
    finder = Finder()
    finder.look_for("parcel")
    finder.refresh(TRANSCRIPT)
    finder.step(-1)
    finder.refresh(TRANSCRIPT.put(message(9, "another parcel")).put(message(-1, "parcel")))
    assert finder.position == (5, 6)
    finder.look_for("")
    finder.refresh(TRANSCRIPT)
    assert finder.matches == []
    assert finder.step(1) is None


def test_a_match_stands_where_the_block_shows_it() -> None:
    finder = Finder()
    finder.look_for("parcel")
    finder.refresh(TRANSCRIPT.put(message(5, "a\tparcel")))
    for match in finder.matches:
        shown = TRANSCRIPT.put(message(5, "a\tparcel")).get(match.message_id)
        assert shown is not None
        block = build_block(shown, Look(30))
        start = match_offset(match, block)
        assert block.text[start : start + 6].lower() == "parcel"


def blocks_of(*bodies: str, width: int = 20) -> Blocks:
    blocks = Blocks()
    blocks.set_width(width)
    blocks.update(thread(message(number, body) for number, body in enumerate(bodies)), date(2026, 11, 22))
    return blocks


def test_selected_text_has_the_writers_line_breaks_only() -> None:
    blocks = blocks_of("one two three four five six seven eight", "second\nline", "third")
    first, last = TextPoint((0, "m0"), 4), TextPoint((2, "m2"), 2)
    expected = "two three four five six seven eight\nsecond\nline\nth"
    assert TextSelection(first, last).text(blocks) == expected
    assert TextSelection(last, first).text(blocks) == expected
    assert TextSelection(first, first).text(blocks) == ""


def test_a_selection_survives_what_happens_around_it() -> None:
    blocks = blocks_of("first", "second")
    selection = TextSelection(TextPoint((0, "m0"), 1), TextPoint((1, "m1"), 3))
    newer = blocks.transcript.put(message(7)).put(message(-3))
    blocks.update(thread(newer), date(2026, 11, 22))
    blocks.set_width(7)
    assert selection.text(blocks) == "irst\nsec"


def test_cells_lead_to_text() -> None:
    blocks = blocks_of("one two three four five", "漢字漢字", "x")
    rows = [(0, row) for row in range(len(blocks.block(0).rows))] + [(1, 0), (2, 0)]
    kinds = [blocks.block(index).rows[row].text for index, row in rows]
    y = kinds.index("one two three four")
    assert point_at(blocks, rows, 2, y) == TextPoint((0, "m0"), 0)
    assert point_at(blocks, rows, 6, y) == TextPoint((0, "m0"), 4)
    assert point_at(blocks, rows, 0, y) == TextPoint((0, "m0"), 0)
    assert point_at(blocks, rows, 99, y) == TextPoint((0, "m0"), 18)
    assert point_at(blocks, rows, 0, 0) == TextPoint((0, "m0"), 0)
    wide = kinds.index("漢字漢字")
    assert point_at(blocks, rows, 2 + 3, wide) == TextPoint((1, "m1"), 1)
    assert point_at(blocks, [None, *rows, None], 0, 0) == TextPoint((0, "m0"), 0)
    assert point_at(blocks, [None, *rows, None], 0, len(rows) + 1) == TextPoint((2, "m2"), 1)
    assert point_at(blocks, rows, 0, 99) is None
    assert point_at(Blocks(), [None], 0, 0) is None
