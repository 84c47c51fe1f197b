"""Words as responses and queries are compared by: folded, cut down to their stems, and hashed where they are counted."""

import re
import unicodedata
import zlib
from functools import lru_cache

WORD = re.compile(r"\w+")
"""What counts as a word."""
_LONGEST = 24
_ENDINGS = ("ings", "ing", "ies", "ied", "es", "ed", "ly", "en", "er", "s", "e")
_SHORTEST_STEM = 4


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return text as it is compared: small letters, without accents."""
    folded = text.casefold()
    if folded.isascii():
        return folded
    return "".join(char for char in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(char))


def words_of(text: str) -> list[str]:
    """Return the folded words of a text in their order."""
    return [word[:_LONGEST] for word in WORD.findall(fold(text))]


@lru_cache(maxsize=16_384)
def stem(word: str) -> str:
    """Return a folded word without a common English or German ending, at least four letters of it."""
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)]
    return word


def feature(kind: str, *parts: str) -> int:
    """Return the number under which something that was seen is counted: the same on every machine, 32 bits, no text."""
    return zlib.crc32("\x1f".join((kind, *parts)).encode("utf-8", "surrogatepass"))
