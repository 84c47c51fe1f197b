"""However the program ends: the terminal is as it was, the draft is on the disk, the status says how it ended."""

import random
from pathlib import Path

import pytest

from tests.e2e.exits import names, prepare, trial
from tests.e2e.life import Home

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A user who has worked before, so that chats are open at once."""
    return prepare(tmp_path_factory.mktemp("exits") / "template")


@pytest.mark.parametrize("way", names())
def test_it_ends_well(way: str, template: Home, tmp_path: Path) -> None:
    done = trial(way, template.copy(tmp_path / "home"), random.Random(way))
    assert not done.problems
