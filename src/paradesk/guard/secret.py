"""Finds what must not be read by others: card numbers, bank accounts, passwords, keys and tokens; and masks it."""

import math
import re
import unicodedata
from bisect import bisect_right
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from paradesk.core.text import find_links
from paradesk.guard.passages import words
from paradesk.guard.situation import Situation
from paradesk.guard.verdict import Check, Finding, OriginKind, Severity

MASK = "••••"
_LOOKED_AT = 100_000
"""Characters of a draft that the check looks at: Enter must not wait."""


class SecretKind(StrEnum):
    """What a secret is."""

    CARD = "card number"
    IBAN = "bank account"
    KEY = "private key"
    TOKEN = "access token"
    PASSWORD = "password"


@dataclass(frozen=True, slots=True)
class SecretSpan:
    """A secret: `text[start:end]`."""

    start: int
    end: int
    kind: SecretKind


def secrets_in(text: str) -> tuple[SecretSpan, ...]:
    """Return the secrets of a text, in order, none within another. Never raises; takes time in proportion to the text."""
    found: list[SecretSpan] = []
    for span in sorted(_candidates(text), key=lambda one: (one.start, -one.end)):
        if not found or span.start >= found[-1].end:
            found.append(span)
    return tuple(found)


def masked(text: str, kinds: Collection[SecretKind] = frozenset(SecretKind)) -> str:
    """Return the text with its secrets masked: of a card number its last four digits stay, as in `•••• 4242`."""
    pieces: list[str] = []
    at = 0
    for span in secrets_in(text):
        if span.kind in kinds:
            pieces += text[at : span.start], _mask(text[span.start : span.end], span.kind)
            at = span.end
    return "".join([*pieces, text[at:]])


def cards_hidden(text: str) -> str:
    """Return the text with `•` for each digit of a card number but the last four.

    It is as long as before, so that places in the text stay what they are.
    """
    pieces: list[str] = []
    at = 0
    for span in _cards(text):
        number = text[span.start : span.end]
        shown = [place for place, char in enumerate(number) if char.isdigit()][-4:]
        hidden = "".join("•" if char.isdigit() and place < shown[0] else char for place, char in enumerate(number))
        pieces += text[at : span.start], hidden
        at = span.end
    return "".join([*pieces, text[at:]]) if at else text


def secret(of: Situation) -> Finding | None:
    """Object to a secret in a reply. An account number that stands in the team's own response is meant to be sent."""
    found = secrets_in(of.draft.text[:_LOOKED_AT])
    shipped = [words(origin.text) for origin in of.draft.origins if origin.kind is OriginKind.CANNED]
    found = tuple(
        span
        for span in found
        if span.kind is not SecretKind.IBAN
        or not any(_within(words(of.draft.text[span.start : span.end]), response) for response in shipped)
    )
    if not found:
        return None
    kinds = list(dict.fromkeys(span.kind for span in found))
    shown = tuple(_mask(of.draft.text[span.start : span.end], span.kind) for span in found[:3])
    what = " and ".join(kind.value for kind in kinds[:2])
    hint = f" {shown[0]}" if found[0].kind in (SecretKind.CARD, SecretKind.IBAN) else ""
    return Finding(
        check=Check.SECRET,
        severity=Severity.ASK,
        reason=f"holds a {what}{hint}",
        evidence=shown,
        risk=0.8,
    )


def _within(piece: tuple[str, ...], whole: tuple[str, ...]) -> bool:
    return f" {' '.join(piece)} " in f" {' '.join(whole)} "


def _mask(secret: str, kind: SecretKind) -> str:
    signs = [char for char in secret if char.isalnum()]
    match kind:
        case SecretKind.CARD:
            return f"{MASK} {''.join(signs[-4:])}"
        case SecretKind.IBAN:
            return f"{''.join(signs[:2])}{MASK} {''.join(signs[-4:])}"
        case _:
            return MASK


