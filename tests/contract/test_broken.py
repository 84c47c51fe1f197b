"""The contract suite notices what is wrong: it fails every deliberately broken connector, and passes the intact one."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.contract.broken.connectors import BROKEN

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", BROKEN)
def test_suite_notices(name: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "--tb=no", "-rf", "-p", "no:cacheprovider"]
    run = subprocess.run(
        [*command, "tests/contract/broken/suite.py"],
        cwd=ROOT,
        env={**os.environ, "BROKEN_CONNECTOR": name},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )
    _, expected = BROKEN[name]
    failed = set(re.findall(r"^FAILED \S+::(\w+)", run.stdout, re.MULTILINE))
    passed = re.search(r"(\d+) passed", run.stdout)
    assert failed >= expected, run.stdout
    assert run.returncode == (1 if expected else 0), run.stdout
    assert passed, run.stdout
    assert int(passed[1]) > 40, f"one fault should not bring everything down:\n{run.stdout}"
    assert bool(failed) == bool(expected), run.stdout
