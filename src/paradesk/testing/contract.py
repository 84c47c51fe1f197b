"""The connector contract: what every connector has to do, one sentence per test.

A connector author writes a `BackendUnderTest` and this:

    class TestMyConnector(ConnectorContract):
        @pytest_asyncio.fixture
        async def backend(self):
            async with MyBackend() as backend:
                yield backend

What runs is decided by the connector's own `Capabilities`: a test of something that is not declared native is skipped
with the capability's name, and what is declared absent must be refused before any I/O.
"""

from paradesk.testing.chapters.colleagues import ColleaguesChapter
from paradesk.testing.chapters.connection import ConnectionChapter
from paradesk.testing.chapters.questions import QuestionsChapter
from paradesk.testing.chapters.replies import RepliesChapter
from paradesk.testing.chapters.stream import StreamChapter
from paradesk.testing.chapters.tickets import TicketsChapter
from paradesk.testing.chapters.traps import TrapsChapter


class ConnectorContract(
    StreamChapter, RepliesChapter, TicketsChapter, ConnectionChapter, ColleaguesChapter, QuestionsChapter, TrapsChapter
):
    """The specification of a connector. Subclass it as `Test…` and give it a `backend` fixture."""
