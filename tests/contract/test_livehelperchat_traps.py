"""What Live Helper Chat does beside what it is asked, and what the connector makes of it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from paradesk.connectors.base import (
    AuthError,
    Conflict,
    ProtocolError,
    Rejected,
    Uncertain,
)
from paradesk.connectors.livehelperchat.text import JOINER
from paradesk.core.intents import (
    Send,
)
from paradesk.core.model import (
    ClientId,
    ConversationId,
    LocalFile,
    Visibility,
)
from paradesk.testing.recorder import Recorder
from tests.contract.livehelperchat_backend import LhcBackend
from tests.contract.livehelperchat_desk import is_there, reply, session
from tests.contract.livehelperchat_setup import COLLEAGUE


@pytest_asyncio.fixture
async def backend() -> AsyncIterator[LhcBackend]:
    async with LhcBackend() as backend:
        yield backend


# Text


@pytest.mark.parametrize(
    "body",
    ["!close", "  !close", "\n\t!hold", "!block now", "!nosuchcommand", "!", "! hello"],
    ids=["close", "spaces", "newline", "block", "unknown", "bare", "words"],
)
@pytest.mark.parametrize("as_prepared", [True, False], ids=["prepared", "raw"])
async def test_nothing_is_executed(backend: LhcBackend, body: str, as_prepared: bool) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        send = reply(chat, body)
        ready = open_session.connector.prepare(send)
        assert ready.parts == (JOINER + body.strip(),)
        assert ready.remarks
        assert open_session.connector.prepare(reply(chat, ready.parts[0])).parts == ready.parts
        outcome = await open_session.perform(reply(chat, ready.parts[0] if as_prepared else body))
        assert outcome.message_id
        assert [one.body for one in await backend.received(chat)] == [JOINER + body.strip()]
        assert backend.server.executed == []
        message = await open_session.until(lambda: open_session.desk.messages(chat), "the reply in the stream")
        assert [one.body for one in message] == [body.strip()], "what was made harmless is shown as it was written"


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("[b]bold[/b] and [x]", f"[{JOINER}b]bold[{JOINER}/b] and [x]"),
        ("[html]<b>[/html]", f"[{JOINER}html]<b>[{JOINER}/html]"),
        ("[url=http://a.example]b[/url]", f"[{JOINER}url=http://a.example]b[{JOINER}/url]"),
        ("[terms](https://a.example)", f"[terms]{JOINER}(https://a.example)"),
        ("[bold red] [1] (a) [file] [ fs12 ]", f"[bold red] [1] (a) [{JOINER}file] [ fs12 ]"),
        ("[file=3_abc]", f"[{JOINER}file=3_abc]"),
    ],
    ids=["bold", "html", "url", "link", "no tags", "file"],
)
async def test_markup_is_kept_as_text(backend: LhcBackend, body: str, sent: str) -> None:
    connector = backend.connector()
    ready = connector.prepare(reply(ConversationId("1"), body))
    assert ready.parts == (sent,)
    assert ready.remarks
    assert connector.prepare(reply(ConversationId("1"), sent)).parts == (sent,)
    markup = type(connector)(backend.settings(markup="bbcode")).prepare(reply(ConversationId("1"), body))
    assert markup.parts == ((sent,) if "html" in body else (body,))


async def test_html_is_neither_sent_nor_swapped_for_a_refusal(backend: LhcBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend, markup="bbcode") as open_session:
        await is_there(open_session, chat)
        await open_session.perform(reply(chat, "see [html]<i>this</i>[/html]"))
        assert [one.body for one in await backend.received(chat)] == [f"see [{JOINER}html]<i>this</i>[{JOINER}/html]"]


async def test_plain_text_needs_no_remark(backend: LhcBackend) -> None:
    ready = backend.connector().prepare(reply(ConversationId("1"), "Wait! [1] costs 5 €, see https://x.example/a[9]?"))
    assert ready.remarks == ()
    assert backend.connector().prepare(reply(ConversationId("1"), "run `ls` please")).remarks
    with pytest.raises(Rejected, match="bytes"):
        backend.connector().prepare(reply(ConversationId("1"), "€" * 30_000))


# Sends whose answer says little


@pytest.mark.parametrize("fault", ["lose", "html", "empty"])
async def test_lost_answer_is_found_at_the_end_of_the_chat(backend: LhcBackend, fault: str) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        first = await open_session.perform(reply(chat, "the same words"))
        backend.server.traps.next_sends.append(fault)
        second = await open_session.perform(reply(chat, "the same words"))
        ids = [str(message["id"]) for message in backend.server.of_chat(int(chat))]
        assert [first.message_id, second.message_id] == ids, "each is known by its own id, and none was sent twice"


async def test_send_that_never_arrived_stays_uncertain(backend: LhcBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        await open_session.perform(reply(chat, "said before"))
        backend.server.traps.next_sends.append("break")
        with pytest.raises(Uncertain, match="not in the chat so far"):
            await open_session.perform(reply(chat, "said before"))
        assert len(await backend.received(chat)) == 1


async def test_message_of_null_was_not_sent(backend: LhcBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    chat = await backend.open_conversation()
    monkeypatch.setattr("paradesk.connectors.livehelperchat.sending.harmless", lambda body: body)
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        with pytest.raises(Rejected, match="command"):
            await open_session.perform(reply(chat, "!nosuchcommand"))
        with pytest.raises(Rejected, match="something else in its place"):
            await open_session.perform(reply(chat, "[html]x[/html]"))
        assert await backend.received(chat) == []


async def test_closed_chat_is_refused_before_sending(backend: LhcBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend, poll_list="60") as open_session:
        await is_there(open_session, chat)
        backend.server.chats[int(chat)]["status"] = 2
        for visibility in Visibility:
            with pytest.raises(Rejected, match="closed"):
                await open_session.perform(reply(chat, "too late", visibility))
        assert backend.server.of_chat(int(chat)) == []


async def test_waiting_chat_is_not_accepted_by_a_reply_but_takes_a_note(backend: LhcBackend) -> None:
    chat = await backend.waiting_conversation()
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        with pytest.raises(Rejected, match="join"):
            await open_session.perform(reply(chat, "hello"))
        await open_session.perform(reply(chat, "a regular", Visibility.NOTE))
        assert backend.server.chats[int(chat)]["status"] == 0
        assert await backend.received(chat) == []


async def test_chat_of_a_colleague_takes_no_reply(backend: LhcBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend, poll_list="60") as open_session:
        await is_there(open_session, chat)
        backend.server.chats[int(chat)]["user_id"] = COLLEAGUE
        with pytest.raises(Conflict):
            await open_session.perform(reply(chat, "mine?"))


# Answers that are no data


async def test_warnings_in_front_of_the_json_are_passed_over(backend: LhcBackend) -> None:
    backend.server.traps.warnings = True
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        await open_session.perform(reply(chat, "still here"))
        await backend.customer_says(chat, "so am I")
        await open_session.until(lambda: open_session.desk.said(chat) == ["so am I"], "the message")


async def test_numbers_as_text_are_numbers(backend: LhcBackend) -> None:
    backend.server.traps.numbers_as_text = True
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        await backend.customer_attaches(chat, "a.png", "image/png", b"123")
        message = await open_session.until(lambda: open_session.desk.messages(chat), "the file")
        assert await open_session.connector.fetch(message[0].attachments[0]) == b"123"
        assert (await open_session.perform(reply(chat, "thanks"))).message_id


async def test_credentials_that_expire_end_the_run(backend: LhcBackend) -> None:
    async with session(backend) as open_session:
        backend.server.traps.forget.add("/restapi/chats")
        await open_session.desk.until(lambda: open_session.refused, "the refusal", backend.patience)
        assert isinstance(open_session.refused, AuthError)


async def test_wrong_path_is_no_endless_retry(backend: LhcBackend) -> None:
    connector = type(backend.connector())(backend.settings(url=f"{backend.server.url}/nowhere"))
    with pytest.raises((AuthError, ProtocolError)) as refusal:
        await connector.run(Recorder())
    assert "HTML" in str(refusal.value)
    await connector.close()


async def test_secrets_in_answers_go_nowhere(backend: LhcBackend, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    chat = await backend.open_conversation()
    async with session(backend, password=backend.server.password) as open_session:
        await is_there(open_session, chat)
        await open_session.perform(reply(chat, "hello"))
        kept = repr(open_session.desk.events) + caplog.text
    for secret in (f"hash-of-{chat}", "$2y$", backend.server.key, backend.server.password):
        assert secret not in kept


# Files


async def test_picture_in_a_files_place_is_refused(backend: LhcBackend) -> None:
    chat = await backend.open_conversation()
    async with session(backend) as open_session:
        message_id = await backend.customer_attaches(chat, "photo.png", "image/png", b"\x89PNG real")
        message = await open_session.until(lambda: open_session.desk.message(chat, message_id), "the file")
        assert await open_session.connector.fetch(message.attachments[0]) == b"\x89PNG real"
        backend.server.traps.placeholders = True
        with pytest.raises(Rejected, match="something else in the file's place"):
            await open_session.connector.fetch(message.attachments[0])
    assert not any("downloadfile" in request.path for request in backend.server.requests)


async def test_refused_type_sends_nothing(backend: LhcBackend, tmp_path: Path) -> None:
    chat = await backend.open_conversation()
    backend.server.traps.types = ("png",)
    path = tmp_path / "a.txt"
    path.write_bytes(b"text")
    file = LocalFile(str(path), "a.txt", "text/plain", 4)
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        with pytest.raises(Rejected, match="Filetype not allowed"):
            await open_session.perform(reply(chat, "see file", attachments=(file,)))
        with pytest.raises(Rejected, match="Filetype not allowed"):
            await open_session.connector.upload(chat, file)
        assert await backend.received(chat) == []


async def test_upload_comes_first_and_once(backend: LhcBackend, tmp_path: Path) -> None:
    chat = await backend.open_conversation()
    path = tmp_path / "a.png"
    path.write_bytes(b"picture")
    file = LocalFile(str(path), "a.png", "image/png", 7)
    async with session(backend) as open_session:
        await is_there(open_session, chat)
        handle = await open_session.connector.upload(chat, file)
        send = Send(
            conversation_id=chat,
            body="",
            visibility=Visibility.PUBLIC,
            client_id=ClientId("with-upload"),
            attachments=(file,),
            uploads=(handle,),
        )
        await open_session.perform(send)
        assert [one.files for one in await backend.received(chat)] == [(("a.png", b"picture"),)]
        assert len(backend.server.files) == 1
        mine = await open_session.until(lambda: open_session.desk.messages(chat), "the reply")
        assert [(one.body, len(one.attachments)) for one in mine] == [("", 1)]


async def test_visitor_cannot_name_a_file_that_is_not_theirs(backend: LhcBackend) -> None:
    chat = await backend.open_conversation()
    other = backend.server.store(999, "secret.pdf", "application/pdf", b"secret")
    async with session(backend) as open_session:
        message_id = await backend.customer_says(chat, f"[file={other['id']}_guessed]")
        message = await open_session.until(lambda: open_session.desk.message(chat, message_id), "the message")
        assert message.attachments == ()
        assert message.body == f"[file={other['id']}_guessed]"
