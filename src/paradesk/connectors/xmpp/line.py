"""One connection to the server, by slixmpp: signing in, asking, sending, and noticing that it is gone."""

import asyncio
import logging
import ssl
from collections.abc import Callable
from typing import Any, Final
from xml.etree.ElementTree import Element

from slixmpp import ClientXMPP
from slixmpp.exceptions import IqError, IqTimeout
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

from paradesk.connectors.base import AuthError, ConnectorError, NotSent, Uncertain
from paradesk.connectors.http import printable, trust
from paradesk.connectors.xmpp.account import DIRECT_TLS_PORT, Account
from paradesk.connectors.xmpp.jids import domain
from paradesk.connectors.xmpp.refusals import login_refusal, refusal, stream_failure
from paradesk.connectors.xmpp.stanzas import Archived, archived_in
from paradesk.core.secret import Secret

OPEN_DEADLINE: Final = 30.0
"""Seconds until the session stands, at most."""
ASK_DEADLINE: Final = 20.0
QUIET: Final = 10.0
"""Seconds of silence after which the server is asked whether it is still there."""
PING_DEADLINE: Final = 15.0
MAX_STANZA: Final = 8 * 2**20
"""Bytes of one stanza, at most. Servers allow a fraction of it."""


class _Client(ClientXMPP):
    """slixmpp's client, with a bound on what one stanza may bring, and no exception that goes unheard."""

    def __init__(self, jid: str, password: str, context: ssl.SSLContext, broken: Callable[[str], None]) -> None:
        super().__init__(jid, password, ssl_context=context, loop=asyncio.get_running_loop())
        self._broken = broken
        self._pending = 0

    def data_received(self, data: bytes | str) -> None:
        """Parse what came, unless one stanza grows without end."""
        self._pending += len(data)
        if self._pending > MAX_STANZA:
            self._broken(f"the server sent a stanza of more than {MAX_STANZA // 2**20} MB")
            return
        super().data_received(data)

    def incoming_filter(self, xml: Element) -> Element:
        """Begin to count anew: a stanza is complete."""
        self._pending = 0
        return xml

    def exception(self, exception: Exception) -> None:
        """End the connection: what cannot be understood must not be passed over silently."""
        self._broken(f"an answer of the server could not be understood ({type(exception).__name__})")


