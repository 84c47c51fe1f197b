"""Live Helper Chat with a visitor's hands on it: our own server, never reached through the connector."""

import re
import time
from itertools import count
from types import TracebackType
from typing import Self

from paradesk.connectors.livehelperchat import LiveHelperChatConnector
from paradesk.connectors.livehelperchat.fold import priority_of
from paradesk.core.model import ConversationId, MessageId, Status
from paradesk.testing.backend import BackendUnderTest, Received, TicketRecord
from tests.contract.livehelperchat_server import LhcServer
from tests.contract.livehelperchat_setup import COLLEAGUE, ME

_numbers = count(1)


class LhcBackend(BackendUnderTest):
    """One installation with one agent; `more` are settings beside the needed ones. An asynchronous context manager."""

    patience = 20.0

    def __init__(self, **more: str) -> None:
        self.server = LhcServer()
        self._more = more

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
        needed = {"url": self.server.url, "user": "anna", "key": self.server.key, "poll": "0.05", "poll_list": "0.05"}
        return needed | self._more | more

    def connector(self) -> LiveHelperChatConnector:
        return LiveHelperChatConnector(self.settings())

    def impostor(self) -> LiveHelperChatConnector:
        return LiveHelperChatConnector(self.settings(key="wrong"))

    async def open_conversation(self) -> ConversationId:
        return ConversationId(str(self.server.open_chat(f"Zoë {next(_numbers)}")["id"]))

    async def waiting_conversation(self) -> ConversationId:
        chat = self.server.open_chat(f"Zoë {next(_numbers)}", owner=0, status=0)
        self.server.add(chat["id"], "is anybody there?", 0)
        return ConversationId(str(chat["id"]))

    async def transfer_target(self) -> str:
        return str(COLLEAGUE)

    async def customer_says(self, conversation_id: ConversationId, text: str) -> MessageId:
        return MessageId(str(self.server.add(int(conversation_id), text, 0)["id"]))

    async def customer_attaches(
        self, conversation_id: ConversationId, name: str, media_type: str, content: bytes
    ) -> MessageId:
        file = self.server.store(int(conversation_id), name, media_type, content)
        return await self.customer_says(conversation_id, f"[file={file['id']}_{file['security_hash']}]")

    async def customer_types(self, conversation_id: ConversationId, typing: bool) -> None:
        chat = self.server.chats[int(conversation_id)]
        chat |= {"user_typing": int(time.time()) if typing else 0, "user_typing_txt": "I would like" if typing else ""}

    async def customer_reads(self, conversation_id: ConversationId, message_id: MessageId) -> None:
        for message in self.server.of_chat(int(conversation_id)):
            if message["user_id"] > 0 and message["id"] <= int(message_id):
                message["del_st"] = 3

    async def received(self, conversation_id: ConversationId) -> list[Received]:
        found = []
        for message in self.server.visible(int(conversation_id)):
            if message["user_id"] > 0:
                ids = [int(number) for number in re.findall(r"\[file=(\d+)_", message["msg"])]
                files = tuple((self.server.files[one]["upload_name"], self.server.files[one]["content"]) for one in ids)
                found.append(Received(re.sub(r"\n?\[file=[^\]]*\]", "", message["msg"]), files))
        return found

    async def sees_agent_typing(self, conversation_id: ConversationId) -> bool:
        return bool(self.server.chats[int(conversation_id)]["operator_typing"])

    async def record(self, conversation_id: ConversationId) -> TicketRecord:
        chat = self.server.chats[int(conversation_id)]
        on_hold = chat["status"] == 1 and chat["status_sub"] == 8
        statuses = {0: Status.NEW, 1: Status.ON_HOLD if on_hold else Status.OPEN, 2: Status.CLOSED}
        return TicketRecord(
            status=statuses[chat["status"]],
            priority=priority_of(chat["priority"]),
            joined=chat["user_id"] == ME and chat["status"] == 1,
            ended=chat["status"] == 2,
            assignee_id=str(chat["user_id"]) if chat["user_id"] else None,
        )

    async def cut(self) -> None:
        await self.server.cut()

    async def restore(self) -> None:
        await self.server.restore()

    async def lose_next_answer(self) -> None:
        self.server.traps.next_sends.append("lose")

    async def limit_next_send(self) -> None:
        self.server.traps.next_sends.append("limit")

    async def disturb_stream(self) -> None:
        self.server.traps.late_ids = True
