"""Rocket.Chat canned responses: the JSON of `GET /api/v1/canned-responses`, and a table with the same columns.

Published at developer.rocket.chat, "Canned Responses", and in its typings (`IOmnichannelCannedResponse`).
"""

import json
from collections.abc import Sequence

from paradesk.canned.exchange.collecting import Collector, Record, as_id, as_words, sorted_words, text_of, words
from paradesk.canned.exchange.exporting import Exporter
from paradesk.canned.exchange.format import Format
from paradesk.canned.exchange.records import Exported, Imported, PortableResponse
from paradesk.canned.exchange.source import Source

_WRAPPERS = ("cannedResponses", "responses", "cannedResponse")


def recognises(source: Source) -> bool:
    """Tell whether these are records with a shortcut, a text and a scope."""
    if source.looks_like_json:
        return {"shortcut", "text", "scope"} <= source.first(*_WRAPPERS).keys()
    return {"shortcut", "text", "scope"} <= {column.casefold() for column in source.table.columns}


def read(source: Source, language: str) -> Imported:
    """Read canned responses. The shortcut is all the title they have; `agent` is the one who serves the room."""
    collector = Collector("rocketchat", language)
    if source.looks_like_json:
        for place, record in source.records(*_WRAPPERS):
            fields = {name: text_of(record.get(name)) for name in ("_id", "shortcut", "text", "scope", "departmentId")}
            _add(collector, place, f"{place}.text", fields, words(record.get("tags")))
    else:
        for row in source.table.rows:
            fields = {
                name: row.cells.get(name.casefold(), "")
                for name in ("_id", "shortcut", "text", "scope", "departmentId")
            }
            _add(collector, f"line {row.line}", f"line {row.line}", fields, words(row.cells.get("tags", "")))
    return collector.result()


def _add(collector: Collector, place: str, text_place: str, fields: dict[str, str], found: Sequence[str]) -> None:
    name = fields["shortcut"].removeprefix("!")
    if fields["scope"] in ("user", "department"):
        whose = "one person's own" if fields["scope"] == "user" else f"the department {fields['departmentId']}'s own"
        collector.remark(place, "restriction", f"`{name}` was {whose}; now all see it")
    tags, labels = sorted_words(found)
    collector.add(
        Record(
            place=place,
            text_place=text_place,
            title=name,
            texts={"": fields["text"]},
            key=fields["_id"],
            id=as_id(name),
            shortcut=name,
            tags=tags,
            labels=labels,
        )
    )


def write(responses: Sequence[PortableResponse], language: str) -> Exported:
    """Write canned responses as `POST /api/v1/canned-responses` takes each; the id is the shortcut."""
    exporter = Exporter("rocketchat", language, ("tags", "labels"))
    records = [
        {"shortcut": response.id, "text": text, "scope": "global", "tags": as_words(response)}
        for response in responses
        for text in exporter.texts(response).values()
    ]
    return exporter.result(json.dumps({"cannedResponses": records}, ensure_ascii=False, indent=2) + "\n")


FORMAT = Format(
    name="rocketchat",
    title="Rocket.Chat canned responses (JSON of GET /api/v1/canned-responses, or a table with its columns)",
    suffixes=(".json", ".csv"),
    recognises=recognises,
    read=read,
    write=write,
)