class Line:
    """One account's connection. After a cut the same line may be opened again and then continues its session."""

    def __init__(self, account: Account, password: Secret, heard: Callable[[Element], None]) -> None:
        """`heard` is called with each message and presence that is no answer to a query of this line."""
        # It logs what customers write, and at its lowest level passwords.
        logging.getLogger("slixmpp").setLevel(logging.CRITICAL + 1)
        self._account = account
        self._heard = heard
        self._results: dict[str, list[Archived]] = {}
        self._opening: asyncio.Future[bool] | None = None
        self._best_reason = ""
        self._refused = ("", "")
        self._ended: ConnectorError | None = None
        self._watch: asyncio.Task[None] | None = None
        self.heard_at = 0.0
        self.lost: asyncio.Future[ConnectorError] = asyncio.get_running_loop().create_future()
        """Done when the connection is gone, with the reason."""
        self.lost_at: float | None = None
        """Loop time of the loss."""
        self.client = client = _Client(account.jid, password.reveal(), trust(account.ca_file), self.fail)
        client.enable_plaintext = not account.encrypted
        client.enable_starttls = account.encrypted and (account.address or ("", 0))[1] != DIRECT_TLS_PORT
        client.enable_direct_tls = account.encrypted
        client.max_redirects = 0
        client.whitespace_keepalive = False
        client.auto_authorize, client.auto_subscribe = True, False
        if not account.encrypted:
            client.plugin["feature_mechanisms"].unencrypted_scram = True
            client.plugin["feature_mechanisms"].unencrypted_plain = True
        for plugin in ("xep_0030", "xep_0115", "xep_0198"):
            client.register_plugin(plugin)
        for name, handler in {
            "session_start": lambda _: self._open(False),
            "session_resumed": lambda _: self._open(True),
            "connection_failed": self._connection_failed,
            "reconnect_delay": lambda _: self._not_open(NotSent(self._cannot_reach())),
            "ssl_invalid_chain": self._certificate,
            "failed_auth": self._failed_auth,
            "failed_all_auth": lambda _: self._not_open(self._why_refused()),
            "no_auth": lambda _: self._not_open(self._no_way_in()),
            "stream_error": self._stream_error,
            "disconnected": self._disconnected,
        }.items():
            client.add_event_handler(name, handler)
        for kind in ("message", "presence"):
            client.register_handler(
                Callback(f"Paradesk {kind}", MatchXPath(f"{{jabber:client}}{kind}"), self._take, instream=True)
            )
        client.add_event_handler("roster_update", lambda iq: self._heard(iq.xml))

    # Opening

    async def open(self) -> bool:
        """Connect and sign in; returns whether an earlier session was continued. Raises AuthError or NotSent."""
        loop = asyncio.get_running_loop()
        self._opening = loop.create_future()
        if self.lost.done():
            self.lost = loop.create_future()
        self._best_reason, self._refused, self._ended, self.lost_at = "", ("", ""), None, None
        host, port = self._account.address or (None, None)
        self.client.connect(host, port)
        try:
            async with asyncio.timeout(OPEN_DEADLINE):
                resumed = await self._opening
        except TimeoutError:
            raise NotSent(f"{self._place} did not let us in within {OPEN_DEADLINE:g} s") from None
        finally:
            self._opening = None
        if not resumed:
            # What is added before the server has given us our full address would be said of another one.
            for feature in FEATURES:
                await self.client.plugin["xep_0030"].add_feature(feature)
            await self.client.plugin["xep_0115"].update_caps(broadcast=False)
        self.heard_at = loop.time()
        self._watch = asyncio.create_task(self._keep_watch(), name="xmpp watch")
        return resumed

    @property
    def _place(self) -> str:
        address = self._account.address
        return f"{address[0]}:{address[1]}" if address else domain(self._account.jid)

    @property
    def up(self) -> bool:
        """The session stands."""
        return self._opening is None and not self.lost.done() and self.client.is_connected()

    @property
    def resumable(self) -> bool:
        """The server offered to continue this session after a cut."""
        return bool(self.client.plugin["xep_0198"].sm_id)

    def _open(self, resumed: bool) -> None:
        secure = isinstance(self.client.socket, ssl.SSLObject | ssl.SSLSocket)
        if self._account.encrypted and not secure:
            self._not_open(self._no_way_in())
        elif self._opening is not None and not self._opening.done():
            self._opening.set_result(resumed)

    def _not_open(self, error: ConnectorError) -> None:
        self.client.cancel_connection_attempt()
        if self._opening is not None and not self._opening.done():
            self._opening.set_exception(error)

    def _connection_failed(self, reason: object) -> None:
        text = printable(getattr(reason, "strerror", None) or str(reason))
        if isinstance(reason, ssl.SSLCertVerificationError):
            text = f"its certificate is not to be trusted ({printable(reason.verify_message)})"
        elif isinstance(reason, ssl.SSLError) and self._best_reason:
            return
        if "certificate" not in self._best_reason:
            self._best_reason = text

    def _cannot_reach(self) -> str:
        return f"cannot reach {self._place}: {self._best_reason or 'no answer'}"

    def _certificate(self, error: object) -> None:
        why = printable(getattr(error, "verify_message", "") or "it cannot be checked")
        self._best_reason = f"its certificate is not to be trusted ({why})"
        self._not_open(NotSent(self._cannot_reach()))
        self.client.abort()

    def _why_refused(self) -> ConnectorError:
        # Where no way to sign in was even tried, none was offered that is safe here.
        return login_refusal(*self._refused, self._account.jid) if self._refused[0] else self._no_way_in()

    def _no_way_in(self) -> ConnectorError:
        if self._account.encrypted and not isinstance(self.client.socket, ssl.SSLObject | ssl.SSLSocket):
            return NotSent(f"{self._place} offers no encryption; nothing was sent")
        return AuthError(f"{self._place} offers no way to sign in that this connector knows")

    def _failed_auth(self, stanza: Any) -> None:
        condition = str(stanza["condition"])
        if self._refused[0] in ("", "not-authorized") or condition != "not-authorized":
            self._refused = (condition, str(stanza["text"] or ""))

    # The end

    def _stream_error(self, error: Any) -> None:
        self._ended = stream_failure(error.xml)

    def _disconnected(self, reason: object) -> None:
        words = printable(str(reason)) if reason else ""
        if isinstance(reason, ssl.SSLCertVerificationError):
            self._connection_failed(reason)
            self._ended = NotSent(self._cannot_reach())
        error = self._ended or NotSent(f"the connection to {self._place} was lost{f': {words}' if words else ''}")
        self._not_open(error)
        if not self.lost.done():
            self.lost_at = asyncio.get_running_loop().time()
            self.lost.set_result(error)

    def fail(self, reason: str) -> None:
        """End the connection for a reason of our own."""
        self._ended = self._ended or NotSent(reason)
        self.client.abort()

    async def _keep_watch(self) -> None:
        """Ask a silent server whether it is there: a peer that dies without a word is noticed in half a minute."""
        loop = asyncio.get_running_loop()
        while not self.lost.done():
            silent = loop.time() - self.heard_at
            if silent < QUIET:
                await asyncio.wait({self.lost}, timeout=QUIET - silent)
                continue
            try:
                await self.ask("get", Element("{urn:xmpp:ping}ping"), domain(self._account.jid), PING_DEADLINE)
            except Uncertain:
                if not self.lost.done() and loop.time() - self.heard_at >= QUIET:
                    self.fail(f"{self._place} gave no sign of life for {loop.time() - self.heard_at:.0f} s")
            except ConnectorError:
                pass

    async def close(self) -> None:
        """Sign out where that is possible, and leave nothing running. Harmless to repeat."""
        tasks = [task for task in (self._watch,) if task is not None]
        if self.client.is_connected():
            await self.client.disconnect(wait=1.0, ignore_send_queue=True)
        self.client.abort()
        self.client.cancel_connection_attempt()
        sender = getattr(self.client, "_run_out_filters", None)
        if sender is not None:
            tasks.append(sender)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._watch = None
        if not self.lost.done():
            self.lost.set_result(NotSent("signed out"))

    async def let_go(self) -> None:
        """Stop watching a lost connection, so that the session can be continued later."""
        if self._watch is not None:
            self._watch.cancel()
            await asyncio.gather(self._watch, return_exceptions=True)
            self._watch = None

    # Talking

    def _take(self, stanza: Any) -> None:
        self.heard_at = asyncio.get_running_loop().time()
        xml: Element = stanza.xml
        found = archived_in(xml) if xml.tag == "{jabber:client}message" else None
        if found is None:
            self._heard(xml)
        elif (results := self._results.get(f"{xml.get('from', '')}\n{found.query}")) is not None:
            results.append(found)

    def send(self, kind: str, to: str, children: list[Element], *, stanza_id: str = "", stanza_type: str = "") -> None:
        """Send a message or a presence; raises NotSent without a connection."""
        if not self.up:
            raise NotSent(f"not connected to {self._place}")
        stanza = self.client.Message() if kind == "message" else self.client.Presence()
        stanza.xml.attrib |= {
            name: value for name, value in (("to", to), ("id", stanza_id), ("type", stanza_type)) if value
        }
        stanza.xml.extend(children)
        stanza.send()

    async def ask(self, kind: str, payload: Element, to: str = "", deadline: float = ASK_DEADLINE) -> Element:
        """Ask something and return the answer; raises what an error means, NotSent, or Uncertain."""
        if not self.up:
            raise NotSent(f"not connected to {self._place}")
        iq = self.client.Iq()
        iq["type"] = kind
        if to:
            iq["to"] = to
        iq.xml.append(payload)
        answer: asyncio.Future[Any] = iq.send(timeout=deadline)  # type: ignore[no-untyped-call]
        await asyncio.wait({answer, self.lost}, return_when=asyncio.FIRST_COMPLETED)
        if not answer.done():
            answer.cancel()
            raise Uncertain(f"the connection to {self._place} broke before it answered")
        try:
            result: Element = answer.result().xml
        except IqError as error:
            self.heard_at = asyncio.get_running_loop().time()
            raise refusal(error.iq.xml) from None
        except IqTimeout:
            raise Uncertain(f"{self._place} did not answer in {deadline:g} s") from None
        self.heard_at = asyncio.get_running_loop().time()
        return result

    async def query(self, archive: str, payload: Element) -> tuple[Element, list[Archived]]:
        """Ask an archive (empty: our own) and return its closing words and what it sent before them."""
        payload.set("queryid", query := self.client.new_id())
        owners = [archive] if archive else [self._account.jid, ""]
        results: list[Archived] = []
        for owner in owners:
            self._results[f"{owner}\n{query}"] = results
        try:
            return await self.ask("set", payload, archive), results
        finally:
            for owner in owners:
                self._results.pop(f"{owner}\n{query}", None)


FEATURES: Final = (
    "urn:xmpp:receipts",
    "urn:xmpp:chat-markers:0",
    "urn:xmpp:message-correct:0",
    "urn:xmpp:message-retract:1",
    "http://jabber.org/protocol/chatstates",
    "http://jabber.org/protocol/muc",
    "urn:xmpp:bookmarks:1+notify",
    "jabber:x:oob",
    "urn:xmpp:sfs:0",
)
"""What other clients may expect of this one (XEP-0030)."""
