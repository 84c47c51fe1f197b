"""Every hostile text pasted into the composer through a terminal: text, cleaned, and nothing else."""

import os
from typing import Any

import pytest

from paradesk.core.text import clean_text
from tests.e2e.hostile.pastes import pasted
from tests.e2e.test_terminal_input import E, S, Terminal
from tests.hostile_corpus import everything

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.skipif(os.name != "posix", reason="needs a pseudo-terminal"),
]


def arrived(running: Terminal, length: int) -> dict[str, Any]:
    """Wait until the composer holds so many characters."""
    return running.until(lambda state: state["length"] == length)


def test_every_hostile_text_is_pasted_as_text_and_sends_nothing() -> None:
    running = Terminal()
    expected = ""
    try:
        for entry in everything():
            if len(entry.text) > 5_000:  # a megabyte has a test of its own
                continue
            data = entry.text.encode("utf-8", "replace") + b"|"
            pasted = data.replace(E, b"").replace(S, b"").replace(b"\x00", b"").decode()
            expected += clean_text(pasted)
            running.send(S + data + E)
            state = arrived(running, len(expected))
            assert (state["sent"], state["leftover"]) == ([], []), entry.id
    finally:
        running.close()


def test_no_manner_of_a_paste_sends_or_acts_in_the_whole_program() -> None:
    """A few texts of each kind; `python -m tests.e2e.hostile --full` pastes all of them."""
    lines, well = pasted(everything()[::12], full=False)
    assert well, "\n".join(lines)
