"""Chapter one: what arrives. Listing, streaming, history, typing, read marks, files, edits, deletions."""

from functools import partial

import pytest

from paradesk.connectors.capabilities import Support
from paradesk.core.events import AgentIdentified, MessageUpserted, TypingChanged
from paradesk.core.model import Message, MessageId, Role, Visibility
from paradesk.testing.backend import BackendUnderTest
from paradesk.testing.chapters.chapter import Chapter, arranged, letters, need, reply, unique

HOSTILE = (
    "\x1b]52;c;UFdORUQ=\x07 writes to the clipboard",
    "\x1b[2J\x1b[H\x1b]0;REFUND APPROVED\x1b\\ owns the terminal",
    "[bold red]markup[/] [@click=app.quit]x[/] [link=https://evil.example]y",
    "{{ customer.email }} {% for i in (1..9999999) %}{% endfor %} {0.__class__} %s%n ${HOME} `id`",
    "invoice\u202efdp.exe \u2066\u2069 zero\u200bwidth",
    "<script>alert(1)</script> & &amp; 'quotes' \"double\" \\backslash\\",
    "!close /quit #1 @everyone *bold* _it_ ~no~ [url=x]y[/url]",
    "👩‍👩‍👧‍👦 नमस्ते 你好 مرحبا 🇩🇪 é",
    "two lines\n\n  and an indented one",
)
"""Texts that must reach the desk as data. The desk cleans them; a connector neither interprets nor drops them."""


