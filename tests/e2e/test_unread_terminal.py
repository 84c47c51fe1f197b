"""Replies leave while nobody reads the terminal: each once, in order; and the screen is right when somebody reads again."""

import asyncio
import os
import random
import signal
import sqlite3
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest

from paradesk.connectors.capabilities import Idempotency
from tests.e2e.life import ROOT
from tests.e2e.screen_of_bytes import ByteTerminal
from tests.e2e.terminal import PERSON, Terminal, needs_tmux
from tests.e2e.torture.backend import Backend, Stored

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

PROGRAM = Path(__file__).with_name("torture_program.py")
PATIENCE = 60.0
REPLIES = tuple(f"reply number {number}" for number in range(1, 9))


class Gated(Backend):
    """A healthy backend that takes no reply before `gate` is open."""

    gate: asyncio.Event

    async def _take(self, where: str, body: dict[str, str], fault: str, writer: asyncio.StreamWriter) -> None:
        await self.gate.wait()
        await super()._take(where, body, fault, writer)


class Running:
    """A backend on a loop of its own."""

    def __init__(self) -> None:
        self.backend = Gated(Idempotency.EXACT, random.Random(1), healthy=True)
        self.loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        assert self._ready.wait(PATIENCE)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.backend.gate = asyncio.Event()
        self.loop.run_until_complete(self.backend.start())
        self._ready.set()
        self.loop.run_forever()

    @property
    def stored(self) -> list[Stored]:
        """What was delivered."""
        return list(self.backend.stored)

    def open(self) -> None:
        """Take replies from now on."""
        self.loop.call_soon_threadsafe(self.backend.gate.set)

    def close(self) -> None:
        """End it."""
        asyncio.run_coroutine_threadsafe(self.backend.stop(), self.loop).result(PATIENCE)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(PATIENCE)
        self.loop.close()


@pytest.fixture
def running() -> Iterator[Running]:
    """A backend that takes no replies yet."""
    backend = Running()
    yield backend
    backend.close()


def until(reached: Callable[[], bool], what: str) -> None:
    """Wait for a condition."""
    end = time.monotonic() + PATIENCE
    while not reached():
        assert time.monotonic() < end, f"never: {what}"
        time.sleep(0.02)


def accepted(folder: Path, count: int) -> bool:
    """Say whether the journal holds so many replies."""
    with closing(sqlite3.connect(f"file:{folder / 'desk.sqlite3'}?mode=ro", uri=True)) as database:
        return bool(database.execute("select count(*) from outbox").fetchone()[0] == count)


def contains(text: str, screen: str) -> bool:
    """Say whether a text is on the screen."""
    return text in screen


def environment() -> dict[str, str]:
    """Return what the program needs to find the tests."""
    return {"PYTHONPATH": str(ROOT), "LANG": "C.UTF-8"}


def delivered(running: Running) -> None:
    """All replies have arrived, each once, in the order in which they were accepted."""
    until(lambda: len(running.stored) >= len(REPLIES), "all replies arrive")
    assert [message.body for message in running.stored] == list(REPLIES)
    assert len({message.conversation for message in running.stored}) == 1
    assert running.backend.duplicated == []


def test_the_outbox_goes_on_while_the_terminal_is_not_read(running: Running, tmp_path: Path) -> None:
    argv = [sys.executable, str(PROGRAM), str(tmp_path), running.backend.address]
    with ByteTerminal(argv, env=environment(), size=(120, 40)) as terminal:
        terminal.wait(lambda screen: "▶ to " in screen, what="a chat is open")
        for number, reply in enumerate(REPLIES, 1):
            terminal.send(reply.encode())
            terminal.wait(partial(contains, reply), what=reply)
            time.sleep(PERSON)
            terminal.send(b"\r")
            until(partial(accepted, tmp_path, number), f"{reply} is accepted")
        # Nobody reads, and all is drawn anew again and again: soon the terminal takes nothing more.
        until(lambda: full(terminal), "the terminal is full")
        unread = terminal.waiting()
        assert running.stored == []
        running.open()
        delivered(running)
        assert terminal.waiting() >= unread > 0, "somebody has read"
        terminal.resize(120, 40)
        screen = terminal.wait(
            lambda seen: all(reply in seen for reply in REPLIES) and "sending" not in seen and "queued" not in seen,
            what="the replies as delivered",
            seconds=PATIENCE,
        )
        assert [line.count(REPLIES[-1]) for line in screen.splitlines() if REPLIES[-1] in line]
        terminal.send(b"and on it goes")
        terminal.wait(lambda seen: "and on it goes" in seen, what="keys work", seconds=PATIENCE)


def full(terminal: ByteTerminal) -> bool:
    """Make the program write more, and say whether the terminal has stopped taking it."""
    before = terminal.waiting()
    for width in range(100, 140):
        terminal.resize(width, 40)
        time.sleep(0.02)
    return before > 0 and terminal.waiting() == before


@needs_tmux
def test_the_outbox_goes_on_while_the_terminal_is_stopped(running: Running, tmp_path: Path) -> None:
    argv = [sys.executable, str(PROGRAM), str(tmp_path), running.backend.address]
    with Terminal(argv, env=environment(), cwd=tmp_path) as terminal:
        terminal.wait_text("▶ to ")
        for number, reply in enumerate(REPLIES, 1):
            terminal.type(reply)
            terminal.wait_text(reply)
            terminal.press("Enter")
            until(partial(accepted, tmp_path, number), f"{reply} is accepted")
        server = terminal.server()
        os.kill(server, signal.SIGSTOP)
        try:
            assert running.stored == []
            running.open()
            delivered(running)
        finally:
            os.kill(server, signal.SIGCONT)
        terminal.wait(
            lambda seen: all(reply in seen for reply in REPLIES) and "sending" not in seen and "queued" not in seen,
            what="the replies as delivered",
        )
        terminal.type("and on it goes")
        terminal.wait_text("and on it goes")
