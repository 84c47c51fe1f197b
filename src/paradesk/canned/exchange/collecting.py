"""Gathers what an importer finds: checks it, gives ids that stay the same, and remarks on all that does not fit."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from paradesk.canned.exchange import dialects, hypertext
from paradesk.canned.exchange.liquid import Segment, Text, compose, plain
from paradesk.canned.exchange.records import FollowUp, Imported, Level, PortableResponse, Remark
from paradesk.canned.language import canonical_language
from paradesk.canned.responses import DEFAULT_LANGUAGE, URGENCIES
from paradesk.canned.template import MAX_BODY, TemplateError, compile_template
from paradesk.core.text import cell_width, clean_filename, clean_line

MAX_REMARKS = 5_000
"""More are counted, not kept."""

_ID = re.compile(r"[a-z0-9][a-z0-9_-]*(\.[a-z0-9][a-z0-9_-]*)*")
_NOT_SLUG = re.compile(r"[^a-z0-9]+")
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "œ": "oe", "þ": "th", "ı": "i"})
_HEX = re.compile(r"[0-9a-f]{16,}")
_MAX_DOTS = 250
_TITLE, _SHORTCUT, _LABEL, _OWNER, _IDENTITY = 60, 20, 40, 60, 80
_HTML = re.compile(r"</?(?:p|br|div|span|ul|li|strong|a)(?:\s[^<>]{0,200})?/?>", re.I)


@dataclass(slots=True, kw_only=True)
class Record:
    """One response as an importer found it, in the other tool's words."""

    place: str
    title: str
    texts: Mapping[str, str | Sequence[Segment]]
    """Language tag as the tool writes it, or "" for the language of the whole import → text, HTML, or a text that the
    importer took apart itself."""
    html: bool = False
    key: str = ""
    """What the tool calls it for itself: tells two with one title apart."""
    id: str = ""
    """Our own id, where the file carries one."""
    shortcut: str = ""
    folder: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    labels: tuple[str, ...] = ()
    owner: str = ""
    follow_ups: tuple[FollowUp, ...] = ()
    attachments: tuple[str, ...] = ()
    source: str = ""
    text_place: str = ""
    """Where its text stands, if not at `place`."""


