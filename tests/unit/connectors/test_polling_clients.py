"""What leaves for a Live Helper Chat or a Zendesk, where credentials stand in it, and answers about somebody else."""

from collections.abc import AsyncIterator

import httpx
import msgspec
import pytest

from paradesk.connectors.base import AuthError, ProtocolError, Rejected
from paradesk.connectors.livehelperchat.client import LhcClient, checked_user, place_of
from paradesk.connectors.zendesk.client import ZendeskClient, signature_of
from paradesk.core.secret import Secret


class Whole(httpx.AsyncByteStream):
    """A body that comes in one piece."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body


def said(content: object, seen: list[httpx.Request] | None = None) -> httpx.MockTransport:
    """Return a network that answers everything with this JSON and remembers what was asked."""

    def answer(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        return httpx.Response(200, stream=Whole(msgspec.json.encode(content)))

    return httpx.MockTransport(answer)


def lhc(transport: httpx.MockTransport, address: str = "https://chat.example.org") -> LhcClient:
    return LhcClient(address, "anna", Secret("the-key"), transport=transport)


def zendesk(transport: httpx.MockTransport) -> ZendeskClient:
    signature = signature_of("anna@example.org", Secret("the-token"), Secret(""))
    return ZendeskClient("https://acme.zendesk.com", signature, transport=transport)


@pytest.mark.parametrize(
    ("address", "origin", "path"),
    [
        ("https://chat.example.org", "https://chat.example.org/", "/index.php"),
        ("chat.example.org/", "https://chat.example.org/", "/index.php"),
        ("https://example.org:8443/lhc/index.php/", "https://example.org:8443/", "/lhc/index.php"),
        ("http://127.0.0.1:80/x", "http://127.0.0.1/", "/x"),
    ],
)
def test_an_installation_has_an_origin_and_a_path(address: str, origin: str, path: str) -> None:
    found, where = place_of(address)
    assert (str(found), where) == (origin, path)


@pytest.mark.parametrize(
    "address", ["", "http://chat.example.org", "ftp://x.example", "https://u:p@x.example/a", "https://"]
)
def test_no_key_leaves_for_what_is_no_installation(address: str) -> None:
    with pytest.raises(AuthError):
        place_of(address)


async def test_the_key_is_for_rest_and_the_password_for_the_mobile_interface() -> None:
    seen: list[httpx.Request] = []
    client = lhc(
        said({"error": False, "list": [], "result": {"messages": []}}, seen), "https://example.org/lhc/index.php"
    )
    await client.chats({"status_ids": "0,1"})
    await client.messages(7, 3)
    await client.mobile("lists", "anna", Secret("the-password"))
    await client.close()
    paths = [request.url.path for request in seen]
    assert paths == [
        "/lhc/index.php/restapi/chats",
        "/lhc/index.php/restapi/fetchchatmessages",
        "/lhc/index.php/xml/lists",
    ]
    assert all("Authorization" in request.headers for request in seen[:2])
    assert "Authorization" not in seen[2].headers
    assert b"the-password" in seen[2].content
    for request in seen:
        assert "the-key" not in str(request.url)
        assert "the-password" not in str(request.url)
        assert "workflow" not in request.url.params, "with it the server takes us for the visitor"


async def test_another_chat_is_no_answer() -> None:
    client = lhc(said({"error": False, "result": {"id": 8, "status": 1, "nick": "somebody else"}}))
    with pytest.raises(ProtocolError, match="asked for chat 7"):
        await client.chat(7)
    await client.close()
    rows = [
        {"id": 3, "chat_id": 8, "msg": "not yours"},
        {"id": 4, "chat_id": 7, "msg": "yours"},
        {"id": 2, "msg": "old"},
    ]
    client = lhc(said({"error": False, "result": {"messages": rows}}))
    assert [row.body for row in await client.messages(7, 2)] == ["yours"]
    await client.close()


async def test_another_ticket_is_no_answer() -> None:
    client = zendesk(said({"ticket": {"id": 8, "status": "open"}, "user": {"id": 5}}))
    with pytest.raises(ProtocolError, match="asked for ticket 7"):
        await client.ticket(7)
    with pytest.raises(ProtocolError, match="asked for user 6"):
        await client.user(6)
    await client.close()


async def test_broken_text_is_refused_before_it_leaves() -> None:
    seen: list[httpx.Request] = []
    chat, tickets = lhc(said({}, seen)), zendesk(said({}, seen))
    with pytest.raises(Rejected, match="broken character"):
        await chat.write(7, "half a pair \ud83d", "operator")
    with pytest.raises(Rejected, match="broken character"):
        await tickets.update(7, {"comment": {"body": "half a pair \ud83d"}}, "now")
    assert seen == []
    await chat.close()
    await tickets.close()


async def test_files_of_strangers_are_not_fetched() -> None:
    row = {"id": 3, "size": 4, "content_url": "https://10.0.0.7/file"}
    seen: list[httpx.Request] = []
    client = zendesk(said({"attachment": row}, seen))
    with pytest.raises(Rejected, match="private network"):
        await client.file(3, 1000)
    for address in ("", "ftp://x.example/a", "file:///etc/passwd"):
        row["content_url"] = address
        with pytest.raises(Rejected, match="no address"):
            await client.file(3, 1000)
    assert {request.url.host for request in seen} == {"acme.zendesk.com"}
    await client.close()


def test_who_can_sign_in() -> None:
    assert checked_user(" anna ", Secret("k")) == "anna"
    for user, key in (("", "k"), ("anna", ""), ("a:b", "k")):
        with pytest.raises(AuthError):
            checked_user(user, Secret(key))
    assert signature_of("", Secret(""), Secret("t")).reveal() == "Bearer t"
    with pytest.raises(AuthError):
        signature_of("anna@example.org", Secret(""), Secret(""))
