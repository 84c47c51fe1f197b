"""Chatwoot canned responses and macros: the JSON of its API.

Published in Chatwoot's OpenAPI description (`canned_response`) and its source (`app/models/macro.rb`).
"""

import json
from collections.abc import Mapping, Sequence

from paradesk.canned.exchange.collecting import Collector, Record, as_id, text_of
from paradesk.canned.exchange.exporting import Exporter
from paradesk.canned.exchange.format import Format
from paradesk.canned.exchange.records import Exported, FollowUp, Imported, PortableResponse
from paradesk.canned.exchange.source import Source

STATUSES = {"open": "open", "resolved": "solved", "pending": "pending"}
_BACK = {ours: theirs for theirs, ours in STATUSES.items()}
_RUNS = ("send_email_transcript", "send_webhook_event", "send_whatsapp_flow")


def recognises(source: Source) -> bool:
    """Tell whether these are canned responses."""
    return source.looks_like_json and {"short_code", "content"} <= source.first("payload").keys()


def read(source: Source, language: str) -> Imported:
    """Read canned responses. Their short code is all the title they have; `agent` in them is the assignee."""
    collector = Collector("chatwoot", language)
    for place, record in source.records("payload"):
        code = text_of(record.get("short_code"))
        collector.add(
            Record(
                place=place,
                text_place=f"{place}.content",
                title=code,
                texts={"": text_of(record.get("content"))},
                key=text_of(record.get("id")),
                id=as_id(code),
                shortcut=code,
            )
        )
    return collector.result()


def write(responses: Sequence[PortableResponse], language: str) -> Exported:
    """Write canned responses as `POST …/canned_responses` takes each; the id is the short code, which is unique."""
    exporter = Exporter("chatwoot", language, ())
    records = [
        {"short_code": response.id, "content": text}
        for response in responses
        for text in exporter.texts(response).values()
    ]
    return exporter.result(json.dumps(records, ensure_ascii=False, indent=2) + "\n")


def recognises_macros(source: Source) -> bool:
    """Tell whether these are macros with Chatwoot's actions."""
    if not source.looks_like_json:
        return False
    actions = source.first("payload").get("actions")
    first = actions[0] if isinstance(actions, list) and actions else None
    return isinstance(first, dict) and "action_name" in first


def read_macros(source: Source, language: str) -> Imported:
    """Read macros: their messages become the text, and what they do to the conversation follow-ups."""
    collector = Collector("chatwoot-macros", language)
    for place, macro in source.records("payload"):
        _macro(collector, place, macro)
    return collector.result()


def _macro(collector: Collector, place: str, macro: Mapping[str, object]) -> None:
    title = text_of(macro.get("name"))
    actions = macro.get("actions")
    texts: list[str] = []
    follow_ups: list[FollowUp] = []
    attachments: list[str] = []
    for index, action in enumerate(actions if isinstance(actions, list) else []):
        here = f"{place}.actions[{index}]"
        name = text_of(action.get("action_name")) if isinstance(action, dict) else ""
        given = action.get("action_params") if isinstance(action, dict) else None
        values = [text_of(value) for value in given] if isinstance(given, list) else [text_of(given)]
        first = next(iter(values), "")
        match name:
            case "send_message":
                texts += filter(None, values)
            case "add_label":
                follow_ups.append(FollowUp("add_tag", " ".join(filter(None, values))))
            case "remove_label":
                follow_ups.append(FollowUp("remove_tag", " ".join(filter(None, values))))
            case "change_status" if first in STATUSES:
                follow_ups.append(FollowUp("status", STATUSES[first]))
            case "resolve_conversation":
                follow_ups.append(FollowUp("status", "solved"))
            case "change_priority" if first in ("low", "medium", "high", "urgent"):
                follow_ups.append(FollowUp("priority", "normal" if first == "medium" else first))
            case "send_attachment":
                attachments += _files(macro)
            case "add_private_note":
                collector.remark(
                    here, "note", "the private note is left away: it must never reach a customer", level="changed"
                )
            case _ if name in _RUNS:
                collector.remark(
                    here, "refused", f"the action `{name}` sends something by itself and is refused", level="changed"
                )
            case _:
                collector.remark(here, "action", f"the action `{name}` ({first[:60]}) is left away", level="changed")
    if macro.get("visibility") == "personal":
        collector.remark(place, "restriction", f"`{title}` was one person's own; now all see it")
    if len(texts) > 1:
        collector.remark(
            place, "joined", f"`{title}` sent {len(texts)} messages; they are one text now", level="changed"
        )
    collector.add(
        Record(
            place=place,
            title=title,
            texts={"": "\n\n".join(texts)},
            key=text_of(macro.get("id")),
            follow_ups=tuple(follow_ups),
            attachments=tuple(attachments),
        )
    )


def _files(macro: Mapping[str, object]) -> list[str]:
    files = macro.get("files")
    names = (
        [text_of(file.get("filename") or file.get("file_name")) for file in files if isinstance(file, dict)]
        if isinstance(files, list)
        else []
    )
    return [name for name in names if name]


def write_macros(responses: Sequence[PortableResponse], language: str) -> Exported:
    """Write macros as `POST …/macros` takes each."""
    exporter = Exporter("chatwoot-macros", language, ("title", "follow-ups"))
    macros = []
    for response in responses:
        for text in exporter.texts(response).values():
            actions: list[dict[str, object]] = [{"action_name": "send_message", "action_params": [text]}]
            for done in response.follow_ups:
                match done.action:
                    case "status" if done.value in _BACK:
                        actions.append({"action_name": "change_status", "action_params": [_BACK[done.value]]})
                    case "priority":
                        level = "medium" if done.value == "normal" else done.value
                        actions.append({"action_name": "change_priority", "action_params": [level]})
                    case "add_tag" | "remove_tag":
                        name = "add_label" if done.action == "add_tag" else "remove_label"
                        actions.append({"action_name": name, "action_params": done.value.split()})
                    case _:
                        exporter.remark(response, "lost-follow-up", f"there is no action for {done}", "changed")
            macros.append({"name": response.title, "visibility": "global", "actions": actions})
    return exporter.result(json.dumps({"payload": macros}, ensure_ascii=False, indent=2) + "\n")


FORMAT = Format(
    name="chatwoot",
    title="Chatwoot canned responses (JSON of GET …/canned_responses)",
    suffixes=(".json",),
    recognises=recognises,
    read=read,
    write=write,
)
MACROS = Format(
    name="chatwoot-macros",
    title="Chatwoot macros (JSON of GET …/macros)",
    suffixes=(".json",),
    recognises=recognises_macros,
    read=read_macros,
    write=write_macros,
)
