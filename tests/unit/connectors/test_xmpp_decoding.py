"""XMPP stanzas of any shape become values and events, never exceptions."""

import copy
from dataclasses import replace
from xml.etree.ElementTree import Element, SubElement, fromstring, tostring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.connectors.base import (
    AuthError,
    Conflict,
    ConnectorError,
    Forbidden,
    Gone,
    NotSent,
    RateLimited,
    Rejected,
    Uncertain,
)
from paradesk.connectors.xmpp.account import read_account
from paradesk.connectors.xmpp.amend import fold_page
from paradesk.connectors.xmpp.book import Book
from paradesk.connectors.xmpp.chat import Amended, Chat, Said, client_id_in, peer_of
from paradesk.connectors.xmpp.compose import carried, prepare_text, slot_request, stanza_id, text_message
from paradesk.connectors.xmpp.jids import bare, checked_jid, resource
from paradesk.connectors.xmpp.place import Cursor, Place, decode_cursor, ranked, whole_times
from paradesk.connectors.xmpp.refusals import refusal, stream_failure
from paradesk.connectors.xmpp.stanzas import (
    Archived,
    Stanza,
    archived_in,
    carbon_of,
    decode_message,
    decode_presence,
    parse_time,
)
from paradesk.connectors.xmpp.vcard import customer_of
from paradesk.core.events import (
    ConversationUpserted,
    Event,
    MessageDeleted,
    MessageEdited,
    MessageUpserted,
    ReadMarked,
)
from paradesk.core.intents import Send
from paradesk.core.model import ClientId, ConversationId, Customer, Role, Visibility
from paradesk.core.reduce import reduce
from paradesk.core.state import State

ACCOUNT = read_account(
    {"jid": "ada@example.org", "password": "x", "agents": "bob@example.org", "bots": "bot@example.org"}
)
PEER = "cy@example.org"
ROOM = "help@rooms.example.org"

TAGS = (
    "{jabber:client}body",
    "{jabber:client}subject",
    "{jabber:client}error",
    "{urn:xmpp:mam:2}result",
    "{urn:xmpp:forward:0}forwarded",
    "{urn:xmpp:delay}delay",
    "{jabber:client}message",
    "{urn:xmpp:carbons:2}sent",
    "{urn:xmpp:carbons:2}received",
    "{urn:xmpp:message-correct:0}replace",
    "{urn:xmpp:message-retract:1}retract",
    "{urn:xmpp:message-retract:1}retracted",
    "{urn:xmpp:fasten:0}apply-to",
    "{urn:xmpp:message-moderate:0}moderated",
    "{urn:xmpp:message-retract:0}retract",
    "{urn:xmpp:chat-markers:0}displayed",
    "{urn:xmpp:chat-markers:0}markable",
    "{urn:xmpp:receipts}request",
    "{urn:xmpp:sid:0}stanza-id",
    "{urn:xmpp:sid:0}origin-id",
    "{http://jabber.org/protocol/chatstates}composing",
    "{jabber:x:oob}x",
    "{jabber:x:oob}url",
    "{urn:xmpp:sfs:0}file-sharing",
    "{urn:xmpp:file:metadata:0}file",
    "{urn:xmpp:file:metadata:0}size",
    "{http://jabber.org/protocol/url-data}url-data",
    "{eu.siacs.conversations.axolotl}encrypted",
    "{urn:xmpp:eme:0}encryption",
    "{http://jabber.org/protocol/muc#user}x",
    "{http://jabber.org/protocol/muc#user}item",
    "{http://jabber.org/protocol/muc#user}status",
    "{urn:ietf:params:xml:ns:xmpp-stanzas}gone",
    "{vcard-temp}vCard",
    "{vcard-temp}FN",
    "plain",
)
texts = st.one_of(
    st.none(),
    st.text(max_size=30),
    st.sampled_from(
        (
            "https://files.example.org/a%2Fb.png",
            "http://[::1",
            "2026-11-28T04:00:00Z",
            "0001-01-01T00:00:00+23:59",
            "9" * 30,
        )
    ),
)
names = st.sampled_from(("from", "to", "id", "type", "by", "stamp", "target", "queryid", "code", "jid", "name"))
values = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        (PEER, "ada@example.org", f"{ROOM}/nick/%", "error", "groupchat", "chat", "x" * 2000, "2026-13-99")
    ),
)


@st.composite
def elements(draw: st.DrawFn, depth: int = 2) -> Element:
    element = Element(draw(st.sampled_from(TAGS)), draw(st.dictionaries(names, values, max_size=3)))
    element.text = draw(texts)
    if depth:
        element.extend(draw(st.lists(elements(depth=depth - 1), max_size=3)))
    return element


