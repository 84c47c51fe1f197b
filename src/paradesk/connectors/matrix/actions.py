"""What the agent wants, done to the homeserver. Every refusal that needs no I/O comes before any."""

import asyncio
import re
from collections.abc import Awaitable
from pathlib import Path
from typing import Final

from paradesk.connectors.base import ConnectorError, Gone, NotSent, Outcome, Prepared, Rejected, Uncertain, Unsupported
from paradesk.connectors.http import printable
from paradesk.connectors.matrix.client import Json, encode
from paradesk.connectors.matrix.companion import Companions
from paradesk.connectors.matrix.messages import PART, media_address
from paradesk.connectors.matrix.presence import state_of, text_of
from paradesk.connectors.matrix.room import Room
from paradesk.connectors.matrix.rooms_made import invite_agents, new_ticket_room, write_handover_note
from paradesk.connectors.matrix.session import MatrixSession, room_path, transaction_id
from paradesk.connectors.matrix.stream import MatrixStream
from paradesk.connectors.matrix.ticket import ASSIGNEE, MAX_TAGS, PRIORITY, STATUS, TAGS
from paradesk.core.events import PresenceChanged
from paradesk.core.intents import (
    Assign,
    ChangeTags,
    CreateConversation,
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
    Transfer,
)
from paradesk.core.model import ConversationId, LocalFile, MessageId, Status, Visibility

MAX_BODY: Final = 60_000
MAX_CONTENT: Final = 62_000
"""Bytes of JSON: a whole event may have 65,536, and the server's own part of it needs room."""
MAX_ATTACHMENT: Final = 25_000_000
TYPING_LASTS: Final = 20.0
NO_COLLEAGUE: Final = "not a colleague on the roster (the option `agents` lists them)"
_CONTROLS: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_MSGTYPES: Final = {"image": "m.image", "audio": "m.audio", "video": "m.video"}


