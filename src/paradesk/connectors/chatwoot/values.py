"""Chatwoot's words for statuses, priorities, presences and channels, and ours."""

from collections.abc import Mapping
from typing import Final

from paradesk.core.model import Presence, Priority, Status

STATUSES: Final[Mapping[str, Status]] = {
    "open": Status.OPEN,
    "pending": Status.PENDING,
    "snoozed": Status.ON_HOLD,
    "resolved": Status.SOLVED,
}
TO_STATUS: Final = {ours: theirs for theirs, ours in STATUSES.items()}

PRIORITIES: Final[Mapping[str, Priority]] = {
    "low": Priority.LOW,
    "medium": Priority.NORMAL,
    "high": Priority.HIGH,
    "urgent": Priority.URGENT,
}
TO_PRIORITY: Final = {ours: theirs for theirs, ours in PRIORITIES.items()}

PRESENCES: Final[Mapping[str, Presence]] = {
    "online": Presence.ONLINE,
    # What the published description calls `online`.
    "available": Presence.ONLINE,
    "busy": Presence.BUSY,
    "offline": Presence.INVISIBLE,
}
TO_PRESENCE: Final = {Presence.ONLINE: "online", Presence.BUSY: "busy", Presence.INVISIBLE: "offline"}

_CHANNELS: Final = {
    "WebWidget": "web",
    "FacebookPage": "facebook",
    "TwitterProfile": "twitter",
    "TwilioSms": "sms",
}


def channel_of(name: str | None) -> str:
    """Return a channel such as `Channel::WebWidget` in one lower-case word."""
    last = (name or "").rpartition("::")[2]
    return _CHANNELS.get(last, last.lower()) or "chat"


def in_words(value: object) -> str:
    """Return an attribute's value as a text for the customer panel; empty for none."""
    if value is None or isinstance(value, str):
        return value or ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(filter(None, map(in_words, value.values())))
    if isinstance(value, list):
        return ", ".join(filter(None, map(in_words, value)))
    return str(value)
