"""The calls of Live Helper Chat that this connector makes: its REST interface, and the older one of its mobile app."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlencode

import httpx
import msgspec

from paradesk.connectors.base import AuthError, Gone, ProtocolError, Rejected
from paradesk.connectors.http import DEADLINE, Answer, OriginClient, RedirectRefused, checked_origin
from paradesk.connectors.livehelperchat.answers import NotTheServer, meaning
from paradesk.connectors.livehelperchat.wire import (
    ChatRow,
    ChatStatus,
    FileRow,
    MessageRow,
    OperatorRow,
    chat_row,
    file_row,
    message_row,
    operator_row,
)
from paradesk.connectors.loose import Row, number, row_of, rows_of, text
from paradesk.core.secret import Secret

MAX_ANSWER: Final = 32 * 2**20
"""Bytes of the largest answer that is read: a chat's messages come all at once."""
PAGE: Final = 200
_FIELDS: Final = "department_name,plain_user_name,is_user_typing,subject"
_FORM: Final = "application/x-www-form-urlencoded"


def place_of(address: str) -> tuple[httpx.URL, str]:
    """Return origin and path of an installation; raises AuthError when credentials must not be sent there."""
    scheme, mark, rest = address.strip().rpartition("://")
    host, slash, path = rest.rstrip("/").partition("/")
    origin = checked_origin(f"{scheme}{mark}{host}", "installation")
    return origin, f"{slash}{path}" if path else "/index.php"