@given(elements())
def test_any_element_becomes_values(xml: Element) -> None:
    before = tostring(copy.deepcopy(xml), encoding="unicode") if printable(xml) else ""
    for message in xml.iter():
        decode_message(message)
        decode_presence(message)
        archived_in(message)
        carbon_of(message, ACCOUNT.jid)
        assert isinstance(refusal(message), ConnectorError)
        assert isinstance(stream_failure(message), ConnectorError)
        customer_of(message, Customer(id="x", name="x"))
    assert not before or tostring(xml, encoding="unicode") == before


def printable(xml: Element) -> bool:
    try:
        tostring(xml, encoding="unicode").encode()
    except (UnicodeError, ValueError, TypeError):
        return False
    return True


@given(st.lists(elements(), max_size=6), st.booleans())
def test_any_stanzas_fold_into_their_conversation_alone(stanzas: list[Element], room: bool) -> None:
    chat = Chat(ROOM if room else PEER, ACCOUNT, room=room)
    book, place, state = Book(ACCOUNT), Place(), State()
    entries = [Archived("q", f"entry-{number}", 1.8e9, decode_message(xml)) for number, xml in enumerate(stanzas)]
    for entry in entries:
        key = place.take(entry, chat.id)
        events, unknown = book.take(chat, chat.meaning(entry.stanza, entry.id, key, entry.at))
        events += [] if unknown is None else book.amend(chat, unknown)
        for event in [*events, ConversationUpserted(chat.conversation(), 1)]:
            assert conversation_of(event) == chat.id
            state = reduce(state, event)
    for message in fold_page(chat, entries):
        assert message.conversation_id == chat.id


def conversation_of(event: Event) -> str:
    match event:
        case MessageUpserted(message):
            return message.conversation_id
        case ConversationUpserted(conversation):
            return conversation.id
        case MessageEdited() | MessageDeleted() | ReadMarked():
            return event.conversation_id
    raise AssertionError(f"a stanza made {event!r}")


@given(st.text(max_size=200))
def test_whatever_is_typed_can_be_carried(text: str) -> None:
    root = Element("{jabber:client}message")
    root.extend(text_message(carried(text), "id"))
    assert fromstring(tostring(root)).findtext("{jabber:client}body", "") == carried(text)
    assert carried(carried(text)) == carried(text)


@given(st.text(max_size=400), st.text(max_size=40))
def test_any_file_name_becomes_a_slot(name: str, media_type: str) -> None:
    fromstring(tostring(slot_request(name, 1, media_type)))


@given(st.text(max_size=60))
def test_typed_addresses_are_checked(text: str) -> None:
    try:
        jid = checked_jid(text)
    except Rejected:
        return
    assert "/" not in jid
    assert checked_jid(jid) == jid


