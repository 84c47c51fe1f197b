"""What an address really points to, for people who are about to follow it. Pure; nothing is looked up."""

import ipaddress
import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import urlsplit

_USUAL_PORTS = {"http": 80, "https": 443}
_EAST_ASIAN = frozenset({"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC"})
_NUMBER_HOST = re.compile(r"(?:0x[0-9a-f]+|\d+)(?:\.(?:0x[0-9a-f]+|\d+))*\.?")


@dataclass(frozen=True, slots=True)
class Target:
    """Where an address leads."""

    host: str
    """The host as it is asked for, in ASCII (`xn--…` where letters are not)."""
    warnings: tuple[str, ...]
    """What makes the address different from what it may look like."""
    openable: bool
    """Whether it can be given to a browser at all."""


def target(address: str) -> Target:
    """Return where an http or https address leads and what is odd about it; never raises."""
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return Target("", ("this is not a valid address",), False)
    if parts.scheme.lower() not in _USUAL_PORTS or not host or not address.isprintable() or " " in address:
        return Target(host if host.isascii() else "", ("this is not a web address",), False)
    asked = read = host
    warnings: list[str] = []
    if not host.isascii():
        try:
            asked = _in_ascii(host)
        except UnicodeError:
            return Target("", ("its host is not a valid name",), False)
        warnings.append(f"the host has letters beyond a-z; it is really {asked}")
    elif host.startswith("xn--") or ".xn--" in host:
        try:
            read = _in_letters(host)
            warnings.append(f"the host has letters beyond a-z; it reads {read}")
        except UnicodeError:
            warnings.append("the host has letters beyond a-z that cannot be shown")
    if any(mixed_scripts(label) for label in read.split(".")):
        warnings.append("the host mixes letters of different scripts")
    if "@" in parts.netloc:
        warnings.append(f"what stands before @ is not the host; the host is {asked}")
    if _is_number(asked):
        warnings.append("the host is a number instead of a name")
    if port is not None and port != _USUAL_PORTS[parts.scheme.lower()]:
        warnings.append(f"it uses the unusual port {port}")
    return Target(asked, tuple(warnings), True)


def mixed_scripts(text: str) -> bool:
    """Whether one word of the text has letters of scripts that can be taken for each other.

    East Asian scripts stand together with each other and with Latin in honest names, so they count as one with Latin.
    """
    return any(len(_scripts(word)) > 1 for word in re.split(r"[\W\d_]+", text))


def _in_ascii(host: str) -> str:
    """Return a host as browsers ask for it; raises UnicodeError. (The standard library's codec is of IDNA 2003: it turns
    `faß.de` into another host.)"""
    import idna

    return idna.encode(host, uts46=True, std3_rules=True, transitional=False).decode("ascii")


def _in_letters(host: str) -> str:
    """Return the letters that a host of `xn--…` stands for; raises UnicodeError."""
    import idna

    return idna.decode(host)


def _scripts(word: str) -> set[str]:
    if word.isascii():
        return set()
    names = {unicodedata.name(char, "").partition(" ")[0] for char in word if unicodedata.category(char)[0] == "L"}
    names -= {"MODIFIER", "FEMININE", "MASCULINE", ""}
    return {"LATIN" if name in _EAST_ASIAN or name == "FULLWIDTH" else name for name in names}


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return _NUMBER_HOST.fullmatch(host) is not None
    return True
