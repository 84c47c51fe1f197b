"""`paradesk guard`: policy, counts, near misses, and a verdict on a file."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.unit.core.hostile import HOSTILE

from paradesk.cli.main import cli
from paradesk.core.model import Conversation, ConversationId, Customer
from paradesk.core.state import State, Thread
from paradesk.desk.journal import Journal
from paradesk.desk.verdicts import Verdicts
from paradesk.guard.describe import CHECKS, OUTCOMES
from paradesk.guard.outcome import Decision, Outcome
from paradesk.guard.verdict import Check, Finding, Severity, Verdict

Run = Callable[..., Result]
ONE, TWO = ConversationId("acme/1"), ConversationId("acme/2")
STATE = State(
    threads={
        chat: Thread(conversation=Conversation(id=chat, customer=Customer(id=name, name=name), number=number))
        for chat, name, number in ((ONE, "Sarah Chen", "1245"), (TWO, "Jonas Kühn", "1251"))
    }
)
TRIAL = """
colleagues = ["Ana Lopez"]
[draft]
to = "1"
text = "@ana Your refund for order 7731 is on its way"
last_seen = "1"
origins = [{ kind = "canned", chat = "2", text = "Your refund for order 7731 is on its way" }]
[[chat]]
id = "1"
name = "Mia Keller"
messages = [{ customer = "where is my parcel?" }, { agent = "let me look" }, { customer = "hello?", at = 100 }]
[[chat]]
id = "2"
name = "Jonas Weber"
number = "1251"
order = "7731"
messages = [{ customer = "I want my money back" }]
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """A home of its own."""
    monkeypatch.setenv("PARADESK_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("PARADESK_STATE_DIR", str(tmp_path / "state"))

    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(cli, ["guard", *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


@contextmanager
def opened(tmp_path: Path) -> Iterator[Verdicts]:
    journal = Journal(tmp_path / "state" / "desk")
    try:
        yield Verdicts(journal)
    finally:
        journal.close()


def note(
    verdicts: Verdicts, outcome: Outcome, *checks: Check, text: str = "", reason: str = "names order 7731"
) -> None:
    found = tuple(Finding(check=check, severity=Severity.ASK, reason=reason, meant=TWO) for check in checks)
    decision = Decision(at=time.time(), conversation_id=ONE, verdict=Verdict(found), outcome=outcome, text=text)
    verdicts.note(decision, STATE)
    verdicts.flush()


def test_the_policy_says_what_is_on_and_what_each_check_looks_for(run: Run, tmp_path: Path) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text('[guard]\noff = ["repeat"]\nsensitivity = 0.7\n')
    lines = run("policy").output.splitlines()
    assert next(line for line in lines if line.startswith("sensitivity")).split()[1] == "0.7"
    assert next(line for line in lines if line.startswith("off  ")).split()[1] == "repeat"
    for check in Check:
        (line,) = (line for line in lines if CHECKS[check] in line)
        assert line.startswith("off" if check is Check.REPEAT else "on ")
    (tmp_path / "config" / "config.toml").write_text("[guard]\nenabled = false\n")
    assert "\non " not in run("policy").output


def test_every_check_and_outcome_has_words() -> None:
    assert set(CHECKS) == set(Check)
    assert set(OUTCOMES) == set(Outcome)


def test_counts_are_shown_by_check(run: Run, tmp_path: Path) -> None:
    assert "has not looked at any reply in the last 30 days" in run("stats").output
    with opened(tmp_path) as verdicts:
        for _ in range(6):
            note(verdicts, Outcome.CLEAN)
        for _ in range(3):
            note(verdicts, Outcome.SENT, Check.AUDIENCE)
        note(verdicts, Outcome.EDITED, Check.AUDIENCE, Check.LEAK)
    lines = run("stats", "--days", "2").output.splitlines()
    assert lines[0] == "10 replies in 2 days, 6 without a word from the guard"
    table = {line.split()[0]: line.split()[1:] for line in lines[2:]}
    assert table["audience"] == ["4", "3", "(75", "%)", "0", "1", "0", "0"]
    assert table["leak"] == ["1", "0", "(0", "%)", "0", "1", "0", "0"]
    assert "repeat" not in table


def test_near_misses_are_listed_and_forgotten(run: Run, tmp_path: Path) -> None:
    assert run("misses").output == "There are no near misses.\n"
    assert run("misses", "--forget").output == "Forgot 0 near misses.\n"
    with opened(tmp_path) as verdicts:
        note(verdicts, Outcome.MOVED, Check.LEAK, text="Your refund\nfor order 7731")
        note(verdicts, Outcome.SENT, Check.FIT, text="this was meant")
        # It is read while another Paradesk has the journal open.
        listed = run("misses").output
        busy = run("misses", "--forget")
    assert "to Sarah Chen #1245, meant for Jonas Kühn #1251: names order 7731 (leak, moved)" in listed
    assert "    Your refund\n    for order 7731\n" in listed
    assert "this was meant" not in listed
    assert busy.exit_code == 2
    assert "another Paradesk is running" in busy.stderr
    assert run("misses", "--forget").output == "Forgot 1 near miss.\n"
    assert run("misses").output == "There are no near misses.\n"
    assert "fit" in run("stats").output


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_nothing_hostile_reaches_the_terminal(hostile: str, run: Run, tmp_path: Path) -> None:
    with opened(tmp_path) as verdicts:
        note(verdicts, Outcome.MOVED, Check.LEAK, text=hostile, reason=hostile)
    trial = {
        "draft": {"to": "1", "text": f"customer is {hostile}", "typed_after_switch": "c", "switched_from": "2"},
        "chat": [
            {"id": "1", "name": hostile, "messages": [{"customer": hostile}]},
            {"id": "2", "name": hostile, "number": hostile, "order": {hostile: hostile}},
        ],
    }
    file = tmp_path / "trial.json"
    file.write_text(json.dumps(trial))
    for output in (run("misses").output, run("explain", str(file)).output):
        assert output
        assert all(char.isprintable() or char in "\n\u200c\u200d" for char in output)


def test_a_file_can_be_judged(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "trial.toml"
    file.write_text(TRIAL)
    result = run("explain", str(file))
    assert result.exit_code == 1
    assert "It would be sent only after you say so:" in result.output
    assert "meant for JONAS WEBER #1251? filled there: order 7731" in result.output
    assert "calls a colleague: “@ana”" in result.output
    assert "new line: “hello?”" in result.output
    file.write_text(
        TRIAL.replace("@ana Your", "It").replace("refund for order 7731", "one").replace('"1"\norig', '"3"\norig')
    )
    clean = run("explain", str(file))
    assert (clean.exit_code, clean.output) == (0, "Clean: it would be sent at once.\n")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[draft]\n", "it needs the chats that are open"),
        ("chats = 1\n", "there is no entry 'chats'"),
        ('[[chat]]\nname = "x"\n', "chat 1 has no id"),
        ('[[chat]]\nid = "1"\n[[chat]]\nid = "1"\n', "two chats have the same id"),
        ('[[chat]]\nid = "1"\n', "draft is missing"),
        ('[draft]\nto = "2"\n[[chat]]\nid = "1"\n', "draft.to must be the id of a chat: 1"),
        ('[draft]\nto = "1"\nfor = 1\n[[chat]]\nid = "1"\n', "draft has no entry 'for'"),
        ('[draft]\nto = "1"\n[[chat]]\nid = "1"\nmessages = [{}]\n', "message 1 must say who wrote what"),
        ('[draft]\nto = "1"\n[[chat]]\nid = "1"\nmessages = 3\n', "messages must be a list"),
        (
            '[draft]\nto = "1"\norigins = [{ chat = "1", kind = "x" }]\n[[chat]]\nid = "1"\n',
            "must be one of canned, copied",
        ),
        ("[[chat]\n", ""),
    ],
)
def test_a_wrong_file_is_named_with_what_is_wrong(text: str, said: str, run: Run, tmp_path: Path) -> None:
    file = tmp_path / "trial.toml"
    file.write_text(text)
    result = run("explain", str(file))
    assert result.exit_code == 2
    assert "trial.toml" in result.stderr.replace("\n", "")
    assert said in result.stderr


def test_what_is_no_json_and_what_is_not_there_is_said(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "trial.json"
    for text in ("{", "[]", "[" * 100_000):
        file.write_text(text)
        assert run("explain", str(file)).exit_code == 2
    assert "No such file" in run("explain", str(tmp_path / "none.toml")).stderr


def test_a_journal_that_cannot_be_read_is_named(run: Run, tmp_path: Path) -> None:
    (tmp_path / "state" / "desk").mkdir(parents=True)
    (tmp_path / "state" / "desk" / "desk.sqlite3").write_bytes(b"Dear diary, " * 1000)
    for command in (("stats",), ("misses",), ("misses", "--forget")):
        result = run(*command)
        assert result.exit_code == 2
        assert "desk.sqlite3" in result.stderr
