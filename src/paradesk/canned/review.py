"""How old a response is, and from when to when it holds, in words and for lists."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from paradesk.canned.responses import Response

ENDING_SOON = timedelta(days=14)
"""Before its last day, a response says when it ends."""


def ago(then: date, today: date) -> str:
    """Return how long ago a day was: `today`, `3 days ago`, `8 months ago`, `2 years ago`."""
    days = (today - then).days
    if days <= 0:
        return "today"
    count, unit = (days, "day") if days < 60 else (days // 30, "month") if days < 730 else (days // 365, "year")
    return f"{count} {unit}{'' if count == 1 else 's'} ago"


def age_words(response: Response, today: date) -> str:
    """Return when it was reviewed: `reviewed 8 months ago`, or `never reviewed`."""
    return "never reviewed" if response.reviewed is None else f"reviewed {ago(response.reviewed, today)}"


def ending_words(response: Response, today: date) -> str:
    """Return `ends today` or `ends in 5 days` for a response that is about to end, else nothing."""
    if response.active_to is None or not today <= response.active_to <= today + ENDING_SOON:
        return ""
    days = (response.active_to - today).days
    return "ends today" if not days else f"ends in {days} day{'' if days == 1 else 's'}"


@dataclass(frozen=True, slots=True)
class Stale:
    """A response that somebody should look at, and why."""

    response: Response
    due: date
    """The day from which its review is due, or its last day."""
    reason: str


def stale(responses: Iterable[Response], today: date, days: int = 0, owner: str = "") -> list[Stale]:
    """Return the responses whose review is due, or that end, within so many days; the longest due first.

    One that has ended is listed as well: it stands in the files, and nobody sees it any more.
    """
    horizon = _later(today, days)
    found = []
    for response in responses:
        if owner and response.owner.casefold() != owner.casefold():
            continue
        due = response.review_due
        if due is not None and due <= horizon:
            state = "overdue" if due <= today else "due soon"
            found.append(Stale(response, due, f"{age_words(response, today)}, {state}"))
        elif response.active_to is not None and response.active_to < horizon:
            over = response.active_to < today
            found.append(Stale(response, response.active_to, "has ended" if over else ending_words(response, today)))
    return sorted(found, key=lambda item: (item.due, item.response.id))


def _later(day: date, days: int) -> date:
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return date.max
