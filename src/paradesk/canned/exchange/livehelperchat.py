"""Live Helper Chat canned messages: the CSV that its back office exports and imports.

The header and the meaning of the columns are in its source (`lhcannedmsg/import.php`) and at doc.livehelperchat.com.
"""

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import replace

from paradesk.canned.exchange import dialects
from paradesk.canned.exchange.collecting import Collector, Record, as_words, own_id, sorted_words, words
from paradesk.canned.exchange.exporting import Exporter
from paradesk.canned.exchange.format import Format
from paradesk.canned.exchange.liquid import Control, Segment, Unwritable, Value, compose, decompose, path, plain
from paradesk.canned.exchange.records import Exported, Imported, PortableResponse
from paradesk.canned.exchange.source import Row, Source

COLUMNS = (
    *("id", "title", "explain", "msg", "fallback_msg", "position", "delay", "department_id", "user_id", "auto_send"),
    *("attr_int_1", "attr_int_2", "attr_int_3", "languages", "additional_data", "html_snippet", "unique_id"),
    *("created_at", "updated_at", "active_from", "active_to", "repetitiveness", "days_activity", "disabled"),
    *("delete_on_exp", "activate_responder", "subject", "tags_plain", "department_ids_front"),
)
"""The header, which Live Helper Chat wants in exactly this order."""

_LEFT = {
    "html_snippet": "its piece of HTML",
    "active_from": "the time from which it holds",
    "active_to": "the time until which it holds",
    "auto_send": "being sent by itself when a chat is accepted",
    "delay": "the delay before it is sent",
    "repetitiveness": "the times of day or year at which it is offered",
    "subject": "the subject that it sets",
    "activate_responder": "the automatic responder that it starts",
}


def recognises(source: Source) -> bool:
    """Tell whether the header is Live Helper Chat's."""
    if source.looks_like_json:
        return False
    return {"msg", "fallback_msg", "tags_plain"} <= {column.casefold() for column in source.table.columns}


def read(source: Source, language: str) -> Imported:
    """Read canned messages. One that begins with `!` is a command to Live Helper Chat, and refused."""
    collector = Collector("livehelperchat", language)
    for row in source.table.rows:
        _message(collector, row, language)
    return collector.result()


def _message(collector: Collector, row: Row, language: str) -> None:
    place = f"line {row.line}"
    title = row.cells.get("title", "") or row.cells.get("explain", "")
    if row.cells.get("disabled", "0") not in ("", "0"):
        collector.leave_out(place, "inactive", f"`{title}` is disabled", "Enable it there if it is still used.")
        return
    texts = {"": (row.cells.get("msg", ""), row.cells.get("fallback_msg", ""))}
    texts |= _translations(collector, place, row.cells.get("languages", ""))
    for text, fallback in texts.values():
        if any(each.lstrip().startswith("!") for each in (text, fallback)):
            command = (text if text.lstrip().startswith("!") else fallback).split()[0][:40]
            collector.leave_out(place, "refused", f"`{title}` runs the command `{command}`")
            return
    for column, told in _LEFT.items():
        if row.cells.get(column, "").strip() not in ("", "0", "[]"):
            collector.remark(place, "field", f"`{title}`: {told} (`{column}`) is left away", level="changed")
    if row.cells.get("department_id", "0") not in ("", "0"):
        collector.remark(place, "restriction", f"`{title}` was for one department only; now all see it")
    if row.cells.get("user_id", "0") not in ("", "0"):
        collector.remark(place, "restriction", f"`{title}` was one person's own; now all see it")
    tags, labels = sorted_words(words(row.cells.get("tags_plain", "").replace(",", ", ")))
    bodies: dict[str, str | list[Segment]] = {
        tag: _with_fallback(collector, place, *pair) if pair[1].strip() else pair[0] for tag, pair in texts.items()
    }
    collector.add(
        Record(
            place=place,
            title=title,
            texts=bodies,
            key=row.cells.get("id", ""),
            id=own_id(row.cells.get("unique_id", "")),
            tags=tags,
            labels=labels,
        )
    )


