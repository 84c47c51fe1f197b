"""Is this a note for colleagues that is about to go out to the customer?

The patterns ask for what is hardly ever said to a customer: that "the customer" does something, shorthand of the trade, a
colleague called by `@`, a page that only the team can open. A word that may be either is only held.
"""

import re
from collections.abc import Iterator

from paradesk.core.names import first_name
from paradesk.core.text import clean_line
from paradesk.guard.passages import MAX_CHARACTERS
from paradesk.guard.situation import Situation, quoted
from paradesk.guard.verdict import Check, Finding, Severity

_DOES = (
    r"(?:is|was|has|had|says|said|claims|claimed|wants|wanted|lies|lied|seems|keeps|kept|insists|thinks|believes|threatens"
    r"|refuses|refused|complains|complained|denies|wrote|called|asked|asks|did|does|didn[’']t|doesn[’']t|won[’']t|never"
    r"|still|already|probably|obviously|clearly|sounds|got|needs|cannot|can[’']t|will not|might be|must be)"
)
_TUT = (
    r"(?:ist|war|hat|hatte|sagt|sagte|meint|meinte|will|wollte|möchte|lügt|behauptet|behauptete|droht|drohte|nervt|versteht"
    r"|glaubt|weigert|schreibt|schrieb|bekommt|kann|wurde|wird|braucht|beschwert|beschwerte|besteht|bestreitet|fragt|fragte"
    r"|soll|scheint|rief|fordert|verlangt)"
)
_SURE = re.compile(
    r"(?<![\w'’-])(?:"
    rf"(?:the|this|that)\s(?:customer|client|caller)\s{_DOES}\b"
    rf"|(?:^|(?<=[.!?:;,\n]\s)|(?<=\n))(?:customer|client|caller|cust|cx)\s{_DOES}\b"
    rf"|(?:der|dieser|dem|den)\s(?:kunde|kunden|anrufer)\s{_TUT}\b|(?:die|diese)\s(?:kundin|anruferin)\s{_TUT}\b"
    rf"|(?:^|(?<=[.!?:;,\n]\s)|(?<=\n))(?:kunde|kundin|kd\.?|kdn\.?|anrufer|anruferin)\s{_TUT}\b"
    r"|(?:tell|telling|inform|informing|show|showing)\s(?:the\scustomer|this\scustomer|the\sclient)\b"
    r"|(?:dem|der)\s(?:kunden|kundin)\s(?:nicht|nichts|bitte|noch)\s(?:sagen|mitteilen|nichts|schreiben|erzählen)\b"
    r"|(?:don[’']t|do\snot|never)\s(?:refund|promise|offer)\s(?:him|her|them)\b"
    r"|(?:don[’']t|do\snot|never)\s(?:tell|refund|promise|offer|show)\s(?:the|this)\s(?:customer|client)\b"
    r"|(?:not|nicht)\s(?:for|für|an)\s(?:the\s|den\s|die\s)?(?:customer|kunden|kundin)\b"
    r"|(?:für|for)\s(?:den\s|the\s)?internen?\s(?:use|gebrauch)\b|for\sinternal\suse\b|nur\sintern\b|internal\sonly\b"
    r"|(?:esc|escl)\.?\s(?:to|an|zu)\s\w"
    r"|(?:dup|dupe|dublette)\s(?:of|von|zu)\s#?\d"
    r"|(?:abusive|difficult|annoying|problem)\s(?:customer|client|caller)\b"
    r"|(?:schwieriger|nerviger|frecher|anstrengende[rs]?|schwierige|nervige)\s(?:kunde|kundin|anrufer)\b"
    r"|churn\srisk\b"
    r")",
    re.IGNORECASE,
)
_INTERNAL = r"(?:internal(?:\s(?:note|only|comment))?|intern(?:e[rs]?\s(?:notiz|vermerk|kommentar))?|private\snote)"
_BEGINS = re.compile(
    r"\s{0,20}[\[(*#-]{0,3}\s?(?:"
    rf"{_INTERNAL}\s?[\])*]{{0,3}}\s?[:–-]|(?<=\[){_INTERNAL}\]"
    r"|(?:note|notiz|vermerk|reminder)\s(?:to|an|für)\s"
    r"(?:self|team|the\steam|l\d|tier|support|next|whoever|colleagues?|all|the\snext|mich|das\steam|kolleg\w+|nächste\w*|@|alle)\b"
    r"|(?:he|she)(?:[’']s|\sis)?\s(?:says|claims|claimed|insists|keeps|lying|refuses|threatens|wants|complains)\b"
    r"|(?:er|sie)\s(?:sagt|behauptet|lügt|droht|weigert|besteht|nervt|meint)\b"
    r")",
    re.IGNORECASE,
)
_PERHAPS = re.compile(
    r"\s{0,20}(?:fyi|(?:he|she)\ssaid|z\.?\s?k\.?|zur\skenntnis|zur\sinfo\san)\b[:,.\s]", re.IGNORECASE
)
_NOT_A_PERSON = re.compile(
    r"(?:customer|client)\s(?:is|was|has|had|does|did)\s(?:our|always|king|the\sone|entitled|responsible|liable)"
    r"|kunde\s(?:ist|wird|kann|hat)\s(?:unser|könig|verpflichtet|berechtigt|verantwortlich)",
    re.IGNORECASE,
)
_CALLED = re.compile(r"(?<![\w.@/+-])@([\w][\w.-]{0,62}[\w]|\w)")
_EVERYBODY = frozenset({"here", "channel", "all", "team", "everyone", "alle", "support", "lead", "teamlead"})
_HOST_CELLS = 36
_HOST = re.compile(r"(?<![\w.@-])(?:[\w-]{1,63}\.){1,8}[\w-]{2,63}(?![\w@])")


