"""Is this text from another chat: a canned response filled for that customer, or something copied from there?"""

from collections.abc import Iterator, Sequence

from paradesk.core.model import ConversationId
from paradesk.core.names import first_name
from paradesk.core.state import Thread
from paradesk.core.text import clean_line
from paradesk.guard.passages import RUN, runs, words
from paradesk.guard.situation import Situation, quoted
from paradesk.guard.verdict import Check, Finding, Origin, OriginKind, Severity

_ENOUGH_CHARACTERS = 12
_ENOUGH_WORDS = 3
_VERBATIM = 25
"""Characters of a passage from which on it is no chance that another customer used the same words."""
_PIECE = 3
"""Words in a row that show that a part of a copied text still stands."""
_SHORTEST_VALUE = 3
_COMMON_WORDS = """
    a an and are as at be but by can do for from had has have he her him his how i if in is it its me my no not of on or
    our she so that the their them then there they this to us was we were what when which who will with would yes you your
    aber als am an auch auf aus bei bin bis das dass dem den der des die doch du ein eine einem einen einer er es für hat
    haben ich ihr ihre ihren im in ist ja kann mein mich mir mit nach nicht noch nun nur ob oder sein sich sie sind so und
    uns unser vom von vor war was wenn wie wir wird zu zum zur
    hi hello hey hallo dear thanks thank danke please bitte ok okay guten tag liebe lieber
"""
_COMMON = frozenset(_COMMON_WORDS.split())


def provenance(of: Situation) -> Finding | None:
    """Object to text that came from another chat: by what the composer knows, then by what stands in the others."""
    draft = words(of.draft.text)
    if not draft:
        return None
    for origin in of.draft.origins:
        if origin.kind is OriginKind.MOVED or origin.conversation_id == of.draft.conversation_id:
            continue
        found = _filled(of, origin, draft) if origin.kind is OriginKind.CANNED else _copied(of, origin, draft)
        if found is not None:
            return found
    return _verbatim(of, draft)


def _finding(meant: ConversationId, reason: str, evidence: str, risk: float) -> Finding:
    return Finding(
        check=Check.PROVENANCE, severity=Severity.ASK, reason=reason, meant=meant, evidence=(evidence,), risk=risk
    )


def _filled(of: Situation, origin: Origin, draft: Sequence[str]) -> Finding | None:
    """A response filled for another customer is harmless until it says something that is theirs alone."""
    filled, standing = _spaced(words(origin.text)), _spaced(draft)
    there = of.state.threads.get(origin.conversation_id)
    known_here = {_spaced(words(value)) for _, value in _values(of.here)}
    here = of.passages.of(of.here)
    values = _guessed(origin.text) if there is None else _values(there)
    for label, value in sorted(values, key=_telling, reverse=True):
        said = words(value)
        wanted = _spaced(said)
        if len(wanted) < _SHORTEST_VALUE + 2 or wanted not in filled or wanted not in standing:
            continue
        if _COMMON.issuperset(said) or here.says(said) or any(wanted in known for known in known_here):
            continue
        shown = clean_line(value, 30)
        what = f"{label} {shown}" if label else shown
        return _finding(origin.conversation_id, f"filled there: {what}", shown, 0.95)
    return None


def _copied(of: Situation, origin: Origin, draft: Sequence[str]) -> Finding | None:
    """Copied text is fine where it was said here too, and where so little is left of it that nothing can be told."""
    here = of.passages.of(of.here)
    best: tuple[str, ...] = ()
    for passage in _standing(words(origin.text), draft):
        telling = [word for word in passage if word not in _COMMON]
        if sum(map(_weight, telling)) < _ENOUGH_CHARACTERS and len(telling) < _ENOUGH_WORDS:
            continue
        if here.says(passage) or (len(passage) >= RUN and _everywhere(of, passage, origin.conversation_id)):
            continue
        if len(passage) > len(best):
            best = passage
    if not best:
        return None
    shown = quoted(_as_written(of.draft.text, best))
    return _finding(origin.conversation_id, f"copied there: {shown}", shown, 0.9)


