"""Chapter two: what goes out. Delivery, confirmation, repetition, visibility, files, limits."""

from functools import partial
from pathlib import Path

import pytest

from paradesk.connectors.base import NotSent, RateLimited, Rejected, Uncertain, Unsupported
from paradesk.connectors.capabilities import Idempotency, Support
from paradesk.core.intents import MarkRead, Send, SetTyping
from paradesk.core.model import ConversationId, Delivery, LocalFile, Message, MessageId, Role, Visibility
from paradesk.testing.backend import BackendUnderTest, Received
from paradesk.testing.chapters.chapter import (
    Chapter,
    arranged,
    failure,
    letters,
    need,
    parts_of,
    reply,
    unique,
    with_uploads,
)
from paradesk.testing.recorder import Session

IDS = ("short", "lines", "scripts", "markup", "link", "600 bytes", "bang", "slash", "dot")
BODIES = (
    "Hello!",
    "Two lines,\n\nand a third.",
    "Größe 42 € · 你好 · مرحبا · नमस्ते · 👩‍👩‍👧‍👦",
    "<b>not bold</b> & *not bold* [not](a-link) `code` %s {x}",
    "https://example.com/?a=1&b=2#c",
    "ü" * 300,
    "!close the ticket",
    "/quit now",
    ".hidden",
)


def bodies(received: list[Received]) -> list[str]:
    """Return the texts that the customer has received."""
    return [message.body for message in received]


async def reaches(session: Session, backend: BackendUnderTest, send: Send) -> None:
    """Send and wait until the customer can see it."""

    parts = parts_of(session.connector, send)

    async def there() -> bool:
        return {part.body for part in parts} <= set(bodies(await backend.received(send.conversation_id)))

    async def taken(part: Send) -> bool:
        # A connector whose one connection was lost comes back by itself; until then it says that nothing was sent.
        error = await failure(session.perform(part))
        if error is not None and not isinstance(error, NotSent):
            raise error
        return error is None

    for part in parts:
        await session.eventually(partial(taken, part), f"{part.body[:40]!r} to be taken")
    await session.eventually(there, f"the customer to receive {send.body[:40]!r}")


async def carried(session: Session, send: Send) -> None:
    """Upload the files of a reply, where they are uploaded apart, and send it."""
    await session.perform(await with_uploads(session.connector, send))


async def nothing_more(session: Session, backend: BackendUnderTest, chat: ConversationId) -> list[str]:
    """Return what the customer has received up to a last reply, so that whatever was under way has arrived."""
    last = reply(chat, unique("last"))
    await reaches(session, backend, last)
    return bodies(await backend.received(chat))[:-1]


