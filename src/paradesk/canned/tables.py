"""Changing one `[[response]]` table in a file of responses by its text: whatever else stands there stays as it is."""

import re
import tomllib
from collections.abc import Mapping

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, InlineTable, Item, Table

from paradesk.core.text import clean_line

_LEXEME = re.compile(
    r"#[^\n]*"
    r"|\"\"\"(?:[^\\]|\\.)*?\"{3,5}(?!\")|'''.*?'{3,5}(?!')"
    r"|\"(?:[^\"\\\n]|\\.)*\"|'[^'\n]*'",
    re.DOTALL,
)
_HEADER = re.compile(r"^[ \t]*(\[\[?)[ \t]*([^\]\n]+?)[ \t]*\]", re.MULTILINE)
_NOTHING = re.compile(r"[ \t]*(#[^\n]*)?\r?\n?")


class TableError(ValueError):
    """The file cannot be changed by program without a risk for what else stands in it; says what to do."""


def spans(text: str) -> list[tuple[int, int]]:
    """Return where each `[[response]]` table begins and ends, without comments that belong to what follows."""
    # Strings and comments are blanked first: a header inside one is none.
    blanked = _LEXEME.sub(lambda found: re.sub(r"[^\n]", "\x00", found[0]), text)
    headers = [(found.start(), found[1], found[2]) for found in _HEADER.finditer(blanked)]
    found: list[tuple[int, int]] = []
    for place, (start, brackets, name) in enumerate(headers):
        if brackets == "[[" and name == "response":
            inner = place + 1
            while inner < len(headers) and headers[inner][2].partition(".")[0].strip() == "response":
                if headers[inner][2] == "response" and headers[inner][1] == "[[":
                    break
                inner += 1
            end = headers[inner][0] if inner < len(headers) else len(text)
            found.append((start, _without_tail(text, start, end)))
    return found


def _without_tail(text: str, start: int, end: int) -> int:
    lines = text[start:end].splitlines(keepends=True)
    while len(lines) > 1 and _NOTHING.fullmatch(lines[-1]):
        end -= len(lines.pop())
    return end


def table_text(text: str, response_id: str) -> str:
    """Return the text of the table with this id, with its comments; raises TableError where there is none."""
    start, end, _ = _find(text, response_id)
    return text[start:end]


def _find(text: str, response_id: str) -> tuple[int, int, int]:
    entries = _entries(text)
    places = spans(text)
    if len(places) != len(entries):
        raise TableError("the file is not written as [[response]] tables; change it with an editor")
    for number, entry in enumerate(entries):
        if isinstance(entry, dict) and entry.get("id") == response_id:
            return (*places[number], number)
    raise TableError(f"the file has no response {clean_line(response_id, 80)} any more")


def _entries(text: str) -> list[object]:
    try:
        entries = tomllib.loads(text.replace("\r\n", "\n")).get("response", [])
    except (ValueError, RecursionError) as error:
        raise TableError(f"the file is not TOML: {clean_line(str(error), 120)}; correct it first") from error
    return entries if isinstance(entries, list) else []


def new_table(values: Mapping[str, object]) -> str:
    """Return the text of a table with these values: texts, lists of texts, and tables of texts (`body` comes last)."""
    table = tomlkit.table()
    _set(table, values)
    document = tomlkit.document()
    tables = tomlkit.aot()
    tables.append(table)
    document["response"] = tables
    return tomlkit.dumps(document)


def changed_table(table: str, values: Mapping[str, object]) -> str:
    """Return the text of a table with these values set, those that are empty taken out, and all others kept."""
    try:
        document = tomlkit.parse(table)
        tables = document["response"]
        if not isinstance(tables, AoT):
            raise TableError("the response is not a [[response]] table; change it with an editor")
        _set(tables[0], values)
        return tomlkit.dumps(document)
    except (TOMLKitError, IndexError, RecursionError, TypeError, ValueError) as error:
        if isinstance(error, TableError):
            raise
        raise TableError("this table cannot be changed by program; change it with an editor") from error


def _set(table: Table | InlineTable, values: Mapping[str, object]) -> None:
    for key, value in values.items():
        there = table.get(key)
        if not value:
            table.pop(key, None)
        elif isinstance(value, Mapping):
            if not isinstance(there, (Table, InlineTable)):
                there = tomlkit.table() if key == "body" else tomlkit.inline_table()
                table[key] = there
            inner = table[key]
            for gone in [name for name in inner if name not in value]:
                del inner[gone]
            for name, text in value.items():
                if inner.get(name) != text:
                    inner[name] = _item(text)
        elif there != value:
            table[key] = _item(list(value) if isinstance(value, tuple) else value)


def _item(value: object) -> Item:
    if isinstance(value, str):
        return tomlkit.string(value, multiline="\n" in value)
    return tomlkit.item(value)


def appended(text: str, table: str) -> str:
    """Return a file's text with one more table below all that stands there; raises TableError."""
    gap = "" if not text.strip() and not text else "\n" if text.endswith("\n") else "\n\n"
    result = f"{text}{gap}{table.strip()}\n"
    if _entries(result)[:-1] != (_entries(text) if text.strip() else []) or not _same_top(text, result):
        raise TableError("a response cannot be added to this file; add it with an editor")
    return result


def replaced(text: str, response_id: str, table: str) -> str:
    """Return a file's text with one table in the place of another; raises TableError unless all others stay the same."""
    start, end, number = _find(text, response_id)
    result = text[:start] + table.rstrip() + "\n" + text[end:]
    before, after = _entries(text), _entries(result)
    kept = before[:number] + before[number + 1 :]
    if len(after) != len(before) or after[:number] + after[number + 1 :] != kept or not _same_top(text, result):
        raise TableError("this response cannot be changed by program; change it with an editor")
    return result


def _same_top(before: str, after: str) -> bool:
    tops = []
    for text in (before, after):
        document = tomllib.loads(text.replace("\r\n", "\n"))
        document.pop("response", None)
        tops.append(document)
    return tops[0] == tops[1]
