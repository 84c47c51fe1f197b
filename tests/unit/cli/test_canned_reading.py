"""`paradesk canned list`, `search`, `render` and `stale`: what they print, and how they end."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from paradesk.canned.sample import SampleError, read_sample
from paradesk.cli.main import cli

Run = Callable[..., Result]
LONG_AGO = date.today() - timedelta(days=400)
RESPONSES = f"""
[[response]]
id = "test.late"
title = "Late fee"
folder = "fees/late"
owner = "fee-team"
reviewed = {LONG_AGO}
review_every = "90d"
tags = {{ topic = "fees", tier = "Gold" }}
labels = ["zzfee"]
[response.body]
en = "Hi {{{{ customer.first_name | default: 'there' }}}}, {{{{ order.id }}}} costs {{{{ order.total }}}}."
de = "Hallo {{{{ customer.first_name | default: 'da' }}}}, {{{{ order.id }}}}."
"""
SAMPLE = """
[customer]
name = "Sarah Chen"
language = "de-AT"
attributes = { pet = "Rex" }
[conversation]
number = 1245
status = "on_hold"
created = 2026-10-01
[agent]
name = "Mia Rot"
[order]
id = "A-1"
"""


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("PARADESK_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("PARADESK_STATE_DIR", str(tmp_path / "state"))
    own = tmp_path / "config" / "canned_responses"
    own.mkdir(parents=True)
    (own / "mine.toml").write_text(RESPONSES)
    (tmp_path / "sample.toml").write_text(SAMPLE)
    monkeypatch.chdir(tmp_path)

    def invoke(*arguments: str) -> Result:
        result = CliRunner().invoke(cli, ["canned", *arguments])
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    return invoke


def ids(result: Result) -> list[str]:
    return [row["id"] for row in json.loads(result.stdout)]


def test_list_narrows_down(run: Run) -> None:
    assert len(ids(run("list", "--json"))) > 70
    for options in (
        ["--tag", "zzFEE"],
        ["--tag", "tier=gold"],
        ["--folder", "fees"],
        ["--folder", "fees/late/"],
        ["--folder", "fees", "--language", "de-AT", "--tag", "fees"],
    ):
        assert ids(run("list", "--json", *options)) == ["test.late"], options
    for options in (["--folder", "fee"], ["--tag", "tier=fees"], ["--folder", "fees", "--language", "pl"]):
        assert ids(run("list", "--json", *options)) == [], options
    [row] = json.loads(run("list", "--json", "--folder", "fees").stdout)
    assert row["languages"] == ["de", "en"]
    assert row["owner"] == "fee-team"
    assert row["review_due"] == (LONG_AGO + timedelta(days=90)).isoformat()
    assert row["file"].endswith("mine.toml:2")
    assert run("list", "--folder", "fees").stdout == "test.late  Late fee  [de, en]\n"


def test_search_finds_as_the_picker_does(run: Run) -> None:
    found = run("search", "zzfee", "--json")
    assert (found.exit_code, ids(found)) == (0, ["test.late"])
    nothing = run("search", "qqqqzzzz")
    assert (nothing.exit_code, nothing.stdout) == (1, "")


def test_render_fills_and_names_what_is_open(run: Run, tmp_path: Path) -> None:
    result = run("render", "test.late", "--conversation", "sample.toml")
    assert (result.exit_code, result.stdout, result.stderr) == (0, "Hallo Sarah, A-1.\n", "")
    result = run("render", "test.late", "--conversation", "sample.toml", "--language", "en")
    assert (result.exit_code, result.stdout) == (1, "Hi Sarah, A-1 costs ⟦order.total⟧.\n")
    assert result.stderr == "open: order.total\n"
    (tmp_path / "sample.json").write_text('{"order": {"id": "B-2", "total": "3 €"}}')
    result = run("render", "test.late", "--conversation", "sample.json")
    assert (result.exit_code, result.stdout) == (0, "Hi there, B-2 costs 3 €.\n")
    missing = run("render", "test.lat", "--conversation", "sample.toml")
    assert missing.exit_code == 2
    assert "did you mean test.late?" in missing.stderr
    assert run("render", "test.late", "--conversation", "gone.toml").exit_code == 2


def test_stale_lists_what_is_due(run: Run) -> None:
    result = run("stale", "--owner", "fee-team")
    assert result.exit_code == 1
    assert "test.late" in result.stdout
    assert "reviewed 13 months ago, overdue [fee-team]" in result.stdout
    [row] = json.loads(run("stale", "--owner", "fee-team", "--json").stdout)
    assert row["due"] == (LONG_AGO + timedelta(days=90)).isoformat()
    nobody = run("stale", "--owner", "nobody")
    assert (nobody.exit_code, nobody.stdout) == (0, "")
    assert run("stale", "--days", "-1").exit_code == 2


def test_a_sample_becomes_the_values_of_a_conversation(tmp_path: Path, run: Run) -> None:
    values, conversation = read_sample(tmp_path / "sample.toml")
    assert values["customer"]["attributes"] == {"pet": "Rex"}  # type: ignore[index]
    assert values["conversation"]["number"] == "1245"  # type: ignore[index]
    assert values["conversation"]["created"] == "2026-10-01"  # type: ignore[index]
    assert values["conversation"]["status"] == "on hold"  # type: ignore[index]
    assert values["agent"]["first_name"] == "Mia"  # type: ignore[index]
    assert values["assignee"] == {}
    assert conversation.customer.language == "de-AT"


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("a.toml", "[custmer]\nname = 'x'", "did you mean `customer`?"),
        ("a.toml", "[customer]\nnam = 'x'", "did you mean `customer.name`?"),
        ("a.toml", "customer = 'x'", "write \\[customer\\]"),
        ("a.toml", "[customer", "cannot be read"),
        ("a.toml", "[conversation]\nstatus = 'asleep'", "asleep"),
        ("a.toml", "[conversation]\ncreated = 'soon'", "2026-10-01"),
        ("a.json", "[1]", "is not a table"),
        ("a.json", "{" * 100_000, "cannot be read"),
        ("a.json", '{"customer": ' + "[" * 100_000, "cannot be read"),
        ("a.toml", "#" * 300_000, "larger"),
    ],
)
def test_what_is_no_conversation_is_named(tmp_path: Path, name: str, text: str, message: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    with pytest.raises(SampleError, match=message) as error:
        read_sample(path)
    assert str(path) in str(error.value)
