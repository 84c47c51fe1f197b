"""Messages and threads for tests of the transcript, at one fixed afternoon."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from paradesk.core.model import ClientId, Conversation, ConversationId, Customer, Message, MessageId, Role
from paradesk.core.state import Thread
from paradesk.core.transcript import Transcript

NOW = datetime(2026, 11, 22, 14, 40).timestamp()
CONVERSATION = ConversationId("acme/1")


def message(number: int, body: str = "hello", role: Role = Role.CUSTOMER, **fields: Any) -> Message:
    """Return the message with this number; its id is `m<number>`, ten seconds after the one before."""
    names = {Role.CUSTOMER: "Sarah Chen", Role.AGENT: "Tom Berg", Role.BOT: "Helper", Role.SYSTEM: ""}
    values: dict[str, Any] = {
        "id": MessageId(f"m{number}"),
        "conversation_id": CONVERSATION,
        "role": role,
        "sender_id": role.value,
        "sender_name": names[role],
        "body": body,
        "sent_at": NOW - 3600 + number * 10,
        "order_key": number,
    }
    return Message(**(values | fields))


def own(number: int, body: str = "hello", **fields: Any) -> Message:
    """Return a reply of this desk."""
    return message(number, body, Role.AGENT, client_id=ClientId(f"c{number}"), **fields)


def thread(messages: Iterable[Message] | Transcript, **fields: Any) -> Thread:
    """Return a thread with these messages whose history is complete unless said otherwise."""
    transcript = messages if isinstance(messages, Transcript) else Transcript(messages)
    customer = Customer(id="c1", name="Sarah Chen")
    values: dict[str, Any] = {
        "conversation": Conversation(id=CONVERSATION, customer=customer),
        "transcript": transcript,
        "history_complete": True,
    }
    return Thread(**(values | fields))
