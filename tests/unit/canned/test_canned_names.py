"""Names of people in several scripts, split for a greeting."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.canned.names import split_name


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("Sarah Chen", "Sarah", "Chen"),
        ("Sarah", "Sarah", ""),
        ("Müller, Anna", "Anna", "Müller"),
        ("King, Martin Jr.", "Martin", "King"),
        ("John Smith, PhD", "John", "Smith"),
        ("Dr. Jonas Kühn", "Jonas", "Kühn"),
        ("Prof. Dr. med. Eva Lang", "Eva", "Lang"),
        ("Frau Schmidt", "", "Schmidt"),
        ("Mr Smith", "", "Smith"),
        ("Ludwig van Beethoven", "Ludwig", "van Beethoven"),
        ("Maria Anna de la Cruz", "Maria", "de la Cruz"),
        ("Anna-Lena Groß", "Anna-Lena", "Groß"),
        ("sarah chen", "Sarah", "Chen"),
        ("SARAH CHEN", "Sarah", "Chen"),
        ("anna-lena von stein", "Anna-Lena", "von Stein"),
        ("JD", "JD", ""),
        ("Leo McDonald", "Leo", "McDonald"),
        ("J. Robert Oppenheimer", "Robert", "Oppenheimer"),
        ("王小明", "王小明", ""),
        ("田中 太郎", "太郎", "田中"),
        ("김 민준", "민준", "김"),
        ("Дмитрий Иванов", "Дмитрий", "Иванов"),
        ("محمد علي", "محمد", "علي"),
        ("Αθηνά Παπαδοπούλου", "Αθηνά", "Παπαδοπούλου"),
        ("🌸 Mia 🌸", "Mia", ""),
        ("  Mia \t Rot ", "Mia", "Rot"),
        ("", "", ""),
        ("🌸", "", ""),
        ("sarah@example.com", "", ""),
        ("@sarah:example.org", "", ""),
        ("+49 170 1234567", "", ""),
        ("Guest 12", "", ""),
        ("Visitor 84421", "", ""),
        ("Besucher", "", ""),
        (",", "", ""),
    ],
)
def test_splits_as_people_would(name: str, first: str, last: str) -> None:
    assert split_name(name) == (first, last)


@given(st.text(max_size=80))
def test_never_fails_and_never_greets_with_a_line_break(name: str) -> None:
    first, last = split_name(name)
    assert "\n" not in first + last
