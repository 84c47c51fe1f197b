"""A lead's and an agent's day with a pack, from nothing: the real program, a real git repository, two profiles."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.e2e

RESPONSES = """\
#:schema ../../.schemas/canned_responses.schema.json
[[response]]
id = "acme.hello"
title = "Hello from Acme"
[response.body]
en = "Hello, this is Acme."
de = "Guten Tag, hier ist Acme."

[[response]]
id = "acme.moment"
title = "One moment"
[response.body]
en = "One moment, please."
de = "Einen Moment bitte."

[[response]]
id = "acme.bye"
title = "Goodbye"
[response.body]
en = "Goodbye!"
de = "Auf Wiedersehen!"
"""
KEYMAP = '[keymap]\nname = "acme"\n\n[bindings.global]\n"ctrl+x 0" = "canned.pick"\n'


class Person:
    """One user of this machine, with folders of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("GIT_", "PARADESK_"))}
        self.environment = {
            **kept,
            "HOME": str(folder),
            "PARADESK_CONFIG_DIR": str(folder / "config"),
            "PARADESK_STATE_DIR": str(folder / "state"),
            "PARADESK_DATA_DIR": str(folder / "data"),
            "GIT_CONFIG_GLOBAL": str(folder / "gitconfig"),
            "COLUMNS": "100",
        }
        (folder / "gitconfig").write_text(
            "[user]\nname = A Lead\nemail = lead@example.com\n[init]\ndefaultBranch = main\n"
        )

    def run(self, *arguments: str, status: int = 0, program: str = "paradesk") -> str:
        """Run Paradesk, or another program, and return all that it says."""
        command = [sys.executable, "-m", "paradesk"] if program == "paradesk" else [program]
        done = subprocess.run(
            [*command, *arguments], cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode == status, said
        assert "Traceback" not in said
        return said


def commit(lead: Person, version: str, responses: str, keymap: str) -> None:
    """What a lead does to hand out a new version."""
    pack = lead.folder / "acme"
    manifest = pack / "pack.toml"
    lines = manifest.read_text().splitlines()
    manifest.write_text(
        "\n".join(f'version = "{version}"' if line.startswith("version") else line for line in lines) + "\n"
    )
    (pack / "canned_responses" / "greeting" / "greeting.toml").write_text(responses)
    (pack / "keymaps" / "acme.toml").write_text(keymap)
    assert "0 findings" in lead.run("packs", "check", "--strict", "acme")
    lead.run("-C", "acme", "add", "--all", program="git")
    lead.run("-C", "acme", "commit", "--quiet", "-m", version, program="git")
    lead.run("-C", "acme", "tag", f"v{version}", program="git")


@pytest.mark.timeout(900)
def test_from_nothing_to_an_update_and_back(tmp_path: Path) -> None:
    lead, agent = Person(tmp_path / "lead"), Person(tmp_path / "agent")
    lead.run("packs", "new", "acme")
    lead.run("init", "--quiet", "acme", program="git")
    commit(lead, "1.0.0", RESPONSES, KEYMAP)
    first = lead.run("packs", "build", "acme", "--output", "one.zip")
    assert first.split()[0] == lead.run("packs", "build", "acme", "--output", "two.zip").split()[0]
    assert (lead.folder / "one.zip").read_bytes() == (lead.folder / "two.zip").read_bytes()

    repository = f"file://{lead.folder}/acme"
    said = agent.run("packs", "add", repository, "--ref", "main")
    assert "Installed acme 1.0.0" in said
    assert "New responses (3)" in said
    assert "One moment" in agent.run("canned", "list")
    assert "pack acme" in agent.run("packs", "why", "acme.hello")
    before = (agent.folder / "config" / "packs.lock").read_text()
    assert lead.run("-C", "acme", "rev-parse", "main", program="git").strip() in before

    config = agent.folder / "config" / "config.toml"
    config.write_text('keymap = "acme/acme"\n')
    said = agent.run("packs", "why", "canned.pick")
    assert re.search(r"pack +ctrl\+x 0 in global  acme-1\.0\.0/keymaps/acme\.toml:5  holds", said)

    reworded = RESPONSES.replace("One moment, please.", "I am looking into it.")
    commit(lead, "1.1.0", reworded, KEYMAP + '"ctrl+x x" = "chat.end"\n')
    said = agent.run("packs", "update", status=2)
    assert "must be agreed to" in said
    assert (agent.folder / "config" / "packs.lock").read_text() == before
    said = agent.run("packs", "update", "acme", "--yes")
    assert "acme 1.0.0 → 1.1.0" in said
    assert re.search(r"acme, global: ctrl\+x x: nothing → chat\.end  ! cannot be taken back", said)
    assert "One moment, please." in said
    assert "│ I am looking into it." in said
    assert "acme 1.0.0 → 1.1.0" in agent.run("packs", "diff", "acme")
    assert "current" in agent.run("packs", "update")

    said = agent.run("packs", "rollback", "acme")
    assert "acme is 1.0.0 again" in said
    assert "pinned" in agent.run("packs", "update")
    assert "as they were installed" in agent.run("packs", "verify")
    records = json.loads(agent.run("packs", "check", "--format", "json", str(lead.folder / "one.zip")))
    assert records == []
    agent.run("packs", "remove", "acme")
    assert "No pack" in agent.run("packs", "list")
    assert "acme.moment" not in agent.run("canned", "list")


def test_the_zip_goes_to_a_second_agent(tmp_path: Path) -> None:
    lead, agent = Person(tmp_path / "lead"), Person(tmp_path / "agent")
    lead.run("packs", "new", "acme")
    sha256 = lead.run("packs", "build", "acme", "--output", "acme.zip").split()[0]
    archive = str(lead.folder / "acme.zip")
    assert "P503" in agent.run("packs", "add", archive, "--sha256", "0" * 64, status=2)
    assert sha256 in agent.run("packs", "add", archive, "--sha256", sha256)
    assert "installed just so" in agent.run("packs", "add", archive)
