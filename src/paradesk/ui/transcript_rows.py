"""The rows of one message: what a transcript shows of it at a width. Pure; kinds of text instead of styles.

Every row begins with a gutter of two cells that no text can reach: the first says who speaks, the second what the row
is. A customer who types `── Maria joined ──` or `✓✓ read` still stands beside a customer's gutter.

    │ customer   ┃ this desk's agent   ┊ a colleague   ┇ a bot   · the system   ╓║╙ a private note
    + a file   ▾ more of a long message   × deleted   ▸ the message that the agent chose
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from rich.cells import cell_len

from paradesk.core.model import Attachment, Delivery, Message, Role, Visibility
from paradesk.core.text import clean_line, clean_text, find_links
from paradesk.ui.cards import CARDS, LONGEST_CARD
from paradesk.ui.wrapping import TAB_CELLS, cut_to, wrap

CAP_CHARACTERS = 8_192
CAP_ROWS = 200
"""What is shown of one message at once: the smaller of both. Each `expand` shows `EXPAND_FACTOR` times as much."""
EXPAND_FACTOR = 8

HIDDEN_BADGE = "hidden characters removed"
"""Stands on a message whose text had characters that its reader would not have seen."""

WIDE = 68
"""From this width on, time and name stand in columns beside the text; below, on a row of their own."""


class Part(NamedTuple):
    """A piece of a row and the kind of text it is; kinds are the names of the widget's component classes."""

    text: str
    kind: str


class Row(NamedTuple):
    """One row: gutter and columns, then text, then marks."""

    prefix: tuple[Part, ...]
    text: str
    kind: str
    start: int = -1
    """Where `text` begins in the block's text; -1 when it is not part of it and cannot be selected."""
    suffix: tuple[Part, ...] = ()


@dataclass(frozen=True, slots=True)
class Look:
    """All that decides how a message looks, the message itself apart."""

    width: int
    own: bool = False
    """Written at this desk: it gets delivery marks, and the name `You`."""
    grouped: bool = False
    """It goes on where the one before stopped, so a narrow layout does not repeat the name."""
    day: str = ""
    """Label of the day rule before it, or empty."""
    unseen: bool = False
    """The rule for what is new stands before it."""
    gap: bool = False
    """Messages are missing after it."""
    read: bool = False
    """The customer has read it."""
    level: int = 0
    """How often it was expanded."""
    offline: bool = False
    """It waits for the connection."""


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """The rows of one message with the rules before and after it."""

    rows: tuple[Row, ...]
    lead: int = 0
    """Rows before the message's own first row."""
    base: int = 0
    """Rows before the first one that is not a rule or a name: what stays when the neighbours change."""
    text: str = ""
    """What can be selected: the shown part of the body, then a line for each file."""
    links: tuple[tuple[int, int, str], ...] = ()
    """Start, end and address of the links in `text`."""
    body_end: int = 0
    """Where the shown part of the body ends in `text`."""
    files: tuple[int, ...] = ()
    """Where the line of each file starts in `text`."""
    capped: bool = False
    """There is more of the message than is shown."""

    @property
    def shown_end(self) -> int:
        """Where the rows of the body end in `text`."""
        return max((row.start + len(row.text) for row in self.rows if 0 <= row.start <= self.body_end), default=0)


EMPTY_BLOCK = Block(())


def rule(label: str, width: int, kind: str = "rule", line: str = "─") -> Row:
    """Return a row that divides: a label in a line over the whole width."""
    text = cut_to(f"{line}{line} {label} ", width)
    return Row((), text + line * (width - cell_len(text)), kind)


def day_label(day: date, today: date) -> str:
    """Return how a day is called: `Today`, `Yesterday` or only its date."""
    name = f"{day:%A} {day.day} {day:%B} {day.year}"
    near = {0: "Today · ", 1: "Yesterday · "}.get((today - day).days, "")
    return near + name


def local_time(at: float) -> datetime | None:
    """Return Unix seconds as local time, or None when they are no time that a calendar knows."""
    try:
        return datetime.fromtimestamp(at)
    except (OverflowError, OSError, ValueError):
        return None


def size_label(size: int | None) -> str:
    """Return a number of bytes in the words people use: `812 B`, `12 kB`, `3.4 MB`."""
    if size is None or size < 0:
        return ""
    if size < 1000:
        return f"{size} B"
    amount = float(size)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 999.5 or unit == "GB":
            return f"{amount:.1f} {unit}" if amount < 9.95 and unit != "kB" else f"{amount:,.0f} {unit}"
    return ""


