"""Plain CSV: a header with title and body, and what else there is; our own format for spreadsheets.

A cell that a spreadsheet would take for a formula is written with an apostrophe in front, which reading takes away.
"""

import csv
import io
import re
from collections.abc import Sequence

from paradesk.canned.exchange.collecting import Collector, Record, as_words, own_id, sorted_words
from paradesk.canned.exchange.exporting import Exporter
from paradesk.canned.exchange.format import Format
from paradesk.canned.exchange.records import Exported, Imported, PortableResponse
from paradesk.canned.exchange.source import BadSource, Row, Source

COLUMNS = ("id", "title", "body", "shortcut", "tags", "language", "folder", "owner")
"""What is written. A row is one response in one language; rows with one id belong together."""

_NAMES = {
    "title": ("title", "name", "subject"),
    "body": ("body", "text", "content", "message", "reply", "response"),
    "shortcut": ("shortcut", "short_code", "shortcode", "trigger", "keyword"),
    "tags": ("tags", "labels", "tag"),
    "language": ("language", "lang", "locale"),
    "folder": ("folder", "category", "group", "topic"),
    "owner": ("owner", "team"),
    "id": ("id",),
}
_FORMULA = re.compile(r"'*[=+\-@\t\r]")


def safe_cell(text: str) -> str:
    """Return a cell that no spreadsheet runs: one that begins like a formula gets an apostrophe in front."""
    return f"'{text}" if _FORMULA.match(text) else text


def true_cell(text: str) -> str:
    """Return what `safe_cell` was given."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text) else text


def recognises(source: Source) -> bool:
    """Tell whether there is a header with a title or a shortcut, and a body."""
    if source.looks_like_json:
        return False
    found = _columns(source.table.columns)
    return "body" in found and ("title" in found or "shortcut" in found)


def _columns(columns: Sequence[str]) -> dict[str, str]:
    have = {column.casefold() for column in columns}
    return {ours: next(name for name in names if name in have) for ours, names in _NAMES.items() if have & set(names)}


def read(source: Source, language: str) -> Imported:
    """Read a table. Placeholders are ours, or those of another tool where there is no doubt."""
    collector = Collector("csv", language)
    columns = _columns(source.table.columns)
    if "body" not in columns:
        names = ", ".join(source.table.columns[:10])
        raise BadSource("line 1", "bad-header", f"no column holds the text; there are: {names}", "Call it body.")
    known = set(columns.values())
    if unknown := [column for column in source.table.columns if column and column.casefold() not in known]:
        collector.remark("line 1", "field", f"these columns are left away: {', '.join(unknown)}", level="changed")
    merged: dict[tuple[str, ...], Record] = {}
    for row in source.table.rows:
        if row.surplus:
            collector.remark(
                f"line {row.line}", "bad-csv", f"{row.surplus} cells stand beyond the last column", level="changed"
            )
        record = _record(row, columns)
        key = (record.id,) if record.id else (record.title, record.shortcut)
        earlier = merged.get(key)
        if earlier is not None and not earlier.texts.keys() & record.texts.keys():
            earlier.texts = {**earlier.texts, **record.texts}
        else:
            merged[key if earlier is None else (f"line {row.line}",)] = record
    for record in merged.values():
        collector.add(record)
    return collector.result()


def _record(row: Row, columns: dict[str, str]) -> Record:
    cells = {name: true_cell(row.cells.get(column, "")) for name, column in columns.items()}
    tags, labels = sorted_words(word.strip() for word in re.split(r"[,;\n]", cells.get("tags", "")) if word.strip())
    folder = tuple(part for part in re.split(r"::|/|>", cells.get("folder", "")) if part.strip())
    shortcut = cells.get("shortcut", "").strip().lstrip("/#!:")
    return Record(
        place=f"line {row.line}",
        title=cells.get("title", "") or shortcut,
        texts={cells.get("language", "").strip(): cells.get("body", "")},
        id=own_id(cells.get("id", "").strip()),
        key=cells.get("id", ""),
        shortcut=shortcut,
        folder=folder,
        tags=tags,
        labels=labels,
        owner=cells.get("owner", ""),
    )


def write(responses: Sequence[PortableResponse], language: str) -> Exported:
    """Write everything that there is, one row for each language, as UTF-8 with a mark so that Excel reads it right."""
    file = io.StringIO(newline="")
    writer = csv.writer(file, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    exporter = Exporter("csv", language, ("languages", "shortcut", "tags", "labels", "owner", "id", "title"))
    for response in responses:
        exporter.lost(response)
        for tag, body in response.bodies.items():
            cells = (
                response.id,
                response.title,
                body,
                response.shortcut,
                ", ".join(word.replace(",", " ") for word in as_words(response)),
                tag,
                " / ".join(response.folder),
                response.owner,
            )
            writer.writerow([safe_cell(cell) for cell in cells])
    return exporter.result("\ufeff" + file.getvalue())


FORMAT = Format(
    name="csv",
    title="Plain CSV with a header: title, body, shortcut, tags, language, folder, owner, id",
    suffixes=(".csv", ".tsv", ".txt"),
    recognises=recognises,
    read=read,
    write=write,
)
