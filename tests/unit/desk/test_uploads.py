"""Files go to the backend before their reply, each once: a retry and a restart use what is there already."""

import asyncio
import sqlite3
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from paradesk.connectors.base import (
    ConnectorError,
    Gone,
    NotSent,
    Outcome,
    Prepared,
    RateLimited,
    Rejected,
    Uncertain,
    Unsupported,
)
from paradesk.connectors.capabilities import Idempotency, Support
from paradesk.core.events import ConversationUpserted
from paradesk.core.intents import Intent, Send
from paradesk.core.model import ClientId, ConversationId, Delivery, LocalFile, Visibility
from paradesk.desk.desk import Desk
from tests.unit.desk.conftest import Start
from tests.unit.desk.scripted import ABLE, PATIENCE, QUICK, Scripted, conversation, delivery, reaches, reply, wait_for

ONE = ConversationId("acme/1")
FILES = tuple(LocalFile(path=f"/files/{name}", name=name, media_type="text/plain", size=3) for name in ("a", "b"))
UPLOADING = replace(ABLE, attachments_out=Support.NATIVE, upload=Support.NATIVE)


class Store(Scripted):
    """Takes files by name; fails the next uploads and the next sends with what a test gives it."""

    def __init__(self, upload: Support = Support.NATIVE) -> None:
        super().__init__(replace(UPLOADING, upload=upload))
        self.first = (ConversationUpserted(conversation("1"), 1), ConversationUpserted(conversation("2"), 1))
        self.uploaded: list[str] = []
        self.upload_troubles: list[ConnectorError] = []
        self.send_troubles: list[ConnectorError] = []
        self.begun = threading.Event()
        self.open = asyncio.Event()
        self.open.set()
        self.on_perform = through

    async def upload(self, conversation_id: ConversationId, file: LocalFile) -> str:
        assert conversation_id in ("1", "2")
        self.begun.set()
        await self.open.wait()
        if self.upload_troubles:
            raise self.upload_troubles.pop(0)
        self.uploaded.append(file.name)
        return f"store:{file.name}:{len(self.uploaded)}"

    async def deliver(self, intent: Intent) -> Outcome:
        if isinstance(intent, Send) and self.send_troubles:
            raise self.send_troubles.pop(0)
        return await super().deliver(intent)

    def prepare(self, send: Send) -> Prepared:
        return Prepared(tuple(send.body.splitlines()) or ("",))


async def through(scripted: Scripted, intent: Intent) -> Outcome:
    return await scripted.deliver(intent)


def with_files(desk: Desk, body: str = "here", hold: float = 0.0) -> ClientId:
    client_id = desk.new_client_id()
    send = Send(
        conversation_id=ONE, body=body, visibility=Visibility.PUBLIC, client_id=client_id, attachments=FILES, hold=hold
    )  # fmt: skip
    desk.submit(send).result(PATIENCE)
    return client_id


def reason(desk: Desk, client_id: ClientId) -> str:
    return desk.state.threads[ONE].sends[client_id].reason


@pytest.mark.parametrize(
    "troubles",
    [[], [NotSent("no route")], [Uncertain("reset"), Uncertain("reset")], [RateLimited("slow down", 0.01)]],
    ids=["well", "not-sent", "unclear", "limited"],
)
def test_each_file_is_uploaded_and_the_reply_names_it(start: Start, troubles: list[ConnectorError]) -> None:
    """In their order, after whatever failed on the way, and with the first part of the reply only."""
    connector = Store()
    connector.upload_troubles = troubles
    desk = start(connector)
    client_id = with_files(desk, "one\ntwo")
    reaches(desk, ClientId(f"{client_id}.2"), Delivery.CONFIRMED)
    assert connector.uploaded == ["a", "b"]
    assert [send.uploads for send in connector.sent] == [("store:a:1", "store:b:2"), ()]
    assert [send.attachments for send in connector.sent] == [FILES, ()]


def test_a_send_that_is_tried_again_does_not_upload_again(start: Start) -> None:
    """Not sent, limited, refused and sent again by the agent: the same uploads each time."""
    connector = Store()
    connector.send_troubles = [NotSent("no route"), RateLimited("slow down", 0.01), Rejected("no")]
    desk = start(connector)
    client_id = with_files(desk)
    reaches(desk, client_id, Delivery.FAILED)
    desk.retry(client_id).result(PATIENCE)
    reaches(desk, client_id, Delivery.CONFIRMED)
    assert connector.uploaded == ["a", "b"]
    assert {send.uploads for send in connector.sent} == {("store:a:1", "store:b:2")}


def test_a_restart_goes_on_with_the_file_that_is_missing(start: Start) -> None:
    """One of two is there when the desk ends: the next life brings the other one only."""
    first = Store()
    desk = start(first)

    async def one_only(connector: Store, file: LocalFile) -> str:
        if first.uploaded:
            raise NotSent("no route")
        first.uploaded.append(file.name)
        return "first-life"

    first.upload = lambda conversation_id, file: one_only(first, file)  # type: ignore[method-assign]
    client_id = with_files(desk)
    wait_for(desk, lambda state: "no route" in state.threads[ONE].sends[client_id].reason)
    second = Store()
    desk = start(second)
    reaches(desk, client_id, Delivery.CONFIRMED)
    assert (first.uploaded, second.uploaded) == (["a"], ["b"])
    assert second.sent[0].uploads == ("first-life", "store:b:1")


