"""A Zendesk Support of our own, after its published documentation: tickets, comments, users, uploads, and its refusals.

Times are whole seconds, the search is late, updates name the state that they were decided on, lists come in pages. What
the connector asks that is not documented is kept in `violations`.
"""

import base64
import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from itertools import count
from typing import Any

from tests.contract.plain_http import HttpServer, Reply, Request

ME, COLLEAGUE, GROUP, OTHER_GROUP = 11, 12, 5, 6
Json = dict[str, Any]


@dataclass
class Traps:
    """What this server does beside, or instead of, what it was asked."""

    page: int = 7
    """No list gives more at once."""
    search_lag: float = 0.5
    """Seconds until the search knows a change."""
    skew: float = 0.0
    """Seconds that the server's clock is ahead of ours."""
    bump: bool = False
    """A trigger changes each ticket once more, right after an update."""
    next_updates: list[str] = field(default_factory=list)
    """What happens to the next updates: lose, limit, break, html, collide (the customer writes in between)."""
    storage: str = ""
    """Where files lie: an address that the account redirects to."""
    next_download: bool = False
    """The next file is answered with a page of HTML."""
    unreadable: set[int] = field(default_factory=set)
    """Tickets whose comments come as HTML."""
    hold: bool = True
    """The status on-hold is switched on."""


