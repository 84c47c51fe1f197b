"""Reads a keymap file. Keymaps come from other people: size is capped, text is cleaned, nothing in them runs.

[keymap]
name = "mine"
description = "What I am used to"

[bindings.composer]
"ctrl+t" = "canned.pick"
"ctrl+k" = false            # the key does nothing here
"ctrl+l" = "-composer.select_all"   # the key loses this action, and is free again
"ctrl+x *" = false          # everything that begins with ctrl+x is unbound here
"""

from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path

from paradesk.core.text import clean_line
from paradesk.core.toml import MAX_BYTES, Document, TomlError, read_toml
from paradesk.keymap.actions import ACTIONS
from paradesk.keymap.findings import Finding, KeymapError
from paradesk.keymap.keymap import KNOWN_CONTEXTS, TEXT_PLACES, Binding, Keymap, Layer, contexts_for
from paradesk.keymap.names import WRITING_KEYS, UnknownKey, display_sequence, is_printable, parse_sequence

MAX_BINDINGS = 2_000
MAX_KEYS = 4
"""Longest sequence in keys."""

# Keys that people press while they write: whoever binds one of them to something that cannot be taken back sets a trap.
_TOO_EASY = WRITING_KEYS | {"shift+tab", "ctrl+j"}


def load_keymap(path: Path, layer: Layer = Layer.PACK) -> Keymap:
    """Read and check one keymap file; raises KeymapError with every finding, each with its file and line."""
    file = clean_line(str(path), 200)
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise KeymapError([Finding(file, 0, "unreadable", f"the keymap cannot be read: {reason}")]) from error
    return parse_keymap(content, file, layer, name=path.stem)


def parse_keymap(content: bytes, file: str, layer: Layer = Layer.PACK, name: str = "") -> Keymap:
    """Check the content of a keymap file that is called `file` in findings; raises KeymapError."""
    keymap, findings = read_keymap(content, file, layer, name)
    if keymap is None or findings:
        raise KeymapError(findings)
    return keymap


def read_keymap(
    content: bytes, file: str, layer: Layer = Layer.PACK, name: str = ""
) -> tuple[Keymap | None, list[Finding]]:
    """Return what of a keymap file is sound, or None where nothing is, and all findings by line. Never raises."""
    try:
        document = read_toml(content)
    except TomlError as error:
        return None, [Finding(file, error.line, error.code, str(error))]
    reader = _Reader(file, document, layer)
    keymap = reader.read(document.values, name)
    return keymap, sorted(reader.findings, key=lambda finding: finding.line)


def _near(word: str, known: tuple[str, ...] | list[str]) -> str:
    near = get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean {near[0]}?" if near else ""


