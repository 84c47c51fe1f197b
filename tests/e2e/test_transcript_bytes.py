"""What reaches the terminal from a transcript full of hostile text: no sequence that honest text never causes."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

APP = Path(__file__).with_name("transcript_app.py")

_sequence = re.compile(
    r"\x1b\[(?P<private>[?<>=!]?)(?P<numbers>[\d;:]*)(?P<between>[ -/]*)(?P<csi>[@-~])"
    r"|\x1b\](?P<osc>\d*)[^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|\x1b(?P<other>.)"
    r"|(?P<bare>[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069])",
    re.S,
)


def shapes(output: str) -> set[str]:
    """The kinds of sequences in an output, without their values; modes with theirs."""
    found = set()
    for match in _sequence.finditer(output):
        if match["csi"]:
            mode = match["numbers"] if match["csi"] in "hl" and match["private"] == "?" else ""
            found.add(f"CSI{match['private']}{mode}{match['between']}{match['csi']}")
        elif match["other"]:
            found.add(f"ESC{match['other']}")
        elif match["bare"]:
            found.add(f"U+{ord(match['bare']):04X}")
        else:
            found.add(f"OSC{match['osc']}")
    return found


def output_of(mode: str) -> str:
    """Run the app in a terminal of its own and return every byte that it wrote, decoded."""
    outer, inner = pty.openpty()
    env = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)]),
        "TERM": "xterm-256color",
        "COLORTERM": "truecolor",
        "LANG": "C.UTF-8",
        "COLUMNS": "90",
        "LINES": "30",
        "TEXTUAL_ANIMATIONS": "none",
    }
    process = subprocess.Popen(
        [sys.executable, str(APP), mode], stdin=inner, stdout=inner, stderr=inner, env=env, start_new_session=True
    )
    os.close(inner)
    output = b""
    end = time.monotonic() + 90
    try:
        while time.monotonic() < end:
            if not select.select([outer], [], [], 0.2)[0]:
                if process.poll() is not None:
                    break
                continue
            try:
                piece = os.read(outer, 65536)
            except OSError:
                break
            if not piece:
                break
            output += piece
    finally:
        if process.poll() is None and time.monotonic() >= end:
            os.killpg(process.pid, signal.SIGKILL)
        code = process.wait(10)
        os.close(outer)
    text = output.decode("utf-8", "replace")
    assert code == 0, text[-3000:]
    return text


@pytest.fixture(scope="module")
def honest() -> set[str]:
    return shapes(output_of("honest"))


def test_hostile_text_causes_no_sequence_of_its_own(honest: set[str]) -> None:
    text = output_of("hostile")
    assert "␛]52;c;UFdORUQ=␇" in text  # it was drawn, and can be read
    assert "]52;c;" not in re.sub("␛]52;c;", "", text)
    assert shapes(text) <= honest


def test_text_that_nobody_cleaned_is_stopped_by_the_guard(honest: set[str]) -> None:
    text = output_of("raw")
    assert "UFdORUQ=" in text
    assert shapes(text) <= honest


def test_the_check_can_fail(honest: set[str]) -> None:
    assert shapes(output_of("unguarded")) - honest


def test_shapes_tell_sequences_apart() -> None:
    seen = shapes("\x1b[1;2H\x1b[?25l\x1b]52;c;QQ==\x07\x1bPq\x1b\\\x9b\x07")
    assert seen == {"CSIH", "CSI?25l", "OSC52", "ESCP", "ESC\\", "U+009B", "U+0007"}
