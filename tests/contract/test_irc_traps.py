"""What IRC does to those who trust it: short lines, borrowed names, servers that go, and bytes that are no lines."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager

import pytest

from paradesk.connectors.base import AuthError, ConnectorError, NotSent, Rejected
from paradesk.connectors.irc import IrcConnector
from paradesk.core.intents import Leave, Send
from paradesk.core.model import ClientId, ConversationId, Role, Visibility
from paradesk.testing.recorder import Commit, Recorder, Session
from tests.contract.irc_backend import Client, IrcBackend
from tests.contract.irc_servers import IrcServer, irc_server


@pytest.fixture(scope="module", params=["inspircd", "ngircd"])
def server(request: pytest.FixtureRequest) -> Iterator[IrcServer]:
    with irc_server(request.param) as running:
        yield running


def send(chat: ConversationId, body: str, number: int = 0) -> Send:
    return Send(
        conversation_id=chat, body=body, visibility=Visibility.PUBLIC, client_id=ClientId(f"trap-{number}-{len(body)}")
    )


def system_lines(session: Session, chat: ConversationId) -> list[str]:
    return [message.body for message in session.desk.messages(chat) if message.role is Role.SYSTEM]


async def test_600_bytes_arrive_whole_and_the_server_keeps_us(server: IrcServer) -> None:
    async with IrcBackend(server) as backend:
        chat = await backend.open_conversation()
        connector = backend.connector()
        async with Session(connector, None, 20) as session:
            body = "Grüße aus Zürich, 你好 " * 25
            parts = connector.prepare(send(chat, body)).parts
            assert len(parts) > 1
            for number, part in enumerate(parts):
                await session.perform(send(chat, part, number))
            received = [message.body for message in await backend.received(chat)]
            assert received == list(parts)
            assert " ".join(received).split() == body.split()
            assert not session.losses


async def test_a_line_break_never_becomes_a_command(server: IrcServer) -> None:
    async with IrcBackend(server) as backend:
        chat = await backend.open_conversation()
        connector = backend.connector()
        async with Session(connector, None, 20) as session:
            hostile = send(chat, "one\r\nQUIT :gone\nJOIN #elsewhere")
            with pytest.raises(Rejected):
                await session.perform(hostile)
            for number, part in enumerate(connector.prepare(hostile).parts):
                await session.perform(send(chat, part, number))
            received = [message.body for message in await backend.received(chat)]
            assert received == ["one", "QUIT :gone", "JOIN #elsewhere"]
            assert not session.losses


async def test_control_characters_are_left_out_with_a_remark(server: IrcServer) -> None:
    connector = IrcConnector({"server": "127.0.0.1", "nick": "a"})
    prepared = connector.prepare(send(ConversationId("#c"), "\x01ACTION waves\x01 and \x02bold\x02"))
    assert prepared.parts == ("ACTION waves and bold",)
    assert prepared.remarks
    with pytest.raises(Rejected, match="nothing to send"):
        connector.prepare(send(ConversationId("#c"), "\x01\n\n\x02"))
    with pytest.raises(Rejected, match="at most"):
        connector.prepare(send(ConversationId("#c"), "word " * 5_000))


async def test_a_taken_nick_is_evaded(server: IrcServer) -> None:
    async with IrcBackend(server) as backend:
        other = Client(backend.settings()["nick"])
        await other.connect(server.port)
        try:
            chat = await backend.open_conversation()
            async with Session(backend.connector(), None, 20) as session:
                await session.perform(send(chat, "hello"))
                [agent] = {message.sender_name for message in session.desk.messages(chat) if message.body == "hello"}
                assert agent == f"{other.nick}_"
        finally:
            await other.close()


async def test_a_chat_follows_its_customer_and_not_their_nick(server: IrcServer) -> None:
    async with IrcBackend(server) as backend:
        connector = backend.connector()
        async with Session(connector, None, 20) as session:
            chat = await backend.open_conversation()
            await backend.customer_says(chat, "I am Sarah")
            first = backend._customers[chat]
            channel = ConversationId("#lobby")
            assert isinstance(connector, IrcConnector)
            await connector._actions.enter(channel)
            await first.send("JOIN", channel)
            new_name = f"{first.nick}x"
            await first.send("NICK", new_name)
            await session.until(lambda: any(new_name in line for line in system_lines(session, chat)), "the new nick")
            thread = session.desk.known(chat)
            assert thread is not None
            assert thread.conversation.customer.name == new_name
            await session.perform(send(chat, "still you"))
            assert [message.body for message in await backend.received(chat)] == ["still you"]
            stranger = Client(chat)
            await stranger.connect(server.port)
            try:
                await stranger.send("PRIVMSG", backend.settings()["nick"], "I am somebody else")
                await session.until(
                    lambda: any(
                        "somebody else" in "".join(session.desk.said(item)) for item in session.desk.state.threads
                    ),
                    "the stranger's message",
                )
                assert "I am somebody else" not in session.desk.said(chat), "two people in one chat"
            finally:
                await stranger.close()


async def test_the_server_is_killed_and_comes_back() -> None:
    with irc_server("ngircd") as server:
        async with IrcBackend(server) as backend:
            chat = await backend.open_conversation()
            async with Session(backend.connector(), None, 30) as session:
                await backend.customer_says(chat, "before")
                server.stop()
                await session.until(lambda: session.losses, "the loss")
                with pytest.raises(NotSent):
                    await session.perform(send(chat, "into the void"))
                server.start()
                await session.until(lambda: session.desk.went_online > 1, "it to be back")
                customer = Client("back")
                await customer.connect(server.port)
                try:
                    await customer.send("JOIN", chat)
                    await customer.send("PRIVMSG", chat, "after")
                    await session.until(lambda: session.desk.said(chat) == ["before", "after"], "both")
                finally:
                    await customer.close()
                assert any("keeps no history" in line for line in system_lines(session, chat))


async def test_a_restart_keeps_chats_and_their_order(server: IrcServer) -> None:
    async with IrcBackend(server) as backend:
        async with Session(backend.connector(), None, 20) as session:
            chat = await backend.open_conversation()
            await backend.customer_says(chat, "first")
            await session.until(lambda: session.desk.said(chat), "the message")
        start: Commit = session.desk.commits[-1]
        async with Session(backend.connector(), Recorder(start=start), 20) as session:
            await backend._customers[chat].send("PRIVMSG", backend.settings()["nick"], "second")
            await session.until(lambda: session.desk.said(chat) == ["first", "second"], "both, in their order")
            assert any("same person" in line for line in system_lines(session, chat))
            await session.perform(Leave(chat))
            with pytest.raises(Rejected):
                await session.perform(send(chat, "one more thing"))


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"server": ""}, "server"),
        ({"server": "irc.example.org/x"}, "server"),
        ({"server": "127.0.0.1", "port": "0"}, "port"),
        ({"server": "irc.example.org", "tls": "no"}, "tls"),
        ({"server": "127.0.0.1", "tls": "no", "nick": "a b"}, "nick"),
        ({"server": "127.0.0.1", "tls": "no", "nick": "a", "account": "a"}, "account_password"),
        ({"server": "127.0.0.1", "tls": "no", "nick": "a", "lines_per_second": "nan"}, "lines_per_second"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else value,
)
async def test_wrong_settings_are_named(settings: dict[str, str], word: str) -> None:
    with pytest.raises(AuthError, match=word):
        await IrcConnector({"nick": "a"} | settings).run(Recorder())


@asynccontextmanager
async def liar(say: Callable[[asyncio.StreamReader, asyncio.StreamWriter], object]) -> AsyncIterator[int]:
    """A server that says what a test wants."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await say(reader, writer)  # type: ignore[misc]
        except ConnectionError:
            pass
        finally:
            writer.close()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield running.sockets[0].getsockname()[1]
    finally:
        running.close()


