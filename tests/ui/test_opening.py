"""What happens between the first frame and the moment when everything is there."""

import threading
from pathlib import Path

import pytest

from paradesk.canned import Library
from paradesk.config.settings import Settings
from paradesk.config.shipped import shipped
from paradesk.config.state import mark_first_run_done
from paradesk.desk.desk import Desk, Profile
from paradesk.keymap.keymap import Layer
from paradesk.keymap.loader import load_keymap
from paradesk.ui.app import ParadeskApp
from paradesk.ui.opening import Opening
from tests.ui.scripted import ScriptedConnector
from tests.ui.workstation import Workstation


def opened(desk: Desk, directory: Path, library: Library | None = None) -> Opening:
    keymap = load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)
    desk.start()
    return Opening(desk, directory, Settings(), [keymap], library or Library(), "acme")


@pytest.fixture(autouse=True)
def _state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARADESK_STATE_DIR", str(tmp_path))
    mark_first_run_done()


async def test_everything_is_opened_behind_the_first_frame(tmp_path: Path) -> None:
    """What opens the desk is called once there is a screen, and the panes come by themselves."""
    backend = ScriptedConnector()
    backend.chat(1)
    desk = Desk([Profile("acme", lambda: backend)], tmp_path)
    seen: list[bool] = []

    def opening() -> Opening:
        seen.append(app.is_running and not app.opened)
        return opened(desk, tmp_path)

    app = ParadeskApp(opening, theme="paradesk-light", question_grace=0.0)
    assert not app.opened
    assert app.theme == "paradesk-light"
    try:
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            station = Workstation(app, pilot, desk, backend)
            await station.until(lambda: app.opened and station.order == ["c1"], "the pane")
            assert seen == [True]
            assert "opening" not in station.text
    finally:
        desk.stop()


async def test_an_opening_that_fails_ends_the_app_and_is_kept(tmp_path: Path) -> None:
    """The error is not lost and not shown as a crash: whoever started the app gets it."""

    def opening() -> Opening:
        raise LookupError("no such profile")

    app = ParadeskApp(opening)
    async with app.run_test(size=(120, 40)):
        pass
    assert isinstance(app.failure, LookupError)
    assert app.crash is None


async def test_canned_responses_are_loaded_once_and_what_is_wrong_with_them_is_told(tmp_path: Path) -> None:
    backend = ScriptedConnector()
    desk = Desk([Profile("acme", lambda: backend)], tmp_path)
    keymap = load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)
    threads: list[threading.Thread] = []

    def load() -> tuple[Library, list[str]]:
        threads.append(threading.current_thread())
        return Library(), ["one.toml:1: odd", "two.toml:2: odd", "three.toml:3: odd"]

    desk.start()
    app = ParadeskApp(Opening(desk, tmp_path, Settings(), [keymap], load, "acme"), question_grace=0.0)
    try:
        async with app.run_test(size=(120, 40), notifications=True) as pilot:
            station = Workstation(app, pilot, desk, backend)
            await station.until(lambda: len(app.notices) == 3, "what is wrong")
            assert [notice.text for notice in app.notices][:2] == ["one.toml:1: odd", "two.toml:2: odd"]
            assert "1 more" in app.notices[2].text
            assert app.library is app.library
    finally:
        desk.stop()
    assert len(threads) == 1
    assert threads[0] is not threading.main_thread()
