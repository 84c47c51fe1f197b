"""The rows in which a composer shows what the guard asks."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.ui.graphemes import cells
from paradesk.ui.widgets.composer_rows import Row
from paradesk.ui.widgets.guarded_composer import Question, question_rows

EDGE = ("┃ ", "edge")
QUESTION = Question(
    "meant for JONAS KÜHN #1251:",
    "names order 7731",
    ("F5 move there", "ctrl+x enter send anyway", "type to edit"),
    ("F5 move", "ctrl+x enter send anyway"),
)


def texts(rows: list[Row]) -> list[str]:
    return ["".join(text for text, _ in row.pieces[1:]) for row in rows]


@pytest.mark.parametrize(
    ("width", "expected"),
    [
        (100, ["? meant for JONAS KÜHN #1251: names order 7731",
               "F5 move there · ctrl+x enter send anyway · type to edit"]),
        (45, ["? meant for JONAS KÜHN #1251:", "  names order 7731", "F5 move there · ctrl+x enter send anyway"]),
        (38, ["? meant for JONAS KÜHN #1251:", "  names order 7731", "F5 move · ctrl+x enter send anyway"]),
        (28, ["? meant for JONAS KÜHN", "  #1251:", "  names order 7731", "F5 move", "ctrl+x enter send anyway"]),
    ],
)  # fmt: skip
def test_chat_and_reason_first_then_the_keys(width: int, expected: list[str]) -> None:
    assert texts(question_rows(EDGE, QUESTION, width)) == expected


@given(st.text(max_size=200), st.text(max_size=200), st.lists(st.text(max_size=70), max_size=4), st.integers(3, 120))
def test_nothing_is_wider_than_the_pane(objection: str, reason: str, choices: list[str], width: int) -> None:
    rows = question_rows(EDGE, Question(objection, reason, tuple(choices)), width)
    assert all(cells("".join(text for text, _ in row.pieces)) <= width for row in rows)
    assert len(rows) <= 3 + len(choices)
