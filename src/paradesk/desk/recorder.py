"""Takes batches of events in: reduced, written in one transaction with their cursor, and only then published."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from paradesk.core.events import (
    AgentIdentified,
    ConnectionChanged,
    ConversationUpserted,
    DraftChanged,
    Event,
    HistoryLoaded,
    MessageDeleted,
    MessageEdited,
    MessageUpserted,
    PresenceChanged,
    RosterChanged,
    SendChanged,
)
from paradesk.core.fold import base_of, is_echo, local_id
from paradesk.core.model import ClientId, ConversationId, MessageId
from paradesk.core.reduce import reduce
from paradesk.core.state import Amendment, State, Thread
from paradesk.core.threads import threads_of
from paradesk.core.transcript import sort_key
from paradesk.core.waiting import KEEP, trim_state
from paradesk.desk.archive import Archive
from paradesk.desk.intake import profile_of
from paradesk.desk.journal import Journal, RoomMade
from paradesk.desk.outbox_rows import OutboxTable
from paradesk.desk.store import Store

SLACK = 250
"""How far a transcript may grow beyond what is kept before it is cut, so that cutting stays rare."""


@dataclass(slots=True)
class _Touched:
    """What a batch may have changed, by key."""

    conversations: set[ConversationId] = field(default_factory=set)
    messages: dict[tuple[ConversationId, MessageId], None] = field(default_factory=dict)


class Recorder:
    """The one place where events become state. Used by the desk's thread only."""

    def __init__(self, journal: Journal, store: Store) -> None:
        self.journal = journal
        self.store = store
        self.archive = Archive(journal.connection)
        self.outbox = OutboxTable(journal.connection)
        self.paged: set[ConversationId] = set()
        """Conversations that someone reads back in: they are not cut."""
        self.on_shown: Callable[[ClientId], None] = lambda client_id: None
        """Called for each reply that the stream has shown, after the commit."""

    def restore(self, profiles: Collection[str], newest: int, whole: Collection[ConversationId] = ()) -> None:
        """Publish what the journal kept of these profiles: the newest messages, those of `whole` first, and all drafts."""
        state = self.store.state
        threads = {thread.conversation.id: thread for thread in self.archive.threads(profiles, newest, whole)}
        state = replace(state, threads=threads_of(state.threads).put_all(threads), version=state.version + 1)
        for conversation_id, visibility, text in self.journal.drafts():
            # A draft is worth more than the record of its conversation, which the backend tells again.
            if profile_of(conversation_id) in profiles:
                state = reduce(state, DraftChanged(conversation_id, visibility, text))
        self.store.publish(state)

    def record(
        self,
        events: Sequence[Event],
        *,
        cursors: Mapping[str, str] | None = None,
        work: Callable[[], None] | None = None,
        older: bool = False,
    ) -> None:
        """Commit the events, the cursors after them and whatever `work` writes, all or nothing; then publish.

        `older`: the events continue what is in memory backwards, so that memory may grow at its beginning.
        Raises JournalError when the disk does not take it; then nothing has happened.
        """
        before = self.store.state
        try:
            state, touched, shown = self._commit(before, events, cursors or {}, work)
        except RoomMade:
            state, touched, shown = self._commit(before, events, cursors or {}, work)
        if not older:
            for conversation_id in touched.conversations:
                state = _without_islands(before, state, conversation_id)
        self._publish(state, touched.conversations)
        for client_id in shown:
            self.on_shown(client_id)

    def _commit(
        self, before: State, events: Sequence[Event], cursors: Mapping[str, str], work: Callable[[], None] | None
    ) -> tuple[State, _Touched, list[ClientId]]:
        with self.journal.transaction():
            if work is not None:
                work()
            state, touched = self._reduced(before, events)
            shown = self._write(before, state, touched)
            for profile, cursor in cursors.items():
                self.journal.write_cursor(profile, cursor)
        return state, touched, shown

    def show(self, events: Sequence[Event]) -> None:
        """Reduce and publish what need not be written: what came from the journal, or holds for this moment only."""
        state = self.store.state
        for event in events:
            state = reduce(state, event)
        self.store.publish(state)

    def page_in(self, conversation_id: ConversationId, limit: int) -> bool:
        """Bring older messages from the journal into memory; False when it has none."""
        thread = self.store.state.threads.get(conversation_id)
        first = None if thread is None else next((m for m in thread.transcript if not is_echo(thread, m)), None)
        kept = self.archive.older(conversation_id, None if first is None else sort_key(first), limit)
        if not kept:
            return False
        self.paged.add(conversation_id)
        events: list[Event] = []
        for amendment in kept:
            if amendment.base is not None:
                events += events_of(conversation_id, amendment.base.id, amendment)[1:]
        bases = tuple(amendment.base for amendment in kept if amendment.base is not None)
        self.show([HistoryLoaded(conversation_id, bases, False), *events])
        return True

    def leave_paged(self, conversation_ids: Collection[ConversationId]) -> None:
        """Nobody reads back in these any more: they may be cut again."""
        left = self.paged & set(conversation_ids)
        self.paged -= left
        self._publish(self.store.state, left)

    def _reduced(self, state: State, events: Sequence[Event]) -> tuple[State, _Touched]:
        touched = _Touched()
        for event in events:
            for conversation_id, message_id in _messages_of(event):
                touched.messages[conversation_id, message_id] = None
                state = self._recalled(state, conversation_id, message_id)
            about = _conversation_of(event)
            if about is not None:
                touched.conversations.add(about)
            state = reduce(state, event)
        return state, touched

    def _recalled(self, state: State, conversation_id: ConversationId, message_id: MessageId) -> State:
        """Bring back what the journal knows of a message that was cut from memory, before something is said of it."""
        thread = state.threads.get(conversation_id)
        if thread is None or thread.floor is None or message_id in thread.amendments:
            return state
        if base_of(thread, message_id) is not None:
            return state
        kept = self.archive.message(conversation_id, message_id)
        for event in () if kept is None else events_of(conversation_id, message_id, kept):
            state = reduce(state, event)
        return state

    def _write(self, before: State, state: State, touched: _Touched) -> list[ClientId]:
        shown: list[ClientId] = []
        for conversation_id in touched.conversations:
            old, new = before.threads.get(conversation_id), state.threads.get(conversation_id)
            if new is None or new is old:
                continue
            if old is None or _record_of(old) != _record_of(new):
                self.archive.write_thread(new)
            for client_id in old.sends if old is not None else ():
                if client_id not in new.sends:
                    shown.append(client_id)
                    self.outbox.remove(client_id)
        for conversation_id, message_id in touched.messages:
            thread = state.threads.get(conversation_id)
            if thread is None or thread is before.threads.get(conversation_id):
                continue
            amendment = thread.amendments.get(message_id)
            if amendment is None:
                base = base_of(thread, message_id)
                amendment = None if base is None else Amendment(base=base)
            if amendment is None:
                continue
            self.archive.write_message(conversation_id, message_id, amendment)
            mine = None if amendment.base is None else amendment.base.client_id
            if mine is not None and message_id != local_id(mine):
                # Our own copy of a reply that the agent had settled: the backend's has taken its place.
                self.archive.remove_message(conversation_id, local_id(mine))
        return shown

    def _publish(self, state: State, conversations: set[ConversationId]) -> None:
        for conversation_id in conversations - self.paged:
            thread = state.threads.get(conversation_id)
            if thread is not None and len(thread.transcript) > KEEP + SLACK:
                state = trim_state(state, thread)
        self.store.publish(state)


