"""The XMPP connector's own traps, on a real Prosody: cuts, restarts, copies, corrections, rooms, addresses."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element, SubElement

import msgspec
import pytest
import pytest_asyncio
import trustme

from paradesk.connectors.base import AuthError, NotSent, Rejected, Uncertain
from paradesk.core.events import Gap, MessageUpserted
from paradesk.core.intents import Send
from paradesk.core.model import ClientId, ConversationId, Delivery, Message, Role, Visibility
from paradesk.testing.recorder import Recorder, Session
from tests.contract.prosody import PASSWORD, Prosody, missing

pytestmark = pytest.mark.prosody

if not missing():
    from paradesk.connectors.xmpp import line as line_module
    from tests.contract.xmpp_backend import XmppBackend, XmppRooms, marked


@pytest_asyncio.fixture
async def backend(xmpp_server: Prosody) -> AsyncIterator["XmppBackend"]:
    async with XmppBackend(xmpp_server) as backend:
        yield backend


@pytest_asyncio.fixture
async def rooms(xmpp_server: Prosody) -> AsyncIterator["XmppRooms"]:
    async with XmppRooms(xmpp_server) as backend:
        yield backend


def reply(chat: str, body: str, client_id: str) -> Send:
    return Send(
        conversation_id=ConversationId(chat), body=body, visibility=Visibility.PUBLIC, client_id=ClientId(client_id)
    )


def session(backend: "XmppBackend", start: Recorder | None = None, **settings: str) -> Session:
    from paradesk.connectors.xmpp import XmppConnector

    connector = XmppConnector(backend.settings(**settings))
    return Session(connector, Recorder(start=start.commits[-1]) if start else None, backend.patience)


def told(desk: Recorder, chat: str) -> list[Message]:
    return [e.message for e in desk.events if isinstance(e, MessageUpserted) and e.message.conversation_id == chat]


async def test_session_continues_after_a_cut_and_each_reply_arrives_once(backend: "XmppBackend") -> None:
    chat = await backend.open_conversation()
    async with session(backend) as work:
        stream = work.connector._stream  # type: ignore[attr-defined]
        await work.perform(reply(chat, "before", "before"))
        online = work.desk.went_online
        backend.proxy.lose_next_answer()
        with pytest.raises(Uncertain):
            await work.perform(reply(chat, "in between", "between"))
        await backend.customer_says(chat, "are you there?")
        await work.until(lambda: work.desk.went_online > online, "to be online again")
        assert work.connector._stream is stream, "the very same session"  # type: ignore[attr-defined]
        await work.until(lambda: work.desk.said(chat) == ["are you there?"], "what was said meanwhile")
        await work.perform(reply(chat, "after", "after"))
        assert [message.body for message in await backend.received(chat)] == ["before", "in between", "after"]
        mine = [m for m in work.desk.messages(chat) if m.role is Role.AGENT]
        assert [(m.body, m.client_id) for m in mine] == [
            ("before", "before"),
            ("in between", "between"),
            ("after", "after"),
        ]


async def test_killed_server_comes_back_with_nothing_lost_and_nothing_doubled() -> None:
    with Prosody() as server:
        async with XmppBackend(server) as backend:
            chat = await backend.open_conversation()
            async with session(backend) as work:
                await backend.customer_says(chat, "one")
                await work.perform(reply(chat, "two", "two"))
                await work.until(lambda: work.desk.said(chat) == ["one"], "the message")
                await asyncio.to_thread(server.kill)
                await work.desk.until(lambda: work.losses, "the loss", backend.patience)
                with pytest.raises((NotSent, Uncertain)):
                    await work.perform(reply(chat, "into the void", "void"))
                online = work.desk.went_online
                await asyncio.to_thread(server.start)
                await work.until(lambda: work.desk.went_online > online, "to be online again")
                backend.people[chat] = await backend.person(chat)
                backend.watcher = await backend.person(backend.agent, presence=None)
                await backend.customer_says(chat, "three")
                await work.perform(reply(chat, "four", "four"))
                await work.until(lambda: work.desk.said(chat) == ["one", "three"], "everything, once")
                assert [m.body for m in work.desk.messages(chat)] == ["one", "two", "three", "four"]
                assert [message.body for message in await backend.received(chat)] == ["two", "four"]


async def test_reply_after_a_restart_reaches_somebody_who_is_no_contact(backend: "XmppBackend") -> None:
    address = await backend.new_customer()
    customer = backend.people[address]
    async with session(backend) as work:
        customer.message(backend.agent, body="where is my parcel?")
        await work.until(lambda: work.desk.said(ConversationId(address)), "what they have written")
        await work.until(lambda: work.desk.commits, "a cursor")
    async with session(backend, work.desk) as again:
        await again.perform(reply(address, "on its way", "c-restart"))
        assert [one.body for one in await backend.received(ConversationId(address))] == ["on its way"]
        with pytest.raises(Rejected):
            await again.perform(reply("no-address", "on its way", "c-nobody"))


async def test_hanging_server_is_noticed(backend: "XmppBackend", monkeypatch: pytest.MonkeyPatch) -> None:
    assert line_module.QUIET + line_module.PING_DEADLINE < 40
    monkeypatch.setattr(line_module, "QUIET", 0.3)
    monkeypatch.setattr(line_module, "PING_DEADLINE", 0.5)
    async with session(backend) as work:
        backend.server.pause()
        try:
            await work.desk.until(lambda: work.losses, "the silence to be noticed", backend.patience)
        finally:
            backend.server.resume()
        assert "sign of life" in str(work.losses[0])


async def test_copies_of_copies_are_one_message(backend: "XmppBackend") -> None:
    chat = await backend.open_conversation()
    other = await backend.person(backend.agent, presence="5")
    carbons = Element("{urn:xmpp:carbons:2}enable")
    await other.ask("set", carbons)
    async with session(backend) as work:
        await backend.customer_says(chat, "to all of your devices")
        other.message(chat, body="from my telephone")
        # The same id once more is another message for the server; an app that retries does this.
        other.message(chat, body="twice the same id", stanza_id="same")
        await work.until(lambda: any(m.body == "twice the same id" for m in work.desk.messages(chat)), "the carbons")
        await work.perform(reply(chat, "and from here", "here"))
        shown = [(m.role, m.body) for m in work.desk.messages(chat)]
        assert shown == [
            (Role.CUSTOMER, "to all of your devices"),
            (Role.AGENT, "from my telephone"),
            (Role.AGENT, "twice the same id"),
            (Role.AGENT, "and from here"),
        ]
        assert len({m.id for m in told(work.desk, chat)}) == len(told(work.desk, chat)), "each was told once"


async def test_correction_of_a_message_that_was_never_seen(backend: "XmppBackend") -> None:
    chat = await backend.open_conversation()
    async with session(backend) as first:
        await backend.customer_says(chat, "hello")
        await first.until(lambda: first.desk.said(chat), "the message")
    message_id = await backend.customer_says(chat, "order 1O24")
    await backend.customer_edits(chat, message_id, "order 1024")
    async with session(backend, first.desk) as second:
        await second.until(lambda: second.desk.said(chat) == ["hello", "order 1024"], "the corrected text")
        # A correction of what nobody has: what was said is shown all the same.
        await backend.said(
            chat, marked("{urn:xmpp:message-correct:0}replace", "no-such-message"), body="lost, but said"
        )
        await second.until(lambda: "lost, but said" in second.desk.said(chat), "the text")


async def test_nobody_corrects_or_retracts_what_others_wrote(backend: "XmppBackend") -> None:
    chat = await backend.open_conversation()
    async with session(backend) as work:
        await work.perform(reply(chat, "we refund 10 €", "refund"))
        await backend.said(
            chat, marked("{urn:xmpp:message-correct:0}replace", "paradesk-refund"), body="we refund 1000 €"
        )
        await backend.said(chat, marked("{urn:xmpp:message-retract:1}retract", "paradesk-refund"), body="gone")
        await backend.customer_says(chat, "done")
        await work.until(lambda: "done" in work.desk.said(chat), "a later message")
        ours = [m.body for m in work.desk.messages(chat) if m.role is Role.AGENT]
        assert ours == ["we refund 10 €"]


async def test_control_characters_are_left_out_with_a_word_and_the_stream_lives(backend: "XmppBackend") -> None:
    chat = await backend.open_conversation()
    async with session(backend) as work:
        send = reply(chat, "a\x00b\x1b[31mc\ufffe\ud800 & <d>\r\nnext", "control")
        prepared = work.connector.prepare(send)
        assert prepared.parts == ("ab[31mc & <d>\nnext",)
        assert "4 characters" in prepared.remarks[0]
        await work.perform(replace(send, body=prepared.parts[0]))
        await work.perform(replace(send, client_id=ClientId("again")))
        assert [message.body for message in await backend.received(chat)] == [prepared.parts[0]] * 2
        assert not work.losses
        with pytest.raises(Rejected):
            work.connector.prepare(reply(chat, "\x00\x01", "nothing"))


async def test_unreachable_customer_is_told(backend: "XmppBackend") -> None:
    nobody = f"nobody{backend.number}@localhost"
    await backend.add_contact(nobody)
    async with session(backend) as work:
        await work.until(lambda: work.desk.known(ConversationId(nobody)), "the contact")
        try:
            await work.perform(reply(nobody, "hello?", "hello"))
        except Rejected as error:
            assert "nobody is there" in str(error)

        def failed() -> bool:
            return any(
                m.delivery is Delivery.FAILED and "came back" in m.delivery_reason for m in told(work.desk, nobody)
            )

        await work.until(failed, "that it came back")


async def test_encrypted_message_is_shown_as_such(backend: "XmppBackend") -> None:
    chat = await backend.open_conversation()
    encrypted = Element("{eu.siacs.conversations.axolotl}encrypted")
    SubElement(encrypted, "{eu.siacs.conversations.axolotl}payload").text = "AAAA"
    async with session(backend) as work:
        await backend.said(chat, encrypted, Element("{urn:xmpp:hints}store"), body="I sent you an OMEMO message")
        await work.until(lambda: work.desk.said(chat), "the message")
        assert "encrypted with OMEMO" in work.desk.said(chat)[0]


async def test_message_that_no_archive_keeps_is_shown_once(backend: "XmppBackend") -> None:
    chat = await backend.open_conversation()
    async with session(backend) as work:
        backend.people[chat].message(backend.agent, Element("{urn:xmpp:hints}no-store"), body="off the record")
        await work.until(lambda: work.desk.said(chat) == ["off the record"], "the message")
        await backend.customer_says(chat, "on the record")
        await work.until(lambda: work.desk.said(chat) == ["off the record", "on the record"], "both, in order")


async def test_receipt_is_sent_for_what_came_live(backend: "XmppBackend") -> None:
    chat = await backend.open_conversation()
    async with session(backend) as work:
        customer = backend.people[chat]
        identifier = customer.message(backend.agent, Element("{urn:xmpp:receipts}request"), body="did you get this?")

        async def confirmed() -> bool:
            found = [xml.find("{urn:xmpp:receipts}received") for xml in customer.heard]
            return any(receipt is not None and receipt.get("id") == identifier for receipt in found)

        await work.eventually(confirmed, "the receipt")


async def test_cursor_that_the_archive_has_lost_is_shown_as_a_gap_and_filled(backend: "XmppBackend") -> None:
    chat = await backend.open_conversation()
    async with session(backend) as first:
        await backend.customer_says(chat, "one")
        await first.until(lambda: first.desk.said(chat) and first.desk.commits, "the message on disk")
    await backend.customer_says(chat, "two")
    commit = first.desk.commits[-1]
    damaged = msgspec.json.decode(commit.cursor)
    damaged["places"][""][0] = "no-such-entry"
    recorder = Recorder(start=replace(commit, cursor=msgspec.json.encode(damaged).decode()))
    async with Session(backend.connector(), recorder, backend.patience) as second:
        await second.until(lambda: recorder.said(chat) == ["one", "two"], "both, once")
        gaps = [event.closed for event in recorder.events if isinstance(event, Gap)]
        assert gaps == [False, True]


async def test_cursor_of_another_account_or_none_at_all_begins_anew(backend: "XmppBackend") -> None:
    chat = await backend.open_conversation()
    await backend.customer_says(chat, "hello")
    async with session(backend) as first:
        await first.until(lambda: first.desk.commits and first.desk.said(chat), "the message")
    commit = first.desk.commits[-1]
    for cursor in ("{", "[]", '{"places":5}', commit.cursor.replace(backend.agent, "somebody@else")):
        recorder = Recorder(start=replace(commit, cursor=cursor))
        async with Session(backend.connector(), recorder, backend.patience) as again:
            await again.until(lambda recorder=recorder: recorder.said(chat) == ["hello"], "the message, once")  # type: ignore[misc]


@pytest.mark.parametrize(
    "name", ["50%off", "a%2fb", "ünï.code", "x\\2fy"], ids=["percent", "escape", "unicode", "node"]
)
async def test_hostile_addresses_are_addresses(backend: "XmppBackend", name: str) -> None:
    jid = backend.server.user(name)
    customer = backend.people[jid] = await backend.person(jid)
    assert str(customer.client.boundjid.bare) == jid
    async with session(backend) as work:
        await backend.customer_says(ConversationId(jid), "hello")
        await work.until(lambda: work.desk.said(ConversationId(jid)) == ["hello"], "the message")
        await work.perform(reply(jid, "good day", "hostile"))
        assert [message.body for message in await backend.received(ConversationId(jid))] == ["good day"]


async def test_nick_with_slashes_and_another_room(rooms: "XmppRooms") -> None:
    chat = await rooms.open_conversation()
    other = await rooms.open_conversation()
    customer = rooms.people[chat]
    customer.presence(f"{chat}/a/b%2F@c", Element("{http://jabber.org/protocol/muc}x"))
    async with session(rooms) as work:
        await rooms.customer_says(chat, "who am I?")
        await work.until(lambda: work.desk.said(chat) == ["who am I?"], "the message")
        assert work.desk.messages(chat)[-1].sender_name == "a/b%2F@c"
        assert work.desk.said(other) == []


async def test_history_of_a_room_comes_from_its_archive_and_once(rooms: "XmppRooms") -> None:
    chat = await rooms.open_conversation()
    for number in range(30):
        rooms.people[chat].message(chat, body=f"line {number}", kind="groupchat")
    last = await rooms.customer_says(chat, "the last line")
    async with session(rooms) as work:
        await work.until(lambda: work.desk.message(chat, last), "the archive")
        page = await work.connector.history(chat, None, 50)
        assert [m.body for m in page.messages] == [*(f"line {number}" for number in range(30)), "the last line"]
        assert len({m.id for m in told(work.desk, chat)}) == len(told(work.desk, chat)) == 31


async def test_room_without_an_archive_is_followed_live() -> None:
    with Prosody(log_rooms=False) as server:
        async with XmppRooms(server) as rooms:
            chat = await rooms.open_conversation()
            async with session(rooms) as work:
                thread = await work.until(lambda: work.desk.known(chat), "the room")
                assert "history" in thread.conversation.absent
                rooms.people[chat].message(chat, body="live only", kind="groupchat")
                await work.until(lambda: work.desk.said(chat) == ["live only"], "the message")
                await work.perform(reply(chat, "seen", "seen"))
                await work.until(lambda: any(m.client_id == "seen" for m in work.desk.messages(chat)), "the reply")


async def test_room_that_lets_nobody_in_says_so(backend: "XmppBackend") -> None:
    room = "no-such-service.localhost"
    async with session(backend, rooms=f"x@{room}") as work:
        thread = await work.until(lambda: work.desk.known(ConversationId(f"x@{room}")), "the room")
        assert not thread.conversation.joined
        with pytest.raises(Rejected):
            await work.perform(reply(f"x@{room}", "hello?", "nobody"))


async def test_changed_password_is_an_auth_error_after_the_cut(backend: "XmppBackend") -> None:
    async with session(backend) as work:
        backend.server.user(backend.agent.partition("@")[0], "another password")
        work.connector._stream.line.client.plugin["xep_0198"].sm_id = None  # type: ignore[attr-defined]
        await backend.cut()
        await backend.restore()
        await work.desk.until(lambda: work.refused, "the refusal", backend.patience)
        with pytest.raises(AuthError):
            await work.perform(reply("anybody@localhost", "hello", "refused"))


async def test_plain_password_never_leaves_for_a_server_without_encryption(backend: "XmppBackend") -> None:
    from paradesk.connectors.xmpp import XmppConnector

    settings = backend.settings(server=f"xmpps://127.0.0.1:{backend.proxy.port}")
    connector, desk = XmppConnector(settings), Recorder()
    try:
        with pytest.raises(NotSent):
            await connector.run(desk)
    finally:
        await connector.close()
    elsewhere = XmppConnector(settings | {"server": "xmpp://chat.example.org"})
    with pytest.raises(AuthError, match="this machine only"):
        await elsewhere.run(desk)
    assert desk.went_online == 0


async def test_certificate_is_checked_and_an_authority_of_our_own_is_believed(tmp_path: Path) -> None:
    from paradesk.connectors.xmpp import XmppConnector

    authority, stranger = trustme.CA(), trustme.CA()
    issued = authority.issue_cert("localhost")
    chain = b"".join(blob.bytes() for blob in issued.cert_chain_pems)
    authority.cert_pem.write_to_path(tmp_path / "ours.pem")
    stranger.cert_pem.write_to_path(tmp_path / "theirs.pem")
    with Prosody(certificate=(chain, issued.private_key_pem.bytes())) as server:
        settings = {"jid": server.user("ada"), "password": PASSWORD, "server": f"127.0.0.1:{server.port}"}
        for ca_file in ("", str(tmp_path / "theirs.pem")):
            connector, desk = XmppConnector(settings | {"ca_file": ca_file}), Recorder()
            with pytest.raises(NotSent, match="not to be trusted"):
                await connector.run(desk)
            await connector.close()
            assert desk.went_online == 0
        trusting = XmppConnector(settings | {"ca_file": str(tmp_path / "ours.pem")})
        async with Session(trusting) as work:
            assert work.desk.went_online == 1
            cipher = trusting._stream.line.client.socket.cipher()  # type: ignore[union-attr]
            assert cipher is not None


def test_shipped_without_the_extra_says_what_to_install(tmp_path: Path) -> None:
    import subprocess
    import sys

    look = (
        "import sys; sys.modules['slixmpp'] = None\n"
        "import asyncio\n"
        "from paradesk.connectors.registry import connector_names, load_connector\n"
        "assert 'xmpp' in connector_names() and 'paradesk.connectors.xmpp' not in sys.modules\n"
        "connector = load_connector('xmpp')({'jid': 'a@b', 'password': 'c'})\n"
        "from paradesk.connectors.base import AuthError\n"
        "try:\n    asyncio.run(connector.run(None))\n"
        "except AuthError as error:\n    print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert "pip install 'paradesk[xmpp]'" in run.stdout, run.stderr
