"""What a killed demo left behind goes with the next one; what anybody else's is stays."""

import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from paradesk.cli.demo_folder import new_folder, sweep


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for temporary files of this test's own."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def ended() -> int:
    """Return the id of a process that has ended."""
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_only_folders_of_demos_that_ended_are_removed(temporary: Path) -> None:
    mine = new_folder()
    old = temporary / f"paradesk-demo-{ended()}-abcd"
    (old / "desk").mkdir(parents=True)
    (old / "desk" / "desk.sqlite3").write_text("x")
    other = [temporary / "paradesk-demo-abcd", temporary / f"another-{ended()}-abcd"]
    for folder in other:
        folder.mkdir()
    sweep()
    assert sorted(temporary.iterdir()) == sorted([mine, *other])
    assert mine.stat().st_mode & 0o077 == 0


def test_a_link_of_that_name_is_not_followed(temporary: Path) -> None:
    kept = temporary / "kept"
    kept.mkdir()
    (kept / "file").write_text("x")
    link = temporary / f"paradesk-demo-{ended()}-abcd"
    link.symlink_to(kept)
    sweep()
    assert (kept / "file").exists()
    assert link.is_symlink()


def test_a_number_that_is_no_process_and_a_folder_that_is_not_there_are_no_trouble(
    temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = temporary / f"paradesk-demo-{'9' * 30}-abcd"
    folder.mkdir()
    sweep()
    assert not folder.exists()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary / "gone"))
    sweep()
