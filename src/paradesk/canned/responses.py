"""Canned responses: what one is, a library of them, and filling one for a customer."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from paradesk.canned.template import compile_template
from paradesk.core.slots import Slot, find_slots

DEFAULT_LANGUAGE = "en"
"""What a customer gets who speaks none of a response's languages, unless the library says otherwise."""

FACETS = ("topic", "urgency", "customer", "language")
"""What the picker filters by, in its order; the first three are tags."""

URGENCIES = ("low", "normal", "high", "urgent")
"""The values of the tag `urgency`, lowest first."""


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
    owner: str = ""
    reviewed: date | None = None
    review_every: timedelta | None = None
    path: str = ""
    line: int = 0

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
        """Return the best language that it has: `de-AT`, then `de`, then the default, then its first."""
        have = {tag.casefold(): tag for tag in self.body}
        for tag in (wanted, default):
            parts = tag.replace("_", "-").casefold().split("-")
            for length in range(len(parts), 0, -1):
                if found := have.get("-".join(parts[:length])):
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

    def __len__(self) -> int:
        return len(self.responses)

    def __iter__(self) -> Iterator[Response]:
        return iter(self.responses)

    def get(self, response_id: str) -> Response | None:
        """Return the response with this id, or None."""
        return self._by_id.get(response_id)

    def facets(self) -> Mapping[str, tuple[str, ...]]:
        """Return, per facet, the values that occur, urgency in its own order and the others alphabetically."""
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