class RepliesChapter(Chapter):
    """What a connector does with replies."""

    @pytest.mark.parametrize("body", BODIES, ids=IDS)
    async def test_reply_reaches_the_customer(self, backend: BackendUnderTest, body: str) -> None:
        """A reply reaches its customer once, exactly as it was prepared, and whatever it begins with is text."""
        connector = backend.connector()
        chat = await backend.open_conversation()
        send = reply(chat, body)
        prepared = connector.prepare(send)
        if prepared.remarks:
            assert letters(body) in letters("".join(prepared.parts))
        else:
            assert letters(body) == letters("".join(prepared.parts)), "what is changed is said in a remark"
        async with self.session(backend, connector) as session:
            await reaches(session, backend, send)
            assert await nothing_more(session, backend, chat) == list(prepared.parts)

    async def test_reply_reaches_nobody_else(self, backend: BackendUnderTest) -> None:
        """A reply reaches the conversation that it names and no other."""
        one, other = await backend.open_conversation(), await backend.open_conversation()
        async with self.session(backend) as session:
            to_one, to_other = reply(one, unique("for one")), reply(other, unique("for the other"))
            await reaches(session, backend, to_one)
            await reaches(session, backend, to_other)
            assert bodies(await backend.received(one)) == [to_one.body]
            assert bodies(await backend.received(other)) == [to_other.body]

    async def test_replies_keep_their_order(self, backend: BackendUnderTest) -> None:
        """Replies sent one after the other arrive in that order."""
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            sends = [reply(chat, unique("step")) for _ in range(5)]
            for send in sends:
                await session.perform(send)
            assert await nothing_more(session, backend, chat) == [send.body for send in sends]

    async def test_reply_is_confirmed_in_the_stream(self, backend: BackendUnderTest) -> None:
        """A sent reply comes back in the stream as the agent's message, with the id that the send returned."""
        connector = backend.connector()
        chat = await backend.open_conversation()
        async with self.session(backend, connector) as session:
            send = reply(chat, unique("confirmed?"))
            outcome = await session.perform(send)

            def echo() -> Message | None:
                return next((m for m in session.desk.messages(chat) if m.body == send.body), None)

            message = await session.until(echo, "the reply in the stream")
            assert message.role is Role.AGENT
            assert message.visibility is Visibility.PUBLIC
            assert message.delivery is Delivery.CONFIRMED
            if outcome.message_id is not None:
                assert message.id == outcome.message_id
            if connector.capabilities.idempotency is not Idempotency.NONE:
                assert outcome.message_id is not None
                assert message.client_id == send.client_id, "the client id comes back with the message"
            assert [m.body for m in session.desk.messages(chat)].count(send.body) == 1

    async def test_repeated_send_is_delivered_once(self, backend: BackendUnderTest) -> None:
        """Where repeating is declared EXACT, the same client id is delivered once, whoever repeats it and how often."""
        connector = backend.connector()
        if connector.capabilities.idempotency is not Idempotency.EXACT:
            pytest.skip(f"{connector.name} declares idempotency as {connector.capabilities.idempotency}")
        assert connector.capabilities.exact_window > 0, "EXACT needs a window"
        chat = await backend.open_conversation()
        send = reply(chat, unique("only once"))
        async with self.session(backend, connector) as session:
            first = await session.perform(send)
            second = await session.perform(send)
            assert second.message_id == first.message_id
        async with self.session(backend) as session:
            third = await session.perform(send)
            assert third.message_id == first.message_id, "a restart forgets nothing"
            assert await nothing_more(session, backend, chat) == [send.body]

    async def test_lost_answer_is_not_a_second_message(self, backend: BackendUnderTest) -> None:
        """When the answer to a send is lost, the customer has it at most once, and the desk is told the truth."""
        connector = backend.connector()
        chat = await backend.open_conversation()
        async with self.session(backend, connector) as session:
            send = reply(chat, unique("did it arrive?"))
            await arranged(backend.lose_next_answer())
            error = await failure(session.perform(send))
            assert error is None or isinstance(error, Uncertain), f"{error!r} claims to know what nobody knows"
            if connector.capabilities.idempotency is Idempotency.EXACT:
                await session.perform(send)
            received = await nothing_more(session, backend, chat)
            assert received == [send.body]

    async def test_client_id_can_be_read_again(self, backend: BackendUnderTest) -> None:
        """Where the client id is declared to come back, it is on the message when the conversation is read again."""
        connector = backend.connector()
        if connector.capabilities.idempotency is not Idempotency.ECHO:
            pytest.skip(f"{connector.name} declares idempotency as {connector.capabilities.idempotency}")
        chat = await backend.open_conversation()
        async with self.session(backend, connector) as session:
            send = reply(chat, unique("find me"))
            await reaches(session, backend, send)
            page = await connector.history(chat, None, 20)
            assert [m.client_id for m in page.messages if m.body == send.body] == [send.client_id]

    async def test_rate_limit_is_told(self, backend: BackendUnderTest) -> None:
        """A send that is refused for coming too fast raises RateLimited with a waiting time, and was not taken."""
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            send = reply(chat, unique("too fast"))
            await arranged(backend.limit_next_send())
            error = await failure(session.perform(send))
            assert isinstance(error, RateLimited), f"{error!r} instead of RateLimited"
            assert 0 < error.retry_after < 3600
            assert send.body not in bodies(await backend.received(chat))

            async def taken() -> bool:
                return not isinstance(await failure(session.perform(send)), RateLimited)

            await session.eventually(taken, "the limit to pass")
            assert await nothing_more(session, backend, chat) == [send.body]

    async def test_send_without_connection_tells_the_truth(self, backend: BackendUnderTest) -> None:
        """Without a connection a send raises NotSent or Uncertain in good time, and NotSent means never sent."""
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            send = reply(chat, unique("into the void"))
            await backend.cut()
            error = await failure(session.perform(send))
            await backend.restore()
            assert isinstance(error, NotSent | Uncertain), f"{error!r} instead of NotSent or Uncertain"
            went = session.desk.went_online

            async def works() -> bool:
                return await failure(session.perform(probe)) is None

            probe = reply(chat, unique("there again"))
            await session.eventually(works, f"the connection to work again (online {went} times so far)")
            if isinstance(error, NotSent):
                assert send.body not in bodies(await backend.received(chat))

    async def test_unknown_conversation_is_rejected(self, backend: BackendUnderTest) -> None:
        """A send to a conversation that does not exist raises Rejected."""
        async with self.session(backend) as session:
            error = await failure(session.perform(reply(ConversationId("no-such-conversation"), "anyone?")))
            assert isinstance(error, Rejected), f"{error!r} instead of Rejected"

    async def test_too_long_reply_is_rejected_whole(self, backend: BackendUnderTest) -> None:
        """A reply above the declared size raises Rejected; no part of it reaches the customer."""
        connector = backend.connector()
        chat = await backend.open_conversation()
        async with self.session(backend, connector) as session:
            send = reply(chat, "€" * (connector.capabilities.max_body_bytes // 3 + 1))
            error = await failure(session.perform(send))
            assert isinstance(error, Rejected), f"{error!r} instead of Rejected"
            assert await nothing_more(session, backend, chat) == []

    async def test_note_never_reaches_the_customer(self, backend: BackendUnderTest) -> None:
        """A private note never reaches the customer; it is kept as a note where native, else refused before any I/O."""
        connector = backend.connector()
        chat = await backend.open_conversation()
        note = reply(chat, unique("customer seems upset"), Visibility.NOTE)
        async with self.session(backend, connector) as session:
            if connector.capabilities.notes is Support.NATIVE:
                outcome = await session.perform(note)

                def kept() -> Message | None:
                    return next((m for m in session.desk.messages(chat) if m.body == note.body), None)

                message = await session.until(kept, "the note in the stream")
                assert message.visibility is Visibility.NOTE
                assert message.role is Role.AGENT
                assert outcome.message_id in (None, message.id)
            else:
                error = await failure(session.perform(note))
                assert isinstance(error, Unsupported), f"{error!r} instead of Unsupported"
            assert await nothing_more(session, backend, chat) == []

    async def test_note_with_file_never_reaches_the_customer(self, backend: BackendUnderTest, tmp_path: Path) -> None:
        """A file on a private note stays as private as the note."""
        connector = backend.connector()
        need(connector, "attachments_out")
        chat = await backend.open_conversation()
        note = reply(chat, unique("see the scan"), Visibility.NOTE, (local_file(tmp_path, "scan.txt", b"private"),))
        async with self.session(backend, connector) as session:
            if connector.capabilities.notes is Support.NATIVE:
                error = await failure(carried(session, note))
            else:
                error = await failure(session.perform(note))
                assert isinstance(error, Unsupported), f"{error!r} instead of Unsupported"
            assert await nothing_more(session, backend, chat) == []
            assert all(not message.files for message in await backend.received(chat))

    async def test_typing_reaches_the_customer(self, backend: BackendUnderTest) -> None:
        """That the agent types is shown to the customer, and so is that they stopped."""
        need(backend.connector(), "typing_out")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:

            async def shown() -> bool:
                return await backend.sees_agent_typing(chat)

            async def gone() -> bool:
                return not await backend.sees_agent_typing(chat)

            await session.perform(SetTyping(chat, True))
            await session.eventually(shown, "the customer to see typing")
            await session.perform(SetTyping(chat, False))
            await session.eventually(gone, "the customer to see that it stopped")

    async def test_read_mark_goes_out(self, backend: BackendUnderTest) -> None:
        """How far the agent has read is shown to the customer."""
        need(backend.connector(), "read_out")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            message_id = await backend.customer_says(chat, unique("did you see this?"))
            await session.until(lambda: session.desk.message(chat, message_id), "the message")
            await session.perform(MarkRead(chat, message_id))

            async def shown() -> MessageId | None:
                return await backend.sees_read_up_to(chat)

            assert await session.eventually(shown, "the customer to see the read mark") == message_id

    async def test_file_reaches_the_customer_whole(self, backend: BackendUnderTest, tmp_path: Path) -> None:
        """Files reach the customer with their names, byte for byte, together with the text."""
        need(backend.connector(), "attachments_out")
        chat = await backend.open_conversation()
        contents = {"return label.txt": "Rücksendung\n".encode(), "label.bin": bytes(range(256)) * 17}
        files = tuple(local_file(tmp_path, name, content) for name, content in contents.items())
        async with self.session(backend) as session:
            send = reply(chat, unique("here is your label"), attachments=files)
            await session.perform(await with_uploads(session.connector, send))

            async def arrived() -> dict[str, bytes] | None:
                received = await backend.received(chat)
                found = {name: content for message in received for name, content in message.files}
                return found if len(found) == len(contents) and send.body in bodies(received) else None

            assert await session.eventually(arrived, "text and files at the customer") == contents

    async def test_missing_file_sends_nothing(self, backend: BackendUnderTest, tmp_path: Path) -> None:
        """When a file cannot be read, the reply is Rejected as a whole."""
        need(backend.connector(), "attachments_out")
        chat = await backend.open_conversation()
        gone = LocalFile(str(tmp_path / "gone.pdf"), "gone.pdf", "application/pdf", 12)
        async with self.session(backend) as session:
            error = await failure(carried(session, reply(chat, unique("see attachment"), attachments=(gone,))))
            assert isinstance(error, Rejected), f"{error!r} instead of Rejected"
            assert await nothing_more(session, backend, chat) == []

    async def test_too_large_file_sends_nothing(self, backend: BackendUnderTest, tmp_path: Path) -> None:
        """A file above the declared size is Rejected before any of it is sent."""
        connector = backend.connector()
        need(connector, "attachments_out")
        chat = await backend.open_conversation()
        path = tmp_path / "large.bin"
        size = connector.capabilities.max_attachment_bytes + 1
        with path.open("wb") as file:
            file.truncate(size)
        large = LocalFile(str(path), "large.bin", "application/octet-stream", size)
        async with self.session(backend, connector) as session:
            error = await failure(carried(session, reply(chat, unique("see attachment"), attachments=(large,))))
            assert isinstance(error, Rejected), f"{error!r} instead of Rejected"
            assert await nothing_more(session, backend, chat) == []


def local_file(folder: Path, name: str, content: bytes) -> LocalFile:
    """Write a file and return it as the agent would attach it."""
    path = folder / name
    path.write_bytes(content)
    return LocalFile(str(path), name, "application/octet-stream", len(content))
