"""Events that carry one text in every field that a connector can fill."""

import time

from paradesk.core.events import (
    AgentIdentified,
    AssigneeChanged,
    ConnectionChanged,
    ConversationRemoved,
    ConversationUpserted,
    Event,
    HistoryLoaded,
    MessageEdited,
    MessageUpserted,
    OfferChanged,
    PresenceChanged,
    RosterChanged,
    StatusChanged,
    TagsChanged,
    TypingChanged,
)
from paradesk.core.model import (
    Agent,
    Attachment,
    Conversation,
    ConversationId,
    Customer,
    EarlierConversation,
    Link,
    Message,
    MessageId,
    Offer,
    Presence,
    Role,
    Status,
    Visibility,
)


def conversation(text: str, item: str) -> Conversation:
    """Return a conversation that says `text` wherever it can say something; its id is `item`."""
    words = {text: text, "id": text, "item": text, "total": text, "status": text, "tracking": text, "date": text}
    return Conversation(
        id=ConversationId(item),
        number=text,
        customer=Customer(
            id=f"u-{item}",
            name=text,
            email=text,
            phone=text,
            language=text,
            plan=text,
            company=text,
            attributes=words,
            earlier=(EarlierConversation("e", text, text, 1.0),),
        ),
        channel=text,
        subject=text,
        status=Status.OPEN,
        status_label=text,
        tags=frozenset({text}),
        assignee=Agent("me", text, email=text),
        queue=text,
        created_at=time.time(),
        order=words,
        attributes=words,
        offer=offer(text),
        absent={"leave": text},
    )


def offer(text: str) -> Offer:
    """Return a transfer that waits for an answer and says `text` wherever it can."""
    return Offer(Agent("bo", text, kind=text, email=text), Agent("me", text, email=text), text)


def message(text: str, item: str, name: str, order: int, role: Role = Role.CUSTOMER) -> Message:
    """Return a message that says `text` in each of its texts, with a file and an address."""
    return Message(
        id=MessageId(f"{item}-{name}"),
        conversation_id=ConversationId(item),
        role=role,
        sender_id=f"u-{item}",
        sender_name=text,
        body=text,
        sent_at=time.time(),
        order_key=order,
        visibility=Visibility.NOTE if name.endswith("note") else Visibility.PUBLIC,
        attachments=(Attachment(id="f", name=text, media_type=text, size=3),),
        delivery_reason=text,
    )


def events(text: str, item: str, version: int, profile: str = "acme") -> list[Event]:
    """Return one event of each kind that carries text, about the conversation `item`."""
    where = ConversationId(item)
    return [
        AgentIdentified(profile, Agent("me", text, email=text)),
        RosterChanged(profile, (Agent("me", text), Agent("bo", text, kind=text, email=text))),
        ConversationUpserted(conversation(text, item), version),
        HistoryLoaded(where, (message(text, item, f"{version}-history", version),), True),
        MessageUpserted(message(text, item, f"{version}-note", version + 1, Role.AGENT)),
        MessageUpserted(message(text, item, f"{version}-system", version + 2, Role.SYSTEM)),
        MessageUpserted(message("first", item, f"{version}-edited", version + 3)),
        MessageEdited(where, MessageId(f"{item}-{version}-edited"), text, version + 4),
        StatusChanged(where, Status.PENDING, version + 4, text),
        TagsChanged(where, frozenset({text, "plain"}), version + 4),
        AssigneeChanged(where, Agent("me", text), version + 4),
        OfferChanged(where, offer(text), version + 4),
        PresenceChanged(profile, Presence.AWAY, text),
        TypingChanged(where, text, True, time.time() + 3600, preview=text),
        ConnectionChanged(profile, Link.WAITING, text, time.time() + 3600),
        MessageUpserted(message(f"https://shop.example/{text} {text}", item, f"{version}-last", version + 5)),
    ]


def removal(text: str, item: str) -> Event:
    """Return that the conversation is gone, for a reason of this text."""
    return ConversationRemoved(ConversationId(item), text, 2**40)
