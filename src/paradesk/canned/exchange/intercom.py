"""Intercom macros: the JSON of `GET /macros`. Published at developers.intercom.com, "Macro" and "Macro Action"."""

from collections.abc import Mapping

from paradesk.canned.exchange.collecting import Collector, Record, text_of
from paradesk.canned.exchange.format import Format
from paradesk.canned.exchange.records import FollowUp, Imported
from paradesk.canned.exchange.source import Source


def recognises(source: Source) -> bool:
    """Tell whether these are macros of Intercom."""
    if not source.looks_like_json:
        return False
    first = source.first("data", "macros")
    return first.get("type") == "macro" or ("body_text" in first and "name" in first)


def read(source: Source, language: str) -> Imported:
    """Read macros from their plain text, or from their HTML where there is no other."""
    collector = Collector("intercom", language)
    for place, macro in source.records("data", "macros"):
        _macro(collector, place, macro)
    return collector.result()


def _macro(collector: Collector, place: str, macro: Mapping[str, object]) -> None:
    title = text_of(macro.get("name"))
    text = text_of(macro.get("body_text"))
    html = not text.strip()
    teams = macro.get("visible_to_team_ids")
    if macro.get("visible_to") == "specific_teams":
        names = ", ".join(text_of(team) for team in teams) if isinstance(teams, list) else ""
        collector.remark(place, "restriction", f"`{title}` was for the teams {names} only; now all see it")
    follow_ups: list[FollowUp] = []
    actions = macro.get("actions")
    for index, action in enumerate(actions if isinstance(actions, list) else []):
        kind = text_of(action.get("type")) if isinstance(action, dict) else ""
        match kind:
            case "close-conversation":
                follow_ups.append(FollowUp("status", "solved"))
            case "open-conversation":
                follow_ups.append(FollowUp("status", "open"))
            case "send-workflow" | "workflow-connector-action":
                collector.remark(
                    f"{place}.actions[{index}]",
                    "refused",
                    f"the action `{kind}` runs something and is refused",
                    level="changed",
                )
            case _:
                collector.remark(
                    f"{place}.actions[{index}]",
                    "action",
                    f"the action `{kind}` is left away: it names things by number",
                    level="changed",
                )
    collector.add(
        Record(
            place=place,
            text_place=f"{place}.{'body' if html else 'body_text'}",
            title=title,
            texts={"": text_of(macro.get("body")) if html else text},
            html=html,
            key=text_of(macro.get("id")),
            follow_ups=tuple(follow_ups),
        )
    )


FORMAT = Format(
    name="intercom",
    title="Intercom macros (JSON of GET /macros); cannot be written",
    suffixes=(".json",),
    recognises=recognises,
    read=read,
)
