"""Reads TOML that other people wrote: capped before it is parsed, and with the line of every key for error messages."""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass

from paradesk.core.text import clean_line

MAX_BYTES = 256 * 1024
"""Largest file in bytes."""
MAX_LINE = 4_000
"""Longest line in characters: a dotted key of thousands of parts costs seconds to parse."""
MAX_PARTS = 16
"""Most parts of a dotted key or of a table's name."""


class TomlError(ValueError):
    """The text is not TOML, or beyond the caps. `line` counts from 1, or is 0 where no single line is to blame."""

    def __init__(self, line: int, code: str, message: str) -> None:
        super().__init__(message)
        self.line = line
        self.code = code


@dataclass(frozen=True, slots=True)
class Document:
    """A parsed file."""

    values: Mapping[str, object]
    lines: Mapping[tuple[str, str], int]

    def line(self, table: str, key: str = "") -> int:
        """Return the line of a key, or of its table's header, or 0."""
        found = self.lines.get((table, key)) or self.lines.get((table, ""))
        if found is None:
            outer, _, name = table.rpartition(".")
            found = self.lines.get((outer, name), 0)
        return found


def read_toml(content: bytes) -> Document:
    """Parse the content of a file; raises TomlError and nothing else."""
    if len(content) > MAX_BYTES:
        raise TomlError(0, "too-large", f"the file is larger than {MAX_BYTES // 1024} KB")
    try:
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        raise TomlError(content[: error.start].count(b"\n") + 1, "encoding", "this is not UTF-8 text") from error
    for number, line in enumerate(text.split("\n"), 1):
        if len(line) > MAX_LINE:
            raise TomlError(number, "too-large", f"the line is longer than {MAX_LINE} characters")
        if _DOTTED.match(line):
            raise TomlError(number, "too-deep", f"a name has more than {MAX_PARTS} parts")
    try:
        return Document(tomllib.loads(text), _line_numbers(text))
    except RecursionError as error:
        raise TomlError(0, "too-deep", "values are nested too deeply") from error
    except ValueError as error:
        at = re.search(r"\(at line (\d+), column \d+\)", str(error))
        number = int(at[1]) if at else text.count("\n") + 1 if "end of document" in str(error) else 0
        reason = re.sub(r"\s*\(at [^()]*\)$", "", str(error))
        raise TomlError(number, "toml", f"this is not TOML: {clean_line(reason, 200)}") from error


_PART = r"""(?:"(?:[^"\\]|\\.)*+"|'[^']*+'|[A-Za-z0-9_-]++)"""
_NAME = rf"{_PART}(?:\s*\.\s*{_PART})*+"
_HEADER = re.compile(rf"\s*\[\[?\s*({_NAME})\s*\]\]?\s*(?:#.*)?$")
_KEY = re.compile(rf"\s*({_PART})\s*[=.]")
_PARTS = re.compile(_PART)
_DOTTED = re.compile(rf"\s*\[*\s*(?:{_PART}\s*\.\s*){{{MAX_PARTS},}}")


def _line_numbers(text: str) -> dict[tuple[str, str], int]:
    """Find the lines of tables and keys, which the parser does not tell; (table, "") is the header's own line."""
    lines: dict[tuple[str, str], int] = {}
    table = ""
    for number, line in enumerate(text.split("\n"), 1):
        if header := _HEADER.match(line):
            table = ".".join(_unquoted(part) for part in _PARTS.findall(header[1]))
            lines.setdefault((table, ""), number)
        elif key := _KEY.match(line):
            lines.setdefault((table, _unquoted(key[1])), number)
    return lines


def _unquoted(text: str) -> str:
    if text[0] in "'\"":
        try:
            return str(tomllib.loads(f"key = {text}")["key"])
        except ValueError:
            return text[1:-1]
    return text
