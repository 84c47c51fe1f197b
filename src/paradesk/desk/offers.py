"""What can be done in a conversation, and why not: decided from what is declared, before anything leaves the machine."""

from paradesk.connectors.base import NotSent, Rejected, Unsupported
from paradesk.connectors.capabilities import Capabilities, Support
from paradesk.core.intents import (
    AcceptTransfer,
    Assign,
    ChangeTags,
    CreateConversation,
    DeclineTransfer,
    EndChat,
    Intent,
    Join,
    Leave,
    MarkRead,
    Send,
    SetPresence,
    SetPriority,
    SetStatus,
    SetTyping,
    TakeNext,
    Transfer,
)
from paradesk.core.model import Status, Visibility
from paradesk.core.state import Thread

SEND = "send"
"""Not declared, since every backend can take a public reply; a single conversation may still lack it."""

_WORDS = {
    SEND: "take a reply",
    "notes": "keep private notes",
    "attachments_out": "take attachments",
    "status": "set a status",
    "priority": "set a priority",
    "tags": "change tags",
    "join": "join a chat",
    "leave": "leave a chat",
    "end_chat": "end a chat",
    "take_next": "hand out the next chat",
    "assign": "assign a chat",
    "transfer": "transfer a chat",
    "offers": "let a transfer be accepted or declined",
    "presence": "set whether you take new chats",
    "search": "search",
    "canned": "hand out canned responses",
    "customer": "tell more about a customer",
    "create": "open a new ticket",
    "typing_out": "show the customer that you type",
    "read_out": "take read marks",
    "history": "show older messages",
    "attachments_in": "hand out attachments",
}
_KEPT_HERE = frozenset({"status", "priority", "tags", "notes", "read_out"})
"""What the desk can keep by itself when a connector declares it emulated."""


def needed(intent: Intent) -> str:
    """Return the capability that an intent needs."""
    match intent:
        case Send():
            return SEND if intent.visibility is Visibility.PUBLIC else "notes"
        case SetStatus():
            return "status"
        case SetPriority():
            return "priority"
        case ChangeTags():
            return "tags"
        case Join():
            return "join"
        case Leave():
            return "leave"
        case EndChat():
            return "end_chat"
        case Transfer():
            return "transfer"
        case TakeNext():
            return "take_next"
        case Assign():
            return "assign"
        case AcceptTransfer() | DeclineTransfer():
            return "offers"
        case SetPresence():
            return "presence"
        case SetTyping():
            return "typing_out"
        case MarkRead():
            return "read_out"
        case CreateConversation():
            return "create"


def support(thread: Thread | None, able: Capabilities | None, title: str, capability: str) -> tuple[Support, str]:
    """Return whether a conversation can do it, and the reason when it cannot; raises AttributeError if unknown."""
    if thread is not None and capability in thread.conversation.absent:
        return Support.ABSENT, thread.conversation.absent[capability] or f"not in this conversation ({title})"
    if capability == SEND:
        return Support.NATIVE, ""
    if able is None:
        Capabilities().support(capability)
        return Support.ABSENT, f"{title} is still starting"
    declared = able.support(capability)
    if declared is Support.ABSENT or (declared is Support.EMULATED and capability not in _KEPT_HERE):
        return Support.ABSENT, f"{title} cannot {_WORDS.get(capability, capability.replace('_', ' '))}"
    return declared, ""


def check(intent: Intent, thread: Thread | None, able: Capabilities | None, title: str) -> Support:
    """Return how the intent's capability is there; raises Unsupported, Rejected or NotSent with a reason for the agent.

    NotSent means: the connector has not said yet what it can do.
    """
    declared, why = support(thread, able, title, needed(intent))
    if declared is Support.ABSENT:
        raise NotSent(why) if able is None else Unsupported(why)
    offered = able.statuses if able is not None and declared is Support.NATIVE else frozenset(Status)
    if isinstance(intent, SetStatus) and intent.status not in offered:
        raise Unsupported(f"{title} has no status “{intent.status.value.replace('_', ' ')}”")
    if isinstance(intent, SetPresence) and able is not None and intent.presence not in able.presences:
        raise Unsupported(f"{title} has no presence “{intent.presence.value}”")
    if isinstance(intent, AcceptTransfer | DeclineTransfer):
        offer = None if thread is None else thread.conversation.offer
        if offer is None or not offer.mine:
            raise Rejected("nobody offers you this chat")
    if isinstance(intent, Send):
        _check_send(intent, thread, able, title, declared)
    return declared


def _check_send(send: Send, thread: Thread | None, able: Capabilities | None, title: str, declared: Support) -> None:
    if thread is None:
        raise Rejected("this conversation is not known here")
    if thread.removed:
        raise Rejected(f"this conversation is no longer yours: {thread.removed}")
    if not send.body.strip() and not send.attachments:
        raise Rejected("there is nothing to send")
    if send.visibility is Visibility.PUBLIC and not thread.conversation.joined:
        raise Rejected("join this chat before you answer it")
    if send.attachments:
        attaching, why = support(thread, able, title, "attachments_out")
        if attaching is Support.ABSENT or declared is Support.EMULATED:
            raise Unsupported(why or "a note that is kept on this desk only cannot carry attachments")
    if able is None:
        return
    for file in send.attachments:
        if file.size > able.max_attachment_bytes:
            raise Rejected(f"{file.name} is too large: {title} takes at most {able.max_attachment_bytes:,} bytes")