def _translations(collector: Collector, place: str, cell: str) -> dict[str, tuple[str, str]]:
    if not cell.strip():
        return {}
    try:
        entries = json.loads(cell)
    except (ValueError, RecursionError):
        entries = None
    if not isinstance(entries, list):
        collector.remark(
            place, "bad-json", "the column `languages` is not JSON; its texts are left away", level="changed"
        )
        return {}
    texts: dict[str, tuple[str, str]] = {}
    for entry in entries:
        if isinstance(entry, dict) and isinstance(tags := entry.get("languages"), list):
            pair = (str(entry.get("message") or ""), str(entry.get("fallback_message") or ""))
            texts |= {tag: pair for tag in tags if isinstance(tag, str) and pair[0].strip()}
    return texts


def _with_fallback(collector: Collector, place: str, text: str, fallback: str) -> str | list[Segment]:
    """Make "the fallback if any value is missing" a condition, which is what it means."""
    reports: list[tuple[str, str]] = []
    segments = dialects.parse(
        "livehelperchat", plain(text).strip(), lambda code, message: reports.append((code, message))
    )
    other = dialects.parse(
        "livehelperchat", plain(fallback).strip(), lambda code, message: reports.append((code, message))
    )
    names = list(dict.fromkeys(segment.name for segment in segments if isinstance(segment, Value)))
    if reports:  # a value that is never known would always give the fallback
        collector.remark(
            place, "fallback", "the fallback message is left away: the first has unknown values", level="changed"
        )
        return text
    if not names:
        return text
    condition = " and ".join(map(path, names))
    return [Control("if", condition), *segments, Control("else"), *other, Control("endif")]


def _split(response: PortableResponse) -> tuple[PortableResponse, dict[str, str]]:
    """Take "a text if all its values are there, else another" apart again: the texts, and language → fallback."""
    bodies, fallbacks = dict(response.bodies), {}
    for tag, body in response.bodies.items():
        try:
            match decompose(body):
                case [Control("if", asked), *middle, Control("endif", "")]:
                    tags = [part for part in middle if isinstance(part, Control)]
                    if tags != [Control("else")]:
                        continue
                    at = middle.index(Control("else"))
                    names = dict.fromkeys(part.name for part in middle[:at] if isinstance(part, Value))
                    if asked == " and ".join(map(path, names)):
                        fallbacks[tag] = dialects.write("livehelperchat", middle[at + 1 :])
                        bodies[tag] = compose(middle[:at])
        except Unwritable:
            continue
    return replace(response, bodies=bodies), fallbacks


def write(responses: Sequence[PortableResponse], language: str) -> Exported:
    """Write the CSV that Live Helper Chat imports; a row with the `unique_id` of an older one replaces it."""
    exporter = Exporter("livehelperchat", language, ("languages", "tags", "labels", "title", "shortcut"))
    file = io.StringIO(newline="")
    writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for response in responses:
        first, fallbacks = _split(response)
        texts = exporter.texts(first)
        if not texts:
            continue
        main = language if language in texts else next(iter(texts))
        if any(text.lstrip().startswith("!") for text in (*texts.values(), *fallbacks.values())):
            exporter.remark(response, "unwritable", "left out: its text would be a command there", "left-out")
            continue
        others = [
            {"languages": [tag], "message": text, "fallback_message": fallbacks.get(tag, "")}
            for tag, text in texts.items()
            if tag != main
        ]
        tags = [response.shortcut, *as_words(response)] if response.shortcut else as_words(response)
        writer.writerow(
            {
                **dict.fromkeys(("id", "position", "delay", "department_id", "user_id", "auto_send"), "0"),
                "title": response.title,
                "msg": texts[main],
                "fallback_msg": fallbacks.get(main, ""),
                "languages": json.dumps(others, ensure_ascii=False) if others else "",
                "unique_id": response.id,
                "tags_plain": ",".join(tag.replace(",", " ") for tag in tags),
            }
        )
    return exporter.result(file.getvalue())


FORMAT = Format(
    name="livehelperchat",
    title="Live Helper Chat canned messages (CSV of its back office)",
    suffixes=(".csv",),
    recognises=recognises,
    read=read,
    write=write,
)