class LhcClient:
    """Talks to one installation. The key goes into a header of requests to its origin, and nowhere else."""

    def __init__(
        self,
        address: str,
        user: str,
        key: Secret,
        *,
        ca_file: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        origin, self._base = place_of(address)
        self._http = OriginClient(origin, ca_file=ca_file, transport=transport)
        self._user = user
        self._signed = {"Authorization": Secret(f"Basic {b64encode(f'{user}:{key.reveal()}'.encode()).decode()}")}

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()

    # Reading

    async def me(self) -> OperatorRow:
        """Return the operator that we are; raises AuthError when the server does not accept us."""
        said = meaning(await self._ask("POST", "restapi/getuser", params={"username": self._user}))
        found = operator_row(row_of(row_of(said).get("result")))
        if found is None:
            raise ProtocolError("the server does not say who we are")
        return found

    async def chats(self, filters: Mapping[str, str], *, most: int | None = None) -> list[ChatRow]:
        """Return all chats (or the `most` newest) that match, newest first."""
        found: dict[int, ChatRow] = {}
        offset = 0
        while True:
            limit = PAGE if most is None else min(PAGE, most - len(found))
            params = {**filters, "limit": str(limit), "prefill_fields": _FIELDS}
            if offset:
                params["offset"] = str(offset)
            said = row_of(await self._get("restapi/chats", params))
            if not isinstance(said.get("list"), list | dict):
                raise ProtocolError("the server's list of chats has no list")
            rows = list(rows_of(said["list"]))
            found |= {row.id: row for row in map(chat_row, rows) if row is not None}
            offset += len(rows)
            if len(rows) < limit or (most is not None and len(found) >= most):
                return list(found.values())

    async def chat(self, chat_id: int) -> ChatRow:
        """Return one chat as it is now; raises Gone where there is none."""
        said = await self._get(f"restapi/chat/{chat_id}", {"attr": _FIELDS})
        found = chat_row(row_of(row_of(said).get("result")))
        if found is None or found.id != chat_id:
            raise ProtocolError(f"asked for chat {chat_id}, the server answered something else")
        return found

    async def messages(self, chat_id: int, after: int) -> list[MessageRow]:
        """Return all messages of a chat above an id, in the order of their ids. There is no limit and no paging."""
        # Without `workflow`: with it the server takes us for the visitor, and marks our own messages as read.
        params = {"chat_id": str(chat_id), "last_message_id": str(after), "extract_media": "true"}
        result = row_of(row_of(await self._get("restapi/fetchchatmessages", params)).get("result"))
        if not isinstance(result.get("messages"), list | dict):
            raise ProtocolError(f"the server's messages of chat {chat_id} are missing in its answer")
        rows = (message_row(row, chat_id) for row in rows_of(result["messages"]))
        return sorted((row for row in rows if row is not None and row.id > after), key=lambda row: row.id)

    async def operators(self) -> list[OperatorRow]:
        """Return all operators with their presence; raises Forbidden where we may not see them."""
        params = {
            "include_offline": "true",
            "exclude_invisible": "false",
            "include_disabled": "false",
            "include_user": "true",
        }
        said = await self._get("restapi/onlineusers", params)
        return [found for row in rows_of(said) if (found := operator_row(row_of(row.get("user")))) is not None]

    async def departments(self) -> dict[int, str]:
        """Return the departments, id → name; raises Forbidden where we may not see them."""
        said = row_of(await self._get("restapi/departments", {}))
        rows = rows_of(said.get("result"))
        return {number(row, "id"): text(row, "name") for row in rows if number(row, "id") > 0}

    async def file_facts(self, file_id: int) -> FileRow:
        """Return what the server knows of a file, its content apart."""
        found = file_row(row_of(await self._get(f"restapi/file/{file_id}", {"meta": "true"})))
        if found is None:
            raise Gone("the server has no such file")
        return found

    async def file(self, file_id: int, limit: int) -> bytes:
        """Return the bytes that the server gives for a file, which need not be the file's (see `files`)."""
        answer = await self._ask("GET", f"restapi/file/{file_id}", limit=limit, deadline=120.0)
        if answer.status != 200:
            meaning(answer)
            raise Rejected("the server does not give the file")
        return answer.body

    # Writing

    async def write(self, chat_id: int, body: str, sender: str) -> Row:
        """Add a message as `operator` or `whisper` and return the answer. A repeat adds it again."""
        form = {"chat_id": str(chat_id), "msg": body, "sender": sender}
        return row_of(await self._post("restapi/addmsgadmin", form))

    async def set_status(self, chat_id: int, status: ChatStatus) -> None:
        """Ask for another status. The server may say yes and do nothing: read the chat again."""
        await self._post("restapi/setchatstatus", {"chat_id": str(chat_id), "status": str(int(status))})

    async def rewrite(self, chat_id: int, columns: Mapping[str, int]) -> None:
        """Set columns of a chat. The server writes the whole row back, so that what others change meanwhile is lost."""
        body = msgspec.json.encode(columns)
        meaning(await self._ask("PUT", f"restapi/chat/{chat_id}", content=body, media_type="application/json"))

    async def alive(self, user_id: int) -> None:
        """Say that this operator is still there; without it they count as away after some minutes."""
        await self._get(f"restapi/updatelastactivity/{user_id}", {})

    async def set_presence(self, user_id: int, *, online: bool, invisible: bool) -> None:
        """Say whether this operator takes chats, and whether they show themselves."""
        await self._get("restapi/setinvisibilitystatus", {"user_id": str(user_id), "status": str(invisible).lower()})
        await self._get("restapi/setoperatorstatus", {"user_id": str(user_id), "status": str(online).lower()})

    async def upload(self, chat_id: int, name: str, media_type: str, content: bytes) -> FileRow:
        """Upload a file for a chat. Nobody sees it before a message names it."""
        form = httpx.Request(
            "POST", "http://unused", data={"chat_id": str(chat_id)}, files={"files": (name, content, media_type)}
        )
        kind = form.headers["Content-Type"]
        answer = await self._ask("POST", "restapi/file", content=form.read(), media_type=kind, deadline=300.0)
        found = file_row(row_of(meaning(answer)))
        if found is None or not found.hash:
            raise ProtocolError(f"the server does not say where it has put the file {name!r}")
        return found

    async def mobile(self, path: str, user: str, password: Secret) -> object:
        """Ask the interface of the mobile app; None where it answers nothing, as it does when it is switched off."""
        form = urlencode({"username": user, "password": password.reveal()}).encode()
        answer = await self._ask("POST", f"xml/{path}", content=form, media_type=_FORM)
        return None if answer.status == 200 and not answer.body.strip() else meaning(answer)

    # Transport

    async def _get(self, path: str, params: Mapping[str, str]) -> object:
        return meaning(await self._ask("GET", path, params=params))

    async def _post(self, path: str, form: Mapping[str, str]) -> object:
        # Form-encoded only: the server does not see the fields of a JSON body.
        try:
            content = urlencode(form).encode()
        except UnicodeEncodeError:
            raise Rejected("the text contains a broken character that cannot be sent") from None
        return meaning(await self._ask("POST", path, content=content, media_type=_FORM))

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        media_type: str = "",
        limit: int = MAX_ANSWER,
        deadline: float = DEADLINE,
    ) -> Answer:
        # The key is for the REST interface only; the mobile one takes a password.
        headers: dict[str, str | Secret] = dict(self._signed) if path.startswith("restapi/") else {}
        if media_type:
            headers["Content-Type"] = media_type
        try:
            return await self._http.ask(
                method,
                f"{self._base}/{path}",
                params=params or None,
                content=content,
                headers=headers,
                limit=limit,
                deadline=deadline,
            )
        except RedirectRefused as error:
            if method == "GET":
                raise
            # A route that the server does not know: nothing was done, and nothing ever will be.
            raise NotTheServer(
                f"the server knows no such call ({error}); is the address of the installation right?"
            ) from None


def statuses(wanted: Iterable[ChatStatus]) -> str:
    """Return statuses as the server's filter takes them."""
    return ",".join(str(int(status)) for status in wanted)


def checked_user(user: str, key: Secret) -> str:
    """Return the user name; raises AuthError where there is nothing to sign in with."""
    user = user.strip()
    if not user or not key:
        raise AuthError("nothing to sign in with: set user and key (an API key, or the password where that is allowed)")
    if ":" in user:
        raise AuthError("the user name must not contain a colon")
    return user
