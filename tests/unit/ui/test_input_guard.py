"""The guard stands on parts of Textual that are not its public interface: here they are nailed down."""

import hashlib
import inspect

import pytest
from textual._ansi_sequences import SYNC_END, SYNC_START
from textual.app import App
from textual.drivers.linux_driver import LinuxDriver

from paradesk.ui.input_guard import STOCK_INPUT, guarded_driver

KNOWN_INPUT_THREAD = "d796af6d69db337d6fa6bd463984f7d17188d991dbb22f60efb92a8a9619507c"


def test_textuals_input_thread_is_the_one_that_was_replaced() -> None:
    """When this fails, read Textual's new version, carry over what changed, and put in the new digest."""
    source = inspect.getsource(LinuxDriver.run_input_thread)
    assert hashlib.sha256(source.encode()).hexdigest() == KNOWN_INPUT_THREAD
    assert "self.run_input_thread()" in inspect.getsource(LinuxDriver._run_input_thread)


def test_the_guard_replaces_these_methods_and_nothing_else_that_textual_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(STOCK_INPUT, raising=False)
    monkeypatch.delenv("TEXTUAL_DRIVER", raising=False)
    driver = guarded_driver()
    assert driver is not None
    assert issubclass(driver, LinuxDriver)
    overridden = {name for name in vars(driver) if not name.startswith("__") and hasattr(LinuxDriver, name)} - {
        "_abc_impl"
    }
    stops = {"_sigtstp_application", "_sigcont_application"}
    public = {"send_message", "write", "flush", "start_application_mode", "close"}
    assert overridden == {"run_input_thread"} | public | stops
    assert App(driver_class=driver).driver_class is driver


def test_an_update_is_written_in_one_piece_and_everything_else_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands between the begin of a synchronized update and its flush goes out together; a bell does not wait."""
    monkeypatch.delenv(STOCK_INPUT, raising=False)
    monkeypatch.delenv("TEXTUAL_DRIVER", raising=False)
    written: list[str] = []
    monkeypatch.setattr(LinuxDriver, "write", lambda _driver, data: written.append(data))
    driver_class = guarded_driver()
    assert driver_class is not None
    driver = object.__new__(driver_class)
    driver.write("\a")
    assert written == ["\a"]
    for data in (SYNC_START, "rows", SYNC_END):
        driver.write(data)
    assert written == ["\a"]
    driver.flush()
    driver.flush()
    assert written == ["\a", SYNC_START + "rows" + SYNC_END]
    driver.write("\a")
    assert written[2:] == ["\a"]


@pytest.mark.parametrize(("name", "value"), [(STOCK_INPUT, "1"), ("TEXTUAL_DRIVER", "module:Driver")])
def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert guarded_driver() is None
