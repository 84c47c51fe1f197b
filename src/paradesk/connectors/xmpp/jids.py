"""XMPP addresses as text. What a server sends has been prepared by it; what a person types is checked here."""

import re
from typing import Final

from paradesk.connectors.base import Rejected
from paradesk.connectors.http import printable

MAX_PART: Final = 1023
"""Bytes of each part of an address (RFC 7622)."""
_FORBIDDEN: Final = re.compile(r"[\"&'/:<>@\s\x00-\x1f\x7f]")
_DOMAIN: Final = re.compile(r"[^\s\"&'/<>@\x00-\x1f\x7f]+")


def bare(jid: str) -> str:
    """Return the address without its resource. Everything after the first slash is resource, further slashes too."""
    return jid.partition("/")[0]


def resource(jid: str) -> str:
    """Return what follows the first slash: a device, or the nick in a room; empty where there is none."""
    return jid.partition("/")[2]


def local_part(jid: str) -> str:
    """Return what stands before the `@`, or the domain where there is no such part."""
    local, at, domain = bare(jid).partition("@")
    return local if at else domain or local


def domain(jid: str) -> str:
    """Return what follows the `@`."""
    whole = bare(jid)
    return whole.partition("@")[2] or whole


def checked_jid(text: str) -> str:
    """Return a bare address that a person typed, in lower case; raises Rejected for what is no address."""
    typed = text.strip()
    local, at, host = bare(typed).partition("@")
    if not at:
        raise Rejected(f"{printable(typed)!r} is not an XMPP address, such as anna@example.org")
    sound = local and not _FORBIDDEN.search(local) and _DOMAIN.fullmatch(host)
    if not sound or max(len(local.encode("utf-8", "replace")), len(host.encode("utf-8", "replace"))) > MAX_PART:
        raise Rejected(f"{printable(typed)!r} is not an XMPP address, such as anna@example.org")
    return f"{local.lower()}@{host.lower()}"
