"""Names: who can be taken for whom, and how to greet."""

import pytest

from paradesk.core.names import HUES, confusable, first_name, hue, mixed_up


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Jonas Kühn", "Jonas Kuhn"),
        ("Jonas Kuehn", "jonas kühn"),
        ("Sarah Chen", "Sara Chen"),
        ("Sarah Chen", "SARAH CHEN"),
        ("Anna Bell", "Аnna Веll"),
        ("Jonas Kühn", "Jonas Klein"),
        ("Dr. Li Wei", "Li Wei"),
        ("Wei Li", "Li Wei"),
        ("Anna Schmidt", "Anja Schmitt"),
        ("Jonas", "Jonas Kühn"),
        ("Arne Berg", "Ame Berg"),
        ("Alan​ Turing", "Alan Turing"),
        ("", ""),
    ],
)
def test_names_that_can_be_mixed_up(a: str, b: str) -> None:
    """Case, accents, look-alikes, one letter, the same short form: in either order."""
    assert confusable(a, b)
    assert confusable(b, a)


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ("Sarah Chen", "Sarah Miller"),
        ("Sarah Chen", "Jonas Kühn"),
        ("李伟", "王芳"),
        ("Ana Pereira", "Mohammed Al-Farsi"),
        ("Sarah Chen", ""),
        ("Bo", "Al"),
        ("Ольга Петрова", "Иван Сидоров"),
    ],
)
def test_names_that_are_clearly_different(a: str, b: str) -> None:
    """A mark on these would be noise."""
    assert not confusable(a, b)
    assert not confusable(b, a)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("Sarah Chen", "Sarah"),
        ("Dr. Sarah Chen", "Sarah"),
        ("Herr Prof. Jonas Kühn", "Jonas"),
        ("Chen, Sarah", "Sarah"),
        ("李伟", "李伟"),
        ("sarah@example.com", "sarah@example.com"),
        ("Dr.", "Dr."),
        ("  ", ""),
    ],
)
def test_first_names(name: str, first: str) -> None:
    """Titles are no names, and a name that cannot be taken apart is used whole."""
    assert first_name(name) == first


def test_hues_are_stable_and_spread() -> None:
    """The same on every machine, within range, and all in use; no id breaks it."""
    assert hue("customer-1") == 9
    assert {hue(str(number)) for number in range(500)} == set(range(HUES))
    assert hue("\ud800") in range(HUES)


def test_mixed_up_names_of_a_list() -> None:
    """Those that have a double, and the same name twice."""
    assert mixed_up(["Jonas Kühn", "Ana P", "Jonas Kuhn"]) == {"Jonas Kühn", "Jonas Kuhn"}
    assert mixed_up(["Ana P", "Ana P"]) == {"Ana P"}
    assert mixed_up([]) == frozenset()
