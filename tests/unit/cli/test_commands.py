"""The command line: what it says, what it never says, and how it ends."""

import tempfile
from collections.abc import Callable
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from paradesk import __version__
from paradesk.cli import profile
from paradesk.cli.main import cli
from paradesk.config.shipped import shipped
from paradesk.connectors import registry

WORD = "correct horse"
Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, and one connector beside those that ship."""
    monkeypatch.setenv("PARADESK_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.setenv("PARADESK_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("PARADESK_KEYRING", "off")
    door = EntryPoint("door", "cli_connector:DoorConnector", registry.GROUP)
    monkeypatch.setattr(registry, "_entries", lambda: {"door": door})
    return tmp_path / "config"


@pytest.fixture
def run(folder: Path) -> Run:
    def invoke(*arguments: str, input: str | None = None) -> Result:
        result = CliRunner().invoke(cli, arguments, input=input)
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert WORD not in result.output
        assert "Traceback" not in result.output
        return result

    return invoke


@pytest.fixture
def simulator(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The connector of the demo, by a class that needs no customers."""
    found = EntryPoint("simulator", "cli_connector:DoorConnector", registry.GROUP)
    monkeypatch.setattr(registry, "_entries", lambda: {"simulator": found})


def add(run: Run, name: str = "front", address: str = "High Street", word: str = WORD) -> Result:
    option = f"address={address}"
    return run("profile", "add", name, "--connector", "door", "--option", option, "--secret-stdin", input=word + "\n")


def config(folder: Path, text: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "config.toml").write_text(text)


def test_version_and_help(run: Run) -> None:
    assert run("--version").output == f"paradesk {__version__}\n"
    listed = run("--help").output
    for command in ("canned", "completion", "config", "demo", "guard", "keys", "profile"):
        assert command in listed
        assert run(command, "--help").exit_code == 0


def test_the_list_of_commands_says_what_the_commands_say(run: Run) -> None:
    import click

    from paradesk.cli import main

    context = click.Context(cli)
    for name, (_, text) in main._COMMANDS.items():
        command = cli.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str(100) == text


def test_without_a_profile_it_says_how_to_begin(run: Run) -> None:
    result = run()
    assert result.exit_code == 2
    assert "paradesk demo" in result.stderr
    assert "paradesk profile add" in result.stderr


def test_an_unknown_profile_is_named_with_those_there_are(run: Run) -> None:
    add(run)
    result = run("--profile", "back")
    assert result.exit_code == 2
    assert "'back'" in result.stderr
    assert "front" in result.stderr


def test_a_terminal_is_needed(run: Run) -> None:
    add(run)
    result = run()
    assert result.exit_code == 2
    assert "needs a terminal" in result.stderr


@pytest.mark.usefixtures("simulator")
def test_a_demo_needs_a_terminal_and_leaves_nothing(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    result = run("demo")
    assert result.exit_code == 2
    assert "needs a terminal" in result.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("simulator")
def test_a_bad_keymap_is_named_with_its_place(run: Run, folder: Path) -> None:
    assert (
        "command line: no keymap is called 'zendsk'; did you mean zendesk?" in run("demo", "--keymap", "zendsk").stderr
    )
    folder.mkdir()
    (folder / "keymap.toml").write_text('[bindings.composer]\n"ctrl+x" = "composer.cut"\n')
    result = run("demo")
    assert result.exit_code == 2
    assert f"{folder / 'keymap.toml'}:2: ctrl+x in composer (composer.cut) is the beginning of" in result.stderr


def test_options_before_a_command_are_refused(run: Run) -> None:
    assert run("--profile", "front", "demo").exit_code == 2


@pytest.mark.parametrize("arguments", [[], ["demo"], ["config", "show"], ["profile", "list"], ["keys", "list"]])
def test_a_broken_configuration_is_named_with_its_line(run: Run, folder: Path, arguments: list[str]) -> None:
    config(folder, "theme = \n")
    result = run(*arguments)
    assert result.exit_code == 2
    assert f"{folder / 'config.toml'}:1: this is not TOML" in result.stderr
    assert (folder / "config.toml").read_text() == "theme = \n"


def test_a_profile_is_added_and_its_secret_kept_apart(run: Run, folder: Path) -> None:
    result = add(run)
    assert result.exit_code == 0
    assert str(folder / "credentials") in result.output
    assert "paradesk profile test front" in result.output
    assert WORD not in (folder / "config.toml").read_text()
    assert (folder / "credentials").stat().st_mode & 0o777 == 0o600
    assert run("profile", "list").output.startswith("front  door")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["back", "--connector", "window"], "no connector is called 'window'"),
        (["Back", "--connector", "door"], "a-z"),
        (["back", "--connector", "door", "--option", "adress=x"], "did you mean address?"),
        (["back", "--connector", "door", "--option", "address"], "KEY=VALUE"),
        (["back", "--connector", "door", "--option", f"word={WORD}"], "is a secret"),
        (["back", "--connector", "door"], "address is missing"),
        (["back", "--connector", "door", "--option", "address=x"], "--secret-stdin"),
        (["back"], "--connector door"),
        (["--connector", "door"], "how the profile is called"),
        (["front", "--connector", "door"], "there is a profile front already"),
    ],
)
def test_a_profile_that_cannot_be_added(run: Run, folder: Path, arguments: list[str], said: str) -> None:
    add(run)
    before = (folder / "config.toml").read_text()
    result = run("profile", "add", *arguments)
    assert result.exit_code == 2
    assert said in result.stderr
    assert (folder / "config.toml").read_text() == before


