"""Puts the usage exports of a team together, and compares them with the responses that are installed. Pure."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from rapidfuzz import fuzz, process

from paradesk.canned.responses import Response
from paradesk.canned.review import Stale, stale
from paradesk.core.text import clean_line
from paradesk.desk.usage import ALIKE, ByHand, ResponseUsage, Usage

LEAST = 5
"""How often a response must have been sent, or answered, before a share of it says anything."""
EDITED = 0.8
"""From this share of edited replies on, a response counts as edited every time."""
REPEATED = 0.2
"""From this share of repeat questions on, a response counts as one that does not answer."""
MOST_MISSING = 100
"""Kinds of replies by hand that are told, the most frequent."""
_MOST_GROUPS = 2_000
_LONGEST_TEXT = 500
_PLACEHOLDER = re.compile(r"\{\{[^{}]*\}\}|\{%[^{}]*%\}")


@dataclass(slots=True)
class TeamResponse:
    """What became of one response in the whole team."""

    id: str
    title: str = ""
    """Empty where it is not installed here."""
    installed: bool = False
    desks: int = 0
    chosen: int = 0
    suggested: int = 0
    unchanged: int = 0
    rewritten: int = 0
    answered: int = 0
    thanks: int = 0
    repeat: int = 0
    last: str = ""
    _likeness: float = field(default=0.0, repr=False)

    @property
    def likeness(self) -> float:
        """Mean share of the filled text that was sent, 0 to 1."""
        return self._likeness / self.chosen if self.chosen else 0.0

    @property
    def edited(self) -> float:
        """The share of its replies that were not sent as they are."""
        return 1 - self.unchanged / self.chosen if self.chosen else 0.0

    @property
    def repeated(self) -> float:
        """The share of customers' answers that were the same question again."""
        return self.repeat / self.answered if self.answered else 0.0

    def add(self, said: ResponseUsage) -> None:
        """Add what one desk says of this response."""
        self.chosen += said.chosen
        self.suggested += said.suggested
        self.unchanged += said.unchanged
        self.rewritten += said.rewritten
        self.answered += said.answered
        self.thanks += said.thanks
        self.repeat += said.repeat
        self.last = max(self.last, said.last)
        self._likeness += said.likeness * said.chosen


@dataclass(slots=True)
class Missing:
    """A reply that is written by hand again and again, in one or several desks."""

    text: str
    count: int
    conversations: int
    desks: set[int]
    there: str = ""
    """The id of an installed response that says it already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TeamUsage:
    """What a lead wants to know, each list in a fixed order."""

    desks: int
    since: str
    until: str
    choices: int
    by_hand_replies: int
    used: list[TeamResponse]
    """What was sent, the most frequent first."""
    edited: list[TeamResponse]
    repeated: list[TeamResponse]
    missing: list[Missing]
    untold: int
    """Replies by hand that recur and whose wording the exports do not have."""
    unused: list[Response]
    stale: list[tuple[Stale, int]]
    """What is to be reviewed, the longest due first, and how often it was sent."""


def merged(usages: Sequence[Usage], responses: Iterable[Response], today: date) -> TeamUsage:
    """Return the usage of a team, from one export of each desk and the responses that are installed."""
    installed = {response.id: response for response in responses}
    used = _used(usages, installed)
    sent = {one.id: one.chosen for one in used}
    missing, untold = _missing(usages, list(installed.values()))
    enough = [one for one in used if one.chosen >= LEAST]
    return TeamUsage(
        desks=len(usages),
        since=min((usage.since for usage in usages if usage.since), default=""),
        until=max((usage.until for usage in usages), default=""),
        choices=sum(usage.choices for usage in usages),
        by_hand_replies=sum(usage.by_hand_replies for usage in usages),
        used=used,
        edited=sorted(
            (one for one in enough if one.edited >= EDITED), key=lambda one: (-one.edited, -one.chosen, one.id)
        ),
        repeated=sorted(
            (one for one in used if one.answered >= LEAST and one.repeated >= REPEATED),
            key=lambda one: (-one.repeated, -one.answered, one.id),
        ),
        missing=missing,
        untold=untold,
        unused=[installed[name] for name in sorted(installed) if not sent.get(name)],
        stale=[(item, sent.get(item.response.id, 0)) for item in stale(installed.values(), today)],
    )


def _used(usages: Sequence[Usage], installed: dict[str, Response]) -> list[TeamResponse]:
    found: dict[str, TeamResponse] = {}
    for usage in usages:
        here = set()
        for said in usage.responses:
            if not said.chosen:
                continue
            name = clean_line(said.id, 120)
            if name not in found:
                response = installed.get(name)
                title = clean_line(response.title, 80) if response is not None else ""
                found[name] = TeamResponse(name, title, response is not None)
            found[name].add(said)
            here.add(name)
        for name in here:
            found[name].desks += 1
    return sorted(found.values(), key=lambda one: (-one.chosen, -one.desks, one.id))


def _missing(usages: Sequence[Usage], responses: Sequence[Response]) -> tuple[list[Missing], int]:
    groups = [(desk, group) for desk, usage in enumerate(usages) for group in usage.by_hand]
    untold = sum(group.count for _, group in groups if not group.text)
    told = sorted(
        ((desk, group, _plain(group)) for desk, group in groups if group.text),
        key=lambda item: (-item[1].count, item[2], item[0]),
    )
    wordings: list[str] = []
    found: list[Missing] = []
    for desk, group, text in told[:_MOST_GROUPS]:
        same = process.extractOne(text.casefold(), wordings, scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE)
        if same is None:
            wordings.append(text.casefold())
            found.append(Missing(text, group.count, group.conversations, {desk}))
        else:
            one = found[same[2]]
            one.count += group.count
            one.conversations += group.conversations
            one.desks.add(desk)
    found = sorted(found, key=lambda one: (-one.count, -len(one.desks), one.text))[:MOST_MISSING]
    _find_there(found, responses)
    return found, untold


def _find_there(missing: Sequence[Missing], responses: Sequence[Response]) -> None:
    """Note which replies a response says already: it is not missing, but agents do not find it."""
    bodies = [
        (response.id, " ".join(_PLACEHOLDER.sub("…", text[:2_000]).split())[:_LONGEST_TEXT].casefold())
        for response in responses
        for text in response.body.values()
    ]
    texts = [text for _, text in bodies]
    for one in missing:
        same = process.extractOne(one.text.casefold(), texts, scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE)
        one.there = bodies[same[2]][0] if same is not None else ""


def _plain(group: ByHand) -> str:
    return clean_line(group.text[:2_000], _LONGEST_TEXT)
