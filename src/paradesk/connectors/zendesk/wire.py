"""What Zendesk Support answers, as values: only the fields that are needed, tolerant of what is missing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from html.parser import HTMLParser

from paradesk.connectors.loose import Row, number, row_of, rows_of, text, truth


def seconds(row: Row, name: str) -> float:
    """Return a time in Unix seconds, or 0 for what is none."""
    try:
        return max(0.0, datetime.fromisoformat(text(row, name)[:40]).timestamp())
    except (ValueError, OverflowError, OSError):
        return 0.0


@dataclass(frozen=True, slots=True)
class TicketRow:
    """One ticket, without its comments."""

    id: int
    subject: str
    status: str
    priority: str
    tags: frozenset[str]
    requester: int
    assignee: int
    """Id of the agent who has it, or 0."""
    group: int
    channel: str
    created_at: float
    updated_at: float
    stamp: str
    """`updated_at` as the server wrote it: what a safe update has to name."""
    organization: int


def ticket_row(row: Row) -> TicketRow | None:
    """Return a ticket, or None for what has no id or no status."""
    ticket_id, status = number(row, "id"), text(row, "status")
    if ticket_id <= 0 or not status:
        return None
    tags = row.get("tags")
    return TicketRow(
        id=ticket_id,
        subject=text(row, "subject") or text(row, "raw_subject"),
        status=status.lower(),
        priority=text(row, "priority").lower(),
        tags=frozenset(tag for tag in tags if isinstance(tag, str) and tag) if isinstance(tags, list) else frozenset(),
        requester=max(0, number(row, "requester_id")),
        assignee=max(0, number(row, "assignee_id")),
        group=max(0, number(row, "group_id")),
        channel=text(row_of(row.get("via")), "channel") or "ticket",
        created_at=seconds(row, "created_at"),
        updated_at=seconds(row, "updated_at"),
        stamp=text(row, "updated_at"),
        organization=max(0, number(row, "organization_id")),
    )


@dataclass(frozen=True, slots=True)
class FileRow:
    """A file that belongs to a comment."""

    id: int
    name: str
    media_type: str
    size: int
    """Bytes; below zero where the server does not say."""
    address: str
    barred: str
    """Why it is not to be fetched, or empty."""


def file_row(row: Row) -> FileRow | None:
    """Return a file, or None for what has no id."""
    file_id = number(row, "id")
    if file_id <= 0:
        return None
    barred = ""
    if text(row, "malware_scan_result") == "malware_found":
        barred = "Zendesk found malware in it"
    if truth(row, "deleted"):
        barred = "it was deleted"
    return FileRow(
        file_id,
        text(row, "file_name") or f"file {file_id}",
        text(row, "content_type") or "application/octet-stream",
        number(row, "size", -1),
        text(row, "content_url"),
        barred,
    )


@dataclass(frozen=True, slots=True)
class CommentRow:
    """One comment of a ticket: a message, or a note."""

    id: int
    audit: int
    author: int
    body: str
    public: bool
    at: float
    files: tuple[FileRow, ...]


def comment_row(row: Row) -> CommentRow | None:
    """Return a comment, or None for what has no id. What does not say that it is public counts as a note."""
    comment_id = number(row, "id")
    if comment_id <= 0:
        return None
    return CommentRow(
        id=comment_id,
        audit=number(row, "audit_id"),
        author=number(row, "author_id", -1),
        body=text(row, "body") or text(row, "plain_body"),
        public=row.get("public") is True,
        at=seconds(row, "created_at"),
        files=tuple(found for one in rows_of(row.get("attachments")) if (found := file_row(one)) is not None),
    )


@dataclass(frozen=True, slots=True)
class UserRow:
    """Somebody: a customer or an agent."""

    id: int
    name: str
    email: str
    phone: str
    role: str
    """`end-user`, `agent` or `admin`."""
    locale: str
    created_at: float
    facts: tuple[tuple[str, str], ...]

    @property
    def agent(self) -> bool:
        """One of us."""
        return self.role in ("agent", "admin")


def user_row(row: Row) -> UserRow | None:
    """Return a user, or None for what has no id (nobody is signed in)."""
    user_id = number(row, "id")
    if user_id <= 0:
        return None
    return UserRow(
        id=user_id,
        name=text(row, "name").strip() or text(row, "email") or f"user {user_id}",
        email=text(row, "email"),
        phone=text(row, "phone"),
        role=text(row, "role"),
        locale=text(row, "locale"),
        created_at=seconds(row, "created_at"),
        facts=tuple(_facts(row)),
    )


def _facts(row: Row) -> Iterator[tuple[str, str]]:
    for column in ("time_zone", "details", "notes"):
        if value := text(row, column).strip():
            yield column.replace("_", " "), value
    fields = row_of(row.get("user_fields"))
    for name in list(fields)[:30]:
        if isinstance(name, str) and (value := text(fields, name).strip()):
            yield name.replace("_", " "), value


@dataclass(frozen=True, slots=True)
class MacroRow:
    """A macro that writes a comment."""

    id: int
    title: str
    body: str


def macro_row(row: Row) -> MacroRow | None:
    """Return a macro, or None for one that writes nothing."""
    macro_id, body = number(row, "id"), ""
    for action in rows_of(row.get("actions")):
        told = action.get("value")
        # Of a list the last part is the text; the first one names a channel.
        value = told[-1] if isinstance(told, list) and told else told
        if not isinstance(value, str):
            continue
        if action.get("field") == "comment_value":
            body = value
        elif action.get("field") == "comment_value_html" and not body:
            body = plain(value)
    return MacroRow(macro_id, text(row, "title"), body) if macro_id > 0 and body.strip() else None


class _Plain(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.parts: list[str] = []

    def handle_data(self, data: str) -> None:
        self.parts.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "br":
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("p", "div", "li"):
            self.parts.append("\n")


def plain(html: str) -> str:
    """Return the text of HTML, with its line breaks."""
    parser = _Plain()
    parser.feed(html)
    parser.close()
    return "".join(parser.parts).strip()
