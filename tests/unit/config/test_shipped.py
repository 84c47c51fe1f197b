"""What ships is found from any working directory, and from an installed package as well as from a checkout."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import paradesk
from paradesk.config.places import config_directory, private_directory, state_directory
from paradesk.config.shipped import shipped
from paradesk.config.state import first_run_done, mark_first_run_done


def test_from_the_checkout_in_any_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert (shipped("keymaps") / "default.toml").is_file()
    assert shipped("canned_responses").is_dir()


def test_from_an_installed_package(tmp_path: Path) -> None:
    package = tmp_path / "lib" / "paradesk"
    shutil.copytree(Path(paradesk.__file__).parent, package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(shipped("keymaps"), package / "shipped" / "keymaps")
    program = "from paradesk.config.shipped import shipped; print(shipped('keymaps'))"
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path / 'lib')!r}); {program}"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=tmp_path)
    assert Path(done.stdout.strip()) == package / "shipped" / "keymaps"


def test_places_can_be_moved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARADESK_CONFIG_DIR", str(tmp_path / "c"))
    monkeypatch.setenv("PARADESK_STATE_DIR", str(tmp_path / "s"))
    assert config_directory() == tmp_path / "c"
    assert state_directory() == tmp_path / "s"
    monkeypatch.delenv("PARADESK_CONFIG_DIR")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "x"))
    if sys.platform.startswith("linux"):
        assert config_directory() == tmp_path / "x" / "paradesk"


def test_private_folders(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    for name in ("open", "a/b"):
        assert private_directory(tmp_path / name).stat().st_mode & 0o777 == 0o700


def test_a_folder_that_serves_others_is_left_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o755)
    monkeypatch.setenv("HOME", str(home))
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o1777)
    assert private_directory(home).stat().st_mode & 0o777 == 0o755
    assert private_directory(shared).stat().st_mode & 0o777 == 0o777


def test_the_first_run_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARADESK_STATE_DIR", str(tmp_path / "s"))
    assert not first_run_done()
    mark_first_run_done()
    assert first_run_done()


def test_a_state_folder_that_cannot_be_written_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PARADESK_STATE_DIR", str(tmp_path / "file" / "s"))
    mark_first_run_done()
    assert not first_run_done()
