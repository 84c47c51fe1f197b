"""One desk on three real servers at once, five customers, one agent; one of the servers is killed and comes back."""

import asyncio
import re
import threading
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack
from typing import Any, TypeVar

import pytest

from tests.contract import prosody
from tests.contract.irc_backend import Client
from tests.contract.irc_servers import PASSWORD as IRC_PASSWORD
from tests.contract.irc_servers import IrcServer, irc_server
from tests.contract.prosody import Prosody
from tests.contract.synapse import PASSWORD, Synapse, synapse_python
from tests.contract.xmpp_person import Person
from tests.e2e.conftest import Places, Start
from tests.e2e.homeserver import Customer
from tests.e2e.reading import panes
from tests.e2e.terminal import Terminal, needs_tmux

pytestmark = [pytest.mark.e2e, pytest.mark.synapse, pytest.mark.prosody, needs_tmux]
T = TypeVar("T")
SIZE = (200, 50)
NAMES = ("anna", "bela", "carl", "dora", "eve")


@pytest.fixture(scope="module")
def servers() -> Iterator[tuple[Synapse, Prosody, IrcServer]]:
    """Synapse, Prosody and InspIRCd."""
    if synapse_python() is None:
        pytest.skip("NOT TESTED: three servers at once (SYNAPSE_PYTHON names no python that has matrix-synapse)")
    if why := prosody.missing():
        pytest.skip(f"NOT TESTED: three servers at once ({why})")
    with ExitStack() as stack:
        yield (
            stack.enter_context(Synapse()),
            stack.enter_context(Prosody()),
            stack.enter_context(irc_server("inspircd")),
        )


class People:
    """Customers of XMPP and IRC, in a loop of their own, so that a test may wait for a screen meanwhile."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._left: list[Any] = []

    def __enter__(self) -> "People":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        for person in self._left:
            close = person.close() if isinstance(person, Client) else person.__aexit__(None, None, None)
            self.do(close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Carry something out in the loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    def on_xmpp(self, address: str, port: int) -> Person:
        """Sign somebody in."""
        person = self.do(Person(address, port).__aenter__())
        self._left.append(person)
        return person

    def on_irc(self, nick: str, port: int) -> Client:
        """Sign somebody in."""
        client = Client(nick)
        self.do(client.connect(port))
        self._left.append(client)
        return client

    def say(self, person: Person, to: str, text: str) -> None:
        """Write over XMPP."""

        async def write() -> None:
            person.message(to, body=text)

        self.do(write())

    def heard(self, person: Person) -> list[str]:
        """Return what somebody has received over XMPP, by their own archive."""
        entries = self.do(person.archive())
        mine = person.jid.partition("/")[0]
        return [
            message.findtext("{jabber:client}body") or ""
            for _, message in entries
            if not (message.get("from") or "").startswith(mine) and message.find("{jabber:client}body") is not None
        ]


def add(places: Places, name: str, connector: str, secret: str, **options: str) -> None:
    """Add a profile as a person would."""
    given = [word for option, value in options.items() for word in ("--option", f"{option}={value}")]
    done = places.run("profile", "add", name, "--connector", connector, *given, "--secret-stdin", typed=f"{secret}\n")
    assert done.returncode == 0, done.stderr


def number_of(screen: str, name: str) -> int:
    """Return the number of the pane in which somebody is; 0 where they are in none."""
    found = [number for number, pane in panes(screen).items() if name.lower() in pane.title.lower()]
    return found[0] if found else 0


def answer(terminal: Terminal, name: str, text: str) -> None:
    """Answer somebody in their pane, and wait until the reply stands in its transcript."""
    number = number_of(terminal.screen(), name)
    assert number, f"{name} is in no pane\n{terminal.screen()}"
    terminal.press("C-x", str(number))
    terminal.wait(lambda seen: f"active: {number} " in seen.splitlines()[0], what=f"pane {number} active")
    terminal.type(text)
    terminal.wait(lambda seen: text in panes(seen)[number].words.partition("▶ to")[2], what="the reply is typed")
    terminal.press("Enter")
    terminal.wait(lambda seen: text in panes(seen)[number].words.partition("▶ to")[0], what="the reply is accepted")


def visit(terminal: Terminal, name: str) -> None:
    """Go from chat to chat until somebody's is the active one; the first visit opens its pane."""
    for _ in range(8):
        terminal.press("C-x", "k")
        if terminal.comes(
            lambda seen: re.search(rf"active: \d+ {name}", seen.splitlines()[0]) is not None, seconds=1.5
        ):
            return
    pytest.fail(f"{name} was never reached\n{terminal.screen()}")


