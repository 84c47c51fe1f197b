"""XMPP with a customer's hands on it, over a real Prosody: one-to-one chats, or rooms."""

import asyncio
import re
from itertools import count
from types import TracebackType
from typing import Self
from xml.etree.ElementTree import Element, SubElement

import httpx

from paradesk.connectors.xmpp import XmppConnector
from paradesk.core.model import ConversationId, MessageId, Presence
from paradesk.testing.backend import BackendUnderTest, Received
from paradesk.testing.recorder import eventually
from tests.contract.prosody import PASSWORD, ROOMS, Prosody
from tests.contract.wire_proxy import WireProxy
from tests.contract.xmpp_person import Person

_numbers = count(1)
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
BODY = "{jabber:client}body"
STATES = "{http://jabber.org/protocol/chatstates}"
UPLOAD = "{urn:xmpp:http:upload:0}"
MUC = "{http://jabber.org/protocol/muc}"


def marked(tag: str, reference: str) -> Element:
    """Return an element that refers to a message."""
    return Element(tag, {"id": reference})


class SilencingProxy(WireProxy):
    """Lets the next message through and then nothing back, until the server has it; then the wire is cut."""

    def __init__(self, upstream_port: int) -> None:
        super().__init__(upstream_port, b"<body")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            upstream, to_upstream = await asyncio.open_connection("127.0.0.1", self._upstream_port)
        except OSError:
            writer.transport.abort()
            return
        back = asyncio.create_task(self._back(upstream, writer))
        try:
            while chunk := await reader.read(65_536):
                losing = self._lose and self._marker in chunk
                if losing:
                    self._lose = False
                    back.cancel()
                    await asyncio.gather(back, return_exceptions=True)
                to_upstream.write(chunk)
                await to_upstream.drain()
                if losing:
                    # An answer to whatever came behind the message means that the message was taken.
                    to_upstream.write(b"<r xmlns='urn:xmpp:sm:3'/>")
                    await upstream.read(1)
                    writer.transport.abort()
                    return
        except ConnectionError:
            pass
        finally:
            back.cancel()
            to_upstream.close()
            writer.close()

    async def _back(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while chunk := await reader.read(65_536):
                writer.write(chunk)
                await writer.drain()
        except ConnectionError:
            pass
        writer.close()


class XmppBackend(BackendUnderTest):
    """One agent, and a customer of their own for each chat. Use as an asynchronous context manager."""

    patience = 25.0
    absence = 60
    rooms = False

    def __init__(self, server: Prosody) -> None:
        self.server = server
        self.proxy = SilencingProxy(server.port)
        self.people: dict[str, Person] = {}
        """By conversation."""
        self._all: list[Person] = []
        self._origins: dict[str, str] = {}
        """Id as the connector calls it → id as the sender calls it."""

    async def __aenter__(self) -> Self:
        self.number = next(_numbers)
        self.agent = self.server.user(f"agent{self.number}")
        self.nick = f"agent{self.number}"
        self.colleague = self.server.user(f"colleague{self.number}")
        # A negative priority: present, and given no messages.
        self.watcher = await self.person(self.agent, presence="-1")
        await self.proxy.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.proxy.__aexit__(kind, error, trace)
        for person in self._all:
            await person.__aexit__(None, None, None)

    async def person(self, jid: str, *, presence: str | None = "") -> Person:
        """Sign somebody in for as long as the test lasts."""
        person = await Person(jid, self.server.port, presence=presence).__aenter__()
        self._all.append(person)
        return person

    # Connectors

    def settings(self, **more: str) -> dict[str, str]:
        """Return the settings of a connector for the agent."""
        return {
            "jid": self.agent,
            "password": PASSWORD,
            "server": f"xmpp://127.0.0.1:{self.proxy.port}",
            "agents": self.colleague,
        } | more

    def connector(self) -> XmppConnector:
        """Return a new connector of the agent."""
        return XmppConnector(self.settings())

    def impostor(self) -> XmppConnector:
        """Return a connector with a wrong password."""
        return XmppConnector(self.settings(password="wrong"))

    # Conversations

    async def open_conversation(self) -> ConversationId:
        """Make a customer whom the agent has among the contacts."""
        customer = await self.person(self.server.user(f"customer{next(_numbers)}"))
        await self.add_contact(customer.jid)
        self.people[customer.jid] = customer
        return ConversationId(customer.jid)

    async def add_contact(self, jid: str, name: str = "") -> None:
        """Put somebody on the agent's contact list."""
        query = Element("{jabber:iq:roster}query")
        SubElement(query, "{jabber:iq:roster}item", {"jid": jid} | ({"name": name} if name else {}))
        await self.watcher.ask("set", query)

    async def new_customer(self) -> str:
        """Make a customer whom the agent does not know."""
        customer = await self.person(self.server.user(f"customer{next(_numbers)}"))
        self.people[customer.jid] = customer
        return customer.jid

    async def earlier_conversation(self, conversation_id: ConversationId) -> str:
        """Let the customer be in a room with the agent."""
        customer = self.people[conversation_id]
        return await self.make_room(customer)

    async def make_room(self, customer: Person, nick: str = "Kim") -> ConversationId:
        """Let the agent make a room that shows addresses, bookmark it, and let the customer enter."""
        room = f"room{next(_numbers)}@{ROOMS}"
        entered = Element(f"{MUC}x")
        self.watcher.presence(f"{room}/watcher", entered)
        await eventually(lambda: self._entered(self.watcher, room), "the room to be made", self.patience)
        form = Element("{http://jabber.org/protocol/muc#owner}query")
        x = SubElement(form, "{jabber:x:data}x", {"type": "submit"})
        for key, value in (
            ("FORM_TYPE", "http://jabber.org/protocol/muc#roomconfig"),
            ("muc#roomconfig_persistentroom", "1"),
            ("muc#roomconfig_whois", "anyone"),
        ):
            field = SubElement(x, "{jabber:x:data}field", {"var": key})
            SubElement(field, "{jabber:x:data}value").text = value
        await self.watcher.ask("set", form, room)
        self.watcher.presence(f"{room}/watcher", kind="unavailable")
        customer.presence(f"{room}/{nick}", Element(f"{MUC}x"))
        await eventually(lambda: self._entered(customer, room), "the customer to enter", self.patience)
        await self.bookmark(room)
        return ConversationId(room)

    async def _entered(self, person: Person, room: str) -> bool:
        return any(
            xml.get("from", "").startswith(f"{room}/")
            and any(code.get("code") == "110" for code in xml.iter("{http://jabber.org/protocol/muc#user}status"))
            for xml in person.presences
        )

    async def bookmark(self, room: str) -> None:
        """Have the agent's account enter a room at each sign-in."""
        pubsub = Element("{http://jabber.org/protocol/pubsub}pubsub")
        publish = SubElement(pubsub, "{http://jabber.org/protocol/pubsub}publish", {"node": "urn:xmpp:bookmarks:1"})
        item = SubElement(publish, "{http://jabber.org/protocol/pubsub}item", {"id": room})
        SubElement(item, "{urn:xmpp:bookmarks:1}conference", {"autojoin": "true"})
        options = SubElement(pubsub, "{http://jabber.org/protocol/pubsub}publish-options")
        form = SubElement(options, "{jabber:x:data}x", {"type": "submit"})
        for key, value in (
            ("FORM_TYPE", "http://jabber.org/protocol/pubsub#publish-options"),
            ("pubsub#persist_items", "true"),
            ("pubsub#max_items", "255"),
            ("pubsub#access_model", "whitelist"),
        ):
            field = SubElement(form, "{jabber:x:data}field", {"var": key})
            SubElement(field, "{jabber:x:data}value").text = value
        await self.watcher.ask("set", pubsub)

    # The customer's hands

    async def said(self, chat: str, *children: Element, body: str = "") -> MessageId:
        """Send something as the customer, wait until the archive has it, and return its id there."""
        identifier = self.people[chat].message(chat if self.rooms else self.agent, *children, body=body, kind=self.kind)
        found = await eventually(lambda: self._archived(chat, identifier), "the archive to have it", self.patience)
        self._origins[found] = identifier
        return MessageId(found)

    @property
    def kind(self) -> str:
        """The type of a message."""
        return "groupchat" if self.rooms else "chat"

    async def _archived(self, chat: str, identifier: str) -> str | None:
        peer, to = ("", chat) if self.rooms else (chat, "")
        entries = await self.watcher.archive(peer, to, newest=True)
        return next((found for found, xml in entries if xml.get("id") == identifier), None)

    async def customer_says(self, conversation_id: ConversationId, text: str) -> MessageId:
        """Send a text as the customer, without what XML cannot carry."""
        markable = Element("{urn:xmpp:chat-markers:0}markable")
        return await self.said(conversation_id, markable, body=_ILLEGAL.sub("", text))

    async def customer_attaches(
        self, conversation_id: ConversationId, name: str, media_type: str, content: bytes
    ) -> MessageId:
        """Upload a file as the customer and send its address, with what XEP-0447 says of it."""
        customer = self.people[conversation_id]
        plain = re.sub(r"[^A-Za-z0-9.]", "_", name)
        request = {"filename": plain, "size": str(len(content)), "content-type": media_type}
        slot = await customer.ask("get", Element(f"{UPLOAD}request", request), "files.localhost")
        put, got = slot.find(f"{UPLOAD}slot/{UPLOAD}put"), slot.find(f"{UPLOAD}slot/{UPLOAD}get")
        assert put is not None
        assert got is not None
        headers = {found.get("name", ""): found.text or "" for found in put} | {"Content-Type": media_type}
        async with httpx.AsyncClient(trust_env=False) as http:
            (await http.put(put.get("url", ""), content=content, headers=headers)).raise_for_status()
        url = got.get("url", "")
        oob = Element("{jabber:x:oob}x")
        SubElement(oob, "{jabber:x:oob}url").text = url
        shared = Element("{urn:xmpp:sfs:0}file-sharing")
        facts = SubElement(shared, "{urn:xmpp:file:metadata:0}file")
        for tag, value in (("name", name), ("media-type", media_type), ("size", str(len(content)))):
            SubElement(facts, f"{{urn:xmpp:file:metadata:0}}{tag}").text = value
        sources = SubElement(shared, "{urn:xmpp:sfs:0}sources")
        SubElement(sources, "{http://jabber.org/protocol/url-data}url-data", {"target": url})
        return await self.said(conversation_id, oob, shared, body=url)

    async def customer_edits(self, conversation_id: ConversationId, message_id: MessageId, text: str) -> None:
        """Correct a message as the customer."""
        reference = self._origins[message_id]
        await self.said(conversation_id, marked("{urn:xmpp:message-correct:0}replace", reference), body=text)

    async def customer_deletes(self, conversation_id: ConversationId, message_id: MessageId) -> None:
        """Retract a message as the customer."""
        reference = message_id if self.rooms else self._origins[message_id]
        retract = marked("{urn:xmpp:message-retract:1}retract", reference)
        await self.said(conversation_id, retract, Element("{urn:xmpp:hints}store"))

    async def customer_types(self, conversation_id: ConversationId, typing: bool) -> None:
        """Send a chat state as the customer."""
        state = Element(f"{STATES}{'composing' if typing else 'paused'}")
        to = conversation_id if self.rooms else self.agent
        self.people[conversation_id].message(to, state, kind=self.kind)

    async def customer_reads(self, conversation_id: ConversationId, message_id: MessageId) -> None:
        """Send a mark as the customer."""
        reference: str | None = message_id
        if not self.rooms:
            entries = await self.watcher.archive(conversation_id)
            reference = next(xml.get("id") for found, xml in entries if found == message_id)
        await self.said(conversation_id, marked("{urn:xmpp:chat-markers:0}displayed", reference or ""))

    # The customer's eyes

    async def received(self, conversation_id: ConversationId) -> list[Received]:
        """Return what the agent said, from the customer's own archive."""
        customer = self.people[conversation_id]
        if conversation_id.endswith(f"@{ROOMS}"):
            entries = await customer.archive(to=conversation_id)
            ours = [xml for _, xml in entries if xml.get("from") == f"{conversation_id}/{self.nick}"]
        else:
            entries = await customer.archive(self.agent)
            ours = [xml for _, xml in entries if xml.get("from", "").startswith(self.agent)]
        found: list[Received] = []
        for xml in ours:
            body, url = xml.findtext(BODY), xml.findtext("{jabber:x:oob}x/{jabber:x:oob}url")
            if url:
                name = xml.findtext(".//{urn:xmpp:file:metadata:0}name") or ""
                async with httpx.AsyncClient(trust_env=False) as http:
                    found.append(Received("", ((name, (await http.get(url)).content),)))
            elif body is not None:
                found.append(Received(body))
        return found

    def _from_agent(self, conversation_id: str) -> list[Element]:
        sender = f"{conversation_id}/{self.nick}" if self.rooms else self.agent
        return [xml for xml in self.people[conversation_id].heard if xml.get("from", "").startswith(sender)]

    async def sees_agent_typing(self, conversation_id: ConversationId) -> bool:
        """Tell what the newest chat state of the agent says."""
        states = [child.tag for xml in self._from_agent(conversation_id) for child in xml if STATES in child.tag]
        return bool(states) and states[-1] == f"{STATES}composing"

    async def sees_read_up_to(self, conversation_id: ConversationId) -> MessageId | None:
        """Return the message of the newest mark of the agent."""
        marks = [xml.find("{urn:xmpp:chat-markers:0}displayed") for xml in self._from_agent(conversation_id)]
        references = [mark.get("id", "") for mark in marks if mark is not None]
        if not references:
            return None
        ids = {origin: found for found, origin in self._origins.items()}
        return MessageId(references[-1] if self.rooms else ids[references[-1]])

    async def agent_presence(self) -> Presence | None:
        """Return what the agent's other device is told of this one."""
        own = [
            xml
            for xml in self.watcher.presences
            if xml.get("from", "").startswith(f"{self.agent}/")
            and xml.get("from") != str(self.watcher.client.boundjid)
            and xml.get("type") is None
        ]
        if not own:
            return None
        show = own[-1].findtext("{jabber:client}show") or ""
        return {"": Presence.ONLINE, "away": Presence.AWAY, "dnd": Presence.BUSY}.get(show)

    # Faults

    async def cut(self) -> None:
        """Cut the wire."""
        await self.proxy.cut()

    async def restore(self) -> None:
        """Mend the wire."""
        await self.proxy.restore()

    async def lose_next_answer(self) -> None:
        """Let the next message through, and nothing back."""
        self.proxy.lose_next_answer()


class XmppRooms(XmppBackend):
    """The same, where each conversation is a room."""

    rooms = True

    async def open_conversation(self) -> ConversationId:
        """Make a room with a customer in it."""
        customer = await self.person(self.server.user(f"customer{next(_numbers)}"))
        room = await self.make_room(customer)
        self.people[room] = customer
        return room

    async def earlier_conversation(self, conversation_id: ConversationId) -> str:
        """Have the customer among the agent's contacts as well."""
        jid = self.people[conversation_id].jid
        await self.add_contact(jid)
        return jid
