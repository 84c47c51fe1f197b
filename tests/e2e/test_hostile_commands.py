"""Commands that print texts of packs, keymaps, settings and chats: none of it reaches the terminal as a command."""

import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import tomli_w

from paradesk.core.events import ConversationUpserted, MessageUpserted
from paradesk.core.model import ConversationId, MessageId
from paradesk.core.state import Amendment, Thread
from paradesk.desk.archive import Archive
from paradesk.desk.export import FORMS
from paradesk.desk.intake import incoming
from paradesk.desk.journal import Journal
from tests.e2e.test_transcript_bytes import shapes
from tests.hostile_corpus import COLLECTION, MISSING, everything
from tests.hostile_events import conversation, message

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]

ROOT = Path(__file__).parents[2]
TEXTS = [entry.text for entry in everything() if len(entry.text) <= 20_000]


def terminal(directory: Path, *arguments: str) -> tuple[int, str]:
    """Run a command with a terminal of its own for all three streams; return its status and every byte it wrote."""
    outer, inner = pty.openpty()
    environ = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "TERM": "xterm-256color",
        "LANG": "C.UTF-8",
        "PARADESK_CONFIG_DIR": str(directory / "config"),
        "PARADESK_STATE_DIR": str(directory / "state"),
        "PARADESK_KEYRING": "off",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "paradesk", *arguments],
        stdin=inner,
        stdout=inner,
        stderr=inner,
        env=environ,
        cwd=directory,
        start_new_session=True,
    )
    os.close(inner)
    output = b""
    end = time.monotonic() + 120
    while time.monotonic() < end:
        if select.select([outer], [], [], 0.1)[0]:
            try:
                piece = os.read(outer, 65536)
            except OSError:
                break
            if not piece:
                break
            output += piece
    else:
        process.kill()
    os.close(outer)
    status = process.wait(30)
    text = output.decode("utf-8", "replace")
    assert "Traceback" not in text, text[-2000:]
    return status, text


def harmless(output: str) -> None:
    """Assert that nothing in the output commands a terminal: these commands have no reason to write any sequence."""
    # The terminal makes CR LF of each LF, and CSV ends its lines so by itself.
    shown = output.replace("\r\r\n", "\n").replace("\r\n", "\n")
    assert "\r" not in shown
    assert shapes(shown) == set()


def storable(texts: Sequence[str]) -> Iterator[str]:
    """Return the texts that a file in UTF-8 can hold."""
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError:
            continue
        yield text


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "config").mkdir()
    (tmp_path / "state").mkdir()
    return tmp_path


def toml(path: Path, values: dict[str, object]) -> Path:
    path.write_text(tomli_w.dumps(values), encoding="utf-8")
    return path


def test_canned_responses(home: Path) -> None:
    pack = home / "pack"
    pack.mkdir()
    for place, text in enumerate(storable(TEXTS)):
        entry = {"title": text[:200] or "x", "tags": [text[:200]], "shortcut": text[:20], "body": text[:4000]}
        toml(pack / f"{place}.toml", {f"r{place}": entry, text[:200] or "x": entry})
    toml(home / "config" / "config.toml", {"canned": [str(pack)]})
    status, output = terminal(home, "canned", "check", str(pack))
    assert status == 2
    harmless(output)
    _, output = terminal(home, "canned", "list")
    harmless(output)
    assert output.count("\n") > 20


def test_keymaps(home: Path) -> None:
    files = []
    for place, text in enumerate(storable(TEXTS)):
        keymap: dict[str, object] = {
            "keymap": {"name": text[:200], "description": text[:500]},
            "bindings": {"global": {text[:100] or "x": "app.help", "f11": text[:100]}, text[:100] or "x": {"a": "b"}},
        }
        if place % 3 == 0:
            # One that loads: its name and description are printed.
            keymap = {
                "keymap": {"name": text[:200] or "x", "description": text[:500]},
                "bindings": {"global": {"f11": "app.help"}},
            }
        files.append(str(toml(home / f"{place}.toml", keymap)))
    _, output = terminal(home, "keys", "check", *files)
    harmless(output)
    assert output.count("\n") >= len(files)
    escapes = [files[place] for place, text in enumerate(storable(TEXTS)) if place % 3 == 0 and "\x1b" in text]
    for file in escapes[:3]:
        for arguments in ([], ["--markdown"]):
            _, output = terminal(home, "keys", "list", "--keymap", file, *arguments)
            harmless(output)


