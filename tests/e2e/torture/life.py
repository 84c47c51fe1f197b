"""One life of the desk, and the process that begets them: everything is imported once, and each life is a fork of it.

Run as a program it reads orders, a line of JSON each, and writes what the lives say, a line each: `A` accepted, `U` is
uncertain, `F` failed, `R` sent again and `D` dismissed by the agent, `C` closed in peace, `W` something is wrong. `END`
and the exit status come when the life is over.
"""

import asyncio
import gc
import http.client
import importlib
import json
import os
import pkgutil
import random
import select
import signal
import sys
import time
import traceback
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import paradesk.connectors.http as http_of_connectors
import paradesk.core
import paradesk.desk
import paradesk.guard
from paradesk.connectors.base import ConnectorError, Rejected
from paradesk.connectors.capabilities import Idempotency
from paradesk.core.intents import Send
from paradesk.core.model import ClientId, ConversationId, Delivery, Link, Visibility
from paradesk.core.state import Thread
from paradesk.desk.desk import Desk, Profile
from paradesk.desk.timing import Timing
from tests.e2e.torture.backend import CONVERSATIONS
from tests.e2e.torture.connector import TortureConnector, parts_of
from tests.e2e.torture.mutants import MUTANTS

PROFILE = "shop"
_MOST = 4
"""Replies of one conversation that wait; nobody types faster than that."""
_PEACE = 30.0
"""Seconds within which nothing may be left to do once the backend is well."""


class Life:
    """An agent at a desk: accepts replies at random, and decides about those that the desk cannot be sure of."""

    def __init__(self, order: dict[str, Any], say: int, online: int) -> None:
        """What happens is said to one file descriptor; the other is closed once the backend is reached."""
        self._say_to = say
        self._online: int | None = online
        self._random = random.Random(order["seed"])
        self._mode = Idempotency(order["mode"])
        self._drain = bool(order["drain"])
        self._place = order["address"].removeprefix("http://")
        connector = MUTANTS[order["mutant"]].connector if order["mutant"] else TortureConnector
        settings = {name: str(order[name]) for name in ("address", "mode", "deadline")}
        timing = Timing(backoff=0.01, backoff_cap=0.05, perform=10.0, history=10.0)
        profiles = [Profile(PROFILE, lambda: connector(settings))]
        resend_once = bool(order["resend_once"])
        self._desk = Desk(profiles, Path(order["directory"]), timing=timing, resend_once=resend_once)
        self._said: set[tuple[str, str]] = set()

    def live(self) -> None:
        """Go on until killed, or until a life in peace has nothing left to do."""
        self._desk.start()
        self._look_at_drafts()
        until = time.monotonic() + _PEACE
        while not self._drain or time.monotonic() < until:
            if self._desk.failure:
                self._say("W", f"the desk ended: {self._desk.failure}")
                return
            if self._online is not None and self._desk.state.profiles[PROFILE].link is Link.ONLINE:
                os.close(self._online)
                self._online = None
            threads = dict(self._desk.state.threads)
            for thread in threads.values():
                self._decide(thread)
            if not self._drain:
                self._write(threads)
            elif len(threads) == len(CONVERSATIONS) and all(map(self._at_rest, threads.values())):
                break
            time.sleep(self._random.uniform(0, 0.008))
        else:
            left = [
                f"{thread.conversation.id}: {[send.delivery.value for send in thread.sends.values()]}"
                f" {len(thread.transcript)} of {len(self._bodies(thread.conversation.id))}"
                for thread in self._desk.state.threads.values()
            ]
            self._say("W", f"not at rest after {_PEACE:g} s with a healthy server: {'; '.join(left)}")
        self._desk.stop(10.0)
        self._say("C", "closed")

    def _look_at_drafts(self) -> None:
        """What was accepted is no draft any more, whenever the kill came; only a dismissed reply comes back as one."""
        for thread in self._desk.state.threads.values():
            draft = thread.drafts.get(Visibility.PUBLIC, "")
            there = [*thread.sends, *(message.body for message in thread.transcript)]
            if self._mode is not Idempotency.NONE and draft and draft.splitlines()[0] in there:
                self._say("W", f"{draft} was accepted and is still a draft")

    def _write(self, threads: dict[ConversationId, Thread]) -> None:
        where = ConversationId(f"{PROFILE}/{self._random.choice(CONVERSATIONS)}")
        if where not in threads or len(_waiting(threads[where])) >= _MOST:
            return
        client_id = self._desk.new_client_id()
        # Each part says which one it is, and in one transaction or not at all they are accepted.
        body = "\n".join(parts := parts_of(client_id))
        send = Send(conversation_id=where, body=body, visibility=Visibility.PUBLIC, client_id=client_id)
        self._desk.save_draft(where, Visibility.PUBLIC, body)
        try:
            self._desk.submit(send).result()
        except ConnectorError:
            return
        for part in parts:
            self._say("A", f"{where.partition('/')[2]} {part}")

    def _decide(self, thread: Thread) -> None:
        for client_id, sending in thread.sends.items():
            if sending.delivery is Delivery.FAILED:
                self._say("F", client_id)
            elif sending.delivery is Delivery.UNCERTAIN:
                self._say("U", client_id)
                where = thread.conversation.id
                # The desk has waited and looked where the client id comes back; elsewhere the agent has to.
                if self._mode is Idempotency.NONE and client_id in self._bodies(where):
                    if len(parts_of(client_id.partition(".")[0])) > 1:
                        # To take it back would take back the parts behind it as well.
                        if any(one.body == client_id and one.client_id is None for one in thread.transcript):
                            self._done(self._desk.settle(client_id))
                    elif self._done(self._desk.dismiss(client_id)):
                        self._say("D", client_id)
                    self._desk.save_draft(where, Visibility.PUBLIC, "")
                elif self._mode is not Idempotency.EXACT and self._done(self._desk.retry(client_id)):
                    self._say("R", client_id)

    @staticmethod
    def _done(asked: Future[Any]) -> bool:
        with suppress(Rejected):
            # Refused where the stream has shown the reply in the meantime.
            asked.result()
            return True
        return False

    def _at_rest(self, thread: Thread) -> bool:
        if _waiting(thread):
            return False
        *_, newest = ("", *(message.body for message in thread.transcript))
        return [newest] == (self._bodies(thread.conversation.id)[-1:] or [""])

    def _bodies(self, where: ConversationId) -> list[str]:
        connection = http.client.HTTPConnection(self._place, timeout=_PEACE)
        try:
            connection.request("GET", f"/truth/{where.partition('/')[2]}")
            return list(json.loads(connection.getresponse().read()))
        finally:
            connection.close()

    def _say(self, what: str, text: str) -> None:
        if what in "UF":
            if (what, text) in self._said:
                return
            self._said.add((what, text))
        # One write of a short line: it arrives whole or not at all.
        os.write(self._say_to, f"{what} {text}\n".encode())


