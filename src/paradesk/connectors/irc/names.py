"""What a server says of itself: which capabilities it grants, what it calls a channel, when two nicks are the same."""

import string
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

WANTED: Final = (
    "message-tags",
    "server-time",
    "echo-message",
    "batch",
    "labeled-response",
    "account-tag",
    "account-notify",
    "extended-join",
    "away-notify",
    "chghost",
    "multi-prefix",
)
"""Capabilities that are used where a server has them; everything works without any of them."""
_MAX_USER: Final = 11
_MAX_HOST: Final = 64
_FOLDS: Final = {
    "ascii": str.maketrans(string.ascii_uppercase, string.ascii_lowercase),
    "rfc1459": str.maketrans(string.ascii_uppercase + "[]\\~", string.ascii_lowercase + "{}|^"),
    "rfc1459-strict": str.maketrans(string.ascii_uppercase + "[]\\", string.ascii_lowercase + "{}|"),
}


def _positive(text: str, default: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and 0 < len(text) < 6 and int(text) else default


@dataclass(slots=True)
class Server:
    """The server of one connection, as far as it has told."""

    caps: set[str] = field(default_factory=set)
    supports: dict[str, str] = field(default_factory=dict)
    """Its RPL_ISUPPORT tokens."""
    prefix: str = ""
    """`nick!user@host` as it shows us to others, once known."""

    def take_supports(self, tokens: Iterable[str]) -> None:
        """Take the tokens of one RPL_ISUPPORT line."""
        for token in tokens:
            name, _, value = token.partition("=")
            if name.startswith("-"):
                self.supports.pop(name[1:], None)
            elif name and len(self.supports) < 500:
                self.supports[name] = value

    def fold(self, name: str) -> str:
        """Return a nick or a channel so that equal ones are the same text."""
        return name.translate(_FOLDS.get(self.supports.get("CASEMAPPING", "rfc1459").lower(), _FOLDS["rfc1459"]))

    def is_channel(self, name: str) -> bool:
        """Tell whether this names a channel, and not a person."""
        return name.startswith(tuple(self.supports.get("CHANTYPES") or "#&"))

    def bare(self, name: str) -> str:
        """Return a member of a list of names without the signs of its rank."""
        _, _, signs = self.supports.get("PREFIX", "(ov)@+").partition(")")
        return name.lstrip(signs or "@+").partition("!")[0]

    @property
    def network(self) -> str:
        """What the network calls itself, or empty."""
        return self.supports.get("NETWORK", "")

    @property
    def monitors(self) -> int:
        """How many nicks it would watch for us; 0 where it watches none."""
        return _positive(self.supports.get("MONITOR", ""), 100) if "MONITOR" in self.supports else 0

    @property
    def echoes(self) -> bool:
        """Our own messages come back."""
        return "echo-message" in self.caps

    @property
    def labels(self) -> bool:
        """An answer carries the label of its command."""
        return {"labeled-response", "batch"} <= self.caps

    @property
    def types(self) -> bool:
        """It carries who is typing."""
        return "message-tags" in self.caps

    def room(self, nick: str, target: str) -> int:
        """Return the bytes of text that fit into one message to `target`, as others will receive it from us."""
        user, _, host = self.prefix.partition("!")[2].partition("@")
        known = len(user) + len(host) if host else _MAX_USER + _MAX_HOST
        shown = len(self.prefix.partition("!")[0].encode())
        who = len(":!@") + max(len(nick.encode()), shown) + known
        return 512 - who - len(f" PRIVMSG {target} :".encode()) - len("\r\n")
