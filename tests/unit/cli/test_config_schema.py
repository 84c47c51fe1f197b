"""The options of connectors, declared once: as help, as questions (tested in test_profile), and as a JSON Schema."""

import json
import tomllib
from collections.abc import Mapping
from typing import Any

import pytest
from click.testing import CliRunner

from paradesk.cli.config_schema import config_schema, installed_connectors, shipped_connectors
from paradesk.cli.main import cli
from paradesk.connectors.base import Option
from paradesk.connectors.simulator import SimulatorConnector


class Pub(SimulatorConnector):
    name = "pub"
    title = "The \x1b[31mPub"
    options = (  # type: ignore[assignment]
        Option("url", "Address of the bar"),
        Option("token", "Secret knock", secret=True),
        Option("table", "Which table", default="7"),
    )


def of(connector: str, schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the schema says of the profiles of one connector."""
    rules = schema["$defs"]["Profile"]["allOf"]
    return next(rule["then"] for rule in rules if rule["if"]["properties"]["connector"]["const"] == connector)


def wrong(profile: Mapping[str, object], schema: Mapping[str, Any]) -> set[str]:
    """Return the keys of a profile that an editor would mark, and those that it would miss."""
    then = of(str(profile["connector"]), schema)
    known, needed = set(then["properties"]), set(then.get("required", ()))
    return (set(profile) - known) | (needed - set(profile))


def test_options_of_any_connector_are_in_the_schema() -> None:
    schema = json.loads(config_schema([SimulatorConnector, Pub]))
    assert schema["$defs"]["Profile"]["properties"]["connector"]["examples"] == ["pub", "simulator"]
    assert of("pub", schema)["properties"]["table"] == {
        "type": ["string", "number", "boolean"],
        "description": "Which table",
        "default": "7",
    }
    assert of("pub", schema)["required"] == ["url"]
    assert "token" not in of("pub", schema)["properties"], "secrets do not belong into the file"


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ('connector = "pub"\nurl = "x"', set()),
        ('connector = "pub"\ntable = 3', {"url"}),
        ('connector = "pub"\nurl = "x"\ntoken = "y"', {"token"}),
        ('connector = "simulator"\nsped = 2', {"sped"}),
    ],
    ids=["right", "missing", "secret", "misspelt"],
)
def test_an_editor_marks_what_the_program_refuses(text: str, marked: set[str]) -> None:
    assert wrong(tomllib.loads(text), json.loads(config_schema([SimulatorConnector, Pub]))) == marked


def test_the_command_writes_what_is_installed() -> None:
    written = CliRunner().invoke(cli, ["config", "schema"], catch_exceptions=False)
    assert json.loads(written.output) == json.loads(config_schema(installed_connectors()))
    assert {connector.name for connector in shipped_connectors()} >= {"matrix", "simulator"}


def test_help_lists_the_options_of_the_connector_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paradesk.cli.profiles.load_connector", lambda name: Pub)
    shown = CliRunner().invoke(cli, ["profile", "add", "--connector", "pub", "--help"], catch_exceptions=False)
    assert shown.exit_code == 0
    assert "Options of The ␛[31mPub" in shown.output
    assert "Secret knock [secret]" in shown.output
    assert "Which table [default 7]" in shown.output
    assert "\x1b" not in shown.output
    plain = CliRunner().invoke(cli, ["profile", "add", "--help"], catch_exceptions=False)
    assert "Options of" not in plain.output
