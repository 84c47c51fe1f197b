"""Zendesk macros: the JSON of `GET /api/v2/macros`, with what a macro does besides writing.

Published at developer.zendesk.com, "Macros" and "Actions reference".
"""

import json
from collections.abc import Mapping, Sequence

from paradesk.canned.exchange.collecting import Collector, Record, text_of
from paradesk.canned.exchange.exporting import Exporter
from paradesk.canned.exchange.format import Format
from paradesk.canned.exchange.records import Exported, FollowUp, Imported, PortableResponse
from paradesk.canned.exchange.source import Source

STATUSES = {
    "new": "new",
    "open": "open",
    "pending": "pending",
    "hold": "on_hold",
    "solved": "solved",
    "closed": "closed",
}
_TAGS = {"set_tags": "set_tags", "current_tags": "add_tag", "remove_tags": "remove_tag"}
_TEXTS = ("comment_value", "comment_value_html")
_CHANNELS = ("channel:chat", "channel:all", "")
_OWN_ID = "Paradesk id: "


def recognises(source: Source) -> bool:
    """Tell whether these are macros with Zendesk's actions."""
    if not source.looks_like_json:
        return False
    actions = source.first("macros", "macro").get("actions")
    first = actions[0] if isinstance(actions, list) and actions else None
    return isinstance(first, dict) and "field" in first


def read(source: Source, language: str) -> Imported:
    """Read macros; those without a text for the customer, and inactive ones, are left out by name."""
    collector = Collector("zendesk", language)
    for place, macro in source.records("macros", "macro"):
        _macro(collector, place, macro)
    return collector.result()


def _macro(collector: Collector, place: str, macro: Mapping[str, object]) -> None:
    *folder, title = text_of(macro.get("title")).split("::") or [""]
    if macro.get("active") is False:
        collector.leave_out(place, "inactive", f"`{title}` is inactive", "Activate it in Zendesk if it is still used.")
        return
    actions = macro.get("actions")
    if not isinstance(actions, list):
        collector.leave_out(place, "bad-shape", f"`{title}` has no list of actions")
        return
    texts: dict[tuple[str, str], tuple[str, str]] = {}
    follow_ups: list[FollowUp] = []
    public = True
    for index, action in enumerate(actions):
        here = f"{place}.actions[{index}]"
        if not isinstance(action, dict):
            collector.remark(here, "bad-shape", "this action is not an object and is left away", level="changed")
            continue
        field, value = text_of(action.get("field")), action.get("value")
        if field in _TEXTS:
            channel, text = _comment(value)
            texts.setdefault((field, channel), (text, f"{here}.value"))
        elif field == "comment_mode_is_public":
            public = value in (True, "true")
        else:
            follow_ups += _follow_up(collector, here, field, value)
    if (restriction := macro.get("restriction")) is not None:
        kind = text_of(restriction.get("type")) if isinstance(restriction, dict) else ""
        collector.remark(place, "restriction", f"`{title}` was for one {kind.lower() or 'group'} only; now all see it")
    chosen = next(
        (key for field in _TEXTS for channel in _CHANNELS if texts.get(key := (field, channel), ("",))[0].strip()),
        next((key for key, (text, _) in texts.items() if text.strip()), None),
    )
    if chosen is None or not public:
        why = "its text is an internal note" if chosen else "it has actions, but no text for the customer"
        done = ", ".join(map(str, follow_ups))
        collector.leave_out(
            place, "note" if chosen else "no-text", f"`{title}`: {why}" + (f" ({done})" if done else "")
        )
        return
    for key, (text, here) in texts.items():
        if key != chosen and text.strip() and text.strip() != texts[chosen][0].strip() and key[0] == chosen[0]:
            collector.remark(here, "other-channel", f"the text for {key[1] or 'all'} is left away", level="changed")
    description = text_of(macro.get("description"))
    text, text_place = texts[chosen]
    collector.add(
        Record(
            place=place,
            text_place=text_place,
            title=title,
            texts={"": text},
            html=chosen[0] == "comment_value_html",
            key=text_of(macro.get("id")),
            id=description.partition(_OWN_ID)[2].strip(),
            folder=tuple(folder),
            follow_ups=tuple(follow_ups),
            source=text_of(macro.get("url")),
        )
    )


def _comment(value: object) -> tuple[str, str]:
    """Return (channel, text) of a comment's value, which is a text, or a list of a channel and a text."""
    if isinstance(value, list):
        parts = [text_of(part) for part in value]
        if len(parts) > 1 and parts[0].startswith("channel:"):
            return parts[0], parts[1]
        return "", parts[0] if parts else ""
    return "", text_of(value)


def _follow_up(collector: Collector, place: str, field: str, value: object) -> list[FollowUp]:
    text = " ".join(text_of(part) for part in value) if isinstance(value, list) else text_of(value)
    if isinstance(value, bool):
        text = str(value).lower()
    if field == "status" and text in STATUSES:
        return [FollowUp("status", STATUSES[text])]
    if field == "priority" and text in ("low", "normal", "high", "urgent"):
        return [FollowUp("priority", text)]
    if field in _TAGS and text.strip():
        return [FollowUp(_TAGS[field], " ".join(text.split()))]
    collector.remark(place, "action", f"the action `{field}` ({text[:60]}) is left away", level="changed")
    return []


def write(responses: Sequence[PortableResponse], language: str) -> Exported:
    """Write macros as `POST /api/v2/macros` takes them, one in a list for each response."""
    exporter = Exporter("zendesk", language, ("title", "id", "follow-ups"))
    macros = []
    for response in responses:
        for text in exporter.texts(response).values():
            actions: list[dict[str, object]] = [
                {"field": "comment_value", "value": ["channel:all", text]},
                {"field": "comment_mode_is_public", "value": "true"},
            ]
            theirs = {ours: name for name, ours in {**STATUSES, **_TAGS}.items()}
            for done in response.follow_ups:
                tagged = done.action in _TAGS.values()
                actions.append(
                    {
                        "field": theirs[done.action] if tagged else done.action,
                        "value": theirs.get(done.value, done.value) if done.action == "status" else done.value,
                    }
                )
            macros.append(
                {
                    "title": "::".join((*response.folder, response.title)),
                    "active": True,
                    "description": f"{_OWN_ID}{response.id}",
                    "actions": actions,
                    "restriction": None,
                }
            )
    return exporter.result(json.dumps({"macros": macros}, ensure_ascii=False, indent=2) + "\n")


FORMAT = Format(
    name="zendesk",
    title="Zendesk macros (JSON of GET /api/v2/macros)",
    suffixes=(".json",),
    recognises=recognises,
    read=read,
    write=write,
)
