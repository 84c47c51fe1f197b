"""Canned responses in the open chats: ranked for each, suggested before anything is typed, followed until they are sent."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from paradesk.canned.offering import offered
from paradesk.canned.responses import Filled
from paradesk.core.model import ClientId, ConversationId, Role, Visibility
from paradesk.core.state import Thread
from paradesk.desk.choices import Choice, Source, numbers_of
from paradesk.desk.desk import Desk

if TYPE_CHECKING:
    from paradesk.canned.moment import Moment
    from paradesk.canned.ranking import Ranking
    from paradesk.canned.responses import Library

SUGGESTIONS = 3
"""How many are suggested at most."""

SURE = 0.5
"""What the suggestions of a chat must come to together: below it they are wrong more often than right, and none is shown."""

FAINT = 0.08
"""A single suggestion below this is left out."""

RECOGNISED = 0.35
"""Share of a filled text that must have been sent for it to be that response; below, it is a reply written by hand."""

_MOST_USED = 12
_LOOKED_BACK = 120
_MOST_PENDING = 20


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A response that probably comes next, by its id, and how probable it is."""

    response_id: str
    title: str
    probability: float


@dataclass(frozen=True, slots=True)
class _Pending:
    """A response that stands in a composer and has not been sent."""

    filled: Filled
    source: Source
    features: tuple[int, ...]


class Choosing:
    """Knows what is likely in which chat, and what came of it. Called on the screen's loop only, but for `prepare`."""

    def __init__(
        self, desk: Desk, library: "Callable[[], Library]", language: str, *, clock: Callable[[], float],
        suggest: bool,
    ) -> None:  # fmt: skip
        """`language` is what the agent wants for every chat; `suggest` turns the suggestions on."""
        self._desk, self._library, self._language, self._clock = desk, library, language, clock
        self._suggest = suggest
        self._lock = threading.Lock()
        self._ranking: Ranking | None = None
        self._pending: dict[tuple[ConversationId, Visibility], list[_Pending]] = {}
        self._suggested: dict[ConversationId, tuple[object, tuple[Suggestion, ...]]] = {}

    def prepare(self) -> None:
        """Load and index the responses. Any thread; who asks meanwhile waits for that."""
        from paradesk.canned.moment import Moment
        from paradesk.canned.ranking import Ranking

        library = self._library()
        with self._lock:
            if self._ranking is None or self._ranking.library is not library:
                ranking = Ranking(library)
                # What is the same for every chat is worked out here, and not while somebody waits for the picker.
                ranking.rank(Moment(), "", language=self._language or library.default_language, today=date.today())
                self._ranking = ranking

    @property
    def ranking(self) -> "Ranking":
        """The ranking, with all that was learnt until now."""
        if self._ranking is None or self._ranking.library is not self._library():
            self.prepare()
        ranking = self._learnt()
        assert ranking is not None
        return ranking

    def _learnt(self) -> "Ranking | None":
        """Return the ranking as far as there is one, with all that was learnt until now."""
        ranking = self._ranking
        if ranking is not None and (practice := self._desk.practice) is not None:
            ranking.habits = practice.habits
        return ranking

    def moment(self, thread: Thread) -> "Moment":
        """Return what a chat tells of the response that comes next."""
        from paradesk.canned.moment import moment_of

        return moment_of(thread, self._used(thread), self._clock())

    def language(self, thread: Thread, library: "Library") -> str:
        """Return the language in which responses are filled for this chat, where they have it."""
        return self._language or thread.conversation.customer.language or library.default_language

    def _used(self, thread: Thread) -> list[str]:
        sent_as = {} if self._desk.practice is None else self._desk.practice.sent_as
        used: list[str] = []
        transcript = thread.transcript
        for place in range(len(transcript) - 1, max(-1, len(transcript) - _LOOKED_BACK), -1):
            message = transcript[place]
            if message.role is Role.AGENT and message.visibility is Visibility.PUBLIC and not message.deleted:
                used.append(sent_as.get(message.client_id, "") if message.client_id is not None else "")
                if len(used) == _MOST_USED:
                    break
        return used

    # Suggestions

    def suggestions(self, thread: Thread) -> tuple[Suggestion, ...]:
        """Return what probably comes next in a chat, the likeliest first; nothing where that is not clear enough.

        The same until the chat or what was learnt changes. Nothing before the responses are loaded.
        """
        ranking = self._learnt()
        if not self._suggest or ranking is None or thread.conversation.ended:
            return ()
        key = (ranking, thread.version, len(thread.transcript), ranking.habits.choices)
        known = self._suggested.get(thread.conversation.id)
        if known is not None and known[0] == key:
            return known[1]
        language = self.language(thread, ranking.library)
        here = offered(ranking.library, thread.conversation.channel, date.today(), thread.conversation.profile)
        likely = ranking.likely(self.moment(thread), SUGGESTIONS, language, only=here)
        found = tuple(
            Suggestion(response.id, response.title, probability)
            for response, probability in likely
            if probability >= FAINT
        )
        if sum(suggestion.probability for suggestion in found) < SURE:
            found = ()
        self._suggested[thread.conversation.id] = key, found
        return found

    # What becomes of a response

    def inserted(self, thread: Thread, visibility: Visibility, filled: Filled, source: Source, typed: str = "") -> None:
        """A response is about to be inserted, found with the words `typed`."""
        moment = self.moment(thread)
        features = numbers_of([*moment.typed(typed, finished=True).values(), *moment.around.values()])
        pending = self._pending.setdefault((thread.conversation.id, visibility), [])
        pending.append(_Pending(filled, source, features))
        del pending[:-_MOST_PENDING]

    def cleared(self, conversation_id: ConversationId, visibility: Visibility) -> None:
        """A draft is empty again: what stood in it was not chosen after all."""
        self._pending.pop((conversation_id, visibility), None)

    def sent(self, conversation_id: ConversationId, visibility: Visibility, text: str, client_id: ClientId) -> None:
        """A reply was accepted: the responses that are in it count as chosen, as far as they were sent."""
        for pending in self._pending.pop((conversation_id, visibility), ()):
            likeness = likeness_of(pending.filled.text, text)
            if visibility is Visibility.PUBLIC and likeness >= RECOGNISED:
                self._desk.note_choice(
                    Choice(
                        at=self._clock(),
                        conversation_id=conversation_id,
                        client_id=client_id,
                        response_id=pending.filled.response_id,
                        language=pending.filled.language,
                        source=pending.source,
                        likeness=round(likeness, 3),
                        features=pending.features,
                    )
                )


def likeness_of(filled: str, sent: str) -> float:
    """Return how much of a filled text was sent, 0 to 1; filled blanks and what was written around it cost little."""
    from rapidfuzz import fuzz

    one, two = " ".join(filled.split()), " ".join(sent.split())
    if not one or not two:
        return 0.0
    whole = fuzz.ratio(one, two)
    return max(whole, fuzz.partial_ratio(one, two) if len(two) > len(one) else 0.0) / 100
