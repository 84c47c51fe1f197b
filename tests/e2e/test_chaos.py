"""A short run of `python -m tests.e2e.chaos`: each kind of disturbance once, on a real homeserver, in the whole program."""

from collections import Counter
from pathlib import Path

import pytest

from tests.contract.synapse import synapse_python
from tests.e2e.chaos import differences, play
from tests.e2e.terminal import needs_tmux


@pytest.mark.e2e
@pytest.mark.synapse
@needs_tmux
@pytest.mark.timeout(420)
def test_both_sides_hold_the_same_messages_after_every_kind_of_disturbance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if synapse_python() is None:
        pytest.skip("NOT TESTED: a conversation under chaos (SYNAPSE_PYTHON names no python that has matrix-synapse)")
    monkeypatch.setenv("PARADESK_STATE_DIR", str(tmp_path / "state"))
    findings = play(10, 20, tmp_path, rest=5.0)
    print(findings.table())
    assert findings.in_words == []
    assert findings.disturbances.total() == 10
    figures = dict(findings.rows)
    # How many there are depends on how fast the machine is: what is asserted is that both sides said something.
    assert int(figures["messages from the customers"]) > 0
    assert int(figures["replies typed with keys and accepted"]) > 0
    assert int(figures["times offline and online again"]) > 0


@pytest.mark.parametrize(
    ("found", "figure"),
    [
        (["a", "b"], "missing"),
        (["a", "b", "c", "c"], "doubled"),
        (["a", "c", "b"], "order"),
    ],
)
def test_the_comparison_sees_what_is_wrong(found: list[str], figure: str) -> None:
    counts: Counter[str] = Counter()
    assert differences("anna", "the desk", found, ["a", "b", "c"], counts)
    assert +counts == Counter({figure: 1})
    assert differences("anna", "the desk", ["a"], ["a"], counts) == []
