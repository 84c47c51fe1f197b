"""Somebody with an XMPP app, played with slixmpp alone: nothing here goes through the connector."""

import asyncio
import logging
from types import TracebackType
from typing import Any, Self
from xml.etree.ElementTree import Element, SubElement

from slixmpp import ClientXMPP
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from tests.contract.prosody import PASSWORD

MAM = "{urn:xmpp:mam:2}"
RSM = "{http://jabber.org/protocol/rsm}"


class Person:
    """Use as an asynchronous context manager. `heard` has every message stanza that came live."""

    def __init__(self, jid: str, port: int, *, presence: str | None = "") -> None:
        """`presence` is a priority, or None for somebody who signs in unseen."""
        self.jid = jid
        self._port = port
        self._presence = presence
        self._results: list[Element] = []
        self.heard: list[Element] = []
        self.presences: list[Element] = []

    async def __aenter__(self) -> Self:
        logging.getLogger("slixmpp").setLevel(logging.CRITICAL + 1)
        self.client = client = ClientXMPP(self.jid, PASSWORD, loop=asyncio.get_running_loop())
        client.enable_plaintext, client.enable_starttls, client.enable_direct_tls = True, False, False
        client.plugin["feature_mechanisms"].unencrypted_scram = True
        client.plugin["feature_mechanisms"].unencrypted_plain = True
        client.whitespace_keepalive = False
        for kind, take in (("message", self._message), ("presence", self._presence_came)):
            client.register_handler(Callback(kind, MatchXPath(f"{{jabber:client}}{kind}"), take, instream=True))
        started = asyncio.get_running_loop().create_future()
        client.add_event_handler("session_start", lambda _: started.set_result(None))
        client.connect("127.0.0.1", self._port)
        await asyncio.wait_for(started, 30)
        if self._presence is not None:
            stanza = client.Presence()
            if self._presence:
                SubElement(stanza.xml, "{jabber:client}priority").text = self._presence
            stanza.send()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.client.is_connected():
            await self.client.disconnect(wait=0.5, ignore_send_queue=True)
        self.client.abort()
        sender = getattr(self.client, "_run_out_filters", None)
        if sender is not None:
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    def _message(self, stanza: Any) -> None:
        xml: Element = stanza.xml
        (self._results if xml.find(f"{MAM}result") is not None else self.heard).append(xml)

    def _presence_came(self, stanza: Any) -> None:
        self.presences.append(stanza.xml)

    def message(self, to: str, *children: Element, body: str = "", kind: str = "chat", stanza_id: str = "") -> str:
        """Send a message and return the id that it got."""
        stanza = self.client.Message()
        identifier = stanza_id or self.client.new_id()
        stanza.xml.attrib |= {"to": to, "type": kind, "id": identifier}
        if body:
            SubElement(stanza.xml, "{jabber:client}body").text = body
        stanza.xml.extend(children)
        stanza.send()
        return identifier

    def presence(self, to: str, *children: Element, kind: str = "") -> None:
        """Send a presence to somebody, or into a room."""
        stanza = self.client.Presence()
        stanza.xml.attrib |= {"to": to} | ({"type": kind} if kind else {})
        stanza.xml.extend(children)
        stanza.send()

    async def ask(self, kind: str, payload: Element, to: str = "") -> Element:
        """Ask something and return the answer."""
        iq = self.client.Iq()
        iq["type"] = kind
        if to:
            iq["to"] = to
        iq.xml.append(payload)
        answer: Any = await iq.send(timeout=30)  # type: ignore[no-untyped-call]
        xml: Element = answer.xml
        return xml

    async def archive(self, peer: str = "", to: str = "", *, newest: bool = False) -> list[tuple[str, Element]]:
        """Return everything in an archive, or its newest entries: id there, and the message."""
        found: list[tuple[str, Element]] = []
        after = ""
        while True:
            query = Element(f"{MAM}query", {"queryid": (name := self.client.new_id())})
            form = SubElement(query, "{jabber:x:data}x", {"type": "submit"})
            for key, value in (("FORM_TYPE", "urn:xmpp:mam:2"), *([("with", peer)] if peer else [])):
                field = SubElement(form, "{jabber:x:data}field", {"var": key})
                SubElement(field, "{jabber:x:data}value").text = value
            rsm = SubElement(query, f"{RSM}set")
            SubElement(rsm, f"{RSM}max").text = "5" if newest else "100"
            if newest:
                SubElement(rsm, f"{RSM}before")
            if after:
                SubElement(rsm, f"{RSM}after").text = after
            answer = await self.ask("set", query, to)
            for result in [xml.find(f"{MAM}result") for xml in self._results]:
                inner = None if result is None else result.find("{urn:xmpp:forward:0}forwarded/{jabber:client}message")
                if result is not None and inner is not None and result.get("queryid") == name:
                    found.append((result.get("id", ""), inner))
            self._results.clear()
            fin = answer.find(f"{MAM}fin")
            if newest or fin is None or fin.get("complete") == "true":
                return found
            after = found[-1][0]
