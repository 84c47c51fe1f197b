"""What `paradesk keys check` finds in keymaps as they lie on top of each other, and on other keyboards."""

import pytest

from paradesk.config.shipped import shipped
from paradesk.keymap.checks import check_keymap
from paradesk.keymap.dispatch import Dispatcher, Pass, Run
from paradesk.keymap.findings import KeymapError, Level
from paradesk.keymap.keymap import Keymap, Layer
from paradesk.keymap.layouts import LAYOUTS, Reach
from paradesk.keymap.loader import load_keymap, parse_keymap

COMPOSER = ("composer", "workspace", "global")


@pytest.fixture
def default() -> Keymap:
    return load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)


def found(default: Keymap, text: str, layout: str = "") -> list[tuple[Level, str, int]]:
    keymap = parse_keymap(text.encode(), "mine.toml")
    keyboard = LAYOUTS[layout] if layout else None
    return [(finding.level, finding.code, finding.line) for finding in check_keymap([default, keymap], keyboard)]


def test_two_spellings_of_one_key_are_a_conflict(default: Keymap) -> None:
    text = '[bindings.global]\n"ctrl+alt+o" = "status.open"\n"alt+ctrl+o" = "status.solved"\n'
    with pytest.raises(KeymapError, match="bound twice: the first time in line 2"):
        parse_keymap(text.encode(), "mine.toml")


def test_a_prefix_names_both(default: Keymap) -> None:
    assert found(default, '[bindings.global]\n"ctrl+x" = "app.help"\n')[0] == (Level.ERROR, "prefix", 2)


def test_a_binding_that_never_acts_is_unreachable(default: Keymap) -> None:
    text = '[bindings.workspace]\n"enter" = "app.help"\n[bindings.composer]\n"f5" = "app.help"\n'
    assert (Level.NOTE, "shadowed", 2) in found(default, text)
    text = '[bindings.composer]\n"ctrl+x ;" = "app.help"\n[bindings.guard]\n"ctrl+x ;" = false\n'
    assert (Level.NOTE, "shadowed", 2) in found(default, text)
    text = "\n".join(
        [
            '[bindings.workspace]\n"ctrl+x ;" = "app.help"',
            *(f'[bindings.{context}]\n"ctrl+x ;" = "app.log"' for context in ("composer", "transcript", "hotlist")),
        ]
    )
    hidden = [(level, code, line) for level, code, line in found(default, text) if code in ("unreachable", "shadowed")]
    assert hidden == [(Level.NOTE, "shadowed", 2)], "nothing but the bare workspace sees it"


def test_an_action_that_loses_its_last_key_is_told(default: Keymap) -> None:
    text = '[bindings.global]\n"ctrl+x n" = false\n[bindings.composer]\n"enter" = false\n'
    assert found(default, text) == [(Level.WARNING, "no-key", 2), (Level.ERROR, "no-key", 4)]


def test_taking_away_what_is_not_there_is_told(default: Keymap) -> None:
    text = '[bindings.global]\n"ctrl+x ;" = false\n"ctrl+e *" = false\n"ctrl+e" = false\n"ctrl+k" = "-app.help"\n'
    assert found(default, text) == [
        (Level.WARNING, "unbinds-nothing", 2),
        (Level.WARNING, "unbinds-nothing", 3),
        (Level.WARNING, "negates-nothing", 5),
    ]


def test_false_deadens_a_key_and_a_negated_action_frees_it(default: Keymap) -> None:
    """`false` keeps the key from the text as well; `-action` lets what is around it, or the text, have it."""
    dead = parse_keymap(b'[bindings.composer]\n"ctrl+k" = false\n', "mine.toml")
    free = parse_keymap(b'[bindings.composer]\n"ctrl+k" = "-composer.delete_to_end"\n', "mine.toml")
    other = parse_keymap(b'[bindings.composer]\n"ctrl+k" = "-composer.undo"\n', "mine.toml")
    assert not isinstance(Dispatcher([default, dead]).press("ctrl+k", "\x0b", COMPOSER), Pass)
    assert isinstance(Dispatcher([default, free]).press("ctrl+k", "\x0b", COMPOSER), Pass)
    assert Dispatcher([default, other]).press("ctrl+k", "\x0b", COMPOSER) == Run("composer.delete_to_end")


def test_a_negated_action_that_does_not_exist_is_an_error() -> None:
    with pytest.raises(KeymapError, match=r"no action is called 'status.opne'; did you mean status.open"):
        parse_keymap(b'[bindings.global]\n"ctrl+x o" = "-status.opne"\n', "mine.toml")


@pytest.mark.parametrize(
    ("layout", "key", "level"),
    [
        ("de", "ctrl+x [", Level.WARNING),
        ("fr", "ctrl+x 7", None),
        ("ru", "ctrl+x [", Level.ERROR),
        ("ru", "ctrl+e o", None),
        ("gr", "ctrl+x ;", Level.WARNING),
        ("pl", "ctrl+x ;", None),
        ("ch", "ctrl+]", Level.ERROR),
    ],
)
def test_what_a_keyboard_cannot_type(default: Keymap, layout: str, key: str, level: Level | None) -> None:
    text = f'[bindings.global]\n"ctrl+x o" = false\n"{key}" = "status.open"\n'
    judged = [level for level, code, _ in found(default, text, layout) if code == "layout"]
    assert judged == ([] if level is None else [level])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_keyboard_can_type_the_default_keymap(default: Keymap, layout: str) -> None:
    """With a plain key for each action: a note remains where an action has another key besides a hard one."""
    findings = check_keymap([default], LAYOUTS[layout])
    assert [str(one) for one in findings if one.code == "layout" and one.level is not Level.NOTE] == []


def test_layouts_say_how_a_character_is_typed() -> None:
    assert LAYOUTS["de"].reach("@") is Reach.ALTGR
    assert LAYOUTS["de"].reach("^") is Reach.DEAD
    assert LAYOUTS["fr"].reach("1") is Reach.KEY
    assert LAYOUTS["ru"].reach("x") is Reach.KEY, "shortcuts are found by the place of the key"
    assert LAYOUTS["ru"].reach("@") is Reach.NONE
    assert LAYOUTS["us"].reach("ß") is Reach.NONE


def test_a_french_digit_row_chooses_panes_without_shift(default: Keymap) -> None:
    french, plain = Dispatcher([default], LAYOUTS["fr"]), Dispatcher([default])
    for dispatcher, result in ((french, Run("pane.1")), (plain, None)):
        dispatcher.press("ctrl+x", "\x18", COMPOSER)
        assert (dispatcher.press("ampersand", "&", COMPOSER) == result) is (result is not None)
    french.press("ctrl+x", "\x18", COMPOSER)
    assert french.press("minus", "-", COMPOSER) == Run("composer.remove_attachment"), "what is bound itself comes first"


def test_the_command_line_knows_every_layout() -> None:
    from paradesk.cli.keys import _LAYOUT_NAMES

    assert set(_LAYOUT_NAMES) == set(LAYOUTS)
