"""How canned responses were used on this machine: read from the journal, and written as a file for the team lead."""

import hashlib
import re
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec
from rapidfuzz import fuzz, process

from paradesk.canned.reactions import Reaction, reaction
from paradesk.core.model import ClientId, ConversationId, Role, Visibility
from paradesk.core.text import clean_text
from paradesk.desk.choices import Choice, ChoiceTable, Source
from paradesk.desk.lessons import Kept, shown_messages

FORM = "paradesk-usage-1"
"""What the export calls its form; another number is another form."""
UNCHANGED, REWRITTEN = 0.98, 0.8
"""From the first likeness on a response counts as sent as it is; below the second as rewritten."""
RECURS = 3
"""How often a reply must have been written by hand to be told of."""
ALIKE = 85
"""From this likeness on, out of 100 and whatever the order of the words, two replies say the same."""
_SHORTEST = 12
_MOST_BY_HAND = 3_000
_MOST_CLUSTERS = 100
_VALUE = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+|https?://\S+|\b\w*\d[\w.,:/-]*")


class ResponseUsage(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What became of one response. Counts only."""

    id: str
    chosen: int = 0
    """How often it was sent, by whatever way it was chosen."""
    suggested: int = 0
    """How many of these were suggestions."""
    unchanged: int = 0
    rewritten: int = 0
    likeness: float = 0.0
    """Mean share of the filled text that was sent, 0 to 1."""
    languages: dict[str, int] = msgspec.field(default_factory=dict)
    answered: int = 0
    """How often the customer wrote again after it."""
    thanks: int = 0
    repeat: int = 0
    last: str = ""
    """The day it was sent last, such as `2026-11-28`."""


class ByHand(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """A reply that was written by hand again and again, with values taken out."""

    count: int
    conversations: int
    words: int
    text: str = ""
    """One wording, each value replaced by `…`; empty unless it was asked for."""


class Usage(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """The export for the lead: counts and ids of responses; no customer, no conversation, no message."""

    form: str = FORM
    mark: str = ""
    """Tells exports of one desk from those of others: a hash of its first choice. Forgetting all choices changes it."""
    since: str = ""
    """The day of the first choice; empty where there is none."""
    until: str = ""
    """The day on which it was written."""
    choices: int = 0
    by_hand_replies: int = 0
    """Replies that were written by hand, among those that are kept here."""
    responses: list[ResponseUsage] = msgspec.field(default_factory=list)
    by_hand: list[ByHand] = msgspec.field(default_factory=list)


@dataclass(slots=True)
class _Counting:
    usage: ResponseUsage
    total: float = 0.0
    at: float = 0.0
    conversations: set[ConversationId] = field(default_factory=set)


def usage_of(connection: sqlite3.Connection, *, texts: bool = False, now: float | None = None) -> Usage:
    """Return how responses were used, from an open journal; `texts` adds the wording of what is written by hand.

    A reply that has left the journal counts as chosen, and as not answered. Raises sqlite3.Error.
    """
    choices = list(ChoiceTable(connection).choices())
    counted = _counted(choices)
    by_conversation: dict[ConversationId, dict[ClientId, Choice]] = {}
    for choice in choices:
        by_conversation.setdefault(choice.conversation_id, {})[choice.client_id] = choice
    by_hand: list[tuple[ConversationId, str]] = []
    for conversation_id, messages in _conversations(connection):
        made = by_conversation.get(conversation_id, {})
        _look_through(messages, made, counted)
        by_hand += [
            (conversation_id, message.body)
            for message in messages
            if _own(message) and message.client_id is not None and ClientId(message.client_id) not in made
        ]
    return Usage(
        mark=_mark(choices[0]) if choices else "",
        since=_day(min((choice.at for choice in choices), default=None)),
        until=_day(time.time() if now is None else now),
        choices=len(choices),
        by_hand_replies=len(by_hand),
        responses=sorted((one.usage for one in counted.values()), key=lambda usage: (-usage.chosen, usage.id)),
        by_hand=alike(by_hand, texts=texts),
    )


def _counted(choices: Iterable[Choice]) -> dict[str, _Counting]:
    counted: dict[str, _Counting] = {}
    for choice in choices:
        one = counted.setdefault(choice.response_id, _Counting(ResponseUsage(id=choice.response_id)))
        usage = one.usage
        usage.chosen += 1
        usage.suggested += choice.source is Source.SUGGESTION
        usage.unchanged += choice.likeness >= UNCHANGED
        usage.rewritten += choice.likeness < REWRITTEN
        usage.languages[choice.language] = usage.languages.get(choice.language, 0) + 1
        one.total += choice.likeness
        usage.likeness = round(one.total / usage.chosen, 3)
        one.at = max(one.at, choice.at)
        usage.last = _day(one.at)
    return counted


def _look_through(messages: Sequence[Kept], made: Mapping[ClientId, Choice], counted: Mapping[str, _Counting]) -> None:
    """Count how the customer took the responses of one conversation: by the next message, up to the next reply."""
    asked = ""
    waiting: tuple[Choice, str] | None = None
    for message in messages:
        if message.visibility is not Visibility.PUBLIC:
            continue
        if message.role is Role.CUSTOMER:
            if waiting is not None:
                usage = counted[waiting[0].response_id].usage
                usage.answered += 1
                taken = reaction(message.body, waiting[1])
                usage.thanks += taken is Reaction.THANKS
                usage.repeat += taken is Reaction.REPEAT
                waiting = None
            asked = message.body
        elif message.role is Role.AGENT:
            choice = made.get(ClientId(message.client_id)) if message.client_id is not None else None
            waiting = None if choice is None else (choice, asked)


def _own(message: Kept) -> bool:
    return message.role is Role.AGENT and message.visibility is Visibility.PUBLIC and message.client_id is not None


def _conversations(connection: sqlite3.Connection) -> Iterator[tuple[ConversationId, list[Kept]]]:
    """Yield each conversation with its messages as they stand now, oldest first; the newest conversations first."""
    order = connection.execute(
        "select conversation_id from messages where base is not null group by conversation_id order by max(sent_at) desc"
    ).fetchall()
    for (conversation_id,) in order:
        rows = connection.execute(
            "select base, amendment from messages where conversation_id = ? and base is not null order by order_key, id",
            (conversation_id,),
        )
        yield ConversationId(conversation_id), list(shown_messages(iter(rows)))


def alike(replies: Sequence[tuple[ConversationId, str]], *, texts: bool) -> list[ByHand]:
    """Return the replies that recur, values aside, the most frequent first."""
    wordings: list[str] = []
    members: list[list[tuple[ConversationId, str]]] = []
    for conversation_id, text in replies[:_MOST_BY_HAND]:
        plain = " ".join(_VALUE.sub("…", clean_text(text[:2_000])).split())
        if len(plain) < _SHORTEST:
            continue
        found = process.extractOne(plain.casefold(), wordings, scorer=fuzz.token_sort_ratio, score_cutoff=ALIKE)
        if found is None:
            wordings.append(plain.casefold())
            members.append([(conversation_id, plain)])
        else:
            members[found[2]].append((conversation_id, plain))
    recurring = sorted((group for group in members if len(group) >= RECURS), key=len, reverse=True)[:_MOST_CLUSTERS]
    return [
        ByHand(
            count=len(group),
            conversations=len({conversation_id for conversation_id, _ in group}),
            words=len(group[0][1].split()),
            text=group[0][1] if texts else "",
        )
        for group in recurring
    ]


def _mark(first: Choice) -> str:
    # The id of a reply is random, so that nothing can be guessed from its hash.
    said = f"{first.at} {first.client_id}".encode(errors="surrogateescape")
    return hashlib.sha256(said).hexdigest()[:16]


def _day(at: float | None) -> str:
    if at is None:
        return ""
    try:
        return datetime.fromtimestamp(at).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ""
