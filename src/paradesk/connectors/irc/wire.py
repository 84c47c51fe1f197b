"""Lines of IRC: bytes in, values out, and back. Pure; nothing in a line can make it raise."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

MAX_LINE: Final = 512
"""Bytes of a line with its end, tags apart (RFC 1459, 2.3)."""
_MAX_PARAMS: Final = 64
_MAX_TAGS: Final = 128
_UNESCAPED: Final = {":": ";", "s": " ", "\\": "\\", "r": "\r", "n": "\n"}
_ESCAPES: Final = str.maketrans({";": "\\:", " ": "\\s", "\\": "\\\\", "\r": "\\r", "\n": "\\n"})
_FORBIDDEN: Final = str.maketrans("", "", "\r\n\0")


@dataclass(frozen=True, slots=True)
class Line:
    """One line from the server."""

    command: str
    """In capitals; a numeric as its three digits."""
    params: tuple[str, ...] = ()
    source: str = ""
    """Who it is from: `nick!user@host`, a server's name, or empty."""
    tags: Mapping[str, str] = field(default_factory=dict)

    def param(self, index: int) -> str:
        """Return a parameter, or an empty string where there is none."""
        return self.params[index] if 0 <= index < len(self.params) else ""

    @property
    def last(self) -> str:
        """The last parameter, which is the text where there is one."""
        return self.params[-1] if self.params else ""

    @property
    def nick(self) -> str:
        """The nick (or server) that it is from."""
        return self.source.partition("!")[0].partition("@")[0]

    @property
    def userhost(self) -> str:
        """`user@host` of who it is from, or empty."""
        return self.source.partition("!")[2]

    @property
    def account(self) -> str:
        """The services account of who it is from, where the server says."""
        return self.tags.get("account", "").strip("*")

    @property
    def time_ms(self) -> int | None:
        """The server's time in milliseconds since 1970, where it says."""
        return time_of(self.tags.get("time", ""))


def time_of(text: str) -> int | None:
    """Return the milliseconds since 1970 of a `time` tag (ISO 8601 in UTC), or None for what is none."""
    if not 20 <= len(text) <= 30 or not text.endswith("Z"):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return max(0, round(at.replace(tzinfo=UTC).timestamp() * 1000))


def decoded(raw: bytes) -> str:
    """Return the text of a line: UTF-8, or else the eight-bit western set that old clients write."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def parse(raw: bytes) -> Line | None:
    """Return the line, or None for what is none (empty, without a command)."""
    rest = decoded(raw).translate(_FORBIDDEN)
    tags: dict[str, str] = {}
    if rest.startswith("@"):
        head, _, rest = rest[1:].partition(" ")
        for tag in head.split(";")[:_MAX_TAGS]:
            name, _, value = tag.partition("=")
            if name:
                tags[name] = unescaped(value)
    rest = rest.lstrip(" ")
    source = ""
    if rest.startswith(":"):
        source, _, rest = rest[1:].partition(" ")
    command, _, rest = rest.lstrip(" ").partition(" ")
    if not command or not command.isascii() or not command.isalnum():
        return None
    params: list[str] = []
    while rest := rest.lstrip(" "):
        if rest.startswith(":") or len(params) == _MAX_PARAMS:
            params.append(rest.removeprefix(":"))
            break
        param, _, rest = rest.partition(" ")
        params.append(param)
    return Line(command.upper(), tuple(params), source, tags)


def unescaped(value: str) -> str:
    """Return the value of a tag as it was meant."""
    if "\\" not in value:
        return value
    parts: list[str] = []
    characters = iter(value)
    for character in characters:
        if character == "\\":
            following = next(characters, "")
            parts.append(_UNESCAPED.get(following, following))
        else:
            parts.append(character)
    return "".join(parts)


def is_word(text: str) -> bool:
    """Tell whether a text can stand as a parameter before the last one."""
    return bool(text) and not text.startswith(":") and not any(c.isspace() or ord(c) < 0x20 for c in text)


def build(command: str, *params: str, tags: Mapping[str, str] | None = None) -> bytes:
    """Return the bytes of a line with its end; the last parameter may be any text without a line end.

    Raises ValueError for a parameter that would become another command.
    """
    if not all(map(is_word, (command, *params[:-1]))):
        raise ValueError("a parameter with a blank in it")
    if any("\r" in param or "\n" in param or "\0" in param for param in params):
        raise ValueError("a parameter with the end of a line in it")
    words = [command, *params[:-1], *(f":{last}" for last in params[-1:])]
    head = ";".join(f"{name}={value.translate(_ESCAPES)}" for name, value in (tags or {}).items())
    return (f"@{head} " if head else "").encode() + " ".join(words).encode("utf-8", "replace") + b"\r\n"
