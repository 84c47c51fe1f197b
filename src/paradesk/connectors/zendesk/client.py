"""The calls of Zendesk Support that this connector makes, and what its refusals mean."""

import secrets
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Final

import httpx
import msgspec

from paradesk.connectors.base import (
    AuthError,
    Gone,
    ProtocolError,
    Rejected,
    Uncertain,
)
from paradesk.connectors.http import (
    DEADLINE,
    Answer,
    Downloader,
    OriginClient,
    RedirectRefused,
    checked_origin,
    origin_of,
    printable,
)
from paradesk.connectors.loose import Row, number, row_of, rows_of, text, truth
from paradesk.connectors.zendesk.answers import meaning, refusal
from paradesk.connectors.zendesk.wire import (
    CommentRow,
    FileRow,
    MacroRow,
    TicketRow,
    UserRow,
    comment_row,
    file_row,
    macro_row,
    ticket_row,
    user_row,
)
from paradesk.core.secret import Secret

MAX_ANSWER: Final = 32 * 2**20
PAGE: Final = 100
PAGES: Final = 60
"""Pages of one list that are read, at most: a ticket has at most 5,000 comments."""
_JSON: Final = "application/json"

Json = Mapping[str, object]


class ZendeskClient:
    """Talks to one account. The token goes into a header of requests to its origin, and nowhere else."""

    def __init__(
        self,
        address: str,
        signature: Secret,
        *,
        ca_file: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._origin = checked_origin(address, "account")
        self._http = OriginClient(self._origin, ca_file=ca_file, transport=transport)
        self._files: Downloader | None = None
        self._file_settings = (ca_file, transport)
        self._signature = signature
        self._skew = 0.0

    def now(self) -> float:
        """Return the server's time in Unix seconds, as its last answer told it: this machine's clock may be wrong."""
        return time.time() + self._skew

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()
        if self._files is not None:
            await self._files.close()

    # Reading

    async def me(self) -> UserRow:
        """Return who we are; raises AuthError for nobody, or somebody who is no agent."""
        found = user_row(row_of((await self._get("users/me")).get("user")))
        if found is None:
            # Without credentials Zendesk answers 200 and an anonymous user.
            raise AuthError("Zendesk does not know these credentials")
        if not found.agent:
            raise AuthError(
                f"{printable(found.name)} is no agent of this account (role {printable(found.role) or 'none'})"
            )
        return found

    async def changed_tickets(self, page: int) -> tuple[list[TicketRow], bool]:
        """Return a page of all tickets that we may see, last changed first, and whether there is another one."""
        params = {"sort_by": "updated_at", "sort_order": "desc", "per_page": str(PAGE), "page": str(page)}
        said = await self._get("tickets", params)
        return list(_tickets(_listed(said, "tickets"))), bool(said.get("next_page"))

    async def search(self, query: str, most: int) -> list[TicketRow]:
        """Return up to `most` tickets that the search finds. It knows changes a minute or two late."""
        found: list[TicketRow] = []
        for page in range(1, 11):
            params = {"query": f"type:ticket {query}", "per_page": str(min(PAGE, most)), "page": str(page)}
            said = await self._get("search", params)
            found += _tickets(_listed(said, "results"))
            if len(found) >= most or not said.get("next_page"):
                break
        return found[:most]

    async def tickets(self, ids: list[int]) -> list[TicketRow]:
        """Return these tickets, as far as they exist and we may see them."""
        found: list[TicketRow] = []
        for start in range(0, len(ids), PAGE):
            params = {"ids": ",".join(map(str, ids[start : start + PAGE]))}
            found += _tickets(_listed(await self._get("tickets/show_many", params), "tickets"))
        return found

    async def ticket(self, ticket_id: int) -> TicketRow:
        """Return one ticket as it is now; raises Gone where there is none."""
        return _ticket((await self._get(f"tickets/{ticket_id}")).get("ticket"), ticket_id)

    async def requested(self, user_id: int, most: int) -> list[TicketRow]:
        """Return a customer's tickets, last changed first."""
        params = {"sort_by": "updated_at", "sort_order": "desc", "per_page": str(min(PAGE, most))}
        return list(_tickets(_listed(await self._get(f"users/{user_id}/tickets/requested", params), "tickets")))

    async def comments(self, ticket_id: int) -> tuple[list[CommentRow], list[UserRow]]:
        """Return all comments of a ticket, oldest first, and the people who wrote them."""
        comments: dict[int, CommentRow] = {}
        users: dict[int, UserRow] = {}
        params = {"page[size]": str(PAGE), "include": "users"}
        for _ in range(PAGES):
            said = await self._get(f"tickets/{ticket_id}/comments", params)
            comments |= {row.id: row for one in _listed(said, "comments") if (row := comment_row(one)) is not None}
            users |= {user.id: user for one in rows_of(said.get("users")) if (user := user_row(one)) is not None}
            meta = row_of(said.get("meta"))
            after = text(meta, "after_cursor")
            if not truth(meta, "has_more") or not after or after == params.get("page[after]"):
                break
            params["page[after]"] = after
        return list(comments.values()), list(users.values())

    async def user(self, user_id: int) -> UserRow:
        """Return one user; raises Gone where there is none."""
        found = user_row(row_of((await self._get(f"users/{user_id}")).get("user")))
        if found is None or found.id != user_id:
            raise ProtocolError(f"asked for user {user_id}, Zendesk answered something else")
        return found

    async def users(self, ids: list[int]) -> list[UserRow]:
        """Return these users, as far as they exist."""
        found: list[UserRow] = []
        for start in range(0, len(ids), PAGE):
            said = await self._get("users/show_many", {"ids": ",".join(map(str, ids[start : start + PAGE]))})
            found += [row for one in _listed(said, "users") if (row := user_row(one)) is not None]
        return found

    async def agents(self) -> list[UserRow]:
        """Return all agents and administrators."""
        found: list[UserRow] = []
        for role in ("agent", "admin"):
            params = {"role": role, "page[size]": str(PAGE)}
            for _ in range(PAGES):
                said = await self._get("users", params)
                found += [row for one in _listed(said, "users") if (row := user_row(one)) is not None]
                meta = row_of(said.get("meta"))
                after = text(meta, "after_cursor")
                if not truth(meta, "has_more") or not after or after == params.get("page[after]"):
                    break
                params["page[after]"] = after
        return found

    async def groups(self, path: str) -> dict[int, str]:
        """Return groups, id → name: `groups/assignable`, or those of one user."""
        said = await self._get(path)
        return {number(one, "id"): text(one, "name") for one in _listed(said, "groups") if number(one, "id") > 0}

    async def macros(self) -> list[MacroRow]:
        """Return the active macros that write something."""
        found: list[MacroRow] = []
        for page in range(1, 11):
            said = await self._get("macros/active", {"per_page": str(PAGE), "page": str(page)})
            found += [row for one in _listed(said, "macros") if (row := macro_row(one)) is not None]
            if not said.get("next_page"):
                break
        return found

    async def file(self, file_id: int, limit: int) -> bytes:
        """Return a file; raises Rejected for what is too large, deleted or known to be malware."""
        found = file_row(row_of((await self._get(f"attachments/{file_id}")).get("attachment")))
        if found is None:
            raise Gone("Zendesk has no such file")
        if found.barred:
            raise Rejected(f"it is not fetched: {found.barred}")
        if found.size > limit:
            raise Rejected(f"larger than the limit of {limit // 1_000_000} MB")
        content = await self._content(found, limit)
        if found.size >= 0 and len(content) != found.size:
            raise Rejected(f"something else came in the file's place ({len(content)} bytes, not {found.size})")
        return content

    async def _content(self, file: FileRow, limit: int) -> bytes:
        url = httpx.URL(file.address) if file.address.startswith(("https://", "http://")) else None
        if url is None:
            raise Rejected("Zendesk gives no address for it")
        target = file.address
        if origin_of(url) == origin_of(self._origin):
            try:
                answer = await self._http.ask(
                    "GET",
                    url.raw_path.decode("ascii"),
                    headers={"Authorization": self._signature},
                    limit=limit,
                    deadline=120.0,
                )
            except RedirectRefused as error:
                # The files lie with somebody else; our token does not go there.
                target = error.target
            else:
                if answer.status != 200:
                    raise refusal(answer)
                return answer.body
        if self._files is None:
            ca_file, transport = self._file_settings
            self._files = Downloader([self._origin], ca_file=ca_file, transport=transport)
        return await self._files.fetch(target, limit)

    # Writing

    async def update(self, ticket_id: int, fields: Json, stamp: str) -> tuple[TicketRow, int]:
        """Change a ticket and perhaps add a comment, all or nothing; returns it and the id of the audit.

        Raises Conflict, with nothing done, when the ticket has changed since `stamp`.
        """
        body = {"ticket": {**fields, "safe_update": True, "updated_stamp": stamp}}
        said = await self._send("PUT", f"tickets/{ticket_id}", body)
        return _ticket(said.get("ticket"), ticket_id), number(row_of(said.get("audit")), "id")

    async def create(self, fields: Json) -> TicketRow:
        """Open a ticket. Asked for twice where the first answer is lost: this one call recognises a repeat by its key."""
        key = secrets.token_hex(16)
        for attempt in (1, 2):
            try:
                said = await self._send("POST", "tickets", {"ticket": fields}, {"Idempotency-Key": key})
                break
            except Uncertain:
                if attempt == 2:
                    raise
        return _ticket(said.get("ticket"), 0)

    async def change_tags(self, ticket_id: int, method: str, tags: list[str]) -> None:
        """Add (PUT) or remove (DELETE) tags; the others stay."""
        await self._send(method, f"tickets/{ticket_id}/tags", {"tags": tags})

    async def upload(self, name: str, media_type: str, content: bytes) -> str:
        """Upload a file and return the token that a comment names it by."""
        answer = await self._ask(
            "POST",
            "uploads",
            params={"filename": name},
            content=content,
            headers={"Content-Type": media_type},
            deadline=300.0,
        )
        token = text(row_of(row_of(meaning(answer)).get("upload")), "token")
        if not token:
            raise ProtocolError(f"Zendesk does not say what it calls the file {name!r}")
        return token

    # Transport

    async def _get(self, path: str, params: Mapping[str, str] | None = None) -> Row:
        return row_of(meaning(await self._ask("GET", path, params=params)))

    async def _send(self, method: str, path: str, body: Json, headers: Mapping[str, str] | None = None) -> Row:
        try:
            content = msgspec.json.encode(body)
        except UnicodeEncodeError:
            raise Rejected("the text contains a broken character that cannot be sent") from None
        shown = {"Content-Type": _JSON, **(headers or {})}
        return row_of(meaning(await self._ask(method, path, content=content, headers=shown)))

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        deadline: float = DEADLINE,
    ) -> Answer:
        signed: dict[str, str | Secret] = {"Authorization": self._signature, "Accept": _JSON, **(headers or {})}
        answer = await self._http.ask(
            method,
            f"/api/v2/{path}",
            params=params,
            content=content,
            headers=signed,
            limit=MAX_ANSWER,
            deadline=deadline,
        )
        try:
            self._skew = parsedate_to_datetime(answer.headers.get("Date", "")).timestamp() - time.time()
        except (ValueError, TypeError, OverflowError):
            pass
        return answer


