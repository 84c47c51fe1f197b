"""Splitting the name of a person into what a greeting needs, without ever greeting a phone number."""

import re
import unicodedata

_TITLES = frozenset(
    (
        *("mr", "mrs", "ms", "miss", "mx", "sir", "madam", "dr", "prof", "professor", "doctor"),
        *("herr", "frau", "fräulein", "hr", "fr", "dipl", "ing", "med", "phil", "rer", "nat", "jur", "mag"),
        *("mme", "mlle", "monsieur", "madame", "señor", "señora", "sr", "sra", "srta", "don", "doña"),
        *("sig", "signor", "signora"),
    )
)
_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv", "phd", "md", "msc", "bsc", "mba", "esq", "ba", "ma", "llm"))
_PARTICLES = frozenset(
    (
        *("von", "van", "der", "den", "de", "del", "della", "di", "da", "dos", "das", "du", "la", "le"),
        *("ten", "ter", "zu", "zum", "zur", "vom", "bin", "ibn", "al", "el"),
    )
)
_NOBODY = frozenset(
    (
        *("guest", "visitor", "customer", "user", "client", "unknown", "anonymous"),
        *("gast", "besucher", "kunde", "kundin", "nutzer", "unbekannt", "anonym"),
    )
)
_NOT_A_NAME = re.compile(r"[@/\\:#]|\d{3}|^\+?\d")


def split_name(name: str) -> tuple[str, str]:
    """Return (first name, last name) of a person; either is empty where the name does not say.

    "Müller, Anna" and titles are understood, family names come first in Han, kana and Hangul, and what is no person's
    name (an address, a number, "Guest 12") gives nothing, so that a greeting falls back instead of sounding odd.
    """
    name = " ".join(name.split())
    if not name or _NOT_A_NAME.search(name):
        return "", ""
    family, comma, given = name.partition(",")
    if comma and given.strip() and _bare(given) not in _SUFFIXES:
        return _case(_given(_words(given))), _case(" ".join(_words(family)))
    words = _words(family if comma else name)
    if not words or _bare(words[0]) in _NOBODY:
        return "", ""
    if len(words) == 1:
        return ("", _case(words[0])) if _titled(name) else (_case(words[0]), "")
    if _family_first(words):
        return " ".join(words[1:]), words[0]
    last = 1
    while last < len(words) - 1 and _bare(words[last]) not in _PARTICLES:
        last += 1
    return _case(_given(words)), _case(" ".join(words[last:]))


def _given(words: list[str]) -> str:
    """Return the first word, or the first two where the first is an initial: "J. Robert"."""
    if not words:
        return ""
    if len(words) > 2 and len(_bare(words[0])) == 1:
        return words[1] if len(_bare(words[1])) > 1 else words[0]
    return words[0]


def _words(text: str) -> list[str]:
    words = [word for word in text.split() if any(char.isalpha() for char in word)]
    while len(words) > 1 and _bare(words[0]) in _TITLES and (words[0].endswith(".") or len(_bare(words[0])) > 1):
        words.pop(0)
    while len(words) > 1 and _bare(words[-1]) in _SUFFIXES:
        words.pop()
    return words


def _titled(name: str) -> bool:
    words = name.split()
    return len(words) > 1 and _bare(words[0]) in _TITLES


def _bare(word: str) -> str:
    return word.strip(" .").casefold()


def _family_first(words: list[str]) -> bool:
    return all(
        unicodedata.name(char, "").startswith(("CJK", "HANGUL", "HIRAGANA", "KATAKANA"))
        for word in words
        for char in word
        if char.isalpha()
    )


def _case(name: str) -> str:
    """Return a name typed all small or all large as people write names; any other exactly as it is."""
    if name.islower() or (name.isupper() and len(name) > 2):
        return " ".join(
            word if _bare(word) in _PARTICLES and name.islower() else "-".join(map(str.capitalize, word.split("-")))
            for word in name.split(" ")
        )
    return name
