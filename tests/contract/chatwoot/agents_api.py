"""What the played Chatwoot lets agents do."""

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, Final

from tests.contract.chatwoot import shapes
from tests.contract.chatwoot.web import Asked, Told
from tests.contract.chatwoot.world import INCOMING, OUTGOING, Blob, Conversation, Message, User

if TYPE_CHECKING:
    from tests.contract.chatwoot.server import ChatwootServer

PER_PAGE: Final = 25
NOT_FOUND: Final = Told({"error": "Resource could not be found"}, 404)
_ACCOUNT: Final = r"/api/v1/accounts/(?P<account>\d+)"
_CONVERSATION: Final = rf"{_ACCOUNT}/conversations/(?P<number>\d+)"


async def profile(server: "ChatwootServer", asked: Asked, user: User) -> Told:
    return Told(shapes.profile_of(user, server.world))


async def availability(server: "ChatwootServer", asked: Asked, user: User) -> Told:
    fields, _ = asked.fields()
    user.availability = fields["profile"]["availability"]
    server.broadcast("presence.update", {"users": {str(user.id): user.availability}, "contacts": {}})
    return Told(shapes.profile_of(user, server.world))


async def agents(server: "ChatwootServer", asked: Asked, user: User) -> Told:
    return Told([shapes.agent_of(one, server.world) for one in server.world.users])


async def teams(server: "ChatwootServer", asked: Asked, user: User) -> Told:
    return Told([shapes.team_of(team, server.world) for team in server.world.teams])


async def inboxes(server: "ChatwootServer", asked: Asked, user: User) -> Told:
    listed = [
        {"id": number, "name": name, "channel_type": shapes.CHANNEL} for number, name in server.world.inboxes.items()
    ]
    return Told({"payload": listed})


async def canned(server: "ChatwootServer", asked: Asked, user: User) -> Told:
    return Told(
        [
            {"id": number, "account_id": server.world.account_id, "short_code": code, "content": text}
            for number, code, text in server.world.canned
        ]
    )


async def macros(server: "ChatwootServer", asked: Asked, user: User) -> Told:
    return Told({"payload": server.world.macros})


async def contact(server: "ChatwootServer", asked: Asked, user: User, contact: str) -> Told:
    found = next((one for one in server.world.contacts if one.id == int(contact)), None)
    if found is None:
        return NOT_FOUND
    more = {"created_at": int(found.created_at), "availability_status": "online", "contact_inboxes": []}
    return Told({"payload": shapes.contact_of(found) | more})


async def contact_conversations(server: "ChatwootServer", asked: Asked, user: User, contact: str) -> Told:
    found = [one for one in server.world.conversations.values() if one.contact.id == int(contact)]
    return Told({"payload": [shapes.conversation_of(one, server.world, server.base) for one in found]})


async def conversations(server: "ChatwootServer", asked: Asked, user: User) -> Told:
    query, world = asked.query, server.world
    found = list(world.conversations.values())
    if "inbox_id" in query:
        found = [one for one in found if one.inbox_id == int(query["inbox_id"])]
    if "q" in query:
        words = query["q"].lower()
        found = [
            one
            for one in found
            if any(words in (m.content or "").lower() for m in one.messages if m.type in (INCOMING, OUTGOING))
        ]
    elif query.get("status", "open") != "all":
        found = [one for one in found if one.status == query.get("status", "open")]
    counts = {
        "mine_count": sum(one.assignee is user for one in found),
        "assigned_count": sum(one.assignee is not None for one in found),
        "unassigned_count": sum(one.assignee is None for one in found),
        "all_count": len(found),
    }
    whose: dict[str, Callable[[Conversation], bool]] = {
        "me": lambda one: one.assignee is user,
        "unassigned": lambda one: one.assignee is None,
        "assigned": lambda one: one.assignee is not None,
    }
    found = list(filter(whose.get(query.get("assignee_type", "all"), lambda _one: True), found))
    found.sort(key=shapes.last_activity, reverse=True)
    if "updated_within" in query:
        since = server.world.now - int(query["updated_within"])
        found = [one for one in found if one.updated_at > since]
    else:
        first = (int(query.get("page", "1")) - 1) * PER_PAGE
        found = found[first : first + PER_PAGE]
    payload = [shapes.conversation_of(one, world, server.base) for one in found]
    return Told({"data": {"meta": counts, "payload": payload}})


def _conversation(server: "ChatwootServer", number: str) -> Conversation | None:
    return server.world.conversations.get(int(number))


async def conversation(server: "ChatwootServer", asked: Asked, user: User, number: str) -> Told:
    found = _conversation(server, number)
    return NOT_FOUND if found is None else Told(shapes.conversation_of(found, server.world, server.base))


async def messages(server: "ChatwootServer", asked: Asked, user: User, number: str) -> Told:
    found = _conversation(server, number)
    if found is None:
        return NOT_FOUND
    before, after = asked.query.get("before"), asked.query.get("after")
    chosen = list(found.messages)
    if before is not None and after is not None:
        chosen = [one for one in chosen if int(after) <= one.id < int(before)][:1000]
    elif before is not None:
        chosen = [one for one in chosen if one.id < int(before)][-20:]
    elif after is not None:
        chosen = [one for one in chosen if one.id > int(after)][:100]
    else:
        chosen = chosen[-20:]
    meta = {
        "labels": found.labels,
        "additional_attributes": found.additional_attributes,
        "contact": shapes.contact_of(found.contact),
        "agent_last_seen_at": None,
    }
    payload = [shapes.message_of(one, found, server.world, server.base) for one in chosen]
    return Told({"meta": meta, "payload": payload})


def _as_bool(value: Any) -> bool:
    return value in (True, "true", "1")


