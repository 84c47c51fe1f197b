"""Chapter six: what can be asked. The customer, canned responses, a search, uploads, what a reply would become."""

from dataclasses import replace
from pathlib import Path

import pytest

from paradesk.connectors.base import ConnectorError, Gone, Rejected, Unsupported
from paradesk.connectors.capabilities import Idempotency, Support
from paradesk.core.intents import Send
from paradesk.core.model import Customer, Found
from paradesk.testing.backend import BackendUnderTest
from paradesk.testing.chapters.chapter import Chapter, arranged, failure, letters, need, parts_of, reply, unique
from paradesk.testing.chapters.replies import BODIES, IDS, bodies, local_file


class QuestionsChapter(Chapter):
    """What a connector answers."""

    @pytest.mark.parametrize("body", BODIES, ids=IDS)
    async def test_prepared_text_stays_as_it_is(self, backend: BackendUnderTest, body: str) -> None:
        """What has been prepared is prepared without a connection, fits, and comes back unchanged a second time."""
        connector = backend.connector()
        chat = await backend.open_conversation()
        await backend.cut()
        try:
            parts = parts_of(connector, reply(chat, body))
            assert parts, "a reply becomes at least one message"
            for part in parts:
                assert letters(part.body), "an empty message"
                assert len(part.body.encode()) <= connector.capabilities.max_body_bytes
                assert connector.prepare(part).parts == (part.body,), "prepared twice, changed twice"
        finally:
            await backend.restore()
            await connector.close()

    async def test_long_text_is_split_or_refused(self, backend: BackendUnderTest) -> None:
        """A text above the declared size becomes parts that fit and lose nothing, or is Rejected with a reason."""
        connector = backend.connector()
        chat = await backend.open_conversation()
        body = "a€😀 " * (connector.capabilities.max_body_bytes // 9 + 1)
        refused: Rejected | None = None
        parts: list[Send] = []
        try:
            parts = parts_of(connector, reply(chat, body))
        except Rejected as error:
            refused = error
        finally:
            await connector.close()
        if refused is not None:
            assert str(refused), "the agent reads this reason"
            return
        assert letters("".join(part.body for part in parts)) == letters(body)
        assert all(len(part.body.encode()) <= connector.capabilities.max_body_bytes for part in parts)
        assert len({part.client_id for part in parts}) == len(parts)

    async def test_customer_is_told_with_their_past(self, backend: BackendUnderTest) -> None:
        """A customer who is asked for is the one of the conversation, and their earlier conversations are listed."""
        connector = backend.connector()
        need(connector, "customer")
        chat = await backend.open_conversation()
        earlier = await arranged(backend.earlier_conversation(chat))
        async with self.session(backend, connector) as session:
            thread = await session.until(lambda: session.desk.known(chat), "the conversation")

            async def told() -> Customer | None:
                found = await connector.customer(chat)
                return found if earlier in {one.id for one in found.earlier} else None

            customer = await session.eventually(told, "the earlier conversation of the customer")
            assert customer.id == thread.conversation.customer.id
            assert customer.name == thread.conversation.customer.name
            assert chat not in {one.id for one in customer.earlier}, "the present conversation is no earlier one"

    async def test_canned_responses_are_read(self, backend: BackendUnderTest) -> None:
        """The canned responses of the backend come with ids of their own and the text as it stands there."""
        connector = backend.connector()
        need(connector, "canned")
        title, body = await backend.canned_response()
        async with self.session(backend, connector):
            found = await connector.canned()
            assert (title, body) in {(one.title, one.body) for one in found}
            assert len({one.id for one in found}) == len(found)

    async def test_search_finds_the_conversation(self, backend: BackendUnderTest) -> None:
        """A search finds the conversation in which the words were written, under its id, and not more than asked for."""
        connector = backend.connector()
        need(connector, "search")
        word = "".join(filter(str.isalnum, unique("Zwetschgenkuchen")))
        chat, other = await backend.open_conversation(), await backend.open_conversation()
        await backend.customer_says(chat, f"one {word} please")
        await backend.customer_says(other, unique("no cake"))
        async with self.session(backend, connector) as session:

            async def found() -> tuple[Found, ...]:
                return await connector.search(word, 10)

            hits = await session.eventually(found, "the search to find it")
            assert [hit.conversation_id for hit in hits] == [chat]
            assert hits[0].title
            assert len(await connector.search(word, 1)) <= 1
            assert not await connector.search("".join(filter(str.isalnum, unique("nowhere"))), 10)

    async def test_upload_is_not_seen_before_its_reply(self, backend: BackendUnderTest, tmp_path: Path) -> None:
        """An uploaded file is shown to the customer with its reply, once, and not before, however often it is sent."""
        connector = backend.connector()
        need(connector, "upload", "attachments_out")
        chat = await backend.open_conversation()
        file = local_file(tmp_path, "label.bin", bytes(range(256)))
        async with self.session(backend, connector) as session:
            send = reply(chat, unique("your label"), attachments=(file,))
            handle = await connector.upload(chat, file)
            assert handle
            assert await backend.received(chat) == []
            ready = replace(send, uploads=(handle,))
            await session.perform(ready)
            if connector.capabilities.idempotency is Idempotency.EXACT:
                await session.perform(ready)

            async def arrived() -> list[str]:
                return [name for message in await backend.received(chat) for name, _ in message.files]

            assert await session.eventually(arrived, "the file at the customer") == ["label.bin"]
            assert bodies(await backend.received(chat)).count(send.body) == 1

    async def test_upload_that_is_not_there_sends_nothing(self, backend: BackendUnderTest, tmp_path: Path) -> None:
        """A reply that names an upload which does not exist is Rejected, best as Gone, and its text is not sent alone."""
        connector = backend.connector()
        need(connector, "upload", "attachments_out")
        chat = await backend.open_conversation()
        file = local_file(tmp_path, "label.bin", b"label")
        async with self.session(backend, connector) as session:
            send = reply(chat, unique("your label"), attachments=(file,))
            lost = replace(send, uploads=("no-such-upload",))
            error = await failure(session.perform(lost))
            assert isinstance(error, Gone | Rejected), f"{error!r} instead of Gone"
            assert send.body not in bodies(await backend.received(chat))

    @pytest.mark.parametrize("capability", ["history", "customer", "canned", "search", "upload"])
    async def test_absent_question_is_refused_before_any_io(
        self, backend: BackendUnderTest, capability: str, tmp_path: Path
    ) -> None:
        """What cannot be asked raises Unsupported with a reason, even without a connection."""
        connector = backend.connector()
        if connector.capabilities.support(capability) is not Support.ABSENT:
            pytest.skip(f"{connector.name} declares {capability} as {connector.capabilities.support(capability)}")
        chat = await backend.open_conversation()
        file = local_file(tmp_path, "a.txt", b"a")
        await backend.cut()
        error: ConnectorError | None = None
        try:
            if capability == "history":
                error = await failure(connector.history(chat, None, 10))
            elif capability == "customer":
                error = await failure(connector.customer(chat))
            elif capability == "canned":
                error = await failure(connector.canned())
            elif capability == "search":
                error = await failure(connector.search("words", 10))
            else:
                error = await failure(connector.upload(chat, file))
        finally:
            await backend.restore()
            await connector.close()
        assert isinstance(error, Unsupported), f"{error!r} instead of Unsupported"
        assert str(error), "the agent reads this reason"
