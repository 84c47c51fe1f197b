"""`paradesk canned import` and `export` as they are typed."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from paradesk.canned import load_library
from paradesk.canned.exchange import FORMATS
from paradesk.cli.main import cli

PUBLISHED = Path(__file__).parents[1] / "canned" / "published"
ZENDESK = str(PUBLISHED / "zendesk_macros.json")
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("PARADESK_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("PARADESK_STATE_DIR", str(tmp_path / "state"))

    def invoke(*arguments: str, input: bytes | None = None) -> Result:
        result = CliRunner().invoke(cli, ["canned", *arguments], input=input)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert "Traceback" not in result.output
        return result

    return invoke


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_help_lists_the_formats(run: Run) -> None:
    text = run("import", "--help").output
    assert all(f"\n  {name} " in text for name in FORMATS)
    text = run("export", "--help").output
    assert "\n  zendesk " in text
    assert "\n  intercom " not in text


@pytest.mark.parametrize("name", sorted(path.name for path in PUBLISHED.iterdir() if path.suffix != ".md"))
def test_what_is_written_loads_clean(run: Run, tmp_path: Path, name: str) -> None:
    target = tmp_path / "team"
    result = run("import", str(PUBLISHED / name), "--to", str(target))
    assert result.exit_code in (0, 1)
    assert "wrote " in result.output
    library, findings = load_library([target])
    assert findings == []
    assert len(library) > 0
    assert run("check", str(target)).exit_code == 0


def test_a_second_import_asks_for_force_and_then_gives_the_same(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "team"
    assert run("import", ZENDESK, "--to", str(target)).exit_code == 1
    before = files(target)
    refused = run("import", ZENDESK, "--to", str(target))
    assert refused.exit_code == 2
    assert "--force" in refused.output
    assert run("import", ZENDESK, "--to", str(target), "--force").exit_code == 1
    assert files(target) == before


def test_ids_that_another_file_has_stop_it(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "team"
    target.mkdir()
    own = target / "own.toml"
    own.write_text('[[response]]\nid = "greeting"\ntitle = "Mine"\n[response.body]\nen = "Hi"\n', encoding="utf-8")
    before = files(target)
    result = run("import", ZENDESK, "--to", str(target), "--force")
    assert result.exit_code == 2
    assert f"{own}:1 has the id greeting" in result.output.replace("\n", "")
    assert files(target) == before


def test_a_dry_run_writes_nothing(run: Run, tmp_path: Path) -> None:
    result = run("import", ZENDESK, "--to", str(tmp_path / "team"), "--dry-run")
    assert "nothing was written" in result.output
    assert not (tmp_path / "team").exists()
    assert "macros[9].actions[0].value: left out" in result.output


def test_json_says_all_of_it(run: Run, tmp_path: Path) -> None:
    result = run(
        "import", ZENDESK, "--to", str(tmp_path / "team"), "--format", "json", "--tag", "topic=x", "--tag", "word"
    )
    report = json.loads(result.output)
    assert report["format"] == "zendesk"
    assert report["responses"][0]["follow_ups"][0] == {"action": "status", "value": "pending"}
    assert all(response["tags"]["topic"] == "x" and "word" in response["labels"] for response in report["responses"])
    assert {remark["level"] for remark in report["remarks"]} == {"note", "changed", "left-out"}
    assert [Path(path).is_file() for path in report["written"]] == [True] * len(report["written"])


def test_where_it_goes_without_being_told(run: Run, tmp_path: Path) -> None:
    result = run("import", ZENDESK)
    assert result.exit_code == 2
    assert "--to DIR" in result.output
    (tmp_path / "config").mkdir()
    team = tmp_path / "mine"
    team.mkdir()
    (tmp_path / "config" / "config.toml").write_text(f"canned = ['{team}']\n", encoding="utf-8")
    assert "wrote " in run("import", ZENDESK).output
    assert files(team)


def test_the_language_and_standard_input(run: Run, tmp_path: Path) -> None:
    content = b'[{"short_code": "hallo", "content": "Guten Tag {{contact.name}}"}]'
    target = tmp_path / "team"
    assert run("import", "-", "--to", str(target), "--language", "de_at", input=content).exit_code == 2
    assert run("import", "-", "--to", str(target), "--language", "de-at", input=content).exit_code == 0
    library, _ = load_library([target])
    found = library.get("hallo")
    assert found is not None
    assert dict(found.body) == {"de-AT": "Guten Tag {{ customer.name }}"}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\xff\xfe\xff", "UTF-8"),
        (b'{"a": \x1b]0;x\x07', "not JSON"),
        (b"nothing known", "--from"),
        (b"[" * 50_000, "too often"),
    ],
    ids=["encoding", "escape", "unknown", "deep"],
)
def test_a_bad_file_is_one_clear_sentence(run: Run, tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    result = run("import", str(file), "--to", str(tmp_path / "team"))
    assert result.exit_code == 2
    assert said in result.output
    assert "\x1b" not in result.output
    assert not (tmp_path / "team").exists()


def test_what_is_missing_or_unknown(run: Run, tmp_path: Path) -> None:
    assert "is not a file" in run("import", str(tmp_path / "none"), "--to", str(tmp_path)).output
    assert "no format `x`" in run("import", ZENDESK, "--from", "x", "--to", str(tmp_path)).output
    assert "these can: " in run("export", "--to", "x").output
    assert "cannot be written" in run("export", "--to", "intercom").output


def test_export_and_back(run: Run, tmp_path: Path) -> None:
    target, table = tmp_path / "team", tmp_path / "out.csv"
    run("import", ZENDESK, "--to", str(target))
    assert run("export", str(table), "--folder", str(target)).exit_code == 0
    refused = run("export", str(table), "--folder", str(target))
    assert refused.exit_code == 2
    assert "--force" in refused.output
    again = tmp_path / "again"
    assert run("import", str(table), "--to", str(again)).exit_code == 0
    before, after = load_library([target])[0], load_library([again])[0]
    assert len(before) == len(after)
    for response in before:
        back = after.get(response.id)
        assert back is not None
        assert (back.title, dict(back.body), back.tags) == (response.title, dict(response.body), response.tags)


def test_export_to_standard_output_keeps_remarks_apart(run: Run, tmp_path: Path) -> None:
    target = tmp_path / "team"
    run("import", ZENDESK, "--to", str(target))
    result = run("export", "--to", "chatwoot", "--folder", str(target))
    assert result.exit_code == 1
    assert {record["short_code"] for record in json.loads(result.stdout)} >= {"braces", "two-channels"}
    assert "left out" in result.stderr
    with_blanks = run("export", "--to", "chatwoot", "--folder", str(target), "--blanks")
    assert "[ticket.brand.name]" in with_blanks.stdout


def test_help_of_the_group_imports_no_format() -> None:
    program = (
        "import sys; sys.argv = ['paradesk', 'canned', '--help']\n"
        "from paradesk.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    loaded = done.stdout.splitlines()[-1].split()
    assert "paradesk.cli.canned" in loaded, "the probe sees nothing"
    assert not [name for name in loaded if name.startswith("paradesk.canned")]