class MatrixActions:
    """Performs intents. Rooms are looked up in what the stream knows; an unknown room is refused."""

    def __init__(self, session: MatrixSession, stream: MatrixStream, *, stay_after_transfer: bool) -> None:
        self._session = session
        self._stream = stream
        self._companions = Companions(session, stream)
        self._stay_after_transfer = stay_after_transfer

    async def perform(self, intent: Intent) -> Outcome:
        """Carry out one intent; raises a ConnectorError that says whether it may have happened."""
        match intent:
            case Send():
                return await self._send(intent)
            case SetStatus():
                content: dict[str, object] = {"status": intent.status.value}
                if intent.snoozed_until is not None:
                    content["snoozed_until"] = intent.snoozed_until
                await self._set(intent.conversation_id, "status", STATUS, content)
            case SetPriority():
                await self._set(intent.conversation_id, "priority", PRIORITY, {"priority": intent.priority.value})
            case ChangeTags():
                await self._change_tags(intent)
            case Join():
                await self._join(intent.conversation_id)
            case Leave():
                self._check_connection()
                await self._session.post(room_path(intent.conversation_id, "leave"), {})
            case EndChat():
                await self._set(intent.conversation_id, "end_chat", STATUS, {"status": Status.CLOSED.value})
            case Assign():
                await self._assign(intent)
            case SetPresence():
                self._check_connection()
                text = text_of(intent.presence, intent.text)
                await self._session.set_presence(state_of(intent.presence), text)
                return Outcome(events=(PresenceChanged(intent.profile, intent.presence, intent.text),))
            case Transfer():
                await self._transfer(intent)
            case SetTyping():
                room = self._room(intent.conversation_id)
                await self._session.set_typing(room.id, intent.typing, TYPING_LASTS)
            case MarkRead():
                room = self._room(intent.conversation_id)
                marks = {"m.fully_read": intent.message_id, "m.read": intent.message_id}
                await self._session.post(room_path(room.id, "read_markers"), marks)
            case CreateConversation():
                return await self._create(intent)
            case _:
                raise Unsupported("Matrix has no queue that hands out chats, and no offers")
        return Outcome()

    def _check_connection(self) -> None:
        if not self._stream.ready:
            raise NotSent("not connected to the homeserver yet")

    def _room(self, conversation_id: ConversationId, capability: str = "") -> Room:
        """Return a room that we are in and that can do this; raises Rejected or Unsupported."""
        self._check_connection()
        room = self._stream.rooms.get(conversation_id)
        if room is None:
            raise Rejected("you are not in this chat")
        reason = room.absent().get(capability)
        if reason:
            raise Unsupported(reason)
        if not room.joined:
            raise Rejected("join the chat first")
        return room

    # Replies

    async def _send(self, intent: Send) -> Outcome:
        if intent.visibility is not Visibility.PUBLIC:
            return await self._write_note(intent)
        room = self._room(intent.conversation_id, "send")
        if len(intent.body.encode("utf-8", "replace")) > MAX_BODY:
            raise Rejected(f"too long: a Matrix message holds {MAX_BODY:,} bytes")
        parts = await self._parts(intent)
        for part in parts:
            if len(encode(part)) > MAX_CONTENT:
                raise Rejected(f"too long: a Matrix message holds {MAX_CONTENT:,} bytes once it is encoded")
        event_id = ""
        for number, part in enumerate(parts, start=1):
            transaction = intent.client_id if number == len(parts) else f"{intent.client_id}{PART}{number}"
            event_id = await self._session.send(room.id, "m.room.message", transaction, part)
        return Outcome(message_id=MessageId(event_id))

    async def _write_note(self, intent: Send) -> Outcome:
        room = self._room(intent.conversation_id, "notes")
        body = prepared(intent).parts[0]
        return await self._companions.write(room, intent, {"msgtype": "m.text", "body": body})

    async def _parts(self, intent: Send) -> list[Json]:
        """Return the events of a reply: one for each file, the text as the last file's caption, or the text alone."""
        if not intent.attachments:
            return [{"msgtype": "m.text", "body": intent.body}]
        limit = min(MAX_ATTACHMENT, self._session.max_upload or MAX_ATTACHMENT)
        # All are read before any is sent: a reply goes as a whole or not at all.
        places = intent.uploads
        if len(places) != len(intent.attachments):
            contents = [await asyncio.to_thread(read_file, file, limit) for file in intent.attachments]
            pairs = zip(intent.attachments, contents, strict=True)
            places = tuple([await self._upload(file, content) for file, content in pairs])
        if lost := [place for place in places if media_address(place) is None]:
            raise Gone(f"not an address of an uploaded file: {printable(lost[0])}")
        parts: list[Json] = []
        for number, (file, address) in enumerate(zip(intent.attachments, places, strict=True), start=1):
            caption = intent.body if number == len(places) else ""
            parts.append(
                {
                    "msgtype": _MSGTYPES.get(file.media_type.partition("/")[0], "m.file"),
                    "body": caption or file.name,
                    "filename": file.name,
                    "url": address,
                    "info": {"mimetype": file.media_type, "size": file.size},
                }
            )
        return parts

    async def upload(self, conversation_id: ConversationId, file: LocalFile) -> str:
        """Bring a file to the homeserver and return its `mxc://` address; nobody sees it before a reply names it."""
        self._room(conversation_id, "attachments_out")
        limit = min(MAX_ATTACHMENT, self._session.max_upload or MAX_ATTACHMENT)
        return await self._upload(file, await asyncio.to_thread(read_file, file, limit))

    async def _upload(self, file: LocalFile, content: bytes) -> str:
        try:
            return await self._session.upload(file.name, file.media_type, content)
        except Uncertain as error:
            # A file that lies at the server unmentioned has reached nobody.
            raise NotSent(f"the file {file.name!r} could not be uploaded: {error}") from None

    # The ticket

    async def _set(self, conversation_id: ConversationId, capability: str, event_type: str, content: Json) -> None:
        room = self._room(conversation_id, capability)
        await self._session.set_state(room.id, event_type, content)

    async def _change_tags(self, intent: ChangeTags) -> None:
        room = self._room(intent.conversation_id, "tags")
        # Asked afresh, as what the stream has brought may lag behind our own last change.
        tags = await self._session.trusted_tags(room.id, room.trusted)
        if tags is None:
            tags = room.ticket.tags
        wanted = sorted((tags | intent.add) - intent.remove)
        if len(wanted) > MAX_TAGS:
            raise Rejected(f"too many tags: a ticket holds {MAX_TAGS}")
        if set(wanted) != set(tags):
            await self._session.set_state(room.id, TAGS, {"tags": wanted})

    async def _join(self, conversation_id: ConversationId) -> None:
        self._check_connection()
        known = self._stream.rooms.get(conversation_id)
        if known is None or not known.joined:
            await self._session.join(conversation_id)
        elif not known.may_set(ASSIGNEE):
            raise Unsupported(known.absent().get("status", "this room does not let you take the ticket"))
        await self._if_allowed(self._session.set_state(conversation_id, ASSIGNEE, {"user_id": self._session.user_id}))
        status = await self._session.state(conversation_id, STATUS)
        if status is None or status.get("status") in (None, Status.NEW.value):
            await self._if_allowed(self._session.set_state(conversation_id, STATUS, {"status": Status.OPEN.value}))

    async def _if_allowed(self, change: Awaitable[None]) -> None:
        """Do what a room made by the customer may refuse, and what nothing depends on."""
        try:
            await change
        except (Rejected, Uncertain, NotSent):
            return

    async def _assign(self, intent: Assign) -> None:
        self._check_connection()
        staff, target = self._stream.staff, intent.assignee_id
        if target is not None and (staff is None or (target not in staff.agents and target != staff.me.id)):
            raise Rejected(NO_COLLEAGUE)
        room = self._room(intent.conversation_id, "assign")
        if target is not None and target != self._session.user_id:
            await invite_agents(self._session, room, (target,))
        await self._session.set_state(room.id, ASSIGNEE, {"user_id": target or ""})

    async def _transfer(self, intent: Transfer) -> None:
        self._check_connection()
        staff = self._stream.staff
        if staff is None or intent.target_id not in staff.agents or intent.target_id == staff.me.id:
            raise Rejected(NO_COLLEAGUE)
        room = self._room(intent.conversation_id, "transfer")
        if intent.note:
            await write_handover_note(self._session, self._stream, room, intent.target_id, intent.note)
        await invite_agents(self._session, room, (intent.target_id,))
        await self._if_allowed(self._session.set_state(room.id, ASSIGNEE, {"user_id": intent.target_id}))
        if not self._stay_after_transfer:
            await self._session.post(room_path(room.id, "leave"), {})

    async def _create(self, intent: CreateConversation) -> Outcome:
        self._check_connection()
        staff = self._stream.staff
        customer = intent.customer.strip()
        if not customer.startswith("@") or ":" not in customer or len(customer) > 255:
            raise Rejected("a Matrix customer is addressed like @name:server.org")
        if staff is None or customer in staff:
            raise Rejected("this is one of us, not a customer")
        if len(intent.body.encode("utf-8", "replace")) > MAX_BODY:
            raise Rejected(f"too long: a Matrix message holds {MAX_BODY:,} bytes")
        room_id = await self._session.create_room(new_ticket_room(staff, customer, intent.subject))
        if intent.body:
            await self._first_message(room_id, intent.body)
        return Outcome(conversation_id=ConversationId(room_id))

    async def _first_message(self, room_id: str, body: str) -> None:
        content: Json = {"msgtype": "m.text", "body": body}
        transaction, attempt = transaction_id(), 1
        while True:
            try:
                await self._session.send(room_id, "m.room.message", transaction, content)
                return
            except (NotSent, Uncertain) as error:
                # The same transaction is taken once, so repeating is harmless; the room must not stay silent.
                if attempt == 3:
                    raise Uncertain(f"the chat was opened, but its first message may be missing: {error}") from None
            except ConnectorError as error:
                raise Rejected(f"the chat was opened, but its first message was not sent: {error}") from None
            await asyncio.sleep(0.5 * attempt)
            attempt += 1


