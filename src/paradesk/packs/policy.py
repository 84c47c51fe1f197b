"""`policy.toml`: what a team asks of its desks, and what of it an update would make laxer."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from paradesk.core.toml import Document
from paradesk.guard.verdict import Check, Late
from paradesk.packs.findings import Finding, finding
from paradesk.packs.typed import read_typed

StatusName = Literal["new", "open", "pending", "on_hold", "solved", "closed"]
Seconds = Annotated[int, Meta(ge=1, le=86_400, description="A whole number of seconds from 1 to 86400")]
Host = Annotated[str, Meta(pattern=r"^[\w-]+(\.[\w-]+)*$", max_length=253)]
Word = Annotated[str, Meta(min_length=1, max_length=60, description="A text of at most 60 characters")]


class GuardPolicy(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Settings of the guard, by their names in `config.toml`. What is missing is left to the agent."""

    enabled: Annotated[bool | None, Meta(description="Whether replies are looked at before they are sent")] = None
    off: Annotated[tuple[Check, ...] | None, Meta(description="Checks of the guard that are turned off")] = None
    sensitivity: Annotated[
        Annotated[float, Meta(ge=0, le=1)] | None,
        Meta(description="A number from 0 to 1: how much it catches and asks"),
    ] = None
    hold: Annotated[
        Annotated[float, Meta(ge=0, le=60)] | None,
        Meta(description="Seconds, 0 to 60, for which a risky reply can be taken back"),
    ] = None
    late: Annotated[Late | None, Meta(description="always, unread or off")] = None
    internal_links: Annotated[
        Annotated[tuple[Host, ...], Meta(max_length=200)] | None,
        Meta(description='A list of host names such as ["wiki.example.com"]'),
    ] = None