def _candidates(text: str) -> Iterator[SecretSpan]:
    yield from _cards(text)
    yield from _accounts(text)
    yield from _private_keys(text)
    links = [(start, end) for start, end, _ in find_links(text)] if "://" in text else []
    for pattern in (_TOKEN, _JWT):
        for match in pattern.finditer(text):
            if any(map(str.isdigit, match[0])):
                yield SecretSpan(match.start(), match.end(), SecretKind.TOKEN)
    for match in _LONG.finditer(text):
        before = bisect_right(links, (match.start(), len(text)))
        linked = before > 0 and match.start() < links[before - 1][1]
        if not linked and _is_random(match[0]):
            yield SecretSpan(match.start(), match.end(), SecretKind.TOKEN)
    for match in _PASSWORD.finditer(text):
        if _is_password(
            match["value"], any(sign in match["gap"] for sign in ":="), text[match.end() : match.end() + 40]
        ):
            yield SecretSpan(match.start("value"), match.end("value"), SecretKind.PASSWORD)


# Cards

_DIGIT_RUN = re.compile(r"(?<![\w+#.,/-])\d(?:[ \u00a0-]?\d){12,18}(?![\w-]|[.,]\d)")
_GROUPS = re.compile(r"\d+")
_AMEX = ([4, 6, 5], [4, 6, 4], [4, 4, 4, 3])
_NAMED_OTHERWISE = re.compile(
    r"(?:order|bestell\w*|auftrag\w*|track\w*|sendung\w*|paket\w*|parcel|shipment|ticket|case|vorgang\w*|invoice|rechnung\w*"
    r"|serial|serien\w*|imei|ean|gtin|isbn|phone|tel\w*|mobile|fax|kunden\w*|customer|reference|ref\b|account|konto\w*)"
    r"[\s\w.:#-]{0,16}$",
    re.IGNORECASE,
)
_NAMED_CARD = re.compile(r"(?:card|visa|karte\w*|kreditkart\w*|cc)[\s\w.:#-]{0,24}$", re.IGNORECASE)
_BEFORE = 48


def _cards(text: str) -> Iterator[SecretSpan]:
    """Yield numbers of 13 to 19 digits that an issuer could have given and whose check digit is right."""
    for match in _DIGIT_RUN.finditer(text):
        digits = "".join(str(unicodedata.digit(char)) for char in match[0] if char.isdigit())
        groups = [len(group) for group in _GROUPS.findall(match[0])]
        if len(set(digits)) < 2 or not _is_issued(digits) or not _luhn(digits) or not _is_grouped(groups):
            continue
        before = text[max(0, match.start() - _BEFORE) : match.start()]
        named = _NAMED_CARD.search(before)
        # German article numbers have 13 digits, begin with 4 and look like the oldest of cards.
        if (len(digits) == 13 or _NAMED_OTHERWISE.search(before)) and not named:
            continue
        yield SecretSpan(match.start(), match.end(), SecretKind.CARD)


def _is_grouped(groups: list[int]) -> bool:
    whole = len(groups) == 1
    fours = all(size == 4 for size in groups[:-1]) and groups[-1] <= 4
    return whole or fours or groups in _AMEX


_ISSUERS: tuple[tuple[int, int, int, range], ...] = (
    (1, 4, 4, range(13, 20, 3)),  # Visa
    (2, 51, 55, range(16, 17)),  # Mastercard
    (4, 2221, 2720, range(16, 17)),
    (2, 34, 34, range(15, 16)),  # American Express
    (2, 37, 37, range(15, 16)),
    (4, 6011, 6011, range(16, 20)),  # Discover
    (3, 644, 649, range(16, 20)),
    (2, 65, 65, range(16, 20)),
    (3, 300, 305, range(14, 20)),  # Diners Club
    (2, 36, 36, range(14, 20)),
    (2, 38, 39, range(16, 20)),
    (4, 3528, 3589, range(16, 20)),  # JCB
    (2, 62, 62, range(16, 20)),  # UnionPay
    (4, 5018, 5038, range(13, 20)),  # Maestro
    (4, 5893, 5893, range(13, 20)),
    (4, 6304, 6304, range(13, 20)),
    (4, 6759, 6763, range(13, 20)),
)
"""Digits that count, first, last, lengths; from ISO/IEC 7812 as the schemes publish their ranges."""


