"""Which language of a response a customer gets: language tags, explicit fallbacks, and cycles among them."""

import re
from collections.abc import Iterator, Mapping

_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|[0-9]{3}))?(-[A-Za-z0-9]{5,8})*")

MOST_STEPS = 32
"""Fallbacks that are followed for one language."""


def canonical_language(tag: str) -> str:
    """Return a language tag as it is usually written (`de-AT`), or an empty string for what is none."""
    if not _LANGUAGE.fullmatch(tag):
        return ""
    first, *rest = tag.split("-")
    named = {2: str.upper, 4: str.title}
    return "-".join([first.lower(), *(named.get(len(part), str.lower)(part) for part in rest)])


def chain(wanted: str, fallback: Mapping[str, str]) -> Iterator[str]:
    """Yield the tags to try for a language, folded: itself, then where `fallback` leads, else without its last part.

    Each tag comes once, so that it ends for any fallbacks.
    """
    leads = {tag.casefold(): goal.casefold() for tag, goal in fallback.items()} if fallback else {}
    tag = wanted.replace("_", "-").casefold()
    seen: set[str] = set()
    while tag and tag not in seen and len(seen) < MOST_STEPS:
        yield tag
        seen.add(tag)
        tag = leads.get(tag) or tag.rpartition("-")[0]


def find_cycle(fallback: Mapping[str, str]) -> tuple[str, ...]:
    """Return the tags of a cycle among explicit fallbacks, its first one again at the end; empty where there is none.

    `de = "de-AT"` alone is none: where both are missing, each leads on to the default.
    """
    for start in fallback:
        path = [start]
        while (goal := fallback.get(path[-1])) is not None and goal not in path:
            path.append(goal)
        if goal is not None:
            return (*path[path.index(goal) :], goal)
    return ()
