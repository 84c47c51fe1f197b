"""Whatever Live Helper Chat (or something in its place) answers becomes events or a typed error, never anything else."""

import contextlib
import json

from hypothesis import given
from hypothesis import strategies as st

from paradesk.connectors.base import ConnectorError, ProtocolError
from paradesk.connectors.http import Answer
from paradesk.connectors.livehelperchat.answers import meaning, parsed, redacted
from paradesk.connectors.livehelperchat.fold import conversation_of, message_of, place_keys
from paradesk.connectors.livehelperchat.records import Record, Records
from paradesk.connectors.livehelperchat.text import JOINER, prepared
from paradesk.connectors.livehelperchat.wire import (
    ChatRow,
    MessageRow,
    OperatorRow,
    chat_row,
    file_row,
    message_row,
    operator_row,
    transfer_row,
)
from paradesk.core.events import ConversationUpserted, MessageUpserted
from paradesk.core.model import Message
from paradesk.core.reduce import reduce
from paradesk.core.state import State

ME = OperatorRow(1, "Anna", "", True, False)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["1", "0", "-1", "2", "1e400", "NaN", "9" * 30, "\ud800", "[file=1_a]", "!close"])
)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
_NAMES = """
    id status status_sub user_id nick email phone dep_id priority subject time last_msg_id is_user_typing
    additional_data online_user_id chat_id msg meta_msg name_support del_st media transfer_id transfer_scope
    transfer_user_id upload_name type size hash name surname chat_nickname hide_online
"""
FIELDS = st.sampled_from(_NAMES.split())
ROWS = st.dictionaries(FIELDS, JSON, max_size=20)
META = st.sampled_from(
    [
        '{"content":{"whisper":true}}',
        '{"content":{"accept_action":{"ol":["op_pnd_msg"],"user_id":1}}}',
        '{"content":{"accept_action":{"ol":{"a":1},"user_id":[]}}}',
        '{"content":[1]}',
        '{"content":{"quick_replies":[{}]}}',
        "[" * 3000,
        "{",
    ]
)


@given(ROWS, ROWS)
def test_any_row_becomes_an_event_or_nothing(row: dict[str, object], other: dict[str, object]) -> None:
    chat = chat_row(row)
    if chat is not None:
        conversation = conversation_of(chat, ME, {}, {}, None)
        state = reduce(State(), ConversationUpserted(conversation, 1))
        assert state.threads[conversation.id].conversation.customer.name
    for decode in (file_row, operator_row, transfer_row):
        decode(other)


@given(st.lists(st.tuples(ROWS, META), max_size=6))
def test_any_message_becomes_an_event_or_nothing(rows: list[tuple[dict[str, object], str]]) -> None:
    chat = chat_row({"id": 7, "status": 1})
    assert chat is not None
    found = [message for row, meta in rows if (message := message_row(row | {"meta_msg": meta}, 7)) is not None]
    keys = place_keys(found)
    state = State()
    for row in found:
        state = reduce(state, MessageUpserted(taken(row, keys[row.id], chat)))
    shown = {message.id for thread in state.threads.values() for message in thread.transcript}
    assert shown == {str(row.id) for row in found}


def taken(row: MessageRow, key: int, chat: ChatRow) -> Message:
    message = message_of(row, key, chat)
    assert message.sender_name
    assert message.conversation_id == "7"
    return message


@given(st.binary(max_size=300), st.sampled_from([200, 204, 302, 400, 401, 403, 404, 429, 500, 503]))
def test_any_answer_is_data_or_a_typed_error(body: bytes, status: int) -> None:
    with contextlib.suppress(ConnectorError):
        meaning(Answer(status, {"Retry-After": body[:5].decode("latin-1")}, body))


@given(
    JSON, st.sampled_from([b"", b"<br />\n<b>Warning</b>:  x{y} [0] in a on line <b>3</b><br />\n", b"Notice: [a]\n"])
)
def test_json_is_found_behind_warnings(content: object, noise: bytes) -> None:
    body = json.dumps({"list": content}, allow_nan=False, default=str).encode() if finite(content) else b"{}"
    assert isinstance(parsed(noise + body), dict)


def finite(content: object) -> bool:
    try:
        json.dumps(content, allow_nan=False).encode()
        return json.loads(json.dumps(content)) == content and "\\ud" not in json.dumps(content)
    except ValueError:
        return False


@given(st.binary(max_size=200))
def test_what_is_no_json_is_a_protocol_error(body: bytes) -> None:
    try:
        parsed(body)
    except ProtocolError as error:
        assert str(error).isprintable()


@given(st.text(max_size=60) | st.sampled_from(["{", "[]", '{"user":1,"chats":{"x":[],"7":[3,1],"8":["a"]}}']))
def test_any_cursor_is_a_beginning(cursor: str) -> None:
    records = Records(1, cursor)
    assert all(isinstance(record, Record) for record in records.chats.values())
    assert Records(1, records.cursor()).chats.keys() == records.chats.keys()


MARKUP = st.lists(
    st.sampled_from(
        [
            "!",
            " ",
            "\n",
            "[b]",
            "[/b]",
            "[html]",
            "[HTML]",
            "[/html]",
            "[url=x]",
            "](",
            ")",
            "`",
            "[*]",
            "\0",
            "é",
            JOINER,
            "[fs12]",
        ]
    ),
    max_size=12,
).map("".join)


@given(MARKUP | st.text(max_size=80), st.booleans())
def test_prepared_text_is_harmless_and_stays_as_it_is(body: str, markup: bool) -> None:
    once = prepared(body, markup=markup)
    assert prepared(once.parts[0], markup=markup) == type(once)(once.parts, tuple(r for r in once.remarks if "`" in r))
    assert not once.parts[0].startswith("!")
    assert "[html]" not in once.parts[0].lower()
    assert once.parts[0].replace(JOINER, "") == body.strip(" \t\n\r\0\x0b").replace(JOINER, "")


def test_what_lets_others_in_is_taken_out() -> None:
    told = redacted(
        '{"hash": "abc\\"d", "password":"$2y$10$abcdefghijklmnopqrstuuABCDEFGHIJKLMNOPQRSTUVWXYZ", "nick":"Eve"}'
    )
    assert "abc" not in told
    assert "$2y$" not in told
    assert "Eve" in told