class StreamChapter(Chapter):
    """What a connector tells the desk."""

    async def test_start_reports_the_conversations(self, backend: BackendUnderTest) -> None:
        """After signing in a connector reports every conversation of its agent, with its customer, and goes online."""
        connector = backend.connector()
        first, second = await backend.open_conversation(), await backend.open_conversation()
        text = unique("hello")
        await backend.customer_says(first, text)
        async with self.session(backend, connector) as session:
            for each in (first, second):
                thread = await session.until(partial(session.desk.known, each), f"{each} to be listed")
                assert thread.conversation.id == each
                assert thread.conversation.customer.id
                assert thread.conversation.customer.name
                assert thread.conversation.joined
                assert not thread.conversation.ended
            if connector.capabilities.history is not Support.ABSENT:
                await session.until(lambda: text in session.desk.said(first), "what was said before the start")

    async def test_start_says_who_the_agent_is(self, backend: BackendUnderTest) -> None:
        """The connector says who this desk is at the backend, under the profile that it was given."""
        async with self.session(backend) as session:

            def identified() -> AgentIdentified | None:
                return next((event for event in session.desk.events if isinstance(event, AgentIdentified)), None)

            event = await session.until(identified, "AgentIdentified")
            assert event.profile == session.desk.profile
            assert event.agent.id
            assert event.agent.name

    async def test_new_conversation_arrives(self, backend: BackendUnderTest) -> None:
        """A conversation that begins while the connector runs is reported with its customer and its messages."""
        async with self.session(backend) as session:
            fresh = await backend.open_conversation()
            text = unique("I am new here")
            await backend.customer_says(fresh, text)
            await session.until(lambda: session.desk.known(fresh), "the conversation")
            await session.until(lambda: text in session.desk.said(fresh), "its first message")

    async def test_messages_stream_in_order(self, backend: BackendUnderTest) -> None:
        """Messages arrive once each, in the order in which they were written, as the customer's, with their time."""
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            texts = [unique("line") for _ in range(8)]
            ids = [await backend.customer_says(chat, text) for text in texts]
            await session.until(lambda: texts[-1] in session.desk.said(chat), "the last message")
            await session.until(lambda: len(session.desk.said(chat)) >= len(texts), "all messages")
            assert session.desk.said(chat) == texts
            for text, message_id in zip(texts, ids, strict=True):
                message = session.desk.message(chat, message_id)
                assert message is not None, f"no message has the id {message_id} that the backend gave"
                assert message.body == text
                assert message.role is Role.CUSTOMER
                assert message.visibility is Visibility.PUBLIC
                assert message.conversation_id == chat
                assert message.sender_name
                assert message.sent_at > 1_000_000_000, "sent_at is in Unix seconds"

    async def test_conversations_do_not_mix(self, backend: BackendUnderTest) -> None:
        """What two customers write at the same time lands in their own conversations, and nowhere else."""
        left, right = await backend.open_conversation(), await backend.open_conversation()
        async with self.session(backend) as session:
            lefts, rights = [unique("left") for _ in range(4)], [unique("right") for _ in range(4)]
            for one, other in zip(lefts, rights, strict=True):
                await backend.customer_says(left, one)
                await backend.customer_says(right, other)
            await session.until(lambda: len(session.desk.said(left)) >= 4, "the left messages")
            await session.until(lambda: len(session.desk.said(right)) >= 4, "the right messages")
            assert session.desk.said(left) == lefts
            assert session.desk.said(right) == rights

    @pytest.mark.parametrize("text", HOSTILE, ids=lambda text: "".join(filter(str.isalnum, text))[:16])
    async def test_hostile_text_survives_as_text(self, backend: BackendUnderTest, text: str) -> None:
        """Any text is carried as data: nothing in it is executed, expanded, or dropped together with the message."""
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            message_id = await arranged(backend.customer_says(chat, text))
            message = await session.until(lambda: session.desk.message(chat, message_id), "the hostile message")
            assert letters(message.body) == letters(text)
            after = unique("still here")
            await backend.customer_says(chat, after)
            await session.until(lambda: after in session.desk.said(chat), "a message after the hostile one")

    async def test_duplicates_and_disorder_fold(self, backend: BackendUnderTest) -> None:
        """However often and in whatever order the backend delivers, each message is there once and in its place."""
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            await arranged(backend.disturb_stream())
            texts = [unique("again") for _ in range(12)]
            for text in texts:
                await backend.customer_says(chat, text)
            await session.until(lambda: set(texts) <= set(session.desk.said(chat)), "all messages")
            assert session.desk.said(chat) == texts

    async def test_edit_replaces_the_text(self, backend: BackendUnderTest) -> None:
        """An edit changes the message that is there: same id, same place, marked as edited, and no new message."""
        need(backend.connector(), "edits_in")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            wrong, after, right = unique("order 1O24"), unique("sorry"), unique("order 1024")
            message_id = await backend.customer_says(chat, wrong)
            await backend.customer_says(chat, after)
            await session.until(lambda: after in session.desk.said(chat), "both messages")
            await backend.customer_edits(chat, message_id, right)
            await session.until(lambda: right in session.desk.said(chat), "the edited text")
            last = unique("that is it")
            await backend.customer_says(chat, last)
            await session.until(lambda: last in session.desk.said(chat), "a message after the edit")
            assert session.desk.said(chat) == [right, after, last]
            edited = session.desk.message(chat, message_id)
            assert edited is not None
            assert edited.edited

    async def test_second_edit_wins(self, backend: BackendUnderTest) -> None:
        """Of several edits the last one counts, also when the message is read again from the history."""
        connector = backend.connector()
        need(connector, "edits_in", "history")
        chat = await backend.open_conversation()
        async with self.session(backend, connector) as session:
            message_id = await backend.customer_says(chat, unique("first"))
            final = unique("third")
            await backend.customer_edits(chat, message_id, unique("second"))
            await backend.customer_edits(chat, message_id, final)
            await session.until(lambda: session.desk.said(chat) == [final], "the last edit")
            page = await connector.history(chat, None, 50)
            assert [m.body for m in page.messages if m.role is Role.CUSTOMER] == [final]

    async def test_deletion_empties_the_place(self, backend: BackendUnderTest) -> None:
        """A withdrawn message keeps its place and loses its text, and its text is not in the history either."""
        connector = backend.connector()
        need(connector, "deletions_in")
        chat = await backend.open_conversation()
        async with self.session(backend, connector) as session:
            secret, kept = unique("my password is hunter2"), unique("never mind")
            message_id = await backend.customer_says(chat, secret)
            await backend.customer_says(chat, kept)
            await session.until(lambda: session.desk.said(chat) == [secret, kept], "both messages")
            await backend.customer_deletes(chat, message_id)

            def withdrawn() -> Message | None:
                message = session.desk.message(chat, message_id)
                return message if message is not None and message.deleted else None

            message = await session.until(withdrawn, "the deletion")
            assert secret not in message.body
            assert session.desk.said(chat) == [kept]
            assert session.desk.messages(chat)[0].id == message_id or message.order_key <= min(
                m.order_key for m in session.desk.messages(chat) if m.body == kept
            )
            if connector.capabilities.support("history") == "native":
                page = await connector.history(chat, None, 50)
                assert all(secret not in m.body for m in page.messages)

    async def test_history_pages_back(self, backend: BackendUnderTest) -> None:
        """History comes in pages, oldest first, with no overlap and no hole, and says when nothing lies before."""
        connector = backend.connector()
        need(connector, "history")
        chat = await backend.open_conversation()
        texts = [unique("old") for _ in range(23)]
        for text in texts:
            await backend.customer_says(chat, text)
        async with self.session(backend, connector):
            collected: list[Message] = []
            before: Message | None = None
            for _ in range(60):
                page = await connector.history(chat, before, 7)
                assert len(page.messages) <= 7
                keys = [(m.order_key, m.id) for m in page.messages]
                assert keys == sorted(keys), "a page is ordered oldest first"
                assert all(m.conversation_id == chat for m in page.messages)
                if before is not None and page.messages:
                    assert keys[-1] < (before.order_key, before.id), "a page lies before the message it was asked for"
                collected[:0] = page.messages
                if page.complete:
                    break
                assert page.messages, "an empty page that is not complete would be asked for for ever"
                before = page.messages[0]
            else:
                raise AssertionError("no page was ever complete")
            assert [m.body for m in collected if m.role is Role.CUSTOMER] == texts
            assert len({m.id for m in collected}) == len(collected), "pages overlap"
            again = await connector.history(chat, collected[0], 7)
            assert not again.messages
            assert again.complete

    async def test_history_and_stream_agree(self, backend: BackendUnderTest) -> None:
        """A message has the same id, text, author and order key in the history as in the stream."""
        connector = backend.connector()
        need(connector, "history")
        chat = await backend.open_conversation()
        async with self.session(backend, connector) as session:
            text = unique("twice told")
            message_id = await backend.customer_says(chat, text)

            def streamed() -> Message | None:
                return next(
                    (
                        event.message
                        for event in session.desk.events
                        if isinstance(event, MessageUpserted) and event.message.id == message_id
                    ),
                    None,
                )

            live = await session.until(streamed, "the message in the stream")
            read = next(m for m in (await connector.history(chat, None, 20)).messages if m.id == message_id)
            assert (read.body, read.role, read.sender_id, read.order_key) == (
                live.body,
                live.role,
                live.sender_id,
                live.order_key,
            )

    async def test_typing_arrives_and_lapses(self, backend: BackendUnderTest) -> None:
        """That the customer types arrives with a time when it lapses, and stopping arrives as well."""
        need(backend.connector(), "typing_in")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:

            def seen(typing: bool) -> TypingChanged | None:
                found = [
                    event
                    for event in session.desk.events
                    if isinstance(event, TypingChanged) and event.conversation_id == chat
                ]
                return found[-1] if found and found[-1].typing is typing else None

            await backend.customer_types(chat, True)
            started = await session.until(lambda: seen(True), "typing")
            assert started.customer
            assert started.until == 0 or started.until > 1_000_000_000, (
                "a lapse is a time in Unix seconds, or the desk's"
            )
            await backend.customer_types(chat, False)
            await session.until(lambda: seen(False), "the end of typing")

    async def test_read_mark_arrives(self, backend: BackendUnderTest) -> None:
        """How far the customer has read arrives as a read mark on one of our messages."""
        need(backend.connector(), "read_in")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            outcome = await session.perform(reply(chat, unique("please read this")))
            message_id = outcome.message_id
            assert message_id is not None
            await backend.customer_reads(chat, message_id)

            def marked() -> MessageId | None:
                thread = session.desk.thread(chat)
                return thread.read_by_customer if thread else None

            assert await session.until(marked, "the read mark") == message_id

    @pytest.mark.parametrize(
        ("name", "media_type", "content"),
        [
            ("receipt.txt", "text/plain", "Größe: 42 €\r\n".encode()),
            ("photo.png", "image/png", bytes(range(256)) * 41),
            ("../../etc/passwd\u202egnp.exe", "application/octet-stream", b"\x00" * 3),
        ],
        ids=["text", "binary", "hostile name"],
    )
    async def test_file_arrives_whole(
        self, backend: BackendUnderTest, name: str, media_type: str, content: bytes
    ) -> None:
        """A customer's file arrives with its name and can be fetched byte for byte."""
        connector = backend.connector()
        need(connector, "attachments_in")
        chat = await backend.open_conversation()
        async with self.session(backend, connector) as session:
            message_id = await backend.customer_attaches(chat, name, media_type, content)
            message = await session.until(lambda: session.desk.message(chat, message_id), "the message with the file")
            assert len(message.attachments) == 1
            attachment = message.attachments[0]
            assert attachment.size in (None, len(content))
            assert attachment.media_type.split(";")[0] == media_type
            if name.isascii():
                assert attachment.name == name
            assert attachment.name
            assert await connector.fetch(attachment) == content
