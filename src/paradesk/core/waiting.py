"""Who owes whom an answer: what the clock of a conversation and its count of unread messages are computed from."""

from collections.abc import Iterable
from dataclasses import replace
from enum import Enum

from paradesk.core.model import Delivery, Message, Role, Visibility
from paradesk.core.state import Floor, State, Thread
from paradesk.core.threads import threads_of
from paradesk.core.transcript import SortKey, Transcript, sort_key

KEEP = 1500
"""How many of the newest messages a thread keeps in memory while nobody pages back; the journal has the rest."""

_UNDER_WAY = frozenset({Delivery.QUEUED, Delivery.SENDING, Delivery.ACKED, Delivery.CONFIRMED})


class Part(Enum):
    """What a message means for the customer's wait."""

    ASKS = "asks"
    ANSWERS = "answers"
    NEITHER = "neither"


def part(message: Message) -> Part:
    """Return what a message means for the wait.

    A reply counts from the moment it is on its way, so that "next waiting" moves on; when it fails the wait is back.
    """
    if message.deleted or message.visibility is not Visibility.PUBLIC:
        return Part.NEITHER
    if message.role is Role.CUSTOMER:
        return Part.ASKS
    if message.role is Role.AGENT and message.delivery in _UNDER_WAY:
        return Part.ANSWERS
    return Part.NEITHER


def _scan(newest_first: Iterable[Message], seen: int, floor: Floor | None) -> tuple[float | None, int]:
    waiting: float | None = None
    unread = 0
    for message in newest_first:
        if not _above(floor, message):
            continue
        kind = part(message)
        if kind is Part.ANSWERS:
            return waiting, unread
        if kind is Part.ASKS:
            waiting = message.sent_at
            unread += message.order_key > seen
    if floor is not None:
        if floor.waiting_since is not None:
            waiting = floor.waiting_since
        if seen < floor.order_key:
            unread += floor.unread
    return waiting, unread


def _floor_key(floor: Floor) -> SortKey:
    return (floor.order_key, floor.message_id)


def _above(floor: Floor | None, message: Message) -> bool:
    return floor is None or sort_key(message) > _floor_key(floor)


def recount(thread: Thread, transcript: Transcript, seen: int) -> tuple[float | None, int]:
    """Return since when the customer waits, and how many messages are unread; reads back to the last answer."""
    return _scan(reversed(transcript), seen, thread.floor)


def counted(
    thread: Thread, transcript: Transcript, old: Message | None, new: Message | None
) -> tuple[float | None, int]:
    """Return the same as `recount`, after `new` took the place of `old`: at once in the common cases.

    Those are a message that came last, and a change that does not matter to the wait.
    """
    now = thread.waiting_since, thread.unread
    before = Part.NEITHER if old is None else part(old)
    after = Part.NEITHER if new is None else part(new)
    if before is Part.NEITHER and after is Part.NEITHER:
        return now
    if old is not None and new is not None and before is after:
        if sort_key(old) == sort_key(new) and old.sent_at == new.sent_at:
            return now
    elif old is None and new is not None and new is transcript.last and _above(thread.floor, new):
        if after is Part.ANSWERS:
            return None, 0
        since = new.sent_at if thread.waiting_since is None else thread.waiting_since
        return since, thread.unread + (new.order_key > thread.seen)
    return recount(thread, transcript, thread.seen)


def trim(thread: Thread, keep: int = KEEP) -> Thread:
    """Return the thread with only its newest `keep` messages, and those replies that still need a decision.

    The clock, the unread count and the read marks stay as they are: a `Floor` stands for what was cut. Not part of
    `reduce`, since what is cut depends on the order of arrival; the desk applies it where the journal has the rest.
    """
    transcript = thread.transcript
    if len(transcript) <= keep:
        return thread
    cut = transcript[: len(transcript) - keep]
    mine = [message for message in cut if message.client_id is not None and message.client_id in thread.sends]
    waiting, unread = _scan(reversed(cut), thread.seen, thread.floor)
    newest = cut[-1]
    if thread.floor is not None and _floor_key(thread.floor) > sort_key(newest):
        floor = replace(thread.floor, waiting_since=waiting, unread=unread)
    else:
        floor = Floor(order_key=newest.order_key, message_id=newest.id, waiting_since=waiting, unread=unread)
    kept = transcript.only([*mine, *transcript[len(transcript) - keep :]])
    return replace(
        thread,
        transcript=kept,
        floor=floor,
        amendments={key: value for key, value in thread.amendments.items() if kept.get(key) is not None},
        read_ahead=frozenset(),
        history_complete=False,
        version=thread.version + 1,
    )


def trim_state(state: State, thread: Thread, keep: int = KEEP) -> State:
    """Return the state with this thread trimmed."""
    trimmed = trim(thread, keep)
    if trimmed is thread:
        return state
    threads = threads_of(state.threads).put(thread.conversation.id, trimmed)
    return replace(state, threads=threads, version=state.version + 1)
