"""`paradesk canned stats` and `paradesk packs report`: what they print and write, from a journal to the lead's page."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result

from paradesk.cli.main import cli
from paradesk.config.places import journal_directory
from paradesk.core.model import ClientId, ConversationId
from paradesk.desk.choices import Choice, Choices, Source
from paradesk.desk.journal import Journal
from paradesk.desk.usage import FORM, Usage

Run = Callable[..., Result]
CHAT = ConversationId("acme/1")
BY_HAND = "We will send a technician to you tomorrow"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("PARADESK_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("PARADESK_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("PARADESK_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(cli, arguments)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@pytest.fixture
def used(run: Run) -> None:
    """A journal in which three responses were sent, one of them rewritten, and one reply was typed three times."""
    journal = Journal(journal_directory())
    try:
        made = Choices(journal)
        for number, (name, likeness) in enumerate([("test.refund", 0.5), ("test.refund", 1.0), ("test.hello", 1.0)]):
            made.note(
                Choice(
                    at=1_790_000_000.0 + number,
                    conversation_id=CHAT,
                    client_id=ClientId(f"c{number}"),
                    response_id=name,
                    language="en",
                    source=Source.PICKER,
                    likeness=likeness,
                )
            )
        made.flush()
        for place in range(3):
            base = {"role": "agent", "sender_id": "agent", "body": BY_HAND, "client_id": f"h{place}"}
            journal.connection.execute(
                "insert into messages values (?, ?, ?, ?, 'answers', ?, null)",
                (CHAT, str(place), place, float(place), msgspec.json.encode(base).decode()),
            )
    finally:
        journal.close()


def usage(text: str | bytes) -> Usage:
    return msgspec.json.decode(text, type=Usage)


def test_stats_of_nothing_say_so(run: Run) -> None:
    assert run("canned", "stats").stdout == "No canned response has been sent yet.\n"
    assert usage(run("canned", "stats", "--json").stdout) == Usage()
    assert run("canned", "stats", "--forget").stdout == "Forgot 0 choices.\n"


@pytest.mark.usefixtures("used")
def test_stats_print_a_row_for_each_response(run: Run) -> None:
    shown = run("canned", "stats").stdout
    assert "3 canned responses sent since 2026-09-2" in shown
    rows = [line.split() for line in shown.splitlines() if line.startswith("test.")]
    assert [row[:6] for row in rows] == [
        ["test.refund", "2", "0", "1", "1", "0.75"],
        ["test.hello", "1", "0", "1", "0", "1.00"],
    ]
    assert "3 times in 1 chats, 8 words (--with-texts shows them)" in shown
    assert BY_HAND not in shown
    assert f"3 times in 1 chats: {BY_HAND}" in run("canned", "stats", "--with-texts").stdout


@pytest.mark.usefixtures("used")
def test_stats_as_json_are_what_is_exported(run: Run, tmp_path: Path) -> None:
    said = run("canned", "stats", "--export", "ada.json")
    assert said.stdout == "Wrote ada.json: 3 choices of 2 responses\n"
    written = (tmp_path / "ada.json").read_text()
    assert (tmp_path / "ada.json").stat().st_mode & 0o777 == 0o600
    assert json.loads(written) == json.loads(run("canned", "stats", "--json").stdout)
    found = usage(written)
    assert (found.form, found.choices, found.by_hand[0].text) == (FORM, 3, "")
    assert found.mark
    assert "acme" not in written
    run("canned", "stats", "--with-texts", "--export", "ada.json")
    assert usage((tmp_path / "ada.json").read_bytes()).by_hand[0].text == BY_HAND
    lost = run("canned", "stats", "--export", "nowhere/ada.json")
    assert lost.exit_code == 2
    assert "nowhere/ada.json cannot be written" in lost.stderr


@pytest.mark.usefixtures("used")
def test_forgetting_goes_alone_and_leaves_nothing(run: Run) -> None:
    assert run("canned", "stats", "--forget", "--json").exit_code == 2
    assert usage(run("canned", "stats", "--json").stdout).choices == 3
    assert run("canned", "stats", "--forget").stdout == "Forgot 3 choices.\n"
    left = usage(run("canned", "stats", "--json").stdout)
    assert (left.choices, left.mark) == (0, "")


@pytest.mark.usefixtures("used")
def test_a_lead_puts_the_exports_of_a_team_on_one_page(run: Run, tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    run("canned", "stats", "--with-texts", "--export", "team/ada.json")
    (tmp_path / "team" / "again.json").write_bytes((tmp_path / "team" / "ada.json").read_bytes())
    other = Usage(mark="b", choices=1, by_hand=usage((tmp_path / "team" / "ada.json").read_bytes()).by_hand)
    (tmp_path / "team" / "ben.json").write_bytes(msgspec.json.encode(other))
    (tmp_path / "team" / "notes.txt").write_text("Dear lead")
    shown = run("packs", "report", "team")
    assert shown.exit_code == 0
    assert "2 agents from 2026" in shown.stdout.replace("\\", "")
    assert f"| {BY_HAND} | 6 | 2 | 2 |" in shown.stdout
    assert "| test\\.refund | \\(not installed here\\) | 2 | 1 |" in shown.stdout
    assert [line.partition(":")[0] for line in shown.stderr.splitlines()] == ["notes.txt", "ada.json"]
    for _ in range(2):
        said = run("packs", "report", "team", "--output", "team/page.html")
        assert said.stdout == "Wrote team/page.html: 2 exports, 4 choices, 2 files left out\n"
    assert (tmp_path / "team" / "page.html").read_text().startswith("<!doctype html>")
    assert run("packs", "report", "team", "--format", "html").stdout.startswith("<!doctype html>")


def test_a_folder_without_exports_fails_in_words(run: Run, tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    (tmp_path / "team" / "notes.txt").write_text("Dear lead")
    empty = run("packs", "report", "team")
    assert (empty.exit_code, empty.stdout) == (2, "")
    assert "team has no usage export" in empty.stderr
    missing = run("packs", "report", "nowhere")
    assert missing.exit_code == 2
    assert "nowhere: No such file or directory" in missing.stderr
