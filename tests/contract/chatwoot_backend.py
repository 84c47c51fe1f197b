"""Chatwoot with a customer's hands on it: they use its public interface, nothing goes through the connector."""

from itertools import count
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, unquote

import httpx

from paradesk.connectors.chatwoot import ChatwootConnector
from paradesk.connectors.chatwoot.values import PRESENCES, PRIORITIES, STATUSES, TO_STATUS
from paradesk.core.model import ConversationId, MessageId, Presence, Priority, Status
from paradesk.testing.backend import BackendUnderTest, Received, TicketRecord
from tests.contract.chatwoot.cables import CableServer
from tests.contract.chatwoot.server import ChatwootServer
from tests.contract.chatwoot.web import Told
from tests.contract.chatwoot.world import INCOMING
from tests.contract.wire_proxy import WireProxy

_numbers = count(1)


class ChatwootBackend(BackendUnderTest):
    """One agent, one colleague, and a customer for each conversation. Use as an asynchronous context manager."""

    patience = 20.0
    absence = 130
    crowd = 300

    def __init__(self, cable: CableServer) -> None:
        self.cable = cable
        self.server = ChatwootServer(cable, f"shop{next(_numbers)}")

    async def __aenter__(self) -> Self:
        await self.server.__aenter__()
        self.proxy = WireProxy(self.server.web.port, b"POST /api/v1/accounts/")
        await self.proxy.__aenter__()
        self.http = httpx.AsyncClient(base_url=self.server.base, timeout=30, trust_env=False)
        self.agent = await self.server.new_agent("Ada")
        self.colleague = await self.server.new_agent("Ben")
        self._sources: dict[str, str] = {}
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()
        await self.proxy.__aexit__(kind, error, trace)
        await self.server.__aexit__(kind, error, trace)
        if kind is None:
            problems = sorted(set(self.server.problems))
            assert not problems, f"asked or answered against the description: {problems}"

    # Connectors

    def settings(self, **more: str) -> dict[str, str]:
        """Return the settings of a connector for the agent."""
        account = str(self.server.world.account_id)
        return {"url": self.proxy.url, "account": account, "token": self.agent.token} | more

    def connector(self) -> ChatwootConnector:
        """Return a new connector of the agent."""
        return ChatwootConnector(self.settings())

    def impostor(self) -> ChatwootConnector:
        """Return a connector with a token that nobody has."""
        return ChatwootConnector(self.settings(token="wrong"))

    # Conversations

    async def call(self, method: str, path: str, **more: Any) -> Any:
        """Ask the server as a customer."""
        answer = await self.http.request(method, f"/public/api/v1/inboxes/web{path}", **more)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def path(self, conversation_id: str, *parts: str) -> str:
        """Return a path below a customer's conversation."""
        source = self._sources[conversation_id]
        return "/".join((f"/contacts/{quote(source)}/conversations/{conversation_id}", *parts))

    async def waiting_conversation(self) -> ConversationId:
        """Begin a conversation that nobody answers yet."""
        name = f"Customer {next(_numbers)}"
        contact = await self.call("POST", "/contacts", json={"name": name, "email": f"c{next(_numbers)}@example.org"})
        begun = await self.call("POST", f"/contacts/{contact['source_id']}/conversations", json={})
        conversation_id = ConversationId(str(begun["id"]))
        self._sources[conversation_id] = contact["source_id"]
        return conversation_id

    async def open_conversation(self) -> ConversationId:
        """Begin a conversation and give it to the agent, as Chatwoot's own assignment does."""
        conversation_id = await self.waiting_conversation()
        conversation = self.server.world.conversations[int(conversation_id)]
        self.server.world.assign(conversation, self.agent, self.colleague)
        return conversation_id

    async def transfer_target(self) -> str:
        """Return the colleague."""
        return str(self.colleague.id)

    async def colleague_sets_status(self, conversation_id: ConversationId, status: Status) -> None:
        """Set a status as the colleague."""
        answer = await self.http.post(
            f"/api/v1/accounts/1/conversations/{conversation_id}/toggle_status",
            headers={"api_access_token": self.colleague.token},
            json={"status": TO_STATUS[status]},
        )
        answer.raise_for_status()

    async def agent_presence(self) -> Presence | None:
        """Return what the account holds the agent for."""
        return PRESENCES[self.agent.availability]

    async def canned_response(self) -> tuple[str, str]:
        """Keep a canned response."""
        kept = (len(self.server.world.canned) + 1, "parcel", "Hello {{contact.name}}, your parcel is on its way.")
        self.server.world.canned.append(kept)
        return kept[1:]

    async def earlier_conversation(self, conversation_id: ConversationId) -> str:
        """Let the customer have written before."""
        contact = self.server.world.conversations[int(conversation_id)].contact
        earlier = self.server.world.begin(contact)
        self.server.world.say(earlier, INCOMING, "it was the wrong size", contact)
        self.server.world.set_status(earlier, "resolved", None)
        return str(earlier.id)

    async def open_crowd(self, count: int) -> list[ConversationId]:
        """Begin many conversations of the agent at once, without telling each."""
        world = self.server.world
        tell, world.tell = world.tell, lambda *_args, **_more: None
        crowd: list[ConversationId] = []
        for number in range(count):
            contact = world.contact(f"Customer {number} of many")
            conversation = world.begin(contact)
            world.assign(conversation, self.agent, self.colleague)
            crowd.append(ConversationId(str(conversation.id)))
            self._sources[crowd[-1]] = contact.source_id
        world.tell = tell
        return crowd

    # The customer's hands

    async def customer_says(self, conversation_id: ConversationId, text: str) -> MessageId:
        """Write as the customer."""
        told = await self.call("POST", self.path(conversation_id, "messages"), json={"content": text})
        return MessageId(told["id"])

    async def customer_attaches(
        self, conversation_id: ConversationId, name: str, media_type: str, content: bytes
    ) -> MessageId:
        """Send a file as the customer."""
        files = [("attachments[]", (name, content, media_type))]
        told = await self.call("POST", self.path(conversation_id, "messages"), files=files)
        return MessageId(told["id"])

    async def customer_deletes(self, conversation_id: ConversationId, message_id: MessageId) -> None:
        """Have a colleague delete what the customer wrote: customers cannot do it themselves."""
        answer = await self.http.delete(
            f"/api/v1/accounts/1/conversations/{conversation_id}/messages/{message_id}",
            headers={"api_access_token": self.colleague.token},
        )
        answer.raise_for_status()

    async def customer_types(self, conversation_id: ConversationId, typing: bool) -> None:
        """Begin or stop typing as the customer."""
        status = "on" if typing else "off"
        await self.call("POST", self.path(conversation_id, "toggle_typing"), params={"typing_status": status})

    async def customer_reads(self, conversation_id: ConversationId, message_id: MessageId) -> None:
        """Say that the customer has looked at the conversation."""
        await self.call("POST", self.path(conversation_id, "update_last_seen"))

    # The customer's eyes

    async def received(self, conversation_id: ConversationId) -> list[Received]:
        """Return what the agents said, as the customer sees it, with their files."""
        found: list[Received] = []
        for message in await self.call("GET", self.path(conversation_id, "messages")):
            if message["message_type"] == "1":
                files = [await self._file(file["data_url"]) for file in message["attachments"]]
                found.append(Received(message["content"] or "", tuple(files)))
        return found

    async def _file(self, address: str) -> tuple[str, bytes]:
        answer = await self.http.get(address, follow_redirects=True)
        return unquote(address.rpartition("/")[2]), answer.content

    async def sees_agent_typing(self, conversation_id: ConversationId) -> bool:
        """Tell whether the customer is shown that somebody types."""
        return self.server.world.typing.get(int(conversation_id), False)

    async def sees_read_up_to(self, conversation_id: ConversationId) -> MessageId | None:
        """Return the newest message before the agent looked at the conversation."""
        conversation = self.server.world.conversations[int(conversation_id)]
        seen = [one.id for one in conversation.messages if one.created_at <= conversation.agent_last_seen_at]
        return MessageId(str(max(seen))) if seen else None

    async def record(self, conversation_id: ConversationId) -> TicketRecord:
        """Return the conversation as the server keeps it."""
        kept = self.server.world.conversations[int(conversation_id)]
        return TicketRecord(
            status=STATUSES[kept.status],
            priority=PRIORITIES[kept.priority] if kept.priority else Priority.NORMAL,
            tags=frozenset(kept.labels),
            joined=kept.assignee is self.agent,
            ended=None,
            assignee_id=str(kept.assignee.id) if kept.assignee else None,
        )

    # Faults

    async def cut(self) -> None:
        """Cut the wire, of requests and of the websocket."""
        await self.proxy.cut()

    async def restore(self) -> None:
        """Mend the wire."""
        await self.proxy.restore()

    async def lose_next_answer(self) -> None:
        """Take the next send, and break the connection instead of answering."""
        self.server.lose_next_send = True

    async def limit_next_send(self) -> None:
        """Refuse the next send, in the words that Chatwoot has for too many messages."""
        self.server.limit_next_send = Told({"error": "Too many messages"}, 422)

    async def disturb_stream(self) -> None:
        """Broadcast out of order, and some of it twice."""
        self.server.disturbed = True

    async def blank_next_answer(self) -> None:
        """Take the next send, and answer 200 without a message."""
        self.server.blank_next_send = True

    async def spoil_next_download(self) -> None:
        """Hand out a web page instead of the next file."""
        self.server.spoil_next_download = True

    async def expire_credentials(self) -> None:
        """Take back the agent's token."""
        self.server.refused_tokens.add(self.agent.token)

    async def set_clock_wrong(self, seconds: float) -> None:
        """Put the account's clock wrong."""
        self.server.world.wrong_by = seconds