def _is_issued(digits: str) -> bool:
    return any(first <= int(digits[:size]) <= last and len(digits) in of for size, first, last, of in _ISSUERS)


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        number = int(digit) * (1 + place % 2)
        total += number - 9 if number > 9 else number
    return total % 10 == 0


# Bank accounts

_IBAN_BEGINS = re.compile(r"(?<![A-Za-z0-9])[A-Za-z]{2}\d{2}(?=[ \u00a0]?[A-Za-z0-9])", re.ASCII)
_IBAN_LENGTHS = {
    "NO": 15,
    "BE": 16,
    **dict.fromkeys(("DK", "FI", "NL", "FO", "GL"), 18),
    **dict.fromkeys(("SI", "MK"), 19),
    **dict.fromkeys(("AT", "EE", "LT", "LU", "XK", "KZ", "BA"), 20),
    **dict.fromkeys(("CH", "LI", "HR", "LV"), 21),
    **dict.fromkeys(("DE", "GB", "IE", "BG", "ME", "RS", "GE", "BH", "VA"), 22),
    **dict.fromkeys(("GI", "IL", "AE"), 23),
    **dict.fromkeys(("CZ", "ES", "SE", "SK", "RO", "SA", "TN", "VG", "MD", "PK"), 24),
    "PT": 25,
    **dict.fromkeys(("IS", "TR"), 26),
    **dict.fromkeys(("FR", "GR", "IT", "MC", "SM"), 27),
    **dict.fromkeys(("AL", "CY", "HU", "PL", "LB", "DO", "AZ", "GT"), 28),
    **dict.fromkeys(("BR", "QA", "UA"), 29),
    **dict.fromkeys(("JO", "KW", "MU"), 30),
    "MT": 31,
}
"""Country → length, from the registry of ISO 13616."""


def _accounts(text: str) -> Iterator[SecretSpan]:
    for match in _IBAN_BEGINS.finditer(text):
        length = _IBAN_LENGTHS.get(match[0][:2].upper(), 0)
        end, signs = match.end(), match.end() - match.start()
        while signs < length and end < len(text):
            if not (text[end].isascii() and text[end].isalnum()):
                if text[end] not in " \u00a0" or text[end - 1] in " \u00a0":
                    break
                end += 1
                continue
            signs, end = signs + 1, end + 1
        # Where blanks separate the groups, a word that follows is no part of it.
        if length and signs == length and not text[end : end + 1].isalnum() and _mod_97(text[match.start() : end]):
            yield SecretSpan(match.start(), end, SecretKind.IBAN)


def _mod_97(account: str) -> bool:
    signs = [char for char in account.upper() if char.isalnum()]
    return int("".join(str(int(char, 36)) for char in [*signs[4:], *signs[:4]])) % 97 == 1


# Keys and tokens

