"""Connectors around connectors: a recording holds what happened and nothing of anybody, and plays back as it was."""

import asyncio
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.contract.simulated import SimulatedBackend

from paradesk.connectors.base import Connector, Option, Outcome, Unsupported
from paradesk.connectors.masking import Masking, Redacted, shape
from paradesk.connectors.recording import (
    FORMAT,
    Recorded,
    RecordingError,
    RecordingFile,
    ReplayConnector,
    read_recording,
)
from paradesk.connectors.simulator import SimulatorConnector, World
from paradesk.connectors.wrapper import RateLimit, Wrapper
from paradesk.core.events import ConversationUpserted, MessageUpserted
from paradesk.core.intents import Join, Send, SetTyping
from paradesk.core.model import ClientId, ConversationId, Customer, Role, Visibility
from paradesk.testing import BackendUnderTest, ConnectorContract, Recorder

SECRET = "hunter2-hunter2"
PRIVATE = "My card is 4111 1111 1111 1111, write to zoe@private.example, the code is hunter2-hunter2"


async def played(connector: Connector, done: Callable[[Recorder], bool]) -> Recorder:
    """Run a connector until something has arrived."""
    desk = Recorder("acme")
    task = asyncio.create_task(connector.run(desk))
    try:
        await desk.until(lambda: done(desk), "what the test waits for", 10.0)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await connector.close()
    return desk


def world() -> tuple[World, ConversationId]:
    made = World(seed=7, retention=20)
    chat = made.begin(Customer(id="zoe@private.example", name="Zoë Private", email="zoe@private.example"))
    made.customer_says(chat, PRIVATE)
    made.customer_says(chat, "Bitte schnell!")
    return made, chat


async def recorded(path: Path, *, texts: bool) -> str:
    made, chat = world()
    file = RecordingFile(path, texts=texts)
    connector = Recorded(SimulatorConnector({}, made), file, "acme")
    await played(connector, lambda desk: len(desk.said(chat)) == 2)
    file.close()
    return path.read_text(encoding="utf-8")


async def test_without_texts_nothing_of_anybody_is_kept(tmp_path: Path) -> None:
    text = await recorded(tmp_path / "a.jsonl", texts=False)
    for private in ("Zoë", "private.example", "4111", "hunter2", "schnell", "Bitte"):
        assert private not in text
    assert "Xxxxx xxxxxxx!" in text, "the shape of what was said is there"
    head = json.loads(text.splitlines()[0])
    assert head["paradesk-recording"] == FORMAT
    assert head["texts"] == "masked"
    assert (tmp_path / "a.jsonl").stat().st_mode & 0o077 == 0


async def test_with_texts_secrets_and_addresses_still_go(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    made, chat = world()
    inner = SimulatorConnector({}, made)
    inner.settings = {"token": SECRET}
    inner.options = (*inner.options, Option("token", "", secret=True))  # type: ignore[assignment, misc]
    file = RecordingFile(path, texts=True)
    await played(Recorded(inner, file, "acme"), lambda desk: len(desk.said(chat)) == 2)
    file.close()
    text = path.read_text(encoding="utf-8")
    assert "Bitte schnell!" in text
    assert "Zoë Private" in text
    said = next(line for line in text.splitlines() if "My card is" in line)
    assert "4111" not in said
    assert SECRET not in text
    assert "write to •••" in said


async def test_a_recording_plays_back_what_happened(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    await recorded(path, texts=True)
    found = read_recording(path)
    assert found.profiles == ["acme"]
    connector = ReplayConnector(found, "acme", speed=1000)
    desk = await played(connector, lambda desk: any("Bitte schnell!" in desk.said(chat) for chat in desk.state.threads))
    (chat,) = desk.state.threads
    thread = desk.known(chat)
    assert thread is not None
    assert thread.conversation.customer.name == "Zoë Private"
    assert abs(desk.messages(chat)[0].sent_at - time.time()) < 86_400


async def test_replies_to_a_recording_are_shown_and_nothing_else_can_be_done(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    await recorded(path, texts=True)
    connector, desk = ReplayConnector(read_recording(path), "acme", speed=1000), Recorder("acme")
    task = asyncio.create_task(connector.run(desk))
    try:
        await desk.until(lambda: desk.state.threads, "the chat", 10.0)
        (chat,) = desk.state.threads
        send = Send(conversation_id=chat, body="At once.", visibility=Visibility.PUBLIC, client_id=ClientId("1"))
        outcome = await connector.perform(send)
        shown = await desk.until(lambda: desk.message(chat, outcome.message_id or ""), "the reply", 10.0)  # type: ignore[arg-type]
        assert (shown.body, shown.role) == ("At once.", Role.AGENT)
        with pytest.raises(Unsupported, match="this is a recording"):
            await connector.perform(Join(chat))
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def test_a_recording_is_bounded_and_never_raises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paradesk.connectors.recording.MOST_BYTES", 2_000)
    file = RecordingFile(tmp_path / "a.jsonl", texts=True)
    made, chat = world()
    conversation, version = next(iter(made.listing()))
    for _ in range(50):
        file.event("acme", ConversationUpserted(conversation, version), Masking())
    file.close()
    file.event("acme", ConversationUpserted(conversation, version), Masking())
    assert file.full
    assert (tmp_path / "a.jsonl").stat().st_size < 2_200
    assert read_recording(tmp_path / "a.jsonl").profiles == ["acme"]
    assert chat
    with pytest.raises(RecordingError, match="there is a file already"):
        RecordingFile(tmp_path / "a.jsonl")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", ":1: this is no recording"),
        ("{}\n", ":1: this is no recording"),
        ('{"paradesk-recording": 99, "began": 1}\n', ":1: this is no recording"),
        ("<html>\n", ":1: not JSON"),
        ("[1]\n", ":1: must be a table"),
        ('{"paradesk-recording": 1, "began": 1}\n{"at": -1, "profile": "a", "Gap": {}}\n', ":2: `at` must be seconds"),
        ('{"paradesk-recording": 1, "began": 1}\n{"at": 1, "profile": "a", "Gap": {"profile": 3}}\n', ":2: Gap:"),
    ],
    ids=["empty", "other", "newer", "html", "list", "time", "type"],
)
def test_what_is_no_recording_is_named_with_its_line(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "b.jsonl"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RecordingError) as raised:
        read_recording(path)
    assert str(raised.value).startswith(f"{path}{said}")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=400), st.integers(0, 400))
