"""How states are written on the screen: by word and shape, so that colour is never needed. Pure."""

from paradesk.core.model import Conversation, Link, Offer, Presence, Priority, Status
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

PRESENCE_WORDS: dict[Presence, str] = {
    Presence.ONLINE: "online: takes new chats",
    Presence.AWAY: "away: takes none, what is open goes on",
    Presence.BUSY: "busy: takes none for now",
    Presence.INVISIBLE: "invisible: there, but shown as absent",
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
    if conversation.offer is not None and not conversation.ended:
        return "OFFERED" if conversation.offer.mine else f"{status_word(conversation, now)} · OFFERED"
    if not conversation.joined and not conversation.ended:
        return "IN QUEUE"
    word = status_word(conversation, now)
    return f"{word} · ENDED" if conversation.ended else word


def offer_words(offer: Offer, accept: str, decline: str) -> str:
    """Return what a pane says of a transfer that waits for an answer; the keys are those that answer it."""
    if not offer.mine:
        return f"offered to {offer.to.name if offer.to is not None else 'a colleague'}, who has not answered"
    by = offer.by.name if offer.by is not None else "a colleague"
    note = f": {' '.join(offer.note.split())}" if offer.note.strip() else ""
    return f"{accept} take over · {decline} decline · {by}{note}"


def offered_by(offer: Offer) -> str:
    """Return who hands a chat over to whom, and what they say to it."""
    by, to = (agent.name if agent is not None else "somebody" for agent in (offer.by, offer.to))
    return f"by {by} to {'you' if offer.mine else to}{f': {offer.note}' if offer.note.strip() else ''}"


def presence_words(profile: ProfileState) -> str:
    """Return how the backend holds the agent for absent, or nothing while they take new chats."""
    if profile.presence in (None, Presence.ONLINE):
        return ""
    said = f" ({profile.presence_text})" if profile.presence_text else ""
    return f"☾ YOU ARE {profile.presence.value.upper()}{said}"


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
