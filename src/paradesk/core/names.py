"""People's names: a stable hue, the first name to greet with, and whether two names are easily taken for each other."""

import unicodedata
import zlib
from collections.abc import Sequence
from functools import lru_cache

from rapidfuzz.distance import OSA

HUES = 12

_TITLES = frozenset(
    [
        *("mr", "mrs", "ms", "miss", "mx", "dr", "prof", "sir", "dame", "herr", "frau", "hr", "fr", "mag"),
        *("mme", "mlle", "sr", "sra", "srta", "sig", "dott", "señor", "señora"),
    ]
)

# What looks like a Latin letter (or like another one), after case folding and without accents.
_LOOKALIKES = {
    ord(lookalike): letter
    for letter, lookalikes in {
        "a": "аα",
        "b": "вβь",
        "c": "с",
        "d": "ԁđ",
        "e": "еєε3",
        "h": "нһħ",
        "i": "іιıїl|1",
        "j": "ј",
        "k": "кκ",
        "m": "м",
        "n": "ηп",
        "o": "оοøσ0",
        "p": "рρ",
        "q": "ԛ",
        "s": "ѕ5",
        "t": "тτŧ",
        "u": "υц",
        "v": "ν",
        "w": "ԝω",
        "x": "хχ",
        "y": "уү",
    }.items()
    for lookalike in lookalikes
} | {ord("ł"): "i", ord("æ"): "a", ord("œ"): "o", ord("þ"): "p"}

# Two spellings of one sound, as in Kühn and Kuehn, or two glyphs that read as one, as in rn and m.
_SPELLINGS = (("ae", "a"), ("oe", "o"), ("ue", "u"), ("rn", "m"), ("vv", "w"))


def hue(customer_id: str) -> int:
    """Return a number from 0 to 11 that is always the same for this customer, on every machine and in every run."""
    return zlib.crc32(customer_id.encode("utf-8", "replace")) % HUES


def first_name(name: str) -> str:
    """Return the part of a name to greet with: without titles, and from "Chen, Sarah" as well; empty for no name."""
    text = " ".join(name.split())
    if "@" in text:
        return text
    if "," in text:
        text = " ".join(reversed([part.strip() for part in text.split(",", 1)])).strip()
    words = text.split()
    while len(words) > 1 and words[0].rstrip(".").casefold() in _TITLES:
        words = words[1:]
    return words[0] if words else ""


@lru_cache(maxsize=4096)
def _skeleton(name: str) -> tuple[str, ...]:
    folded = unicodedata.normalize("NFKD", name.casefold())
    letters = "".join(c for c in folded if not unicodedata.combining(c) and unicodedata.category(c) != "Cf")
    letters = letters.translate(_LOOKALIKES)
    for spelling, short in _SPELLINGS:
        letters = letters.replace(spelling, short)
    words = "".join(c if c.isalnum() else " " for c in letters).split()
    titles = {_letters_only(title) for title in _TITLES}
    kept = [word for word in words if word not in titles]
    return tuple(kept or words)


@lru_cache(maxsize=64)
def _letters_only(title: str) -> str:
    return title.casefold().translate(_LOOKALIKES)


def _near(a: str, b: str) -> bool:
    """Whether two words differ by so little that the eye skips it; a letter more or less in a long word does."""
    shorter = min(len(a), len(b))
    allowed = 0 if shorter < 3 else 1 if shorter < 8 else 2
    return OSA.distance(a, b, score_cutoff=allowed) <= allowed


@lru_cache(maxsize=16_384)
def confusable(a: str, b: str) -> bool:
    """Say whether an agent with both names on the screen could take one for the other.

    True for the same name in other letters (case, accents, look-alikes of other scripts), for a letter more, less or
    swapped, and for the same first name with a surname that begins alike, since narrow places show "Jonas K." for both.
    """
    left, right = _skeleton(a), _skeleton(b)
    if left == right or sorted(left) == sorted(right):
        return True
    if not left or not right:
        return False
    whole_left, whole_right = "".join(left), "".join(right)
    if _near(whole_left, whole_right) and min(len(whole_left), len(whole_right)) > 3:
        return True
    if len(left) == 1 or len(right) == 1:
        return len(left) != len(right) and len(left[0]) > 2 and left[0] == right[0]
    if not _near(left[0], right[0]):
        return False
    return left[-1][0] == right[-1][0] or _near(left[-1], right[-1])


@lru_cache(maxsize=16)
def _mixed_up(names: tuple[str, ...]) -> frozenset[str]:
    found: set[str] = set()
    for place, name in enumerate(names):
        for other in names[place + 1 :]:
            if (name not in found or other not in found) and confusable(name, other):
                found.update((name, other))
    return frozenset(found)


def mixed_up(names: Sequence[str]) -> frozenset[str]:
    """Return those of these names that can be taken for another of them; the same name twice counts."""
    return _mixed_up(tuple(sorted(names)))