def _without_islands(before: State, state: State, conversation_id: ConversationId) -> State:
    """Leave in the journal only what lies before the part that is in memory: beside it there would be a hole."""
    old, new = before.threads.get(conversation_id), state.threads.get(conversation_id)
    if old is None or new is None or old.floor is None:
        return state
    start = next((sort_key(message) for message in old.transcript if not is_echo(old, message)), None)
    end = (old.floor.order_key, old.floor.message_id)
    islands: set[MessageId] = set()
    for place in range(len(new.transcript)):
        message = new.transcript[place]
        if start is None or sort_key(message) >= start or sort_key(message) > end:
            break
        if not is_echo(new, message):
            islands.add(message.id)
    if not islands:
        return state
    transcript = new.transcript.only(message for message in new.transcript if message.id not in islands)
    amendments = {key: value for key, value in new.amendments.items() if key not in islands}
    thread = replace(new, transcript=transcript, amendments=amendments)
    return replace(state, threads=threads_of(state.threads).put(conversation_id, thread))


def events_of(conversation_id: ConversationId, message_id: MessageId, kept: Amendment) -> list[Event]:
    """Return the events that say what is kept of a message."""
    events: list[Event] = []
    if kept.base is not None:
        events.append(HistoryLoaded(conversation_id, (kept.base,), False))
    if kept.edit is not None:
        events.append(MessageEdited(conversation_id, message_id, kept.edit[1], kept.edit[0], kept.original))
    if kept.deleted is not None:
        events.append(MessageDeleted(conversation_id, message_id, kept.deleted))
    return events


def _record_of(thread: Thread) -> tuple[object, ...]:
    return (
        thread.conversation,
        thread.known,
        thread.removed,
        thread.read_by_customer,
        thread.history_complete,
        thread.gap,
        thread.gap_key,
        thread.field_versions,
        thread.seen,
    )


def _messages_of(event: Event) -> list[tuple[ConversationId, MessageId]]:
    match event:
        case MessageUpserted():
            return [(event.message.conversation_id, event.message.id)]
        case HistoryLoaded():
            return [(event.conversation_id, message.id) for message in event.messages]
        case MessageEdited() | MessageDeleted():
            return [(event.conversation_id, event.message_id)]
        case SendChanged() if event.message_id is not None:
            return [(event.conversation_id, event.message_id)]
        case _:
            return []


def _conversation_of(event: Event) -> ConversationId | None:
    match event:
        case MessageUpserted():
            return event.message.conversation_id
        case ConversationUpserted():
            return event.conversation.id
        case ConnectionChanged() | AgentIdentified() | PresenceChanged() | RosterChanged():
            return None
        case _:
            return event.conversation_id
