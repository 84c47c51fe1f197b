"""docs/scenarios.md names everything that a scenario can use, and its example works."""

import re
from pathlib import Path

import pytest

from paradesk.connectors.simulator.scenario import FILES, PLACEHOLDERS
from paradesk.connectors.simulator.speech import EVENTS, PHRASES
from tests.unit.simulator.playing import written

DOCUMENT = (Path(__file__).parents[3] / "docs" / "scenarios.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*PHRASES, *FILES, *(f"{{{name}}}" for name in PLACEHOLDERS), *EVENTS])
def test_documented(name: str) -> None:
    assert f"`{name}`" in DOCUMENT


def test_example_is_a_scenario(tmp_path: Path) -> None:
    example = re.search(r"```toml\n(\[scenario\].*?)```", DOCUMENT, re.DOTALL)
    assert example is not None
    assert written(tmp_path, example[1]).states["happy"].end
