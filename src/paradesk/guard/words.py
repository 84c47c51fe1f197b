"""A line of a chat as the guard reads it: folded words for the wording, and the values in it (names, numbers, times)."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from zlib import crc32

_TOKEN = re.compile(
    r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|https?://\S+|[#€$£]?\w+(?:[.,:/]\d+|[-/]\w*\d\w*|[-'’](?=[^\W\d])\w+)*"
)
_SENTENCE_START = re.compile(r"(?:^|[.!?:;\n…])[\s\"'“”„»«()*>-]*$")
_DIGITS = re.compile(r"\d+")
_GROUPED = re.compile(r"(\d{1,3}(?:[.,]\d{3})+)(?:[.,]\d{1,2})?$")
_FRACTION = re.compile(r"(\d+)[.,]0{1,2}$")
_CLOCK = re.compile(r"(\d{1,2})(?:[:.](\d\d))?(am|pm|h|uhr)?$")
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th)$")
_HALF_OF_DAY = frozenset({"am", "pm", "a.m", "p.m", "uhr"})
_PHONE = re.compile(r"\+?\d[\d ()/.-]{5,}\d")
_NUMBER_WORDS = {
    word: str(number)
    for words in (
        "zero one two three four five six seven eight nine ten eleven twelve",
        "null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf",
    )
    for number, word in enumerate(words.split())
}
_LONG = 20_000
"""Characters of one message that are read; more is a pasted log, not a reply."""


class ValueKind(StrEnum):
    """What a value looks like."""

    EMAIL = "email"
    LINK = "link"
    PHONE = "phone"
    CODE = "code"
    """Letters and digits, or five digits and more: order, ticket, tracking, account numbers."""
    TIME = "time"
    NUMBER = "number"
    NAME = "name"
    """A word with a capital letter that does not begin a sentence."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value in a text. Two values are the same when they share a form: `3 pm`, `3pm` and `15:00` do."""

    text: str
    """As it was written."""
    kind: ValueKind
    forms: tuple[str, ...]
    slot: int
    """Names the place that it fills: the word before it and its kind."""
    run: int = 0
    """Counts the values of a text; the words of one name (`San Francisco`) have the same."""


@dataclass(frozen=True, slots=True)
class Line:
    """What one message says, in the forms that are compared."""

    words: tuple[str, ...]
    """Folded, digits masked, each once, in the order of the text."""
    ids: tuple[int, ...]
    """A stable number for each of `words`, 32 bits."""
    asking: tuple[int, ...]
    """The same as numbers of words in a question."""
    about: tuple[int, ...]
    """The same as numbers of words of a topic."""
    key: int
    """A stable number for the whole wording, values of digits aside."""
    terms: frozenset[str]
    """All words and all forms of values, to ask whether a value occurs here."""


def stable_id(text: str) -> int:
    """Return a 32-bit number for a text, the same in every process."""
    return (crc32(text.encode("utf-8", "surrogatepass")) * 0x9E3779B97F4A7C15 >> 24) & 0xFFFFFFFF


word_id = lru_cache(8_192)(stable_id)


def mix(tag: int, identity: int) -> int:
    """Return a 32-bit number for an identity in the role that `tag` stands for."""
    return ((identity ^ tag) * 0xD6E8FEB86659FD93 >> 27) & 0xFFFFFFFF


_ASKING, _ABOUT = stable_id("question"), stable_id("topic")


@lru_cache(4_096)
def read(text: str) -> Line:
    """Return what a message says. Never raises; only the first 20,000 characters count."""
    terms: set[str] = set()
    words: list[str] = []
    tokens = _TOKEN.findall(text[:_LONG].lower().replace("’", "'"))
    for place, token in enumerate(tokens):
        word = token.lstrip("#€$£")
        if word.isalpha():
            terms.add(word)
            if number := _NUMBER_WORDS.get(word):
                terms.add(number)
        elif _DIGITS.search(word):
            terms.update(_forms(word, tokens[place + 1] if place + 1 < len(tokens) else ""))
            word = _DIGITS.sub("#", word)
        else:
            terms.add(word)
            terms.add(word.removesuffix("'s"))
            terms.update(word.split("-"))
        words.append(word)
    if len(text) > 6:
        terms.update(_phones(text[:_LONG]))
    once = tuple(dict.fromkeys(words))
    ids = [word_id(word) for word in once]
    return Line(
        once,
        tuple(ids),
        tuple([mix(_ASKING, word) for word in ids]),
        tuple([mix(_ABOUT, word) for word in ids]),
        stable_id(" ".join(words)),
        frozenset(terms),
    )


