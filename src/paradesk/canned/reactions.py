"""How a customer took a reply, told by the next message: thanks, the same question again, or neither.

Simple cues, in English and German. They are everyday phrases, written down for this purpose from no corpus, and they are
told by words only: irony, and other languages, are not understood.
"""

from enum import StrEnum

from rapidfuzz import fuzz

from paradesk.canned.tokens import words_of

_THANKS = (
    "thank", "thanks", "thx", "ty", "cheers", "perfect", "awesome", "great", "brilliant", "lovely", "that helps",
    "that worked", "works now", "solved", "danke", "dank", "dankeschön", "perfekt", "super", "prima", "klasse", "toll",
    "hat geklappt", "funktioniert jetzt", "geht jetzt", "hilft mir",
)  # fmt: skip
_REPEATS = (
    "still", "asking again", "once again", "as i said", "i said", "i already", "i asked", "you didn't", "you did not",
    "not what i", "my question", "that's not", "that is not", "doesn't help", "does not help", "didn't work", "doesn't work",
    "immer noch", "nochmal", "noch einmal", "wie gesagt", "ich sagte", "ich habe doch", "habe schon", "meine frage",
    "das war nicht", "hilft nicht", "hilft mir nicht", "klappt nicht", "geht nicht", "funktioniert nicht",
)  # fmt: skip
_SAME = 80
"""Likeness, in percent, from which a message says what the customer had asked before."""
_LEAST_WORDS = 3


class Reaction(StrEnum):
    """What a customer's next message says of the reply before it."""

    THANKS = "thanks"
    REPEAT = "repeat"
    OTHER = "other"


def _phrases(cues: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f" {' '.join(words_of(cue))} " for cue in cues)


_THANKS_SAID, _REPEATS_SAID = _phrases(_THANKS), _phrases(_REPEATS)


def reaction(text: str, asked: str) -> Reaction:
    """Return how `text` takes the reply to `asked`, what the customer had written before it.

    A complaint counts more than the politeness around it: "thanks, but it still does not work" is a repeat.
    """
    words = words_of(text[:2_000])
    said, before = f" {' '.join(words)} ", " ".join(words_of(asked[:2_000]))
    if any(cue in said for cue in _REPEATS_SAID):
        return Reaction.REPEAT
    if len(words) >= _LEAST_WORDS and before and fuzz.token_sort_ratio(said.strip(), before) >= _SAME:
        return Reaction.REPEAT
    return Reaction.THANKS if any(cue in said for cue in _THANKS_SAID) else Reaction.OTHER