def test_what_is_gone_at_the_backend_is_brought_there_again(start: Start) -> None:
    """A backend that forgets files which nobody sent: the next try of the agent uploads them anew."""
    connector = Store()
    connector.send_troubles = [Gone("no such file")]
    desk = start(connector)
    client_id = with_files(desk)
    reaches(desk, client_id, Delivery.FAILED)
    desk.retry(client_id).result(PATIENCE)
    reaches(desk, client_id, Delivery.CONFIRMED)
    assert connector.uploaded == ["a", "b", "a", "b"]


@pytest.mark.parametrize("error", [Rejected("too large"), Unsupported("no files here")])
def test_a_refused_file_fails_its_reply_by_name(start: Start, error: ConnectorError) -> None:
    """Nothing was sent, the reason names the file, and the reply can be taken back with its files."""
    connector = Store()
    connector.upload_troubles = [error]
    desk = start(connector)
    client_id = with_files(desk)
    reaches(desk, client_id, Delivery.FAILED)
    assert reason(desk, client_id) == f"a: {error}"
    assert connector.sent == []
    assert desk.dismiss(client_id).result(PATIENCE).attachments == FILES


@pytest.mark.parametrize("handle", ["", None, b"x"])
def test_a_connector_that_does_not_say_where_the_file_is(start: Start, handle: object) -> None:
    """Failed with a reason; no reply goes out that lacks its file."""
    connector = Store()

    async def nowhere() -> str:
        return handle  # type: ignore[return-value]

    connector.upload = lambda conversation_id, file: nowhere()  # type: ignore[method-assign]
    desk = start(connector)
    client_id = with_files(desk)
    reaches(desk, client_id, Delivery.FAILED)
    assert "does not say where" in reason(desk, client_id)
    assert connector.sent == []


def test_a_reply_that_is_taken_back_while_its_file_is_on_the_way_does_not_leave(start: Start) -> None:
    """What follows in its chat is delivered."""
    connector = Store()
    desk = start(connector)
    connector.open.clear()
    client_id = with_files(desk)
    assert connector.begun.wait(PATIENCE)
    assert delivery(desk, client_id) is Delivery.QUEUED
    desk.dismiss(client_id).result(PATIENCE)
    after = reply(desk, "after")
    assert connector.loop is not None
    connector.loop.call_soon_threadsafe(connector.open.set)
    reaches(desk, after, Delivery.CONFIRMED)
    assert [message.body for message in connector.delivered] == ["after"]


def test_without_an_upload_of_its_own_the_reply_carries_the_files(start: Start) -> None:
    """Nothing is uploaded apart."""
    connector = Store(Support.ABSENT)
    desk = start(connector)
    reaches(desk, with_files(desk), Delivery.CONFIRMED)
    assert connector.uploaded == []
    assert (connector.sent[0].attachments, connector.sent[0].uploads) == (FILES, ())


def test_a_reply_of_an_earlier_version_keeps_every_byte_until_it_moves(start: Start, tmp_path: Path) -> None:
    """A record without parts and uploads is read as it is, not rewritten by the start, and then delivered once."""
    desk = start(Store())
    client_id = with_files(desk, hold=3600.0)
    desk.stop(PATIENCE)
    new = ("prepared", "reply_id", "parts", "whole", "uploads")
    with closing(sqlite3.connect(tmp_path / "desk.sqlite3")) as journal:
        record = msgspec.json.decode(journal.execute("select record from outbox").fetchone()[0])
        old = msgspec.json.encode({key: value for key, value in record.items() if key not in new}).decode()
        journal.execute("update outbox set record = ?", (old,))
        journal.commit()
    offline = Store()

    async def never(scripted: Scripted, context: object) -> None:
        raise NotSent("no network")

    offline.on_run = never
    desk = start(offline, wait=False)
    assert delivery(desk, client_id) is Delivery.QUEUED
    desk.stop(PATIENCE)
    with closing(sqlite3.connect(tmp_path / "desk.sqlite3")) as journal:
        assert journal.execute("select record from outbox").fetchall() == [(old,)]
    connector = Store()
    desk = start(connector)
    desk.release(client_id).result(PATIENCE)
    reaches(desk, client_id, Delivery.CONFIRMED)
    assert [message.body for message in connector.delivered] == ["here"]
    assert connector.sent[0].uploads == ("store:a:1", "store:b:2")


def test_an_unclear_reply_is_repeated_with_the_same_uploads(start: Start) -> None:
    """EXACT: the backend recognises the repeat, and the files are not brought there twice."""
    connector = Store()
    connector.send_troubles = [Uncertain("reset")]
    assert connector.capabilities.idempotency is Idempotency.EXACT
    desk = start(connector, timing=QUICK)
    reaches(desk, with_files(desk), Delivery.CONFIRMED)
    assert connector.uploaded == ["a", "b"]
    assert len(connector.delivered) == 1