def _standing(copied: Sequence[str], draft: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """Yield the parts of a copied text that still stand in the draft, each as long as it goes."""
    piece = min(_PIECE, len(copied))
    if not piece:
        return
    known = {tuple(copied[place : place + piece]) for place in range(len(copied) - piece + 1)}
    yield from _joined(draft, piece, [tuple(draft[at : at + piece]) in known for at in range(len(draft) - piece + 1)])


def _joined(draft: Sequence[str], length: int, hits: Sequence[bool]) -> Iterator[tuple[str, ...]]:
    """Yield the stretches of words of which each piece of this length was found."""
    begin = None
    for place, hit in enumerate([*hits, False]):
        if hit and begin is None:
            begin = place
        elif not hit and begin is not None:
            yield tuple(draft[begin : place - 1 + length])
            begin = None


def _verbatim(of: Situation, draft: Sequence[str]) -> Finding | None:
    """Look for a passage that a customer wrote in one of the other chats, and nobody here.

    What agents write is the same in many chats; a detail in it is what the check `leak` looks for.
    """
    passages = runs(draft)
    if not passages or not of.others:
        return None
    here = of.passages.of(of.here)
    wanted = {one for one in passages if one not in here.by_customer and one not in here.by_others}
    if not wanted:
        return None
    there = [(thread, of.passages.of(thread)) for thread in of.others]
    for thread, said in there:
        hits = wanted & said.by_customer
        if not hits:
            continue
        hits -= said.by_others
        for _, other in there:
            if other is not said:
                hits -= other.by_customer
                hits -= other.by_others
        for passage in _joined(draft, RUN, [one in hits for one in passages]):
            if sum(map(_weight, passage)) + len(passage) - 1 < _VERBATIM:
                continue
            shown = quoted(_as_written(of.draft.text, passage))
            return _finding(thread.conversation.id, f"that customer wrote {shown}", shown, 0.8)
    return None


def _everywhere(of: Situation, passage: Sequence[str], origin: ConversationId) -> bool:
    """Tell whether agents wrote this in other chats as well: then it belongs to no customer."""
    wanted = set(runs(passage))
    return any(wanted <= of.passages.of(thread).by_others for thread in of.others if thread.conversation.id != origin)


def _values(thread: Thread) -> list[tuple[str, str]]:
    """Return what a canned response can say of a customer that is theirs, each with a word for it."""
    conversation, customer = thread.conversation, thread.conversation.customer
    last = customer.name.split()[-1:] if len(customer.name.split()) > 1 else []
    found = [
        ("", customer.name),
        ("", first_name(customer.name)),
        *(("", name) for name in last),
        ("", customer.email),
        ("phone", customer.phone),
        ("", customer.company),
        ("ticket", conversation.number),
        ("", conversation.subject),
        *(("order" if name == "id" else name, value) for name, value in conversation.order.items()),
        *customer.attributes.items(),
        *conversation.attributes.items(),
        ("plan", customer.plan),
    ]
    return [(clean_line(label, 16), value) for label, value in found if value]


def _guessed(text: str) -> list[tuple[str, str]]:
    """Return what looks like a value in a text whose chat is not known any more: whatever has a digit or an `@`."""
    pieces = (piece.strip(".,;:!?()") for piece in text.split())
    return [("", piece) for piece in pieces if "@" in piece or any(char.isdigit() for char in piece)][:200]


def _telling(value: tuple[str, str]) -> tuple[bool, int]:
    """Return how much a value says about whose it is: numbers and addresses before names, long before short."""
    return any(char == "@" or char.isdigit() for char in value[1]), len(value[1])


def _spaced(found: Sequence[str]) -> str:
    return f" {' '.join(found)} "


def _weight(word: str) -> int:
    """Return how many characters a word counts: a sign of a script without blanks says as much as three letters."""
    return 3 if len(word) == 1 and ord(word) >= 0x0E00 else len(word)


def _as_written(text: str, passage: Sequence[str]) -> str:
    """Return a passage as it stands in the text, or else its words."""
    begin = text.casefold().find(passage[0])
    if begin < 0 or len(text.casefold()) != len(text):
        return " ".join(passage)
    return text[begin:] if words(text[begin:])[: len(passage)] == tuple(passage) else " ".join(passage)