@pytest.mark.parametrize("text", ["", "ada", "@x", "a@", "a b@x", "a@x y", "<a>@x", "a@b@c", "a'@x", "a" * 1100 + "@x"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(Rejected):
        checked_jid(text)


def test_addresses_are_parted_at_the_first_slash() -> None:
    assert (bare("50%off@x/a/b"), resource("50%off@x/a/b")) == ("50%off@x", "a/b")
    assert checked_jid(" Ada@Example.ORG/phone ") == "ada@example.org"


@given(st.text(max_size=40))
def test_any_stamp_is_a_time_or_none(stamp: str) -> None:
    at = parse_time(stamp)
    assert at is None or at >= 0


def entry(number: int, at: float, body: str = "hello") -> Archived:
    return Archived("", f"entry-{number}", at, Stanza(kind="chat", sender=PEER, id=f"origin-{number}", body=body))


@given(st.lists(st.integers(0, 3), max_size=40), st.integers(1, 7))
def test_keys_do_not_depend_on_where_the_reading_begins(steps: list[int], page: int) -> None:
    at, entries = 1_800_000_000, []
    for number, step in enumerate(steps):
        at += step
        entries.append(entry(number, float(at)))
    forward = {found.id: key for key, found in ranked(entries)}
    assert list(forward.values()) == sorted(set(forward.values()))
    for start in range(0, len(entries), page):
        part = entries[start:]
        part = part[whole_times(part, complete=start == 0) :]
        assert {found.id: key for key, found in ranked(part)}.items() <= forward.items()


def test_place_survives_a_restart_within_one_second() -> None:
    cursor = Cursor("me@x", 5)
    place = cursor.places.setdefault("", Place())
    keys = [place.take(entry(number, 1.8e9), PEER) for number in range(3)]
    again = decode_cursor(cursor.encode(), "me@x")
    keys.append(again.places[""].take(entry(3, 1.8e9), PEER))
    assert keys == [keys[0] + number for number in range(4)]
    assert again.next_version(0.0) == 6


@given(st.text(max_size=80))
def test_any_cursor_is_a_cursor(text: str) -> None:
    assert decode_cursor(text, "me@x").account == "me@x"


def test_amendments_are_taken_from_authors_only() -> None:
    chat = Chat(PEER, ACCOUNT)
    correct = Stanza(kind="chat", sender=PEER, id="c", replaces="origin-0", body="better")
    forged = replace(correct, sender="ada@example.org", body="forged")
    late = replace(correct, id="d", body="best")
    entries = [entry(0, 1.0), *(Archived("", s.id + str(n), 2.0, s) for n, s in enumerate((correct, late, forged)))]
    assert [(m.body, m.edited) for m in fold_page(chat, entries)] == [("best", True)]


def test_room_moderation_counts_only_from_the_room() -> None:
    chat = Chat(ROOM, ACCOUNT, room=True)
    stanza = Stanza(kind="groupchat", sender=ROOM, retracts="entry-0", moderated=True)
    for sender, allowed in ((ROOM, True), (f"{ROOM}/somebody", False)):
        meaning = chat.meaning(replace(stanza, sender=sender), "e", 1, 1.0)
        assert isinstance(meaning, Amended)
        assert meaning.moderated is allowed


def test_our_nick_is_ours_by_occupant_id_and_by_address() -> None:
    chat = Chat(ROOM, ACCOUNT, room=True, nick="ada", occupant_id="mine")
    thief = Stanza(kind="groupchat", sender=f"{ROOM}/ada", id="paradesk-1", body="we refund", occupant_id="theirs")
    meaning = chat.meaning(thief, "e", 1, 1.0)
    assert isinstance(meaning, Said)
    assert meaning.known.message.role is Role.CUSTOMER
    assert meaning.known.message.client_id is None
    exposed = replace(thief, occupant_id="", real_jid="cy@example.org/phone")
    meaning = chat.meaning(exposed, "e", 1, 1.0)
    assert isinstance(meaning, Said)
    assert meaning.known.message.role is Role.CUSTOMER


def test_client_ids_come_back_from_the_last_part_only() -> None:
    assert client_id_in(stanza_id(ClientId("abc"))) == "abc"
    assert client_id_in(stanza_id(ClientId("abc"), 1)) is None
    assert client_id_in("somebody-else") is None


def test_peers() -> None:
    assert peer_of(Stanza(sender="ada@example.org/x", to=f"{PEER}/phone"), ACCOUNT.jid) == PEER
    assert peer_of(Stanza(sender=f"{PEER}/phone", to="ada@example.org"), ACCOUNT.jid) == PEER
    assert peer_of(Stanza(sender="ada@example.org/x", to="ada@example.org"), ACCOUNT.jid) == ""


@pytest.mark.parametrize(
    ("kind", "condition", "expected"),
    [
        ("auth", "forbidden", Forbidden),
        ("cancel", "item-not-found", Gone),
        ("cancel", "conflict", Conflict),
        ("cancel", "service-unavailable", Rejected),
        ("wait", "resource-constraint", RateLimited),
        ("wait", "policy-violation", RateLimited),
        ("cancel", "internal-server-error", Uncertain),
        ("", "", Uncertain),
    ],
)
def test_errors_mean_something(kind: str, condition: str, expected: type[ConnectorError]) -> None:
    stanza = Element("{jabber:client}iq")
    error = SubElement(stanza, "{jabber:client}error", {"type": kind})
    if condition:
        SubElement(error, f"{{urn:ietf:params:xml:ns:xmpp-stanzas}}{condition}")
    assert type(refusal(stanza)) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [("not-authorized", AuthError), ("system-shutdown", NotSent), ("policy-violation", RateLimited), ("", NotSent)],
)
def test_ends_of_a_stream_mean_something(condition: str, expected: type[ConnectorError]) -> None:
    error = Element("{http://etherx.jabber.org/streams}error")
    if condition:
        SubElement(error, f"{{urn:ietf:params:xml:ns:xmpp-streams}}{condition}")
    assert type(stream_failure(error)) is expected


def send(body: str) -> Send:
    return Send(
        conversation_id=ConversationId(PEER), body=body, visibility=Visibility.PUBLIC, client_id=ClientId("one")
    )


def test_prepared_texts() -> None:
    assert prepare_text(send("/me waves")).remarks
    assert not prepare_text(send("me too")).remarks
    with pytest.raises(Rejected, match="once it is XML"):
        prepare_text(send("&" * 50_000))
    with pytest.raises(Rejected, match="60,000"):
        prepare_text(send("€" * 20_001))


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"jid": "no address"},
        {"jid": "a@x", "server": "xmpp://chat.example.org"},
        {"jid": "a@x", "server": "https://chat.example.org"},
        {"jid": "a@x", "rooms": "help@rooms.x, what is this"},
        {"jid": "a@x", "nick": "two\nlines"},
        {"jid": "a@x", "files": "http://files.example.org"},
    ],
    ids=["nothing", "no address", "unencrypted", "not xmpp", "room", "nick", "unencrypted files"],
)
def test_settings_that_cannot_be_used_are_named(settings: dict[str, str]) -> None:
    with pytest.raises(AuthError) as refused:
        read_account(settings)
    assert str(refused.value)