def plain(port: int) -> IrcConnector:
    return IrcConnector({"server": "127.0.0.1", "port": str(port), "tls": "no", "nick": "helper", "channels": "#c"})


async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while b"USER" not in await reader.readline():
        pass
    writer.write(b":s 001 helper :hi\r\n:s 376 helper :end\r\n")


@pytest.mark.parametrize(
    "noise",
    [
        b"\r\n\r\n \r\n:\r\n@\r\n@a=b\r\n:x\r\n",
        b"\xff\xfe\x00garbage\r\n:a!b@c PRIVMSG\r\n:a!b@c PRIVMSG #c\r\n:a PRIVMSG #c :\r\n",
        b":a!b@c JOIN\r\nKICK\r\n:a!b@c NICK\r\nINVITE helper\r\n:s 332\r\n:s 353\r\n:s 005\r\n005 helper =\r\n",
        b"@time=never;msgid=;+typing= :a!b@c TAGMSG #c\r\n@time=9999-99-99T00:00:00Z :a!b@c PRIVMSG #c :late\r\n",
        b":" + b"a" * 3_000_000 + b"\r\n",
    ],
    ids=["empty", "bytes", "without parameters", "tags", "without end"],
)
async def test_noise_harms_nothing(noise: bytes) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await welcome(reader, writer)
        while raw := await reader.readline():
            if raw.startswith(b"JOIN"):
                writer.write(b":helper!h@h JOIN #c\r\n:s 366 helper #c :end\r\n" + noise)
                writer.write(b":sarah!s@s PRIVMSG #c :are you there?\r\n")

    async with liar(say) as port, Session(plain(port), None, 20) as session:
        chat = ConversationId("#c")
        await session.until(lambda: "are you there?" in session.desk.said(chat), "the message behind the noise")
        assert not session.losses


async def test_a_server_that_falls_silent_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paradesk.connectors.irc.link.QUIET", 0.2)

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await welcome(reader, writer)
        while raw := await reader.readline():
            if raw.startswith(b"JOIN"):
                writer.write(b":helper!h@h JOIN #c\r\n:s 366 helper #c :end\r\n")
                await asyncio.sleep(60)

    async with liar(say) as port:
        connector = plain(port)
        with pytest.raises(NotSent, match="nothing"):
            await asyncio.wait_for(connector.run(Recorder()), 20)


async def test_a_ban_is_told_and_not_tried_again() -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"ERROR :Closing link: you are banned from this server\r\n")

    async with liar(say) as port:
        with pytest.raises(AuthError, match="banned"):
            await asyncio.wait_for(plain(port).run(Recorder()), 20)


async def test_a_refusal_of_one_message_is_no_end() -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await welcome(reader, writer)
        while raw := await reader.readline():
            word, _, rest = raw.partition(b" ")
            if word == b"JOIN":
                writer.write(b":helper!h@h JOIN #c\r\n:s 366 helper #c :end\r\n")
            elif word == b"PRIVMSG":
                writer.write(b":s 404 helper #c :Cannot send to channel (+m)\r\n")
            elif word == b"PING":
                writer.write(b":s PONG s " + rest)

    async with liar(say) as port, Session(plain(port), None, 20) as session:
        for number in range(2):
            with pytest.raises(ConnectorError, match="Cannot send") as refused:
                await session.perform(send(ConversationId("#c"), "hello", number))
            assert isinstance(refused.value, Rejected)
