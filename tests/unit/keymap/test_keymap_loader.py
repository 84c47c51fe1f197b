"""Keymap files come from other people: every mistake is named with its line, and nothing in a file can hurt."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paradesk.keymap.findings import KeymapError
from paradesk.keymap.keymap import Keymap, Layer
from paradesk.keymap.layers import merge
from paradesk.keymap.loader import MAX_BINDINGS, load_keymap, parse_keymap


def load(text: str, layer: Layer = Layer.PACK, file: str = "mine.toml") -> Keymap:
    return parse_keymap(text.encode(), file, layer)


def findings(text: str) -> list[tuple[int, str, str]]:
    with pytest.raises(KeymapError) as caught:
        load(text)
    return [(finding.line, finding.code, finding.message) for finding in caught.value.findings]


def test_a_good_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        '[keymap]\nname = "mine"\ndescription = "d"\n\n[bindings.global]\n"Ctrl+Alt+o" = "status.open"\n'
        "[bindings.composer]\n'ctrl+k' = false\n\"ctrl+x *\" = false\n"
    )
    keymap = load_keymap(path)
    assert (keymap.name, keymap.description, keymap.layer) == ("mine", "d", Layer.PACK)
    assert [(b.context, b.keys, b.action_id, b.line, b.below) for b in keymap.bindings] == [
        ("global", ("alt+ctrl+o",), "status.open", 6, False),
        ("composer", ("ctrl+k",), None, 8, False),
        ("composer", ("ctrl+x",), None, 9, True),
    ]


def test_all_mistakes_are_found_at_once_with_their_lines() -> None:
    found = findings(
        "[keymap]\n"
        'colour = "red"\n'
        "[bindings.global]\n"
        '"ctrl+alt+k" = "ticket.next"\n'
        '"alt+ctrl+k" = "ticket.next"\n'
        '"ctr+o" = "status.open"\n'
        '"ctrl+l" = "status.opne"\n'
        '"ctrl+o" = "composer.send"\n'
        '"f5" = 3\n'
        '"f6" = true\n'
        "[bindings.composr]\n"
        '"f7" = "composer.send"\n'
        "[other]\n"
    )
    assert [(line, code) for line, code, _ in found] == [
        (2, "unknown-key"),
        (5, "duplicate"),
        (6, "unknown-key"),
        (7, "unknown-action"),
        (8, "wrong-context"),
        (9, "wrong-type"),
        (10, "wrong-type"),
        (11, "unknown-context"),
        (13, "unknown-table"),
    ]
    messages = [message for _, _, message in found]
    assert "line 4" in messages[1]
    assert "did you mean ctrl+o?" in messages[2]
    assert "did you mean status.open?" in messages[3]
    assert "[bindings.composer]" in messages[4]
    assert "did you mean composer?" in messages[7]


@pytest.mark.parametrize(
    ("context", "keys", "action", "code"),
    [
        ("composer", "a", "composer.send", "text"),
        ("picker", "j", "picker.down", "text"),
        ("dialog", "y", "dialog.accept", "text"),
        ("composer", "g g", "composer.undo", "text"),
        ("global", "enter", "chat.end", "destructive"),
        ("global", "x", "chat.leave", "destructive"),
        ("global", "ctrl+x escape", "status.open", "escape"),
        ("global", "escape o", "status.open", "escape"),
        ("global", "ctrl+x a b c d", "status.open", "too-long"),
        ("picker", "f5", "status.open", "wrong-context"),
        ("transcript", "f5", "composer.send", "wrong-context"),
    ],
)
def test_bindings_that_cannot_or_must_not_be(context: str, keys: str, action: str, code: str) -> None:
    found = findings(f'[bindings.{context}]\n"{keys}" = "{action}"\n')
    assert [(line, found_code) for line, found_code, _ in found] == [(2, code)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ('[keymap]\nname = "x\n', 2),
        ('[bindings.global]\n"f5" = "status.open"\n"f5" = "status.open"\n', 3),
        ("bindings = 3\n", 1),
        ("keymap = 3\n", 1),
        ("[bindings]\nglobal = 3\n", 2),
        ("[keymap]\nname = 3\n", 2),
    ],
)
def test_what_is_not_a_keymap(text: str, line: int) -> None:
    assert findings(text)[0][0] == line


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfe",
        b"a = " + b"[" * 100_000,
        b"a." * 20_000 + b"b = 1",
        b"a = " + b"9" * 5_000,
        b"#" * 300_000,
        b"[" + b"a." * 40 + b"b]\n",
    ],
    ids=lambda content: repr(content)[:20],
)
def test_hostile_content_is_a_finding(content: bytes) -> None:
    with pytest.raises(KeymapError) as caught:
        parse_keymap(content, "hostile.toml")
    assert str(caught.value).startswith("hostile.toml")


def test_too_many_bindings() -> None:
    rows = "\n".join(f'"f5 {chr(0x4E00 + number)}" = "status.open"' for number in range(MAX_BINDINGS + 1))
    assert [code for _, code, _ in findings(f"[bindings.global]\n{rows}\n")] == ["too-many"]


def test_text_from_a_file_is_cleaned() -> None:
    escape = json.dumps("x\x1b]52;c;aGk=\x07\x1b[2J")
    keymap = load(f"[keymap]\nname = {escape}\ndescription = {escape}\n")
    assert "\x1b" not in keymap.name + keymap.description
    with pytest.raises(KeymapError) as caught:
        load(f"[bindings.global]\n{escape} = {escape}\n[bindings.{escape}]\n")
    assert "\x1b" not in str(caught.value)
    assert "\x07" not in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeymapError, match="nowhere"):
        load_keymap(tmp_path / "nowhere.toml")
    with pytest.raises(KeymapError):
        load_keymap(tmp_path)


@given(st.binary(max_size=200))
def test_any_content_loads_or_is_a_finding(content: bytes) -> None:
    try:
        parse_keymap(content, "any.toml")
    except KeymapError as error:
        found = error.findings
    else:
        found = ()
    assert all(finding.message and finding.file == "any.toml" for finding in found)


def test_a_prefix_of_another_binding_names_both() -> None:
    default = load('[bindings.global]\n"ctrl+x o" = "status.open"\n', Layer.DEFAULT, "default.toml")
    mine = load('[bindings.composer]\n"ctrl+x" = "composer.cut"\n')
    with pytest.raises(KeymapError) as caught:
        merge([default, mine])
    (finding,) = caught.value.findings
    assert (finding.file, finding.line, finding.code) == ("mine.toml", 2, "prefix")
    assert "default.toml:2" in finding.message
    assert "composer.cut" in finding.message
    assert "status.open" in finding.message


def test_a_prefix_in_places_that_never_meet_is_fine() -> None:
    merge([load('[bindings.hotlist]\n"f5" = "hotlist.up"\n[bindings.transcript]\n"f5 a" = "transcript.up"\n')])


def test_below_frees_a_prefix() -> None:
    default = load('[bindings.global]\n"ctrl+x o" = "status.open"\n"ctrl+x" = false\n', Layer.DEFAULT)
    mine = load('[bindings.composer]\n"ctrl+x *" = false\n"ctrl+x" = "composer.cut"\n')
    merged = merge([default, mine])
    assert {keys: binding.action_id for keys, binding in merged.stack(("composer", "global")).items()} == {
        ("ctrl+x",): "composer.cut"
    }
    assert ("ctrl+x", "o") in merged.stack(("transcript", "global"))


def test_layers_go_by_rank_not_by_order() -> None:
    user = load('[bindings.global]\n"f5" = "status.open"\n', Layer.USER)
    pack = load('[bindings.global]\n"f5" = "status.pending"\n', Layer.PACK)
    assert merge([user, pack]).stack(("global",))[("f5",)].action_id == "status.open"
