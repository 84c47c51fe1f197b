"""From the composer to the desk: what stops a reply, and what happens once it is accepted."""

from concurrent.futures import Future
from typing import Protocol

from paradesk.connectors.base import (
    AuthError,
    NotSent,
    Outcome,
    RateLimited,
    Uncertain,
)
from paradesk.connectors.capabilities import Support
from paradesk.core.intents import Intent, Send
from paradesk.core.model import ClientId, ConversationId, LocalFile, Visibility
from paradesk.core.slots import find_slots
from paradesk.core.state import Thread


class Refuses(Protocol):
    """The part of the desk that says what a conversation cannot do."""

    def support(self, conversation_id: ConversationId, capability: str) -> tuple[Support, str]:
        """Return the support and, where it is absent, the reason."""


class Accepts(Refuses, Protocol):
    """The part of the desk that takes replies."""

    def new_client_id(self) -> ClientId:
        """Return a fresh id for a reply."""

    def submit(self, intent: Intent) -> Future[Outcome]:
        """Take an intent."""


def refusal(
    thread: Thread,
    text: str,
    visibility: Visibility,
    attachments: tuple[LocalFile, ...],
    desk: Refuses,
    join_keys: str,
) -> str:
    """Return why this reply cannot be sent, with what to do about it; empty when it can."""
    conversation = thread.conversation
    slots = find_slots(text)
    if slots:
        return f"Fill in the blank ⟦{slots[0].name}⟧ first: tab goes to it"
    if not text.strip() and not attachments:
        return "There is nothing to send"
    if thread.removed:
        return f"This chat is no longer yours: {thread.removed}. The text is kept"
    if not conversation.joined:
        return f"Join this chat first ({join_keys}). The text is kept"
    if conversation.ended and visibility is Visibility.PUBLIC:
        return "This chat has ended: the customer cannot read a reply. The text is kept"
    needed = [("send", "replies")] if visibility is Visibility.PUBLIC else [("notes", "private notes")]
    if attachments:
        needed.append(("attachments_out", "attachments"))
    for capability, what in needed:
        support, reason = desk.support(conversation.id, capability)
        if support is Support.ABSENT:
            return f"{reason or f'This chat takes no {what}'}. The text is kept"
    return ""


def send(
    desk: Accepts,
    conversation_id: ConversationId,
    text: str,
    visibility: Visibility,
    attachments: tuple[LocalFile, ...],
    client_id: ClientId,
    hold: float = 0.0,
) -> Future[Outcome]:
    """Hand a reply to the desk; the future is done when it is on disk and its draft cleared.

    For `hold` seconds it can be taken back before it leaves.
    """
    return desk.submit(
        Send(
            conversation_id=conversation_id,
            body=text,
            visibility=visibility,
            client_id=client_id,
            attachments=attachments,
            hold=hold,
        )
    )


def failure_text(name: str, what: str, error: BaseException) -> str:
    """Return a sentence that names the chat, what did not work, why, and what to do."""
    reason = str(error).strip().rstrip(".") or type(error).__name__
    match error:
        case NotSent():
            advice = " Nothing was changed; try again when the connection stands."
        case RateLimited(retry_after=seconds):
            advice = f" Nothing was changed; try again in {max(1, round(seconds))} s."
        case Uncertain():
            advice = " It may have happened: look at the chat before you try again."
        case AuthError():
            advice = " Sign in again, then try once more."
        case _:
            advice = ""
    return f"{name}: {what} did not work: {reason}.{advice}"