def _waiting(thread: Thread) -> list[ClientId]:
    """Return the replies that were neither delivered nor taken back."""
    return [client_id for client_id, send in thread.sends.items() if send.delivery is not Delivery.CANCELLED]


def beget() -> None:
    """Read orders and run a life for each.

    It is killed `kill_after` seconds (null: not at all) after its birth (`at_start`) or after it has come online.
    """
    # Certificates are read from the disk for each client otherwise, which no life needs and all would wait for.
    http_of_connectors.trust = cache(http_of_connectors.trust)
    http_of_connectors.trust("")
    _import_what_comes_late()
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        online, reached = os.pipe()
        pid = os.fork()
        if pid == 0:
            _be(order, reached)
        os.close(reached)
        if order["kill_after"] is not None:
            if not order["at_start"]:
                # Readable when the other end is closed: by a life that is online, or over.
                select.select([online], [], [], _PEACE)
            time.sleep(order["kill_after"])
            os.kill(pid, signal.SIGKILL)
        _, how = os.waitpid(pid, 0)
        os.close(online)
        os.write(sys.stdout.fileno(), f"END {os.waitstatus_to_exitcode(how)}\n".encode())


def _import_what_comes_late() -> None:
    """Import what the desk and its HTTP client import when they are first used: a life would spend most of its time so."""
    for package in (paradesk.core, paradesk.desk, paradesk.guard):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)

    async def ask() -> None:
        client = http_of_connectors.OriginClient(http_of_connectors.checked_origin("http://127.0.0.1:9", "server"))
        with suppress(ConnectorError):
            # Nobody listens there: the discard port.
            await client.ask("GET", "/", limit=1, deadline=1.0)
        await client.close()

    asyncio.run(ask())


def _be(order: dict[str, Any], reached: int) -> NoReturn:
    status = 1
    try:
        if order["mutant"]:
            MUTANTS[order["mutant"]].apply()
        Life(order, sys.stdout.fileno(), reached).live()
        status = 0
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    beget()
