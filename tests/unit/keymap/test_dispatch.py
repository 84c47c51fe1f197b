"""What a key press means: text is text, sequences wait without a clock, and a slip never reaches a customer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from paradesk.config.shipped import shipped
from paradesk.keymap.actions import ACTIONS, CONTEXTS
from paradesk.keymap.dispatch import Cancelled, Dispatcher, Ignored, Pass, Pending, Rejected, Result, Run
from paradesk.keymap.keymap import Keymap, Layer
from paradesk.keymap.loader import load_keymap, parse_keymap
from paradesk.keymap.names import MODIFIER_KEYS

COMPOSER = CONTEXTS["composer"]
TRANSCRIPT = CONTEXTS["transcript"]


def own(text: str) -> Keymap:
    return parse_keymap(text.encode(), "own.toml", Layer.USER)


@pytest.fixture
def default() -> Keymap:
    return load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)


@pytest.fixture
def zendesk() -> Keymap:
    return load_keymap(shipped("keymaps") / "zendesk.toml")


@pytest.fixture
def dispatcher(default: Keymap) -> Dispatcher:
    return Dispatcher([default])


def press(dispatcher: Dispatcher, *keys: str, contexts: tuple[str, ...] = COMPOSER) -> list[Result]:
    return [dispatcher.press(key, key if len(key) == 1 else None, contexts) for key in keys]


def test_a_sequence_runs_and_leaves_nothing_pending(dispatcher: Dispatcher) -> None:
    first, second = press(dispatcher, "ctrl+x", "o")
    assert isinstance(first, Pending)
    assert first.prefix == ("ctrl+x",)
    assert ("o", "status.open") in first.options
    assert second == Run("status.open")
    assert dispatcher.pending == ()
    assert press(dispatcher, "o") == [Pass()]


@pytest.mark.parametrize(
    ("second", "action"),
    [
        ("ctrl+o", "status.open"),
        ("ctrl+left", "pane.left"),
        ("ctrl+@", "pane.2"),
        ("ctrl+backslash", "pane.4"),
        ("ctrl+tab", "pane.next"),
        ("ctrl+underscore", "composer.remove_attachment"),
        ("щ", "status.open"),
        ("ctrl+щ", "status.open"),
    ],
)
def test_ctrl_may_stay_down_and_the_layout_may_be_another(dispatcher: Dispatcher, second: str, action: str) -> None:
    assert press(dispatcher, "ctrl+x", second)[1] == Run(action)


def test_modifiers_alone_are_ignored(dispatcher: Dispatcher) -> None:
    results = press(dispatcher, "left_control", "ctrl+x", "left_control", "right_shift", "caps_lock", "o")
    assert [type(result) for result in results] == [Ignored, Pending, Ignored, Ignored, Ignored, Run]


def test_an_unknown_second_key_is_swallowed(dispatcher: Dispatcher) -> None:
    assert press(dispatcher, "ctrl+x", "&")[1] == Rejected(("ctrl+x", "&"))
    assert dispatcher.pending == ()


def test_a_slip_of_shift_is_no_other_action(dispatcher: Dispatcher) -> None:
    assert isinstance(press(dispatcher, "ctrl+x", "O")[1], Rejected)


def test_escape_cancels(dispatcher: Dispatcher) -> None:
    assert press(dispatcher, "ctrl+x", "escape", "o")[1:] == [Cancelled(), Pass()]


def test_leader_twice_is_the_key_itself(dispatcher: Dispatcher) -> None:
    assert press(dispatcher, "ctrl+x", "ctrl+x", "o")[1:] == [Pass(), Pass()]


def test_a_paste_or_click_cancels(dispatcher: Dispatcher) -> None:
    press(dispatcher, "ctrl+x")
    dispatcher.cancel()
    assert press(dispatcher, "o") == [Pass()]


@pytest.mark.parametrize("place", ["composer", "picker", "dialog"])
def test_what_types_is_text_where_people_write(default: Keymap, place: str) -> None:
    dispatcher = Dispatcher([default, own('[bindings.global]\n"z" = "status.open"\n"?" = "app.help"\n')])
    for character in "z?jk/ ñ字":
        assert dispatcher.press(character, character, CONTEXTS[place]) == Pass()
    assert dispatcher.press("question_mark", "?", CONTEXTS[place]) == Pass()
    assert dispatcher.press("z", "z", TRANSCRIPT) == Run("status.open")


def test_printable_keys_command_where_nobody_writes(dispatcher: Dispatcher) -> None:
    results = press(dispatcher, "j", "G", "n", "/", contexts=TRANSCRIPT)
    assert results == [
        Run("transcript.cursor_down"),
        Run("transcript.bottom"),
        Run("transcript.find_next"),
        Run("transcript.find"),
    ]
    assert dispatcher.press("slash", "/", TRANSCRIPT) == Run("transcript.find")
    assert dispatcher.press("space", " ", TRANSCRIPT) == Run("transcript.page_down")
    assert dispatcher.press("о", "о", TRANSCRIPT) == Run("transcript.cursor_down"), "a Cyrillic о is the key of j"


def test_pickers_and_dialogs_are_closed_worlds(dispatcher: Dispatcher) -> None:
    assert press(dispatcher, "ctrl+x", "f8", contexts=CONTEXTS["dialog"]) == [Pass(), Pass()]
    assert press(dispatcher, "ctrl+x", "f8", contexts=CONTEXTS["picker"]) == [Pass(), Pass()]


def test_the_meaning_of_a_sequence_is_fixed_when_it_begins(dispatcher: Dispatcher) -> None:
    press(dispatcher, "ctrl+x")
    assert dispatcher.press("end", None, CONTEXTS["dialog"]) == Run("composer.delete_to_end")


def test_the_inner_context_wins() -> None:
    dispatcher = Dispatcher(
        [own('[bindings.global]\n"f5" = "status.open"\n[bindings.transcript]\n"f5" = "transcript.up"\n')]
    )
    assert press(dispatcher, "f5") == [Run("status.open")]
    assert press(dispatcher, "f5", contexts=TRANSCRIPT) == [Run("transcript.up")]


def test_unbound_keys_are_dead_not_passed_on(default: Keymap) -> None:
    dispatcher = Dispatcher([default, own('[bindings.composer]\n"ctrl+k" = false\n"f5" = false\n')])
    assert press(dispatcher, "ctrl+k", "f5") == [Ignored(), Ignored()]
    assert press(dispatcher, "f5", contexts=TRANSCRIPT) == [Run("transcript.find")]


def test_a_higher_layer_can_bind_again_what_a_lower_unbound(default: Keymap, zendesk: Keymap) -> None:
    dispatcher = Dispatcher([default, zendesk, own('[bindings.composer]\n"ctrl+k" = "composer.delete_to_end"\n')])
    assert press(dispatcher, "ctrl+k") == [Run("composer.delete_to_end")]


@pytest.mark.parametrize(
    ("key", "action"),
    [
        ("alt+ctrl+n", "ticket.new"),
        ("alt+ctrl+k", "ticket.next"),
        ("alt+ctrl+j", "ticket.previous"),
        ("alt+ctrl+o", "status.open"),
        ("alt+ctrl+p", "status.pending"),
        ("alt+ctrl+s", "status.solved"),
        ("alt+ctrl+d", "status.on_hold"),
        ("shift+escape", "chat.end"),
        ("ctrl+shift+j", "chat.join"),
        ("ctrl+shift+J", "chat.join"),
        ("ctrl+shift+k", "chat.leave"),
        ("ctrl+shift+x", "chat.transfer"),
        ("ctrl+shift+u", "chat.attach"),
        ("ctrl+e", "ticket.solve"),
        ("alt+ctrl+л", "ticket.next"),
    ],
)
def test_the_web_shortcuts_as_terminals_name_them(default: Keymap, zendesk: Keymap, key: str, action: str) -> None:
    dispatcher = Dispatcher([default, zendesk])
    for place in ("composer", "transcript", "hotlist", "workspace"):
        assert dispatcher.press(key, None, CONTEXTS[place]) == Run(action)


@pytest.mark.parametrize("key", ["ctrl+n", "ctrl+k", "ctrl+o", "ctrl+p", "ctrl+s", "ctrl+d", "ctrl+u"])
def test_what_arrives_instead_of_a_web_shortcut_does_nothing(default: Keymap, zendesk: Keymap, key: str) -> None:
    assert press(Dispatcher([default, zendesk]), key) == [Ignored()]


def test_keys_for_names_the_portable_key_first(default: Keymap, zendesk: Keymap) -> None:
    dispatcher = Dispatcher([default, zendesk])
    assert dispatcher.keys_for("status.open") == ["ctrl+x o", "ctrl+alt+o"]
    assert dispatcher.keys_for("app.help")[0] == "F1"
    assert dispatcher.keys_for("transcript.page_up", CONTEXTS["composer"]) == ["pgup"]
    assert dispatcher.keys_for("hotlist.up", CONTEXTS["composer"]) == []


def test_options_of_a_prefix(dispatcher: Dispatcher) -> None:
    assert ("o", "status.open") in dispatcher.options(("ctrl+x",), COMPOSER)
    assert ("end", "composer.delete_to_end") not in dispatcher.options(("ctrl+x",), TRANSCRIPT)
    assert dispatcher.options(("f11",), COMPOSER) == []


_NAMES = [
    "ctrl+x", "ctrl+o", "o", "x", "escape", "enter", "f2", "left_control", "ctrl+@", "&", "J", "ctrl+k", "alt+o",
    "tab", "g", "?", "ctrl+shift+J", "up", "", "ctrl+", "+", "л", "home",
]  # fmt: skip
_EVENTS = st.tuples(
    st.one_of(st.sampled_from(_NAMES), st.text(max_size=6)),
    st.one_of(st.none(), st.text(max_size=2)),
)
_STACKS = st.one_of(st.sampled_from(sorted(CONTEXTS.values())), st.just(()), st.just(("unknown", "global")))
_OWN = own('[bindings.transcript]\n"g g" = "transcript.top"\n"g" = false\n"f9 a b" = "transcript.up"\n"f9" = false\n')


class AnyKeys(RuleBasedStateMachine):
    """Any keys in any places: never an exception, and a pending sequence always comes to an end."""

    def __init__(self) -> None:
        super().__init__()
        folder = shipped("keymaps")
        default = load_keymap(folder / "default.toml", Layer.DEFAULT)
        self.dispatcher = Dispatcher([default, load_keymap(folder / "zendesk.toml")])

    @rule(event=_EVENTS, contexts=_STACKS)
    def any_key(self, event: tuple[str, str | None], contexts: tuple[str, ...]) -> None:
        before = self.dispatcher.pending
        result = self.dispatcher.press(*event, contexts)
        if isinstance(result, Run):
            assert result.action_id in ACTIONS
        if isinstance(result, Pending):
            assert result.options
            assert self.dispatcher.pending == result.prefix
            assert len(result.prefix) == len(before) + 1
        elif event[0] in MODIFIER_KEYS:
            assert isinstance(result, Ignored)
            assert self.dispatcher.pending == before
        else:
            assert self.dispatcher.pending == ()

    @rule()
    def cancel(self) -> None:
        self.dispatcher.cancel()
        assert self.dispatcher.pending == ()

    @invariant()
    def sequences_are_short(self) -> None:
        assert len(self.dispatcher.pending) < 4


TestAnyKeys = AnyKeys.TestCase
TestAnyKeys.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)


@given(st.text(max_size=40))
def test_what_is_typed_in_the_composer_is_never_kept_back(text: str) -> None:
    dispatcher = Dispatcher([_OWN])
    for character in text:
        if character.isprintable():
            assert dispatcher.press(character, character, COMPOSER) == Pass()
