"""What can be wrong at the start is one readable line, or disturbs nothing else."""

from pathlib import Path

import pytest

from tests.e2e.life import Home, Life

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"TERM": "dumb"}, "TERM=dumb"),
        ({"PYTHONIOENCODING": "latin-1"}, "LC_ALL=C.UTF-8"),
        ({"PARADESK_STATE_DIR": "/proc/none"}, "/proc/none: No such file"),
    ],
)
def test_it_says_in_a_line_why_it_cannot_start(environment: dict[str, str], said: str, tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.environment.update(environment)
    with Life(home) as life:
        assert life.wait() == 2
        life.rest()
        assert life.left_on() == []
    assert said.encode() in life.output
    assert b"Traceback" not in life.output


def test_a_profile_that_cannot_be_used_disturbs_no_other(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with (home.folder / "config" / "config.toml").open("a") as file:
        file.write('[profiles.other]\nconnector = "nosuch"\n')
    with Life(home) as life:
        life.opened()
        life.until(b"REFUSED")
        life.type("an answer all the same")
        life.write(b"\x11")
        assert life.wait() == 0
    assert home.drafts() == ["an answer all the same"]


def test_chats_of_before_are_there_while_the_backend_is_not(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    with Life(home) as life:
        life.opened()
        life.type("half an answer")
        life.write(b"\x11")
        assert life.wait() == 0
    config = home.folder / "config" / "config.toml"
    config.write_text(
        '[profiles.shop]\nconnector = "matrix"\nhomeserver = "http://127.0.0.1:9"\nuser = "@agent:127.0.0.1"\n'
    )
    home.environment["PARADESK_SHOP_PASSWORD"] = "x"
    with Life(home) as life:
        life.until(b"half an answer")
        life.write(b"\x11")
        assert life.wait() == 0


def test_a_terminal_of_one_cell_is_no_error(tmp_path: Path) -> None:
    with Life(Home(tmp_path / "home")) as life:
        life.resize(1, 1)
        life.until(b"\x1b[?2004h")
        life.resize(40, 120)
        life.opened()
        life.write(b"\x11")
        assert life.wait() == 0
