"""Without a network: the program starts, shows what it knows, takes replies, says so, and delivers when it can."""

import re
from collections.abc import Iterator

import pytest

from tests.contract.matrix_backend import API
from tests.contract.synapse import Account, Synapse, synapse_python
from tests.e2e.conftest import Places, Start
from tests.e2e.homeserver import Customer, Wire
from tests.e2e.reading import panes
from tests.e2e.terminal import Terminal, needs_tmux
from tests.e2e.test_matrix_desk import add_profile, reply

pytestmark = [pytest.mark.e2e, pytest.mark.synapse, needs_tmux]


@pytest.fixture(scope="module")
def synapse() -> Iterator[Synapse]:
    """A homeserver that is away now and then."""
    if synapse_python() is None:
        pytest.skip("NOT TESTED: starting without network (SYNAPSE_PYTHON names no python that has matrix-synapse)")
    with Synapse() as server:
        yield server


@pytest.fixture
def wire(synapse: Synapse) -> Iterator[Wire]:
    """What the program reaches the homeserver through."""
    with Wire(synapse.port) as wire:
        yield wire


def top(seen: str) -> str:
    """Return the status bar."""
    return seen.splitlines()[0]


def chat_with(server: Synapse, name: str, agent: Account) -> Customer:
    """Return a customer in a room of the agent who has written."""
    customer = Customer(server, server.user(name))
    customer.invited_by(agent)
    customer.says(f"{name} was here before")
    return customer


def quit_program(terminal: Terminal) -> None:
    """End it as a person does."""
    terminal.press("C-q")
    terminal.wait_text("[ended 0]")


@pytest.mark.parametrize("away", ["homeserver down", "name unknown"])
def test_start_without_network(away: str, start: Start, places: Places, synapse: Synapse, wire: Wire) -> None:
    agent = synapse.user("down" if "down" in away else "unknown")
    customer = chat_with(synapse, f"anna{agent.user_id[1:4]}", agent)
    add_profile(places, wire, agent)
    first = start(size=(80, 24))
    first.wait(lambda seen: "was here before" in panes(seen)[1].words and "● online" in top(seen), what="the chat")
    quit_program(first)

    settings = places.config / "config.toml"
    reachable = settings.read_text()
    if away == "homeserver down":
        wire.cut()
    else:
        settings.write_text(re.sub(r'homeserver *= *"[^"]*"', 'homeserver = "https://nowhere.invalid"', reachable))
    terminal = start(size=(80, 24))
    terminal.wait(lambda seen: "was here before" in panes(seen)[1].words, what="the cached chat")
    terminal.wait(lambda seen: "OFFLINE" in top(seen), what="the status bar says that it is offline")
    reply(terminal, 1, "an answer without network")
    terminal.wait(lambda seen: "… queued: offline" in panes(seen)[1].text, what="the reply says that it waits")
    terminal.type("half a dra")
    terminal.wait(lambda seen: "half a dra" in panes(seen)[1].words, what="the draft")
    assert customer.heard(agent) == []

    if away == "name unknown":
        quit_program(terminal)
        settings.write_text(reachable)
        terminal = start(size=(80, 24))
    else:
        wire.mend()
        terminal.press("C-x", "=")
    terminal.wait(lambda seen: "✓✓" in panes(seen)[1].text, what="the reply is confirmed", seconds=60)
    assert "queued" not in terminal.screen()
    assert "half a dra" in panes(terminal.screen())[1].words
    assert customer.heard(agent) == ["an answer without network"]
    quit_program(terminal)


def test_revoked_token_stops_everything_and_loses_nothing(
    start: Start, places: Places, synapse: Synapse, wire: Wire
) -> None:
    agent = synapse.user("robin")
    customer = chat_with(synapse, "bela", agent)
    done = places.run(
        "profile", "add", "acme", "--connector", "matrix", "--option", f"homeserver={wire.url}",
        "--secret-stdin", typed=f"token={agent.token}\n",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    terminal = start(size=(120, 40), PARADESK_KEYRING="off")
    terminal.wait(lambda seen: "was here before" in panes(seen)[1].words and "● online" in top(seen), what="the chat")

    customer.call("POST", f"{API}/logout", {}, agent)
    terminal.wait(lambda seen: "REFUSED" in top(seen), what="the status bar says that the homeserver refuses")
    customer.says("written meanwhile")
    reply(terminal, 1, "kept until the token is renewed")
    terminal.wait(lambda seen: "… queued: offline" in panes(seen)[1].text, what="the reply says that it waits")

    renewed = synapse.login("robin")
    stored = places.run("profile", "secret", "acme", "token", "--stdin", typed=f"{renewed.token}\n")
    assert stored.returncode == 0, stored.stderr
    terminal.press("C-x", "=")
    terminal.wait(
        lambda seen: "✓✓" in panes(seen)[1].text and "written meanwhile" in panes(seen)[1].words,
        what="both directions go on",
        seconds=60,
    )
    assert customer.heard(renewed) == ["kept until the token is renewed"]
    assert agent.token not in terminal.screen()
    quit_program(terminal)
