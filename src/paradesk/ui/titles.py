"""What frames, status bar and terminal title say about the state. Pure."""

import math
import time
from collections import Counter
from collections.abc import Iterable, Sequence

from paradesk.core.addresses import mixed_scripts
from paradesk.core.hotlist import HotlistRow, Rank, next_waiting, title_name, unanswered, undone
from paradesk.core.model import ClientId, Conversation, Delivery, Link
from paradesk.core.names import first_name, hue
from paradesk.core.state import Sending, State, Thread
from paradesk.ui.paneset import PaneSet
from paradesk.ui.widgets.pane import PaneTitle
from paradesk.ui.widgets.statusbar import Piece
from paradesk.ui.words import (
    channel_word,
    link_words,
    offer_words,
    presence_words,
    thread_state_words,
    waiting_mark,
    waiting_text,
)
from paradesk.ui.words import clock as span

UNDECIDED = frozenset({Delivery.FAILED, Delivery.UNCERTAIN})
"""Deliveries that only the agent can end."""


def who(thread: Thread) -> str:
    """Return how a chat is called in messages to the agent: the customer's name and the ticket's number."""
    number = thread.conversation.number
    return f"{title_name(thread)} #{number}" if number else title_name(thread)


def distinct_part(conversation: Conversation) -> str:
    """Return what tells a customer from one with a similar name, beside the ticket's number; empty where nothing does."""
    customer = conversation.customer
    return next(filter(None, (customer.company, customer.email, customer.phone, customer.plan)), "")


def newest_held(thread: Thread, now: float) -> tuple[ClientId, Sending] | None:
    """Return the newest reply that has not left yet and can be taken back, or None."""
    held = [item for item in thread.sends.items() if item[1].held_until is not None and item[1].held_until > now]
    # Ids sort by time.
    return max(held, key=lambda item: item[0], default=None)


def foot_of(
    thread: Thread, again: str, back: str, undo: str = "", now: float = 0.0, *, accept: str = "", decline: str = ""
) -> str:
    """Return what a pane says in its lower edge: what the agent must decide, or why nothing can be sent.

    `again`, `back` and `undo` are keys: they send once more, give up, and take back what has not left yet; `accept` and
    `decline` answer an offer.
    """
    if (held := newest_held(thread, now)) is not None and held[1].held_until is not None:
        return f"sending in {math.ceil(held[1].held_until - now)} … {undo} takes it back"
    stuck = [sending for sending in thread.sends.values() if sending.delivery in UNDECIDED]
    if stuck:
        unclear = sum(sending.delivery is Delivery.UNCERTAIN for sending in stuck)
        word = "unclear" if unclear == len(stuck) else "NOT SENT"
        return f"{len(stuck)} {word} · {again} send again · {back} take back"
    if thread.removed:
        return f"no longer yours: {thread.removed}"
    if (offer := thread.conversation.offer) is not None:
        return offer_words(offer, accept, decline)
    return f"cannot answer: {reason}" if (reason := thread.conversation.absent.get("send")) else ""


def pane_title(
    thread: Thread,
    panes: PaneSet,
    alike: frozenset[str],
    now: float,
    *,
    target: float,
    note: bool,
    again: str = "",
    back: str = "",
    undo: str = "",
    accept: str = "",
    decline: str = "",
    several: bool = False,
) -> PaneTitle:
    """Return the title of a chat's pane. `alike` are the names among the open chats that can be mixed up.

    Where there are `several` backends the title names this one's as well.
    """
    conversation, name = thread.conversation, title_name(thread)
    return PaneTitle(
        number=panes.number(conversation.id) or 0,
        name=name,
        ticket=conversation.number,
        channel=_channel(conversation, several=several),
        state=thread_state_words(thread, now),
        waiting=waiting_text(thread, now, target),
        unread=thread.unread,
        active=panes.active == conversation.id,
        confusable=name in alike,
        distinct=distinct_part(conversation),
        mixed=mixed_scripts(name),
        hue=hue(conversation.customer.id),
        note=note,
        zoomed=panes.zoomed and len(panes.order) > 1,
        foot=foot_of(thread, again, back, undo, now, accept=accept, decline=decline),
    )