class _Reader:
    """Checks one parsed document and gathers every finding, so that a person sees all of them at once."""

    def __init__(self, file: str, document: Document, layer: Layer) -> None:
        self.file = file
        self.document = document
        self.layer = layer
        self.findings: list[Finding] = []

    def report(self, code: str, message: str, table: str, key: str = "") -> None:
        self.findings.append(Finding(self.file, self.document.line(table, key), code, clean_line(message, 300)))

    def read(self, document: Mapping[str, object], name: str) -> Keymap:
        for key in document:
            if key not in ("keymap", "bindings"):
                hint = _near(key, ("keymap", "bindings"))
                self.report("unknown-table", f"a keymap has no [{key}]{hint}", key)
        name, description = self.header(document.get("keymap", {}), name)
        tables: object = document.get("bindings", {})
        bindings: list[Binding] = []
        if not isinstance(tables, dict):
            self.report("wrong-type", "bindings must be tables such as [bindings.global]", "", "bindings")
            tables = {}
        for context, entries in tables.items():
            bindings += self.context(context, entries)
        if len(bindings) > MAX_BINDINGS:
            self.report("too-many", f"a keymap may have at most {MAX_BINDINGS} bindings", "bindings")
        return Keymap(name, description, tuple(bindings), self.layer, self.file)

    def header(self, table: object, name: str) -> tuple[str, str]:
        if not isinstance(table, dict):
            self.report("wrong-type", "keymap must be a table: [keymap]", "", "keymap")
            return name, ""
        values = {"name": name, "description": ""}
        for key, value in table.items():
            if key not in values:
                self.report("unknown-key", f"[keymap] has only name and description, no {key}", "keymap", key)
            elif not isinstance(value, str):
                self.report("wrong-type", f"{key} must be a text in quotes", "keymap", key)
            else:
                values[key] = value
        return clean_line(values["name"], 40), clean_line(values["description"], 200)

    def context(self, context: str, entries: object) -> list[Binding]:
        table = f"bindings.{context}"
        if context not in KNOWN_CONTEXTS:
            known = ", ".join(KNOWN_CONTEXTS)
            hint = _near(context, KNOWN_CONTEXTS) or f"; there are {known}"
            self.report("unknown-context", f"no context is called {context!r}{hint}", table)
            return []
        if not isinstance(entries, dict):
            self.report("wrong-type", f"{table} must be a table: [{table}]", table)
            return []
        bindings: list[Binding] = []
        seen: dict[tuple[tuple[str, ...], bool], Binding] = {}
        for text, value in entries.items():
            binding = self.binding(context, table, text, value)
            if binding is None:
                continue
            earlier = seen.setdefault((binding.keys, binding.below), binding)
            if earlier is not binding:
                self.report(
                    "duplicate", f"{binding} is bound twice: the first time in line {earlier.line}", table, text
                )
            bindings.append(binding)
        return bindings

    def binding(self, context: str, table: str, text: str, value: object) -> Binding | None:
        words = text.split()
        below = len(words) > 1 and words[-1] == "*" and value is False
        try:
            keys = parse_sequence(" ".join(words[:-1]) if below else text)
        except UnknownKey as error:
            self.report("unknown-key", str(error), table, text)
            return None
        line = self.document.line(table, text)
        if value is False:
            return Binding(context, keys, None, self.file, line, below)
        if not isinstance(value, str):
            self.report("wrong-type", f"{text}: write an action in quotes, or false to unbind the key", table, text)
            return None
        if value.startswith("-"):
            if value[1:] not in ACTIONS:
                near = _near(value[1:], list(ACTIONS))
                self.report("unknown-action", f"no action is called {value[1:]!r}{near}", table, text)
                return None
            return Binding(context, keys, None, self.file, line, negates=value[1:])
        problem = self.problem(context, keys, value)
        if problem is not None:
            self.report(*problem, table, text)
            return None
        return Binding(context, keys, value, self.file, line)

    def problem(self, context: str, keys: tuple[str, ...], action_id: str) -> tuple[str, str] | None:
        action = ACTIONS.get(action_id)
        if action is None:
            return "unknown-action", f"no action is called {action_id!r}{_near(action_id, list(ACTIONS))}"
        if context not in (allowed := contexts_for(action.contexts)):
            where = " or ".join(f"[bindings.{name}]" for name in allowed)
            return "wrong-context", f"{action_id} cannot act in {context}; bind it in {where}"
        if len(keys) > MAX_KEYS:
            return "too-long", f"a sequence may have at most {MAX_KEYS} keys"
        if "escape" in keys[1:]:
            return "escape", f"{display_sequence(keys)}: esc always cancels an unfinished sequence"
        if keys[0] == "escape" and len(keys) > 1:
            return "escape", f"{display_sequence(keys)}: esc and a key is what terminals send for alt and that key"
        if context in TEXT_PLACES and is_printable(keys[0]):
            return "text", f"{display_sequence(keys)} in {context} is text: begin with a key that types nothing"
        if action.destructive and len(keys) == 1 and (keys[0] in _TOO_EASY or is_printable(keys[0])):
            return "destructive", f"{display_sequence(keys)} is pressed too easily for {action_id}; bind a sequence"
        return None
