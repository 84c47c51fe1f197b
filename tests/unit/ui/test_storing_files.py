"""A file from a customer is stored under a harmless name, in its folder, readable by its owner only, and replaces nothing."""

import stat
from pathlib import Path

import pytest

from paradesk.ui.commands.workspace import _store
from tests.hostile_corpus import everything

NAMES = [
    "../../etc/passwd",
    "/etc/passwd",
    "..\\..\\x",
    "..",
    ".",
    "",
    ".bashrc",
    "-rf",
    "con.txt",
    "a\x00b",
    "a\x1b[2Jb",
    "x" * 5000,
]


@pytest.mark.parametrize("name", [*NAMES, *(entry.text for entry in everything())], ids=lambda name: repr(name[:24]))
def test_any_name_stays_in_its_folder(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "downloads"
    path = _store(folder, name, b"content")
    assert path.parent == folder
    assert path.resolve().parent == folder.resolve()
    assert [entry.name for entry in tmp_path.iterdir()] == ["downloads"]
    assert path.read_bytes() == b"content"
    assert path.name.isprintable()
    assert path.name[0] not in "-."
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_is_replaced(tmp_path: Path) -> None:
    first = _store(tmp_path, "a.pdf", b"one")
    second = _store(tmp_path, "a.pdf", b"two")
    assert (first.name, second.name) == ("a.pdf", "a-1.pdf")
    assert (first.read_bytes(), second.read_bytes()) == (b"one", b"two")


@pytest.mark.parametrize("there", ["a file", "nothing", "a folder"])
def test_a_link_that_lies_there_is_not_followed(tmp_path: Path, there: str) -> None:
    target = tmp_path / "target"
    if there == "a file":
        target.write_text("precious")
    elif there == "a folder":
        target.mkdir()
    folder = tmp_path / "downloads"
    folder.mkdir()
    (folder / "a.pdf").symlink_to(target)
    path = _store(folder, "a.pdf", b"content")
    assert path.name == "a-1.pdf"
    assert (folder / "a.pdf").is_symlink()
    if there == "a file":
        assert target.read_text() == "precious"
    else:
        assert target.exists() == (there == "a folder")


def test_a_folder_full_of_that_name_is_said(tmp_path: Path) -> None:
    for number in range(1000):
        (tmp_path / ("a" if not number else f"a-{number}")).touch()
    with pytest.raises(OSError, match="too many files called a"):
        _store(tmp_path, "a", b"content")
