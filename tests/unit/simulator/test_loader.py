"""Scenario files: what ships is whole, and what is wrong is said with its file and line."""

from pathlib import Path

import pytest

from paradesk.connectors.simulator.loader import SHIPPED, ScenarioError, load_scenarios, read_scenario
from paradesk.connectors.simulator.scenario import Scenario, Text

GOOD = """
[scenario]
title = "Own"
start = "opening"
subject = { en = "Own" }

[states.opening]
say = [
  { en = "Hello" },
  { en = "Second" },
]

[[states.opening.on]]
when = ["greeting"]
goto = "end"

[states.end]
end = true
"""


def texts(scenario: Scenario) -> list[Text]:
    lines = [line for state in scenario.states.values() for line in state.say]
    rules = [*scenario.always, *(rule for state in scenario.states.values() for rule in state.on)]
    lines += [line for rule in rules for line in rule.say]
    found = [scenario.subject, scenario.bot, scenario.nudge, scenario.goodbye, scenario.unsure]
    found += [rule.phrases for rule in rules]
    return [text for text in [*found, *(line.text for line in lines), *(line.typo for line in lines)] if text]


def test_enough_scenarios_ship() -> None:
    assert len([scenario for scenario in load_scenarios(SHIPPED) if scenario.weight]) >= 14


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_scenario_speaks_both_languages_and_ends(path: Path) -> None:
    scenario = read_scenario(path)
    for text in texts(scenario):
        assert set(text) == {"en", "de"}, text
        assert all(wording.strip() for wordings in text.values() for wording in wordings)
    assert any(state.end for state in scenario.states.values())
    for lines in (text for text in (scenario.nudge,) if text):
        assert len(lines["en"]) == len(lines["de"])


def wrong(folder: Path, text: str) -> list[str]:
    path = folder / "own.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        load_scenarios(folder)
    return [finding.removeprefix(str(path)) for finding in error.value.findings]


@pytest.mark.parametrize(
    ("old", "new", "line", "what"),
    [
        ('title = "Own"', "title = Own", 3, ""),
        ('title = "Own"', "title = 3", 3, "must be a text, not a whole number"),
        ('title = "Own"', 'titel = "Own"', 3, "scenario.titel: is not known here"),
        ('start = "opening"', 'start = "begin"', 4, "there is no state 'begin'"),
        ('{ en = "Own" }', '{ de = "Eigenes" }', 5, "has no English wording"),
        ('{ en = "Own" }', '{ fr = "À nous" }', 5, "subject.fr: is not known here"),
        ('{ en = "Second" }', '{ en = "My {order.nr}" }', 10, "{order.nr} is not known"),
        ('{ en = "Second" }', '{ en = "x", file = "virus.exe" }', 10, "cannot be generated"),
        ('{ en = "Second" }', "3", 8, "must be a table"),
        ('["greeting"]', '["greting"]', 14, "nothing is called 'greting'"),
        ('when = ["greeting"]', "mood = 1", 13, "neither `when` nor `phrases`"),
        ('goto = "end"', 'goto = "ende"', 15, "there is no state 'ende'"),
        ('goto = "end"', "mood = 1", 17, "states.end: is never entered"),
        ("end = true", 'end = "yes"', 18, "must be true or false"),
        ("[scenario]", "[szenario]", 2, "szenario: is not known here"),
    ],
)
def test_finding_names_file_and_line(tmp_path: Path, old: str, new: str, line: int, what: str) -> None:
    assert old in GOOD
    findings = wrong(tmp_path, GOOD.replace(old, new, 1))
    assert any(finding.startswith(f":{line}: ") and what in finding for finding in findings), findings


def test_all_findings_are_told_at_once(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD.replace("greeting", "xyz"), encoding="utf-8")
    (tmp_path / "b.toml").write_text(GOOD.replace("start =", "stat ="), encoding="utf-8")
    with pytest.raises(ScenarioError) as error:
        load_scenarios(tmp_path)
    assert {Path(finding.split(":")[0]).name for finding in error.value.findings} == {"a.toml", "b.toml"}


def test_good_scenario_is_read(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_text(GOOD, encoding="utf-8")
    (scenario,) = load_scenarios(tmp_path)
    assert scenario.name == "own"
    assert [line.text["en"] for line in scenario.states["opening"].say] == [("Hello",), ("Second",)]


def test_missing_and_empty_directories_are_named(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="no such directory"):
        load_scenarios(tmp_path / "nowhere")
    with pytest.raises(ScenarioError, match="no scenario"):
        load_scenarios(tmp_path)


def test_other_encodings_are_named(tmp_path: Path) -> None:
    (tmp_path / "own.toml").write_bytes("title = 'Größe'".encode("latin-1"))
    with pytest.raises(ScenarioError, match="UTF-8"):
        load_scenarios(tmp_path)
