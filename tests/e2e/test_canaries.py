"""Secrets put through every way into the running program, and looked for on every way out of it."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.e2e import life
from tests.e2e.canary_program import CARD, EMAIL, LINK
from tests.e2e.life import Home, Life

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(240)]

TOKEN = "cny-8f3Kq0ZxW7"
PASSWORD = "Tr0ub4dor-canary"
_DUMP = '#!/bin/sh\n{ env; printf "%s\\n" "$@"; } >"$CANARY_OUT/$(basename "$0")"\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    """A user with one profile: its token is stored, its password comes from the environment."""
    monkeypatch.setattr(life, "PROGRAM", Path(__file__).with_name("canary_program.py"))
    made = Home(tmp_path / "home")
    (made.folder / "config" / "config.toml").write_text('[profiles.shop]\nconnector = "canary"\n')
    programs, out = tmp_path / "bin", tmp_path / "out"
    programs.mkdir()
    out.mkdir()
    for name in ("xdg-open", "notify-send"):
        (programs / name).write_text(_DUMP)
        (programs / name).chmod(0o755)
    made.environment |= {
        "PATH": f"{programs}:{made.environment['PATH']}",
        "CANARY_OUT": str(out),
        "DISPLAY": ":99",
        "PARADESK_KEYRING": "off",
        "PARADESK_SECRET_SHOP_PASSWORD": PASSWORD,
        "PARADESK_LOG_LEVEL": "debug",
        "PARADESK_GUARD_ENABLED": "false",
    }
    store = (
        "import sys; from paradesk.config.credentials import Credentials; from paradesk.core.secret import Secret;"
        " Credentials().set('shop', 'token', Secret(sys.stdin.read()))"
    )
    subprocess.run([sys.executable, "-c", store], input=TOKEN, text=True, env=made.environment, check=True)
    return made


def family(pid: int) -> Iterator[int]:
    """Return a process and all below it."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return
    for child in children:
        yield from family(int(child))


def arguments_of(pids: Iterator[int]) -> bytes:
    found = b""
    for pid in pids:
        try:
            found += Path(f"/proc/{pid}/cmdline").read_bytes()
        except OSError:
            continue
    return found


def contents(paths: Iterator[Path]) -> bytes:
    return b"".join(path.read_bytes() for path in paths if path.is_file())


def lived(home: Home, leak: str = "") -> dict[str, bytes]:
    """Go every way with the secrets, and return what came out, by surface."""
    out = Path(home.environment["CANARY_OUT"])
    with Life(home, leak) as alive:
        alive.opened()
        alive.type("an answer")
        time.sleep(0.1)
        alive.write(b"\r")
        alive.until(b"refused")
        alive.write(b"\x18p")
        log = home.state / "paradesk.log"
        wait(alive, lambda: b"in perform" in log.read_bytes() or b"_raise (" in log.read_bytes(), "the exception")
        alive.write(b"\x1b[O")  # the window is not looked at any more
        (out.parent / "go").touch()
        wait(alive, lambda: (out / "notify-send").exists(), "a notification")
        (out.parent / "go").unlink()
        alive.write(b"\x14")
        wait_screen(alive, b"o", b"Links and files")
        wait_screen(alive, b"o", b"Open this address")
        wait(alive, lambda: (out / "xdg-open").exists(), "a browser", press=b"y")
        wait(alive, lambda: any((home.state / "desk" / "snapshots").glob("*.sqlite3")), "a snapshot")
        arguments = arguments_of(family(alive.pid))
        assert b"canary_program" in arguments
        journal = contents((home.state / "desk").rglob("*"))
        assert (home.state / "desk" / "desk.sqlite3-wal").exists()
        alive.write(b"\x18s")
        alive.until(b"signed out")
        alive.write(b"\x1b[18~")
        assert alive.wait() == 1
        alive.rest()
        return {
            "terminal": alive.output,
            "log": contents(home.state.glob("paradesk.log*")),
            "crash report": contents(home.state.glob("crash-*")),
            "journal": journal + contents((home.state / "desk").rglob("*")),
            "arguments": arguments,
            "children": contents(out.iterdir()),
        }


def wait(alive: Life, reached: Callable[[], bool], what: str, *, press: bytes = b"") -> None:
    end = time.monotonic() + life.PATIENCE
    while not reached():
        assert time.monotonic() < end, f"never: {what}"
        if press:
            alive.write(press)
        alive.read(0.1)


def wait_screen(alive: Life, key: bytes, wanted: bytes) -> None:
    since = len(alive.output)
    alive.write(key)
    alive.until(wanted, since=since)


def holding(found: dict[str, bytes], *texts: str) -> list[str]:
    """Return the surfaces that hold one of these."""
    return [name for name, content in found.items() if any(text.encode() in content for text in texts)]


def test_no_secret_comes_out_anywhere(home: Home) -> None:
    found = lived(home)
    assert all(found.values()), [name for name, content in found.items() if not content]
    assert holding(found, TOKEN, PASSWORD) == []
    private = {name: found[name] for name in ("log", "crash report", "arguments", "children")}
    assert holding(private, EMAIL, CARD, "4111111111111111") == []
    assert holding({"terminal": found["terminal"]}, CARD, "4111111111111111") == []
    # It was a log of all this, and the ways were really gone.
    assert b"RuntimeError" in found["log"]
    assert b"third.party" in found["log"]
    assert b"crash report" in found["log"]
    assert LINK.encode() in found["children"]
    assert EMAIL.encode() in found["journal"]


@pytest.mark.parametrize(("leak", "where"), [("log", "log"), ("screen", "terminal"), ("report", "crash report")])
def test_a_leak_is_caught(home: Home, leak: str, where: str) -> None:
    """The same search finds the secrets in a program that does not keep them."""
    assert where in holding(lived(home, leak), TOKEN, PASSWORD)