@lru_cache(1_024)
def values(text: str) -> tuple[Value, ...]:
    """Return the values in a text, each once, in its order."""
    text = text[:_LONG]
    found: dict[tuple[str, ...], Value] = {}
    places = list(_TOKEN.finditer(text))
    before, run, named_to = "^", 0, -1
    for place, match in enumerate(places):
        token = match.group()
        after = places[place + 1].group().lower() if place + 1 < len(places) else ""
        kind, forms = _classify(token, after, text, match.start())
        if kind is not None:
            name = kind is ValueKind.NAME
            run += not (name and place and named_to == place - 1)
            named_to = place if name else -1
            found.setdefault(forms, Value(token, kind, forms, word_id(f"{kind} {before}"), run))
        before = _DIGITS.sub("#", token.lower())
    for phone in _phones(text):
        run += 1
        found.setdefault((phone,), Value(phone, ValueKind.PHONE, (phone,), word_id("phone"), run))
    return tuple(found.values())


def _classify(token: str, after: str, text: str, start: int) -> tuple[ValueKind | None, tuple[str, ...]]:
    word = token.lower().lstrip("#€$£").replace("’", "'")
    if "@" in token:
        return ValueKind.EMAIL, (word.rstrip("."),)
    if word.startswith(("http://", "https://")):
        return ValueKind.LINK, (word.rstrip(".,;:!?)"),)
    if _DIGITS.search(word):
        forms = _forms(word, after)
        if any(":" in form for form in forms):
            return ValueKind.TIME, forms
        long = sum(char.isdigit() for char in word) >= 5 or any(char.isalpha() for char in forms[0])
        return (ValueKind.CODE if long else ValueKind.NUMBER), forms
    if not token[0].isupper() or len(token) < 2 or _SENTENCE_START.search(text[max(0, start - 12) : start]):
        return None, ()
    return ValueKind.NAME, (word.removesuffix("'s"),)


def _forms(word: str, after: str) -> tuple[str, ...]:
    """Return the forms of a token with a digit; `after` is the token behind it, for `3 pm`."""
    if ordinal := _ORDINAL.match(word):
        return (ordinal[1],)
    if grouped := _GROUPED.match(word):
        return (re.sub(r"[.,]", "", grouped[1]),)
    if fraction := _FRACTION.match(word):
        return (fraction[1],)
    clock = _CLOCK.match(word)
    if clock and (clock[2] or clock[3] or after.rstrip(".") in _HALF_OF_DAY):
        half = clock[3] or after.rstrip(".")
        hour = int(clock[1])
        if half.startswith("p") and hour < 12:
            hour += 12
        plain = clock[1].lstrip("0") or "0"
        minutes = clock[2] or "00"
        forms = (f"{hour}:{minutes}", f"{plain}:{minutes}")
        return tuple(dict.fromkeys((*forms, plain) if minutes == "00" else forms))
    plain = word.lstrip("0") or "0"
    return (plain,) if plain == word or not word.isdigit() else (word, plain)


def _phones(text: str) -> list[str]:
    """Return runs of at least seven digits, however they were grouped, without a country's leading marks."""
    found = []
    for match in _PHONE.finditer(text):
        digits = "".join(_DIGITS.findall(match.group()))
        if len(digits) >= 7:
            found.append(digits.lstrip("0"))
    return found


def forget() -> None:
    """Give back the memory of lines that were read; they are read again when they are asked for."""
    for cached in (read, values, word_id):
        cached.cache_clear()
