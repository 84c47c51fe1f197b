"""The hotlist: every conversation of the desk in the order in which an agent should go through them."""

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from itertools import takewhile

from paradesk.core.model import ConversationId, Delivery, Priority, Status, Visibility
from paradesk.core.names import mixed_up
from paradesk.core.serving import EVERYTHING, Serving
from paradesk.core.state import State, Thread
from paradesk.core.text import clean_line
from paradesk.core.threads import Threads, threads_of

MOST_COMPARED = 100
"""So many names at the top of the list are compared with each other: nobody mixes up what is far below."""

DONE = frozenset({Status.SOLVED, Status.CLOSED})


class Rank(IntEnum):
    """Which part of the hotlist a conversation stands in; lower comes first."""

    WAITING = 0
    """Ours, and the customer waits for an answer."""
    QUEUE = 1
    """Nobody has joined it yet."""
    OTHER = 2
    """Ours, and nobody waits."""
    DONE = 3
    """Ended, solved, closed, or no longer ours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HotlistRow:
    """One conversation as a line of the hotlist: plain values only, so that rows can be compared."""

    conversation_id: ConversationId
    profile: str
    customer_id: str
    name: str
    number: str
    subject: str
    channel: str
    rank: Rank
    status: Status
    status_label: str
    priority: Priority
    unread: int
    waiting_since: float | None
    """When the customer began to wait; None when nobody waits, and always None when it is ended, solved or closed."""
    joined: bool
    ended: bool
    offered: str = ""
    """`mine` where this agent is to answer a transfer, `theirs` where a colleague is; empty without one."""
    has_draft: bool
    typing_until: float | None
    """Until when the customer is known to be typing (Unix seconds), or None."""
    failed: int
    """Replies that failed or are uncertain and that the agent has to decide about."""
    confusable: bool
    """Another conversation in the hotlist has a name that is easily taken for this one."""


def title_name(thread: Thread) -> str:
    """Return what to call the other side: the customer's name, or the best that is known before it has arrived."""
    conversation = thread.conversation
    return (
        conversation.customer.name
        or conversation.customer.email
        or conversation.subject
        or (f"#{conversation.number}" if conversation.number else "")
        # Ids are opaque and come in as they are.
        or clean_line(conversation.id.partition("/")[2] or conversation.id)
    )


def rank(thread: Thread) -> Rank:
    """Return the part of the hotlist that this conversation belongs in."""
    conversation = thread.conversation
    if conversation.ended or conversation.status in DONE or thread.removed:
        return Rank.DONE
    if not conversation.joined:
        return Rank.QUEUE
    return Rank.WAITING if thread.waiting_since is not None else Rank.OTHER


def _age(thread: Thread) -> float:
    if thread.waiting_since is not None:
        return thread.waiting_since
    last = thread.transcript.last
    return thread.conversation.created_at or (last.sent_at if last is not None else 0.0)


def hotlist(state: State, serving: Serving = EVERYTHING) -> tuple[HotlistRow, ...]:
    """Return the rows in the fixed order: waiting and ours, then the queue, then other ours, then done; oldest first.

    Conversations that are no longer ours are left out, unless a text of the agent's in them has reached nobody; so are those
    of the queue that this agent does not serve. The order is that of a jump key; a widget that shows the rows keeps its
    cursor on an id.
    """
    return HotlistRows(serving).of(state)


_Key = tuple[Rank, int, float, ConversationId]


@dataclass(slots=True)
class _Entry:
    """What is known of a thread; `key` is None where it is left out."""

    thread: Thread
    key: _Key | None
    row: HotlistRow
    marked: HotlistRow | None = None
    """The same row, with a name that is easily taken for another."""


