"""Chapter seven: traps that real backends have set. Answers without content, placeholders, clocks, crowds."""

import time

import pytest

from paradesk.connectors.base import AuthError, ConnectorError, Uncertain
from paradesk.connectors.capabilities import Idempotency, Support
from paradesk.core.events import TypingChanged
from paradesk.core.model import MessageId, Role
from paradesk.testing.backend import BackendUnderTest
from paradesk.testing.chapters.chapter import Chapter, arranged, failure, need, reply, unique
from paradesk.testing.chapters.replies import bodies, nothing_more, reaches
from paradesk.testing.recorder import Session


class TrapsChapter(Chapter):
    """What a connector makes of answers that are not what they seem."""

    async def test_answer_without_a_message_is_not_a_delivery(self, backend: BackendUnderTest) -> None:
        """A send that is answered with success but without a message is Uncertain, or known; it is never sent twice."""
        connector = backend.connector()
        chat = await backend.open_conversation()
        async with self.session(backend, connector) as session:
            send = reply(chat, unique("was it taken?"))
            await arranged(backend.blank_next_answer())
            known: list[MessageId | None] = []

            async def perform() -> None:
                known.append((await session.perform(send)).message_id)

            error = await failure(perform())
            assert error is None or isinstance(error, Uncertain), f"{error!r} claims to know what nobody knows"
            assert not {"", "None", "null", "0"} & set(known), "this is no message's id"
            assert (await nothing_more(session, backend, chat)).count(send.body) == 1

    async def test_unclear_send_can_be_found_again(self, backend: BackendUnderTest) -> None:
        """After a lost answer, what the backend took is found by reading on: once, as ours, with its text."""
        connector = backend.connector()
        need(connector, "history")
        chat = await backend.open_conversation()
        async with self.session(backend, connector) as session:
            send = reply(chat, unique("read me again"))
            await arranged(backend.lose_next_answer())
            await failure(session.perform(send))

            async def read() -> bool:
                page = await connector.history(chat, None, 20)
                return any(message.body == send.body for message in page.messages)

            await session.eventually(read, "the reply in the history")
            page = await connector.history(chat, None, 20)
            found = [message for message in page.messages if message.body == send.body]
            assert len(found) == 1
            assert found[0].role is Role.AGENT
            if connector.capabilities.idempotency is not Idempotency.NONE:
                assert found[0].client_id == send.client_id, "without it nobody can tell that this is the reply"

    async def test_placeholder_is_not_taken_for_the_file(self, backend: BackendUnderTest) -> None:
        """A download that brings something else than the file raises a ConnectorError, and later the file itself."""
        connector = backend.connector()
        need(connector, "attachments_in")
        chat = await backend.open_conversation()
        content = bytes(range(256)) * 9
        async with self.session(backend, connector) as session:
            message_id = await backend.customer_attaches(chat, "photo.png", "image/png", content)
            message = await session.until(lambda: session.desk.message(chat, message_id), "the message with the file")
            await arranged(backend.spoil_next_download())
            error = await failure(connector.fetch(message.attachments[0]))
            assert isinstance(error, ConnectorError), "the agent is shown something that the customer did not send"
            assert await connector.fetch(message.attachments[0]) == content

    async def test_credentials_that_expire_end_the_stream(self, backend: BackendUnderTest) -> None:
        """Credentials that expire in mid-stream end `run` in AuthError, and a send is refused, not lost."""
        connector = backend.connector()
        chat = await backend.open_conversation()
        async with self.session(backend, connector) as session:
            await reaches(session, backend, reply(chat, unique("before")))
            await arranged(backend.expire_credentials())
            error = await failure(session.perform(reply(chat, unique("after"))))
            assert isinstance(error, AuthError), f"{error!r} instead of AuthError"
            await session.desk.until(lambda: session.refused is not None, "run() to end in AuthError", backend.patience)
            assert str(session.refused)

    async def test_system_line_with_a_later_id_keeps_its_place(self, backend: BackendUnderTest) -> None:
        """A line of the service that has a later id than what it stands before is shown in its place."""
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            text = unique("hello?")
            line = await arranged(backend.system_line_with_later_id(chat, text))
            await session.until(lambda: text in session.desk.said(chat), "the customer's message")

            def shown() -> list[str]:
                return [m.body for m in session.desk.messages(chat) if m.body in (line, text)]

            await session.until(lambda: len(shown()) == 2, "the line of the service")
            assert shown() == [line, text]
            roles = {m.body: m.role for m in session.desk.messages(chat)}
            assert roles[line] is not Role.CUSTOMER

    @pytest.mark.parametrize("seconds", [-7200.0, 7200.0], ids=["behind", "ahead"])
    async def test_wrong_clock_disturbs_no_order(self, backend: BackendUnderTest, seconds: float) -> None:
        """When the backend's clock jumps, messages keep their order, and typing still lapses by this machine's clock."""
        connector = backend.connector()
        chat = await backend.open_conversation()
        async with self.session(backend, connector) as session:
            texts = [unique("tick") for _ in range(4)]
            for number, text in enumerate(texts):
                if number == 2:
                    await arranged(backend.set_clock_wrong(seconds))
                await backend.customer_says(chat, text)
            await session.until(lambda: len(session.desk.said(chat)) >= 4, "all messages")
            assert session.desk.said(chat) == texts
            if connector.capabilities.typing_in is Support.NATIVE:
                await backend.customer_types(chat, True)
                started = await session.until(lambda: _typing(session), "typing")
                assert started.until == 0 or abs(started.until - time.time()) < 600, "the backend's clock is not ours"

    async def test_crowd_is_signed_in_to(self, backend: BackendUnderTest) -> None:
        """However many conversations there are at a sign-in, each is reported, and the stream goes on afterwards."""
        chats = await backend.open_crowd(backend.crowd)
        first, last = unique("from the first"), unique("from the last")
        await backend.customer_says(chats[0], first)
        # The more there are, the longer it may take.
        connector = backend.connector()
        async with Session(connector, None, backend.patience * 4) as session:
            await session.until(lambda: all(map(session.desk.known, chats)), f"{len(chats)} conversations")
            await backend.customer_says(chats[-1], last)
            await session.until(lambda: last in session.desk.said(chats[-1]), "a message in the last one")
            if connector.capabilities.history is not Support.ABSENT:
                await session.until(lambda: first in session.desk.said(chats[0]), "what was said before")
            send = reply(chats[len(chats) // 2], unique("one of many"))
            await reaches(session, backend, send)
            assert bodies(await backend.received(chats[0])) == []


def _typing(session: Session) -> TypingChanged | None:
    return next((e for e in reversed(session.desk.events) if isinstance(e, TypingChanged) and e.typing), None)