def prepared(send: Send) -> Prepared:
    """Return what is sent for a reply: control characters are left out; raises Rejected for what no event carries."""
    unified = send.body.replace("\r\n", "\n").replace("\r", "\n")
    body = _CONTROLS.sub("", unified)
    if (size := len(body.encode("utf-8", "replace"))) > MAX_BODY:
        raise Rejected(f"the text is {size:,} bytes long; a Matrix message holds {MAX_BODY:,}")
    if (size := len(encode({"msgtype": "m.text", "body": body}))) > MAX_CONTENT:
        raise Rejected(f"the text is {size:,} bytes long once it is encoded; a Matrix message holds {MAX_CONTENT:,}")
    return Prepared((body,), () if body == unified else ("control characters were left out",))


def read_file(file: LocalFile, limit: int) -> bytes:
    """Return the content of a file of at most `limit` bytes; raises Rejected when it is larger or unreadable."""
    try:
        with Path(file.path).open("rb") as opened:
            content = opened.read(limit + 1)
    except OSError as error:
        raise Rejected(f"the file {file.name!r} cannot be read: {error.strerror or type(error).__name__}") from None
    if len(content) > limit:
        raise Rejected(f"the file {file.name!r} is larger than the limit of {limit / 1_000_000:.0f} MB")
    return content
