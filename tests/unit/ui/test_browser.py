"""A link reaches the browser only as a web address, alone and without secrets, after it was said where it leads."""

import os
import time
from pathlib import Path

import pytest

from paradesk.ui import browser
from paradesk.ui.screens.links import opening_detail
from tests.hostile_corpus import Entry, everything


@pytest.fixture
def started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A browser that writes down what it was given; the test gets its file."""
    told = tmp_path / "told"
    program = tmp_path / "bin" / "xdg-open"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\n{ printf "%s\\n" "$#" "$@"; env; } >"$BROWSER_TOLD.new"; mv "$BROWSER_TOLD.new" "$BROWSER_TOLD"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("BROWSER_TOLD", str(told))
    monkeypatch.setattr("paradesk.ui.browser.sys.platform", "linux")
    return told


def what_it_was_told(told: Path) -> list[str]:
    end = time.monotonic() + 30
    while not told.exists():
        assert time.monotonic() < end, "the browser was never started"
        time.sleep(0.01)
    return told.read_text(encoding="utf-8", errors="replace").splitlines()


def test_the_address_is_its_only_argument_and_secrets_stay_here(started: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARADESK_SECRET_SHOP_TOKEN", "canary")
    address = "https://example.org/$(touch%20x);a?q=%action&`b`"
    assert browser.open_address(address)
    lines = what_it_was_told(started)
    assert lines[:2] == ["1", address]
    assert not any("PARADESK_" in line or "canary" in line for line in lines)


@pytest.mark.parametrize(
    "address",
    [
        "-x --help",
        "--https://example.org",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "data:text/html,x",
        "ftp://example.org",
        " https://example.org",
        "https://exa mple.org",
        "https://example.org\n--option",
        "https://example.org/\x1b]2;x\x07",
        "https://example.org/\u202e",
        "https://",
        "",
    ],
)
def test_what_is_no_web_address_starts_nothing(started: Path, monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    def start(*_arguments: object, **_named: object) -> None:
        pytest.fail("a program was started")

    monkeypatch.setattr("paradesk.ui.browser.subprocess.Popen", start)
    assert not browser.open_address(address)


@pytest.mark.parametrize("entry", everything(), ids=lambda entry: entry.id)
def test_no_hostile_text_starts_anything_but_a_web_address(
    started: Path, monkeypatch: pytest.MonkeyPatch, entry: Entry
) -> None:
    given: list[list[str]] = []
    monkeypatch.setattr("paradesk.ui.browser.subprocess.Popen", lambda argv, **_named: given.append(argv))
    browser.open_address(entry.text)
    for argv in given:
        assert argv[1:] == [entry.text]
        assert entry.text.lower().startswith(("http://", "https://"))
        assert entry.text.isprintable()


def test_without_a_browser_it_says_no(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("paradesk.ui.browser.shutil.which", lambda _name: None)
    assert not browser.open_address("https://example.org")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        (
            "https://bücher.example/a",
            ("Host: xn--bcher-kva.example", "it is really xn--bcher-kva.example", "https://bücher.example/a"),
        ),
        ("https://xn--bcher-kva.example", ("Host: xn--bcher-kva.example", "it reads bücher.example")),
        ("https://faß.example", ("Host: xn--fa-hia.example",)),
        ("https://pаypal.example", ("! the host mixes letters of different scripts", "xn--")),
        ("https://xn--pypal-4ve.example", ("! the host mixes letters of different scripts", "it reads pаypal.example")),
        ("https://xn--a.example", ("that cannot be shown",)),
        ("https://bank.example@evil.example", ("Host: evil.example", "what stands before @ is not the host")),
        ("https://example.org:8443", ("unusual port 8443",)),
        ("http://2130706433/", ("a number instead of a name",)),
    ],
)
def test_before_it_is_opened_the_real_host_is_said(address: str, said: tuple[str, ...]) -> None:
    detail = opening_detail(address)
    assert all(words in detail for words in said), detail
