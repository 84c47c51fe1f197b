"""Chapter four: the connection. Signing in, losing it, coming back with nothing missing, and ending."""

import asyncio

import pytest

from paradesk.connectors.base import AuthError, ConnectorError
from paradesk.core.events import Event, Gap
from paradesk.core.model import ConversationId
from paradesk.testing.backend import BackendUnderTest
from paradesk.testing.chapters.chapter import Chapter, need, need_one_of, reply, unique
from paradesk.testing.recorder import Commit, Recorder, Session


async def say(backend: BackendUnderTest, chat: ConversationId, count: int) -> list[str]:
    """Let the customer write so many messages and return their texts."""
    texts = [unique("message") for _ in range(count)]
    for text in texts:
        await backend.customer_says(chat, text)
    return texts


def open_gaps(events: list[Event]) -> set[ConversationId | None]:
    """Return what has been reported as incomplete and not closed since."""
    gaps: set[ConversationId | None] = set()
    for event in events:
        if isinstance(event, Gap):
            (gaps.discard if event.closed else gaps.add)(event.conversation_id)
    return gaps


async def complete(session: Session, chat: ConversationId, texts: list[str]) -> None:
    """Wait until all texts are there, and check that each is there once, in order, with no gap left open."""
    await session.until(lambda: set(texts) <= set(session.desk.said(chat)), f"all {len(texts)} messages")
    await session.until(lambda: not open_gaps(session.desk.events), "every gap to be closed")
    assert session.desk.said(chat) == texts


