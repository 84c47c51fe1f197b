"""Reading canned responses from directories of TOML files: what is good loads, what is bad is reported."""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from paradesk.canned.entries import Entry, Finding, Origin, Place
from paradesk.canned.fields import did_you_mean, read_fallback
from paradesk.canned.language import canonical_language
from paradesk.canned.places import Places
from paradesk.canned.responses import DEFAULT_LANGUAGE, Library, Response
from paradesk.core.text import clean_line, clean_text

MAX_FILE = 256 * 1024
"""Bytes of one file."""
MAX_FILES = 1_000
"""Files of one directory."""
MAX_RESPONSES = 2_000
"""Responses of one file."""
MAX_FOLDERS = 6
"""Folders inside folders."""

FILE_KEYS = ("response", "default_language", "fallback")
"""What a file may say outside its responses."""

# A dotted key of thousands of parts keeps the TOML parser busy for seconds.
_MAX_DOTS = 300
_TOML_LINE = re.compile(r"\(at line (\d+)")


def load_library(
    directories: Sequence[Path],
    default_language: str = DEFAULT_LANGUAGE,
    defaults: Mapping[Path, str] | None = None,
) -> tuple[Library, list[Finding]]:
    """Read every `*.toml` below the directories. Never raises for what is in them.

    `defaults` gives single directories a default language of their own, such as that of a pack.

    A response of a later directory replaces the one with the same id of an earlier: so a team adapts what ships.
    Inside one directory the first of two with the same id counts, and the second is a finding.
    """
    responses: dict[str, Response] = {}
    findings: list[Finding] = []
    for directory in directories:
        found = _Directory(directory, (defaults or {}).get(directory, ""))
        found.read()
        taken = {shortcut for response in found.responses.values() for shortcut in response.shortcuts}
        for key, response in responses.items():
            if taken.intersection(response.shortcuts):
                responses[key] = with_shortcuts(response, [name for name in response.shortcuts if name not in taken])
        responses.update(found.responses)
        findings.extend(sorted(found.findings, key=lambda finding: (finding.file, finding.line)))
    return Library(responses.values(), default_language), findings


def with_shortcuts(response: Response, shortcuts: Sequence[str]) -> Response:
    """Return a response with these shortcuts and no others."""
    return replace(response, shortcut=shortcuts[0] if shortcuts else "", more_shortcuts=tuple(shortcuts[1:]))


class FileFault(ValueError):
    """A file of responses cannot be read: `line` (from 1; 0 for the whole), `code`, `message` and `advice` say why."""

    def __init__(self, line: int, code: str, message: str, advice: str) -> None:
        super().__init__(message)
        self.line = line
        self.code = code
        self.message = message
        self.advice = advice


def parse_file(raw: bytes) -> tuple[str, Mapping[str, object]]:
    """Return the text of a file and what it says as TOML; raises FileFault and nothing else."""
    if len(raw) > MAX_FILE:
        message = f"the file is larger than {MAX_FILE // 1024} KB"
        raise FileFault(0, "too-large", message, "Split it into several files.")
    try:
        text = raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise FileFault(line, "bad-encoding", "is not UTF-8 text", "Save the file as UTF-8.") from error
    for number, line_text in enumerate(text.split("\n"), 1):
        if line_text.count(".") > _MAX_DOTS:
            raise FileFault(number, "too-deep", f"more than {_MAX_DOTS} dots in one line", "Break the line.")
    try:
        return text, tomllib.loads(text)
    except RecursionError as error:
        raise FileFault(0, "too-deep", "tables or lists inside each other too often", "Write it flat.") from error
    except ValueError as error:
        place = _TOML_LINE.search(str(error))
        line = int(place[1]) if place else text.rstrip().count("\n") + 1
        message = f"not TOML: {clean_line(_TOML_LINE.split(str(error))[0], 100)}"
        advice = "Check quotes, brackets and commas in this line and the one above."
        raise FileFault(line, "bad-toml", message, advice) from error


