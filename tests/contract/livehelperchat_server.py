"""A Live Helper Chat of our own: the noted behaviour of commit c15cd17d (August 2026), with its traps, each to be set.

It keeps chats, messages, files, operators and transfers in memory and speaks the REST and mobile interfaces. Every REST
request is held against the published description; what does not fit is kept in `violations`.
"""

import base64
import json
import re
import time
from itertools import count
from typing import Any

from tests.contract.livehelperchat_description import violations
from tests.contract.livehelperchat_setup import COLLEAGUE, ME, Traps, operator
from tests.contract.plain_http import HttpServer, Reply, Request

PLACEHOLDER = b"\x89PNG\r\n\x1a\n" + b"\x00" * 54_325
_TRIM = " \t\n\r\0\x0b"


class LhcServer(HttpServer):
    """One installation with two operators and two departments."""

    def __init__(self) -> None:
        super().__init__()
        self.traps = Traps()
        self.violations: list[str] = []
        self.requests: list[Request] = []
        self.chats: dict[int, dict[str, Any]] = {}
        self.messages: list[dict[str, Any]] = []
        self.files: dict[int, dict[str, Any]] = {}
        self.transfers: dict[int, dict[str, int]] = {}
        self.operators = {ME: operator(ME, "anna", "Anna"), COLLEAGUE: operator(COLLEAGUE, "ben", "Ben")}
        self.key, self.password = "key-of-anna", "password-of-anna"
        self.ids = count(100)
        self.executed: list[str] = []
        """Commands that were carried out."""
        self._hidden: set[int] = set()

    def now(self) -> int:
        """Return the server's time, in whole seconds."""
        return int(time.time() + self.traps.clock)

    # What people do

    def open_chat(self, nick: str, *, owner: int = ME, status: int = 1, **columns: Any) -> dict[str, Any]:
        """Let a visitor begin a chat that an operator has accepted, or (status 0, owner 0) that waits."""
        chat_id = next(self.ids)
        row = {
            **{"id": chat_id, "nick": nick, "status": status, "status_sub": 0, "user_id": owner, "dep_id": 1},
            **{"email": "", "phone": "", "hash": f"hash-of-{chat_id}", "time": self.now(), "priority": 0},
            **{"online_user_id": chat_id + 7000, "last_msg_id": 0, "last_user_msg_time": 0, "last_op_msg_time": 0},
            **{"user_typing": 0, "user_typing_txt": "", "operator_typing": 0, "operator_typing_id": 0, "remarks": ""},
            **{"additional_data": "", "transfer_uid": 0, "chat_locale": "de", "country_name": "", "city": ""},
            **columns,
        }
        self.chats[chat_id] = row
        return row

    def add(self, chat_id: int, body: str, author: int, name: str = "", meta: object = None) -> dict[str, Any]:
        """Store a message."""
        row: dict[str, Any] = {"id": next(self.ids), "msg": body, "meta_msg": json.dumps(meta) if meta else ""}
        row |= {"chat_id": chat_id, "user_id": author, "name_support": name, "del_st": 1 if author > 0 else 0}
        row["time"] = self.now()
        self.messages.append(row)
        chat = self.chats[chat_id]
        chat["last_msg_id"] = row["id"]
        chat["last_user_msg_time" if author == 0 else "last_op_msg_time"] = row["time"]
        if self.traps.late_ids and author == 0 and len(self.messages) % 2:
            self._hidden.add(row["id"])
        return row

    def store(self, chat_id: int, name: str, media_type: str, content: bytes) -> dict[str, Any]:
        """Store a file."""
        file_id = next(self.ids)
        row = {"id": file_id, "upload_name": name, "type": media_type, "size": len(content), "chat_id": chat_id}
        self.files[file_id] = row | {"security_hash": f"sec{file_id}", "content": content}
        return self.files[file_id]

    def of_chat(self, chat_id: int) -> list[dict[str, Any]]:
        """Return a chat's messages in the order of their ids."""
        return sorted((m for m in self.messages if m["chat_id"] == chat_id), key=lambda m: m["id"])

    def visible(self, chat_id: int) -> list[dict[str, Any]]:
        """Return what the visitor's widget is given: no whispers."""
        return [m for m in self.of_chat(chat_id) if '"whisper": true' not in m["meta_msg"]]

    # The wire

    async def answer(self, request: Request) -> Reply | None:
        """Answer one request as the installation does."""
        self.requests.append(request)
        path = request.path.removeprefix("/index.php")
        if path.startswith("/xml/"):
            return self._mobile(path.removeprefix("/xml/"), request)
        if not path.startswith("/restapi/"):
            return Reply(b"<!DOCTYPE html><html><body>Login</body></html>", headers={"Content-Type": "text/html"})
        if any(path.startswith(beginning) for beginning in self.traps.forget) or not self._knows(request):
            status = 200 if path in ("/restapi/chats", "/restapi/getuser", "/restapi/fetchchatmessages") else 400
            return Reply.of({"error": True, "result": "Authorization failed!"}, status)
        self.violations += violations(path, request)
        return self._rest(path.removeprefix("/restapi/"), request)

    def _knows(self, request: Request) -> bool:
        expected = base64.b64encode(f"anna:{self.key}".encode()).decode()
        return request.headers.get("authorization") == f"Basic {expected}"

    def _said(self, content: object, status: int = 200) -> Reply:
        if self.traps.numbers_as_text:
            content = _as_text(content)
        reply = Reply.of(content, status)
        if self.traps.warnings:
            noise = b"<br />\n<b>Warning</b>:  Undefined array key [0] {x} in <b>/var/www/x.php</b> on line <b>3</b><br />\n"
            return Reply(noise + reply.body, status, {"Content-Type": "text/html"})
        return reply

    def _refused(self, words: str, status: int = 400, key: str = "result") -> Reply:
        return self._said({"error": True, key: words}, status)

    def _rest(self, path: str, request: Request) -> Reply | None:
        name, _, rest = path.partition("/")
        query, form = request.query, request.form
        if name == "getuser":
            return self._said({"error": False, "result": _without(self.operators[ME], "password")})
        if name == "onlineusers":
            rows = [{"id": 900 + one["id"], "user_id": one["id"], "user": one} for one in self.operators.values()]
            return self._said(rows)
        if name == "departments":
            return self._said({"error": False, "result": [{"id": 1, "name": "Sales"}, {"id": 4, "name": "Returns"}]})
        if name == "chats":
            return self._list(query)
        if name == "chat" and request.method == "GET":
            chat = self.chats.get(int(rest))
            return (
                self._said({"error": False, "result": self._prefilled(chat)})
                if chat
                else self._refused("Chat could not be found!")
            )
        if name == "chat" and request.method == "PUT":
            return self._put(int(rest), request)
        if name == "fetchchatmessages":
            return self._fetch(query)
        if name == "addmsgadmin":
            return self._send(form)
        if name == "setchatstatus":
            return self._set_status(int(form["chat_id"]), int(form["status"]))
        if name == "updatelastactivity":
            return self._said({"error": False, "result": {"update": True, "ts": self.now()}})
        if name == "setoperatorstatus":
            if self.traps.presence:
                self.operators[ME]["hide_online"] = int(query["status"] != "true")
            return self._said({"offline": self.operators[ME]["hide_online"]})
        if name == "setinvisibilitystatus":
            if self.traps.presence:
                self.operators[ME]["invisible_mode"] = int(query["status"] != "false")
            return self._said({"invisible": self.operators[ME]["invisible_mode"]})
        if name == "file":
            return self._upload(request) if request.method == "POST" else self._download(int(rest), query)
        return Reply(status=302, headers={"Location": "/index.php/user/login"})

    def _prefilled(self, chat: dict[str, Any]) -> dict[str, Any]:
        owner = self.operators.get(chat["user_id"])
        names = {1: "Sales", 4: "Returns"}
        return chat | {
            "department_name": names.get(chat["dep_id"], ""),
            "plain_user_name": owner["name"] if owner else False,
            "is_user_typing": chat["user_typing"] > self.now() - 10,
        }

    def _list(self, query: dict[str, str] | Any) -> Reply:
        wanted = {int(one) for one in query.get("status_ids", "").split(",") if one}
        departments = {int(one) for one in query.get("departament_ids", "").split(",") if one}
        rows = [
            self._prefilled(chat)
            for chat in sorted(self.chats.values(), key=lambda chat: -chat["id"])
            if (not wanted or chat["status"] in wanted)
            and (not departments or chat["dep_id"] in departments)
            and all(
                str(chat[field]) == query[field]
                for field in ("nick", "email", "phone", "online_user_id")
                if field in query
            )
        ]
        start, limit = int(query.get("offset", 0)), int(query.get("limit", 20))
        return self._said({"filter": {}, "list": rows[start : start + limit], "list_count": len(rows), "error": False})

    def _fetch(self, query: dict[str, str] | Any) -> Reply:
        chat_id, after = int(query["chat_id"]), int(query.get("last_message_id", 0))
        if chat_id not in self.chats:
            return self._refused("Could not find chat by chat_id!", 200)
        if chat_id in self.traps.unreadable:
            return Reply()
        rows = [
            message | {"media": [self._media(file) for file in self._named(message["msg"])]}
            for message in self.of_chat(chat_id)
            if message["id"] > after and message["id"] not in self._hidden
        ]
        self._hidden.clear()
        closed = self.chats[chat_id]["status"] == 2
        return self._said({"error": False, "result": {"messages": rows, "ot": "", "closed": closed, "lmid": after}})

    def _named(self, body: str) -> list[dict[str, Any]]:
        named = ((self.files.get(int(number)), code) for number, code in re.findall(r"\[file=\"?(\d+)_(\w+)", body))
        return [file for file, code in named if file is not None and file["security_hash"] == code]

    def _media(self, file: dict[str, Any]) -> dict[str, Any]:
        address = f"{self.url}/file/downloadfile/{file['id']}/{file['security_hash']}"
        return _without(file, "content", "security_hash") | {"hash": file["security_hash"], "url": address}

    def _send(self, form: dict[str, str]) -> Reply | None:
        if "chat_id" not in form or "msg" not in form:
            return self._refused("Required input field chat_id missing", key="r")
        fault = self.traps.next_sends.pop(0) if self.traps.next_sends else ""
        if fault == "limit":
            return Reply.of({"error": True, "result": "slow down"}, 429, **{"Retry-After": "0.2"})
        if fault == "break":
            return None
        reply = self._taken(form)
        if fault == "lose":
            return None
        if fault == "html":
            return Reply(b"<html><body>502 Bad Gateway</body></html>", headers={"Content-Type": "text/html"})
        return Reply() if fault == "empty" else reply

    def _taken(self, form: dict[str, str]) -> Reply:
        chat = self.chats.get(int(form["chat_id"]))
        body, whisper = form["msg"].strip(_TRIM), form.get("sender") == "whisper"
        if chat is None:
            return self._refused("Chat could not be found!", key="r")
        if not body:
            return self._refused("Please enter a message!", key="r")
        if not whisper and body.startswith("!"):
            return self._command(chat, body)
        author = ME
        if "[html]" in body and not self.traps.html:
            body, author = "[html] is disabled for you!", -1
        meta = {"content": {"whisper": True}} if whisper else None
        row = self.add(chat["id"], body, author, "Anna", meta)
        if not whisper:
            chat["status_sub"] = 0
            if chat["status"] in (0, 5):
                self._accepted(chat, "op_pnd_msg" if chat["status"] == 0 else "op_bot_msg")
        return self._said({"error": False, "r": "", "msg": row})

    def _accepted(self, chat: dict[str, Any], how: str) -> None:
        chat |= {"status": 1, "user_id": ME}
        meta = {"content": {"accept_action": {"puser_id": 0, "ol": [how], "user_id": ME, "name_support": "Anna"}}}
        self.add(chat["id"], "Anna has accepted the pending chat by sending a message!", -1, "Anna", meta)

    def _command(self, chat: dict[str, Any], body: str) -> Reply:
        word = body.split(" ")[0]
        if word not in ("!hold", "!close", "!remark", "!block", "!delete", "!goto"):
            return self._said({"error": False, "r": "<div>Unknown command!</div>", "msg": None})
        self.executed.append(body)
        if word == "!hold":
            chat["status_sub"] = 8
        if word == "!close":
            chat["status"] = 2
        row = self.add(chat["id"], f"[b]Anna[/b]: {word} || done", -1, "Anna")
        return self._said({"error": False, "r": "", "msg": row, "hold_added": True})

    def _set_status(self, chat_id: int, status: int) -> Reply:
        chat = self.chats.get(chat_id)
        if chat is None:
            return self._refused(f"No object of class 'erLhcoreClassModelChat' with id '{chat_id}' found.")
        if status == 1:
            chat |= {"status": 1, "user_id": chat["user_id"] or ME}
        elif status == 0:
            chat |= {"status": 0, "user_id": 0}
            self.add(chat_id, "Anna has changed chat status to pending!", -1, "Anna")
        elif status == 2 and (chat["user_id"] == ME or self.traps.close_remote):
            chat["status"] = 2
            self.add(chat_id, "Anna has closed the chat!", -1, "Anna")
        return self._said({"error": False, "result": "Status changed!"})

    def _put(self, chat_id: int, request: Request) -> Reply:
        chat = self.chats.get(chat_id)
        if chat is None:
            return self._refused("Chat could not be found!")
        before = [m["id"] for m in self.of_chat(chat_id)]
        chat |= request.json
        if self.traps.stale_row and len(before) > 1:
            self.traps.stale_row = False
            chat["last_msg_id"] = before[-2]
        return self._said({"error": False, "result": chat})

    def _upload(self, request: Request) -> Reply:
        name, media_type, content = request.parts["files"]
        if name.rpartition(".")[2].lower() not in self.traps.types:
            return self._refused("Filetype not allowed")
        chat_id = int(request.parts["chat_id"][2])
        return self._said(_without(self.store(chat_id, name, media_type, content), "content"))

    def _download(self, file_id: int, query: dict[str, str] | Any) -> Reply:
        file = self.files.get(file_id)
        if file is None:
            return self._refused("File could not be found!")
        if query.get("meta") == "true":
            return self._said(_without(file, "content"))
        if self.traps.placeholders or self.traps.next_download:
            self.traps.next_download = False
            return Reply(PLACEHOLDER, headers={"Content-Type": "image/png; charset=binary"})
        return Reply(file["content"], headers={"Content-Type": file["type"]})

    # The interface of the mobile app

    def _mobile(self, path: str, request: Request) -> Reply:
        form = request.form
        if not self.traps.mobile or (form.get("username"), form.get("password")) != ("anna", self.password):
            right = self.traps.mobile and path == "checklogin"
            return self._said({"result": False}) if right else Reply()
        name, *rest = path.split("/")
        if name == "checklogin":
            return self._said({"result": True})
        if name == "cannedresponses":
            chat = self.chats[int(rest[0])]
            row = {"id": 3, "title": "Greeting", "msg": "Hi {nick}, how can I help?", "department_id": chat["dep_id"]}
            return self._said({"error": False, "canned_messages": [row, {"id": 0, "msg": "no id"}]})
        if name == "lists":
            rows = [
                self.chats[one["chat_id"]] | one | {"user_id": one["transfer_to_user_id"], "id": one["chat_id"]}
                for one in self.transfers.values()
                if one["transfer_to_user_id"] == ME
            ]
            return self._said({"transfered_chats": {"rows": rows, "size": len(rows)}})
        if name == "transferuser":
            chat_id, target = int(rest[0]), int(rest[1])
            if chat_id in self.chats and target in self.operators:
                self.offer(chat_id, ME, target)
            return Reply()
        if name == "accepttransfer" and int(rest[0]) in self.transfers:
            taken = self.transfers.pop(int(rest[0]))
            self.chats[taken["chat_id"]] |= {"user_id": ME, "status": 1}
            return self._said({"error": "false"})
        return Reply()

    def offer(self, chat_id: int, by: int, to: int) -> int:
        """Offer a chat to an operator and return the id of the transfer."""
        number = next(self.ids)
        self.transfers[number] = {
            "transfer_id": number,
            "chat_id": chat_id,
            "transfer_user_id": by,
            "transfer_to_user_id": to,
        }
        self.chats[chat_id]["transfer_uid"] = by
        names = self.operators[by]["name"], self.operators[to]["name"]
        self.add(chat_id, f"{names[0]} has transferred chat to {names[1]}", -1, names[0])
        return number


def _without(row: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _as_text(content: object) -> object:
    if isinstance(content, dict):
        return {name: _as_text(value) for name, value in content.items()}
    if isinstance(content, list):
        return [_as_text(value) for value in content]
    return str(content) if isinstance(content, int) and not isinstance(content, bool) else content