class Collector:
    """One import in progress."""

    def __init__(self, dialect: str, language: str = DEFAULT_LANGUAGE) -> None:
        self._dialect = dialect
        self._language = language
        self._responses: dict[str, PortableResponse] = {}
        self._shortcuts: dict[str, str] = {}
        self._remarks: list[Remark] = []
        self._unkept = 0

    def remark(self, place: str, code: str, message: str, advice: str = "", level: Level = "note") -> None:
        """Note one thing. Everything is cleaned here, since it quotes the file."""
        if len(self._remarks) >= MAX_REMARKS:
            self._unkept += 1
            return
        self._remarks.append(Remark(clean_line(place, 160), code, clean_line(message, 300), advice, level))

    def leave_out(self, place: str, code: str, message: str, advice: str = "") -> None:
        """Say that a response is not taken over, and why."""
        self.remark(place, code, f"left out: {message}", advice, "left-out")

    def result(self) -> Imported:
        """Return all that was gathered."""
        if self._unkept:
            self._remarks.append(Remark("", "too-many", f"{self._unkept} more remarks are not shown"))
            self._unkept = 0
        return Imported(tuple(self._responses.values()), tuple(self._remarks))

    def add(self, record: Record) -> None:
        """Take one response in, or remark on why not."""
        place = record.place
        title = self._title(record)
        bodies: dict[str, str] = {}
        for tag, text in record.texts.items():
            language = self._language_tag(place, tag)
            if not (text.strip() if isinstance(text, str) else text):
                continue
            body = self._body(record, text)
            if body is None:
                return
            bodies[language] = body
        if not bodies:
            self.leave_out(record.text_place or place, "no-text", f"`{title}` has no text for the customer")
            return
        folder = tuple(filter(None, (clean_line(part, _LABEL) for part in record.folder)))
        identity = self._identity(record, title, folder)
        shortcut, extra = self._shortcut(record, identity)
        labels = dict.fromkeys(filter(None, (clean_line(label, _LABEL) for label in (*extra, *record.labels))))
        if len(labels) > 40:
            self.remark(
                place, "too-large", f"`{title}` has {len(labels)} labels; the first 40 are kept", level="changed"
            )
        self._responses[identity] = PortableResponse(
            id=identity,
            title=title,
            bodies=bodies,
            shortcut=shortcut,
            folder=folder,
            tags=self._tags(record),
            labels=tuple(labels)[:40],
            owner=clean_line(record.owner, _OWNER),
            follow_ups=tuple(FollowUp(each.action, clean_line(each.value, 400)) for each in record.follow_ups),
            attachments=tuple(clean_filename(name) for name in record.attachments),
            source=clean_line(record.source, 200),
        )

    def _title(self, record: Record) -> str:
        whole = clean_line(record.title, 4_000)
        if not whole:
            first = next(filter(None, map(_shown, record.texts.values())), "")
            whole = clean_line(hypertext.to_text(first)[0] if record.html else first, 40) or "Untitled"
            self.remark(record.place, "no-title", f"it has no title; `{whole}` is used")
        if cell_width(whole) <= _TITLE:
            return whole
        cut = clean_line(whole, _TITLE - 1)
        # Our own files keep 60 cells and take a `…` for a sign that something was cut.
        self.remark(record.place, "too-large", f"the title is shortened to `{cut}`", level="changed")
        return cut

    def _language_tag(self, place: str, tag: str) -> str:
        if not tag:
            return self._language
        language = canonical_language(tag.strip().replace("_", "-"))
        if not language:
            self.remark(
                place, "bad-language", f"`{tag}` is no language tag; it counts as {self._language}", level="changed"
            )
        return language or self._language

    def _body(self, record: Record, text: str | Sequence[Segment]) -> str | None:
        place = record.text_place or record.place
        if not isinstance(text, str):
            return self._checked(place, text)
        dialect = self._dialect
        if record.html:
            if len(text) > hypertext.MAX_HTML:
                self.leave_out(place, "too-large", f"its HTML has {len(text)} characters", "Shorten it.")
                return None
            text, lost = hypertext.to_text(text)
            for what in lost:
                self.remark(place, "html", f"{what} cannot stand in plain text and is gone", level="changed")
        elif _HTML.search(text):
            self.remark(place, "html", "there is HTML in the text, and it stays as it is", "Check how it reads.")
        raw = text.replace("\r\n", "\n").replace("\r", "\n")
        text = plain(raw)
        if text != raw:
            self.remark(
                place,
                "cleaned",
                "characters that hide, reorder or control text, or pose as a blank, were replaced",
                level="changed",
            )
        text = text.strip()
        if len(text) > MAX_BODY:
            self.leave_out(
                place, "too-large", f"the text has {len(text)} characters; {MAX_BODY} are allowed", "Split it in two."
            )
            return None
        if dialect == "csv" and _is_ours(text):
            return text
        if dialect == "csv":
            for found in dialects.foreign(text):
                self.remark(
                    place,
                    "looks-like-placeholder",
                    f"`{found}` looks like a placeholder of another tool, and stays text",
                    "Write it as {{ customer.first_name }} and the like.",
                )
        try:
            segments = dialects.parse(
                dialect, text, lambda code, message: self.remark(place, code, message, level="changed")
            )
        except dialects.Refused as error:
            self.leave_out(place, "refused", str(error), "Write it anew as a response of your own.")
            return None
        return self._checked(place, segments)

    def _checked(self, place: str, segments: Iterable[Segment]) -> str | None:
        """Compose a body and check it as the loader will."""
        body = compose(segments).strip()
        if any(line.count(".") > _MAX_DOTS for line in body.split("\n")):
            self.leave_out(place, "too-large", f"one line has more than {_MAX_DOTS} full stops", "Break the line.")
            return None
        try:
            compile_template(body)
        except TemplateError as error:
            self.leave_out(place, error.code, error.message, error.advice)
            return None
        return body

    def _identity(self, record: Record, title: str, folder: tuple[str, ...]) -> str:
        wanted = record.id.strip()
        if wanted and not (_ID.fullmatch(wanted) and len(wanted) <= _IDENTITY):
            self.remark(
                record.place, "bad-id", f"`{wanted}` cannot be an id; one is made from the title", level="changed"
            )
            wanted = ""
        wanted = wanted or identity(title, folder)
        if wanted not in self._responses:
            return wanted
        number = 2
        second = f"{wanted[: _IDENTITY - 22]}-{slug(record.key)[:20]}".rstrip("-") if record.key else f"{wanted}-2"
        while second in self._responses:
            number += 1
            second = f"{wanted[: _IDENTITY - 8]}-{number}"
        self.remark(record.place, "duplicate-id", f"there is another `{wanted}`; this one is `{second}`")
        return second

    def _shortcut(self, record: Record, identity: str) -> tuple[str, tuple[str, ...]]:
        """Return the shortcut, and what cannot be one and becomes a label."""
        whole = clean_line(record.shortcut, 200).lower()
        shortcut = "-".join(whole.split())
        if not shortcut:
            return "", ()
        if cell_width(shortcut) > _SHORTCUT and whole == record.title.strip().lower():
            return "", ()  # the title says it already
        if cell_width(shortcut) > _SHORTCUT:
            self.remark(
                record.place,
                "long-shortcut",
                f"the shortcut `{shortcut}` is longer than {_SHORTCUT} and became a label",
                level="changed",
            )
            return "", (whole,)
        other = self._shortcuts.setdefault(shortcut, identity)
        if other != identity:
            self.remark(
                record.place,
                "duplicate-shortcut",
                f"the shortcut `{shortcut}` belongs to `{other}` and became a label",
                level="changed",
            )
            return "", (whole,)
        return shortcut, ()

    def _tags(self, record: Record) -> dict[str, str]:
        tags: dict[str, str] = {}
        for name, value in record.tags.items():
            name, value = clean_line(name, _LABEL), clean_line(value, _LABEL).lower()
            if name == "urgency" and value not in URGENCIES:
                self.remark(record.place, "bad-urgency", f"`{value}` is no urgency and is left away", level="changed")
            elif name and value:
                tags[name] = value
        return tags


