"""Live Helper Chat with a visitor's hands on it: our own server, never reached through the connector."""

import re
from itertools import count
from types import TracebackType
from typing import Self

from paradesk.connectors.livehelperchat import LiveHelperChatConnector
from paradesk.connectors.livehelperchat.fold import priority_of
from paradesk.core.model import ConversationId, MessageId, Presence, Status
from paradesk.testing.backend import BackendUnderTest, CannotArrange, Received, TicketRecord
from tests.contract.livehelperchat_server import LhcServer
from tests.contract.livehelperchat_setup import COLLEAGUE, ME

_numbers = count(1)


class LhcBackend(BackendUnderTest):
    """One installation with one agent; `more` are settings beside the needed ones. An asynchronous context manager."""

    patience = 20.0
    crowd = 150

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
        needed["poll_offers"] = "0.05"
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

    async def colleague_offers(self) -> ConversationId:
        chat = self.server.open_chat(f"Zoë {next(_numbers)}", owner=COLLEAGUE)
        self.server.offer(chat["id"], COLLEAGUE, ME)
        return ConversationId(str(chat["id"]))

    async def colleague_answers(self, conversation_id: ConversationId, accepts: bool) -> None:
        if not accepts:
            raise CannotArrange("Live Helper Chat knows no refusal of an offer")
        transfers = self.server.transfers
        number = next(one for one, kept in transfers.items() if str(kept["chat_id"]) == conversation_id)
        self.server.chats[int(conversation_id)]["user_id"] = transfers.pop(number)["transfer_to_user_id"]

    async def colleague_sets_status(self, conversation_id: ConversationId, status: Status) -> None:
        self.server.chats[int(conversation_id)] |= {"status": 1, "status_sub": 8 if status is Status.ON_HOLD else 0}

    async def agent_presence(self) -> Presence | None:
        row = self.server.operators[ME]
        return Presence.AWAY if row["hide_online"] else Presence.INVISIBLE if row["invisible_mode"] else Presence.ONLINE

    async def canned_response(self) -> tuple[str, str]:
        # They are kept by the department of a chat.
        self.server.open_chat("of yesterday", owner=COLLEAGUE, status=2)
        return "Greeting", "Hi {nick}, how can I help?"

    async def earlier_conversation(self, conversation_id: ConversationId) -> str:
        chat = self.server.chats[int(conversation_id)]
        earlier = self.server.open_chat(chat["nick"], status=2, online_user_id=chat["online_user_id"])
        return str(earlier["id"])

    async def customer_says(self, conversation_id: ConversationId, text: str) -> MessageId:
        return MessageId(str(self.server.add(int(conversation_id), text, 0)["id"]))

    async def customer_attaches(
        self, conversation_id: ConversationId, name: str, media_type: str, content: bytes
    ) -> MessageId:
        file = self.server.store(int(conversation_id), name, media_type, content)
        return await self.customer_says(conversation_id, f"[file={file['id']}_{file['security_hash']}]")

    async def customer_types(self, conversation_id: ConversationId, typing: bool) -> None:
        chat = self.server.chats[int(conversation_id)]
        chat |= {"user_typing": self.server.now() if typing else 0, "user_typing_txt": "I would like" if typing else ""}

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

    async def blank_next_answer(self) -> None:
        self.server.traps.next_sends.append("empty")

    async def spoil_next_download(self) -> None:
        self.server.traps.next_download = True

    async def expire_credentials(self) -> None:
        self.server.key = "another key"

    async def set_clock_wrong(self, seconds: float) -> None:
        self.server.traps.clock = seconds

    async def disturb_stream(self) -> None:
        self.server.traps.late_ids = True
