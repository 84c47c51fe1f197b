"""What the agent wants, done on the stream. Every refusal that needs no I/O comes before any."""

import asyncio
from dataclasses import replace
from typing import Final
from xml.etree.ElementTree import Element

import msgspec

from paradesk.connectors.base import ConnectorError, Gone, NotSent, Outcome, Page, Rejected, Uncertain, Unsupported
from paradesk.connectors.xmpp import compose
from paradesk.connectors.xmpp.chat import Chat
from paradesk.connectors.xmpp.files import Files, Uploaded
from paradesk.connectors.xmpp.history import read_history
from paradesk.connectors.xmpp.jids import checked_jid
from paradesk.connectors.xmpp.place import KEYS_A_SECOND
from paradesk.connectors.xmpp.stream import OWN, XmppStream
from paradesk.connectors.xmpp.vcard import VCARD, customer_of
from paradesk.core.events import PresenceChanged
from paradesk.core.intents import CreateConversation, Intent, MarkRead, Send, SetPresence, SetTyping
from paradesk.core.model import ConversationId, Customer, EarlierConversation, LocalFile, Message, MessageId, Visibility

CONFIRM: Final = 20.0
"""Seconds until the archive has to show a message of ours."""
_FIRST_LOOK: Final = 0.5


class XmppActions:
    """Performs intents on one stream."""

    def __init__(self, stream: XmppStream, files: Files) -> None:
        self._stream = stream
        self._files = files

    async def perform(self, intent: Intent) -> Outcome:
        """Carry out one intent; raises a ConnectorError that says whether it may have happened."""
        match intent:
            case Send():
                return await self._send(intent)
            case SetTyping():
                chat = self.chat(intent.conversation_id, "typing_out")
                self._say(chat, compose.typing(intent.typing))
            case MarkRead():
                await self._mark(intent)
            case SetPresence():
                self._stream.presence = (intent.presence, intent.text)
                self._stream.say_presence()
                return Outcome(events=(PresenceChanged(intent.profile, intent.presence, intent.text),))
            case CreateConversation():
                return await self._create(intent)
            case _:
                compose.refuse_what_is_absent(intent)
        return Outcome()

    def chat(self, conversation_id: ConversationId, capability: str = "") -> Chat:
        """Return a conversation that can do this; raises Rejected or Unsupported."""
        book = self._stream.book
        chat = book.chats.get(conversation_id)
        if chat is None:
            if not book.may_be_person(conversation_id):
                raise Rejected("there is no such chat")
            chat = book.chat(conversation_id)
        reason = chat.conversation().absent.get(capability)
        if reason:
            raise Rejected(reason) if chat.closed else Unsupported(reason)
        return chat

    def _say(self, chat: Chat, content: list[Element], identifier: str = "") -> None:
        kind = "groupchat" if chat.room else "chat"
        self._stream.line.send("message", chat.id, content, stanza_id=identifier, stanza_type=kind)

    # Replies

    async def _send(self, intent: Send) -> Outcome:
        chat = self.chat(intent.conversation_id, "send")
        prepared = compose.prepare_text(intent)
        uploads = await self._uploads(intent)
        body = prepared.parts[0]
        if not uploads and not body:
            raise Rejected("there is nothing to send")
        pieces = [(upload, "") for upload in uploads] + ([(None, body)] if body else [])
        for number, (upload, text) in enumerate(pieces, start=1):
            identifier = compose.stanza_id(intent.client_id, 0 if number == len(pieces) else number)
            if upload is None:
                content = compose.text_message(text, identifier)
            else:
                content = compose.file_message(upload.url, upload.name, upload.media_type, upload.size, identifier)
            if number < len(pieces):
                self._say(chat, content, identifier)
            else:
                return Outcome(message_id=await self._say_and_see(chat, content, identifier))
        raise Rejected("there is nothing to send")

    async def _say_and_see(self, chat: Chat, content: list[Element], identifier: str) -> MessageId | None:
        """Send, and wait until the archive shows it: only then the server has surely taken it."""
        stream = self._stream
        seen: asyncio.Future[MessageId | None] = asyncio.get_running_loop().create_future()
        stream.waiting[identifier] = seen
        try:
            self._say(chat, content, identifier)
            return await self._seen(chat, seen)
        finally:
            if stream.waiting.get(identifier) is seen:
                del stream.waiting[identifier]
            if not seen.done():
                seen.cancel()

    async def _seen(self, chat: Chat, seen: "asyncio.Future[MessageId | None]") -> MessageId | None:
        loop = asyncio.get_running_loop()
        deadline, pause = loop.time() + CONFIRM, _FIRST_LOOK
        while True:
            self._stream.look_into(chat.id if chat.room else OWN)
            done, _ = await asyncio.wait({seen}, timeout=min(pause, max(0.0, deadline - loop.time())))
            if done:
                return seen.result()
            if loop.time() >= deadline:
                raise Uncertain(f"the archive does not show the message after {CONFIRM:g} s")
            pause *= 2

    async def _uploads(self, intent: Send) -> list[Uploaded]:
        if not intent.uploads:
            # All are uploaded before any is sent: a reply goes as a whole or not at all.
            return [await self._files.upload(self._stream.line, file) for file in intent.attachments]
        uploads: list[Uploaded] = []
        for handle in intent.uploads:
            try:
                uploads.append(msgspec.json.decode(handle, type=Uploaded))
            except (msgspec.MsgspecError, UnicodeError):
                raise Gone("the uploaded file is not there any more; attach it again") from None
        return uploads

    async def upload(self, conversation_id: ConversationId, file: LocalFile) -> str:
        """Bring a file to the server and return what names it."""
        self.chat(conversation_id, "attachments_out")
        return msgspec.json.encode(await self._files.upload(self._stream.line, file)).decode()

    # The rest

    async def _mark(self, intent: MarkRead) -> None:
        chat = self.chat(intent.conversation_id, "read_out")
        stream = self._stream
        if intent.message_id not in chat.known and chat.archived:
            await stream.book.look_back(stream.line, chat.id if chat.room else OWN, chat)
        known = chat.known.get(intent.message_id)
        if known is None or not known.markable or known.mine:
            # Who did not ask for marks is not sent any (XEP-0333, 4).
            return
        self._say(chat, compose.displayed(known.message.id if chat.room else known.origin))

    async def _create(self, intent: CreateConversation) -> Outcome:
        stream = self._stream
        jid = checked_jid(intent.customer)
        if jid == stream.account.jid or jid in stream.account.agents | stream.account.bots:
            raise Rejected("this is one of us, not a customer")
        first = Send(
            conversation_id=ConversationId(jid),
            body=intent.body,
            visibility=Visibility.PUBLIC,
            client_id=compose.fresh_id(),
        )
        prepared = compose.prepare_text(first) if intent.body else None
        if not stream.ready:
            raise NotSent("not connected to the server yet")
        await stream.line.ask("set", compose.roster_item(jid))
        chat = stream.book.chat(jid)
        event = stream.told(chat)
        if prepared is not None:
            try:
                await self._send(replace(first, body=prepared.parts[0]))
            except Uncertain as error:
                raise Uncertain(f"the chat was opened, but its first message may be missing: {error}") from None
            except ConnectorError as error:
                raise Rejected(f"the chat was opened, but its first message was not sent: {error}") from None
        return Outcome(conversation_id=chat.key, events=(event,))

    async def history(self, conversation_id: ConversationId, before: Message | None, limit: int) -> Page:
        """Return a page of older messages."""
        return await read_history(self._stream.line, self.chat(conversation_id, "history"), before, limit)

    async def customer(self, conversation_id: ConversationId) -> Customer:
        """Return what the customer says of themselves, and where else they are talked to."""
        chat = self.chat(conversation_id)
        known = chat.conversation().customer
        others = self._others(chat)
        if chat.room:
            return replace(known, earlier=others)
        try:
            answer = await self._stream.line.ask("get", Element(f"{VCARD}vCard"), chat.id)
        except (Rejected, Unsupported):
            return replace(known, earlier=others)
        return replace(customer_of(answer, known), earlier=others)

    def _others(self, chat: Chat) -> tuple[EarlierConversation, ...]:
        """Return the rooms that a customer is in; of a room, the chats with those who are in it."""
        chats = self._stream.book.chats.values()
        if chat.room:
            present = {occupant.jid for occupant in chat.occupants.values()}
            found = [other for other in chats if not other.room and other.id in present]
        else:
            found = [
                other for other in chats if other.room and chat.id in {who.jid for who in other.occupants.values()}
            ]
        newest = sorted(found, key=lambda other: (-other.top, other.id))
        return tuple(EarlierConversation(other.id, other.title, "open", other.top / KEYS_A_SECOND) for other in newest)
