"""Keeps secrets out of the logs of the libraries that speak HTTP: httpx logs whole addresses, httpcore whole headers."""

import logging
import re

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
        """Redact the record; it is always let through."""
        record.msg, record.args = redacted(record.getMessage()), ()
        return True


_FILTER = RedactingFilter()


def redact_logs() -> None:
    """Redact what the HTTP libraries log from now on. Harmless to repeat."""
    for name in LOGGERS:
        # The same object is added once.
        logging.getLogger(name).addFilter(_FILTER)
