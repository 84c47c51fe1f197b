"""Which responses of a library are offered for one chat today."""

from datetime import date
from functools import lru_cache

from paradesk.canned.responses import Library, Response

_SAME = {"e-mail": "email", "mail": "email", "webchat": "web", "web-chat": "web", "chat": "web", "livechat": "web"}


def channel_name(channel: str) -> str:
    """Return a channel as it is compared: `E-Mail` is `email`, `chat` is `web`."""
    name = channel.strip().casefold().replace(" ", "-").replace("_", "-")
    return _SAME.get(name, name)


def offered_here(response: Response, channel: str, today: date, profile: str = "") -> bool:
    """Tell whether it holds today and is meant for this channel, and for the chats of this profile."""
    if response.profile and response.profile != profile:
        return False
    if not response.active(today):
        return False
    return not response.channels or channel_name(channel) in map(channel_name, response.channels)


@lru_cache(maxsize=16)
def offered(library: Library, channel: str, today: date, profile: str = "") -> Library:
    """Return the part of a library that is offered; the same object for the same question, so that an index is kept."""
    limited = (one.channels or one.active_from or one.active_to or one.profile for one in library.responses)
    if not any(limited):
        return library
    kept = [response for response in library.responses if offered_here(response, channel, today, profile)]
    return library if len(kept) == len(library) else Library(kept, library.default_language)
