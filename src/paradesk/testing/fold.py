"""The least folding that the contract suite needs, until the core brings the whole reducer."""

from dataclasses import replace

from paradesk.core.events import (
    AssigneeChanged,
    ConversationRemoved,
    ConversationUpserted,
    Event,
    HistoryLoaded,
    MessageDeleted,
    MessageEdited,
    MessageUpserted,
    PriorityChanged,
    ReadMarked,
    StatusChanged,
    TagsChanged,
)
from paradesk.core.model import Conversation, ConversationId, Customer, Message
from paradesk.core.state import State, Thread


def reduce(state: State, event: Event) -> State:
    """Return the state after one event."""
    conversation_id: ConversationId | None = getattr(event, "conversation_id", None)
    if isinstance(event, ConversationUpserted):
        conversation_id = event.conversation.id
    elif isinstance(event, MessageUpserted):
        conversation_id = event.message.conversation_id
    if conversation_id is None:
        return state
    empty = Conversation(id=conversation_id, customer=Customer(id="", name=""))
    thread = state.threads.get(conversation_id) or Thread(conversation=empty, known=False)
    return replace(state, threads={**state.threads, conversation_id: _fold(thread, event)})


def _newer(thread: Thread, message: Message) -> Thread:
    old = thread.transcript.get(message.id)
    if old is not None and old.version >= message.version:
        return thread
    return replace(thread, transcript=thread.transcript.put(message))


def _fold(thread: Thread, event: Event) -> Thread:
    conversation = thread.conversation
    match event:
        case ConversationUpserted():
            return replace(thread, conversation=event.conversation, known=True, removed="")
        case ConversationRemoved():
            return replace(thread, removed=event.reason)
        case MessageUpserted():
            return _newer(thread, event.message)
        case HistoryLoaded():
            for message in event.messages:
                thread = _newer(thread, message)
        case MessageEdited():
            old = thread.transcript.get(event.message_id)
            if old is not None:
                return _newer(thread, replace(old, body=event.body, edited=True, version=event.version))
        case MessageDeleted():
            old = thread.transcript.get(event.message_id)
            if old is not None:
                return _newer(thread, replace(old, body="", deleted=True, version=event.version))
        case StatusChanged():
            return replace(thread, conversation=replace(conversation, status=event.status))
        case PriorityChanged():
            return replace(thread, conversation=replace(conversation, priority=event.priority))
        case TagsChanged():
            return replace(thread, conversation=replace(conversation, tags=event.tags))
        case AssigneeChanged():
            return replace(thread, conversation=replace(conversation, assignee=event.assignee))
        case ReadMarked():
            return replace(thread, read_by_customer=event.message_id)
    return thread
