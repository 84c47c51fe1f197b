"""The rows of a message: layout, marks, gutters that no text can forge."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from paradesk.core.model import Attachment, Delivery, Message, Role, Visibility
from paradesk.ui.transcript_rows import (
    CAP_ROWS,
    Block,
    Look,
    Row,
    build_block,
    day_label,
    delivery_mark,
    rule,
    size_label,
)
from tests.unit.ui.transcripts import message, own

NARROW, WIDE = 40, 90


def drawn(row: Row) -> str:
    return "".join(part.text for part in row.prefix) + row.text + "".join(part.text for part in row.suffix)


def lines(shown: Message, width: int = NARROW, **look: Any) -> list[str]:
    return [drawn(row).rstrip() for row in build_block(shown, Look(width, **look)).rows]


def test_a_narrow_pane_has_the_name_on_its_own_row() -> None:
    assert lines(message(0, "the parcel says delivered but it isn't here")) == [
        "│ Sarah Chen                       13:40",
        "│ the parcel says delivered but it isn't",
        "│ here",
    ]


def test_a_wide_pane_has_time_and_name_beside_the_text() -> None:
    assert lines(message(0, "word " * 20), WIDE) == [
        "│  13:40 Sarah Chen       " + "word " * 12 + "word",
        "│                         " + "word " * 6 + "word",
    ]


def test_a_grouped_message_does_not_repeat_the_name() -> None:
    assert lines(message(0, "more"), grouped=True) == ["│ more"]


def test_each_speaker_has_a_gutter_of_their_own() -> None:
    speakers = [
        message(0),
        own(0),
        message(0, role=Role.AGENT),
        message(0, role=Role.BOT),
        message(0, role=Role.SYSTEM),
        message(0, role=Role.AGENT, visibility=Visibility.NOTE),
    ]
    for width in (NARROW, WIDE):
        gutters = [lines(shown, width, own=shown.client_id is not None)[-1][0] for shown in speakers]
        assert gutters == ["│", "┃", "┊", "┇", "·", "╙"]


def test_a_note_is_a_box_and_says_so() -> None:
    note = message(0, "Upset, offer a voucher. " * 3, Role.AGENT, visibility=Visibility.NOTE)
    for width in (60, WIDE):
        rows = lines(note, width)
        assert rows[0] == "╓ NOTE · Tom Berg · 13:40 · only agents see this"
        assert {row[0] for row in rows[1:-1]} <= {"║"}
        assert rows[-1][0] == "╙"


def test_a_bot_is_called_a_bot() -> None:
    assert lines(message(0, role=Role.BOT))[0].startswith("┇ [bot] Helper")
    assert "[bot] Helper" in lines(message(0, role=Role.BOT), WIDE)[0]


FORGERIES = [
    "thanks\n── Today ──\n━━ new since you looked ━━",
    "┃ You  14:32 refund approved ✓✓ read",
    "╓ NOTE · Tom Berg · only agents see this\n╙ refund him",
    "· 14:32 Identity verified",
    "x" * 500 + "\n" + "┃" * 300,
    "\u3000\u2800 " * 200 + "┃ You",
    "+[file] contract.pdf\n▾… show all",
]


@pytest.mark.parametrize("body", FORGERIES)
@pytest.mark.parametrize("width", [12, NARROW, WIDE])
def test_no_text_reaches_the_gutter(body: str, width: int) -> None:
    look = Look(width, day="Today", unseen=True, gap=True)
    block = build_block(message(0, body), look)
    honest = build_block(message(0, "honest"), look)
    own_rows = block.rows[block.lead : -1]
    assert {row.prefix[0].text[0] for row in own_rows} == {"│"}
    assert {row.prefix[0].text[1] for row in own_rows} <= {" ", "▾"}
    # what has no gutter is a rule of ours: the same with any text
    assert [row for row in block.rows if not row.prefix] == [row for row in honest.rows if not row.prefix]


@pytest.mark.parametrize(
    ("delivery", "read", "long"),
    [
        (Delivery.QUEUED, False, "… queued"),
        (Delivery.SENDING, False, "… sending"),
        (Delivery.ACKED, False, "✓ sent"),
        (Delivery.CONFIRMED, False, "✓✓ confirmed"),
        (Delivery.CONFIRMED, True, "✓✓ read"),
        (Delivery.CANCELLED, False, "× cancelled"),
    ],
)
def test_delivery_marks(delivery: Delivery, read: bool, long: str) -> None:
    assert lines(own(0, "ok", delivery=delivery), 44, own=True, read=read)[-1].endswith(long)


def test_every_delivery_state_has_a_mark_of_its_own() -> None:
    marks = {delivery_mark(own(0, delivery=delivery), False)[0] for delivery in Delivery}
    assert len(marks) == len(Delivery)


def test_a_mark_is_short_before_it_takes_a_row_and_a_row_before_it_is_lost() -> None:
    assert lines(own(0, "x" * 30), own=True, grouped=True) == ["┃ " + "x" * 30 + " " * 6 + "✓✓"]
    assert lines(own(0, "x" * 36), own=True, grouped=True) == ["┃ " + "x" * 36, "┃ " + " " * 36 + "✓✓"]


def test_a_failure_says_why() -> None:
    failed = own(0, "hi", delivery=Delivery.FAILED, delivery_reason="413 too large for this channel, split it")
    assert lines(failed, own=True)[1:] == ["┃ hi", "┃ ! failed: 413 too large for this", "┃ channel, split it"]
    unsure = own(0, "hi", delivery=Delivery.UNCERTAIN, delivery_reason="no answer")
    assert lines(unsure, own=True)[-1] == "┃ ? uncertain: no answer"


def test_marks_are_only_for_messages_of_this_desk() -> None:
    assert "✓" not in "".join(lines(message(0, role=Role.AGENT)))


def test_files_are_rows_with_a_gutter_of_their_own() -> None:
    files = (
        Attachment(id="1", name="door.jpg", media_type="image/jpeg", size=482_000),
        Attachment(id="2", name="\x1b]0;x\x07a\u202eb.pdf"),
    )
    block = build_block(message(0, "see", attachments=files), Look(NARROW))
    assert [drawn(row).rstrip() for row in block.rows[1:]] == [
        "│ see",
        "│+[image] door.jpg  482 kB",
        "│+[file] ␛]0;x␇a␦b.pdf",
    ]
    assert block.text == "see\n[image] door.jpg  482 kB\n[file] ␛]0;x␇a␦b.pdf"
    assert [block.text[start:].split("\n")[0] for start in block.files] == block.text.split("\n")[1:]


def test_edited_and_deleted_messages_say_so() -> None:
    assert lines(message(0, "new text", edited=True))[-1].endswith("(edited)")
    assert lines(own(0, "x", edited=True), 50, own=True)[-1].endswith("edited · ✓✓ confirmed")
    gone = build_block(message(0, "secret", deleted=True), Look(NARROW))
    assert [drawn(row).rstrip() for row in gone.rows[1:]] == ["│×(message deleted)"]
    assert "secret" not in gone.text


def test_rules_stand_before_and_after() -> None:
    rows = lines(message(0), day="Today · Sunday 22 November 2026", unseen=True, gap=True)
    assert rows[0].startswith("━━ new since you looked ━")
    assert rows[1].startswith("── Today · Sunday 22 November 2026 ─")
    assert rows[-1].startswith("╌╌ messages are missing here, fetching ╌")
    assert all(cell_len(row) == NARROW for row in (rows[0], rows[1], rows[-1]))


def test_a_long_message_is_capped_and_can_be_expanded() -> None:
    body = "\n".join(f"line {number}" for number in range(900))
    block = build_block(message(0, body), Look(NARROW))
    assert block.capped
    assert len(block.rows) == 1 + CAP_ROWS + 1
    assert drawn(block.rows[-1]) == "│▾… show all (900 lines, 8 kB)"
    whole = build_block(message(0, body), Look(NARROW, level=1))
    assert not whole.capped
    assert len(whole.rows) == 901


def test_a_message_without_breaks_is_capped_by_its_length() -> None:
    block = build_block(message(0, "x" * 1_000_000), Look(WIDE))
    assert block.capped
    assert block.shown_end == block.body_end == 8192
    level = 0
    while block.capped:
        level += 1
        block = build_block(message(0, "x" * 1_000_000), Look(WIDE, level=level))
    assert block.shown_end == 1_000_000
    assert level <= 3


def test_an_empty_message_has_a_row() -> None:
    assert lines(message(0, "")) == ["│ Sarah Chen                       13:40", "│"]


def test_links_are_found_where_they_are_shown() -> None:
    block = build_block(message(0, "\tsee https://a.example/x."), Look(NARROW))
    ((start, end, address),) = block.links
    assert address == block.text[start:end] == "https://a.example/x"


def test_times_that_no_calendar_knows() -> None:
    assert "--:--" in lines(message(0, sent_at=1e30))[0]
    assert "--:--" in lines(message(0, sent_at=float("nan")))[0]


def test_days() -> None:
    today = date(2026, 11, 22)
    assert day_label(today, today) == "Today · Sunday 22 November 2026"
    assert day_label(date(2026, 11, 21), today) == "Yesterday · Saturday 21 November 2026"
    assert day_label(date(2026, 1, 2), today) == "Friday 2 January 2026"
    assert day_label(date(2026, 11, 23), today) == "Monday 23 November 2026"


@pytest.mark.parametrize(
    ("size", "label"),
    [
        (None, ""),
        (-1, ""),
        (0, "0 B"),
        (812, "812 B"),
        (12_300, "12 kB"),
        (999_600, "1.0 MB"),
        (3_400_000, "3.4 MB"),
        (25_000_000, "25 MB"),
        (5_000_000_000_000, "5,000 GB"),
    ],
)
def test_sizes(size: int | None, label: str) -> None:
    assert size_label(size) == label


def test_a_rule_fits_any_width() -> None:
    assert [cell_len(rule("a long label", width).text) for width in (0, 1, 5, 40)] == [0, 1, 5, 40]


bodies = st.one_of(
    st.text(max_size=300),
    st.sampled_from(
        ["漢" * 50, "👨‍👩‍👧‍👦" * 20, "\t" * 30, "e\u0301" * 90, "a\n\n\nb", "שלום " * 20, "\x1b[2J" * 9, "\ud800"]
    ),
)


@given(bodies, st.integers(1, 120), st.sampled_from(list(Role)), st.sampled_from(list(Visibility)), st.booleans())
def test_rows_fit_the_width_and_text_lines_up(
    body: str, width: int, role: Role, visibility: Visibility, is_own: bool
) -> None:
    shown = message(0, body, role, visibility=visibility, sender_name=body, edited=True)
    block: Block = build_block(shown, Look(width, own=is_own, day="Today", unseen=True))
    for row in block.rows:
        if width >= 12:
            assert cell_len(drawn(row)) <= width
        if row.start >= 0:
            assert block.text[row.start : row.start + len(row.text)] == row.text
