"""Changing config.toml: what a person wrote there stays."""

import tomllib
from pathlib import Path

import pytest

from paradesk.config.edit import add_profile, remove_profile
from paradesk.config.errors import ConfigError

WRITTEN = '# mine\ntheme = "light"   # for the window seat\n\n[profiles.old]\nconnector = "simulator"\n# about old\n'


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "config.toml"


def test_a_profile_is_added_to_no_file(path: Path) -> None:
    add_profile(path, "acme", "matrix", {"homeserver": 'https://x/"q"'})
    loaded = tomllib.loads(path.read_text())
    assert loaded == {"profiles": {"acme": {"connector": "matrix", "homeserver": 'https://x/"q"'}}}
    assert path.stat().st_mode & 0o777 == 0o600


def test_what_was_there_stays(path: Path) -> None:
    path.write_text(WRITTEN)
    add_profile(path, "acme", "matrix", {})
    assert path.read_text().startswith(WRITTEN)
    remove_profile(path, "acme")
    assert path.read_text() == WRITTEN
    remove_profile(path, "old")
    assert path.read_text().startswith('# mine\ntheme = "light"')
    assert tomllib.loads(path.read_text()) == {"theme": "light"}


def test_a_profile_between_others_is_removed_alone(path: Path) -> None:
    names = ("a", "b", "b-2")
    for name in names:
        add_profile(path, name, "x", {"k": name})
    remove_profile(path, "b")
    assert list(tomllib.loads(path.read_text())["profiles"]) == ["a", "b-2"]


def test_nothing_is_changed_where_it_cannot_be_done(path: Path) -> None:
    for text, name in (("a = \n", "x"), ('profiles = { x = { connector = "q" } }\n', "x"), (WRITTEN, "none")):
        path.write_text(text)
        with pytest.raises(ConfigError):
            remove_profile(path, name)
        assert path.read_text() == text
    path.write_text('profiles = { x = { connector = "q" } }\n')
    for name in ("x", "y"):
        with pytest.raises(ConfigError):
            add_profile(path, name, "q", {})
    assert path.read_text() == 'profiles = { x = { connector = "q" } }\n'
    assert [file.name for file in path.parent.iterdir()] == ["config.toml"]


def test_a_link_stays_a_link(path: Path, tmp_path: Path) -> None:
    real = tmp_path / "dotfiles" / "config.toml"
    real.parent.mkdir(mode=0o755)
    real.touch()
    path.symlink_to(real)
    add_profile(path, "acme", "matrix", {})
    assert path.is_symlink()
    assert real.parent.stat().st_mode & 0o777 == 0o755
    assert "acme" in real.read_text()
