"""What the desk keeps by itself where a backend has no place for it: statuses, priorities, tags, notes ("local only")."""

from collections.abc import Callable

from paradesk.core.events import Event, MessageUpserted, PriorityChanged, StatusChanged, TagsChanged
from paradesk.core.intents import ChangeTags, Intent, Send, SetPriority, SetStatus
from paradesk.core.model import Agent, Attachment, Message, MessageId, Role, Status, Visibility
from paradesk.core.state import Thread
from paradesk.core.text import clean_line, clean_text

LOCAL_PREFIX = "local:"
"""Begins the ids of messages that no backend knows."""
LOCAL_ONLY = "kept on this desk only"

_ABOVE = 2**60
"""Versions of the desk lie above those of every backend: what is kept here is not overwritten from there."""


class LocalChanges:
    """Makes the events for what the desk keeps itself."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = 0

    def version(self) -> int:
        """Return a version above all others, and above those of earlier runs."""
        self._last = max(self._last + 1, _ABOVE + int(self._clock() * 1000))
        return self._last

    def events(self, intent: Intent, thread: Thread, agent: Agent | None) -> tuple[Event, ...]:
        """Return what carries out an intent without a backend; nothing for one that cannot be kept here."""
        match intent:
            case SetStatus():
                return (
                    StatusChanged(
                        intent.conversation_id, intent.status, self.version(), snoozed_until=intent.snoozed_until
                    ),
                )
            case SetPriority():
                return (PriorityChanged(intent.conversation_id, intent.priority, self.version()),)
            case ChangeTags():
                tags = (thread.conversation.tags | intent.add) - intent.remove
                return (TagsChanged(intent.conversation_id, frozenset(clean_line(t) for t in tags), self.version()),)
            case Send(visibility=Visibility.NOTE):
                return (MessageUpserted(written(intent, thread, agent, self._clock(), LOCAL_ONLY)),)
            case _:
                return ()

    def reopened(self, thread: Thread, message: Message) -> tuple[Event, ...]:
        """Return the event that opens a solved or pending conversation again when its customer writes."""
        last = thread.transcript.last
        fresh = thread.transcript.get(message.id) is None and (last is None or message.order_key >= last.order_key)
        if message.role is Role.CUSTOMER and fresh and thread.conversation.status in (Status.PENDING, Status.SOLVED):
            return (StatusChanged(thread.conversation.id, Status.OPEN, self.version()),)
        return ()


def written(send: Send, thread: Thread, agent: Agent | None, now: float, remark: str = "") -> Message:
    """Return what a reply or note of this desk looks like in its transcript: at the end, under an id of its own."""
    last = thread.transcript.last
    return Message(
        id=MessageId(f"{LOCAL_PREFIX}{send.client_id}"),
        conversation_id=send.conversation_id,
        role=Role.AGENT,
        sender_id="" if agent is None else agent.id,
        sender_name="You" if agent is None else agent.name,
        body=clean_text(send.body),
        sent_at=now,
        order_key=0 if last is None else last.order_key + 1,
        visibility=send.visibility,
        attachments=tuple(
            Attachment(id=f"{LOCAL_PREFIX}{number}", name=file.name, media_type=file.media_type, size=file.size)
            for number, file in enumerate(send.attachments)
        ),
        client_id=send.client_id,
        delivery_reason=remark,
    )
