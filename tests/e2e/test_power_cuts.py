"""A power cut takes nothing that was committed; a setting that would let it is noticed."""

import pytest

pytest.importorskip("apsw", reason="apsw is not installed: no power cuts are simulated")

from tests.e2e.power_cuts import run, table


def test_what_was_committed_survives_power_cuts() -> None:
    found = run(60, "full", seed=1)
    assert not [one for one in found if one.bad], table(found, "full")
    assert sum(one.commits for one in found) > 300


@pytest.mark.parametrize("synchronous", ["normal", "off"])
def test_a_careless_setting_is_caught(synchronous: str) -> None:
    assert any(one.bad for one in run(40, synchronous, seed=1))