def _listed(said: Row, name: str) -> Iterator[Row]:
    if not isinstance(said.get(name), list):
        raise ProtocolError(f"Zendesk's answer has no {name}")
    return rows_of(said[name])


def _tickets(rows: Iterator[Row]) -> Iterator[TicketRow]:
    return (found for row in rows if (found := ticket_row(row)) is not None)


def _ticket(said: object, ticket_id: int) -> TicketRow:
    found = ticket_row(row_of(said))
    if found is None or ticket_id not in (0, found.id):
        raise ProtocolError(f"asked for ticket {ticket_id}, Zendesk answered something else")
    return found


def signature_of(email: str, token: Secret, oauth: Secret) -> Secret:
    """Return what stands in the Authorization header; raises AuthError where there is nothing to sign in with."""
    if oauth:
        return Secret(f"Bearer {oauth.reveal()}")
    if not email.strip() or not token:
        raise AuthError("nothing to sign in with: set email and token, or an OAuth token")
    return Secret(f"Basic {b64encode(f'{email.strip()}/token:{token.reveal()}'.encode()).decode()}")


def search_words(words: str) -> str:
    """Return words of which nothing acts as an operator of the search."""
    plain = words.translate(dict.fromkeys(map(ord, '":<>=~*\\()'), " "))
    return " ".join(word for part in plain.split() if (word := part.lstrip("-")))
