"""Whatever a server or a customer sends, every decoder of the Matrix connector stays within its types."""

import json
from collections.abc import Callable
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.connectors.base import ConnectorError, Rejected
from paradesk.connectors.matrix import wire
from paradesk.connectors.matrix.actions import MAX_BODY, prepared
from paradesk.connectors.matrix.client import refusal
from paradesk.connectors.matrix.cursor import Cursor, Mark, decode_cursor
from paradesk.connectors.matrix.fold import fold_ephemeral, fold_invite, fold_timeline, upserted
from paradesk.connectors.matrix.presence import read_presence, state_of, text_of
from paradesk.connectors.matrix.room import Room, Staff
from paradesk.connectors.matrix.session import room_path
from paradesk.connectors.matrix.ticket import TYPES, read_ticket_event
from paradesk.connectors.matrix.wire import InvitedRoom, decode_events, decode_raw
from paradesk.core.events import ConversationUpserted, MessageUpserted, PresenceChanged, ReadMarked, TypingChanged
from paradesk.core.intents import Send
from paradesk.core.model import Agent, ClientId, ConversationId, Presence, Visibility

ME = "@anna:example.org"
CUSTOMER = "@cust:example.org"
KINDS = [kind for kind in vars(wire).values() if isinstance(kind, type) and issubclass(kind, msgspec.Struct)]
NAMES = sorted({field.encode_name for kind in KINDS for field in msgspec.structs.fields(kind)})
EVENT_TYPES = ["m.room.message", "m.room.member", "m.room.create", "m.room.power_levels", "m.room.redaction", *TYPES]

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=20),
    st.sampled_from([ME, CUSTOMER, "a/b%2F", "..", "<html>", "m.replace", "m.text", "join"]),
)
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.one_of(st.sampled_from(NAMES), st.text(max_size=8)), inner, max_size=5),
    ),
    max_leaves=12,
)
bodies = st.one_of(
    values.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=60),
    st.just(b"<html><body>502 Bad Gateway</body></html>"),
    st.just(b"[" * 5000),
)
events = st.fixed_dictionaries(
    {"type": st.sampled_from(EVENT_TYPES), "event_id": st.text(max_size=10), "sender": st.sampled_from([ME, CUSTOMER])},
    optional={
        "content": values,
        "state_key": st.one_of(st.text(max_size=8), st.integers()),
        "origin_server_ts": scalars,
        "unsigned": values,
        "redacts": scalars,
    },
)


def raw(value: object) -> msgspec.Raw:
    return msgspec.Raw(json.dumps(value).encode())


def new_room(room_id: str = "!r:example.org") -> Room:
    return Room(room_id, Staff(Agent(ME, "Anna")), Mark())


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(body=bodies)
def test_answer_is_its_type_or_nothing(kind: type[msgspec.Struct], body: bytes) -> None:
    found = decode_raw(body, kind)
    assert found is None or type(found) is kind


@given(status=st.integers(201, 599), body=bodies, header=st.text(max_size=10))
def test_refusal_is_a_typed_error_with_one_readable_line(status: int, body: bytes, header: str) -> None:
    error = refusal(status, {"Retry-After": header}, body)
    assert isinstance(error, ConnectorError)
    assert str(error)
    assert str(error).isprintable()


@given(malformed=st.lists(st.one_of(events, values), max_size=6))
def test_malformed_events_do_not_hide_the_good_one_after_them(malformed: list[object]) -> None:
    room, other = new_room(), new_room("!other:example.org")
    good = {"type": "m.room.message", "event_id": "$good-one", "sender": CUSTOMER, "content": {"body": "help"}}
    before = other.conversation()
    folded = fold_timeline(room, decode_events([*map(raw, malformed), raw(good)]), {})
    shown = [event.message for event in folded if isinstance(event, MessageUpserted)]
    assert (shown[-1].id, shown[-1].body) == ("$good-one", "help")
    assert upserted(room).conversation.id == room.id
    assert other.conversation() == before


@given(malformed=st.lists(st.one_of(events, values), max_size=6))
def test_malformed_invitation_stays_one_conversation(malformed: list[object]) -> None:
    room = new_room()
    invited = InvitedRoom(wire.Events([raw(one) for one in malformed]))
    told = fold_invite(room, invited, 1.0)
    assert all(isinstance(event, ConversationUpserted) and event.conversation.id == room.id for event in told)


@given(kind=st.sampled_from(["m.typing", "m.receipt", "m.presence"]), content=values)
def test_malformed_signs_of_life_are_left_out(kind: str, content: object) -> None:
    event = raw({"type": kind, "sender": ME, "content": content})
    told = fold_ephemeral(new_room(), [event], 1.0)
    assert all(isinstance(one, TypingChanged | ReadMarked) and one.conversation_id == "!r:example.org" for one in told)
    assert all(isinstance(one, PresenceChanged) for one in read_presence([event], ME, "desk"))


@given(content=values)
def test_malformed_ticket_field_is_none_or_typed(content: object) -> None:
    for event_type in TYPES:
        found = read_ticket_event(event_type, raw(content))
        assert found is None or isinstance(found, msgspec.Struct)


@given(body=bodies)
def test_damaged_cursor_is_a_fresh_one(body: bytes) -> None:
    assert isinstance(decode_cursor(body.decode("utf-8", "replace"), ME), Cursor)


@given(room_id=st.text(st.one_of(st.characters(codec="utf-8"), st.sampled_from("/%.?#")), min_size=1, max_size=30))
def test_any_id_is_one_segment_of_a_path(room_id: str) -> None:
    path = room_path(room_id, "send")
    assert path.count("/") == 6
    assert unquote(path.split("/")[5]) == room_id


@pytest.mark.parametrize("presence", list(Presence))
@pytest.mark.parametrize("text", ["", "lunch", "back at 3: really"])
def test_presence_comes_back_as_it_was_set(presence: Presence, text: str) -> None:
    content = {"presence": state_of(presence), "status_msg": text_of(presence, text)}
    told = read_presence([raw({"type": "m.presence", "sender": ME, "content": content})], ME, "desk")
    assert told == [PresenceChanged("desk", presence, text)]


def test_presence_of_others_is_not_ours() -> None:
    other = raw({"type": "m.presence", "sender": CUSTOMER, "content": {"presence": "online"}})
    assert read_presence([other], ME, "desk") == []


def reply(body: str) -> Send:
    return Send(conversation_id=ConversationId("!r"), body=body, visibility=Visibility.PUBLIC, client_id=ClientId("c1"))


def test_control_characters_are_left_out_of_a_reply_and_said() -> None:
    made = prepared(reply("a\x00b\x1b[31m\tc\r\nd"))
    assert made.parts == ("ab[31m\tc\nd",)
    assert made.remarks
    again = prepared(reply(made.parts[0]))
    assert (again.parts, again.remarks) == (made.parts, ())


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(lambda: "ä" * (MAX_BODY // 2 + 1), id="bytes"),
        pytest.param(lambda: '"' * MAX_BODY, id="escapes"),
        pytest.param(lambda: "\ud800", id="half a pair"),
    ],
)
def test_reply_that_no_event_carries_is_refused_beforehand(body: Callable[[], str]) -> None:
    with pytest.raises(Rejected):
        prepared(reply(body()))
