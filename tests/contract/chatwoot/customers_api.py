"""What the played Chatwoot lets customers do, who have no token but what names them."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from tests.contract.chatwoot import shapes
from tests.contract.chatwoot.web import Asked, Told
from tests.contract.chatwoot.world import ACTIVITY, INCOMING, Blob, Contact, Conversation

if TYPE_CHECKING:
    from tests.contract.chatwoot.server import ChatwootServer

NOT_FOUND: Final = Told({"error": "Resource could not be found"}, 404)
_CONTACTS: Final = r"/public/api/v1/inboxes/(?P<inbox>[^/]+)/contacts"
_CONTACT: Final = rf"{_CONTACTS}/(?P<source>[^/]+)"
_CONVERSATION: Final = rf"{_CONTACT}/conversations/(?P<number>\d+)"


def _found(server: "ChatwootServer", source: str, number: str) -> Conversation | None:
    found = server.world.conversations.get(int(number))
    return found if found is not None and found.contact.source_id == source else None


async def new_contact(server: "ChatwootServer", asked: Asked, inbox: str) -> Told:
    fields, _ = asked.fields()
    contact = server.world.contact(fields.get("name") or "quiet-river-17", fields.get("email"))
    return Told(
        {
            "id": contact.id,
            "source_id": contact.source_id,
            "name": contact.name,
            "email": contact.email,
            "pubsub_token": contact.pubsub_token,
        }
    )


async def new_conversation(server: "ChatwootServer", asked: Asked, inbox: str, source: str) -> Told:
    contact: Contact | None = next((one for one in server.world.contacts if one.source_id == source), None)
    if contact is None:
        return NOT_FOUND
    conversation = server.world.begin(contact)
    told = {"id": conversation.id, "inbox_id": inbox, "messages": [], "contact": shapes.contact_of(contact)}
    return Told(told)


async def messages(server: "ChatwootServer", asked: Asked, inbox: str, source: str, number: str) -> Told:
    found = _found(server, source, number)
    if found is None:
        return NOT_FOUND
    seen = [one for one in found.messages if not one.private and one.type != ACTIVITY]
    return Told([shapes.public_message(one, found, server.world, server.base) for one in seen])


async def say(server: "ChatwootServer", asked: Asked, inbox: str, source: str, number: str) -> Told:
    found = _found(server, source, number)
    if found is None:
        return NOT_FOUND
    fields, uploads = asked.fields()
    world = server.world
    blobs = [Blob(next(world.ids), name, media_type, content) for name, media_type, content in uploads]
    world.blobs |= {blob.id: blob for blob in blobs}
    message = world.say(
        found, INCOMING, fields.get("content"), found.contact, files=blobs, echo_id=fields.get("echo_id")
    )
    return Told(shapes.public_message(message, found, world, server.base))


async def typing(server: "ChatwootServer", asked: Asked, inbox: str, source: str, number: str) -> Told:
    found = _found(server, source, number)
    if found is None:
        return NOT_FOUND
    on = asked.query.get("typing_status") == "on"
    content = {
        "conversation": shapes.conversation_push(found, server.world, server.base),
        "user": shapes.contact_of(found.contact),
        "is_private": False,
    }
    server.broadcast(f"conversation.typing_{'on' if on else 'off'}", content)
    return Told()


async def last_seen(server: "ChatwootServer", asked: Asked, inbox: str, source: str, number: str) -> Told:
    found = _found(server, source, number)
    if found is None:
        return NOT_FOUND
    found.contact_last_seen_at = server.world.now
    server.world.changed(found, "conversation.read")
    return Told()


def download(server: "ChatwootServer", asked: Asked) -> Told:
    """Files: an address that leads on to where they lie, as Rails' storage does."""
    *_, kind, number, name = asked.path.split("/")
    blob = server.world.blobs.get(int(number)) if number.isdigit() else None
    if blob is None:
        return NOT_FOUND
    if "api_access_token" in asked.headers:
        return Told({"error": "a credential where none belongs"}, 400)
    if kind == "redirect":
        return Told(status=302, headers={"Location": f"/rails/active_storage/disk/{number}/{quote(name)}"})
    if server.spoil_next_download:
        server.spoil_next_download = False
        return Told(b"<html><body>Please wait</body></html>", headers={"Content-Type": "text/html"})
    return Told(blob.content)


ROUTES: Final[list[tuple[str, str, Callable[..., Awaitable[Told]]]]] = [
    ("POST", _CONTACTS, new_contact),
    ("POST", rf"{_CONTACT}/conversations", new_conversation),
    ("GET", rf"{_CONVERSATION}/messages", messages),
    ("POST", rf"{_CONVERSATION}/messages", say),
    ("POST", rf"{_CONVERSATION}/toggle_typing", typing),
    ("POST", rf"{_CONVERSATION}/update_last_seen", last_seen),
]
"""Method, path and what answers."""
