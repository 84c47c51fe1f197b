"""LiveChat (text.com) canned responses: the JSON of its version 2 API, and a table with the same columns.

The API's record is published; LiveChat publishes no CSV, and no names of placeholders.
"""

import json
from collections.abc import Sequence

from paradesk.canned.exchange.collecting import Collector, Record, as_id, as_words, sorted_words, text_of, words
from paradesk.canned.exchange.exporting import Exporter
from paradesk.canned.exchange.format import Format
from paradesk.canned.exchange.records import Exported, Imported, PortableResponse
from paradesk.canned.exchange.source import Source


def recognises(source: Source) -> bool:
    """Tell whether these are LiveChat's records: a text, tags, and a group."""
    if source.looks_like_json:
        first = source.first("canned_responses")
        return {"text", "tags"} <= first.keys() and "shortcut" not in first and "scope" not in first
    columns = {column.casefold() for column in source.table.columns}
    return {"text", "tags", "group"} <= columns and "shortcut" not in columns


def read(source: Source, language: str) -> Imported:
    """Read canned responses. The first tag is what agents type, and all the title that they have."""
    collector = Collector("livechat", language)
    if source.looks_like_json:
        for place, record in source.records("canned_responses"):
            _add(
                collector,
                place,
                f"{place}.text",
                text_of(record.get("text")),
                words(record.get("tags")),
                text_of(record.get("id")),
            )
    else:
        for row in source.table.rows:
            place = f"line {row.line}"
            _add(
                collector,
                place,
                place,
                row.cells.get("text", ""),
                words(row.cells.get("tags", "")),
                row.cells.get("id", ""),
            )
    return collector.result()


def _add(collector: Collector, place: str, text_place: str, text: str, found: Sequence[str], key: str) -> None:
    name = found[0].removeprefix("#") if found else ""
    tags, labels = sorted_words(word.removeprefix("#") for word in found[1:])
    collector.add(
        Record(
            place=place,
            text_place=text_place,
            title=name,
            texts={"": text},
            key=key,
            id=as_id(name),
            shortcut=name,
            tags=tags,
            labels=labels,
        )
    )


def write(responses: Sequence[PortableResponse], language: str) -> Exported:
    """Write canned responses as `POST /canned_responses` takes each; the id is the first tag."""
    exporter = Exporter("livechat", language, ("tags", "labels"))
    records = [
        {"text": text, "tags": [response.id, *as_words(response)], "group": 0}
        for response in responses
        for text in exporter.texts(response).values()
    ]
    return exporter.result(json.dumps(records, ensure_ascii=False, indent=2) + "\n")


FORMAT = Format(
    name="livechat",
    title="LiveChat canned responses (JSON of GET /canned_responses, or a table with its columns)",
    suffixes=(".json", ".csv"),
    recognises=recognises,
    read=read,
    write=write,
)