def file_label(attachment: Attachment) -> str:
    """Return the line of a file: what it is, its name, its size."""
    major = attachment.media_type.partition("/")[0]
    word = major if major in ("image", "audio", "video") else "file"
    size = size_label(attachment.size)
    return f"[{word}] {clean_line(CARDS.shown(attachment.name), 120) or 'unnamed'}" + (f"  {size}" if size else "")


def shown_body(message: Message) -> str:
    """Return the whole body as offsets of matches count it: tabs are blanks."""
    body = CARDS.shown(message.body)
    return body.expandtabs(TAB_CELLS) if "\t" in body else body


def sender_label(message: Message, own: bool) -> str:
    """Return what stands in the place of the name."""
    if own:
        return "You"
    name = clean_line(CARDS.shown(message.sender_name), 40)
    if message.role is Role.BOT:
        return f"[bot] {name}".rstrip()
    fallback = {Role.CUSTOMER: "Customer", Role.AGENT: "Agent"}
    return name or fallback.get(message.role, "")


def delivery_mark(message: Message, read: bool, offline: bool = False) -> tuple[str, str, str]:
    """Return the mark of a message of this desk in its long and short form, and its kind."""
    match message.delivery:
        case Delivery.QUEUED if offline:
            return "… queued: offline", "… offline", "pending"
        case Delivery.QUEUED:
            return "… queued", "… queued", "pending"
        case Delivery.SENDING:
            return "… sending", "… sending", "pending"
        case Delivery.ACKED:
            return "✓ sent", "✓ sent", "mark"
        case Delivery.CONFIRMED if read:
            return "✓✓ read", "✓✓ read", "mark"
        case Delivery.CONFIRMED:
            return "✓✓ confirmed", "✓✓", "mark"
        case Delivery.CANCELLED:
            return "× cancelled", "× cancelled", "pending"
        case Delivery.FAILED:
            return "! failed", "! failed", "failed"
        case Delivery.UNCERTAIN:
            return "? uncertain", "? uncertain", "failed"


def _gutter_glyph(message: Message, own: bool) -> str:
    if own:
        return "┃"
    return {Role.CUSTOMER: "│", Role.AGENT: "┊", Role.BOT: "┇", Role.SYSTEM: "·"}[message.role]


def _speaker_kind(message: Message, own: bool) -> str:
    if message.visibility is Visibility.NOTE:
        return "note"
    if own:
        return "you"
    return {Role.CUSTOMER: "customer", Role.AGENT: "agent", Role.BOT: "bot", Role.SYSTEM: "system"}[message.role]


def build_block(message: Message, look: Look) -> Block:
    """Return the rows of a message."""
    return _Builder(message, look).block()