def of_agent(client: Client) -> list[str]:
    """Return what somebody has received from the agent over IRC."""
    return [line.last for line in client.lines if line.command == "PRIVMSG" and line.nick == "helper"]


def test_five_customers_on_three_servers(
    start: Start, places: Places, servers: tuple[Synapse, Prosody, IrcServer]
) -> None:
    synapse, xmpp, irc = servers
    robin = synapse.user("robin")
    anna, bela = (Customer(synapse, synapse.user(name)) for name in ("anna", "bela"))
    agent = xmpp.user("agent")
    with People() as people:
        carl, dora = (people.on_xmpp(xmpp.user(name), xmpp.port) for name in ("carl", "dora"))
        for customer in (anna, bela):
            customer.invited_by(robin)
            customer.says(f"{customer.account.user_id[1:5]} asks")
        for name, person in (("carl", carl), ("dora", dora)):
            people.say(person, agent, f"{name} asks")
        add(places, "web", "matrix", f"password={PASSWORD}", homeserver=synapse.url, user=robin.user_id)
        add(places, "phone", "xmpp", f"password={prosody.PASSWORD}", jid=agent, server=f"xmpp://127.0.0.1:{xmpp.port}")
        add(
            places, "irc", "irc", f"password={IRC_PASSWORD}",
            server="127.0.0.1", port=str(irc.port), tls="no", nick="helper", lines_per_second="100",
        )  # fmt: skip
        terminal = start(size=SIZE)
        eve = people.on_irc("eve", irc.port)
        terminal.wait_text("● 3 online", seconds=60)
        people.do(eve.send("PRIVMSG", "helper", "eve asks"))
        terminal.wait(lambda seen: "5 chats" in seen.splitlines()[0], what="five chats", seconds=60)
        # Chats that came in while it started have panes already; the others get theirs when they are visited.
        for name in NAMES:
            if not number_of(terminal.screen(), name):
                visit(terminal, name)
        screen = terminal.wait(
            lambda seen: all(f"{name} asks" in panes(seen)[number_of(seen, name)].words for name in NAMES),
            what="what all five have written, each in their pane",
        )
        for name in NAMES:
            others = [other for other in NAMES if other != name]
            assert not any(f"{other} asks" in panes(screen)[number_of(screen, name)].words for other in others)

        for name in NAMES:
            answer(terminal, name, f"Hello {name}, one moment")
        terminal.wait(
            lambda seen: all("✓✓" in panes(seen)[number_of(seen, name)].text for name in NAMES),
            what="all replies are confirmed",
        )
        assert anna.heard(robin) == ["Hello anna, one moment"]
        assert bela.heard(robin) == ["Hello bela, one moment"]
        assert people.heard(carl) == ["Hello carl, one moment"]
        assert people.heard(dora) == ["Hello dora, one moment"]
        assert of_agent(eve) == ["Hello eve, one moment"]

        xmpp.kill()
        terminal.wait(
            lambda seen: "phone ○ OFFLINE" in seen.splitlines()[0], what="the status bar names the backend that is gone"
        )
        answer(terminal, "carl", "still here, carl")
        anna.says("anna again")
        people.do(eve.send("PRIVMSG", "helper", "eve again"))
        for name in ("anna", "eve"):
            terminal.wait(
                lambda seen, name=name: f"{name} again" in panes(seen)[number_of(seen, name)].words,  # type: ignore[misc]
                what=f"{name} is not disturbed",
            )
            answer(terminal, name, f"Yes, {name}?")
        terminal.wait(lambda _: anna.heard(robin)[1:] == ["Yes, anna?"], what="anna's answer")
        terminal.wait(lambda _: of_agent(eve)[1:] == ["Yes, eve?"], what="eve's answer")

        xmpp.start()
        dora_again = people.on_xmpp(dora.jid, xmpp.port)
        people.say(dora_again, agent, "dora again")
        terminal.wait_text("● 3 online", seconds=90)
        terminal.wait(
            lambda seen: "dora again" in panes(seen)[number_of(seen, "dora")].words, what="dora's new line", seconds=60
        )
        carl_again = people.on_xmpp(carl.jid, xmpp.port)
        terminal.wait(
            lambda _: people.heard(carl_again) == ["Hello carl, one moment", "still here, carl"],
            what="the reply that waited, once",
            seconds=60,
        )
        answer(terminal, "dora", "Welcome back, dora")
        terminal.wait(lambda _: people.heard(dora_again)[1:] == ["Welcome back, dora"], what="dora's answer")
        terminal.press("C-q")
        terminal.wait_text("[ended 0]")
