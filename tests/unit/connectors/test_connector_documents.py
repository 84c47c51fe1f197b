"""The documents about connectors are those that the code would write, and options and capabilities have their words."""

from collections.abc import Mapping
from pathlib import Path

from click.testing import CliRunner

from paradesk.cli.main import cli
from paradesk.connectors.capabilities import Capabilities, Idempotency, Support
from paradesk.connectors.simulator import SimulatorConnector
from paradesk.connectors.tables import (
    capability_names,
    capability_table,
    capability_words,
    declared_by,
    delivery_promise,
)
from paradesk.testing.specification import rules

DOCS = Path(__file__).parents[3] / "docs"


def test_the_specification_is_current() -> None:
    written = CliRunner().invoke(cli, ["connector", "contract"], catch_exceptions=False)
    assert written.exit_code == 0
    assert (DOCS / "connector-contract.md").read_text(encoding="utf-8") == written.output, (
        "run: paradesk connector contract > docs/connector-contract.md"
    )


def test_the_table_of_capabilities_is_current() -> None:
    written = CliRunner().invoke(cli, ["connector", "capabilities", "--document"], catch_exceptions=False)
    assert written.exit_code == 0
    assert (DOCS / "connector-capabilities.md").read_text(encoding="utf-8") == written.output, (
        "run: paradesk connector capabilities --document > docs/connector-capabilities.md"
    )


def test_every_sentence_and_every_need_is_one() -> None:
    found = list(rules())
    assert len({rule.test for rule in found}) == len(found) > 50
    assert all(rule.sentence.endswith(".") and rule.chapter for rule in found)
    assert {name for rule in found for name in rule.needs} <= set(capability_names())
    assert next(rule for rule in found if rule.test == "test_second_edit_wins").needs == ("edits_in", "history")


def test_every_capability_has_words() -> None:
    assert "notes" in capability_names()
    assert capability_words("notes") == "private notes"
    assert capability_words("of_another_world") == "of another world"


def test_a_table_says_yes_local_and_no() -> None:
    class Half(SimulatorConnector):
        title = "Half"
        capabilities = Capabilities(history=Support.NATIVE, tags=Support.EMULATED)

    lines = capability_table([Half, SimulatorConnector]).splitlines()
    assert lines[0] == "|  | Half | Simulator |"
    assert "| tags (`tags`) | local only | yes |" in lines
    assert "| private notes (`notes`) | – | yes |" in lines
    assert "| largest file, in MB | – | 10 |" in lines


def test_a_promise_names_its_times() -> None:
    assert "2 hours" in delivery_promise(Capabilities(idempotency=Idempotency.EXACT, exact_window=7200))
    assert "after 45 seconds" in delivery_promise(Capabilities(idempotency=Idempotency.ECHO, settle=45))
    assert delivery_promise(Capabilities()).startswith("NONE")


def test_capabilities_that_hang_on_settings_are_those_of_the_defaults() -> None:
    class Choosing(SimulatorConnector):
        title = "Choosing"

        def __init__(self, settings: Mapping[str, str]) -> None:
            super().__init__(settings)
            self.capabilities = Capabilities(notes=Support.NATIVE if settings["seed"] == "1" else Support.ABSENT)

    Choosing.capabilities = None  # type: ignore[assignment]
    assert declared_by(Choosing).notes is Support.NATIVE
    assert declared_by(SimulatorConnector) is SimulatorConnector.capabilities
