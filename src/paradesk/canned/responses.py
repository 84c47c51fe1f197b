"""Canned responses: what one is, a library of them, and filling one for a customer."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from paradesk.canned.follow_up import FollowUp
from paradesk.canned.language import chain
from paradesk.canned.template import compile_template
from paradesk.core.slots import Slot, find_slots

DEFAULT_LANGUAGE = "en"
"""What a customer gets who speaks none of a response's languages, unless the library says otherwise."""

FACETS = ("topic", "urgency", "customer", "language")
"""What the picker filters by, in its order; the first three are tags."""

URGENCIES = ("low", "normal", "high", "urgent")
"""The values of the tag `urgency`, lowest first."""


@dataclass(frozen=True, slots=True)
class Source:
    """A page that a response rests on, for the agent to read; it is never sent."""

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file that goes out with a response, beside the file that names it."""

    name: str
    path: str
    """Where it was when the responses were read, resolved."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One canned response in all its languages. Its bodies are checked templates."""

    id: str
    title: str
    body: Mapping[str, str]
    """Language tag (`en`, `de-AT`) → template."""
    tags: Mapping[str, str] = field(default_factory=dict)
    """`topic`, `urgency`, `customer` and whatever else a team files by."""
    labels: tuple[str, ...] = ()
    """Words that agents search by and customers use."""
    shortcut: str = ""
    more_shortcuts: tuple[str, ...] = ()
    folder: str = ""
    """Where agents find it when they browse, such as `billing/invoices`."""
    owner: str = ""
    reviewed: date | None = None
    review_every: timedelta | None = None
    active_from: date | None = None
    active_to: date | None = None
    """The first and the last day on which it is offered."""
    channels: tuple[str, ...] = ()
    """Only for chats of these channels; empty: for all."""
    profile: str = ""
    """Only for chats of this profile, whose backend keeps it; empty: one of this desk, for all."""
    links: tuple[Source, ...] = ()
    attachments: tuple[Attached, ...] = ()
    follow_up: FollowUp = field(default_factory=FollowUp)
    fallback: Mapping[str, str] = field(default_factory=dict)
    """Language tag → the one to take instead where it has no text."""
    default_language: str = ""
    """Of its file; empty: of the library."""
    path: str = ""
    line: int = 0
    root: str = ""
    """The directory that it was read from, which `path` lies in."""

    @property
    def shortcuts(self) -> tuple[str, ...]:
        """All its shortcuts, the first one first."""
        return tuple(filter(None, (self.shortcut, *self.more_shortcuts)))

    def active(self, today: date) -> bool:
        """Tell whether it is offered on this day."""
        begun = self.active_from is None or self.active_from <= today
        return begun and (self.active_to is None or today <= self.active_to)

    @property
    def review_due(self) -> date | None:
        """The day from which somebody should look at it again, or None where nobody promised to."""
        if self.reviewed is None or self.review_every is None:
            return None
        try:
            return self.reviewed + self.review_every
        except OverflowError:
            return None

    def overdue(self, today: date) -> bool:
        """Tell whether its review is due."""
        due = self.review_due
        return due is not None and today >= due

    def language_for(self, wanted: str, default: str = DEFAULT_LANGUAGE) -> str:
        """Return the best language that it has: by its fallbacks or `de-AT`, then `de`; its default; its first."""
        have = {tag.casefold(): tag for tag in self.body}
        for start in (wanted, self.default_language, default):
            for tag in chain(start, self.fallback):
                if found := have.get(tag):
                    return found
        return next(iter(self.body), default)

    def speaks(self, language: str) -> bool:
        """Tell whether a customer of this language gets it in that language, region aside."""
        base = language.replace("_", "-").casefold().partition("-")[0]
        return any(tag.casefold().partition("-")[0] == base for tag in self.body)


@dataclass(frozen=True, slots=True)
class Filled:
    """A response with the values of one conversation in it; what had none stands there as a blank."""

    text: str
    language: str
    slots: tuple[Slot, ...]
    """The blanks left open, in the order of the text."""
    response_id: str


class Library:
    """All responses of this desk: look-up by id, and the values to filter by. Immutable."""

    def __init__(self, responses: Iterable[Response] = (), default_language: str = DEFAULT_LANGUAGE) -> None:
        self.responses: tuple[Response, ...] = tuple(sorted(responses, key=lambda response: response.id))
        self.default_language = default_language
        self._by_id = {response.id: response for response in self.responses}
        self._facets: Mapping[str, tuple[str, ...]] | None = None

    def __len__(self) -> int:
        return len(self.responses)

    def __iter__(self) -> Iterator[Response]:
        return iter(self.responses)

    def get(self, response_id: str) -> Response | None:
        """Return the response with this id, or None."""
        return self._by_id.get(response_id)

    def folders(self) -> Mapping[str, int]:
        """Return every folder, those above others included, with how many responses lie in and below it."""
        found: dict[str, int] = {}
        for response in self.responses:
            parts = response.folder.split("/") if response.folder else []
            for depth in range(1, len(parts) + 1):
                name = "/".join(parts[:depth])
                found[name] = found.get(name, 0) + 1
        return dict(sorted(found.items(), key=lambda item: item[0].casefold()))

    def facets(self) -> Mapping[str, tuple[str, ...]]:
        """Return, per facet, the values that occur, urgency in its own order and the others alphabetically."""
        if self._facets is None:
            self._facets = self._values()
        return self._facets

    def _values(self) -> Mapping[str, tuple[str, ...]]:
        values: dict[str, set[str]] = {facet: set() for facet in FACETS}
        for response in self.responses:
            for facet in FACETS[:-1]:
                if value := response.tags.get(facet):
                    values[facet].add(value)
            values["language"].update(response.body)
        return {
            facet: tuple(sorted(found, key=lambda value: (URGENCIES.index(value) if value in URGENCIES else 9, value)))
            for facet, found in values.items()
        }


def fill(
    response: Response, context: Mapping[str, object], language: str, default_language: str = DEFAULT_LANGUAGE
) -> Filled:
    """Fill a response for one conversation, in the best language for `language`.

    `context` comes from `context_for`. A missing or empty value without `default` becomes a blank, `⟦order.id⟧`.
    Never raises for any values; raises `TemplateError` for a response that no loader has checked and that is wrong.
    """
    chosen = response.language_for(language, default_language)
    text = compile_template(response.body.get(chosen, "")).fill(context)
    return Filled(text, chosen, tuple(find_slots(text)), response.id)
