"""A response while somebody writes it: checked by the rules of the files, and turned into the values of its table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from paradesk.canned.entries import Entry, Finding, Origin, Place
from paradesk.canned.places import Places
from paradesk.canned.responses import Response
from paradesk.core.text import clean_line

_NO_FILE = Path("/")
_NOT_AN_ID = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """What stands in the fields; nothing of it is checked yet."""

    id: str = ""
    title: str = ""
    shortcut: str = ""
    folder: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    body: Mapping[str, str] = field(default_factory=dict)
    """Language tag → text; languages without text count as absent."""

    @property
    def bodies(self) -> dict[str, str]:
        """The languages that have a text."""
        return {language: text for language, text in self.body.items() if text.strip()}

    def values(self) -> dict[str, object]:
        """Return the keys of its table, in the order in which they are written; what is empty is to be left out."""
        return {
            "id": self.id,
            "title": self.title,
            "shortcut": self.shortcut,
            "folder": self.folder,
            "tags": dict(self.tags),
            "labels": self.labels,
            "body": self.bodies,
        }

    def checked(self) -> tuple[Response | None, list[tuple[str, Finding]]]:
        """Return the response as it would load, or None, and what is wrong with it: key (`body.de`) and finding."""
        place = _Fields()
        entry = {key: list(value) if isinstance(value, tuple) else value for key, value in self.values().items()}
        values = {key: value for key, value in entry.items() if value or key == "title"}
        response = Entry(values, place, Origin(_NO_FILE, _NO_FILE, self.folder, "", {})).response()
        return (None if place.found else response), place.found


class _Fields(Place):
    """Takes the findings of one response that stands in no file."""

    def __init__(self) -> None:
        super().__init__([], "", Places(""), 0)
        self.found: list[tuple[str, Finding]] = []

    def report(self, key: str, code: str, message: str, advice: str, offset: int = 0) -> None:
        """Keep a finding with its key; the line counts within the value."""
        self.found.append((key or code.removeprefix("missing-"), Finding("", offset + 1, code, message, advice)))


def writing_of(response: Response) -> Writing:
    """Return the fields of a response that is there."""
    return Writing(
        id=response.id,
        title=response.title,
        shortcut=response.shortcut,
        folder=response.folder,
        tags=dict(response.tags),
        labels=response.labels,
        body=dict(response.body),
    )


def parse_tags(text: str) -> dict[str, str]:
    """Read the line of tags: `topic=refunds urgency=high`; a word alone is the topic."""
    tags: dict[str, str] = {}
    for word in text.replace(",", " ").split():
        name, equals, value = word.partition("=")
        if equals and name and value:
            tags[name.casefold()] = value.casefold()
        elif not equals:
            tags["topic"] = word.casefold()
    return tags


def tags_text(tags: Mapping[str, str]) -> str:
    """Return the line of tags, as `parse_tags` reads it."""
    return " ".join(f"{name}={'-'.join(value.split())}" for name, value in tags.items())


def suggested_id(title: str, topic: str = "") -> str:
    """Return an id for a title: `refunds.money_is_on_its_way`; empty where the title has no letters of the alphabet."""
    parts = [_NOT_AN_ID.sub("_", clean_line(text, 60).casefold()).strip("_") for text in (topic, title)]
    return ".".join(filter(None, parts)) if parts[1] else ""
