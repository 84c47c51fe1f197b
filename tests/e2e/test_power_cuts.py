"""A power cut takes nothing that was committed; a setting that would let it is noticed."""

import pytest

pytest.importorskip("apsw", reason="apsw is not installed: no power cuts are simulated")

from tests.e2e.power.cuts import Dump, ahead, disordered
from tests.e2e.power_cuts import run, table


def test_what_was_committed_survives_power_cuts() -> None:
    found = run(60, "full", seed=1)
    assert not [one for one in found if one.bad], table(found, "full")
    assert sum(one.commits for one in found) > 300
    assert any(one.checkpoint for one in found), "no checkpoint was cut"
    assert {"opening", "arrive", "accept", "move"} <= {one.during for one in found}


@pytest.mark.parametrize("synchronous", ["normal", "off"])
def test_a_careless_setting_is_caught(synchronous: str) -> None:
    assert any(one.bad for one in run(40, synchronous, seed=1))


def test_a_cursor_ahead_of_its_events_and_a_broken_order_are_seen() -> None:
    """The comparison itself: what a disk must never do is made by hand."""
    first: Dump = {"cursors": [("acme", "1")], "messages": [("m1",)], "outbox": [(9, "b"), (10, "c")]}
    second: Dump = {"cursors": [("acme", "2")], "messages": [("m1",), ("m2",)], "outbox": [(9, "b"), (10, "c")]}
    assert not ahead(first, [first, second])
    assert not ahead(second, [first, second])
    assert ahead({**first, "cursors": [("acme", "2")]}, [first, second])
    assert not disordered(first, second)
    assert not disordered({**first, "outbox": [(10, "c")]}, first)
    assert disordered({**first, "outbox": [(9, "c"), (10, "b")]}, first)