class ChannelsPolicy(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """Which queues agents see at the start; they can change it during the shift. What is missing is left to the agent."""

    only: Annotated[
        Annotated[tuple[Word, ...], Meta(max_length=50)] | None,
        Meta(description='Dedicated agents: only these channels or profiles, such as ["whatsapp"]'),
    ] = None
    order: Annotated[
        Annotated[tuple[Word, ...], Meta(max_length=50)] | None,
        Meta(description="Shared agents: channels or profiles whose queues come first"),
    ] = None


class Escalation(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """One rule: which chats go to whom."""

    to: Annotated[Word, Meta(description="The team or queue that takes the chat over")]
    tags: Annotated[tuple[Word, ...], Meta(max_length=20, description="Any of these tags")] = ()
    topics: Annotated[tuple[Word, ...], Meta(max_length=20, description="Any of these topics")] = ()
    statuses: Annotated[tuple[StatusName, ...], Meta(description="Any of these statuses")] = ()
    after: Annotated[Seconds | None, Meta(description="Seconds, 1 to 86400, without an answer")] = None
    note: Annotated[str, Meta(max_length=200, description="What the agent should write for them")] = ""


class Policy(msgspec.Struct, forbid_unknown_fields=True, frozen=True, kw_only=True):
    """The whole of `policy.toml`. What is missing is left to the agent."""

    response_target: Annotated[
        Seconds | None, Meta(description="Seconds, 1 to 86400, within which a customer should have an answer")
    ] = None
    chat_limit: Annotated[Annotated[int, Meta(ge=1, le=50)] | None, Meta(description="Chats at once, 1 to 50")] = None
    undo: Annotated[
        Annotated[float, Meta(ge=0, le=60)] | None,
        Meta(description="Seconds, 0 to 60, for which every reply can be taken back"),
    ] = None
    statuses: Annotated[
        Annotated[tuple[StatusName, ...], Meta(min_length=1)] | None,
        Meta(description="The statuses that agents may set: new, open, pending, on_hold, solved, closed"),
    ] = None
    tags: Annotated[
        Annotated[tuple[Word, ...], Meta(max_length=500)] | None,
        Meta(description="The tags that agents may add to a ticket"),
    ] = None
    topics: Annotated[
        dict[Word, Word], Meta(max_length=200, description='Topic = "owner": whose the responses of a topic must be')
    ] = {}
    channels: ChannelsPolicy = ChannelsPolicy()
    guard: GuardPolicy = GuardPolicy()
    escalation: Annotated[dict[Word, Escalation], Meta(max_length=100, description="Rules by name")] = {}


def read_policy(document: Document, file: str) -> tuple[Policy | None, list[Finding]]:
    """Check a parsed `policy.toml` by itself. Never raises."""
    policy, found = read_typed(document, Policy, file)
    if policy is None:
        return None, found
    for name, rule in policy.escalation.items():
        line = document.line(f"escalation.{name}", "tags")
        if policy.tags is not None:
            for tag in rule.tags:
                if tag not in policy.tags:
                    found.append(
                        finding("P202", file, line, f"the rule `{name}` names the tag `{tag}`, which is not in `tags`")
                    )
        if policy.statuses is not None:
            line = document.line(f"escalation.{name}", "statuses")
            for status in rule.statuses:
                if status not in policy.statuses:
                    message = f"the rule `{name}` names the status `{status}`, which is not in `statuses`"
                    found.append(finding("P202", file, line, message))
    return (None if found else policy), sorted(found)


def merged(values: Sequence[Mapping[str, object]]) -> Policy:
    """Return what holds of several parsed policies, the highest first. A key that is not sound is left out."""
    together: dict[str, Any] = {}
    for policy in reversed(values):
        for key, value in policy.items():
            inner = together.get(key)
            together[key] = {**inner, **value} if isinstance(inner, dict) and isinstance(value, dict) else value
    sound: dict[str, Any] = {}
    for field in msgspec.structs.fields(Policy):
        if field.encode_name in together:
            with suppress(msgspec.ValidationError):
                sound[field.name] = msgspec.convert(together[field.encode_name], field.type)
    return Policy(**sound)


def laxer(before: Policy, after: Policy) -> list[str]:
    """Return, in words, what `after` allows that `before` did not. A value that is not set is the agent's own."""
    found: list[str] = []

    def number(name: str, old: float | None, new: float | None, *, more_is_laxer: bool) -> None:
        if old is None or old == new:
            return
        if new is None:
            found.append(f"{name}: {old:g} → left to the agent")
        elif (new > old) == more_is_laxer:
            found.append(f"{name}: {old:g} → {new:g}")

    number("response_target", before.response_target, after.response_target, more_is_laxer=True)
    number("chat_limit", before.chat_limit, after.chat_limit, more_is_laxer=True)
    number("undo", before.undo, after.undo, more_is_laxer=False)
    number("guard.sensitivity", before.guard.sensitivity, after.guard.sensitivity, more_is_laxer=False)
    number("guard.hold", before.guard.hold, after.guard.hold, more_is_laxer=False)
    if after.guard.enabled is False and before.guard.enabled is not False:
        found.append("guard.enabled: the guard is turned off")
    elif before.guard.enabled and after.guard.enabled is None:
        found.append("guard.enabled: true → left to the agent")
    if off := set(after.guard.off or ()) - set(before.guard.off or ()):
        found.append(f"guard.off: {', '.join(sorted(off))} turned off")
    if _LATE[after.guard.late] > _LATE[before.guard.late]:
        found.append(f"guard.late: {before.guard.late or 'not set'} → {after.guard.late or 'not set'}")
    if gone := set(before.guard.internal_links or ()) - set(after.guard.internal_links or ()):
        found.append(f"guard.internal_links: {', '.join(sorted(gone))} may be sent to customers")
    for name, old, new in (("statuses", before.statuses, after.statuses), ("tags", before.tags, after.tags)):
        if old is not None and new is None:
            found.append(f"{name}: any is allowed")
        elif old is not None and new is not None and (more := [word for word in new if word not in old]):
            found.append(f"{name}: {', '.join(more)} allowed")
    found += [f"topics: {topic} needs no owner any more" for topic in before.topics if topic not in after.topics]
    found += [f"escalation: the rule {name} is gone" for name in before.escalation if name not in after.escalation]
    return found


_LATE: dict[Late | None, int] = {Late.ALWAYS: 0, Late.UNREAD: 1, None: 1, Late.OFF: 2}
