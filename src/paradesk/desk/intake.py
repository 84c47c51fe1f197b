"""What comes from a connector on its way in, and what goes to it on its way out.

In: conversation ids get their profile in front, every text is cleaned, numbers are made such as the journal can hold.
Out: the profile is taken off again.
"""

import math
from collections.abc import Mapping
from dataclasses import replace

from paradesk.core.events import (
    AgentIdentified,
    AssigneeChanged,
    ConnectionChanged,
    ConversationRemoved,
    ConversationUpserted,
    DraftChanged,
    Event,
    Gap,
    HistoryLoaded,
    MessageDeleted,
    MessageEdited,
    MessageUpserted,
    OfferChanged,
    PresenceChanged,
    PriorityChanged,
    ReadMarked,
    RosterChanged,
    Seen,
    SendChanged,
    StatusChanged,
    TagsChanged,
    TypingChanged,
)
from paradesk.core.intents import CreateConversation, Intent, SetPresence, TakeNext
from paradesk.core.model import (
    Agent,
    Attachment,
    ClientId,
    Conversation,
    ConversationId,
    Customer,
    EarlierConversation,
    Found,
    Message,
    MessageId,
    Offer,
    RemoteResponse,
)
from paradesk.core.text import clean_filename, clean_line, clean_text, escaped, has_hidden

_LARGEST = 2**60
"""Bound of versions and order keys: the journal holds 64 bits, and the desk's own versions lie above."""

_LATEST = 253_370_764_800.0
"""The beginning of the year 9999: later times are no dates in some time zone."""


def qualified(profile: str, conversation_id: ConversationId) -> ConversationId:
    """Return the desk's id of a conversation that its backend calls `conversation_id`."""
    return ConversationId(f"{profile}/{storable(conversation_id)}")


def profile_of(conversation_id: ConversationId) -> str:
    """Return the profile in a desk's conversation id."""
    return conversation_id.partition("/")[0]


def backend_id(conversation_id: ConversationId) -> ConversationId:
    """Return what the backend calls the conversation."""
    return ConversationId(conversation_id.partition("/")[2])


def outgoing(intent: Intent) -> Intent:
    """Return the intent in the ids of its backend."""
    if isinstance(intent, CreateConversation | TakeNext | SetPresence):
        return intent
    return replace(intent, conversation_id=backend_id(intent.conversation_id))


def outgoing_message(message: Message) -> Message:
    """Return a message of the desk as its connector knows it."""
    return replace(message, conversation_id=backend_id(message.conversation_id))