def audience(of: Situation) -> Finding | None:
    """Object to a public reply that reads like a note."""
    text = of.draft.text[:MAX_CHARACTERS]
    if (found := next(_links(of, text), None)) is not None:
        return _finding(f"links to {clean_line(found, _HOST_CELLS)}, which is internal", found, Severity.ASK, 0.9)
    if (found := next(_colleagues(of, text), None)) is not None:
        return _finding(f"calls a colleague: {quoted(found, 30)}", found, Severity.ASK, 0.9)
    for match in _SURE.finditer(text):
        if not _NOT_A_PERSON.match(text, _customer(match)):
            return _finding(f"reads like a note: {quoted(_around(text, match), 36)}", match[0], Severity.ASK, 0.8)
    if begins := _BEGINS.match(text):
        return _finding(f"begins like a note: {quoted(_around(text, begins), 34)}", begins[0], Severity.ASK, 0.8)
    if perhaps := _PERHAPS.match(text):
        return _finding(f"begins like a note: {quoted(_around(text, perhaps), 34)}", perhaps[0], Severity.HOLD, 0.3)
    return None


def _finding(reason: str, evidence: str, severity: Severity, risk: float) -> Finding:
    return Finding(
        check=Check.AUDIENCE, severity=severity, reason=reason, evidence=(clean_line(evidence, 40),), risk=risk
    )


def _around(text: str, match: re.Match[str]) -> str:
    return text[match.start() : match.end() + 30].strip()


def _customer(match: re.Match[str]) -> int:
    """Return where the word for the customer begins in what was found."""
    place = re.search("customer|client|kunde", match[0], re.IGNORECASE)
    return match.start() + (place.start() if place else 0)


def _links(of: Situation, text: str) -> Iterator[str]:
    """Yield the internal hosts that the text names, with or without `https://`."""
    internal = [host.casefold().strip(".") for host in of.settings.internal_links]
    if not internal:
        return
    for match in _HOST.finditer(text):
        host = match[0].casefold()
        if any(host == one or host.endswith(f".{one}") for one in internal):
            yield host


def _colleagues(of: Situation, text: str) -> Iterator[str]:
    """Yield calls by `@` of colleagues, and of everybody; the customer's own name is none."""
    if "@" not in text:
        return
    profile = of.state.profiles.get(of.here.conversation.profile)
    known = set(_EVERYBODY)
    for agent in () if profile is None else profile.roster:
        pieces = agent.name.casefold().split()
        known.update(pieces)
        known.update(("".join(pieces), ".".join(pieces), "_".join(pieces), "-".join(pieces)))
        known.update((agent.id.casefold(), agent.id.casefold().lstrip("@").partition(":")[0]))
        known.add(agent.email.casefold().partition("@")[0])
    customer = of.here.conversation.customer
    known -= {*customer.name.casefold().split(), first_name(customer.name).casefold(), ""}
    for match in _CALLED.finditer(text):
        called = match[1].casefold()
        if called in known or called.partition(".")[0] in known:
            yield match[0]
