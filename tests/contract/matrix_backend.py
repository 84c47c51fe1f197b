"""Matrix with a customer's hands on it: everything here is plain HTTP, nothing goes through the connector."""

import asyncio
from collections.abc import Mapping
from itertools import count
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx
import msgspec

from paradesk.connectors.matrix import MatrixConnector
from paradesk.connectors.matrix.lookups import CANNED
from paradesk.connectors.matrix.presence import read_presence
from paradesk.connectors.matrix.ticket import ASSIGNEE, PRIORITY, STATUS, TAGS, TYPES
from paradesk.core.model import ConversationId, MessageId, Presence, Priority, Status
from paradesk.testing.backend import BackendUnderTest, Received, TicketRecord
from tests.contract.synapse import PASSWORD, Account, Synapse
from tests.contract.wire_proxy import WireProxy

API = "/_matrix/client/v3"
_numbers = count(1)


def room_path(room_id: str, *parts: str) -> str:
    """Return a path below a room."""
    return "/".join((f"{API}/rooms", quote(room_id, safe=""), *(quote(part, safe="") for part in parts)))


class MatrixBackend(BackendUnderTest):
    """One agent, one colleague and one customer, fresh on a running server. Use as an asynchronous context manager."""

    patience = 20.0
    absence = 45

    def __init__(self, server: Synapse) -> None:
        self.server = server
        self.proxy = WireProxy(server.port, b"/send/m.room.message/")
        self.http = httpx.AsyncClient(base_url=server.url, timeout=30, trust_env=False)
        self._since = ""
        self._typing: dict[str, list[str]] = {}
        self._read: dict[str, str] = {}

    async def __aenter__(self) -> Self:
        number = next(_numbers)
        self.agent = await self.account(f"agent{number}")
        self.colleague = await self.account(f"colleague{number}")
        self.customer = await self.account(f"customer{number}")
        await self.proxy.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.proxy.__aexit__(kind, error, trace)
        await self.http.aclose()

    async def account(self, name: str) -> Account:
        """Make an account."""
        return await asyncio.to_thread(self.server.user, name)

    async def call(
        self, who: Account, method: str, path: str, body: object = None, params: Mapping[str, str] | None = None
    ) -> Any:
        """Ask the server as somebody; raises when it refuses."""
        answer = await self.try_call(who, method, path, body, params)
        answer.raise_for_status()
        return answer.json()

    async def try_call(
        self, who: Account, method: str, path: str, body: object = None, params: Mapping[str, str] | None = None
    ) -> httpx.Response:
        """Ask the server as somebody, and return whatever it answers."""
        return await self.http.request(method, path, headers=who.headers, json=body, params=params)

    # Connectors

    def settings(self, **more: str) -> dict[str, str]:
        """Return the settings of a connector for the agent."""
        return {
            "homeserver": self.proxy.url,
            "user": self.agent.user_id,
            "password": PASSWORD,
            "agents": self.colleague.user_id,
        } | more

    def connector(self) -> MatrixConnector:
        """Return a new connector of the agent, on the same device as all others."""
        return MatrixConnector(self.settings())

    def impostor(self) -> MatrixConnector:
        """Return a connector with a wrong password."""
        return MatrixConnector(self.settings(password="wrong"))

    # Conversations

    async def room(self, maker: Account, guest: Account, **more: object) -> ConversationId:
        """Make a room as somebody, invite somebody else, and return its id."""
        content = {"preset": "private_chat", "invite": [guest.user_id]} | more
        made = await self.call(maker, "POST", f"{API}/createRoom", content)
        return ConversationId(made["room_id"])

    async def join(self, who: Account, room_id: str) -> None:
        """Join a room as somebody."""
        await self.call(who, "POST", room_path(room_id, "join"), {})

    async def open_conversation(self) -> ConversationId:
        """Make a room as the agent, with ticket fields that only agents set, and let the customer join."""
        levels = {"events": dict.fromkeys(TYPES, 50)}
        room_id = await self.room(self.agent, self.customer, power_level_content_override=levels)
        await self.join(self.customer, room_id)
        return room_id

    async def waiting_conversation(self) -> ConversationId:
        """Let the customer make a room, write, and invite the agent."""
        room_id = await self.room(self.customer, self.agent, name="Help")
        await self.customer_says(room_id, "is this the right place?")
        return room_id

    async def transfer_target(self) -> str:
        """Return the colleague."""
        return self.colleague.user_id

    async def new_customer(self) -> str:
        """Return the customer."""
        return self.customer.user_id

    # What can be asked

    async def agent_presence(self) -> Presence | None:
        """Return the agent's presence as the homeserver tells it to the agent."""
        answer = await self.call(self.agent, "GET", f"{API}/presence/{self.agent.user_id}/status")
        raw = {"type": "m.presence", "sender": self.agent.user_id, "content": answer}
        changes = read_presence([msgspec.Raw(msgspec.json.encode(raw))], self.agent.user_id, "")
        return changes[0].presence if changes else None

    async def canned_response(self) -> tuple[str, str]:
        """Keep a canned response in the agent's account data, between entries that make no sense."""
        title, body = "Refund", "Your money is on its way,\nit takes three days."
        entries = [{"body": 7}, "nonsense", {"id": "r1", "title": title, "body": body, "shortcut": "refund"}]
        path = f"{API}/user/{self.agent.user_id}/account_data/{CANNED}"
        await self.call(self.agent, "PUT", path, {"responses": entries})
        return title, body

    async def earlier_conversation(self, conversation_id: ConversationId) -> str:
        """Make another room with the same customer."""
        return await self.open_conversation()

    # The customer's hands

    async def send(self, who: Account, room_id: str, content: object, event_type: str = "m.room.message") -> MessageId:
        """Send an event with any content as somebody."""
        path = room_path(room_id, "send", event_type, f"test{next(_numbers)}")
        return MessageId((await self.call(who, "PUT", path, content))["event_id"])

    async def customer_says(self, conversation_id: ConversationId, text: str) -> MessageId:
        """Send a text as the customer."""
        return await self.send(self.customer, conversation_id, {"msgtype": "m.text", "body": text})

    async def customer_attaches(
        self, conversation_id: ConversationId, name: str, media_type: str, content: bytes
    ) -> MessageId:
        """Upload a file as the customer and send it."""
        answer = await self.http.post(
            "/_matrix/media/v3/upload",
            params={"filename": name},
            headers=self.customer.headers | {"Content-Type": media_type},
            content=content,
        )
        answer.raise_for_status()
        message = {
            "msgtype": "m.image" if media_type.startswith("image/") else "m.file",
            "body": name,
            "url": answer.json()["content_uri"],
            "info": {"mimetype": media_type, "size": len(content)},
        }
        return await self.send(self.customer, conversation_id, message)

    async def customer_edits(self, conversation_id: ConversationId, message_id: MessageId, text: str) -> None:
        """Send an edit as the customer."""
        await self.edit(self.customer, conversation_id, message_id, text)

    async def edit(self, who: Account, room_id: str, message_id: str, text: str) -> None:
        """Send an edit of any message as anybody: the server does not mind whose it was."""
        content = {
            "msgtype": "m.text",
            "body": f"* {text}",
            "m.new_content": {"msgtype": "m.text", "body": text},
            "m.relates_to": {"rel_type": "m.replace", "event_id": message_id},
        }
        await self.send(who, room_id, content)

    async def customer_deletes(self, conversation_id: ConversationId, message_id: MessageId) -> None:
        """Redact a message as the customer."""
        path = room_path(conversation_id, "redact", message_id, f"test{next(_numbers)}")
        await self.call(self.customer, "PUT", path, {})

    async def customer_types(self, conversation_id: ConversationId, typing: bool) -> None:
        """Begin or stop typing as the customer."""
        body = {"typing": True, "timeout": 30_000} if typing else {"typing": False}
        await self.call(self.customer, "PUT", room_path(conversation_id, "typing", self.customer.user_id), body)

    async def customer_reads(self, conversation_id: ConversationId, message_id: MessageId) -> None:
        """Send a read receipt as the customer."""
        await self.call(self.customer, "POST", room_path(conversation_id, "receipt", "m.read", message_id), {})

    # The customer's eyes

    async def events(self, who: Account, room_id: str) -> list[dict[str, Any]]:
        """Return all events of a room that somebody can see, oldest first."""
        events: list[dict[str, Any]] = []
        params = {"dir": "f", "limit": "100"}
        while True:
            page = await self.call(who, "GET", room_path(room_id, "messages"), params=params)
            events += page["chunk"]
            if "end" not in page or not page["chunk"]:
                return events
            params["from"] = page["end"]

    async def received(self, conversation_id: ConversationId) -> list[Received]:
        """Return what the agent said, as the customer sees it; an invitation is accepted first."""
        if (await self.try_call(self.customer, "GET", room_path(conversation_id, "messages"))).status_code == 403:
            await self.join(self.customer, conversation_id)
        found: list[Received] = []
        for event in await self.events(self.customer, conversation_id):
            content = event["content"]
            if event["sender"] != self.agent.user_id or event["type"] != "m.room.message" or not content:
                continue
            if "url" not in content:
                found.append(Received(content["body"]))
                continue
            address = content["url"].removeprefix("mxc://")
            path = f"/_matrix/client/v1/media/download/{address}"
            answer = await self.http.get(path, headers=self.customer.headers)
            caption = content["body"] if content["body"] != content["filename"] else ""
            found.append(Received(caption, ((content["filename"], answer.content),)))
        return found

    async def _follow(self) -> None:
        """Let the customer's client catch up: what it shows is the last that it was told."""
        params = {"timeout": "0"} | ({"since": self._since} if self._since else {})
        answer = await self.call(self.customer, "GET", f"{API}/sync", params=params)
        self._since = answer["next_batch"]
        for room_id, room in answer.get("rooms", {}).get("join", {}).items():
            for event in room["ephemeral"]["events"]:
                if event["type"] == "m.typing":
                    self._typing[room_id] = event["content"]["user_ids"]
                elif event["type"] == "m.receipt":
                    for event_id, kinds in event["content"].items():
                        if self.agent.user_id in kinds.get("m.read", {}):
                            self._read[room_id] = event_id

    async def sees_agent_typing(self, conversation_id: ConversationId) -> bool:
        """Tell whether the customer's client is told that the agent types."""
        await self._follow()
        return self.agent.user_id in self._typing.get(conversation_id, [])

    async def sees_read_up_to(self, conversation_id: ConversationId) -> MessageId | None:
        """Return where the agent's read receipt stands in the customer's client."""
        await self._follow()
        event_id = self._read.get(conversation_id)
        return MessageId(event_id) if event_id else None

    async def state(self, room_id: str, event_type: str) -> dict[str, Any]:
        """Return the content of a state event as the customer reads it, empty when there is none."""
        answer = await self.try_call(self.customer, "GET", f"{room_path(room_id, 'state', event_type)}/")
        return dict(answer.json()) if answer.status_code == 200 else {}

    async def record(self, conversation_id: ConversationId) -> TicketRecord:
        """Return the ticket from the room's state."""
        status = (await self.state(conversation_id, STATUS)).get("status")
        priority = (await self.state(conversation_id, PRIORITY)).get("priority")
        tags = (await self.state(conversation_id, TAGS)).get("tags", [])
        answer = await self.call(self.customer, "GET", room_path(conversation_id, "joined_members"))
        return TicketRecord(
            status=Status(status) if status else None,
            priority=Priority(priority) if priority else None,
            tags=frozenset(tags),
            joined=self.agent.user_id in answer["joined"],
            ended=status == "closed",
            assignee_id=(await self.state(conversation_id, ASSIGNEE)).get("user_id") or None,
        )

    # Faults

    async def cut(self) -> None:
        """Cut the wire."""
        await self.proxy.cut()

    async def restore(self) -> None:
        """Mend the wire."""
        await self.proxy.restore()

    async def lose_next_answer(self) -> None:
        """Let the next send through, and lose its answer."""
        self.proxy.lose_next_answer()

    async def limit_next_send(self) -> None:
        """Refuse the next send with 429."""
        self.proxy.limit_next()