class ZendeskServer(HttpServer):
    """One account with two agents and two groups."""

    def __init__(self) -> None:
        super().__init__()
        self.traps = Traps()
        self.violations: list[str] = []
        self.requests: list[Request] = []
        self.tickets: dict[int, Json] = {}
        self.comments: dict[int, list[Json]] = {}
        self.uploads: dict[str, Json] = {}
        self.files: dict[int, bytes] = {}
        self.attachments: dict[int, Json] = {}
        self.created: dict[str, int] = {}
        self.token = "token-of-the-account"
        self.ids = count(1000)
        self.users = {ME: person(ME, "Anna", "agent"), COLLEAGUE: person(COLLEAGUE, "Ben", "agent")}

    # What people do

    def now(self) -> float:
        """Return the server's time."""
        return time.time() + self.traps.skew

    def stamp(self) -> str:
        """Return the server's time as it writes it: in whole seconds."""
        return datetime.fromtimestamp(int(self.now()), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def open_ticket(self, name: str, *, assignee: int | None = ME, **fields: Any) -> Json:
        """Let a customer open a ticket."""
        user = person(next(self.ids), name, "end-user")
        self.users[user["id"]] = user
        ticket_id = next(self.ids)
        ticket = {
            **{"id": ticket_id, "subject": f"Question of {name}", "status": "open" if assignee else "new"},
            **{"priority": None, "tags": [], "requester_id": user["id"], "assignee_id": assignee, "group_id": GROUP},
            **{"via": {"channel": "email"}, "created_at": self.stamp(), "updated_at": self.stamp()},
            **fields,
        }
        self.tickets[ticket_id], self.comments[ticket_id] = ticket, []
        return ticket

    def touch(self, ticket_id: int, **fields: Any) -> None:
        """Change a ticket, in a second in which it has not been changed yet."""
        ticket = self.tickets[ticket_id]
        at = max(self.now(), _time(ticket["updated_at"])) + 1
        ticket |= {"updated_at": datetime.fromtimestamp(int(at), UTC).strftime("%Y-%m-%dT%H:%M:%SZ"), **fields}

    def comment(
        self, ticket_id: int, author: int, body: str, *, public: bool = True, files: list[Json] | None = None
    ) -> Json:
        """Add a comment."""
        row = {
            **{"id": next(self.ids), "type": "Comment", "author_id": author, "body": body, "plain_body": body},
            **{"html_body": f"<p>{body}</p>", "public": public, "attachments": files or []},
            **{"audit_id": next(self.ids), "created_at": self.stamp(), "via": {"channel": "web"}},
        }
        self.comments[ticket_id].append(row)
        self.tickets[ticket_id]["updated_at"] = max(self.stamp(), self.tickets[ticket_id]["updated_at"])
        return row

    def store(self, name: str, media_type: str, content: bytes) -> Json:
        """Store a file."""
        number = next(self.ids)
        row = {
            **{"id": number, "file_name": name, "content_type": media_type, "size": len(content), "deleted": False},
            **{
                "content_url": f"{self.url}/attachments/token/{number}/?name=x",
                "malware_scan_result": "malware_not_found",
            },
        }
        self.files[number], self.attachments[number] = content, row
        return row

    # The wire

    async def answer(self, request: Request) -> Reply | None:
        """Answer one request as the account does."""
        self.requests.append(request)
        if request.path.startswith("/attachments/token/"):
            number = int(request.path.split("/")[3])
            if self.traps.storage:
                return Reply(status=302, headers={"Location": f"{self.traps.storage}/{number}"})
            content = b"<html>sign in</html>" if self.traps.next_download else self.files[number]
            self.traps.next_download = False
            return Reply(content, headers={"Content-Type": "application/octet-stream"})
        expected = base64.b64encode(f"anna@example.org/token:{self.token}".encode()).decode()
        if request.headers.get("authorization") not in (f"Basic {expected}", "Bearer oauth-of-anna"):
            return self._said({"error": "Couldn't authenticate you"}, 401)
        path = request.path.removeprefix("/api/v2/")
        for shape, method in _ROUTES:
            found = re.fullmatch(shape, path)
            if found and request.method in method[0].split():
                reply: Reply | None = getattr(self, method[1])(request, *map(int, found.groups()))
                return reply
        self.violations.append(f"{request.method} {request.path} is not documented")
        return self._refused(404, "InvalidEndpoint", "Not found")

    def _said(self, content: object, status: int = 200) -> Reply:
        return Reply.of(content, status, Date=formatdate(self.now(), usegmt=True))

    def _refused(self, status: int, error: str, words: str) -> Reply:
        return self._said({"error": error, "description": words}, status)

    def _paged(self, request: Request, name: str, rows: list[Json], **more: Any) -> Reply:
        query, size = request.query, self.traps.page
        if "page[size]" in query:
            start = int(query.get("page[after]", "0"))
            after = start + min(size, int(query["page[size]"]))
            meta = {"has_more": after < len(rows), "after_cursor": str(after), "before_cursor": None}
            return self._said({name: rows[start:after], "meta": meta, **more})
        size = min(size, int(query.get("per_page", "100")))
        start = (int(query.get("page", "1")) - 1) * size
        more_there = start + size < len(rows)
        next_page = f"{self.url}/next" if more_there else None
        return self._said({name: rows[start : start + size], "next_page": next_page, "count": len(rows), **more})

    def me(self, request: Request) -> Reply:
        return self._said({"user": self.users[ME]})

    def my_groups(self, request: Request, user_id: int) -> Reply:
        return self._said({"groups": [{"id": GROUP, "name": "Support"}], "next_page": None})

    def all_groups(self, request: Request) -> Reply:
        return self._said({"groups": [{"id": GROUP, "name": "Support"}, {"id": OTHER_GROUP, "name": "Returns"}]})

    def list_users(self, request: Request) -> Reply:
        return self._paged(
            request, "users", [one for one in self.users.values() if one["role"] == request.query["role"]]
        )

    def show_users(self, request: Request) -> Reply:
        ids = map(int, request.query["ids"].split(","))
        return self._said({"users": [self.users[one] for one in ids if one in self.users]})

    def show_user(self, request: Request, user_id: int) -> Reply:
        user = self.users.get(user_id)
        return self._said({"user": user}) if user else self._refused(404, "RecordNotFound", "Not found")

    def requested(self, request: Request, user_id: int) -> Reply:
        return self._paged(request, "tickets", [one for one in self._by_change() if one["requester_id"] == user_id])

    def _by_change(self) -> list[Json]:
        return sorted(self.tickets.values(), key=lambda one: (one["updated_at"], one["id"]), reverse=True)

    def list_tickets(self, request: Request) -> Reply | None:
        if request.method == "POST":
            return self._create(request)
        if request.query.get("sort_by") != "updated_at" or request.query.get("sort_order") != "desc":
            self.violations.append(f"tickets listed without an order: {dict(request.query)}")
        return self._paged(request, "tickets", self._by_change())

    def show_tickets(self, request: Request) -> Reply:
        ids = [int(one) for one in request.query["ids"].split(",") if one]
        if not ids or len(ids) > 100:
            self.violations.append(f"show_many of {len(ids)} ids")
        return self._said({"tickets": [self.tickets[one] for one in ids if one in self.tickets]})

    def search(self, request: Request) -> Reply:
        words = request.query["query"].split()
        known = [one for one in self._by_change() if _time(one["updated_at"]) < self.now() - self.traps.search_lag]
        found = [dict(one, result_type="ticket") for one in known if all(self._matches(one, word) for word in words)]
        return self._paged(request, "results", found)

    def _matches(self, ticket: Json, word: str) -> bool:
        name, mark, value = word.partition(":")
        if word == "status<solved":
            return ticket["status"] not in ("solved", "closed")
        if not mark:
            said = [ticket["subject"], *(row["body"] for row in self.comments[ticket["id"]])]
            return any(word.lower() in text.lower() for text in said)
        if name == "type":
            return value == "ticket"
        held = ticket[{"assignee": "assignee_id", "group": "group_id"}[name]]
        return held is None if value == "none" else held == int(value)

    def ticket(self, request: Request, ticket_id: int) -> Reply | None:
        ticket = self.tickets.get(ticket_id)
        if ticket is None:
            return self._refused(404, "RecordNotFound", "Not found")
        return self._said({"ticket": ticket}) if request.method == "GET" else self._update(request, ticket)

    def _update(self, request: Request, ticket: Json) -> Reply | None:
        fault = self.traps.next_updates.pop(0) if self.traps.next_updates else ""
        if fault == "break":
            return None
        if fault == "limit":
            return Reply.of({"error": "APIRateLimitExceeded"}, 429, **{"Retry-After": "0.2"})
        fields = request.json["ticket"]
        if fault == "collide":
            self.comment(ticket["id"], ticket["requester_id"], "one more thing")
            self.touch(ticket["id"])
        if ticket["status"] == "closed":
            return self._invalid("Status: closed prevents ticket update")
        if fields.pop("safe_update", False) and fields.pop("updated_stamp") != ticket["updated_at"]:
            return self._refused(409, "UpdateConflict", "Safe Update prevented the update due to outdated ticket data.")
        if fields.get("status") == "hold" and not self.traps.hold:
            return self._invalid("Status: hold is not a valid status")
        comment = fields.pop("comment", None)
        if comment is not None and not comment["body"].strip():
            return self._invalid("Comment: cannot be blank")
        uploads = comment.get("uploads", []) if comment is not None else []
        if any(token not in self.uploads for token in uploads):
            return self._invalid("Attachment: the upload token is invalid or has expired")
        ticket |= fields
        ticket["updated_at"] = max(self.stamp(), ticket["updated_at"])
        audit = {"id": next(self.ids), "events": []}
        if comment is not None:
            files = [self.uploads.pop(token) for token in uploads]
            audit["id"] = self.comment(ticket["id"], ME, comment["body"], public=comment["public"], files=files)[
                "audit_id"
            ]
        answer = self._said({"ticket": dict(ticket), "audit": audit})
        if self.traps.bump:
            self.touch(ticket["id"])
        if fault == "lose":
            return None
        if fault == "blank":
            return self._said({})
        return Reply(b"<html>502</html>", headers={"Content-Type": "text/html"}) if fault == "html" else answer

    def _invalid(self, words: str) -> Reply:
        details = {"base": [{"description": words}]}
        return self._said(
            {"error": "RecordInvalid", "description": "Record validation errors", "details": details}, 422
        )

    def _create(self, request: Request) -> Reply | None:
        key = request.headers.get("idempotency-key", "")
        fields = request.json["ticket"]
        if key not in self.created:
            requester = fields.pop("requester", None)
            comment, source = fields.pop("comment"), fields.pop("via_followup_source_id", None)
            ticket = self.open_ticket(requester["name"] if requester else "follow-up", **fields)
            ticket["followup_of"] = source
            self.comment(ticket["id"], ME, comment["body"], public=comment["public"])
            self.created[key] = ticket["id"]
        fault = self.traps.next_updates.pop(0) if self.traps.next_updates else ""
        return None if fault == "lose" else self._said({"ticket": self.tickets[self.created[key]]}, 201)

    def ticket_comments(self, request: Request, ticket_id: int) -> Reply:
        if ticket_id in self.traps.unreadable:
            return Reply(b"<html>oops</html>", headers={"Content-Type": "text/html"})
        if ticket_id not in self.tickets:
            return self._refused(404, "RecordNotFound", "Not found")
        rows = self.comments[ticket_id]
        writers = {row["author_id"] for row in rows}
        return self._paged(request, "comments", rows, users=[self.users[one] for one in writers if one in self.users])

    def tags(self, request: Request, ticket_id: int) -> Reply:
        ticket = self.tickets[ticket_id]
        told = set(request.json["tags"])
        ticket["tags"] = sorted(set(ticket["tags"]) | told if request.method == "PUT" else set(ticket["tags"]) - told)
        ticket["updated_at"] = self.stamp()
        return self._said({"tags": ticket["tags"]})

    def upload(self, request: Request) -> Reply:
        row = self.store(request.query["filename"], request.headers["content-type"], request.body)
        token = f"upload-{row['id']}"
        self.uploads[token] = row
        return self._said({"upload": {"token": token, "attachment": row}}, 201)

    def attachment(self, request: Request, number: int) -> Reply:
        row = self.attachments.get(number)
        return self._said({"attachment": row}) if row else self._refused(404, "RecordNotFound", "Not found")

    def macros(self, request: Request) -> Reply:
        texts = [
            ("comment_value", "Hello {{ticket.requester.name}}"),
            ("comment_value_html", "<p>One<br>two</p><p>3</p>"),
        ]
        rows = [
            {"id": 70 + n, "title": f"Macro {n}", "actions": [{"field": f, "value": v}]}
            for n, (f, v) in enumerate(texts)
        ]
        rows.append(
            {"id": 80, "title": "list", "actions": [{"field": "comment_value", "value": ["channel:all", "All of you"]}]}
        )
        rows.append({"id": 81, "title": "no text", "actions": [{"field": "status", "value": "solved"}]})
        return self._paged(request, "macros", rows)


_ROUTES = [
    (r"users/me", ("GET", "me")),
    (r"users/(\d+)/groups", ("GET", "my_groups")),
    (r"groups/assignable", ("GET", "all_groups")),
    (r"users", ("GET", "list_users")),
    (r"users/show_many", ("GET", "show_users")),
    (r"users/(\d+)", ("GET", "show_user")),
    (r"users/(\d+)/tickets/requested", ("GET", "requested")),
    (r"tickets", ("GET POST", "list_tickets")),
    (r"tickets/show_many", ("GET", "show_tickets")),
    (r"search", ("GET", "search")),
    (r"tickets/(\d+)", ("GET PUT", "ticket")),
    (r"tickets/(\d+)/comments", ("GET", "ticket_comments")),
    (r"tickets/(\d+)/tags", ("PUT DELETE", "tags")),
    (r"uploads", ("POST", "upload")),
    (r"attachments/(\d+)", ("GET", "attachment")),
    (r"macros/active", ("GET", "macros")),
]


def person(user_id: int, name: str, role: str) -> Json:
    """Return the record of a user."""
    email = f"{name.lower().replace(' ', '.')}@example.org"
    return {
        **{"id": user_id, "name": name, "email": email, "phone": None, "role": role, "locale": "de"},
        **{"created_at": "2020-05-01T10:00:00Z", "time_zone": "Berlin", "user_fields": {"plan": "gold", "vip": None}},
    }


def _time(stamp: str) -> float:
    return datetime.fromisoformat(stamp).timestamp()