def _channel(conversation: Conversation, *, several: bool) -> str:
    words = (conversation.profile if several else "", channel_word(conversation.channel))
    return " ".join(dict.fromkeys(filter(None, words)))


def active_words(state: State, panes: PaneSet) -> str:
    """Return which chat a key reaches, such as `1 Sarah Chen #1245`; empty when no chat is open."""
    thread = state.threads.get(panes.active) if panes.active is not None else None
    return "" if thread is None else f"{panes.number(thread.conversation.id)} {who(thread)}"


def _links(state: State, now: float) -> list[Piece]:
    profiles = list(state.profiles.values())
    down = [profile for profile in profiles if profile.link is not Link.ONLINE]
    if not profiles:
        return [Piece("◌ connecting…", 3)]
    if not down:
        return [Piece(link_words(profiles[0], now) if len(profiles) == 1 else f"● {len(profiles)} online", 3)]
    name = len(profiles) > 1
    return [
        Piece(
            f"{profile.name} {link_words(profile, now)}" if name else link_words(profile, now),
            0 if profile.link in (Link.WAITING, Link.REFUSED) else 3,
            "alert" if profile.link in (Link.WAITING, Link.REFUSED) else "",
        )
        for profile in down
    ]


def status_pieces(
    state: State,
    rows: Sequence[HotlistRow],
    panes: PaneSet,
    now: float,
    *,
    target: float,
    limit: int = 0,
    hidden: int = 0,
    desk: str = "",
    serving: str = "",
) -> tuple[list[Piece], list[Piece]]:
    """Return what the status bar says at its left and at its right end; `limit` 0 means that there is none."""
    active = active_words(state, panes)
    ranks = Counter(row.rank for row in undone(rows))
    mine, queued = ranks[Rank.WAITING] + ranks[Rank.OTHER], ranks[Rank.QUEUE]
    waiting = waiting_count(rows)
    left = [Piece("paradesk", 9, "dim")]
    left.append(Piece(f"active: {active}", 0, "strong") if active else Piece("no chat is open", 0, "strong"))
    if desk or len(state.profiles) == 1:
        left.append(Piece(desk or next(iter(state.profiles)), 8))
    if serving:
        left.append(Piece(serving, 3, "strong"))
    left += _links(state, now)
    absent = [(profile.name, words) for profile in state.profiles.values() if (words := presence_words(profile))]
    left += [Piece(f"{name} {words}" if len(state.profiles) > 1 else words, 0, "alert") for name, words in absent]
    left.append(Piece(f"{mine}/{limit} chats" if limit else f"{mine} chat{'' if mine == 1 else 's'}", 7))
    if hidden:
        left.append(Piece(f"{hidden} pane{'' if hidden == 1 else 's'} hidden", 6))
    if queued:
        left.append(Piece(f"{queued} in queue", 5))
    left.append(Piece(f"{waiting} waiting", 2, "strong" if waiting else "dim"))
    if (first := next_waiting(rows, panes.active)) is not None:
        name = first_name(first.name) or first.name
        waited = 0.0 if first.waiting_since is None else now - first.waiting_since
        since = "" if first.waiting_since is None else f" {span(waited)}{waiting_mark(waited, target)}"
        left.append(Piece(f"next: {name}{since}", 4, "alert" if waiting_mark(waited, target) else ""))
    return left, [Piece(time.strftime("%H:%M", time.localtime(now)), 8)]


def terminal_title(state: State, panes: PaneSet, waiting: int, *, alert: str = "") -> str:
    """Return the terminal's title: the active chat first, then what waits."""
    active = active_words(state, panes)
    parts = [f"▶ {active}" if active else "no chat", f"{waiting} waiting" if waiting else "", "paradesk"]
    text = " · ".join(filter(None, parts))
    return f"! {alert} · {text}" if alert else text


def waiting_count(rows: Iterable[HotlistRow]) -> int:
    """Return how many customers wait for an answer, in the queue or with this agent."""
    return sum(row.waiting_since is not None for row in unanswered(rows))