@pytest.fixture
def person(monkeypatch: pytest.MonkeyPatch) -> None:
    """Someone who answers questions."""
    monkeypatch.setattr(profile, "someone_is_there", lambda: True)


@pytest.mark.usefixtures("person")
def test_a_person_is_asked_for_what_is_missing(run: Run, folder: Path) -> None:
    result = run("profile", "add", input=f"door\nfront\nHigh Street\nred\n{WORD}\n")
    assert result.exit_code == 0
    for question in ("Connector", "Name of the profile [door]", "Address of the door", "Its colour", "Word"):
        assert question in result.output
    assert 'colour = "red"' in (folder / "config.toml").read_text()
    assert run("profile", "test", "front").exit_code == 0


@pytest.mark.usefixtures("person")
def test_a_person_is_asked_before_a_profile_is_removed(run: Run) -> None:
    add(run)
    assert run("profile", "remove", "front", input="n\n").exit_code == 1
    assert "front" in run("profile", "list").output
    assert run("profile", "remove", "front", input="y\n").exit_code == 0


@pytest.mark.usefixtures("person")
def test_a_person_enters_a_secret(run: Run) -> None:
    add(run, word="wrong")
    assert run("profile", "secret", "front", input=f"{WORD}\n").exit_code == 0
    assert run("profile", "test", "front").exit_code == 0


def test_secrets_by_name_from_standard_input(run: Run) -> None:
    assert add(run, word=f"word={WORD}").exit_code == 0
    assert run("profile", "test", "front").exit_code == 0


def test_standard_input_that_says_nothing_is_not_repeated(run: Run) -> None:
    result = add(run, word=f"wrod={WORD}\n{WORD}")
    assert result.exit_code == 2
    assert "KEY=VALUE" in result.stderr


def test_signing_in(run: Run) -> None:
    add(run)
    result = run("profile", "test", "front")
    assert (result.exit_code, result.stdout) == (0, "front: signed in to Door; 1 chat so far\n")


@pytest.mark.parametrize(
    ("address", "word", "said"),
    [
        ("High Street", "no idea", "refused: wrong word"),
        ("nowhere", WORD, "not connected: no such street"),
        ("silent", WORD, "no answer within 1 seconds"),
        ("broken", WORD, "not connected: Door failed (RuntimeError)"),
    ],
)
def test_signing_in_that_fails(run: Run, address: str, word: str, said: str) -> None:
    add(run, address=address, word=word)
    result = run("profile", "test", "front", "--timeout", "1")
    assert result.exit_code == 1
    assert said in result.stderr
    assert "\x1b" not in result.stderr


def test_settings_that_a_connector_refuses(run: Run) -> None:
    add(run, address="bad")
    result = run("profile", "test", "front")
    assert result.exit_code == 2
    assert "address must be a street" in result.stderr


def test_a_secret_is_changed(run: Run) -> None:
    add(run, word="wrong")
    assert run("profile", "secret", "front", input=f"{WORD}\n").exit_code == 0
    assert run("profile", "test", "front").exit_code == 0
    assert run("profile", "secret", "front", input="\n").exit_code == 2
    assert run("profile", "secret", "front", "colour", input="x\n").exit_code == 2


