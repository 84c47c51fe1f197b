"""The settings of one XMPP account, checked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx

from paradesk.connectors.base import AuthError, Option, Rejected
from paradesk.connectors.http import checked_origin, is_loopback, printable
from paradesk.connectors.xmpp.jids import checked_jid, local_part

OPTIONS: Final = (
    Option("jid", "Your address, such as anna@example.org"),
    Option("password", "Your password", secret=True),
    Option("server", "Where the server is, if DNS does not tell: host, host:port, or xmpp://localhost:5222", False),
    Option("rooms", "Addresses of rooms to be in, by commas; each is a conversation", required=False),
    Option("nick", "Your name in rooms, and the name to show for you; empty for the first part of your address", False),
    Option(
        "agents", "Addresses (or nicks in rooms) of colleagues, by commas. Whoever is not listed is a customer", False
    ),
    Option("bots", "Addresses (or nicks in rooms) of bots that work for you, by commas", required=False),
    Option("ca_file", "Certificates (PEM) of an authority of your own that vouches for the server", False),
    Option("files", "Where uploads lie, if that is a private network: such as https://files.example.org", False),
)
"""Declared once: the questions of `profile add`, its help, and what the configuration checks."""

DIRECT_TLS_PORT: Final = 5223


@dataclass(frozen=True, slots=True)
class Account:
    """Who signs in, where, and who is not a customer."""

    jid: str
    """Bare, in lower case."""
    server: httpx.URL | None
    """Scheme `xmpps` (TLS, checked) or `xmpp` (unencrypted, this machine only); None: DNS tells."""
    rooms: tuple[str, ...]
    nick: str
    agents: frozenset[str]
    bots: frozenset[str]
    ca_file: str
    files: httpx.URL | None

    @property
    def encrypted(self) -> bool:
        """Nothing is sent unencrypted, except on this machine where that was asked for."""
        return self.server is None or self.server.scheme != "xmpp"

    @property
    def address(self) -> tuple[str, int] | None:
        """Host and port where they are configured."""
        return None if self.server is None else (self.server.host, self.server.port or 5222)

    @property
    def private_origins(self) -> tuple[httpx.URL, ...]:
        """Where files may be fetched although the network is private."""
        here = self.server if self.server is not None and is_loopback(self.server.host) else None
        return tuple(origin for origin in (self.files, here) if origin is not None)


def names(text: str) -> tuple[str, ...]:
    """Return a list by commas, each once."""
    return tuple(dict.fromkeys(part for part in map(str.strip, text.split(",")) if part))


def read_account(settings: Mapping[str, str]) -> Account:
    """Return the checked settings; raises AuthError, which stops until somebody mends them."""

    def setting(name: str) -> str:
        return settings.get(name, "").strip()

    jid = _jid(setting("jid"), "jid")
    server = checked_origin(setting("server"), "server", ("xmpps", "xmpp")) if setting("server") else None
    files = checked_origin(setting("files"), "files") if setting("files") else None
    nick = setting("nick") or local_part(jid)
    if any(not character.isprintable() for character in nick) or len(nick) > 100:
        raise AuthError(f"the nick {printable(nick)!r} cannot be used: at most 100 letters that can be printed")
    staff = {name: frozenset(n.lower() if "@" in n else n for n in names(setting(name))) for name in ("agents", "bots")}
    rooms = tuple(_jid(room, "rooms") for room in names(setting("rooms")))
    return Account(jid, server, rooms, nick, staff["agents"], staff["bots"], setting("ca_file"), files)


def _jid(text: str, option: str) -> str:
    if not text:
        raise AuthError(f"no {option} is configured, such as anna@example.org")
    try:
        return checked_jid(text)
    except Rejected as error:
        raise AuthError(f"option {option!r}: {error}") from None