class _Directory:
    """One pass over one directory, gathering responses and findings."""

    def __init__(self, root: Path, default_language: str = "") -> None:
        self.root = root
        self.default_language = default_language
        self.responses: dict[str, Response] = {}
        self.findings: list[Finding] = []
        self._shortcuts: dict[str, str] = {}

    def read(self) -> None:
        if not self.root.is_dir():
            self._report(
                self.root, 0, "missing-directory", "there is no such directory", "Create it, or correct the path."
            )
            return
        for count, path in enumerate(self._files(self.root, 0)):
            if count >= MAX_FILES:
                self._report(
                    self.root, 0, "too-large", f"more than {MAX_FILES} files", "The rest is not read: use fewer files."
                )
                return
            self._read_file(path)

    def _files(self, folder: Path, depth: int) -> Iterator[Path]:
        try:
            entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
        except OSError as error:
            self._report(folder, 0, "unreadable", f"cannot be read: {error.strerror}", "Check its permissions.")
            return
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_symlink() and not entry.resolve().is_relative_to(self.root.resolve()):
                self._report(entry, 0, "outside", "points outside the directory", "Copy the file here instead.")
            elif entry.is_dir():
                if depth < MAX_FOLDERS and not entry.is_symlink():
                    yield from self._files(entry, depth + 1)
                elif not entry.is_symlink():
                    self._report(entry, 0, "too-deep", "too many folders inside folders", "Move it up.")
            elif entry.suffix == ".toml":
                yield entry

    def _read_file(self, path: Path) -> None:
        try:
            if not path.is_file():
                self._report(path, 0, "unreadable", "is not a regular file", "Remove it.")
                return
            with path.open("rb") as file:
                raw = file.read(MAX_FILE + 1)
        except OSError as error:
            self._report(path, 0, "unreadable", f"cannot be read: {error.strerror}", "Check its permissions.")
            return
        try:
            text, document = parse_file(raw)
        except FileFault as fault:
            self._report(path, fault.line, fault.code, fault.message, fault.advice)
            return
        _File(self, path, document, Places(text)).read()

    def add(self, response: Response, place: "Place") -> None:
        """Take a good response in, unless its id is taken in this directory."""
        earlier = self.responses.get(response.id)
        if earlier is not None:
            place.report(
                "id",
                "duplicate-id",
                f"the id `{response.id}` is already used in {earlier.path}:{earlier.line}",
                "Choose another id; this response is not used.",
            )
            return
        free = []
        for shortcut in response.shortcuts:
            other = self._shortcuts.setdefault(shortcut, response.id)
            if other == response.id:
                free.append(shortcut)
                continue
            place.report(
                "shortcut",
                "duplicate-shortcut",
                f"the shortcut `{shortcut}` already belongs to `{other}`",
                "Choose another shortcut; the response is used without it.",
            )
        if len(free) < len(response.shortcuts):
            response = with_shortcuts(response, free)
        self.responses[response.id] = response

    def _report(self, path: Path, line: int, code: str, message: str, advice: str) -> None:
        self.findings.append(Finding(clean_text(str(path), 400), line, code, message, advice))


class _File:
    """The responses of one parsed file."""

    def __init__(self, directory: _Directory, path: Path, document: Mapping[str, object], places: Places) -> None:
        self._directory = directory
        self._file = path
        self._path = clean_text(str(path), 400)
        self._document = document
        self._places = places

    def read(self) -> None:
        for key in self._document:
            if key not in FILE_KEYS:
                advice = did_you_mean(key, FILE_KEYS)
                self._finding(self._places.top(key), "unknown-key", f"unknown key `{clean_line(key)}`", advice)
        entries = self._document.get("response", [])
        if not isinstance(entries, list):
            self._finding(
                self._places.top("response"),
                "bad-response",
                "`response` is not a list",
                "Write [[response]] with two pairs of brackets.",
            )
            return
        if len(entries) > MAX_RESPONSES:
            self._finding(
                0,
                "too-large",
                f"more than {MAX_RESPONSES} responses in one file",
                "The rest is not read: split the file.",
            )
        origin = self._origin()
        for index, entry in enumerate(entries[:MAX_RESPONSES]):
            place = Place(self._directory.findings, self._path, self._places, index)
            if not isinstance(entry, dict):
                place.report("", "bad-response", "a response is not a table", "Write [[response]] above its keys.")
                continue
            response = Entry(entry, place, origin).response()
            if response is not None:
                self._directory.add(response, place)

    def _origin(self) -> Origin:
        """Return what the file says for all of its responses."""
        root, parent = self._directory.root, self._file.parent
        inside = parent.relative_to(root).parts
        names = [clean_line(part, 40) for part in inside or (self._file.stem,)]

        def report(key: str, code: str, message: str, advice: str) -> None:
            self._finding(self._places.top(key), code, message, advice)

        language = self._document.get("default_language", "")
        default = canonical_language(language) if isinstance(language, str) else ""
        if "default_language" in self._document and not default:
            report(
                "default_language",
                "bad-language",
                f"`{clean_line(str(language))}` is no language tag",
                "Use one such as en, de or de-AT.",
            )
        return Origin(
            file=self._file,
            root=root,
            folder="/".join(filter(None, names)),
            topic=names[-1].lower(),
            fallback=read_fallback(self._document.get("fallback", {}), report),
            default_language=default or self._directory.default_language,
        )

    def _finding(self, line: int, code: str, message: str, advice: str) -> None:
        self._directory.findings.append(Finding(self._path, line, code, message, advice))
