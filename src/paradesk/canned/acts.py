"""What a short utterance does, told by its words: it greets, thanks, declines, asks when. For a start without any lessons.

The words are everyday English and German ones, written down for this purpose; none comes from a corpus.
"""

import re

from paradesk.canned.tokens import words_of

_WORDS = {
    "greeting": "hi hello hey hallo greetings welcome moin servus",
    "farewell": "bye goodbye farewell ciao tschuss wiedersehen wiederhoren",
    "thanks": "thanks thank thx danke dank merci cheers",
    "apology": "sorry apologise apologize apologies unfortunately regret afraid leider entschuldigung tut leid",
    "consent": "yes yeah yep sure ok okay right correct alright ja gern gerne stimmt",
    "refusal": "no not none nothing cannot cant unable unavailable kein keine nicht nichts",
    "time": "when time date day hour wann uhrzeit datum tag",
    "place": "where location place address wo ort adresse",
    "person": "who name called wer",
    "price": "much price cost budget fee expensive cheap cheaper preis kosten gebuhr",
    "quantity": "many number count amount anzahl viele",
    "waiting": "wait moment hold minute check checking look warten augenblick prufe",
    "done": "done booked confirmed success successful successfully complete completed erledigt bestatigt",
    "help": "help assist hilfe helfen",
}
_BITS: dict[str, int] = {}
for _place, _row in enumerate(_WORDS.values()):
    for _word in _row.split():
        _BITS[_word] = _BITS.get(_word, 0) | 1 << _place
_ASKS = re.compile(
    r"\s*(what|whats|when|where|who|which|how|do|does|is|are|can|could|would|will|may|any"
    r"|was|wann|wo|wer|welche[rs]?|wie|wieviel|kann|können|könnten|haben|ist|sind|möchten|dürfen)\b",
    re.IGNORECASE,
)


def acts_of(text: str) -> int:
    """Return what a text does, one bit for each act."""
    found = 0
    for word in words_of(text.replace("'", "").replace("\u2019", "")):
        found |= _BITS.get(word, 0)
    return found


def greets(text: str) -> bool:
    """Tell whether a text begins with a greeting."""
    return any(_BITS.get(word, 0) & 1 for word in words_of(text[:40])[:2])


def asks(text: str) -> bool:
    """Tell whether a text is a question, by its mark or its first word."""
    return "?" in text or _ASKS.match(text) is not None
