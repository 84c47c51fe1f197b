"""A homeserver that hangs, and a stream that it limits: noticed, waited for, and nothing lost."""

import asyncio

import pytest

from paradesk.connectors.base import Connector, ConnectorError, Uncertain
from paradesk.core.model import ConversationId
from tests.contract.matrix_backend import MatrixBackend
from tests.contract.matrix_desk import reply, session
from tests.contract.synapse import Synapse


async def test_hanging_homeserver_is_noticed_and_the_stream_goes_on(homeserver: Synapse) -> None:
    async with MatrixBackend(homeserver) as backend:
        chat = await backend.open_conversation()
        connector = backend.connector()
        connector._session.long_poll, connector._session.slack = 0.5, 1.0
        async with session(backend, connector=connector) as first:
            await backend.customer_says(chat, "before")
            await first.until(lambda: "before" in first.desk.said(chat), "the first message")
        running = asyncio.create_task(connector.run(first.desk))
        try:
            await backend.customer_says(chat, "between")
            await first.desk.until(lambda: "between" in first.desk.said(chat), "the stream", backend.patience)
            homeserver.pause()
            with pytest.raises(Uncertain, match="did not answer"):
                await asyncio.wait_for(running, 60)
        finally:
            homeserver.resume()
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        async with session(backend, first.desk) as second:
            await backend.customer_says(chat, "after")
            await second.until(
                lambda: second.desk.said(chat)[-3:] == ["before", "between", "after"], "all, once and in order"
            )


async def test_reply_to_a_hanging_homeserver_is_uncertain_and_its_repeat_is_taken_once(homeserver: Synapse) -> None:
    async with MatrixBackend(homeserver) as backend:
        chat = await backend.open_conversation()
        async with session(backend) as open_session:
            homeserver.pause()
            try:
                with pytest.raises((ConnectorError, TimeoutError)):
                    await asyncio.wait_for(open_session.connector.perform(reply(chat, "once", "hang-1")), 2)
            finally:
                homeserver.resume()
            await open_session.eventually(lambda: _repeat(open_session.connector, chat), "the repeat is taken")
        assert [message.body for message in await backend.received(chat)] == ["once"]


async def _repeat(connector: Connector, chat: ConversationId) -> bool:
    try:
        await connector.perform(reply(chat, "once", "hang-1"))
    except ConnectorError:
        return False
    return True
