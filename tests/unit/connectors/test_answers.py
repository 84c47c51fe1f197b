"""A status code becomes the error that says what may be done, and a body becomes a typed value or a readable error."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.connectors.answers import accepted, decoded, retry_after
from paradesk.connectors.base import (
    AuthError,
    Conflict,
    ConnectorError,
    Forbidden,
    Gone,
    ProtocolError,
    RateLimited,
    Rejected,
    Uncertain,
)
from paradesk.connectors.http import Answer


class Thing(msgspec.Struct):
    id: int


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, AuthError), (403, Forbidden), (404, Gone), (410, Gone), (409, Conflict), (422, Rejected), (400, Rejected),
        (408, Uncertain), (429, RateLimited), (500, Uncertain), (502, Uncertain), (503, Uncertain), (304, Rejected),
    ],
)  # fmt: skip
def test_a_status_means_an_error(status: int, kind: type[ConnectorError]) -> None:
    with pytest.raises(ConnectorError) as raised:
        accepted(Answer(status, {}, b"<html>\x1b[31m"), "Acme")
    assert type(raised.value) is kind
    assert str(raised.value) == f"Acme answered {status}"


def test_a_busy_server_names_its_time() -> None:
    with pytest.raises(RateLimited) as raised:
        accepted(Answer(503, {"Retry-After": "7"}, b"busy \x1b[2J"), "Acme")
    assert raised.value.retry_after == 7
    assert "\x1b" not in str(raised.value)
    assert retry_after(Answer(429, {"Retry-After": "1e9"}, b"")) == 3600
    assert retry_after(Answer(429, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, b"")) == 0.1
    assert retry_after(Answer(429, {"Retry-After": "soon"}, b"")) == 5


def test_what_is_understood_comes_back() -> None:
    assert decoded(accepted(Answer(200, {}, b'{"id": 7, "more": true}'), "Acme"), Thing, "Acme").id == 7


@pytest.mark.parametrize(
    "body",
    [b"", b"<html><body>Proxy</body>", b"[" * 100_000, b'{"id": "7"}', b"{}", b"\xff\xfe", b'{"id": 1e400}'],
    ids=["empty", "html", "deep", "wrong type", "missing", "not text", "too large"],
)
def test_what_cannot_be_understood_is_a_protocol_error(body: bytes) -> None:
    with pytest.raises(ProtocolError, match="Acme answered something that cannot be understood"):
        decoded(Answer(200, {}, body), Thing, "Acme")


@given(st.integers(100, 599), st.binary(max_size=300), st.text(max_size=40))
def test_nothing_but_connector_errors(status: int, body: bytes, later: str) -> None:
    try:
        decoded(accepted(Answer(status, {"Retry-After": later}, body), "Acme"), Thing, "Acme")
    except ConnectorError as error:
        assert str(error).isprintable()