def storable(text: str) -> str:
    """Return the text with what UTF-8 cannot express (half a surrogate pair) replaced."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def incoming(profile: str, event: Event) -> Event:
    """Return the event as the desk takes it in; raises TypeError for one that a connector has no business to send."""
    match event:
        case MessageUpserted():
            return MessageUpserted(incoming_message(profile, event.message))
        case HistoryLoaded():
            about = qualified(profile, event.conversation_id)
            messages = (
                replace(incoming_message(profile, message), conversation_id=about) for message in event.messages
            )
            return replace(event, conversation_id=about, messages=tuple(messages))
        case ConversationUpserted():
            return ConversationUpserted(_conversation(profile, event.conversation), _bounded(event.version))
        case ConnectionChanged():
            return replace(event, profile=profile, reason=clean_line(event.reason, 300))
        case AgentIdentified():
            return AgentIdentified(profile, _agent(event.agent))
        case PresenceChanged():
            return PresenceChanged(profile, event.presence, clean_line(event.text, 100))
        case RosterChanged():
            return RosterChanged(profile, tuple(map(_agent, event.agents)))
        case Gap():
            where = None if event.conversation_id is None else qualified(profile, event.conversation_id)
            return replace(event, profile=profile, conversation_id=where)
        case SendChanged() | DraftChanged() | Seen():
            raise TypeError(f"{type(event).__name__} is the desk's own event, a connector cannot emit it")
        case _:
            return _change(qualified(profile, event.conversation_id), event)


def _change(
    conversation_id: ConversationId,
    event: ConversationRemoved
    | MessageEdited
    | MessageDeleted
    | StatusChanged
    | PriorityChanged
    | TagsChanged
    | AssigneeChanged
    | OfferChanged
    | TypingChanged
    | ReadMarked,
) -> Event:
    match event:
        case ConversationRemoved():
            return ConversationRemoved(conversation_id, clean_line(event.reason, 300), _bounded(event.version))
        case MessageEdited():
            message_id, version = MessageId(storable(event.message_id)), _bounded(event.version)
            return MessageEdited(conversation_id, message_id, clean_text(event.body), version, _original(event.body))
        case MessageDeleted():
            return MessageDeleted(conversation_id, MessageId(storable(event.message_id)), _bounded(event.version))
        case StatusChanged():
            label, until = clean_line(event.label, 40), _time_or_none(event.snoozed_until)
            return StatusChanged(conversation_id, event.status, _bounded(event.version), label, until)
        case PriorityChanged():
            return replace(event, conversation_id=conversation_id, version=_bounded(event.version))
        case TagsChanged():
            return TagsChanged(conversation_id, _tags(event.tags), _bounded(event.version))
        case AssigneeChanged():
            assignee = None if event.assignee is None else _agent(event.assignee)
            return AssigneeChanged(conversation_id, assignee, _bounded(event.version))
        case OfferChanged():
            return OfferChanged(conversation_id, _offer(event.offer), _bounded(event.version))
        case TypingChanged():
            name, until, preview = clean_line(event.name), _time(event.until), clean_line(event.preview, 2000)
            return TypingChanged(conversation_id, name, event.typing, until, event.customer, preview)
        case ReadMarked():
            return ReadMarked(conversation_id, MessageId(storable(event.message_id)))


def incoming_message(profile: str, message: Message) -> Message:
    """Return a message from a backend as the desk takes it in."""
    return replace(
        message,
        id=MessageId(storable(message.id)),
        conversation_id=qualified(profile, message.conversation_id),
        sender_id=storable(message.sender_id),
        sender_name=clean_line(message.sender_name),
        body=clean_text(message.body),
        original=_original(message.body),
        sent_at=_time(message.sent_at),
        order_key=_bounded(message.order_key),
        version=_bounded(message.version),
        attachments=tuple(map(_attachment, message.attachments)),
        client_id=ClientId(storable(message.client_id)) if message.client_id else None,
        delivery_reason=clean_line(message.delivery_reason, 300),
    )


def _original(body: str) -> str:
    """Return what the agent may look at instead of the hidden characters that cleaning takes away."""
    return escaped(body) if has_hidden(body) else ""


def _attachment(attachment: Attachment) -> Attachment:
    return replace(
        attachment,
        id=storable(attachment.id),
        name=clean_filename(attachment.name),
        media_type=clean_line(attachment.media_type, 100),
        size=None if attachment.size is None else _bounded(attachment.size),
    )


def _conversation(profile: str, conversation: Conversation) -> Conversation:
    return replace(
        conversation,
        id=qualified(profile, conversation.id),
        profile=profile,
        number=clean_line(conversation.number, 30),
        customer=incoming_customer(conversation.customer),
        channel=clean_line(conversation.channel, 30),
        subject=clean_line(conversation.subject, 300),
        status_label=clean_line(conversation.status_label, 40),
        snoozed_until=_time_or_none(conversation.snoozed_until),
        tags=_tags(conversation.tags),
        assignee=None if conversation.assignee is None else _agent(conversation.assignee),
        queue=clean_line(conversation.queue),
        created_at=_time(conversation.created_at),
        order=_texts(conversation.order),
        attributes=_texts(conversation.attributes),
        offer=_offer(conversation.offer),
        absent=_texts(conversation.absent),
    )


def incoming_customer(customer: Customer) -> Customer:
    """Return what a backend says of a customer as the desk takes it in."""
    return replace(
        customer,
        id=storable(customer.id),
        name=clean_line(customer.name),
        email=clean_line(customer.email, 254),
        phone=clean_line(customer.phone, 40),
        language=clean_line(customer.language, 35),
        plan=clean_line(customer.plan),
        company=clean_line(customer.company, 100),
        since=_time_or_none(customer.since),
        attributes=_texts(customer.attributes),
        earlier=tuple(
            EarlierConversation(
                storable(line.id), clean_line(line.subject, 300), clean_line(line.status, 40), _time(line.at)
            )
            for line in customer.earlier
        ),
    )


def incoming_response(response: RemoteResponse) -> RemoteResponse:
    """Return a canned response of a backend as the desk takes it in; its placeholders stay as they are."""
    return RemoteResponse(
        storable(response.id),
        clean_line(response.title, 200),
        clean_text(response.body),
        clean_line(response.shortcut, 60),
        clean_line(response.language, 35),
    )


def incoming_found(profile: str, found: Found) -> Found:
    """Return one result of a search at a backend as the desk takes it in."""
    where = qualified(profile, found.conversation_id)
    return Found(where, clean_line(found.title, 200), clean_line(found.excerpt, 300), _time(found.at))


def _agent(agent: Agent) -> Agent:
    return replace(
        agent,
        id=storable(agent.id),
        name=clean_line(agent.name),
        kind=clean_line(agent.kind, 20),
        email=clean_line(agent.email, 254),
    )


def _offer(offer: Offer | None) -> Offer | None:
    if offer is None:
        return None
    by = None if offer.by is None else _agent(offer.by)
    to = None if offer.to is None else _agent(offer.to)
    return Offer(by, to, clean_text(offer.note), offer.mine)


def _texts(texts: Mapping[str, str]) -> dict[str, str]:
    return {clean_line(key, 100): clean_line(text, 2000) for key, text in texts.items()}


def _tags(tags: frozenset[str]) -> frozenset[str]:
    return frozenset(clean_line(tag, 100) for tag in tags)


def _bounded(number: int) -> int:
    return max(-_LARGEST, min(_LARGEST, int(number)))


def _time(at: float) -> float:
    if at != at or at in (math.inf, -math.inf):
        return 0.0
    return float(max(0.0, min(_LATEST, at)))


def _time_or_none(at: float | None) -> float | None:
    return None if at is None else _time(at)
