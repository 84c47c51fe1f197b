"""Reading one `[[response]]` table, key by key: each fault is a finding, and what is sound is used."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from paradesk.canned.fields import Fields, did_you_mean
from paradesk.canned.language import canonical_language
from paradesk.canned.places import Places
from paradesk.canned.responses import URGENCIES, Response
from paradesk.canned.template import TemplateError, compile_template
from paradesk.core.text import clean_line, clean_text

KEYS = (
    *("id", "title", "body", "tags", "labels", "shortcut", "shortcuts", "folder", "owner", "reviewed", "review_every"),
    *("active_from", "active_to", "channels", "links", "attachments", "then", "fallback"),
)
"""Every key of a `[[response]]` table."""

_ID = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)*")
_PERIOD = re.compile(r"([1-9][0-9]{0,3}) ?([dwmy])")
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong in a file of responses, where it is, and what to do about it. All text is clean."""

    file: str
    line: int
    """From 1; 0 where the whole file or directory is meant."""
    code: str
    """Stable, for programs: `bad-toml`, `unknown-placeholder`, …"""
    message: str
    advice: str = ""

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}" + (f". {self.advice}" if self.advice else "")


class Place:
    """One response's place in its file: knows how to report what is wrong with it."""

    def __init__(self, findings: list[Finding], path: str, places: Places, index: int) -> None:
        self._findings = findings
        self.path = path
        self._places = places
        self._index = index

    def line(self, key: str = "") -> int:
        """Return the line of a key of this response."""
        return self._places.line(self._index, key)

    def report(self, key: str, code: str, message: str, advice: str, offset: int = 0) -> None:
        """Add a finding at a key, `offset` lines further down."""
        self._findings.append(Finding(self.path, self.line(key) + offset, code, message, advice))


@dataclass(frozen=True, slots=True)
class Origin:
    """The file that a table stands in, and what it says for all of its responses."""

    file: Path
    root: Path
    """The directory that is being read."""
    folder: str
    """Where its responses lie unless they say otherwise."""
    topic: str
    fallback: Mapping[str, str]
    default_language: str = ""


