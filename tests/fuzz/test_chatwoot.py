"""Whatever Chatwoot, or somebody who plays it, sends: its decoders take it or leave it, and never raise."""

import json

import httpx
import msgspec
from hypothesis import given
from hypothesis import strategies as st

from paradesk.connectors.base import ConnectorError, NotSent
from paradesk.connectors.chatwoot.account import People, conversation_path, wanted_inboxes
from paradesk.connectors.chatwoot.board import Board
from paradesk.connectors.chatwoot.client import multipart, refusal, segment
from paradesk.connectors.chatwoot.cursor import MARGIN, Cursor, decode_cursor
from paradesk.connectors.chatwoot.happenings import MEANINGS, Consequences, consider
from paradesk.connectors.chatwoot.messages import message_of
from paradesk.connectors.chatwoot.reading import _line, _macros, excerpt
from paradesk.connectors.chatwoot.tickets import conversation_from
from paradesk.connectors.chatwoot.wire import (
    Broadcast,
    ConversationList,
    ConversationRecord,
    Frame,
    Inbox,
    Payload,
    Profile,
    decode,
    members,
    seconds,
    shape_of,
)
from paradesk.connectors.http import Answer
from paradesk.core.model import Agent, ConversationId, Message, Presence
from paradesk.core.reduce import reduce
from paradesk.core.state import State
from paradesk.desk.intake import incoming

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=30),
    st.sampled_from(
        ["open", "snoozed", "User", "Contact", "failed", "2026-11-28T04:00:00.123Z", "1795300000", "9" * 40]
    ),
)
_WORDS = """
    id conversation_id account_id inbox_id message_type content created_at updated_at private status
    content_attributes echo_id sender_type sender_id sender attachments deleted paradesk_id external_error items
    submitted_values file_type data_url file_size extension fallback_title coordinates_lat coordinates_long name
    email phone_number type meta assignee assignee_type team channel can_reply labels priority snoozed_until
    waiting_since contact_last_seen_at last_activity_at custom_attributes additional_attributes messages
    last_non_activity_message conversation user is_private users payload data event title mail_subject
    pubsub_token accounts role availability actions action_name action_params
"""
KEYS = st.sampled_from(_WORDS.split())
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=8), max_leaves=25
)


def near(record: dict[str, object]) -> st.SearchStrategy[dict[str, object]]:
    """Return records that are almost right: some fields of a good one have become something else."""
    return st.dictionaries(st.sampled_from(sorted(record)), VALUES, max_size=3).map(lambda changes: record | changes)


CONTACT: dict[str, object] = {"id": 9, "name": "Dana", "type": "contact", "custom_attributes": {}, "email": None}
MESSAGE: dict[str, object] = {
    "id": 4711,
    "conversation_id": 33,
    "message_type": 0,
    "content": "Hi",
    "created_at": 1795300000,
    "updated_at": "2026-11-28T04:00:00.123Z",
    "private": False,
    "status": "sent",
    "content_attributes": {},
    "echo_id": None,
    "sender_type": "Contact",
    "sender": CONTACT,
    "attachments": [{"id": 1, "file_type": "image", "data_url": "https://files.example/a/b%20c.png", "file_size": 3}],
}
CONVERSATION: dict[str, object] = {
    "id": 33,
    "status": "open",
    "inbox_id": 2,
    "can_reply": True,
    "labels": ["vip"],
    "priority": "high",
    "snoozed_until": None,
    "custom_attributes": {"order": 7},
    "additional_attributes": {"browser": {"name": "x"}},
    "contact_last_seen_at": 1795300001,
    "updated_at": 1795300000.123,
    "created_at": 1795200000,
    "meta": {"sender": CONTACT, "assignee": {"id": 7, "name": "Ada"}, "team": {"id": 1, "name": "Billing"}},
    "messages": [MESSAGE],
}
RECORDS = VALUES | near(MESSAGE) | near(CONVERSATION) | near(CONTACT)
TYPING = st.fixed_dictionaries({"conversation": near(CONVERSATION), "user": near(CONTACT)})
BROADCASTS = st.fixed_dictionaries(
    {"event": st.sampled_from(sorted(MEANINGS)) | st.text(max_size=20), "data": RECORDS | TYPING}
)


def raw(value: object) -> msgspec.Raw:
    """Return a value as it comes over the wire."""
    return msgspec.Raw(json.dumps(value).encode("utf-8", "replace"))


def board() -> Board:
    """Return a board on which one conversation is known."""
    people = People(Agent("7", "Ada"), Presence.ONLINE, agents={7: Agent("7", "Ada"), 8: Agent("8", "Ben")})
    made = Board("shop", people, Cursor(1, 7))
    record = decode(raw(CONVERSATION), ConversationRecord)
    assert record is not None
    made.take_conversation(record)
    return made


@given(st.lists(BROADCASTS, max_size=6))
def test_broadcasts_become_events_that_the_desk_takes(broadcasts: list[dict[str, object]]) -> None:
    table, state, then = board(), State(), Consequences()
    for one in broadcasts:
        broadcast = decode(raw(one), Broadcast)
        if broadcast is not None:
            try:
                consider(table, broadcast, 1, then)
            except NotSent:
                assert broadcast.event == "user:logout"
    for event in then.events:
        state = reduce(state, incoming("shop", event))
    assert decode_cursor(table.cursor.encode(), 1, 7).settled >= 0


