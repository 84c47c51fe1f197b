"""Whether the agent takes new chats, in the three words that Matrix has for it."""

from collections.abc import Iterable
from typing import Final

import msgspec

from paradesk.connectors.matrix.wire import PresenceContent, PresenceEvent, decode_raw
from paradesk.core.events import PresenceChanged
from paradesk.core.model import Presence

BUSY_WORD: Final = "busy"
"""Matrix knows no busy: it is told as unavailable, and this word at the start of the text tells it apart from away."""
_STATES: Final = {
    Presence.ONLINE: "online",
    Presence.AWAY: "unavailable",
    Presence.BUSY: "unavailable",
    Presence.INVISIBLE: "offline",
}


def state_of(presence: Presence) -> str:
    """Return the homeserver's word for a presence."""
    return _STATES[presence]


def text_of(presence: Presence, text: str) -> str:
    """Return the status text that goes with a presence."""
    if presence is not Presence.BUSY:
        return text
    return f"{BUSY_WORD}: {text}" if text else BUSY_WORD


def read_presence(raws: Iterable[msgspec.Raw], me: str, profile: str) -> list[PresenceChanged]:
    """Return what the homeserver says of our own presence; other people's, and what is malformed, is left out."""
    changes: list[PresenceChanged] = []
    for raw in raws:
        event = decode_raw(raw, PresenceEvent)
        if event is None or event.type != "m.presence" or event.sender != me:
            continue
        content = decode_raw(event.content, PresenceContent)
        if content is not None:
            changes.append(_change(content, profile))
    return changes


def _change(content: PresenceContent, profile: str) -> PresenceChanged:
    text = content.status_msg or ""
    if content.presence == "online":
        return PresenceChanged(profile, Presence.ONLINE, text)
    if content.presence == "offline":
        return PresenceChanged(profile, Presence.INVISIBLE, text)
    word, _, rest = text.partition(":")
    if word.strip() == BUSY_WORD:
        return PresenceChanged(profile, Presence.BUSY, rest.strip())
    return PresenceChanged(profile, Presence.AWAY, text)
