"""SIGKILL while somebody types: at most the last character is lost, and nothing else."""

import random
from pathlib import Path

import pytest

from tests.e2e.exits import prepare
from tests.e2e.life import Home
from tests.e2e.typing_kill import WAYS

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A user who has worked before, so that chats are open at once."""
    return prepare(tmp_path_factory.mktemp("typing") / "template")


@pytest.mark.parametrize("number", range(2))
@pytest.mark.parametrize("way", WAYS)
def test_at_most_one_character_that_was_on_the_screen_is_lost(
    way: str, number: int, template: Home, tmp_path: Path
) -> None:
    lost = WAYS[way](template.copy(tmp_path / "home"), random.Random(f"{way} {number}"))
    assert lost.echoed <= 1
