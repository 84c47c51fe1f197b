"""Reading the further keys of a `[[response]]` table: dates, folders, channels, links, files, follow-ups, fallbacks."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol, TypeVar

from rapidfuzz import fuzz, process

from paradesk.canned.follow_up import STATUSES, FollowUp
from paradesk.canned.language import canonical_language, find_cycle
from paradesk.canned.responses import Attached, Source
from paradesk.core.addresses import target
from paradesk.core.model import Priority
from paradesk.core.text import clean_filename, clean_line

MAX_ATTACHMENTS = 5
MAX_ATTACHMENT = 10 * 1024 * 1024
"""Bytes of one file that goes out with a response."""
MAX_LINKS = 20
MAX_CHANNELS = 20
MAX_TAGS = 20
MAX_FALLBACKS = 50
MAX_FOLDER_PARTS = 6

_THEN = ("status", "add_tags", "remove_tags", "priority")
_Word = TypeVar("_Word", bound=StrEnum)


class Reports(Protocol):
    """What takes findings."""

    def report(self, key: str, code: str, message: str, advice: str, offset: int = 0) -> None:
        """Add a finding at a key."""


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return the advice for a misspelt word: what it looks like, else all that is known."""
    near = process.extractOne(word, known, scorer=fuzz.ratio, score_cutoff=60)
    return f"Did you mean `{near[0]}`?" if near else f"Known are {', '.join(known)}."


class Fields:
    """The further keys of one table. Each fault is a finding, and the value is then what an absent key would give."""

    def __init__(self, entry: Mapping[str, object], place: Reports, file: Path, root: Path) -> None:
        self._entry = entry
        self._place = place
        self._file = file
        self._root = root

    def day(self, key: str) -> date | None:
        """Return a date without a time."""
        value = self._entry.get(key)
        if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
            return value
        self._place.report(key, "bad-date", f"`{key}` is not a date", "Write it without quotes: 2026-10-01.")
        return None

    def active(self) -> tuple[date | None, date | None]:
        """Return the first and the last day on which it is offered."""
        first, last = self.day("active_from"), self.day("active_to")
        if first is not None and last is not None and last < first:
            self._place.report(
                "active_to", "bad-period", "it ends before it begins", "Exchange `active_from` and `active_to`."
            )
            return None, None
        return first, last

    def folder(self, default: str) -> str:
        """Return the folder that is given, else the default."""
        value = self._entry.get("folder")
        if value is None:
            return default
        parts = [clean_line(part, 40) for part in value.split("/")] if isinstance(value, str) else []
        if not parts or len(parts) > MAX_FOLDER_PARTS or any(part in ("", ".", "..") for part in parts):
            self._place.report(
                "folder",
                "bad-folder",
                "`folder` is no folder",
                f'Write names joined by /, at most {MAX_FOLDER_PARTS}: "billing/invoices".',
            )
            return default
        return "/".join(parts)

    def words(self, key: str, most: int, limit: int = 40) -> tuple[str, ...]:
        """Return a list of short texts."""
        value = self._entry.get(key, [])
        return self._words(key, value, most, limit)

    def _words(self, key: str, value: object, most: int, limit: int = 40) -> tuple[str, ...]:
        if not isinstance(value, list) or not all(isinstance(item, str) and item.strip() for item in value):
            self._place.report(key, "bad-value", f"`{key}` is not a list of texts", 'Write it as ["…", "…"].')
            return ()
        if len(value) > most:
            self._place.report(key, "too-large", f"`{key}` has more than {most} entries", "Shorten the list.")
        return tuple(dict.fromkeys(clean_line(item, limit) for item in value[:most]))

    def shortcuts(self) -> tuple[str, ...]:
        """Return the list `shortcuts`, small letters, each without spaces."""
        found = self.words("shortcuts", 10, 20)
        for word in found:
            if " " in word:
                self._place.report("shortcuts", "bad-value", f"the shortcut `{word}` has spaces", "Join it with -.")
        return tuple(word.lower() for word in found if " " not in word)

    def links(self) -> tuple[Source, ...]:
        """Return the sources: web addresses, each alone or as `{ title = "…", url = "…" }`."""
        values = self._entry.get("links", [])
        if not isinstance(values, list):
            self._place.report("links", "bad-value", "`links` is not a list", 'Write it as ["https://…"].')
            return ()
        found = []
        for value in values[:MAX_LINKS]:
            table = value if isinstance(value, dict) else {"url": value}
            for key in table:
                if key not in ("url", "title"):
                    self._place.report(
                        "links",
                        "unknown-key",
                        f"unknown key `{clean_line(key)}` in a link",
                        did_you_mean(key, ("url", "title")),
                    )
            url, title = table.get("url"), table.get("title", "")
            address = url.strip() if isinstance(url, str) else ""
            if not address or address != clean_line(address, 500) or not target(address).openable:
                self._place.report(
                    "links",
                    "bad-link",
                    f"`{clean_line(str(url), 80)}` is no web address",
                    "Write all of it, beginning with https://.",
                )
            elif not isinstance(title, str):
                self._place.report("links", "bad-value", "the title of a link is not text", "Write it in quotes.")
            else:
                found.append(Source(address, clean_line(title, 60)))
        if len(values) > MAX_LINKS:
            self._place.report("links", "too-large", f"more than {MAX_LINKS} links", "Shorten the list.")
        return tuple(found)

    def attachments(self) -> tuple[Attached, ...] | None:
        """Return the files that go out with it; None where one cannot: a reply that names a missing file is wrong."""
        names = self._entry.get("attachments", [])
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            self._place.report("attachments", "bad-value", "`attachments` is not a list of file names", '["form.pdf"]')
            return None
        if len(names) > MAX_ATTACHMENTS:
            self._place.report(
                "attachments", "too-large", f"more than {MAX_ATTACHMENTS} files", "Send fewer, or one archive."
            )
            return None
        found = [self._attached(name) for name in dict.fromkeys(names)]
        kept = tuple(file for file in found if file is not None)
        return kept if len(kept) == len(found) else None

    def _attached(self, name: str) -> Attached | None:
        shown = clean_line(name, 80)

        def fault(code: str, message: str, advice: str) -> None:
            self._place.report("attachments", code, f"the file `{shown}` {message}", advice)

        path = self._file.parent / name
        try:
            real = path.resolve(strict=True)
            inside = real.is_relative_to(self._root.resolve()) and not Path(name).is_absolute()
            regular, size = real.is_file(), real.stat().st_size
        except FileNotFoundError:
            fault("missing-attachment", "is not there", f"Put it beside {clean_line(self._file.name)}.")
            return None
        except (OSError, ValueError, RuntimeError):
            fault("missing-attachment", "cannot be read", "Check its name and its permissions.")
            return None
        if not inside or ".." in Path(name).parts:
            fault("outside", "lies outside the directory", f"Put it beside {clean_line(self._file.name)}.")
        elif not regular:
            fault("missing-attachment", "is not a regular file", "Name a file.")
        elif size > MAX_ATTACHMENT:
            fault("too-large", f"is larger than {MAX_ATTACHMENT // 1024 // 1024} MB", "Send a link instead.")
        else:
            return Attached(clean_filename(real.name), str(real), size)
        return None

    def follow_up(self) -> FollowUp:
        """Return what is done when it is sent."""
        table = self._entry.get("then", {})
        if not isinstance(table, dict):
            self._place.report(
                "then", "bad-value", "`then` is not a table", 'Write it as then = { status = "pending" }.'
            )
            return FollowUp()
        for key in table:
            if key not in _THEN:
                self._place.report(
                    f"then.{key}", "unknown-key", f"unknown key `{clean_line(key)}` in `then`", did_you_mean(key, _THEN)
                )
        return FollowUp(
            status=self._one_of(table, "status", STATUSES),
            add_tags=self._words("then.add_tags", table.get("add_tags", []), MAX_TAGS),
            remove_tags=self._words("then.remove_tags", table.get("remove_tags", []), MAX_TAGS),
            priority=self._one_of(table, "priority", tuple(Priority)),
        )

    def _one_of(self, table: Mapping[str, object], key: str, known: Sequence[_Word]) -> _Word | None:
        value = table.get(key)
        if value is None:
            return None
        for word in known:
            if value == word.value:
                return word
        self._place.report(
            f"then.{key}",
            f"bad-{key}",
            f"`{clean_line(str(value), 40)}` is no {key}",
            f"Use one of {', '.join(word.value for word in known)}.",
        )
        return None

    def fallback(self, languages: Sequence[str]) -> Mapping[str, str]:
        """Return its own language fallbacks, each of which must lead to one of its `languages`."""
        table = self._entry.get("fallback", {})

        def report(key: str, code: str, message: str, advice: str) -> None:
            self._place.report(key, code, message, advice)

        found = read_fallback(table, report)
        return found if _leads_somewhere(found, languages, report) else {}


