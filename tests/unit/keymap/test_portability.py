"""What a legacy terminal makes of a key, and what a keymap must do about it."""

from pathlib import Path

import pytest

from paradesk.config.shipped import shipped
from paradesk.keymap.actions import ACTIONS, WEB_ACTIONS
from paradesk.keymap.describe import help_sections, which_key
from paradesk.keymap.dispatch import Dispatcher
from paradesk.keymap.findings import Level
from paradesk.keymap.keymap import Keymap, Layer
from paradesk.keymap.loader import load_keymap, parse_keymap
from paradesk.keymap.names import parse_key, parse_sequence
from paradesk.keymap.portability import check_portability, delivery, is_portable

SHIPPED = sorted(path.stem for path in shipped("keymaps").glob("*.toml"))


@pytest.fixture
def default() -> Keymap:
    return load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)


@pytest.fixture
def zendesk() -> Keymap:
    return load_keymap(shipped("keymaps") / "zendesk.toml")


_EVERYWHERE = (
    "a",
    "J",
    "?",
    "space",
    "enter",
    "tab",
    "shift+tab",
    "ctrl+x",
    "ctrl+j",
    "ctrl+e",
    "f1",
    "f2",
    "f9",
    "f12",
    "up",
    "pageup",
    "ctrl+space",
    "ctrl+]",
    "escape",
)


@pytest.mark.parametrize("key", _EVERYWHERE)
def test_every_terminal_delivers(key: str) -> None:
    assert delivery(parse_key(key)).portable


@pytest.mark.parametrize(
    ("key", "instead"),
    [
        ("ctrl+alt+o", "ctrl+o"),
        ("ctrl+alt+h", "backspace"),
        ("ctrl+alt+m", "enter"),
        ("ctrl+shift+k", "ctrl+k"),
        ("ctrl+shift+i", "tab"),
        ("shift+escape", "escape"),
        ("shift+enter", "enter"),
        ("ctrl+enter", "enter"),
        ("alt+enter", "enter"),
        ("ctrl+3", "escape"),
        ("ctrl+8", "backspace"),
        ("ctrl+2", "ctrl+space"),
        ("ctrl+i", "tab"),
        ("ctrl+h", "backspace"),
        ("ctrl+m", "enter"),
        ("ctrl+[", "escape"),
        ("ctrl+/", "ctrl+_"),
        ("ctrl+tab", "tab"),
        ("alt+b", "ctrl+left"),
        ("alt+up", "escape"),
        ("ctrl+down", "ctrl+up"),
        ("ctrl+1", "1"),
    ],
)
def test_what_arrives_instead(key: str, instead: str) -> None:
    found = delivery(parse_key(key))
    assert not found.portable
    assert found.arrives_as == instead


@pytest.mark.parametrize("key", ["alt+1", "alt+o", "f13", "ctrl+1", "alt+space"])
def test_what_is_typed_instead(key: str) -> None:
    assert delivery(parse_key(key)).typed


@pytest.mark.parametrize("key", ["f10", "f11", "shift+f5", "super+a", "shift+pageup", "ctrl+pageup"])
def test_what_is_taken_away(key: str) -> None:
    found = delivery(parse_key(key))
    assert not found.portable
    assert found.remark


def check(default: Keymap, text: str) -> list[tuple[Level, str, int]]:
    keymap = parse_keymap(text.encode(), "mine.toml")
    return [(finding.level, finding.code, finding.line) for finding in check_portability([default, keymap])]


def test_a_key_without_a_fallback_is_refused(default: Keymap) -> None:
    text = '[bindings.global]\n"ctrl+x o" = false\n"ctrl+alt+o" = "status.open"\n'
    assert check(default, text) == [(Level.ERROR, "no-fallback", 3)]


def test_a_key_that_may_arrive_as_enter_is_refused(default: Keymap) -> None:
    text = '[bindings.composer]\n"shift+enter" = "composer.newline"\n'
    assert check(default, text) == [(Level.ERROR, "arrives-as", 2)]


def test_a_key_that_may_delete_text_is_pointed_out(default: Keymap) -> None:
    assert check(default, '[bindings.global]\n"ctrl+alt+d" = "status.on_hold"\n') == [(Level.WARNING, "arrives-as", 2)]
    unbound = '[bindings.global]\n"ctrl+alt+d" = "status.on_hold"\n[bindings.composer]\n"ctrl+d" = false\n'
    assert check(default, unbound) == []


