"""The reducer: one event after the other makes the state. Total and pure.

What is said about conversations and messages converges: any order, repeated any number of times, ends in the same state
(counters of changes apart). What describes the moment (typing, gap, connection, roster, draft) comes from one source in
order, and the last to arrive holds.
"""

from collections.abc import Callable
from dataclasses import fields, replace
from functools import partial
from typing import Any, assert_never

from paradesk.core import fold
from paradesk.core.events import (
    AgentIdentified,
    AssigneeChanged,
    ConnectionChanged,
    ConversationRemoved,
    ConversationUpserted,
    DraftChanged,
    Event,
    Gap,
    HistoryLoaded,
    MessageDeleted,
    MessageEdited,
    MessageUpserted,
    OfferChanged,
    PresenceChanged,
    PriorityChanged,
    ReadMarked,
    RosterChanged,
    Seen,
    SendChanged,
    StatusChanged,
    TagsChanged,
    TypingChanged,
)
from paradesk.core.model import Conversation, ConversationId, Customer
from paradesk.core.state import ProfileState, State, Thread, Typing
from paradesk.core.threads import threads_of
from paradesk.core.versions import replaces
from paradesk.core.waiting import recount

# Fields that events of their own can set, by the group that shares one version; all others are the group "rest".
_GROUPS: dict[str, tuple[str, ...]] = {
    "status": ("status", "status_label", "snoozed_until"),
    "priority": ("priority",),
    "tags": ("tags",),
    "assignee": ("assignee",),
    "offer": ("offer",),
}
_REST = "rest"
_REMOVED = "removed"
_GROUPED = {name for names in _GROUPS.values() for name in names}
_GROUPS[_REST] = tuple(f.name for f in fields(Conversation) if f.name not in _GROUPED and f.name != "id")


def reduce(state: State, event: Event) -> State:
    """Return the state after the event; the very same object when nothing changes."""
    match event:
        case ConnectionChanged() | AgentIdentified() | PresenceChanged() | RosterChanged() | Gap(conversation_id=None):
            return _in_profile(state, event)
        case MessageUpserted():
            return _in_thread(state, event.message.conversation_id, partial(_message, event=event))
        case ConversationUpserted():
            return _in_thread(state, event.conversation.id, partial(_conversation, event=event))
        case Gap():
            if event.conversation_id is None:
                return state
            return _in_thread(state, event.conversation_id, partial(_thread, event=event))
        case _:
            return _in_thread(state, event.conversation_id, partial(_thread, event=event))


def placeholder(conversation_id: ConversationId) -> Thread:
    """Return the thread of a conversation of which nothing but its id is known."""
    profile = conversation_id.partition("/")[0] if "/" in conversation_id else ""
    unknown = Conversation(id=conversation_id, profile=profile, customer=Customer(id="", name=""))
    return Thread(conversation=unknown, known=False)


def _in_thread(state: State, conversation_id: ConversationId, change: Callable[[Thread], Thread]) -> State:
    old = state.threads.get(conversation_id)
    new = change(placeholder(conversation_id) if old is None else old)
    if new is old:
        return state
    threads = threads_of(state.threads).put(conversation_id, new)
    return replace(state, threads=threads, version=state.version + 1)


def _changed(thread: Thread, **changes: Any) -> Thread:
    if all(getattr(thread, name) == value for name, value in changes.items()):
        return thread
    return replace(thread, **changes, version=thread.version + 1)


def _message(thread: Thread, event: MessageUpserted) -> Thread:
    new = fold.upsert(thread, event.message)
    if new is not thread and fold.clears_typing(new, event.message):
        return replace(new, typing=None)
    return new


def _conversation(thread: Thread, event: ConversationUpserted) -> Thread:
    said = event.conversation
    for group, names in _GROUPS.items():
        thread = _set(thread, group, event.version, tuple(getattr(said, name) for name in names))
    return _settle_removal(_changed(thread, known=True))


def _set(thread: Thread, group: str, version: int, values: tuple[object, ...]) -> Thread:
    names = _GROUPS[group]
    current = tuple(getattr(thread.conversation, name) for name in names)
    held = thread.field_versions.get(group)
    if not replaces(version, values, held, current):
        return thread
    versions = thread.field_versions if held == version else {**thread.field_versions, group: version}
    if values == current:
        return replace(thread, field_versions=versions)
    changes: dict[str, Any] = dict(zip(names, values, strict=True))
    conversation = replace(thread.conversation, **changes)
    return replace(thread, conversation=conversation, field_versions=versions, version=thread.version + 1)


