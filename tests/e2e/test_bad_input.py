"""Wrong input of every kind: a message that names the place, nothing typed lost, never a traceback."""

import socket
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.contract.synapse import Synapse, synapse_python
from tests.e2e.conftest import PARADESK, Places, Start
from tests.e2e.reading import panes
from tests.e2e.screen_of_bytes import ByteTerminal
from tests.e2e.terminal import Terminal, needs_tmux

pytestmark = pytest.mark.e2e

SIMULATED = '[profiles.shop]\nconnector = "simulator"\nseed = "3"\n'
PATIENCE = 30.0


def refused(places: Places, *arguments: str) -> str:
    """Run a command that must fail in words, and return them."""
    done = places.run(*arguments)
    assert done.returncode in (1, 2), done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return done.stdout + done.stderr


def matrix(url: str) -> str:
    """Return the configuration of a Matrix profile."""
    return f'[profiles.acme]\nconnector = "matrix"\nhomeserver = "{url}"\nuser = "@robin:localhost"\n'


def with_password(places: Places, url: str, password: str) -> None:
    """Configure a Matrix profile with this password."""
    (places.config / "config.toml").write_text(matrix(url), encoding="utf-8")
    done = places.run("profile", "secret", "acme", "password", "--stdin", typed=f"{password}\n")
    assert done.returncode == 0, done.stderr