def test_settings(home: Path) -> None:
    hostile = "\x1b]52;c;cHduZWQ=\x07\x9b31m\u202e[red]"
    config = home / "config" / "config.toml"
    every = [text[:300] or "x" for text in storable(TEXTS)]
    for values in (
        dict.fromkeys(every, 1),
        {"guard": dict.fromkeys(every, 1), "canned": every, "agent_name": hostile, "keymap": hostile},
        {"theme": hostile, "language": hostile, "log": {"level": hostile}, "guard": {"off": every}},
        {"profiles": {text: {"connector": text} for text in every}},
        {"profiles": {f"p{place}": {"connector": text} for place, text in enumerate(every)}},
        {"profiles": {f"p{place}": {"connector": "matrix", text: text} for place, text in enumerate(every)}},
    ):
        toml(config, dict(values))
        _, output = terminal(home, "config", "show")
        harmless(output)
        assert output.strip()
    toml(config, {"profiles": {"acme": {"connector": "matrix", "homeserver": hostile, "user": hostile}}})
    for arguments in (["profile", "list"], ["profile", "check", "acme"], ["keys", "list"], ["guard", "policy"]):
        _, output = terminal(home, *arguments)
        harmless(output)


def test_arguments(home: Path) -> None:
    hostile = "\x1b]2;owned\x07\x9b31m\u202e"
    for arguments in (
        ["--profile", hostile],
        ["--keymap", hostile],
        [hostile],
        ["canned", "check", hostile],
        ["keys", "check", hostile],
        ["keys", "list", "--keymap", hostile],
        ["transcript", hostile],
        ["profile", "check", hostile],
        ["profile", "remove", hostile],
        ["profile", "secret", hostile, hostile],
    ):
        status, output = terminal(home, *arguments)
        assert status != 0
        harmless(output)


def test_transcripts(home: Path) -> None:
    where = ConversationId("acme/c1")
    journal = Journal(home / "state" / "desk")
    archive = Archive(journal.connection)
    with journal.transaction():
        for place, text in enumerate(TEXTS):
            taken = incoming("acme", MessageUpserted(message(text, "c1", f"{place}", place)))
            assert isinstance(taken, MessageUpserted)
            archive.write_message(where, MessageId(f"c1-{place}"), Amendment(base=taken.message))
        known = incoming("acme", ConversationUpserted(conversation("\x1b]2;owned\x07Sarah\u202e", "c1")))
        assert isinstance(known, ConversationUpserted)
        archive.write_thread(Thread(conversation=known.conversation))
    journal.close()
    for form in sorted(FORMS):
        status, output = terminal(home, "transcript", "acme/c1", "--format", form)
        assert status == 0
        harmless(output)
        assert "Sarah" in output or form == "csv"
        assert output.count("\n") > len(TEXTS)
    target = home / "said.json"
    status, _ = terminal(home, "transcript", "acme/c1", "--format", "json", "--output", str(target))
    assert status == 0
    assert len(json.loads(target.read_text(encoding="utf-8"))["messages"]) == len(TEXTS)
    assert target.stat().st_mode & 0o777 == 0o600
    before = target.read_bytes()
    status, output = terminal(home, "transcript", "acme/c1", "--output", str(target))
    assert status == 2
    assert "exists already" in output
    assert target.read_bytes() == before
    link = home / "link"
    link.symlink_to(home / "elsewhere")
    status, _ = terminal(home, "transcript", "acme/c1", "--output", str(link))
    assert status == 2
    assert not (home / "elsewhere").exists()


def test_the_oracle_sees_what_a_careless_command_would_print() -> None:
    with pytest.raises(AssertionError):
        harmless("fine\r\n\x1b]2;owned\x07")


def test_the_large_collection_was_there() -> None:
    if not COLLECTION.exists():
        pytest.skip(MISSING)