class HotlistRows:
    """The hotlist of one state after the other: only what has changed is looked at again."""

    def __init__(self, serving: Serving = EVERYTHING) -> None:
        self._serving = serving
        self._before: Threads | None = None
        self._entries: dict[ConversationId, _Entry] = {}
        self._order: list[_Key] = []
        self._rows: tuple[HotlistRow, ...] = ()

    def of(self, state: State) -> tuple[HotlistRow, ...]:
        """Return the rows of a state; the very same tuple where nothing has changed."""
        threads = threads_of(state.threads)
        changed = [key for key in threads.candidates(self._before) if self._update(key, threads[key])]
        self._before = threads
        if changed:
            self._rows = self._drawn()
        return self._rows

    def _update(self, conversation_id: ConversationId, thread: Thread) -> bool:
        entry = self._entries.get(conversation_id)
        if entry is not None and entry.thread is thread:
            return False
        key = self._key(conversation_id, thread)
        old = None if entry is None else entry.key
        if old != key:
            if old is not None:
                del self._order[bisect_left(self._order, old)]
            if key is not None:
                insort(self._order, key)
        self._entries[conversation_id] = _Entry(thread, key, _row(thread))
        return True

    def _key(self, conversation_id: ConversationId, thread: Thread) -> _Key | None:
        place = rank(thread)
        queued = place is Rank.QUEUE
        left_out = thread.removed or (queued and not self._serving.serves(thread.conversation))
        if left_out and not _has_unsent(thread):
            return None
        return place, self._serving.place(thread.conversation) if queued else 0, _age(thread), conversation_id

    def _drawn(self) -> tuple[HotlistRow, ...]:
        entries = [self._entries[key[3]] for key in self._order]
        first = [entry for entry in entries[:MOST_COMPARED] if entry.row.rank is not Rank.DONE]
        alike = mixed_up([entry.row.name for entry in first])
        rows = [entry.row for entry in entries]
        for place, entry in enumerate(first):
            if entry.row.name in alike:
                entry.marked = entry.marked or replace(entry.row, confusable=True)
                rows[place] = entry.marked
        return tuple(rows)


def _has_unsent(thread: Thread) -> bool:
    settled = (Delivery.ACKED, Delivery.CONFIRMED, Delivery.CANCELLED)
    return any(thread.drafts.values()) or any(send.delivery not in settled for send in thread.sends.values())


def _row(thread: Thread) -> HotlistRow:
    conversation, place, name = thread.conversation, rank(thread), title_name(thread)
    return HotlistRow(
        conversation_id=conversation.id,
        profile=conversation.profile,
        customer_id=conversation.customer.id,
        name=name,
        number=conversation.number,
        subject=conversation.subject,
        channel=conversation.channel,
        rank=place,
        status=conversation.status,
        status_label=conversation.status_label,
        priority=conversation.priority,
        unread=thread.unread,
        waiting_since=None if place is Rank.DONE else thread.waiting_since,
        joined=conversation.joined,
        ended=conversation.ended,
        offered="" if conversation.offer is None else "mine" if conversation.offer.mine else "theirs",
        has_draft=any(thread.drafts.get(visibility, "") for visibility in Visibility),
        typing_until=thread.typing.until if thread.typing is not None and thread.typing.customer else None,
        failed=sum(1 for sending in thread.sends.values() if sending.delivery in ("failed", "uncertain")),
        confusable=False,
    )


def next_waiting(rows: Iterable[HotlistRow], active: ConversationId | None) -> HotlistRow | None:
    """Return who to answer next: of the others, the one who has waited longest, ours before the queue.

    `rows` are those of `hotlist`. Both the key that goes there and the screen that announces it ask here, so that they
    never name different people. None when nobody waits but, perhaps, `active`.
    """
    return next((row for row in unanswered(rows) if row.conversation_id != active), None)


def unanswered(rows: Iterable[HotlistRow]) -> Iterator[HotlistRow]:
    """Yield those who wait for this agent or in the queue; `rows` are those of `hotlist`, and the rest is not looked at."""
    return takewhile(lambda row: row.rank <= Rank.QUEUE, rows)


def undone(rows: Iterable[HotlistRow]) -> Iterator[HotlistRow]:
    """Yield all but those that are done; `rows` are those of `hotlist`."""
    return takewhile(lambda row: row.rank is not Rank.DONE, rows)