async def send(server: "ChatwootServer", asked: Asked, user: User, number: str) -> Told:
    found = _conversation(server, number)
    if found is None:
        return NOT_FOUND
    if server.limit_next_send is not None:
        told, server.limit_next_send = server.limit_next_send, None
        return told
    fields, uploads = asked.fields()
    attributes = fields.get("content_attributes") or {}
    if isinstance(attributes, str):
        attributes = json.loads(attributes)
    world = server.world
    blobs = [Blob(next(world.ids), name, media_type, content) for name, media_type, content in uploads]
    world.blobs |= {blob.id: blob for blob in blobs}
    message = world.say(
        found,
        OUTGOING,
        fields.get("content"),
        user,
        private=_as_bool(fields.get("private", False)),
        attributes=dict(attributes),
        files=blobs,
        echo_id=fields.get("echo_id"),
    )
    body = shapes.message_of(message, found, world, server.base)
    if server.blank_next_send:
        server.blank_next_send = False
        return Told(None)
    lost, server.lose_next_send = server.lose_next_send, False
    return Told(body | ({"echo_id": fields["echo_id"]} if "echo_id" in fields else {}), lost=lost)


async def delete_message(server: "ChatwootServer", asked: Asked, user: User, number: str, message: str) -> Told:
    found = _conversation(server, number)
    written: Message | None = next((one for one in found.messages if one.id == int(message)), None) if found else None
    if found is None or written is None:
        return NOT_FOUND
    server.world.delete(found, written)
    return Told()


async def toggle_status(server: "ChatwootServer", asked: Asked, user: User, number: str) -> Told:
    found = _conversation(server, number)
    if found is None:
        return NOT_FOUND
    fields, _ = asked.fields()
    status = fields.get("status") or ("resolved" if found.status == "open" else "open")
    server.world.set_status(found, status, fields.get("snoozed_until"), user)
    payload = {
        "success": True,
        "conversation_id": found.id,
        "current_status": found.status,
        "snoozed_until": found.snoozed_until,
    }
    return Told({"meta": {}, "payload": payload})


async def toggle_priority(server: "ChatwootServer", asked: Asked, user: User, number: str) -> Told:
    found = _conversation(server, number)
    if found is None:
        return NOT_FOUND
    fields, _ = asked.fields()
    found.priority = fields.get("priority") or None
    server.world.changed(found)
    return Told()


async def assign(server: "ChatwootServer", asked: Asked, user: User, number: str) -> Told:
    found = _conversation(server, number)
    if found is None:
        return NOT_FOUND
    fields, _ = asked.fields()
    world = server.world
    if "assignee_id" in fields:
        whom = next((one for one in world.users if one.id == fields["assignee_id"]), None)
        world.assign(found, whom, user)
        return Told(shapes.agent_of(whom, world) if whom else None)
    team = next((one for one in world.teams if one.id == fields.get("team_id")), None)
    world.assign_team(found, team, user)
    return Told(shapes.team_of(team, world) if team else None)


async def labels(server: "ChatwootServer", asked: Asked, user: User, number: str) -> Told:
    found = _conversation(server, number)
    if found is None:
        return NOT_FOUND
    if asked.method == "POST":
        fields, _ = asked.fields()
        found.labels = [part.strip() for label in fields["labels"] for part in label.split(",")]
        server.world.changed(found)
    return Told({"payload": found.labels})


async def toggle_typing(server: "ChatwootServer", asked: Asked, user: User, number: str) -> Told:
    found = _conversation(server, number)
    if found is None:
        return NOT_FOUND
    fields, _ = asked.fields()
    if not fields["is_private"]:
        server.world.typing[found.id] = fields["typing_status"] == "on"
    return Told()


async def update_last_seen(server: "ChatwootServer", asked: Asked, user: User, number: str) -> Told:
    found = _conversation(server, number)
    if found is None:
        return NOT_FOUND
    # A column of its own: nobody is told.
    found.agent_last_seen_at = server.world.now
    return Told(shapes.conversation_of(found, server.world, server.base))


ROUTES: Final[list[tuple[str, str, Callable[..., Awaitable[Told]]]]] = [
    ("GET", r"/api/v1/profile", profile),
    ("POST", r"/api/v1/profile/availability", availability),
    ("GET", rf"{_ACCOUNT}/agents", agents),
    ("GET", rf"{_ACCOUNT}/teams", teams),
    ("GET", rf"{_ACCOUNT}/inboxes", inboxes),
    ("GET", rf"{_ACCOUNT}/canned_responses", canned),
    ("GET", rf"{_ACCOUNT}/macros", macros),
    ("GET", rf"{_ACCOUNT}/contacts/(?P<contact>\d+)", contact),
    ("GET", rf"{_ACCOUNT}/contacts/(?P<contact>\d+)/conversations", contact_conversations),
    ("GET", rf"{_ACCOUNT}/conversations", conversations),
    ("GET", _CONVERSATION, conversation),
    ("GET", rf"{_CONVERSATION}/messages", messages),
    ("POST", rf"{_CONVERSATION}/messages", send),
    ("DELETE", rf"{_CONVERSATION}/messages/(?P<message>\d+)", delete_message),
    ("POST", rf"{_CONVERSATION}/toggle_status", toggle_status),
    ("POST", rf"{_CONVERSATION}/toggle_priority", toggle_priority),
    ("POST", rf"{_CONVERSATION}/assignments", assign),
    ("GET", rf"{_CONVERSATION}/labels", labels),
    ("POST", rf"{_CONVERSATION}/labels", labels),
    ("POST", rf"{_CONVERSATION}/toggle_typing_status", toggle_typing),
    ("POST", rf"{_CONVERSATION}/update_last_seen", update_last_seen),
]
"""Method, path and what answers."""
