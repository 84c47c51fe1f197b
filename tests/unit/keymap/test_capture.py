"""What is made of keys that a person was asked to press."""

from pathlib import Path

import pytest

from paradesk.config.shipped import shipped
from paradesk.keymap.capture import (
    Arrived,
    Capture,
    Terminal,
    Wanted,
    shown_bytes,
    speaks_kitty,
    without_answers,
)
from paradesk.keymap.checks import check_keymap
from paradesk.keymap.findings import Level
from paradesk.keymap.keymap import Keymap, Layer
from paradesk.keymap.loader import load_keymap, parse_keymap


@pytest.fixture
def default() -> Keymap:
    return load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)


def capture_of(default: Keymap, text: str) -> Capture:
    return Capture((default, parse_keymap(text.encode(), "mine.toml")))


def wanted(capture: Capture, key: str) -> Wanted:
    return next(one for one in capture.wanted if one.key == key)


def test_each_key_is_asked_for_once(default: Keymap) -> None:
    text = '[bindings.global]\n"ctrl+x o" = "status.open"\n"ctrl+x p" = "status.pending"\n"ctrl+k" = false\n'
    assert [one.key for one in capture_of(default, text).wanted] == ["ctrl+x", "o", "p"]


@pytest.mark.parametrize(
    ("key", "events", "arrived"),
    [
        ("ctrl+x", [("ctrl+x", "\x18")], Arrived.AS_MEANT),
        ("ctrl+x", [("left_control", None), ("ctrl+x", None)], Arrived.AS_MEANT),
        ("alt+ctrl+o", [("ctrl+o", "\x0f")], Arrived.CHANGED),
        ("alt+1", [("inverted_exclamation_mark", "¡")], Arrived.TYPED),
        ("alt+up", [("escape", "\x1b"), ("up", None)], Arrived.CHANGED),
        ("o", [("щ", "щ")], Arrived.BY_PLACE),
        ("o", [("p", "p")], Arrived.CHANGED),
        ("f3", [], Arrived.NOTHING),
    ],
)
def test_what_became_of_a_key(
    default: Keymap, key: str, events: list[tuple[str, str | None]], arrived: Arrived
) -> None:
    text = "\n".join(
        [
            "[bindings.global]",
            '"ctrl+x o" = "status.open"',
            '"ctrl+alt+o" = "status.open"',
            '"alt+1" = "pane.1"',
            '"alt+up" = "pane.up"',
            '"f3" = "hotlist.focus"',
        ]
    )
    capture = capture_of(default, text)
    assert capture.take(wanted(capture, key), events, b"").arrived is arrived


def test_a_key_that_does_not_arrive_gets_another_one(default: Keymap, tmp_path: Path) -> None:
    """What is proposed for a key that fails can be written into keymap.toml, and checks clean."""
    text = '[bindings.global]\n"ctrl+alt+o" = "status.open"\n"ctrl+alt+p" = "app.log"\n"ctrl+x ." = false\n'
    capture = capture_of(default, text)
    for key in ("alt+ctrl+o", "alt+ctrl+p"):
        capture.nothing(wanted(capture, key))
    first, second = capture.proposals()
    assert (first.keys, first.already) == (("ctrl+x", "o"), True)
    assert (second.binding.action_id, second.already) == ("app.log", False)
    mine = tmp_path / "keymap.toml"
    mine.write_text(capture.snippet(), encoding="utf-8")
    findings = check_keymap([*capture.keymaps, load_keymap(mine, Layer.USER)])
    assert [str(finding) for finding in findings if finding.level is not Level.NOTE] == []


def test_a_keyboard_without_its_leader_gets_another_leader(default: Keymap) -> None:
    capture = Capture((default,))
    for one in capture.wanted:
        if one.key == "ctrl+x":
            capture.nothing(one)
        else:
            capture.take(one, [(one.key, None)], b"")
    proposals = capture.proposals()
    assert {proposal.binding.action_id for proposal in proposals} >= {"status.open", "chat.end", "pane.1"}
    assert all("ctrl+x" not in proposal.keys for proposal in proposals)
    given = [(proposal.binding.context, proposal.keys) for proposal in proposals if not proposal.already]
    assert len(set(given)) == len(given) > 10
    ends = [proposal for proposal in proposals if proposal.binding.action_id == "chat.end"]
    assert all(len(proposal.keys) == 2 for proposal in ends), "what cannot be taken back is never one key"


def test_the_report_says_what_to_do(default: Keymap) -> None:
    capture = capture_of(default, '[bindings.global]\n"ctrl+alt+o" = "status.open"\n"f6" = "pane.last"\n')
    capture.terminal = Terminal("xterm-256color", "", "tmux")
    capture.take(wanted(capture, "alt+ctrl+o"), [("ctrl+o", "\x0f")], b"\x1b\x0f")
    report = capture.markdown("1.0")
    assert "inside tmux" in report
    assert "the legacy encoding" in report
    assert "| `ctrl+alt+o` | `ESC 0f` | arrives as another key: ctrl+o | status.open |" in report
    assert "`status.open`: `ctrl+alt+o` does not work here; it has `ctrl+x o`" in report
    assert "Not pressed: `F6`" in report


def test_a_terminals_answers_are_no_keys() -> None:
    sent = b"\x1b[?25u\x1b[?62;4c\x1b[110;7u\x1b[12;40R\x1b]11;rgb:0/0/0\x07\x1b[1;3A"
    assert speaks_kitty(sent)
    assert not speaks_kitty(b"\x1b[?62;4c\x1b[110;7u")
    assert without_answers(sent) == b"\x1b[110;7u\x1b[1;3A"


def test_bytes_are_shown_as_text() -> None:
    assert shown_bytes(b"\x1b[1;3A") == "ESC [ 1 ; 3 A"
    assert shown_bytes(b"\x18") == "18"
    assert shown_bytes("ü \xff".encode()) == "ü 20 ÿ"
    assert shown_bytes(b"\xff") == "\ufffd"
