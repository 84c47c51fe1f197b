"""A short run of `python -m tests.e2e.torture` for each idempotency, and its broken desks, each of which it must catch."""

from pathlib import Path

import pytest

from paradesk.connectors.capabilities import Idempotency
from tests.e2e.torture.campaign import torture
from tests.e2e.torture.mutants import MUTANTS


@pytest.mark.e2e
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("mode", "resend_once"),
    [(Idempotency.EXACT, False), (Idempotency.ECHO, False), (Idempotency.ECHO, True), (Idempotency.NONE, False)],
)
def test_kills_and_a_faulty_backend_cost_no_reply(mode: Idempotency, resend_once: bool, tmp_path: Path) -> None:
    findings = torture(mode, 40, tmp_path, resend_once=resend_once)
    print(findings.table())
    assert not findings.wrong, findings.table()
    assert findings.kills == 40
    assert sum(map(len, findings.accepted.values())) > 10
    assert findings.faults.total() > 5


@pytest.mark.e2e
@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", MUTANTS)
def test_a_broken_desk_is_found_out(name: str, tmp_path: Path) -> None:
    findings = torture(MUTANTS[name].mode, 200, tmp_path, mutant=name)
    assert findings.caught, findings.table()
