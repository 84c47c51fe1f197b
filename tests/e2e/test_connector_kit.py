"""The way of somebody who writes a connector: from nothing to one that is checked, installed and at work."""

import json
import re
from pathlib import Path

import pytest

from tests.e2e.installing import Environment, fresh
from tests.e2e.terminal import Terminal, needs_tmux

__all__ = ["fresh"]

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "paradesk-shoutbox"

TOY = '''
"""A backend of one's own: guests in a pub, who answer everything with a toast."""

from itertools import count
from time import time

from paradesk_pub.server import Server as _Server

GREETING = "Is this place still open?"


class Server(_Server):
    """The generated server with a customer of its own."""

    _running = {}

    @classmethod
    def at(cls, url):
        if url not in cls._running:
            cls._running[url] = server = cls()
            if url == "memory:demo":
                server.write(server.begin("Gwen Guest"), GREETING)
        return cls._running[url]

    def say(self, chat, text):
        line = super().say(chat, text)
        if "closing time" in text:
            self.write(chat, "One for the road, then!")
        return line
'''


def test_a_new_connector_keeps_the_contract_as_it_stands(fresh: Environment) -> None:
    written = fresh.paradesk("connector", "new", "corner-shop", "--directory", str(fresh.home)).splitlines()
    package = fresh.home / "paradesk-corner-shop"
    assert {str(package / "pyproject.toml"), str(package / "README.md")} <= set(written)
    fresh.install(package)
    listed = fresh.paradesk("connector", "list")
    assert re.search(r"^corner-shop +Corner shop +paradesk-corner-shop 0\.1\.0 +installed$", listed, re.MULTILINE)
    checked = json.loads(fresh.paradesk("connector", "check", "corner-shop", "--json"))
    assert checked[0]["connector"] == "corner-shop"
    assert checked[0]["kept"] is True
    assert checked[0]["counts"]["passed"] > 50
    assert checked[0]["counts"]["failed"] == 0
    reasons = {result["reason"] for result in checked[0]["results"] if result["outcome"] == "skipped"}
    assert "corner-shop declares typing_out as absent" in reasons
    tested = fresh.run("-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=package)
    assert tested.returncode == 0, tested.stdout
    assert re.search(r"\d\d passed", tested.stdout)


def test_a_new_connector_is_sound_python(fresh: Environment) -> None:
    fresh.paradesk("connector", "new", "corner-shop", "--directory", str(fresh.home))
    package = fresh.home / "paradesk-corner-shop"
    settings = str(ROOT / "pyproject.toml")
    for program in (["ruff", "check", "--config", settings], ["ruff", "format", "--check", "--config", settings]):
        done = fresh.run("-m", *program, "src", cwd=package)
        assert done.returncode == 0, done.stdout + done.stderr
    done = fresh.run("-m", "mypy", "--strict", "--no-incremental", "src", cwd=package)
    assert done.returncode == 0, done.stdout


@needs_tmux
def test_a_toy_of_ones_own_appears_and_works(fresh: Environment) -> None:
    fresh.paradesk("connector", "new", "pub", "--title", "The Pub", "--directory", str(fresh.home))
    package = fresh.home / "paradesk-pub"
    source = package / "src" / "paradesk_pub"
    (source / "toy.py").write_text(TOY, encoding="utf-8")
    for name in ("connector.py", "backend_under_test.py"):
        text = (source / name).read_text(encoding="utf-8")
        assert "Server" in text
        text = re.sub(r"from paradesk_pub\.server import (.*)\bServer\b(, TooBusy)?", _from_toy, text)
        (source / name).write_text(text, encoding="utf-8")
    fresh.install(package)
    said = fresh.paradesk("connector", "check", "paradesk-pub", "--badge")
    assert "The contract is kept." in said
    assert re.search(r"!\[Paradesk connector contract: \d+ passed\]\(https://", said)

    state = fresh.home / "state"
    state.mkdir()
    (state / "first-run-done").touch()
    program = [str(fresh.python), "-m", "paradesk"]
    with Terminal([*program, "profile", "add"], size=(100, 30), env=fresh.variables, cwd=fresh.home) as terminal:
        terminal.wait_text("Connector (", " pub, simulator")
        terminal.type("pub")
        terminal.press("Enter")
        terminal.wait_text("Name of the profile [pub]")
        terminal.press("Enter")
        terminal.wait_text("Address of the server [memory:demo]")
        terminal.press("Enter")
        terminal.wait_text("Access token")
        terminal.type("anything")
        terminal.press("Enter")
        terminal.wait_text("Added pub (pub)", "[ended 0]")
    with Terminal(program, size=(100, 30), env=fresh.variables, cwd=fresh.home) as terminal:
        terminal.wait_text("GWEN GUEST", "Is this place still open?")
        terminal.say("It is closing time.")
        terminal.wait_text("One for the road, then!")
        terminal.press("C-q")
        terminal.wait_text("[ended 0]")


def _from_toy(found: "re.Match[str]") -> str:
    others = f"from paradesk_pub.server import {found[1]}{(found[2] or '').removeprefix(', ')}".rstrip(", ")
    return "from paradesk_pub.toy import Server" + (f"\n{others}" if found[1] or found[2] else "")


def test_the_example_is_short_and_keeps_the_contract(fresh: Environment) -> None:
    whole = (EXAMPLE / "src" / "paradesk_shoutbox" / "__init__.py").read_text(encoding="utf-8")
    assert len(whole.splitlines()) <= 60
    assert whole in (ROOT / "docs" / "connectors.md").read_text(encoding="utf-8"), (
        "docs/connectors.md shows the example"
    )
    fresh.install(EXAMPLE)
    said = fresh.paradesk("connector", "check", "shoutbox")
    assert "0 failed" in said
    assert re.search(r"^\d\d passed", said, re.MULTILINE)
    sound = fresh.run("-m", "mypy", "--strict", "--no-incremental", str(EXAMPLE / "src"))
    assert sound.returncode == 0, sound.stdout


def test_a_broken_package_is_named_and_breaks_nothing(fresh: Environment) -> None:
    fresh.paradesk("connector", "new", "wreck", "--directory", str(fresh.home))
    package = fresh.home / "paradesk-wreck"
    (package / "src" / "paradesk_wreck" / "connector.py").write_text("import of_nothing_at_all\n", encoding="utf-8")
    fresh.install(package)
    listed = fresh.paradesk("connector", "list")
    assert re.search(r"^simulator .* installed$", listed, re.MULTILINE)
    assert re.search(r"^wreck .*BROKEN: .*of_nothing_at_all", listed, re.MULTILINE)
    done = fresh.run("-m", "paradesk", "connector", "check", "wreck")
    assert done.returncode == 2
    assert "of_nothing_at_all" in done.stderr
    assert "Traceback" not in done.stderr + done.stdout


def test_a_connector_that_breaks_the_contract_fails_the_check(fresh: Environment) -> None:
    fresh.paradesk("connector", "new", "liar", "--directory", str(fresh.home))
    package = fresh.home / "paradesk-liar"
    path = package / "src" / "paradesk_liar" / "connector.py"
    text = path.read_text(encoding="utf-8")
    honest = 'raise RateLimited("the server is busy", error.retry_after)'
    assert honest in text
    path.write_text(text.replace(honest, 'raise Rejected("the server is busy")'), encoding="utf-8")
    fresh.install(package)
    said = fresh.paradesk("connector", "check", "liar", "--only", "test_rate_limit_is_told", status=1)
    assert "FAIL A send that is refused for coming too fast raises RateLimited" in said
    assert "instead of RateLimited" in said
    assert "--only test_rate_limit_is_told --trace" in said
    assert "The contract is not kept." in said
    assert "badge/paradesk_contract-1%20failed-red" in fresh.paradesk(
        "connector", "check", "liar", "--only", "test_rate_limit_is_told", "--badge", status=1
    )
