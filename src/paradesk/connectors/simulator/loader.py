"""Reads scenarios from TOML; what is wrong is said with its file and line."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from paradesk.connectors.base import Rejected
from paradesk.connectors.simulator.scenario import FILES, PLACEHOLDERS, Line, Patience, Rule, Scenario, State, Text
from paradesk.connectors.simulator.speech import EVENTS, PHRASES
from paradesk.core.model import Priority

SHIPPED = Path(__file__).parent / "scenarios"
LANGUAGES = ("en", "de")

Where = tuple[str | int, ...]
"""The way to a value: table names, places in arrays, key."""


class ScenarioError(Rejected):
    """One or more scenario files are wrong; the message has a line `file:line: what` for each finding."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__("\n".join(findings))
        self.findings = tuple(findings)


def load_scenarios(directory: Path) -> tuple[Scenario, ...]:
    """Return the scenarios of a directory in the order of their names; raises ScenarioError with every finding."""
    if not directory.is_dir():
        raise ScenarioError([f"{directory}: there is no such directory"])
    scenarios: list[Scenario] = []
    findings: list[str] = []
    for path in sorted(directory.glob("*.toml")):
        try:
            scenarios.append(read_scenario(path))
        except ScenarioError as error:
            findings += error.findings
    if not findings and not any(scenario.weight for scenario in scenarios):
        findings.append(f"{directory}: there is no scenario (*.toml) with a weight above 0 in it")
    if findings:
        raise ScenarioError(findings)
    return tuple(scenarios)


def read_scenario(path: Path) -> Scenario:
    """Return the scenario of one file; raises ScenarioError with every finding in it."""
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        raise ScenarioError([f"{path}: {error.strerror or error}"]) from error
    except UnicodeDecodeError as error:
        raise ScenarioError([f"{path}: is not UTF-8 ({error.reason} at byte {error.start})"]) from error
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = found[1] if found else str(len(text.splitlines()))
        raise ScenarioError([f"{path}:{line}: {error}"]) from error
    reader = _Reader(path, text)
    scenario = reader.scenario(document)
    if reader.findings:
        raise ScenarioError([f"{path}:{line}: {what}" for line, what in sorted(reader.findings)])
    return scenario