def read_fallback(table: object, report: Callable[[str, str, str, str], None]) -> Mapping[str, str]:
    """Return a table of language fallbacks, or nothing where it has a fault: `report` gets key, code, words, advice."""
    example = 'Write it as fallback = { "de-AT" = "de" }.'
    if not isinstance(table, dict):
        report("fallback", "bad-value", "`fallback` is not a table", example)
        return {}
    if len(table) > MAX_FALLBACKS:
        report("fallback", "too-large", f"more than {MAX_FALLBACKS} fallbacks", "Shorten the table.")
        return {}
    found: dict[str, str] = {}
    for tag, goal in table.items():
        here, there = canonical_language(tag), canonical_language(goal) if isinstance(goal, str) else ""
        if not here or not there:
            wrong = clean_line(str(goal if here else tag), 40)
            report(f"fallback.{tag}", "bad-language", f"`{wrong}` is no language tag", example)
            return {}
        found[here] = there
    if cycle := find_cycle(found):
        key = next((tag for tag in table if canonical_language(tag) in cycle), "")
        report(
            f"fallback.{key}",
            "fallback-cycle",
            f"the languages lead in a circle: {' → '.join(cycle)}",
            "Take one of these fallbacks out; none of this table is used.",
        )
        return {}
    return found


def _leads_somewhere(
    fallback: Mapping[str, str], languages: Sequence[str], report: Callable[[str, str, str, str], None]
) -> bool:
    from paradesk.canned.language import chain

    have = {language.casefold() for language in languages}
    for tag in fallback:
        if have and not have & set(chain(tag, fallback)):
            report(
                f"fallback.{tag}",
                "fallback-nowhere",
                f"`{tag}` leads to no language of this response",
                f"It has {', '.join(languages)}.",
            )
            return False
    return True