_PRIVATE_KEY = re.compile(r"-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_KEY_END = re.compile(r"-----END (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----")
_TOKEN = re.compile(
    r"(?<![A-Za-z0-9_-])(?:"
    r"(?:AKIA|ASIA)[0-9A-Z]{16}"  # Amazon
    r"|gh[pousr]_[A-Za-z0-9]{30,255}|github_pat_[A-Za-z0-9_]{30,255}"
    r"|glpat-[A-Za-z0-9_-]{20,64}"
    r"|xox[abeoprs]-[A-Za-z0-9-]{10,255}|xapp-[A-Za-z0-9-]{10,255}"  # Slack
    r"|(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,255}|whsec_[A-Za-z0-9]{20,255}"  # Stripe
    r"|sk-(?:[a-z]{2,8}-)?[A-Za-z0-9_-]{20,255}"
    r"|AIza[A-Za-z0-9_-]{35}"  # Google
    r"|ya29\.[A-Za-z0-9_-]{20,512}"
    r"|SG\.[A-Za-z0-9_-]{16,64}\.[A-Za-z0-9_-]{16,64}"  # SendGrid
    r"|npm_[A-Za-z0-9]{30,64}|pypi-[A-Za-z0-9_-]{30,512}|hf_[A-Za-z0-9]{30,64}"
    r"|syt_[A-Za-z0-9]{1,255}_[A-Za-z]{20}_[A-Za-z0-9]{6}"  # Matrix
    r")(?![A-Za-z0-9_])"
)
_JWT = re.compile(
    r"(?<![\w-])eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{8,8192}\.[A-Za-z0-9_-]{8,1024}(?![\w-])", re.ASCII
)
_LONG = re.compile(r"(?<![A-Za-z0-9+/_=.@-])[A-Za-z0-9+/_-]{32,512}={0,2}(?![A-Za-z0-9+/_=@-])")
_RANDOM = 4.0
"""Bits a character from which on a long run of letters and digits is no word, name or number."""


def _private_keys(text: str) -> Iterator[SecretSpan]:
    """Yield blocks from their first to their last line; one without an end goes on to the end of the text."""
    at = 0
    while begins := _PRIVATE_KEY.search(text, at):
        ends = _KEY_END.search(text, begins.end())
        at = len(text) if ends is None else ends.end()
        yield SecretSpan(begins.start(), at, SecretKind.KEY)


def _is_random(run: str) -> bool:
    digits, lower, upper = (sum(map(test, run)) for test in (str.isdigit, str.islower, str.isupper))
    if min(digits, lower, upper) < 3:
        return False
    counts = Counter(run)
    return -sum(n / len(run) * math.log2(n / len(run)) for n in counts.values()) >= _RANDOM


# Passwords

_PASSWORD = re.compile(
    r"(?<!\w)(?:pass ?word|passcode|passphrase|passwort|kennwort|passwd|pwd|pw|pin|tan|otp)\b"
    r"(?:\s{1,2}(?:for|für|zu|zum|to|of)\s[^\n.:=]{1,40}?)?"
    r"(?P<gap>\s{0,3}[:=]\s{0,3}|\s{1,3}(?:is now|is|ist jetzt|ist|lautet)(?:\s{0,2}:)?\s{1,3})"
    r"[\"'„“‚‘»`*]?(?P<value>[^\s\"'“”‘’«`]{4,64})",
    re.IGNORECASE,
)
_WORDS_BEHIND = """
    must should required optional needed forgotten forgot reset changed wrong incorrect invalid expired correct missing empty
    stored secure safe strong weak hidden unknown case sensitive sent valid your the this that here there none leer
    muss falsch abgelaufen vergessen erforderlich geändert zurückgesetzt ungültig unbekannt korrekt richtig gesperrt
    sicher schwach nicht leider noch bereits
"""
_NO_PASSWORD = frozenset(_WORDS_BEHIND.split())


def _is_password(value: str, sign: bool, after: str) -> bool:
    """Tell whether a word behind `password` is one, and not a part of a sentence about passwords."""
    bare = value.strip(".,;:!?)(*_~") if value[-1] in ".,;:)(*_~?" else value
    if len(bare) < 4 or bare.strip("!").casefold() in _NO_PASSWORD or _ADDRESS.match(bare) or MASK in bare:
        return False
    letters, digits = any(map(str.isalpha, bare)), any(map(str.isdigit, bare))
    if bare.isdigit() or (letters and (digits or not _SIGNS.isdisjoint(bare[:-1]))):
        return True
    if letters and any(map(str.isupper, bare[1:])) and any(map(str.islower, bare)):
        return True
    return sign and bare.isalpha() and not after.split("\n")[0].strip(" .!\t")


_SIGNS = frozenset("!@#$%^&*+=~?§_")
_ADDRESS = re.compile(r"https?://|www\.|[^\s@]{1,64}@[^\s@]{1,64}\.\w|⟦", re.IGNORECASE)