class Entry:
    """One `[[response]]` table, read key by key."""

    def __init__(self, entry: Mapping[str, object], place: Place, origin: Origin) -> None:
        self._entry = entry
        self._place = place
        self._origin = origin
        self._fields = Fields(entry, place, origin.file, origin.root)

    def response(self) -> Response | None:
        """Return the response, or None where something that it cannot do without is missing or wrong."""
        for key in self._entry:
            if key not in KEYS:
                self._place.report(key, "unknown-key", f"unknown key `{clean_line(key)}`", did_you_mean(key, KEYS))
        identity, title, body = self._id(), self._title(), self._body()
        tags, labels = self._tags(), self._labels()
        fields = self._fields
        shortcuts = tuple(dict.fromkeys(filter(None, (self._shortcut(), *fields.shortcuts()))))
        owner, folder = self._line("owner", 60), fields.folder(self._origin.folder)
        reviewed, every = fields.day("reviewed"), self._review_every()
        active_from, active_to = fields.active()
        channels, links, attachments = fields.words("channels", 20), fields.links(), fields.attachments()
        follow_up, fallback = fields.follow_up(), fields.fallback(tuple(body))
        if not identity or not title or not body or attachments is None:
            return None
        return Response(
            id=identity,
            title=title,
            body=body,
            tags=tags,
            labels=labels,
            shortcut=shortcuts[0] if shortcuts else "",
            more_shortcuts=shortcuts[1:],
            folder=folder,
            owner=owner,
            reviewed=reviewed,
            review_every=every,
            active_from=active_from,
            active_to=active_to,
            channels=channels,
            links=links,
            attachments=attachments,
            follow_up=follow_up,
            fallback={**self._origin.fallback, **fallback},
            default_language=self._origin.default_language,
            path=self._place.path,
            line=self._place.line(),
            root=str(self._origin.root),
        )

    def _line(self, key: str, limit: int) -> str:
        value = self._entry.get(key, "")
        if not isinstance(value, str):
            self._place.report(key, "bad-value", f"`{key}` is not text", 'Write it in quotes, such as "…".')
            return ""
        line = clean_line(value, limit)
        if line.endswith("…") and not value.rstrip().endswith("…"):
            self._place.report(key, "too-large", f"`{key}` is longer than {limit} characters", "Shorten it.")
        return line

    def _id(self) -> str:
        if "id" not in self._entry:
            self._place.report("", "missing-id", "a response has no id", 'Add one, such as id = "refund.approved".')
            return ""
        identity = self._line("id", 80)
        if isinstance(self._entry["id"], str) and not _ID.fullmatch(identity):
            self._place.report(
                "id",
                "bad-id",
                f"`{identity}` cannot be an id",
                "Use small letters, digits, - and _, in parts joined by dots: refund.approved.",
            )
            return ""
        return identity

    def _title(self) -> str:
        title = self._line("title", 60)
        if not title:
            self._place.report("", "missing-title", "a response has no title", "Add what agents see in the list.")
        return title

    def _body(self) -> dict[str, str]:
        table = self._entry.get("body")
        if not isinstance(table, dict) or not table:
            self._place.report(
                "body",
                "missing-body",
                "a response has no body",
                'Add one per language below [response.body]: en = "…".',
            )
            return {}
        body: dict[str, str] = {}
        for tag, value in table.items():
            key = f"body.{tag}"
            language = canonical_language(tag)
            if not language:
                self._place.report(
                    key,
                    "bad-language",
                    f"`{clean_line(tag)}` is no language tag",
                    "Use one such as en, de or de-AT.",
                )
            elif not isinstance(value, str) or not value.strip():
                self._place.report(
                    key, "missing-body", f"the text in `{language}` is empty", "Write it, or remove the key."
                )
            else:
                text = clean_text(value)
                try:
                    compile_template(text)
                except TemplateError as error:
                    self._place.report(key, error.code, error.message, error.advice, error.line - 1)
                else:
                    body[language] = text
        # A response that is wrong in one language is not offered at all: the picker must never fall back to another
        # language because of a slip of the pen.
        return body if len(body) == len(table) else {}

    def _tags(self) -> dict[str, str]:
        table = self._entry.get("tags", {})
        if not isinstance(table, dict):
            self._place.report(
                "tags", "bad-value", "`tags` is not a table", 'Write it as tags = { topic = "refunds" }.'
            )
            table = {}
        tags = {"topic": self._origin.topic}
        for name, value in table.items():
            if not isinstance(value, str) or not value.strip():
                self._place.report(
                    f"tags.{name}", "bad-value", f"the tag `{clean_line(name)}` is not text", "Write it in quotes."
                )
            elif name == "urgency" and value not in URGENCIES:
                self._place.report(
                    f"tags.{name}",
                    "bad-urgency",
                    f"`{clean_line(value)}` is no urgency",
                    f"Use one of {', '.join(URGENCIES)}.",
                )
            else:
                tags[clean_line(name, 40)] = clean_line(value, 40).lower()
        return tags

    def _labels(self) -> tuple[str, ...]:
        values = self._entry.get("labels", [])
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            self._place.report("labels", "bad-value", "`labels` is not a list of texts", 'Write it as ["…", "…"].')
            return ()
        return tuple(filter(None, (clean_line(value, 40) for value in values[:40])))

    def _shortcut(self) -> str:
        shortcut = self._line("shortcut", 20)
        if any(char.isspace() for char in shortcut):
            self._place.report("shortcut", "bad-value", f"the shortcut `{shortcut}` has spaces", "Join it with -.")
            return ""
        return shortcut.lower()

    def _review_every(self) -> timedelta | None:
        value = self._entry.get("review_every")
        if value is None:
            return None
        found = _PERIOD.fullmatch(value) if isinstance(value, str) else None
        if found is None:
            self._place.report(
                "review_every", "bad-date", "`review_every` is not a period", 'Write it as "90d", "12w", "6m" or "1y".'
            )
            return None
        return timedelta(days=int(found[1]) * _DAYS[found[2]])
