"""Keeps secrets out of the logs of the libraries that speak HTTP: httpx logs whole addresses, httpcore whole headers."""

import logging
import re
from dataclasses import dataclass

LOGGERS = (
    "httpx",
    "httpcore",
    "httpcore.connection",
    "httpcore.http11",
    "httpcore.http2",
    "httpcore.proxy",
    "httpcore.socks",
    "websockets",
    "websockets.client",
    "websockets.server",
)
"""A filter of a logger does not see what its children log, so each is named."""

_WORDS = """
    _matrix _synapse client media key api v1 v2 v3 v4 r0 rooms room sync send state messages members joined_rooms join
    leave invite createroom typing receipt read_markers relations event events context event_id m.room.message
    m.room.redaction m.read redact login logout account whoami profile displayname user filter account_data tags
    upload download thumbnail config versions well-known .well-known matrix presence pushers devices keys sendtodevice
    accounts conversations contacts inboxes assignments labels toggle_status toggle_priority public agents teams
    tickets comments users websocket ws cable health auth oauth token search attachments files status
    index.php restapi xml chats chat fetchchatmessages addmsgadmin setchatstatus getuser onlineusers departments
    updatelastactivity setoperatorstatus setinvisibilitystatus file lists checklogin accepttransfer transferuser
    cannedresponses show_many requested groups assignable macros active me uploads
"""
_VOCABULARY = frozenset(_WORDS.split())
"""Parts of paths that belong to an interface. Everything else may be an id or a name and is not told."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, as far as a log may know."""

    method: str
    host: str
    path: str
    """Its shape: `/_matrix/client/v3/rooms/*/send/m.room.message/*`."""
    status: int


def path_shape(path: str) -> str:
    """Return a path with `*` for each part that is no word of an interface, without query and fragment."""
    parts = re.split(r"[?#]", path, maxsplit=1)[0].split("/")[:20]
    return "/".join(part if not part or part.lower() in _VOCABULARY else "*" for part in parts)


def exchange_of(record: logging.LogRecord) -> Exchange | None:
    """Return what httpx says in a record about a request, or None where it says something else."""
    match record.args:
        case (str(method), url, _, int(status), *_) if record.name == "httpx":
            # By its parts and not by its class: httpx takes long to load, and who logs may never need it.
            host, path = str(getattr(url, "host", "")), str(getattr(url, "path", ""))
            return Exchange(method[:16], host[:253], path_shape(path), status)
    return None


_QUERY = re.compile(r"(https?|wss?)://[^\s\"'<>]+")
_NAMED = re.compile(
    r"""(?ix)
    ( b?["']? [\w-]* (?: authorization | cookie | token | secret | password | api[_-]?key ) [\w-]* ["']? \s* [:=,]\s* )
    ( b?"[^"]*" | b?'[^']*' | [^,;&\r\n)\]]+ )
    """
)
_BEARER = re.compile(r"(?i)\b(bearer|basic)\s+[^\s\"',)\]]+")


def redacted(text: str) -> str:
    """Return a line of log without what may be secret: user names and queries of addresses, credentials by their names."""
    text = _QUERY.sub(lambda found: _bare(found[0]), text)
    return _BEARER.sub(r"\1 •••", _NAMED.sub(r"\1•••", text))


def _bare(address: str) -> str:
    scheme, _, rest = address.partition("://")
    place, slash, path = rest.partition("/")
    path = path.partition("?")[0] if "?" not in path else f"{path.partition('?')[0]}?•••"
    return f"{scheme}://{place.rpartition('@')[2].partition('?')[0]}{slash}{path}"


class RedactingFilter(logging.Filter):
    """Rewrites records before any handler sees them."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Redact the record; it is always let through. What it says of a request stays as `record.exchange`."""
        record.exchange = exchange_of(record)
        record.msg, record.args = redacted(record.getMessage()), ()
        return True


_FILTER = RedactingFilter()


def redact_logs() -> None:
    """Redact what the HTTP libraries log from now on. Harmless to repeat."""
    for name in LOGGERS:
        # The same object is added once.
        logging.getLogger(name).addFilter(_FILTER)