def test_a_secret_that_is_missing(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config(folder, '[profiles.front]\nconnector = "door"\naddress = "High Street"\n')
    result = run("profile", "test", "front")
    assert result.exit_code == 2
    assert "config.toml:1" in result.stderr
    assert "paradesk profile secret front word" in result.stderr
    assert "PARADESK_SECRET_FRONT_WORD" in result.stderr
    monkeypatch.setenv("PARADESK_SECRET_FRONT_WORD", WORD)
    assert run("profile", "test", "front").exit_code == 0


def test_a_secret_in_the_configuration_is_refused_and_masked(run: Run, folder: Path) -> None:
    config(folder, f'[profiles.front]\nconnector = "door"\naddress = "x"\nword = "{WORD}"\n')
    assert "does not belong into this file" in run("profile", "test", "front").stderr
    assert "••••" in run("config", "show").output
    config(folder, f'[profiles.front]\nconnector = "gone"\npassword = "{WORD}"\n')
    assert "••••" in run("config", "show").output


def test_a_profile_is_removed_with_its_secrets(run: Run, folder: Path) -> None:
    add(run)
    assert run("profile", "remove", "front").exit_code == 2
    assert run("profile", "remove", "front", "--yes").exit_code == 0
    assert "front" not in (folder / "config.toml").read_text()
    assert "front" not in (folder / "credentials").read_text()
    assert run("profile", "remove", "front", "--yes").exit_code == 2
    assert "No profile" in run("profile", "list").output


def test_a_credentials_file_that_others_can_read_is_refused(run: Run, folder: Path) -> None:
    add(run)
    (folder / "credentials").chmod(0o644)
    result = run("profile", "test", "front")
    assert result.exit_code == 2
    assert "chmod 600" in result.stderr


def test_every_value_is_shown_with_its_origin(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add(run)
    monkeypatch.setenv("PARADESK_THEME", "light")
    text = (folder / "config.toml").read_text()
    config(folder, f'keymap = "zendesk"\n{text}')
    rows = {line.split()[0]: line for line in run("config", "show").output.splitlines()}
    assert rows["keymap"].split()[1:] == ['"zendesk"', f"{folder / 'config.toml'}:1"]
    assert rows["theme"].split()[1:] == ['"paradesk-light"', "PARADESK_THEME"]
    assert rows["response_target"].split()[1:] == ["45", "default"]
    assert rows["profiles.front.colour"].split()[1:] == ['"green"', "default"]
    assert rows["profiles.front.word"].split()[1:] == ['"••••"', str(folder / "credentials")]


def test_places_are_shown(run: Run, folder: Path) -> None:
    assert str(folder / "config.toml") in run("config", "path").output


def test_keys_are_listed(run: Run) -> None:
    assert "ctrl+x o" in run("keys", "list").output
    assert "ctrl+alt+o" in run("keys", "list", "--keymap", "zendesk").output
    assert "| `ctrl+x o`, `ctrl+alt+o` |" in run("keys", "list", "--keymap", "zendesk", "--markdown").output
    assert "did you mean zendesk?" in run("keys", "list", "--keymap", "zendsk").stderr


def test_keymaps_are_checked(run: Run, tmp_path: Path) -> None:
    shipped_maps = [str(path) for path in shipped("keymaps").glob("*.toml")]
    assert run("keys", "check", *shipped_maps).exit_code == 0
    bad = tmp_path / "bad.toml"
    bad.write_text('[bindings.global]\n"f5" = "status.opne"\n')
    result = run("keys", "check", str(bad))
    assert result.exit_code == 2
    assert f"{bad}:2: error: no action is called 'status.opne'; did you mean status.open?" in result.output
    bad.write_text('[bindings.global]\n"ctrl+x" = "status.open"\n')
    assert "is the beginning of" in run("keys", "check", str(bad)).output
    assert run("keys", "check", str(tmp_path / "gone.toml")).exit_code == 2


def test_canned_responses_are_listed_and_checked(run: Run, tmp_path: Path) -> None:
    assert run("canned", "check", str(shipped("canned_responses"))).exit_code == 0
    assert "[de, en]" in run("canned", "list").output
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / "bad.toml").write_text("[[response]]\nid = \n")
    result = run("canned", "check", str(tmp_path / "bad"))
    assert result.exit_code == 2
    assert "bad.toml:2" in result.output
    assert run("canned", "check", str(tmp_path / "gone")).exit_code == 2


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(run: Run, shell: str) -> None:
    assert "_PARADESK_COMPLETE" in run("completion", shell).stdout


def test_names_complete(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    add(run)
    for words, expected in (
        ("paradesk profile te", "test"),
        ("paradesk profile test fr", "front"),
        ("paradesk demo --keymap zen", "zendesk"),
        ("paradesk profile add x --connector d", "door"),
    ):
        environment = {"COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
        environment["_PARADESK_COMPLETE"] = "bash_complete"
        result = CliRunner().invoke(cli, env=environment, prog_name="paradesk")
        assert expected in result.output


@pytest.mark.parametrize("arguments", [["--size", "0"], ["--size", "13"], ["--speed", "0"], ["--seed", "x"]])
def test_a_demo_of_a_wrong_size_is_refused(run: Run, arguments: list[str]) -> None:
    assert run("demo", *arguments).exit_code == 2


def test_a_journal_that_cannot_be_used_is_told(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged journal ends in one line that names the file and says what to do, and in status 2; it stays as it is."""
    monkeypatch.setattr("paradesk.cli.run.need_terminal", lambda: None)
    monkeypatch.setattr("paradesk.ui.run.run_app", lambda opening, theme: opening())
    assert add(run).exit_code == 0
    file = tmp_path / "state" / "desk" / "desk.sqlite3"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"\x1b[2J" * 1000)
    result = run()
    assert result.exit_code == 2
    assert result.output.startswith(f"paradesk: {file} is damaged")
    assert "Move it away" in result.output
    assert file.read_bytes() == b"\x1b[2J" * 1000


def test_the_configuration_shows_only_what_is_declared_harmless(run: Run, folder: Path) -> None:
    """A secret in the wrong place (misspelt, of a connector that is missing, inside an address) is not printed."""
    config(
        folder,
        f'[profiles.front]\nconnector = "door"\naddress = "https://ana:{WORD}@street"\nwrod = "{WORD}"\n'
        f'[profiles.gone]\nconnector = "gone"\nbearer = "{WORD}"\n',
    )
    result = run("config", "show")
    assert result.exit_code == 0
    assert "https://••••@street" in result.stdout
    assert result.stdout.count("••••") == 3
