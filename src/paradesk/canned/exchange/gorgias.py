"""Gorgias macros: the JSON of `GET /api/macros`. Published at developers.gorgias.com, "The Macro object"."""

import json
from collections.abc import Mapping, Sequence

from paradesk.canned.exchange.collecting import Collector, Record, own_id, text_of, words
from paradesk.canned.exchange.exporting import Exporter
from paradesk.canned.exchange.format import Format
from paradesk.canned.exchange.hypertext import from_text
from paradesk.canned.exchange.records import Exported, FollowUp, Imported, PortableResponse
from paradesk.canned.exchange.source import Source

STATUSES = {"open": "open", "closed": "closed"}
_RUNS = ("http", "forwardByEmail")


def recognises(source: Source) -> bool:
    """Tell whether these are macros with Gorgias' actions."""
    if not source.looks_like_json:
        return False
    actions = source.first("data").get("actions")
    first = actions[0] if isinstance(actions, list) and actions else None
    return isinstance(first, dict) and "name" in first and "arguments" in first


def read(source: Source, language: str) -> Imported:
    """Read macros; those with one `external_id` of ours are one response in several languages."""
    collector = Collector("gorgias", language)
    merged: dict[str, Record] = {}
    for place, macro in source.records("data"):
        record = _record(collector, place, macro)
        ours = record.id
        if ours and ours in merged and not merged[ours].texts.keys() & record.texts.keys():
            merged[ours].texts = {**merged[ours].texts, **record.texts}
        else:
            merged[ours or place] = record
    for record in merged.values():
        collector.add(record)
    return collector.result()


def _record(collector: Collector, place: str, macro: Mapping[str, object]) -> Record:
    actions = macro.get("actions")
    text, html, text_place = "", False, place
    follow_ups: list[FollowUp] = []
    attachments: list[str] = []
    for index, action in enumerate(actions if isinstance(actions, list) else []):
        here = f"{place}.actions[{index}]"
        name = text_of(action.get("name")) if isinstance(action, dict) else ""
        found = action.get("arguments") if isinstance(action, dict) else None
        given: Mapping[str, object] = found if isinstance(found, dict) else {}
        body, markup = text_of(given.get("body_text")), text_of(given.get("body_html"))
        value = text_of(given.get("status") or given.get("priority"))
        if name == "setResponseText" or (not name and (body or markup)):
            html = not body.strip()
            text, text_place = (
                (markup, f"{here}.arguments.body_html") if html else (body, f"{here}.arguments.body_text")
            )
            attachments += _files(given.get("attachments"))
        elif name in ("addTags", "removeTags"):
            tags = " ".join(word.replace(" ", "-") for word in words(given.get("tags")))
            follow_ups.append(FollowUp("add_tag" if name == "addTags" else "remove_tag", tags))
        elif name == "setStatus" and value in STATUSES:
            follow_ups.append(FollowUp("status", STATUSES[value]))
        elif name == "setPriority" and value in ("low", "normal", "high", "critical"):
            follow_ups.append(FollowUp("priority", "urgent" if value == "critical" else value))
        elif name == "addAttachments":
            attachments += _files(given.get("attachments"))
        elif name == "addInternalNote":
            collector.remark(
                here, "note", "the internal note is left away: it must never reach a customer", level="changed"
            )
        elif name in _RUNS or name.startswith(("shopify", "recharge")):
            collector.remark(
                here, "refused", f"the action `{name}` does something outside the chat and is refused", level="changed"
            )
        else:
            collector.remark(here, "action", f"the action `{name}` is left away", level="changed")
    intent = text_of(macro.get("intent"))
    return Record(
        place=place,
        text_place=text_place,
        title=text_of(macro.get("name")),
        texts={text_of(macro.get("language")): text},
        html=html,
        key=text_of(macro.get("id")),
        id=own_id(text_of(macro.get("external_id"))),
        labels=(intent,) if intent else (),
        follow_ups=tuple(follow_ups),
        attachments=tuple(attachments),
        source=text_of(macro.get("uri")),
    )


def _files(value: object) -> list[str]:
    found = value if isinstance(value, list) else []
    return [name for file in found if isinstance(file, dict) and (name := text_of(file.get("name")))]


def write(responses: Sequence[PortableResponse], language: str) -> Exported:
    """Write macros as `POST /api/macros` takes each, one for each language, with our id as `external_id`."""
    exporter = Exporter("gorgias", language, ("languages", "title", "id", "follow-ups"))
    macros = []
    for response in responses:
        for tag, text in exporter.texts(response).items():
            actions: list[dict[str, object]] = [
                {
                    "name": "setResponseText",
                    "title": "Add response text",
                    "type": "user",
                    "arguments": {"body_text": text, "body_html": from_text(text)},
                }
            ]
            for done in response.follow_ups:
                name = {"add_tag": "addTags", "remove_tag": "removeTags"}.get(done.action)
                if name:
                    arguments = {"tags": ", ".join(done.value.split())}
                elif done.action == "status" and done.value in STATUSES.values():
                    name, arguments = "setStatus", {"status": done.value}
                else:
                    exporter.remark(response, "lost-follow-up", f"there is no action for {done}", "changed")
                    continue
                actions.append({"name": name, "title": name, "type": "user", "arguments": arguments})
            macros.append({"external_id": response.id, "name": response.title, "language": tag, "actions": actions})
    return exporter.result(json.dumps({"data": macros}, ensure_ascii=False, indent=2) + "\n")


FORMAT = Format(
    name="gorgias",
    title="Gorgias macros (JSON of GET /api/macros)",
    suffixes=(".json",),
    recognises=recognises,
    read=read,
    write=write,
)