def test_a_key_that_may_be_typed_is_pointed_out(default: Keymap) -> None:
    assert check(default, '[bindings.global]\n"alt+1" = "pane.1"\n') == [(Level.WARNING, "typed", 2)]


def test_the_default_keymap_uses_only_what_every_terminal_delivers(default: Keymap) -> None:
    assert [str(binding) for binding in default.bindings if not is_portable(binding.keys)] == []
    assert [finding for finding in check_portability([default]) if finding.level is not Level.NOTE] == []


def test_the_default_keymap_keeps_away_from_prefixes_of_tmux_and_screen(default: Keymap) -> None:
    assert {"ctrl+a", "ctrl+b", "ctrl+s"}.isdisjoint(key for binding in default.bindings for key in binding.keys)


def test_second_keys_are_what_ctrl_does_not_change(default: Keymap) -> None:
    after = {binding.keys[1] for binding in default.bindings if binding.keys[0] == "ctrl+x"}
    assert after.isdisjoint({"h", "i", "m", "[", "x"})
    assert not any(key.isupper() for key in after if len(key) == 1)


def test_no_plain_key_moves_to_another_chat(default: Keymap) -> None:
    moving = {"chat.next_waiting", "ticket.next", "ticket.previous", "hotlist.open", "hotlist.open_new", "pane.last"}
    moving |= {f"pane.{number}" for number in range(1, 7)} | {"pane.next"}
    plain = {binding.action_id for binding in default.bindings if len(binding.keys[0]) == 1}
    assert plain.isdisjoint(moving)


@pytest.mark.parametrize("pack", SHIPPED)
def test_every_action_is_reachable_by_a_portable_key(default: Keymap, pack: str) -> None:
    keymaps = [default] if pack == "default" else [default, load_keymap(shipped("keymaps") / f"{pack}.toml")]
    dispatcher = Dispatcher(keymaps)
    for action_id in ACTIONS:
        keys = dispatcher.keys_for(action_id)
        assert any(is_portable(parse_sequence(key)) for key in keys), f"no portable key reaches {action_id}: {keys}"
    refused = [str(finding) for finding in check_portability(keymaps) if finding.level is Level.ERROR]
    assert refused == []


def test_the_keymaps_that_ship() -> None:
    assert set(SHIPPED) == {"default", "zendesk", "chatwoot", "intercom", "vim", "emacs", "one-hand"}


@pytest.mark.parametrize("pack", SHIPPED)
def test_no_plain_key_of_a_shipped_keymap_moves_to_another_chat(default: Keymap, pack: str) -> None:
    moving = {"chat.next_waiting", "ticket.next", "ticket.previous", "pane.last", "pane.next"}
    moving |= {f"pane.{number}" for number in range(1, 7)}
    bindings = load_keymap(shipped("keymaps") / f"{pack}.toml").bindings
    assert moving.isdisjoint(b.action_id for b in bindings if len(b.keys[0]) == 1 and b.context == "transcript")


def test_zendesk_binds_the_web_actions_and_their_fallbacks(zendesk: Keymap) -> None:
    by_action: dict[str, list[tuple[str, ...]]] = {}
    for binding in zendesk.bindings:
        if binding.action_id is not None:
            by_action.setdefault(binding.action_id, []).append(binding.keys)
    assert list(by_action) == list(WEB_ACTIONS)
    for keys in by_action.values():
        assert any(is_portable(sequence) for sequence in keys)
        assert len(keys) == 2


def test_help_shows_every_action(default: Keymap) -> None:
    sections = help_sections(Dispatcher([default]))
    assert {row.action.id for section in sections for row in section.rows} == set(ACTIONS)


def test_the_overlay_shows_what_can_follow(default: Keymap) -> None:
    rows = [row for section in which_key(Dispatcher([default]), ("ctrl+x",), ("global",)) for row in section.rows]
    assert {row.action.id: row.keys for row in rows}["status.open"] == ("o",)


def test_the_documentation_is_current() -> None:
    from paradesk.cli.keys import shipped_document

    path = Path(__file__).parents[3] / "docs" / "keys.md"
    assert path.read_text(encoding="utf-8") == shipped_document(), "run: paradesk keys list --markdown > docs/keys.md"
