"""What a connector author provides so that the contract suite can run: a backend with a customer's hands on it.

The suite plays the desk through the connector, and the customer through the object described here. The backend may be
an object in memory or a real server: every method is asynchronous, the suite waits for conditions with a deadline, and
nothing assumes that an effect is visible at once.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from paradesk.connectors.base import Connector
from paradesk.core.model import ConversationId, MessageId, Presence, Priority, Status


class CannotArrange(Exception):
    """This backend cannot be brought into the situation that a test needs; the test is skipped with this reason.

    Only for faults (duplicates, rate limits, lost answers). What a customer does is never optional where the connector
    declares the capability.
    """


@dataclass(frozen=True, slots=True)
class Received:
    """One message from our side as the customer sees it."""

    body: str
    files: tuple[tuple[str, bytes], ...] = ()
    """Name and content of each file that came with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TicketRecord:
    """A conversation as the backend itself keeps it, read past the connector; None where it keeps no such thing."""

    status: Status | None = None
    priority: Priority | None = None
    tags: frozenset[str] | None = None
    joined: bool | None = None
    ended: bool | None = None
    assignee_id: str | None = None


class BackendUnderTest(ABC):
    """One prepared backend with one agent account; a test gets a fresh one, or fresh conversations in a shared one.

    The five groups below: connectors, conversations, the customer's hands, the customer's eyes, and faults. What is not
    abstract is needed only where the connector declares the capability; `CannotArrange` skips a fault.
    """

    patience: float = 15.0
    """Seconds after which something that should have happened counts as missing."""
    notices: float = 1.0
    """Seconds after which a connector has usually noticed that its connection was cut."""
    absence: int = 40
    """So many messages are surely more than one batch of the stream brings after an absence."""
    crowd: int = 20
    """So many conversations are there at a sign-in. A backend in memory should say 10,000; a real server takes its time."""

    # Connectors

    @abstractmethod
    def connector(self) -> Connector:
        """Return a new connector with good credentials: each call is like a restart of the program.

        All of them belong to the same agent on the same machine (the same device id, where the backend has one).
        """

    @abstractmethod
    def impostor(self) -> Connector:
        """Return a new connector whose credentials the backend refuses."""

    # Conversations

    @abstractmethod
    async def open_conversation(self) -> ConversationId:
        """Begin a conversation that the agent has joined and may answer; return its id as the connector calls it."""

    async def waiting_conversation(self) -> ConversationId:
        """Begin a conversation that waits to be joined (a queue, an invitation). Needed where `join` is declared."""
        raise NotImplementedError

    async def transfer_target(self) -> str:
        """Return the id of a colleague or team from the roster. Needed where `transfer` is declared."""
        raise NotImplementedError

    async def colleague_id(self) -> str:
        """Return the id of a colleague on the roster who is asked first. Needed where `offers` is declared."""
        return await self.transfer_target()

    async def colleague_offers(self) -> ConversationId:
        """Let a colleague offer the agent a conversation of theirs. Needed where `offers` is declared."""
        raise NotImplementedError

    async def colleague_answers(self, conversation_id: ConversationId, accepts: bool) -> None:
        """Let the colleague accept or decline what the agent has offered. Needed where `offers` is declared."""
        raise NotImplementedError

    async def colleague_sets_status(self, conversation_id: ConversationId, status: Status) -> None:
        """Let another agent set the status of this conversation."""
        raise CannotArrange("this backend has no second agent at hand")

    async def agent_presence(self) -> Presence | None:
        """Return what the backend holds the agent for. Needed where `presence` is declared."""
        raise NotImplementedError

    async def canned_response(self) -> tuple[str, str]:
        """Return title and body of one canned response that the backend keeps. Needed where `canned` is declared."""
        raise NotImplementedError

    async def earlier_conversation(self, conversation_id: ConversationId) -> str:
        """Give the customer of this conversation an earlier one; return its id as the connector calls it.

        Needed where `customer` is declared.
        """
        raise NotImplementedError

    async def open_crowd(self, count: int) -> list[ConversationId]:
        """Begin so many conversations, as `open_conversation` does each."""
        return [await self.open_conversation() for _ in range(count)]

    async def new_customer(self) -> str:
        """Return the address of a customer for a new conversation. Needed where `create` is declared."""
        raise NotImplementedError

    # The customer's hands

    @abstractmethod
    async def customer_says(self, conversation_id: ConversationId, text: str) -> MessageId:
        """Send a message as the customer; return its id as the connector calls it."""

    async def customer_attaches(
        self, conversation_id: ConversationId, name: str, media_type: str, content: bytes
    ) -> MessageId:
        """Send a file as the customer. Needed where `attachments_in` is declared."""
        raise NotImplementedError

    async def customer_edits(self, conversation_id: ConversationId, message_id: MessageId, text: str) -> None:
        """Change an earlier message of the customer. Needed where `edits_in` is declared."""
        raise NotImplementedError

    async def customer_deletes(self, conversation_id: ConversationId, message_id: MessageId) -> None:
        """Withdraw an earlier message of the customer. Needed where `deletions_in` is declared."""
        raise NotImplementedError

    async def customer_types(self, conversation_id: ConversationId, typing: bool) -> None:
        """Begin or stop typing as the customer. Needed where `typing_in` is declared."""
        raise NotImplementedError

    async def customer_reads(self, conversation_id: ConversationId, message_id: MessageId) -> None:
        """Mark everything up to this message as read by the customer. Needed where `read_in` is declared."""
        raise NotImplementedError

    # The customer's eyes

    @abstractmethod
    async def received(self, conversation_id: ConversationId) -> list[Received]:
        """Return every message of the agent that the customer can see now, oldest first, with a customer's rights."""

    async def sees_agent_typing(self, conversation_id: ConversationId) -> bool:
        """Tell whether the customer is shown that the agent types. Needed where `typing_out` is declared."""
        raise NotImplementedError

    async def sees_read_up_to(self, conversation_id: ConversationId) -> MessageId | None:
        """Return the newest message that the customer is shown as read. Needed where `read_out` is declared."""
        raise NotImplementedError

    async def record(self, conversation_id: ConversationId) -> TicketRecord:
        """Return the ticket as the backend keeps it. Needed where a ticket capability is declared native."""
        raise NotImplementedError

    # Faults

    @abstractmethod
    async def cut(self) -> None:
        """Break the connection between all connectors and the backend, and let no new one through."""

    @abstractmethod
    async def restore(self) -> None:
        """Let connections through again."""

    async def lose_next_answer(self) -> None:
        """Let the backend take the next send, and let the connector wait in vain for the answer (a reset is fine)."""
        raise CannotArrange("this backend cannot lose an answer")

    async def limit_next_send(self) -> None:
        """Let the backend refuse the next send for coming too fast, without taking it."""
        raise CannotArrange("this backend cannot be made to limit a rate")

    async def blank_next_answer(self) -> None:
        """Let the backend take the next send, and answer with success but without saying what became of it."""
        raise CannotArrange("this backend always says what became of a send")

    async def spoil_next_download(self) -> None:
        """Let the backend answer the next download with success and something else: a placeholder, an error page."""
        raise CannotArrange("this backend always hands out the file itself")

    async def expire_credentials(self) -> None:
        """From now on refuse the credentials of every connector, those that are connected included."""
        raise CannotArrange("this backend cannot take credentials back")

    async def system_line_with_later_id(self, conversation_id: ConversationId, text: str) -> str:
        """Let the customer write, and the service put a line of its own *before* it under an id that comes later.

        Return the text of the service's line; `text` is the customer's.
        """
        raise CannotArrange("this backend gives ids in the order of its messages")

    async def set_clock_wrong(self, seconds: float) -> None:
        """Let the backend's clock be wrong by so many seconds from now on."""
        raise CannotArrange("this backend's clock cannot be set")

    async def disturb_stream(self) -> None:
        """From now on deliver what streams in twice, and out of order."""
        raise CannotArrange("this backend cannot deliver twice or out of order")