def _removed(thread: Thread, event: ConversationRemoved) -> Thread:
    reason = event.reason or "no longer available"
    held = thread.field_versions.get(_REMOVED)
    if not replaces(event.version, reason, held, thread.removed):
        return thread
    versions = {**thread.field_versions, _REMOVED: event.version}
    return _settle_removal(_changed(replace(thread, field_versions=versions), removed=reason))


def _settle_removal(thread: Thread) -> Thread:
    """A newer word on the conversation itself (a new invitation, a transfer back) takes a removal back."""
    rest, removed = thread.field_versions.get(_REST), thread.field_versions.get(_REMOVED)
    if thread.removed and rest is not None and removed is not None and rest > removed:
        return _changed(thread, removed="")
    return thread


def _thread(
    thread: Thread,
    event: ConversationRemoved
    | MessageEdited
    | MessageDeleted
    | HistoryLoaded
    | StatusChanged
    | PriorityChanged
    | TagsChanged
    | AssigneeChanged
    | OfferChanged
    | TypingChanged
    | ReadMarked
    | Seen
    | Gap
    | SendChanged
    | DraftChanged,
) -> Thread:
    match event:
        case MessageEdited():
            return fold.amend(thread, event.message_id, edit=(event.version, event.body), original=event.original)
        case MessageDeleted():
            return fold.amend(thread, event.message_id, deleted=event.version)
        case HistoryLoaded():
            thread = fold.upsert_all(thread, event.messages)
            return _changed(thread, history_complete=True) if event.complete else thread
        case StatusChanged():
            return _set(thread, "status", event.version, (event.status, event.label, event.snoozed_until))
        case PriorityChanged():
            return _set(thread, "priority", event.version, (event.priority,))
        case TagsChanged():
            return _set(thread, "tags", event.version, (event.tags,))
        case AssigneeChanged():
            return _set(thread, "assignee", event.version, (event.assignee,))
        case OfferChanged():
            return _set(thread, "offer", event.version, (event.offer,))
        case ConversationRemoved():
            return _removed(thread, event)
        case TypingChanged():
            return _typing(thread, event)
        case ReadMarked():
            return fold.mark_read(thread, event.message_id)
        case Seen():
            return _seen(thread, event)
        case Gap():
            return _gap(thread, closed=event.closed)
        case SendChanged():
            return fold.change_send(thread, event)
        case DraftChanged():
            drafts = {key: text for key, text in thread.drafts.items() if key is not event.visibility}
            if event.text:
                drafts[event.visibility] = event.text
            return _changed(thread, drafts=drafts)
        case _:
            assert_never(event)


def _typing(thread: Thread, event: TypingChanged) -> Thread:
    if event.typing:
        return _changed(thread, typing=Typing(event.name, event.until, event.customer, event.preview))
    current = thread.typing
    if current is not None and current.name == event.name and current.customer == event.customer:
        return _changed(thread, typing=None)
    return thread


def _seen(thread: Thread, event: Seen) -> Thread:
    if event.order_key <= thread.seen:
        return thread
    _, unread = recount(thread, thread.transcript, event.order_key)
    if unread == thread.unread:
        return replace(thread, seen=event.order_key)
    return replace(thread, seen=event.order_key, unread=unread, version=thread.version + 1)


def _gap(thread: Thread, *, closed: bool) -> Thread:
    """Note where the hole is, once: what arrives while it is open comes after it."""
    if closed:
        return _changed(thread, gap=False, gap_key=None)
    if thread.gap:
        return thread
    known = [message.order_key for message in thread.transcript if not fold.is_echo(thread, message)]
    if thread.floor is not None:
        known.append(thread.floor.order_key)
    return _changed(thread, gap=True, gap_key=max(known, default=None))


def _in_profile(
    state: State, event: ConnectionChanged | AgentIdentified | PresenceChanged | RosterChanged | Gap
) -> State:
    old = state.profiles.get(event.profile)
    profile = ProfileState(name=event.profile) if old is None else old
    match event:
        case ConnectionChanged():
            new = replace(profile, link=event.link, reason=event.reason, retry_at=event.retry_at)
        case AgentIdentified():
            new = replace(profile, agent=event.agent)
        case PresenceChanged():
            new = replace(profile, presence=event.presence, presence_text=event.text)
        case RosterChanged():
            new = replace(profile, roster=event.agents)
        case Gap():
            new = replace(profile, gap=not event.closed)
    if new == old:
        return state
    return replace(state, profiles={**state.profiles, event.profile: new}, version=state.version + 1)
