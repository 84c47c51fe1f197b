"""The same against a live installation, where LHC_URL, LHC_USER and LHC_KEY name one; it begins a chat and closes it.

The operator needs the department with the id in LHC_DEPARTMENT (1 unless set) and the rights to use and close chats.
"""

import os
from functools import partial

import httpx
import pytest

from paradesk.connectors.livehelperchat import LiveHelperChatConnector
from paradesk.core.intents import EndChat, Join
from paradesk.core.model import ConversationId, Visibility
from paradesk.testing.recorder import Session
from tests.contract.livehelperchat_desk import is_there, reply

NEEDED = ("LHC_URL", "LHC_USER", "LHC_KEY")
pytestmark = pytest.mark.skipif(
    any(not os.environ.get(name) for name in NEEDED),
    reason=f"NOT TESTED: no live Live Helper Chat ({', '.join(NEEDED)} name one)",
)


async def begin_chat(question: str) -> ConversationId:
    """Begin a chat as a visitor would, without the captcha."""
    base = os.environ["LHC_URL"].rstrip("/")
    path = "" if base.count("/") > 2 else "/index.php"
    fields = {"Username": "Paradesk test", "Question": question}
    body = {
        "department": [int(os.environ.get("LHC_DEPARTMENT", "1"))],
        "mode": "widget",
        "ignore_required": True,
        "fields": fields,
    }
    async with httpx.AsyncClient(timeout=30, auth=(os.environ["LHC_USER"], os.environ["LHC_KEY"])) as http:
        answer = await http.post(f"{base}{path}/restapi/chat", json=body)
        return ConversationId(str(answer.json()["result"]["id"]))


async def test_a_chat_from_beginning_to_end() -> None:
    chat = await begin_chat("is this a test?")
    settings = {"url": os.environ["LHC_URL"], "user": os.environ["LHC_USER"], "key": os.environ["LHC_KEY"]}
    async with Session(LiveHelperChatConnector(settings), patience=60) as session:
        found = await is_there(session, chat)
        assert not found.joined
        await session.until(lambda: "is this a test?" in session.desk.said(chat), "the question")
        await session.perform(Join(chat))
        assert (await is_there(session, chat)).joined
        body = session.connector.prepare(reply(chat, "!close is not executed")).parts[0]
        for visibility, text in ((Visibility.PUBLIC, body), (Visibility.NOTE, "a note")):
            outcome = await session.perform(reply(chat, text, visibility))
            assert outcome.message_id is not None
            message = await session.until(partial(session.desk.message, chat, outcome.message_id), text)
            assert message.visibility is visibility
        page = await session.connector.history(chat, None, 50)
        assert page.complete
        assert body in [message.body for message in page.messages]
        await session.perform(EndChat(chat))
        assert (await is_there(session, chat)).ended
