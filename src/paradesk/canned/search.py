"""Finding the right response without a screen: by what is typed, and by what the customer wrote."""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache

from paradesk.canned.moment import Moment, moment_of
from paradesk.canned.ranking import Hit, Ranking
from paradesk.canned.responses import Library
from paradesk.core.state import Thread


def search(
    library: Library,
    query: str,
    facets: Mapping[str, str],
    thread: Thread | None,
    language: str = "",
    today: date | None = None,
) -> list[Hit]:
    """Return the responses that match, best first, as a `Ranking` that has learnt nothing finds them."""
    moment = Moment(answered=True) if thread is None else moment_of(thread, (), thread.waiting_since or 0.0)
    return list(_ranking(library).rank(moment, query, facets, language, today).hits)


@lru_cache(maxsize=4)
def _ranking(library: Library) -> Ranking:
    return Ranking(library)
