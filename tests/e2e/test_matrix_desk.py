"""The workstation on a real homeserver that is killed in between: nothing is missing, doubled, or with the wrong person."""

import re
from collections.abc import Callable, Iterator

import pytest

from paradesk.core.model import Role
from paradesk.desk.desk import Desk, Profile
from tests.contract.synapse import PASSWORD, Account, Synapse, synapse_python
from tests.e2e.conftest import Places, Start
from tests.e2e.homeserver import Customer, Wire, write_at_once
from tests.e2e.reading import panes
from tests.e2e.terminal import Terminal, needs_tmux
from tests.ui.scripted import ScriptedConnector

pytestmark = [pytest.mark.e2e, pytest.mark.synapse, needs_tmux]


@pytest.fixture(scope="module")
def synapse() -> Iterator[Synapse]:
    """A homeserver of its own, because it is killed."""
    if synapse_python() is None:
        pytest.skip(
            "NOT TESTED: the desk on a real homeserver (SYNAPSE_PYTHON names no python that has matrix-synapse)"
        )
    with Synapse() as server:
        yield server


@pytest.fixture
def wire(synapse: Synapse) -> Iterator[Wire]:
    """What the connector reaches the homeserver through."""
    with Wire(synapse.port) as wire:
        yield wire


def add_profile(places: Places, wire: Wire, agent: Account) -> None:
    """Add the profile as a person would, and check that its secret is shown nowhere."""
    done = places.run(
        "profile", "add", "acme", "--connector", "matrix", "--option", f"homeserver={wire.url}",
        "--option", f"user={agent.user_id}", "--secret-stdin", typed=f"password={PASSWORD}\n",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    tried = places.run("profile", "test", "acme")
    assert tried.returncode == 0, tried.stderr
    assert "signed in" in tried.stdout
    assert PASSWORD not in done.stdout + done.stderr + tried.stdout + tried.stderr
    assert PASSWORD not in (places.config / "config.toml").read_text()


def reply(terminal: Terminal, number: int, text: str) -> None:
    """Answer in a pane and wait until the reply stands in its transcript."""
    terminal.press("C-x", str(number))
    terminal.wait(lambda seen: f"active: {number} " in seen.splitlines()[0], what=f"pane {number} active")
    terminal.type(text)
    terminal.wait(lambda seen: text in panes(seen)[number].words.partition("▶ to")[2], what="the reply is typed")
    terminal.press("Enter")
    terminal.wait(lambda seen: text in panes(seen)[number].words.partition("▶ to")[0], what="the reply is accepted")


def transcript(terminal: Terminal, number: int) -> list[str]:
    """Read a whole transcript with keys: to its beginning, then page by page to its end."""
    terminal.press("C-x", str(number))
    terminal.wait(lambda seen: f"active: {number} " in seen.splitlines()[0], what=f"pane {number} active")
    terminal.press("C-t")
    terminal.wait_text("Read back")
    for _ in range(20):
        terminal.press("Home")
        if terminal.comes(lambda seen: "beginning of the conversation" in panes(seen)[number].text, seconds=2):
            break
    else:
        pytest.fail(f"no beginning in pane {number}\n{terminal.screen()}")
    collected: list[str] = []
    while True:
        page = rows(terminal.screen(), number)
        overlap = next((size for size in range(len(page), 0, -1) if collected[-size:] == page[:size]), 0)
        collected += page[overlap:]
        terminal.press("PageDown")
        if not terminal.comes(moved_from(page, number), seconds=1.5):
            break
    terminal.press("C-t")
    return collected


def rows(screen: str, number: int) -> list[str]:
    """Return the rows of a pane's transcript, without its composer."""
    found = [row.strip() for row in panes(screen)[number].rows]
    place = next(index for index, row in enumerate(found) if "▶ to " in row)
    return [row for row in found[:place] if row]


def moved_from(page: list[str], number: int) -> Callable[[str], bool]:
    """Say whether a pane shows another page than this one."""
    return lambda seen: rows(seen, number) != page


def spoken(collected: list[str], name: str) -> list[str]:
    """Return the numbered messages of a customer in a transcript."""
    return re.findall(rf"{name} message \d\d", "\n".join(collected))


def test_two_customers_through_a_killed_homeserver(start: Start, places: Places, synapse: Synapse, wire: Wire) -> None:
    agent = synapse.user("robin")
    anna, bela = (Customer(synapse, synapse.user(name)) for name in ("anna", "bela"))
    anna.invited_by(agent)
    bela.invites(agent)
    anna.says("anna message 00")
    bela.says("bela message 00")
    add_profile(places, wire, agent)

    terminal = start(size=(120, 40))
    terminal.wait(
        lambda seen: "anna message 00" in panes(seen)[1].words and "in queue" in seen, what="anna's chat, bela in queue"
    )
    terminal.press("C-x", "k")
    terminal.wait(lambda seen: "IN QUEUE" in panes(seen)[2].title, what="bela's invitation in pane 2")
    terminal.press("C-x", "g")
    terminal.wait(lambda seen: "bela message 00" in panes(seen)[2].words, what="what bela has written")

    write_at_once([anna, bela], [[f"{name} message {n:02}" for n in range(1, 6)] for name in ("anna", "bela")])
    screen = terminal.wait(
        lambda seen: "anna message 05" in panes(seen)[1].words and "bela message 05" in panes(seen)[2].words,
        what="what both wrote at once",
    )
    assert "bela message" not in panes(screen)[1].words
    assert "anna message" not in panes(screen)[2].words

    reply(terminal, 1, "Hello Anna, one moment")
    reply(terminal, 2, "Hello Bela, one moment")
    terminal.wait(
        lambda seen: all("✓✓" in panes(seen)[number].text for number in (1, 2)), what="both replies are confirmed"
    )
    assert (anna.heard(agent), bela.heard(agent)) == (["Hello Anna, one moment"], ["Hello Bela, one moment"])
    terminal.press("C-x", "d")
    terminal.wait(lambda seen: "ON HOLD" in panes(seen)[2].title, what="bela on hold")
    terminal.press("C-x", "1")
    terminal.wait_text("active: 1 ")
    terminal.press("C-x", "p")
    terminal.wait(lambda seen: "PENDING" in panes(seen)[1].title, what="anna pending")
    assert (anna.status(), bela.status()) == ("pending", "on_hold")

    # Away: the wire is cut, so that the connector hears nothing of what is sent before and after the kill.
    wire.cut()
    terminal.wait(lambda seen: "OFFLINE" in seen.splitlines()[0], what="the status bar says that it is offline")
    write_at_once([anna, bela], [[f"{name} message {n:02}" for n in range(6, 12)] for name in ("anna", "bela")])
    reply(terminal, 1, "still here, Anna")
    synapse.kill()
    terminal.type("typed while it is down")
    terminal.wait_text("typed while it is down")
    synapse.start()
    write_at_once([anna, bela], [[f"{name} message {n:02}" for n in range(12, 21)] for name in ("anna", "bela")])
    assert anna.heard(agent) == ["Hello Anna, one moment"]
    wire.mend()
    terminal.wait(
        lambda seen: "● online" in seen.splitlines()[0] and "catching up" not in seen.splitlines()[0],
        what="online again",
        seconds=60,
    )
    terminal.wait(
        lambda seen: "anna message 20" in panes(seen)[1].words and "bela message 20" in panes(seen)[2].words,
        what="the last of what was missed",
    )
    terminal.wait(lambda _: anna.heard(agent)[1:] == ["still here, Anna"], what="the reply that waited")

    expected = {name: [f"{name} message {n:02}" for n in range(21)] for name in ("anna", "bela")}
    assert (anna.said, bela.said) == (expected["anna"], expected["bela"])
    read = {1: transcript(terminal, 1), 2: transcript(terminal, 2)}
    assert spoken(read[1], "anna") == expected["anna"]
    assert spoken(read[2], "bela") == expected["bela"]
    assert not spoken(read[1], "bela") + spoken(read[2], "anna")
    assert "\n".join(read[1]).count("still here, Anna") == 1
    terminal.press("C-x", "1")
    terminal.wait(lambda seen: "typed while it is down" in panes(seen)[1].text, what="what was typed is still there")
    terminal.press("C-q")
    terminal.wait_text("[ended 0]")

    desk = Desk([Profile("acme", ScriptedConnector)], places.state / "desk")
    desk.start()
    try:
        for customer, name in ((anna, "anna"), (bela, "bela")):
            thread = next(thread for item, thread in desk.state.threads.items() if customer.room in item)
            kept = [message.body for message in thread.transcript if message.role is Role.CUSTOMER]
            assert kept == expected[name]
    finally:
        desk.stop()
    assert anna.heard(agent) == ["Hello Anna, one moment", "still here, Anna"]
    assert bela.heard(agent) == ["Hello Bela, one moment"]
