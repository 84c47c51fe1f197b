"""Files that other people wrote, at random: a finding, never an exception of another kind and never an action."""

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paradesk.canned.loader import load_library
from paradesk.core.toml import TomlError, read_toml
from paradesk.keymap.findings import KeymapError
from paradesk.keymap.loader import load_keymap

EXAMPLES = int(os.environ.get("PARADESK_FUZZ_EXAMPLES", "60"))
"""How many files are tried; more by the environment variable."""

BOMBS = {
    "dotted key": b"a." * 20_000 + b"a = 1",
    "nesting": b"a = " + b"[" * 3_000 + b"]" * 3_000,
    "nesting over lines": b"a = " + b"[\n" * 100_000,
    "digits": b"a = " + b"9" * 3_900,
    "digits, long line": b"a = " + b"9" * 5_000,
    "not UTF-8": b"a = '\xff'",
    "escape": b"'\x1b]0;x\x07' = 1",
    "empty": b"",
}
parts = st.sampled_from(
    ["[keymap]\n", "name = 'x'\n", "[bindings.global]\n", "'enter' = 'composer.send'\n", "[a]\n", "title = 'x'\n"]
    + [
        "body = '{{ customer.name'\n",
        "body = '{% for x in y %}'\n",
        "tags = [1, [2]]\n",
        "= \n",
        "'''",
        "\x1b[2J\n",
        "[[",
    ]
)
content = st.one_of(
    st.binary(max_size=300),
    st.lists(st.one_of(parts, st.text(max_size=30)), max_size=12).map(lambda p: "".join(p).encode()),
)


def load(data: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pack.toml"
        path.write_bytes(data)
        load_library([Path(folder)])
        try:
            load_keymap(path)
        except KeymapError as error:
            assert error.findings
    try:
        read_toml(data)
    except TomlError:
        pass


@settings(max_examples=EXAMPLES, deadline=None)
@given(content)
def test_any_file_is_read_or_refused(data: bytes) -> None:
    load(data)


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_made_to_stop_the_program_is_refused(name: str) -> None:
    load(BOMBS[name])