class ConnectionChapter(Chapter):
    """How a connector begins, breaks, resumes and ends."""

    async def test_wrong_credentials_raise_auth_error(self, backend: BackendUnderTest) -> None:
        """With credentials that the backend refuses, `run` ends in AuthError with a reason, and was never online."""
        connector, desk = backend.impostor(), Recorder()
        try:
            with pytest.raises(AuthError) as refusal:
                await asyncio.wait_for(connector.run(desk), backend.patience)
        finally:
            await connector.close()
        assert str(refusal.value), "the agent reads this reason"
        assert desk.went_online == 0

    async def test_unreachable_backend_raises_connector_error(self, backend: BackendUnderTest) -> None:
        """When the backend cannot be reached, `run` does not claim to be online, and it is not an AuthError."""
        connector, desk = backend.connector(), Recorder()
        await backend.cut()
        task = asyncio.create_task(connector.run(desk))
        try:
            done, _ = await asyncio.wait([task], timeout=min(backend.patience, 5.0))
            assert desk.went_online == 0
            if done:
                error = task.exception()
                assert isinstance(error, ConnectorError), f"{error!r} is not a ConnectorError"
                assert not isinstance(error, AuthError)
                assert str(error), "the agent reads this reason"
        finally:
            await backend.restore()
            task.cancel()
            await asyncio.wait([task], timeout=backend.patience)
            await connector.close()

    async def test_nothing_is_missing_after_a_cut(self, backend: BackendUnderTest) -> None:
        """What was written during a cut is there once the connection stands again: nothing missing, nothing twice."""
        need_one_of(backend.connector(), "resume", "history")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            before = await say(backend, chat, 2)
            await session.until(lambda: len(session.desk.said(chat)) >= 2, "the first messages")
            await backend.cut()
            during = await say(backend, chat, 5)
            await backend.restore()
            after = await say(backend, chat, 2)
            await complete(session, chat, before + during + after)

    async def test_gap_longer_than_a_page_is_closed(self, backend: BackendUnderTest) -> None:
        """An absence longer than one page of the stream leaves no hole, and every reported gap is closed."""
        need(backend.connector(), "history")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            before = await say(backend, chat, 2)
            await session.until(lambda: len(session.desk.said(chat)) >= 2, "the first messages")
            await backend.cut()
            during = await say(backend, chat, backend.absence)
            await backend.restore()
            await complete(session, chat, before + during)
            after = await say(backend, chat, 1)
            await complete(session, chat, before + during + after)

    async def test_restart_continues_at_the_cursor(self, backend: BackendUnderTest) -> None:
        """After a restart the stream continues at the committed cursor: nothing missing, nothing twice."""
        need(backend.connector(), "resume")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            before = await say(backend, chat, 3)
            await session.until(lambda: len(session.desk.said(chat)) >= 3, "the first messages")
            await session.until(lambda: session.desk.commits, "a cursor")
        absent = await say(backend, chat, 4)
        async with self.session(backend, recorder=restarted(session.desk)) as session:
            after = await say(backend, chat, 2)
            await complete(session, chat, before + absent + after)

    async def test_restart_after_a_long_absence_has_no_hole(self, backend: BackendUnderTest) -> None:
        """A restart after an absence longer than one page of the stream leaves no hole either."""
        need(backend.connector(), "resume", "history")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            before = await say(backend, chat, 2)
            await session.until(lambda: len(session.desk.said(chat)) >= 2, "the first messages")
            await session.until(lambda: session.desk.commits, "a cursor")
        absent = await say(backend, chat, backend.absence)
        async with self.session(backend, recorder=restarted(session.desk)) as session:
            await complete(session, chat, before + absent)

    async def test_edit_during_an_absence_is_seen(self, backend: BackendUnderTest) -> None:
        """A message that was edited during an absence shows its new text after the restart."""
        need(backend.connector(), "resume", "edits_in")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            message_id = await backend.customer_says(chat, unique("old text"))
            await session.until(lambda: session.desk.said(chat), "the message")
            await session.until(lambda: session.desk.commits, "a cursor")
        edited = unique("new text")
        await backend.customer_edits(chat, message_id, edited)
        async with self.session(backend, recorder=restarted(session.desk)) as session:
            await session.until(lambda: session.desk.said(chat) == [edited], "the edited text")

    async def test_crash_at_any_commit_loses_nothing(self, backend: BackendUnderTest) -> None:
        """Whatever commit a crash leaves behind, a restart has everything: no cursor runs ahead of its events."""
        need(backend.connector(), "resume")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            texts: list[str] = []

            def all_there() -> bool:
                return len(session.desk.said(chat)) >= len(texts)

            for _ in range(6):
                texts += await say(backend, chat, 2)
                await session.until(all_there, "the messages")
            await session.until(lambda: session.desk.commits, "a cursor")
        for commit in sample(session.desk.commits, 6):
            async with self.session(backend, recorder=Recorder(start=commit)) as resumed:
                await complete(resumed, chat, texts)

    async def test_failed_commit_is_not_skipped(self, backend: BackendUnderTest) -> None:
        """When the desk cannot commit, the connector does not go on as if it had: the events come again."""
        need(backend.connector(), "resume")
        chat = await backend.open_conversation()
        async with self.session(backend) as session:
            before = await say(backend, chat, 2)
            await session.until(lambda: len(session.desk.said(chat)) >= 2, "the first messages")
            await session.until(lambda: session.desk.commits, "a cursor")
            session.desk.failing_emit = ConnectorError("the disk is full")
            lost = await say(backend, chat, 3)
            await session.until(lambda: session.desk.failing_emit is None, "the failing commit")
            after = await say(backend, chat, 1)
            await complete(session, chat, before + lost + after)

    async def test_run_ends_when_cancelled(self, backend: BackendUnderTest) -> None:
        """Cancelling `run` ends it promptly, `close` releases everything, and no task is left behind."""
        chat = await backend.open_conversation()
        others = asyncio.all_tasks()
        session = self.session(backend)
        async with session:
            await session.perform(reply(chat, unique("before the end")))
        left = {task for task in asyncio.all_tasks() - others if not task.done()}
        if left:
            await asyncio.wait(left, timeout=1.0)
        assert not [task for task in left if not task.done()], "close() left tasks running"

    async def test_close_without_run_is_harmless(self, backend: BackendUnderTest) -> None:
        """A connector that was never started can be closed."""
        await asyncio.wait_for(backend.connector().close(), backend.patience)


def restarted(desk: Recorder) -> Recorder:
    """Return a new desk that begins with what the last commit of another one left on disk."""
    return Recorder(start=desk.commits[-1])


def sample(commits: list[Commit], count: int) -> list[Commit]:
    """Return up to `count` commits, the first and the last among them."""
    if len(commits) <= count:
        return commits
    return [commits[place * (len(commits) - 1) // (count - 1)] for place in range(count)]
