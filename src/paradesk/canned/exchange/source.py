"""A file of another tool, read within bounds: text, JSON, a table, or YAML with the line of everything."""

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from paradesk.core.text import clean_line

MAX_BYTES = 16 * 1024 * 1024
"""Bytes of one file."""
MAX_RECORDS = 10_000
"""Responses of one file."""
MAX_CELL = 100_000
"""Characters of one cell of a table."""

_DELIMITERS = (",", ";", "\t", "|")


class BadSource(ValueError):
    """A file cannot be read at all: where (`line 3`, or empty), what is wrong, and what to do."""

    def __init__(self, place: str, code: str, message: str, advice: str) -> None:
        super().__init__(message)
        self.place = place
        self.code = code
        self.message = message
        self.advice = advice

    def __str__(self) -> str:
        return (f"{self.place}: " if self.place else "") + f"{self.message}. {self.advice}"


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a table."""

    line: int
    """Where it begins, from 1."""
    cells: Mapping[str, str]
    """Column name, in small letters → text."""
    surplus: int = 0
    """Cells beyond the last column."""


@dataclass(frozen=True, slots=True)
class Table:
    """A CSV file with a header."""

    columns: tuple[str, ...]
    """As they stand, without the white space around them."""
    rows: tuple[Row, ...]


class Source:
    """The text of one file. Each way to read it is tried at most once, and raises `BadSource` where it fails."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.duplicate_keys: dict[str, None] = {}
        """Keys that stood twice in one JSON object."""

    @classmethod
    def of(cls, content: bytes) -> "Source":
        """Decode a file: UTF-8 with or without a mark, UTF-16 with one. Raises `BadSource`."""
        if len(content) > MAX_BYTES:
            raise BadSource("", "too-large", f"the file is larger than {MAX_BYTES >> 20} MB", "Split it.")
        encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError as error:
            line = content[: error.start].count(b"\n") + 1
            raise BadSource(
                f"line {line}", "bad-encoding", "this is not UTF-8 text", "Save or export the file as UTF-8."
            ) from error
        if "\0" in text:
            line = text[: text.index("\0")].count("\n") + 1
            raise BadSource(
                f"line {line}",
                "bad-encoding",
                "there is a NUL character, as in UTF-16 without a mark or a file that is no text",
                "Save or export the file as UTF-8.",
            )
        return cls(text)

    @property
    def looks_like_json(self) -> bool:
        """Tell whether the text begins as a JSON object or list does."""
        return self.text.lstrip()[:1] in ("{", "[")

    @cached_property
    def json(self) -> object:
        """The parsed JSON. NaN and infinities are refused; of a key that stands twice the last counts."""
        try:
            return json.loads(self.text, parse_constant=_no_constant, object_pairs_hook=self._object)
        except RecursionError as error:
            raise BadSource(
                "", "too-deep", "lists or objects inside each other too often", "Export it again."
            ) from error
        except json.JSONDecodeError as error:
            raise BadSource(
                f"line {error.lineno}",
                "bad-json",
                f"this is not JSON: {clean_line(error.msg, 100)}",
                "Export it again, whole.",
            ) from error
        except ValueError as error:
            raise BadSource(
                "", "bad-json", f"this is not JSON: {clean_line(str(error), 100)}", "Export it again."
            ) from error

    def _object(self, pairs: list[tuple[str, object]]) -> dict[str, object]:
        made = dict(pairs)
        if len(made) < len(pairs) and len(self.duplicate_keys) < 20:
            names = [name for name, _ in pairs]
            self.duplicate_keys.update(dict.fromkeys(name for name in names if names.count(name) > 1))
        return made

    def records(self, *wrappers: str) -> Iterator[tuple[str, Mapping[str, object]]]:
        """Yield (JSON path, record) of a list of objects, bare or below one of the wrappers, or of a single one.

        A wrapper may be a path such as `_embedded.saved-replies`. Raises `BadSource` for any other shape.
        """
        document, path = self.json, ""
        if isinstance(document, dict):
            for wrapper in wrappers:
                found: object = document
                for part in wrapper.split("."):
                    found = found.get(part) if isinstance(found, dict) else None
                if found is not None:
                    document, path = found, wrapper
                    break
        if isinstance(document, dict):
            yield path or "$", document
            return
        if not isinstance(document, list):
            raise BadSource(path or "$", "bad-shape", "there is no list of responses", "Export them as the docs say.")
        if len(document) > MAX_RECORDS:
            raise BadSource(path or "$", "too-large", f"more than {MAX_RECORDS} responses", "Split the file.")
        for index, record in enumerate(document):
            place = f"{path}[{index}]"
            if isinstance(record, dict):
                yield place, record
            else:
                raise BadSource(place, "bad-shape", "a response is not an object", "Export them as the docs say.")

    def first(self, *wrappers: str) -> Mapping[str, object]:
        """Return the first record, or an empty one where there is none: for telling formats apart."""
        try:
            return next((record for _, record in self.records(*wrappers)), {})
        except BadSource:
            return {}

    @cached_property
    def table(self) -> Table:
        """The parsed CSV; the delimiter is the one that splits the first line into most columns."""
        text = self.text
        skipped = 0
        delimiter = ""
        if found := re.match(r"sep=(.)\r?\n", text):  # written by spreadsheets in front of the header
            delimiter, text, skipped = found[1], text[found.end() :], 1
        if not delimiter:
            first = text[: text.find("\n")] if "\n" in text else text
            delimiter = max(_DELIMITERS, key=first.count)
        return _table(text, delimiter, skipped)


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON value")


def _table(text: str, delimiter: str, skipped: int) -> Table:
    limit = csv.field_size_limit()
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns: tuple[str, ...] = ()
    rows: list[Row] = []
    line = skipped + 1
    try:
        csv.field_size_limit(MAX_CELL)
        for cells in reader:
            here, line = line, reader.line_num + skipped + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = tuple(clean_line(cell, 60) for cell in cells)
                _check(columns, here)
                continue
            if len(rows) >= MAX_RECORDS:
                raise BadSource(f"line {here}", "too-large", f"more than {MAX_RECORDS} rows", "Split the file.")
            named = dict(zip((column.casefold() for column in columns), cells, strict=False))
            rows.append(Row(here, named, max(0, len(cells) - len(columns))))
    except csv.Error as error:
        raise BadSource(
            f"line {line}",
            "bad-csv",
            f"this is not CSV: {clean_line(str(error), 100)}",
            "A text with quotes, commas or line ends stands in quotes, and each quote in it is doubled.",
        ) from error
    finally:
        csv.field_size_limit(limit)
    if not columns:
        raise BadSource("", "bad-csv", "the file is empty", "Its first line names the columns.")
    return Table(columns, tuple(rows))


def _check(columns: Sequence[str], line: int) -> None:
    if len(columns) > 200:
        raise BadSource(f"line {line}", "bad-csv", f"{len(columns)} columns", "The first line names the columns.")
    names = [column.casefold() for column in columns if column]
    if twice := next((name for name in names if names.count(name) > 1), ""):
        raise BadSource(f"line {line}", "bad-csv", f"two columns are called `{twice}`", "Rename one.")
