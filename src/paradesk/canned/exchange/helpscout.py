"""Help Scout saved replies (JSON of its Mailbox API), and FreeScout's in the same shape or as a table.

Help Scout's record is published at developer.helpscout.com, "Get Saved Reply". FreeScout publishes no export; what is
read is a table or JSON with its columns `name` and `text`. Both write the same placeholders.
"""

import json
from collections.abc import Mapping, Sequence

from paradesk.canned.exchange.collecting import Collector, Record, identity, text_of
from paradesk.canned.exchange.exporting import Exporter
from paradesk.canned.exchange.format import Format
from paradesk.canned.exchange.hypertext import from_text
from paradesk.canned.exchange.records import Exported, Imported, PortableResponse
from paradesk.canned.exchange.source import Source

_WRAPPERS = ("_embedded.saved-replies", "_embedded.savedReplies", "savedReplies", "saved_replies")
_TEXTS = {"text", "chatText", "preview", "chatPreview"}


def recognises(source: Source) -> bool:
    """Tell whether these are saved replies: a name with a text or a preview."""
    if source.looks_like_json:
        first = source.first(*_WRAPPERS)
        return "name" in first and bool(_TEXTS & first.keys()) and "actions" not in first
    columns = {column.casefold() for column in source.table.columns}
    return {"name", "text"} <= columns


def read(source: Source, language: str) -> Imported:
    """Read saved replies: the chat text where there is one, else the text, which is HTML."""
    collector = Collector("helpscout", language)
    if source.looks_like_json:
        for place, record in source.records(*_WRAPPERS):
            _reply(collector, place, {name: text_of(value) for name, value in record.items()}, record)
    else:
        for row in source.table.rows:
            cells = {**row.cells, "chatText": row.cells.get("chattext", "")}
            _reply(collector, f"line {row.line}", cells, {})
    return collector.result()


def _reply(collector: Collector, place: str, fields: Mapping[str, str], record: Mapping[str, object]) -> None:
    name = fields.get("name", "")
    chat, text = fields.get("chatText", ""), fields.get("text", "")
    if not chat.strip() and not text.strip() and (fields.get("preview") or fields.get("chatPreview")):
        collector.leave_out(
            place,
            "preview",
            f"`{name}` has a preview only",
            "Get each reply by its id: /v2/mailboxes/…/saved-replies/…",
        )
        return
    if chat.strip() and text.strip():
        collector.remark(place, "other-channel", f"`{name}` has a text for e-mail too; the one for chats is used")
    files = record.get("attachments")
    names = (
        [text_of(file.get("name") or file.get("fileName")) for file in files if isinstance(file, dict)]
        if isinstance(files, list)
        else []
    )
    collector.add(
        Record(
            place=place,
            text_place=f"{place}.{'chatText' if chat.strip() else 'text'}" if record else place,
            title=name,
            texts={"": chat if chat.strip() else text},
            html=not chat.strip(),
            key=fields.get("id", ""),
            attachments=tuple(filter(None, names)),
        )
    )


def write(responses: Sequence[PortableResponse], language: str) -> Exported:
    """Write saved replies as `POST /v2/mailboxes/…/saved-replies` takes each."""
    exporter = Exporter("helpscout", language, ("title",))
    records = []
    for response in responses:
        for text in exporter.texts(response).values():
            if identity(response.title) != response.id:
                exporter.remark(response, "lost-id", f"it would come back as `{identity(response.title)}`")
            records.append({"name": response.title, "text": from_text(text), "chatText": text})
    return exporter.result(json.dumps(records, ensure_ascii=False, indent=2) + "\n")


FORMAT = Format(
    name="helpscout",
    title="Help Scout or FreeScout saved replies (JSON of …/saved-replies/…, or a table with name and text)",
    suffixes=(".json", ".csv"),
    recognises=recognises,
    read=read,
    write=write,
)