def _lines(text: str) -> Mapping[Where, int]:
    """Return the line of each table header and key, as far as it can be told from the text alone."""
    places: dict[Where, int] = {}
    counts: dict[Where, int] = {}
    table: Where = ()
    array: Where | None = None
    items = 0
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*(\[\[?)\s*([\w.\-]+)\s*\]", line):
            table = tuple(header[2].split("."))
            if header[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                table = (*table, counts[table])
            places.setdefault(table, number)
        elif array is not None and line.lstrip().startswith("{"):
            places[(*array, items)] = number
            items += 1
        elif key := re.match(r"\s*([\w\-]+(?:\.[\w\-]+)*)\s*=\s*(\[\s*$)?", line):
            where = (*table, *key[1].split("."))
            places.setdefault(where, number)
            array, items = (where, 0) if key[2] else (None, 0)
    return places


class _Reader:
    """Reads one document and collects findings, so that all of them are told at once."""

    def __init__(self, path: Path, text: str) -> None:
        self._name = path.stem
        self._places = _lines(text)
        self.findings: list[tuple[int, str]] = []

    def _wrong(self, where: Where, what: str) -> None:
        known = where
        while known and known not in self._places:
            known = known[:-1]
        name = ".".join(str(step) for step in where)
        self.findings.append((self._places.get(known, 1), f"{name}: {what}" if name else what))

    def _table(self, value: object, where: Where, allowed: tuple[str, ...]) -> dict[str, Any]:
        if not isinstance(value, dict):
            self._wrong(where, f"must be a table, not {_kind(value)}")
            return {}
        for key in value:
            if key not in allowed:
                self._wrong((*where, key), f"is not known here; known: {', '.join(allowed)}")
        return {key: value[key] for key in value if key in allowed}

    def _value(self, table: Mapping[str, Any], key: str, where: Where, default: Any) -> Any:
        value = table.get(key, default)
        kinds: tuple[type, ...] = (int, float) if isinstance(default, float) else (type(default),)
        if (isinstance(value, bool) and bool not in kinds) or not isinstance(value, kinds):
            self._wrong((*where, key), f"must be {_kind(default)}, not {_kind(value)}")
            return default
        return value

    def _strings(self, value: object, where: Where) -> tuple[str, ...]:
        values = [value] if isinstance(value, str) else value
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            self._wrong(where, "must be a text or a list of texts")
            return ()
        return tuple(values)

    def _text(self, value: object, where: Where, *, needed: bool = True) -> Text:
        table = self._table(value, where, LANGUAGES)
        text = {language: self._strings(table[language], (*where, language)) for language in table}
        if needed and not text.get("en"):
            self._wrong(where, "has no English wording (en)")
        for language, wordings in text.items():
            for name in (found for each in wordings for found in _placeholders(each)):
                if name not in PLACEHOLDERS:
                    self._wrong((*where, language), f"{{{name}}} is not known; known: {', '.join(PLACEHOLDERS)}")
        return text

    def _say(self, value: object, where: Where) -> tuple[Line, ...]:
        if not isinstance(value, list):
            self._wrong(where, f"must be a list of lines, not {_kind(value)}")
            return ()
        return tuple(self._line(each, (*where, place)) for place, each in enumerate(value))

    def _line(self, value: object, where: Where) -> Line:
        table = self._table(value, where, (*LANGUAGES, "file", "typo", "withdrawn", "abandoned", "pause"))
        texts = {language: table[language] for language in LANGUAGES if language in table}
        file = self._value(table, "file", where, "")
        if file and file not in FILES:
            self._wrong((*where, "file"), f"{file!r} cannot be generated; possible: {', '.join(FILES)}")
        abandoned = self._value(table, "abandoned", where, False)
        return Line(
            text=self._text(texts, where, needed=not file and not abandoned),
            file=file,
            typo=self._text(table.get("typo", {}), (*where, "typo"), needed="typo" in table),
            withdrawn=self._value(table, "withdrawn", where, False),
            abandoned=abandoned,
            pause=float(self._value(table, "pause", where, 0.0)),
        )

    def _triggers(self, table: Mapping[str, Any], key: str, where: Where) -> frozenset[str]:
        triggers = self._strings(table.get(key, []), (*where, key))
        for trigger in triggers:
            if trigger not in PHRASES and trigger not in EVENTS:
                self._wrong((*where, key), f"nothing is called {trigger!r}; known: {', '.join((*EVENTS, *PHRASES))}")
        return frozenset(triggers)

    def _rules(self, value: object, where: Where) -> tuple[Rule, ...]:
        if not isinstance(value, list):
            self._wrong(where, f"must be a list of rules ([[{'.'.join(str(step) for step in where)}]])")
            return ()
        return tuple(self._rule(each, (*where, place)) for place, each in enumerate(value))

    def _rule(self, value: object, where: Where) -> Rule:
        allowed = ("when", "phrases", "unless", "mood_above", "mood_below", "once", "mood", "say", "goto")
        table = self._table(value, where, allowed)
        if "when" not in table and "phrases" not in table:
            self._wrong(where, "has neither `when` nor `phrases`: it would never apply")
        return Rule(
            when=self._triggers(table, "when", where),
            phrases=self._text(table.get("phrases", {}), (*where, "phrases"), needed=False),
            unless=self._triggers(table, "unless", where),
            mood_above=self._value(table, "mood_above", where, -99),
            mood_below=self._value(table, "mood_below", where, 99),
            once=self._value(table, "once", where, False),
            mood=self._value(table, "mood", where, 0),
            say=self._say(table.get("say", []), (*where, "say")),
            goto=self._value(table, "goto", where, ""),
        )

    def _state(self, value: object, where: Where) -> State:
        table = self._table(value, where, ("say", "on", "mood", "end"))
        return State(
            say=self._say(table.get("say", []), (*where, "say")),
            on=self._rules(table.get("on", []), (*where, "on")),
            mood=self._value(table, "mood", where, 0),
            end=self._value(table, "end", where, False),
        )

    def _patience(self, value: object) -> Patience:
        table = self._table(value, ("patience",), ("first", "again", "leaves"))
        first = float(self._value(table, "first", ("patience",), 75.0))
        again = float(self._value(table, "again", ("patience",), 80.0))
        for key, seconds in (("first", first), ("again", again)):
            if seconds <= 0:
                self._wrong(("patience", key), "must be above 0 seconds")
        return Patience(first=first, again=again, leaves=self._value(table, "leaves", ("patience",), True))

    def scenario(self, document: Mapping[str, Any]) -> Scenario:
        """Return the scenario that a document describes, as far as it can be read."""
        heads = ("title", "channels", "queue", "priority", "tags", "weight", "mood", "start", "subject", "bot")
        others = ("scenario", "order", "patience", "nudge", "goodbye", "unsure", "states", "always")
        top = self._table(dict(document), (), others)
        if "scenario" not in top:
            self._wrong((), "the table [scenario] is missing")
        head = self._table(top.get("scenario", {}), ("scenario",), heads)
        raw_states = top.get("states", {})
        states = {
            name: self._state(state, ("states", name))
            for name, state in (raw_states.items() if isinstance(raw_states, dict) else ())
        }
        where: Where = ("scenario",)
        start = self._value(head, "start", where, "")
        if start not in states:
            self._wrong((*where, "start"), f"there is no state {start!r}; states: {', '.join(states) or 'none'}")
        priority = self._value(head, "priority", where, "normal")
        if priority not in list(Priority):
            self._wrong((*where, "priority"), f"{priority!r} is none of {', '.join(Priority)}")
        order = self._table(top.get("order", {}), ("order",), ("id", "item", "total", "status", "tracking", "date"))
        scenario = Scenario(
            name=self._name,
            title=self._value(head, "title", where, self._name),
            start=start,
            states=states,
            subject=self._text(head.get("subject", {}), (*where, "subject")),
            channels=self._strings(head.get("channels", ["web"]), (*where, "channels")) or ("web",),
            queue=self._value(head, "queue", where, "Support"),
            priority=priority,
            tags=self._strings(head.get("tags", []), (*where, "tags")),
            weight=self._value(head, "weight", where, 2),
            mood=self._value(head, "mood", where, 0),
            bot=self._text(head.get("bot", {}), (*where, "bot"), needed="bot" in head),
            order={key: self._value(order, key, ("order",), "") for key in order},
            patience=self._patience(top.get("patience", {})),
            nudge=self._text(top.get("nudge", {}), ("nudge",), needed="nudge" in top),
            goodbye=self._text(top.get("goodbye", {}), ("goodbye",), needed="goodbye" in top),
            unsure=self._text(top.get("unsure", {}), ("unsure",), needed="unsure" in top),
            always=self._rules(top.get("always", []), ("always",)),
        )
        self._check_ways(scenario)
        return scenario

    def _check_ways(self, scenario: Scenario) -> None:
        rules: list[tuple[Where, Rule]] = [(("always", n), rule) for n, rule in enumerate(scenario.always)]
        for name, state in scenario.states.items():
            rules += [(("states", name, "on", n), rule) for n, rule in enumerate(state.on)]
        for where, rule in rules:
            if rule.goto and rule.goto not in scenario.states:
                self._wrong((*where, "goto"), f"there is no state {rule.goto!r}")
        entered = {scenario.start, *(rule.goto for _, rule in rules)}
        for name in scenario.states:
            if name not in entered:
                self._wrong(("states", name), "is never entered")


def _placeholders(text: str) -> Iterator[str]:
    for part in text.split("{")[1:]:
        name, brace, _ = part.partition("}")
        if brace:
            yield name


def _kind(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int():
            return "a whole number"
        case float():
            return "a number"
        case str():
            return "a text"
        case dict():
            return "a table"
        case list():
            return "a list"
    return type(value).__name__