def test_no_bytes_do_more_than_a_readable_error(tmp_path: Path, content: bytes, cut: int) -> None:
    path = tmp_path / "c.jsonl"
    sound = b'{"paradesk-recording": 1, "began": 1}\n{"at": 1, "profile": "a", "Gap": {"profile": "a", '
    path.write_bytes((sound + content)[:cut] if cut % 2 else content)
    try:
        read_recording(path)
    except RecordingError as error:
        assert str(error).startswith(str(path))


@given(st.text())
def test_a_shape_has_no_letter_of_the_text(text: str) -> None:
    left = shape(text)
    assert len(left) == len(text)
    assert not [a for a, b in zip(text, left, strict=True) if a.isalnum() and a == b and a not in "xX0"]


def test_the_same_id_stays_the_same() -> None:
    masking = Masking()
    assert masking.value({"id": "a@b.example"}) == masking.value({"id": "a@b.example"}) != masking.value({"id": "c"})


async def test_a_masked_backend_is_only_looked_at() -> None:
    made, _ = world()
    connector = Redacted(SimulatorConnector({}, made))
    desk = await played(connector, lambda desk: any(isinstance(event, MessageUpserted) for event in desk.events))
    assert "Zoë" not in repr(desk.events)
    with pytest.raises(Unsupported):
        await connector.perform(Join(next(iter(desk.state.threads))))


async def test_a_rate_is_kept_and_late_typing_is_dropped() -> None:
    made, chat = world()
    performed: list[object] = []

    class Noting(Wrapper):
        async def perform(self, intent: object) -> Outcome:
            performed.append(intent)
            return Outcome()

    now = [100.0]
    limited = RateLimit(Noting(SimulatorConnector({}, made)), per_second=1000.0, clock=lambda: now[0])
    sends = [
        Send(conversation_id=chat, body=str(n), visibility=Visibility.PUBLIC, client_id=ClientId(str(n)))
        for n in range(5)
    ]
    await asyncio.gather(*(limited.perform(send) for send in sends))
    assert performed == sends
    await limited.perform(SetTyping(chat, True))
    assert performed == sends
    await limited.perform(SetTyping(chat, False))
    assert performed == [*sends, SetTyping(chat, False)], "an end that is not told would leave the customer waiting"
    now[0] += 10
    await limited.perform(SetTyping(chat, True))
    assert performed[-1] == SetTyping(chat, True)


class Recording(SimulatedBackend):
    """The simulator behind all wrappers that pass everything on."""

    def connector(self) -> Connector:
        return RateLimit(Wrapper(super().connector()), per_second=10_000)

    def impostor(self) -> Connector:
        return RateLimit(Wrapper(super().impostor()), per_second=10_000)


class TestWrapped(ConnectorContract):
    @pytest.fixture
    def backend(self) -> BackendUnderTest:
        return Recording()
