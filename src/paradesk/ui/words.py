"""How states are written on the screen: by word and shape, so that colour is never needed. Pure."""

from paradesk.core.model import Conversation, Link, Priority, Status
from paradesk.core.state import ProfileState, Thread

STATUS_WORDS: dict[Status, str] = {
    Status.NEW: "NEW",
    Status.OPEN: "OPEN",
    Status.PENDING: "PENDING",
    Status.ON_HOLD: "ON HOLD",
    Status.SOLVED: "SOLVED",
    Status.CLOSED: "CLOSED",
}

LINK_MARKS: dict[Link, str] = {
    Link.CONNECTING: "◌",
    Link.ONLINE: "●",
    Link.WAITING: "○",
    Link.REFUSED: "✗",
    Link.STOPPED: "■",
}

PRIORITY_MARKS: dict[Priority, str] = {
    Priority.LOW: "▽",
    Priority.NORMAL: "",
    Priority.HIGH: "▲",
    Priority.URGENT: "▲▲",
}

_CHANNELS = {"whatsapp": "WhatsApp", "sms": "SMS", "email": "e-mail", "irc": "IRC", "facebook": "Facebook"}

NEAR_SHARE = 2 / 3
"""A wait is near its target from this share of it on."""


def clock(seconds: float) -> str:
    """Write a span of time to the second, such as `0:31`, `12:05` or `1:02:03`; negative spans count as none."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    if hours >= 24:
        return f"{hours // 24}d{hours % 24:02}h"
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def waiting_mark(seconds: float, target: float) -> str:
    """Return the shape beside a wait: nothing, `!` when its target is near, `!!` when it is over."""
    if seconds >= target:
        return "!!"
    return "!" if seconds >= target * NEAR_SHARE else ""


def waiting_text(thread: Thread, now: float, target: float) -> str:
    """Return how long this customer has waited, with its mark, or nothing when nobody waits."""
    if thread.waiting_since is None or thread.conversation.ended or thread.removed:
        return ""
    waited = now - thread.waiting_since
    return clock(waited) + waiting_mark(waited, target)


def channel_word(channel: str) -> str:
    """Return a channel as people write it."""
    return _CHANNELS.get(channel, channel)


def status_word(conversation: Conversation, now: float) -> str:
    """Return a ticket's status in capitals; a snoozed one says so."""
    if conversation.snoozed_until is not None and conversation.snoozed_until > now:
        return "SNOOZED"
    return STATUS_WORDS[conversation.status]


def thread_state_words(thread: Thread, now: float) -> str:
    """Return the words of a pane's title: the status, and what else keeps an agent from answering."""
    if thread.removed:
        return "GONE"
    conversation = thread.conversation
    if not conversation.joined and not conversation.ended:
        return "IN QUEUE"
    word = status_word(conversation, now)
    return f"{word} · ENDED" if conversation.ended else word


def link_words(profile: ProfileState, now: float) -> str:
    """Return a connection's state by shape and word, with the reason and the time of the next try when it is down."""
    mark = LINK_MARKS[profile.link]
    reason = f": {profile.reason}" if profile.reason else ""
    match profile.link:
        case Link.WAITING:
            retry = "" if profile.retry_at is None else f", again in {max(0, int(profile.retry_at - now))} s"
            return f"{mark} OFFLINE{retry}{reason}"
        case Link.REFUSED:
            return f"{mark} REFUSED{reason}"
        case Link.CONNECTING:
            return f"{mark} connecting…"
        case Link.STOPPED:
            return f"{mark} stopped"
        case Link.ONLINE:
            return f"{mark} online, catching up" if profile.gap else f"{mark} online"