def _shown(text: str | Sequence[Segment]) -> str:
    if isinstance(text, str):
        return text.strip()
    return "".join(segment.text for segment in text if isinstance(segment, Text)).strip()


def _is_ours(text: str) -> bool:
    """Tell whether a text is a template of ours already, with something in it to fill."""
    if "{{" not in text and "{%" not in text:
        return False
    if any(line.count(".") > _MAX_DOTS for line in text.split("\n")):
        return False
    try:
        compile_template(text)
    except TemplateError:
        return False
    return True


def identity(title: str, folder: tuple[str, ...] = ()) -> str:
    """Return the id that a title gives: the same each time, whatever else is in the file."""
    parts = list(filter(None, map(slug, (*folder, title))))
    if not slug(title):
        parts.append("r-" + hashlib.sha256(title.encode()).hexdigest()[:10])
    whole = ".".join(parts)
    if len(whole) <= _IDENTITY:
        return whole
    return f"{whole[: _IDENTITY - 11].rstrip('.-')}-{hashlib.sha256(whole.encode()).hexdigest()[:10]}"


def as_id(name: str) -> str:
    """Return a short code as our id, or an empty string where it cannot be one."""
    return name if _ID.fullmatch(name) and len(name) <= _IDENTITY else ""


def own_id(name: str) -> str:
    """Return an id that we gave once and another tool kept; nothing for its own numbers and digests."""
    return "" if name.isdigit() or _HEX.fullmatch(name) else as_id(name)


def slug(text: str) -> str:
    """Return small letters, digits and dashes, as parts of ids and file names have them; empty for other scripts."""
    bare = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
    return _NOT_SLUG.sub("-", bare.encode("ascii", "ignore").decode()).strip("-")


def words(value: object) -> tuple[str, ...]:
    """Return the words of a list, or of one text with commas or spaces between them; nothing for anything else."""
    if isinstance(value, str):
        return tuple(filter(None, (part.strip() for part in re.split(r"[,\s]+" if "," not in value else ",", value))))
    if isinstance(value, list):
        return tuple(part.strip() for part in value if isinstance(part, str) and part.strip())
    return ()


def sorted_words(found: Iterable[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Tell our tags, written `topic=refunds`, from mere words."""
    tags: dict[str, str] = {}
    labels: list[str] = []
    for word in found:
        name, equals, value = word.partition("=")
        if equals and re.fullmatch(r"[a-z][a-z0-9_-]*", name) and value.strip():
            tags[name] = value.strip()
        else:
            labels.append(word)
    return tags, tuple(labels)


def as_words(response: PortableResponse) -> list[str]:
    """Return tags and labels as one list of words, for tools that have nothing else."""
    return [*(f"{name}={value}" for name, value in response.tags.items()), *response.labels]


def text_of(value: object) -> str:
    """Return a text or a number as text, and nothing for anything else."""
    if isinstance(value, bool):
        return ""
    if isinstance(value, int):
        return str(value) if abs(value) < 10**18 else ""
    return value if isinstance(value, str) else ""
