"""TOML from other people: capped, and every key with its line."""

import pytest

from paradesk.core.toml import MAX_BYTES, TomlError, read_toml


def test_lines_of_tables_and_keys() -> None:
    document = read_toml(
        b'top = 1\n\n[a.b]\n\'x.y\' = 1\n"z\\u0041" = 2\nplain=3\n[[rows]]\nid = 4\n[ "q r" ] # remark\nc.d = 5\n'
    )
    assert document.line("", "top") == 1
    assert document.line("a.b") == 3
    assert document.line("a.b", "x.y") == 4
    assert document.line("a.b", "zA") == 5
    assert document.line("a.b", "plain") == 6
    assert document.line("rows", "id") == 8
    assert document.line("q r") == 9
    assert document.line("q r", "c") == 10


def test_an_unknown_place_falls_back_to_its_table() -> None:
    document = read_toml(b"\n[a]\nb = { c = 1 }\n")
    assert document.line("a", "nothing") == 2
    assert document.line("a.b", "c") == 3
    assert document.line("nowhere", "x") == 0


@pytest.mark.parametrize(
    ("content", "line", "code"),
    [
        (b"a = 1\nb = \n", 2, "toml"),
        (b"a = 1\na = 2\n", 2, "toml"),
        (b'a = "open', 1, "toml"),
        (b"a = 1\n\xff\n", 2, "encoding"),
        (b"a = 1\n" + b"b" * 5_000, 2, "too-large"),
        (b"#" * (MAX_BYTES + 1), 0, "too-large"),
        (b"a = 1\n" + b".".join([b"b"] * 30) + b" = 1\n", 2, "too-deep"),
        (b"a = 1\n[" + b".".join([b'"b"'] * 30) + b"]\n", 2, "too-deep"),
        (b"a = [" + b"\n[" * 10_000, 0, "too-deep"),
        (b"a = " + b"9" * 5_000, 1, "too-large"),
    ],
    ids=lambda value: repr(value)[:20],
)
def test_what_is_refused_and_where(content: bytes, line: int, code: str) -> None:
    with pytest.raises(TomlError) as caught:
        read_toml(content)
    assert (caught.value.line, caught.value.code) == (line, code)


def test_marks_of_other_systems_are_read() -> None:
    assert read_toml(b"\xef\xbb\xbfa = 1\r\nb = 2\r\n").values == {"a": 1, "b": 2}
