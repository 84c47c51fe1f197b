"""The hotlist: every conversation of the desk in the order in which an agent should go through them."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from paradesk.core.model import ConversationId, Delivery, Priority, Status, Visibility
from paradesk.core.names import mixed_up
from paradesk.core.state import State, Thread
from paradesk.core.text import clean_line

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


def hotlist(state: State) -> tuple[HotlistRow, ...]:
    """Return the rows in the fixed order: waiting and ours, then the queue, then other ours, then done; oldest first.

    Conversations that are no longer ours are left out, unless a text of the agent's in them has reached nobody. The
    order is that of a jump key; a widget that shows the rows keeps its cursor on an id.
    """
    threads = [thread for thread in state.threads.values() if not thread.removed or _has_unsent(thread)]
    threads.sort(key=lambda thread: (rank(thread), _age(thread), thread.conversation.id))
    alike = mixed_up([title_name(thread) for thread in threads if rank(thread) is not Rank.DONE])
    return tuple(_row(thread, alike) for thread in threads)


def _has_unsent(thread: Thread) -> bool:
    settled = (Delivery.ACKED, Delivery.CONFIRMED, Delivery.CANCELLED)
    return any(thread.drafts.values()) or any(send.delivery not in settled for send in thread.sends.values())


def _row(thread: Thread, alike: frozenset[str]) -> HotlistRow:
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
        confusable=place is not Rank.DONE and name in alike,
    )


def next_waiting(rows: Iterable[HotlistRow], active: ConversationId | None) -> HotlistRow | None:
    """Return who to answer next: of the others, the one who has waited longest, ours before the queue.

    `rows` are those of `hotlist`. Both the key that goes there and the screen that announces it ask here, so that they
    never name different people. None when nobody waits but, perhaps, `active`.
    """
    waiting = (row for row in rows if row.rank in (Rank.WAITING, Rank.QUEUE))
    return next((row for row in waiting if row.conversation_id != active), None)
