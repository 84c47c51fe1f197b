"""Installed packs in the settings: default < pack < team < user, and what is damaged is left out with a word."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.packing import manifest, response, sound, write

from paradesk.cli.main import cli
from paradesk.cli.run import pack_notices
from paradesk.config.errors import ConfigError
from paradesk.config.keymaps import load_keymaps
from paradesk.config.responses import load_responses, stacked
from paradesk.config.settings import Settings, load_settings
from paradesk.keymap.dispatch import Dispatcher
from paradesk.keymap.keymap import Layer

Run = Callable[..., Result]
POLICY = 'response_target = 30\nundo = 7\nstatuses = ["open", "solved"]\n[guard]\nhold = 9\noff = ["repeat"]\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CONFIG", "STATE", "DATA"):
        monkeypatch.setenv(f"PARADESK_{name}_DIR", str(tmp_path / name.lower()))
    (tmp_path / "config").mkdir()
    return tmp_path


def run(*arguments: str, status: int = 0) -> str:
    done = CliRunner().invoke(cli, ["packs", *arguments])
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        raise done.exception
    assert done.exit_code == status, done.output
    return done.output


def install(home: Path, files: dict[str, bytes], name: str = "acme") -> None:
    run("add", str(write(home / "sources" / name, files)), "--yes")


def settings(home: Path, text: str = "") -> Settings:
    (home / "config" / "config.toml").write_text(text)
    return load_settings(environment={})


def keys(found: Settings, action: str) -> list[str]:
    return Dispatcher(load_keymaps(found)).keys_for(action)


def test_without_packs_all_is_as_before(home: Path) -> None:
    found = settings(home)
    assert (found.response_target, found.policies, dict(found.shelf.lock.packs)) == (45, (), {})
    assert pack_notices(found) == []


def test_a_policy_holds_under_team_and_user(home: Path) -> None:
    install(home, sound(policy_toml=POLICY))
    found = settings(home)
    assert (found.response_target, found.guard_hold, found.guard_off) == (30, 9.0, ("repeat",))
    assert (found.undo, found.guard.undo) == (7.0, 7.0)
    assert found.origins["response_target"] == "acme-1.0.0/policy.toml:1"
    assert found.origins["guard.hold"] == "acme-1.0.0/policy.toml:5"
    write(home / "team", {"policy.toml": b"response_target = 20\n"})
    found = settings(home, f'team = "{home / "team"}"\n')
    assert (found.response_target, found.guard_hold) == (20, 9.0)
    found = settings(home, f'team = "{home / "team"}"\nresponse_target = 10\n')
    assert (found.response_target, found.origins["response_target"].endswith("config.toml:2")) == (10, True)
    assert "config.toml" in run("why", "response_target")


def test_of_two_policies_the_later_pack_holds_and_a_team_is_above_all(home: Path) -> None:
    install(home, sound(policy_toml="response_target = 30\n"))
    install(home, sound("other", policy_toml="response_target = 40\n"), "other")
    assert settings(home).response_target == 40
    assert settings(home, 'team = "acme"\n').response_target == 30


def test_a_keymap_of_a_pack_by_its_name_and_by_default(home: Path) -> None:
    keymap = '[bindings.global]\n"ctrl+] a" = "app.log"\n'
    install(home, sound(keymaps__desk_toml=keymap))
    assert "ctrl+] a" not in keys(settings(home), "app.log")
    found = settings(home, 'keymap = "acme/desk"\n')
    assert "ctrl+] a" in keys(found, "app.log")
    assert load_keymaps(found)[-1].layer is Layer.PACK
    more = manifest(version="1.1.0", more='default_keymap = "desk"')
    write(home / "sources" / "acme", sound(keymaps__desk_toml=keymap, pack_toml=more))
    run("update", "--yes")
    assert "ctrl+] a" in keys(settings(home), "app.log")
    assert load_keymaps(settings(home, 'team = "acme"\n'))[-1].layer is Layer.TEAM
    (home / "config" / "keymap.toml").write_text('[bindings.global]\n"ctrl+] a" = "app.help"\n')
    assert "ctrl+] a" in keys(settings(home), "app.help")
    said = run("why", "app.log")
    assert "ctrl+] a in global  acme-1.1.0/keymaps/desk.toml:2  replaced by app.help" in said


def test_a_keymap_of_a_pack_that_is_not_there(home: Path) -> None:
    with pytest.raises(ConfigError, match="no pack other is installed"):
        load_keymaps(settings(home, 'keymap = "other/desk"\n'))
    install(home, sound())
    found = settings(home, 'keymap = "acme/other"\n')
    assert [keymap.name for keymap in load_keymaps(found)] == ["default"]
    assert any("it has no keymap other" in text for text, _ in pack_notices(found))
    (home / "config" / "packs.lock").write_text("[[")
    found = settings(home, 'keymap = "acme/desk"\nteam_keymap = "acme/desk"\n')
    assert [keymap.name for keymap in load_keymaps(found)] == ["default"]


def test_a_default_keymap_that_clashes_with_the_agents_own_is_left_out(home: Path) -> None:
    keymap = '[bindings.global]\n"ctrl+] a" = "app.log"\n'
    install(home, sound(keymaps__desk_toml=keymap, pack_toml=manifest(more='default_keymap = "desk"')))
    (home / "config" / "keymap.toml").write_text('[bindings.global]\n"ctrl+]" = "app.help"\n')
    found = settings(home)
    assert "ctrl+]" in keys(found, "app.help")
    assert [text for text, _ in pack_notices(found) if "acme-1.0.0/keymaps/desk.toml" in text and "not used" in text]


def test_responses_of_packs_lie_over_those_that_ship_and_under_ones_own(home: Path) -> None:
    files = sound(canned_responses__hello_toml=response("acme.hello") + response("greeting.hello", "From the pack"))
    install(home, files)
    write(home / "own", {"a.toml": response("acme.hello", "My own").encode()})
    library, problems = load_responses(settings(home, f'canned = ["{home / "own"}"]\n'))
    assert problems == []
    assert [library.get(key) and library.get(key).body["en"] for key in ("acme.hello", "greeting.hello")] == [  # type: ignore[union-attr]
        "My own",
        "From the pack",
    ]
    said = run("why", "acme.hello")
    assert "pack acme" in said
    assert "replaced by user" in said


def test_a_language_without_texts_gets_the_one_that_stands_in(home: Path) -> None:
    install(home, sound(pack_toml=manifest() + '[fallbacks]\ngsw = "als"\nals = "de"\n'))
    library, _ = load_responses(settings(home))
    found = library.get("acme.hello")
    assert found is not None
    assert found.body[found.language_for("gsw-CH")] == "Hallo"


def test_a_shortcut_goes_to_the_highest_layer() -> None:
    from dataclasses import replace

    from paradesk.canned.responses import Response

    low = Response(id="a", title="A", body={"en": "a"}, shortcut="x")
    found = {
        item.id: item.shortcut
        for item in stacked([(low,), (replace(low, id="b"),), (replace(low, id="b", title="B"),)])
    }
    assert found == {"a": "", "b": "x"}


def test_a_damaged_pack_is_left_out_with_a_notice_and_the_rest_works(home: Path) -> None:
    install(home, sound(policy_toml="response_target = 30\n"))
    install(home, sound("other", policy_toml="chat_limit = 3\n"), "other")
    pack_notices(settings(home))
    (file,) = [path for path in home.glob("data/packs/*/files/policy.toml") if "30" in path.read_text()]
    file.write_text("response_target = 9999\n")
    found = settings(home, 'keymap = "acme/desk"\n')
    assert found.response_target == 45
    load_keymaps(found)
    notices = pack_notices(found)
    assert ["P403" in text for text, _ in notices] == [True]
    library, _ = load_responses(found)
    assert library.get("acme.hello") is None
    assert library.get("other.hello") is not None
    assert "P403" in run("verify", status=2)


def test_what_changed_is_told_once(home: Path) -> None:
    install(home, sound())
    first = pack_notices(settings(home))
    assert [text for text, _ in first] == [
        "Packs since your last start: acme 1.0.0 is new. `paradesk packs list` shows them, `packs diff NAME` what changed"
    ]
    assert pack_notices(settings(home)) == []
    write(home / "sources" / "acme", {**sound(), "pack.toml": manifest(version="1.1.0").encode()})
    run("update")
    assert "acme 1.0.0 → 1.1.0" in pack_notices(settings(home))[0][0]
    lock = home / "config" / "packs.lock"
    text = lock.read_text()
    lock.write_text(text + "[[")
    assert ["P404" in line for line, _ in pack_notices(settings(home))] == [True]
    lock.write_text(text)
    assert pack_notices(settings(home)) == []


@pytest.mark.parametrize("policy", [b"a = [", b"\xff", b"response_target = 0\n"])
def test_a_bad_team_folder_is_a_notice_and_no_more(policy: bytes, home: Path) -> None:
    write(home / "team", {"policy.toml": policy, "pack.toml": policy, "canned_responses/a.toml": policy})
    found = settings(home, f'team = "{home / "team"}"\n')
    assert found.response_target == 45
    assert pack_notices(found)
    assert load_keymaps(found)
    assert len(load_responses(found)[0]) > 10


def test_a_team_that_is_not_there_is_a_notice(home: Path) -> None:
    assert any("Correct `team`" in text for text, _ in pack_notices(settings(home, 'team = "nowhere"\n')))


def test_a_signature_is_asked_for_where_the_settings_say_so(home: Path) -> None:
    import shutil
    import subprocess

    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed")
    source = write(home / "sources" / "acme", sound())
    for name in ("lead", "stranger"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(home / name)], check=True)
    signers = home / "signers"
    signers.write_text(f"lead@example.com {(home / 'lead.pub').read_text()}")
    settings(home, f'[packs]\nrequire_signature = true\nallowed_signers = "{signers}"\n')
    archive = home / "acme.zip"
    run("build", str(source), "--output", str(archive))
    assert "P406" in run("add", str(archive), status=2)
    assert "P406" in run("add", str(source), status=2)
    run("build", str(source), "--output", str(archive), "--sign", str(home / "stranger"))
    assert "P406" in run("add", str(archive), status=2)
    run("build", str(source), "--output", str(archive), "--sign", str(home / "lead"))
    signed = archive.read_bytes()
    archive.write_bytes(signed + b" ")
    assert "P406" in run("add", str(archive), status=2)
    assert not (home / "config" / "packs.lock").exists()
    archive.write_bytes(signed)
    assert "signed by lead@example.com" in run("add", str(archive))
