"""Zendesk with a customer's hands on it: our own server, never reached through the connector."""

from itertools import count
from types import TracebackType
from typing import Self

from paradesk.connectors.zendesk import ZendeskConnector
from paradesk.connectors.zendesk.fold import GROUP as GROUP_MARK
from paradesk.connectors.zendesk.fold import STATUSES, WORDS
from paradesk.core.model import ConversationId, MessageId, Priority, Status
from paradesk.testing.backend import BackendUnderTest, CannotArrange, Received, TicketRecord
from tests.contract.zendesk_server import COLLEAGUE, ME, OTHER_GROUP, ZendeskServer

_numbers = count(1)


class ZendeskBackend(BackendUnderTest):
    """One account with one agent. An asynchronous context manager."""

    patience = 20.0
    crowd = 150

    def __init__(self) -> None:
        self.server = ZendeskServer()

    async def __aenter__(self) -> Self:
        await self.server.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.server.__aexit__(kind, error, trace)
        assert not self.server.violations, self.server.violations

    def settings(self, **more: str) -> dict[str, str]:
        """Return the settings of a connector for the agent, which asks much more often than people need."""
        needed = {"url": self.server.url, "email": "anna@example.org", "token": self.server.token, "poll": "0.05"}
        return needed | more

    def connector(self) -> ZendeskConnector:
        return ZendeskConnector(self.settings())

    def impostor(self) -> ZendeskConnector:
        return ZendeskConnector(self.settings(token="wrong"))

    async def open_conversation(self) -> ConversationId:
        return ConversationId(str(self.server.open_ticket(f"Zoë {next(_numbers)}")["id"]))

    async def waiting_conversation(self) -> ConversationId:
        ticket = self.server.open_ticket(f"Zoë {next(_numbers)}", assignee=None)
        self.server.comment(ticket["id"], ticket["requester_id"], "is anybody there?")
        return ConversationId(str(ticket["id"]))

    async def transfer_target(self) -> str:
        return f"{GROUP_MARK}{OTHER_GROUP}"

    async def colleague_id(self) -> str:
        return str(COLLEAGUE)

    async def colleague_sets_status(self, conversation_id: ConversationId, status: Status) -> None:
        self.server.tickets[int(conversation_id)] |= {"status": WORDS[status], "updated_at": self.server.stamp()}

    async def canned_response(self) -> tuple[str, str]:
        return "Macro 0", "Hello {{ticket.requester.name}}"

    async def earlier_conversation(self, conversation_id: ConversationId) -> str:
        requester = self.server.tickets[int(conversation_id)]["requester_id"]
        return str(self.server.open_ticket("earlier", requester_id=requester, status="closed")["id"])

    async def open_crowd(self, count: int) -> list[ConversationId]:
        self.server.traps.page = 100
        return await super().open_crowd(count)

    async def new_customer(self) -> str:
        return "new.customer@mail.example"

    async def customer_says(self, conversation_id: ConversationId, text: str) -> MessageId:
        ticket = self.server.tickets[int(conversation_id)]
        return MessageId(str(self.server.comment(ticket["id"], ticket["requester_id"], text)["id"]))

    async def customer_attaches(
        self, conversation_id: ConversationId, name: str, media_type: str, content: bytes
    ) -> MessageId:
        ticket = self.server.tickets[int(conversation_id)]
        files = [self.server.store(name, media_type, content)]
        return MessageId(str(self.server.comment(ticket["id"], ticket["requester_id"], "see file", files=files)["id"]))

    async def received(self, conversation_id: ConversationId) -> list[Received]:
        return [
            Received(row["body"], tuple((one["file_name"], self.server.files[one["id"]]) for one in row["attachments"]))
            for row in self.server.comments[int(conversation_id)]
            if row["public"] and row["author_id"] == ME
        ]

    async def record(self, conversation_id: ConversationId) -> TicketRecord:
        ticket = self.server.tickets[int(conversation_id)]
        return TicketRecord(
            status=STATUSES[ticket["status"]],
            priority=Priority(ticket["priority"]) if ticket["priority"] else None,
            tags=frozenset(ticket["tags"]),
            joined=ticket["assignee_id"] == ME,
            ended=ticket["status"] == "closed",
            assignee_id=str(ticket["assignee_id"]) if ticket["assignee_id"] else None,
        )

    async def cut(self) -> None:
        await self.server.cut()

    async def restore(self) -> None:
        await self.server.restore()

    async def lose_next_answer(self) -> None:
        self.server.traps.next_updates.append("lose")

    async def limit_next_send(self) -> None:
        self.server.traps.next_updates.append("limit")

    async def blank_next_answer(self) -> None:
        self.server.traps.next_updates.append("blank")

    async def spoil_next_download(self) -> None:
        self.server.traps.next_download = True

    async def expire_credentials(self) -> None:
        self.server.token = "another token"

    async def disturb_stream(self) -> None:
        raise CannotArrange("comments are read as a whole list: there is no stream that could double or disorder them")