@pytest.fixture
def nobody() -> Iterator[str]:
    """An address on which nobody answers."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and never listening: connections are refused
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


# Backends


def test_a_server_that_cannot_be_reached_is_named(places: Places, nobody: str) -> None:
    with_password(places, nobody, "correct horse")
    text = refused(places, "profile", "test", "acme")
    assert nobody.removeprefix("http://") in text
    assert "cannot reach" in text


@needs_tmux
def test_a_server_that_cannot_be_reached_is_named_on_the_screen(start: Start, places: Places, nobody: str) -> None:
    with_password(places, nobody, "correct horse")
    terminal = start(size=(120, 24))
    terminal.wait_text("OFFLINE", f"cannot reach {nobody.removeprefix('http://')}")
    terminal.press("C-q")
    terminal.wait_text("[ended 0]")


@needs_tmux
@pytest.mark.synapse
def test_a_wrong_password_is_refused_in_words(start: Start, places: Places) -> None:
    if synapse_python() is None:
        pytest.skip("NOT TESTED: a wrong password at a real homeserver (SYNAPSE_PYTHON names no python)")
    with Synapse() as server:
        server.user("robin")
        with_password(places, server.url, "wrong horse battery")
        text = refused(places, "profile", "test", "acme")
        assert "refused" in text
        assert "wrong horse battery" not in text
        terminal = start(size=(120, 24))
        screen = terminal.wait_text("REFUSED", "password")
        assert "wrong horse battery" not in screen


@needs_tmux
def test_settings_that_a_connector_refuses_are_named_on_the_screen(start: Start, places: Places) -> None:
    (places.config / "config.toml").write_text(SIMULATED + 'speed = "fast"\n', encoding="utf-8")
    assert "config.toml:1" in refused(places, "profile", "test", "shop")
    terminal = start(size=(160, 24))
    terminal.wait_text("REFUSED", "config.toml:1", "'fast' is not a number")


# Files


@pytest.mark.parametrize(
    ("name", "content", "arguments", "words"),
    [
        ("config.toml", 'theme = "dark', ("demo",), ("config.toml:1", "not TOML")),
        ("config.toml", 'theme = "dark"\nhotlst = true\n', ("demo",), ("config.toml:2", "did you mean hotlist")),
        ("config.toml", 'theme = "blue"\n', ("demo",), ("config.toml:1", "dark, light or contrast")),
        ("keymap.toml", "[keymap\n", ("demo",), ("keymap.toml:1",)),
        (
            "keymap.toml",
            '[keymap]\nname = "m"\n[bindings.global]\n"ctrl+xx" = "chat.join"\n',
            ("demo",),
            ("keymap.toml:4", "no key is called 'ctrl+xx'"),
        ),
        (
            "keymap.toml",
            '[keymap]\nname = "m"\n[bindings.global]\n"f9" = "chat.jion"\n',
            ("demo",),
            ("keymap.toml:4", "no action is called 'chat.jion'", "chat.join"),
        ),
    ],
)
def test_a_bad_file_is_named_with_its_line(
    places: Places, name: str, content: str, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    (places.config / name).write_text(content, encoding="utf-8")
    text = refused(places, *arguments)
    assert all(word in text for word in words), text


def test_a_bad_scenario_is_named_with_its_line(places: Places) -> None:
    folder = places.home / "scenarios"
    folder.mkdir()
    (folder / "broken.toml").write_text("[scenario]\nname = 3\n", encoding="utf-8")
    (places.config / "config.toml").write_text(f'{SIMULATED}scenarios = "{folder}"\n', encoding="utf-8")
    assert "broken.toml:" in refused(places, "profile", "test", "shop")


@needs_tmux
def test_a_response_with_an_unknown_placeholder_is_named_and_the_others_work(start: Start, places: Places) -> None:
    folder = places.home / "responses"
    folder.mkdir()
    (folder / "mine.toml").write_text(
        '[[response]]\nid = "mine.hello"\ntitle = "Mine"\ntags = { topic = "x" }\n'
        '[response.body]\nen = "Hi {{ customer.frist_name }}"\n',
        encoding="utf-8",
    )
    (places.config / "config.toml").write_text(f'canned = ["{folder}"]\n{SIMULATED}', encoding="utf-8")
    words = ("mine.toml:6", "unknown placeholder", "customer.frist_name", "customer.first_name")
    text = refused(places, "canned", "check", str(folder))
    assert all(word in text for word in words), text
    terminal = start(size=(120, 40))
    # The notice breaks its lines between words.
    single = ("mine.toml:6", "placeholder", "customer.frist_name")
    terminal.wait(lambda seen: all(word in seen for word in single), what="the warning")
    terminal.press("F2")
    terminal.wait_text("Canned responses", "▶ ", " for ")


# Terminals


@needs_tmux
def test_a_tiny_terminal_says_what_it_needs_and_loses_nothing(start: Start, places: Places) -> None:
    (places.config / "config.toml").write_text(SIMULATED, encoding="utf-8")
    terminal = start(size=(20, 5))
    terminal.wait_text("too small", "20×5")
    terminal.resize(120, 40)
    terminal.wait(lambda seen: "▶ to" in seen, what="a pane to write in")
    terminal.type("half a reply")
    terminal.wait_text("half a reply")
    terminal.resize(20, 5)
    terminal.wait_text("too small")
    terminal.press("Enter")
    terminal.resize(120, 40)
    terminal.wait(lambda seen: "half a reply" in panes(seen)[1].words.partition("▶ to")[2], what="the text, not sent")


def test_bytes_that_are_no_text_change_nothing_else(places: Places) -> None:
    (places.config / "config.toml").write_text(SIMULATED, encoding="utf-8")
    with ByteTerminal(PARADESK, env=places.environment) as terminal:
        terminal.wait(lambda seen: "▶ to" in seen, what="a pane to write in")
        terminal.send(b"caf\xff\xc3(\x1b[99999999;1u\xf0\x9f d")
        terminal.wait(lambda seen: "caf\ufffd\ufffd(\ufffd d" in seen, what="the text with marks for what was no text")
        terminal.send(b"\xe2\x82")
        terminal.send(b"\xac ok")
        terminal.wait(lambda seen: "d€ ok" in seen, what="a character that came in two pieces")


def draft(journal: Path, start: str, length: int) -> None:
    """Wait for a draft on the disk that begins like this and is so long."""
    deadline = time.monotonic() + PATIENCE
    while True:
        with closing(sqlite3.connect(f"file:{journal}?mode=ro", uri=True)) as database:
            for (text,) in database.execute("select text from drafts"):
                if str(text).startswith(start) and len(text) == length:
                    return
        assert time.monotonic() < deadline, f"no draft of {length} characters begins with {start!r}"
        time.sleep(0.1)


@needs_tmux
def test_a_paste_of_a_megabyte_is_kept_up_to_the_limit(start: Start, places: Places) -> None:
    (places.config / "config.toml").write_text(SIMULATED, encoding="utf-8")
    terminal: Terminal = start()
    terminal.wait(lambda seen: "▶ to" in seen, what="a pane to write in")
    name = panes(terminal.screen())[1].name
    terminal.type("typed before ")
    terminal.wait_text("typed before")
    terminal.paste("0123456789 " * 95_326)
    terminal.wait(
        lambda seen: f"{name}: the paste was too long" in " ".join(seen.split()), what="what was left out", seconds=60
    )
    journal = places.state / "desk" / "desk.sqlite3"
    draft(journal, "typed before 0123456789 ", 1_000_000)
    terminal.press("BSpace")
    draft(journal, "typed before 0123456789 ", 999_999)
