"""Whatever Zendesk (or something in its place) answers becomes events or a typed error, never anything else."""

import contextlib
import json

from hypothesis import given
from hypothesis import strategies as st

from paradesk.connectors.base import ConnectorError
from paradesk.connectors.http import Answer
from paradesk.connectors.zendesk.answers import meaning
from paradesk.connectors.zendesk.client import search_words
from paradesk.connectors.zendesk.fold import People, conversation_of, customer_of, messages_of
from paradesk.connectors.zendesk.records import Records, fresh
from paradesk.connectors.zendesk.text import JOINER, prepared
from paradesk.connectors.zendesk.wire import UserRow, comment_row, file_row, macro_row, plain, ticket_row, user_row
from paradesk.core.events import ConversationUpserted, MessageUpserted
from paradesk.core.reduce import reduce
from paradesk.core.state import State

ME = UserRow(1, "Anna", "", "", "agent", "", 0.0, ())
ODD = ["1", "-1", "NaN", "9" * 30, "2020-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "2020-13-01", "closed", "\ud800"]
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(ODD)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
)
_NAMES = """
    id subject raw_subject status priority tags requester_id assignee_id group_id via created_at updated_at
    organization_id audit_id author_id body plain_body public attachments file_name content_type size content_url
    malware_scan_result deleted name email phone role locale user_fields time_zone title actions
"""
ROWS = st.dictionaries(st.sampled_from(_NAMES.split()), JSON, max_size=20)


@given(ROWS, ROWS, st.lists(ROWS, max_size=5))
def test_any_row_becomes_an_event_or_nothing(
    row: dict[str, object], other: dict[str, object], comments: list[dict[str, object]]
) -> None:
    people = People(ME)
    if (user := user_row(other)) is not None:
        people.learn([user])
    file_row(other)
    macro_row(other)
    ticket = ticket_row(row)
    if ticket is None:
        return
    conversation = conversation_of(ticket, people)
    state = reduce(State(), ConversationUpserted(conversation, 1))
    assert conversation.customer.id
    assert customer_of(ticket, user, [ticket]).earlier == ()
    rows = {one.id: one for said in comments if (one := comment_row(said)) is not None}
    for message in messages_of(ticket, list(rows.values()), people):
        assert message.sender_name
        state = reduce(state, MessageUpserted(message))
    assert len(list(state.threads[conversation.id].transcript)) == len(rows)


@given(ROWS)
def test_what_is_not_said_to_be_public_is_a_note(row: dict[str, object]) -> None:
    comment = comment_row(row)
    assert comment is None or comment.public is (row.get("public") is True)


@given(st.binary(max_size=300), st.sampled_from([200, 201, 204, 302, 400, 401, 403, 404, 409, 413, 422, 429, 500, 503]))
def test_any_answer_is_data_or_a_typed_error(body: bytes, status: int) -> None:
    with contextlib.suppress(ConnectorError):
        meaning(Answer(status, {"Retry-After": body[:5].decode("latin-1")}, body))


@given(JSON, st.sampled_from([400, 403, 404, 409, 422, 500]))
def test_any_refusal_has_words_on_one_line(content: object, status: int) -> None:
    body = json.dumps({"error": content, "description": content, "details": content}, default=str).encode()
    try:
        meaning(Answer(status, {}, body))
    except ConnectorError as error:
        assert str(error).isprintable()
        assert len(str(error)) < 400


@given(st.text(max_size=60) | st.sampled_from(["{", '{"user":1,"tickets":{"x":[],"7":["1"],"8":[2]}}']))
def test_any_cursor_is_a_beginning(cursor: str) -> None:
    records = Records(1, cursor)
    assert Records(1, records.cursor()).tickets.keys() == records.tickets.keys()
    for record in records.tickets.values():
        assert fresh(record, []) == []


@given(st.text(max_size=80) | st.lists(st.sampled_from(["{", "{{", "}}", "{%", "%}", "a", " ", JOINER])).map("".join))
def test_prepared_text_fills_nothing_in_and_stays_as_it_is(body: str) -> None:
    once = prepared(body).parts
    assert prepared(once[0]).parts == once
    assert "{{" not in once[0]
    assert "{%" not in once[0]
    assert once[0].replace(JOINER, "") == body.replace(JOINER, "")


@given(st.text(max_size=80))
def test_words_of_a_search_are_no_operators(words: str) -> None:
    harmless = search_words(words)
    assert not set(harmless) & set('":<>=~*\\()')
    assert " -" not in f" {harmless}"


@given(
    st.text(max_size=120)
    | st.lists(st.sampled_from(["<p>", "</p>", "<br>", "a", "<", "&amp;", "<!--", "</"])).map("".join)
)
def test_any_html_becomes_text(html: str) -> None:
    assert isinstance(plain(html), str)