@given(BROADCASTS, st.integers(2, 99))
def test_nothing_of_another_account_is_taken(broadcast: dict[str, object], owner: int) -> None:
    content = broadcast["data"]
    found = decode(
        raw(broadcast | {"data": (content if isinstance(content, dict) else {}) | {"account_id": owner}}), Broadcast
    )
    assert found is not None
    then = Consequences()
    consider(board(), found, 1, then)
    assert then == Consequences()


@given(RECORDS)
def test_message_is_a_message_or_nothing(value: object) -> None:
    found = message_of(raw(value), ConversationId("33"), "Dana")
    assert found is None or isinstance(found, Message)
    if found is not None and isinstance(value, dict) and value.get("private") is True:
        assert found.visibility == "note", "what is private never looks public"


@given(RECORDS)
def test_conversation_is_one_or_nothing(value: object) -> None:
    record = decode(raw(value), ConversationRecord)
    if record is not None:
        conversation_from(record, board().people)
        _line(record)


@given(VALUES | st.fixed_dictionaries({"payload": st.lists(VALUES, max_size=3)}))
def test_answers_are_read_or_not(value: object) -> None:
    decode(raw(value), Profile)
    listing = decode(raw(value), ConversationList)
    for record in members(listing.data.payload if listing else [], ConversationRecord):
        assert record.id is not None
    payload = decode(raw(value), Payload)
    if payload is not None:
        list(_macros(payload))


@given(st.binary(max_size=200))
def test_bytes_are_no_frame_and_no_accident(content: bytes) -> None:
    decode(content, Frame)
    decode_cursor(content.decode("latin-1"), 1, 7)
    assert len(shape_of(content)) <= 400


@given(VALUES)
def test_shape_tells_no_text(value: object) -> None:
    secret = "hunter2-hunter2"
    assert secret not in shape_of(json.dumps({"content": secret, "more": [secret, {"x": secret}], "rest": value}))


@given(SCALARS)
def test_times_are_within_the_calendar(value: object) -> None:
    if isinstance(value, int | float | str | None) and not isinstance(value, bool):
        try:
            number = float(value) if isinstance(value, int) else value
        except OverflowError:
            return
        assert 0.0 <= seconds(number) < 2.0**36


@given(
    st.integers(100, 599), st.binary(max_size=100) | RECORDS.map(lambda value: bytes(raw(value))), st.text(max_size=20)
)
def test_refusals_have_printable_words(status: int, body: bytes, wait: str) -> None:
    error = refusal(Answer(status, {"Retry-After": wait}, body))
    assert isinstance(error, ConnectorError)
    assert str(error)
    assert str(error).isprintable()


@given(st.text(max_size=40))
def test_conversation_path_has_no_surprises(name: str) -> None:
    try:
        path = conversation_path(name, name)
    except ConnectorError:
        return
    assert path == f"conversations/{name}/{name}"
    assert httpx.URL(f"https://x/{path}").path == f"/{path}"


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_segment_is_one(text: str) -> None:
    assert "/" not in segment(text)


@given(st.text(st.characters(codec="utf-8"), max_size=30), st.text(st.characters(codec="utf-8"), max_size=30))
def test_form_holds_what_it_is_given(name: str, text: str) -> None:
    content, media_type = multipart({"content": text}, [(name or "file", "text/plain", b"whole\r\n--bytes")])
    assert b"whole\r\n--bytes" in content
    assert text.encode() in content
    assert media_type.startswith("multipart/form-data; boundary=")
    assert content.count(media_type.partition("boundary=")[2].encode()) == 3


@given(st.text(max_size=30))
def test_inbox_setting_is_kept_or_named(setting: str) -> None:
    try:
        wanted = wanted_inboxes(setting, [Inbox(2, "Web shop")])
    except ConnectorError as error:
        assert "2 (Web shop)" in str(error)
        return
    assert wanted in (None, {2})


@given(st.lists(st.tuples(st.integers(1, 500), st.integers(0, 400)), max_size=60))
def test_place_lies_behind_all_that_may_still_be_joined_by_others(seen: list[tuple[int, int]]) -> None:
    cursor, newest = Cursor(1, 7), 0
    for number, at in seen:
        cursor.saw_message(number, float(at))
        newest = max(newest, at)
    if seen:
        youngest = min(number for number, at in seen if at > newest - MARGIN)
        assert 0 <= cursor.settled < youngest
    again = decode_cursor(cursor.encode(), 1, 7)
    assert again.settled in (0, cursor.settled)


@given(st.lists(st.text(max_size=300), max_size=4), st.text(min_size=1, max_size=10))
def test_excerpt_is_a_piece_of_what_was_written(texts: list[str], words: str) -> None:
    found = excerpt(texts, words)
    assert len(found) <= 200
    assert not texts or any(found in text for text in texts)