class _Builder:
    def __init__(self, message: Message, look: Look) -> None:
        self.message = message
        self.look = look
        self.note = message.visibility is Visibility.NOTE
        self.system = message.role is Role.SYSTEM and not self.note
        self.speaker = _speaker_kind(message, look.own)
        self.glyph = "║" if self.note else _gutter_glyph(message, look.own)
        self.columns = look.width >= (20 if self.system else WIDE) and not self.note
        self.rows: list[Row] = []
        at = local_time(message.sent_at)
        self.time = f"{at:%H:%M}" if at else "--:--"
        self.name = "" if self.system else sender_label(message, look.own)
        name_width = 12 if look.width < 90 else 16
        self.indent = 2 + (7 if self.columns else 0) + (name_width + 1 if self.columns and not self.system else 0)
        self.name_width = name_width
        self.text_width = max(1, look.width - self.indent)

    def block(self) -> Block:
        look, message = self.look, self.message
        if look.unseen:
            self.rows.append(rule("new since you looked", look.width, "unseen", "━"))
        if look.day:
            self.rows.append(rule(look.day, look.width))
        lead = len(self.rows)
        if not self.columns and not look.grouped and not self.system:
            self.rows.append(self._header())
        base = len(self.rows)
        body, capped = ("", False) if message.deleted else self._body()
        text = body
        spans: list[tuple[int, int]] = []
        if body or (not message.attachments and not message.deleted):
            limit = CAP_ROWS * EXPAND_FACTOR**look.level
            spans = wrap(body, self.text_width, limit + 1)
            if len(spans) > limit:
                spans, capped = spans[:limit], True
            kind = "note-text" if self.note else "system" if self.system else "text"
            for start, end in spans:
                self._add(body[start:end], kind, " ", start)
        if message.deleted:
            self._add("(message deleted)", "deleted", "×")
        if capped:
            self._add(self._more(), "more", "▾")
        files: list[int] = []
        for attachment in () if message.deleted else message.attachments:
            text += "\n" if text else ""
            files.append(len(text))
            label = file_label(attachment)
            for start, end in wrap(label, self.text_width):
                self._add(label[start:end], "file", "+", len(text) + start)
            text += label
        self._marks()
        if self.note:
            self._close_note(lead)
        if look.gap:
            self.rows.append(rule("messages are missing here, fetching", look.width, "gap", "╌"))
        links = tuple(find_links(body))
        return Block(tuple(self.rows), lead, base, text, links, len(body), tuple(files), capped)

    def _body(self) -> tuple[str, bool]:
        limit = CAP_CHARACTERS * EXPAND_FACTOR**self.look.level
        body = self.message.body
        # A number that the limit cuts in two is still a card's.
        shown = CARDS.shown(clean_text(body[: limit + LONGEST_CARD]))[:limit]
        return shown.expandtabs(TAB_CELLS) if "\t" in shown else shown, len(body) > limit

    def _more(self) -> str:
        body = self.message.body
        lines = max(body.count("\n") + 1, len(body) // self.text_width)
        word = "all" if len(body) <= CAP_CHARACTERS * EXPAND_FACTOR ** (self.look.level + 1) else "more"
        return f"… show {word} ({lines:,} lines, {size_label(len(body.encode(errors='replace')))})"

    def _header(self) -> Row:
        look = self.look
        name_kind = f"{self.speaker}-name"
        if self.note:
            head = [Part("╓ ", "note-gutter"), Part("NOTE ", "note-name")]
            rest = f"· {self.name} · {self.time} · only agents see this"
            return Row((*head, Part(cut_to(rest, look.width - 7), "time")), "", "time")
        gutter = Part(self.glyph + " ", f"{self.speaker}-gutter")
        name = cut_to(self.name, max(1, look.width - 9))
        room = look.width - 2 - cell_len(name) - 6
        if room < 0:
            return Row((gutter, Part(name, name_kind)), "", "time")
        return Row(
            (gutter, Part(name, name_kind)), "", "time", -1, (Part(" " * (room + 1), "text"), Part(self.time, "time"))
        )

    def _add(self, text: str, kind: str, sign: str, start: int = -1) -> None:
        """Add a row of the message; the first one carries the columns."""
        prefix = [Part(self.glyph + sign, f"{self.speaker}-gutter")]
        if self.columns:
            first = not any(row.prefix and len(row.prefix) > 1 for row in self.rows)
            if not first:
                prefix.append(Part(" " * (self.indent - 2), "time"))
            else:
                prefix.append(Part(f" {self.time} ", "time"))
                if not self.system:
                    name = cut_to(self.name, self.name_width)
                    padded = name + " " * (self.name_width - cell_len(name) + 1)
                    prefix.append(Part(padded, f"{self.speaker}-name"))
        self.rows.append(Row(tuple(prefix), text, kind, start))

    def _marks(self) -> None:
        message, look = self.message, self.look
        edited = "edited" if message.edited and not message.deleted else ""
        if message.original and not message.deleted:
            self._mark(f"! {HIDDEN_BADGE}", "! hidden removed", "failed")
        if not look.own:
            if edited:
                self._mark(f"({edited})", f"({edited})", "time")
            return
        long, short, kind = delivery_mark(message, look.read, look.offline)
        if kind == "failed":
            reason = clean_line(CARDS.shown(message.delivery_reason), 200)
            label = f"{long}: {reason}" if reason else long
            for start, end in wrap(label, self.text_width):
                self._add(label[start:end], "failed", " ")
            return
        if edited:
            long, short = f"{edited} · {long}", f"{edited} · {short}"
        self._mark(long, short, kind)

    def _mark(self, long: str, short: str, kind: str) -> None:
        """Put a mark at the right end of the last row, on a row of its own where there is no room."""
        last = self.rows[-1] if self.rows else None
        if last is not None and last.prefix and not last.suffix and last.kind != "time":
            room = self.text_width - cell_len(last.text) - 2
            for form in (long, short):
                if cell_len(form) <= room:
                    pad = " " * (room + 2 - cell_len(form))
                    self.rows[-1] = last._replace(suffix=(Part(pad, "text"), Part(form, kind)))
                    return
        form = cut_to(short, self.text_width)
        self._add("", kind, " ")
        pad = " " * (self.text_width - cell_len(form))
        self.rows[-1] = self.rows[-1]._replace(suffix=(Part(pad, "text"), Part(form, kind)))

    def _close_note(self, lead: int) -> None:
        last = self.rows[-1]
        if len(self.rows) > lead + 1:
            gutter = last.prefix[0]
            self.rows[-1] = last._replace(prefix=(Part("╙" + gutter.text[1:], gutter.kind), *last.prefix[1:]))
