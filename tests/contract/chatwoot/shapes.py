"""How the played Chatwoot writes what it knows: in answers, on the websocket, and to customers."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from tests.contract.chatwoot.world import ACTIVITY, Contact, Conversation, Message, Team, User, World

CHANNEL = "Channel::WebWidget"


def contact_of(contact: Contact) -> dict[str, Any]:
    """A contact, as messages and conversations name it."""
    return {
        "id": contact.id,
        "name": contact.name,
        "email": contact.email,
        "phone_number": contact.phone_number,
        "identifier": None,
        "thumbnail": "",
        "blocked": False,
        "additional_attributes": contact.additional_attributes,
        "custom_attributes": contact.custom_attributes,
        "type": "contact",
    }


def user_of(user: User) -> dict[str, Any]:
    """An agent, as messages and conversations name them."""
    return {
        "id": user.id,
        "name": user.name,
        "available_name": user.name,
        "avatar_url": "",
        "type": "user",
        "availability_status": user.availability,
        "thumbnail": "",
    }


def sender_of(message: Message) -> dict[str, Any] | None:
    """Whoever wrote a message."""
    if isinstance(message.sender, User):
        return user_of(message.sender)
    return contact_of(message.sender) if message.sender is not None else None


def sanitised(name: str) -> str:
    """A file's name as Rails' storage writes it."""
    return "".join("-" if character in '\u202e%$|:;/\\<>?*"\t\r\n' else character for character in name).strip()


def files_of(message: Message, world: World, base: str) -> list[dict[str, Any]]:
    """The files of a message."""
    return [
        {
            "id": blob.id,
            "message_id": message.id,
            "file_type": "image" if blob.media_type.startswith("image/") else "file",
            "account_id": world.account_id,
            "extension": None,
            "data_url": f"{base}/rails/active_storage/blobs/redirect/{blob.id}/{quote(sanitised(blob.name))}",
            "thumb_url": "",
            "file_size": len(blob.content),
            "width": None,
            "height": None,
        }
        for blob in message.files
    ]


def message_of(message: Message, conversation: Conversation, world: World, base: str) -> dict[str, Any]:
    """A message in an answer of `GET …/messages` and of `POST …/messages`."""
    told: dict[str, Any] = {
        "id": message.id,
        "content": message.content,
        "inbox_id": conversation.inbox_id,
        "conversation_id": conversation.id,
        "message_type": message.type,
        "content_type": "text",
        "status": message.status,
        "content_attributes": message.attributes,
        "created_at": int(message.created_at),
        "private": message.private,
        "source_id": None,
    }
    if message.echo_id is not None:
        told["echo_id"] = message.echo_id
    if message.files:
        told["attachments"] = files_of(message, world, base)
    if message.sender is not None:
        told["sender"] = sender_of(message)
    return told


def message_push(message: Message, conversation: Conversation, world: World, base: str) -> dict[str, Any]:
    """A message on the websocket, and as the last one of a listed conversation."""
    kind = type(message.sender).__name__ if message.sender is not None else None
    return message_of(message, conversation, world, base) | {
        "account_id": world.account_id,
        "updated_at": datetime.fromtimestamp(message.updated_at, UTC).isoformat(timespec="milliseconds"),
        "sender_type": kind,
        "sender_id": message.sender.id if message.sender is not None else None,
        "external_source_ids": {},
        "additional_attributes": {},
        "processed_message_content": message.content,
        "sentiment": {},
        "conversation": {
            "assignee_id": conversation.assignee.id if conversation.assignee else None,
            "unread_count": 0,
            "last_activity_at": int(last_activity(conversation)),
            "contact_inbox": {"source_id": conversation.contact.source_id},
        },
    }


def last_activity(conversation: Conversation) -> float:
    """When something last happened in a conversation."""
    return conversation.messages[-1].created_at if conversation.messages else conversation.created_at


def _common(conversation: Conversation, world: World, base: str) -> dict[str, Any]:
    return {
        "id": conversation.id,
        "account_id": world.account_id,
        "inbox_id": conversation.inbox_id,
        "status": conversation.status,
        "can_reply": conversation.can_reply,
        "labels": conversation.labels,
        "priority": conversation.priority,
        "snoozed_until": None if conversation.snoozed_until is None else int(conversation.snoozed_until),
        "unread_count": 0,
        "waiting_since": int(conversation.waiting_since or 0),
        "first_reply_created_at": int(conversation.first_reply_created_at or 0),
        "custom_attributes": conversation.custom_attributes,
        "additional_attributes": conversation.additional_attributes,
        "messages": [message_push(message, conversation, world, base) for message in conversation.messages[-1:]],
        "agent_last_seen_at": int(conversation.agent_last_seen_at),
        "contact_last_seen_at": int(conversation.contact_last_seen_at),
        "last_activity_at": int(last_activity(conversation)),
        "timestamp": int(last_activity(conversation)),
        "created_at": int(conversation.created_at),
        "updated_at": conversation.updated_at,
    }


def conversation_push(conversation: Conversation, world: World, base: str) -> dict[str, Any]:
    """A conversation on the websocket."""
    return _common(conversation, world, base) | {
        "channel": CHANNEL,
        "contact_inbox": {"source_id": conversation.contact.source_id},
        "meta": {
            "sender": contact_of(conversation.contact),
            "assignee": user_of(conversation.assignee) if conversation.assignee else None,
            "assignee_type": "User" if conversation.assignee else None,
            "team": team_of(conversation.team, world) if conversation.team else None,
            "hmac_verified": False,
        },
    }


def conversation_of(conversation: Conversation, world: World, base: str) -> dict[str, Any]:
    """A conversation in an answer: more fields, and its assignee in another shape."""
    meta: dict[str, Any] = {"sender": contact_of(conversation.contact), "channel": CHANNEL, "hmac_verified": False}
    if conversation.assignee is not None:
        meta["assignee"] = agent_of(conversation.assignee, world)
        meta["assignee_type"] = "User"
    if conversation.team is not None:
        meta["team"] = team_of(conversation.team, world)
    said = [message for message in conversation.messages if message.type != ACTIVITY]
    return _common(conversation, world, base) | {
        "uuid": f"00000000-0000-4000-8000-{conversation.id:012d}",
        "muted": False,
        "assignee_last_seen_at": int(conversation.agent_last_seen_at),
        "last_non_activity_message": message_push(said[-1], conversation, world, base) if said else None,
        "meta": meta,
    }


def agent_of(user: User, world: World) -> dict[str, Any]:
    """A member of the list of agents."""
    return {
        "id": user.id,
        "account_id": world.account_id,
        "availability_status": user.availability,
        "auto_offline": True,
        "confirmed": True,
        "email": f"{user.name.lower()}@example.org",
        "available_name": user.name,
        "name": user.name,
        "role": user.role,
        "thumbnail": "",
    }


def team_of(team: Team, world: World) -> dict[str, Any]:
    """A team."""
    return {
        "id": team.id,
        "name": team.name,
        "description": "",
        "allow_auto_assign": False,
        "account_id": world.account_id,
        "is_member": False,
    }


def profile_of(user: User, world: World) -> dict[str, Any]:
    """The agent's own profile; `pubsub_token` is the credential of the websocket."""
    return {
        "id": user.id,
        "access_token": user.token,
        "pubsub_token": user.pubsub_token,
        "account_id": world.account_id,
        "available_name": user.name,
        "name": user.name,
        "email": f"{user.name.lower()}@example.org",
        "role": user.role,
        "accounts": [
            {
                "id": world.account_id,
                "name": "Shop",
                "status": "active",
                "role": user.role,
                "availability": user.availability,
                "availability_status": user.availability,
                "auto_offline": True,
            }
        ],
    }


def public_message(message: Message, conversation: Conversation, world: World, base: str) -> dict[str, Any]:
    """A message as the customer's page gets it."""
    told = message_of(message, conversation, world, base)
    return told | {
        "id": str(message.id),
        "message_type": str(message.type),
        "content_attributes": str(message.attributes),
        "created_at": str(told["created_at"]),
        "conversation_id": str(conversation.id),
        "attachments": files_of(message, world, base),
        "sender": sender_of(message) or {},
    }
