"""The customer's side of Shoutbox, for the contract."""

import threading
from itertools import count
from types import TracebackType
from typing import Self

from paradesk.core.model import ConversationId, MessageId
from paradesk.testing import BackendUnderTest, Received
from paradesk_shoutbox import ShoutboxConnector
from paradesk_shoutbox.server import TOKEN, Shoutbox

_numbers = count(1)


class ShoutboxBackend(BackendUnderTest):
    """A server of its own for each test."""

    async def __aenter__(self) -> Self:
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.server.shutdown()
        self.server.server_close()

    def __init__(self) -> None:
        self.server = Shoutbox()

    def connector(self) -> ShoutboxConnector:
        """Return a connector with the right token."""
        return self._connector(TOKEN)

    def impostor(self) -> ShoutboxConnector:
        """Return a connector with a wrong token."""
        return self._connector("wrong")

    def _connector(self, token: str) -> ShoutboxConnector:
        return ShoutboxConnector({"url": f"http://127.0.0.1:{self.server.server_port}", "token": token})

    async def open_conversation(self) -> ConversationId:
        """Let a customer open a room."""
        return ConversationId(self.server.open_room(f"Customer {next(_numbers)}"))

    async def customer_says(self, conversation_id: ConversationId, text: str) -> MessageId:
        """Shout as the customer."""
        return MessageId(str(self.server.shout(conversation_id, conversation_id, "customer", text)["number"]))

    async def received(self, conversation_id: ConversationId) -> list[Received]:
        """Return what the agent shouted."""
        found = [shout for shout in self.server.shouts if shout["room"] == conversation_id]
        return [Received(str(shout["text"])) for shout in found if shout["role"] == "agent"]

    async def cut(self) -> None:
        """Answer nothing from now on."""
        self.server.down = True

    async def restore(self) -> None:
        """Answer again."""
        self.server.down = False

    async def lose_next_answer(self) -> None:
        """Take the next reply and close the connection."""
        self.server.lose_answer = True

    async def limit_next_send(self) -> None:
        """Refuse the next reply."""
        self.server.busy = True
