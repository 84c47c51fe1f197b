"""Reads the usage exports that agents gave their lead: a folder of files, which may hold anything."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import msgspec

from paradesk.core.text import clean_line
from paradesk.desk.usage import FORM, Usage

MOST_FILES = 2_000
"""Files that are looked at, in the order of their names."""
MOST_BYTES = 4_000_000
"""Bytes of one file."""
MOST_ALL_BYTES = 64_000_000
"""Bytes of all files together."""
MOST_DEPTH = 4
"""Folders below each other."""
_MOST_COUNT = 1_000_000_000
_LONGEST_ID = 200


@dataclass(frozen=True, slots=True)
class Export:
    """What one file says."""

    name: str
    """Where it lies in the folder, cleaned."""
    usage: Usage


def read_exports(folder: Path, leave: Path | None = None) -> tuple[list[Export], list[str]]:
    """Return the exports in a folder and those below, one for each desk, and what was left out and why, a line each.

    Names that begin with a dot are passed over, and so is the file `leave`. Of several exports of one desk the newest
    counts. Raises OSError where the folder itself cannot be read.
    """
    problems: list[str] = []
    exports: list[Export] = []
    size = files = 0
    for path in _files(folder, MOST_DEPTH, problems):
        if leave is not None and path.absolute() == leave.absolute():
            continue
        name = clean_line(str(path.relative_to(folder)), 200)
        files += 1
        if files > MOST_FILES:
            problems.append(f"{name} and what follows: there are more than {MOST_FILES} files; make several folders")
            break
        try:
            content = _content(path)
            size += len(content)
            if size > MOST_ALL_BYTES:
                problems.append(f"{name} and what follows: more than {MOST_ALL_BYTES // 1_000_000} MB together")
                break
            exports.append(Export(name, _usage(content)))
        except OSError as error:
            problems.append(f"{name}: cannot be read: {clean_line(error.strerror or str(error), 120)}")
        except ValueError as error:
            problems.append(f"{name}: no usage export: {clean_line(str(error), 200)}")
    return _newest(exports, problems), problems


def _files(folder: Path, depth: int, problems: list[str], inside: str = "") -> Iterator[Path]:
    """Yield what lies in a folder and is no folder, by name; links are not followed."""
    with os.scandir(folder) as found:
        entries = sorted((entry for entry in found if not entry.name.startswith(".")), key=lambda entry: entry.name)
    for entry in entries:
        name = f"{inside}{entry.name}"
        if not entry.is_dir(follow_symlinks=False):
            yield folder / entry.name
        elif depth <= 1:
            problems.append(
                f"{clean_line(name, 200)}: more than {MOST_DEPTH} folders below each other; not looked into"
            )
        else:
            try:
                yield from _files(folder / entry.name, depth - 1, problems, f"{name}/")
            except OSError as error:
                problems.append(f"{clean_line(name, 200)}: cannot be read: {clean_line(error.strerror or '', 120)}")


def _content(path: Path) -> bytes:
    """Return the bytes of a regular file; raises OSError, and ValueError for what is none or too large."""
    if path.is_symlink():
        raise ValueError("it is a link; put the file itself there")
    # A pipe must not make the reader wait for somebody to write.
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise ValueError("it is no regular file")
        content = file.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise ValueError(f"it has more than {MOST_BYTES // 1_000_000} MB")
    return content


def _usage(content: bytes) -> Usage:
    """Return what an export says; raises ValueError where it is none, or says what cannot be."""
    try:
        usage = msgspec.json.decode(content, type=Usage)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError(f"{error}; `paradesk canned stats --export FILE` writes one") from error
    if usage.form != FORM:
        raise ValueError(f"its form is {clean_line(usage.form, 40)!r}, and {FORM!r} is read here")
    _check(usage)
    return usage


def _check(usage: Usage) -> None:
    for day in (usage.since, usage.until, *(one.last for one in usage.responses)):
        if day:
            date.fromisoformat(day)
    numbers = [usage.choices, usage.by_hand_replies]
    for one in usage.responses:
        numbers += [one.chosen, one.suggested, one.unchanged, one.rewritten, one.answered, one.thanks, one.repeat]
        numbers += one.languages.values()
        if not one.id.strip() or len(one.id) > _LONGEST_ID:
            raise ValueError("a response has no id, or one that is too long")
        if not 0 <= one.likeness <= 1:
            raise ValueError(f"the likeness of {clean_line(one.id)} is not within 0 and 1")
        parts = (one.suggested, one.unchanged + one.rewritten, one.answered)
        if max(parts) > one.chosen or one.thanks + one.repeat > one.answered:
            raise ValueError(f"of {clean_line(one.id)} a part is more than the whole")
    for group in usage.by_hand:
        numbers += [group.count, group.conversations, group.words]
    if not all(0 <= number <= _MOST_COUNT for number in numbers):
        raise ValueError("a count is negative, or beyond belief")


def _newest(exports: list[Export], problems: list[str]) -> list[Export]:
    """Leave of each desk the newest export: one counts everything since the first choice, so two would count twice."""
    by_desk: dict[str, Export] = {}
    kept: list[Export] = []
    for export in sorted(exports, key=lambda one: (one.usage.until, one.usage.choices, one.name), reverse=True):
        newer = by_desk.setdefault(export.usage.mark, export) if export.usage.mark else export
        if newer is export:
            kept.append(export)
        else:
            problems.append(f"{export.name}: not counted; {newer.name} is a newer export of the same desk")
    return sorted(kept, key=lambda one: one.name)
