"""paradesk.log: what stands in it, what never does, and that no disk can make it matter."""

import json
import logging
import os
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from paradesk.connectors.http_log import LOGGERS
from paradesk.core.text import clean_text
from paradesk.desk import log as log_module
from paradesk.desk.log import FILE, KEPT, Log
from paradesk.desk.redaction import Redaction
from tests.hostile_corpus import everything

TOKEN = "syt_YWdlbnQ_QhXvBnMkLpWqErTyUiOp_0aB3xZ"
PASSWORD = "correct horse battery"
EMAIL = "sarah.chen@example.org"
CARD = "4111 1111 1111 1111"
SECRETS = (TOKEN, PASSWORD, EMAIL, CARD)


@pytest.fixture(autouse=True)
def levels() -> Iterator[None]:
    """Loggers are the process's: each test leaves them as they were."""
    names = ("paradesk", "httpx", *LOGGERS)
    before = {name: logging.getLogger(name).level for name in names}
    yield
    for name, level in before.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def redaction() -> Redaction:
    known = Redaction()
    known.hide([PASSWORD])
    return known


def written(directory: Path) -> list[dict[str, Any]]:
    content = (directory / FILE).read_bytes()
    assert all(byte == 0x0A or 0x20 <= byte < 0x7F for byte in content)
    return [json.loads(line) for line in content.splitlines()]


def logged(directory: Path, redaction: Redaction, *steps: Any, level: str = "info") -> list[dict[str, Any]]:
    log = Log(directory, level, redaction)
    log.start()
    for step in steps:
        step()
    log.stop(30)
    return written(directory)


OURS = logging.getLogger("paradesk.desk.lane")


def test_a_record_says_when_where_and_what(tmp_path: Path, redaction: Redaction) -> None:
    [line] = logged(tmp_path, redaction, lambda: OURS.info("acme: %s", "online"))
    assert line["text"] == "acme: online"
    assert (line["level"], line["from"], line["pid"]) == ("info", "paradesk.desk.lane", os.getpid())
    assert line["time"].endswith("Z")


def test_only_its_owner_can_read_it_whatever_it_was_before(tmp_path: Path, redaction: Redaction) -> None:
    directory = tmp_path / "state"
    directory.mkdir(mode=0o755)
    (directory / FILE).touch(mode=0o644)
    (directory / FILE).chmod(0o644)
    logged(directory, redaction, lambda: OURS.info("x"))
    assert stat.S_IMODE((directory / FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


@pytest.mark.parametrize("secret", SECRETS)
def test_secrets_stand_nowhere(tmp_path: Path, redaction: Redaction, secret: str) -> None:
    def fail() -> None:
        try:
            try:
                raise ValueError(secret)
            except ValueError as inner:
                raise RuntimeError(f"about {secret}") from inner
        except RuntimeError:
            OURS.exception("it said %s", secret)

    lines = logged(
        tmp_path,
        redaction,
        fail,
        lambda: OURS.error("Authorization: Bearer %s", secret),
        lambda: OURS.error("https://user:%s@example.org/?access_token=%s", secret, secret),
        lambda: logging.getLogger("third.party").error(f"customer said {secret}"),
        lambda: logging.getLogger(f"third.{secret}").error("x"),
        lambda: threading.Thread(target=OURS.error, args=("x",), name=f"for {secret}").run(),
    )
    text = json.dumps(lines)
    assert secret not in text
    assert [error["kind"] for error in lines[0]["errors"]] == ["builtins.RuntimeError", "builtins.ValueError"]
    assert "test_log.py" in lines[0]["errors"][0]["at"][0]


def test_a_log_without_redaction_is_caught(tmp_path: Path) -> None:
    """The same search finds what a careless log would hold."""

    class Careless(Redaction):
        def text(self, text: str) -> str:
            return text

    lines = logged(tmp_path, Careless(), lambda: OURS.error("%s", " ".join(SECRETS)))
    assert all(secret in json.dumps(lines) for secret in SECRETS)


def test_of_a_request_it_tells_the_shape(tmp_path: Path, redaction: Redaction) -> None:
    url = httpx.URL(
        f"https://hs.example.org/_matrix/client/v3/rooms/!abc:hs/send/m.room.message/sarah?access_token={TOKEN}"
    )

    def ask() -> None:
        with httpx.Client(transport=httpx.MockTransport(lambda _request: httpx.Response(429))) as client:
            client.get(url)

    [line] = logged(tmp_path, redaction, ask)
    assert line["http"] == {
        "method": "GET",
        "host": "hs.example.org",
        "path": "/_matrix/client/v3/rooms/*/send/m.room.message/*",
        "status": 429,
    }


def test_headers_and_frames_of_libraries_are_not_in_it_even_at_debug(tmp_path: Path, redaction: Redaction) -> None:
    def chatter() -> None:
        for name in LOGGERS:
            logging.getLogger(name).debug("< TEXT 'hello' %s", "said")

    assert logged(tmp_path, redaction, chatter, lambda: OURS.debug("seen"), level="debug")[0]["text"] == "seen"


@pytest.mark.parametrize("entry", everything(), ids=lambda entry: entry.id)
def test_hostile_text_is_one_line_without_controls(tmp_path: Path, redaction: Redaction, entry: Any) -> None:
    [line] = logged(tmp_path, redaction, lambda: OURS.error("%s", entry.text))
    assert clean_text(line["text"]) == line["text"]
    assert "\n" not in line["text"]


def test_level_off_makes_no_file(tmp_path: Path, redaction: Redaction) -> None:
    log = Log(tmp_path, "off", redaction)
    log.start()
    OURS.critical("x")
    log.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_level_keeps_out_what_is_below(tmp_path: Path, redaction: Redaction) -> None:
    lines = logged(tmp_path, redaction, lambda: OURS.info("x"), lambda: OURS.warning("y"), level="warning")
    assert [line["text"] for line in lines] == ["y"]


def test_it_is_bounded(tmp_path: Path, redaction: Redaction, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_module, "MOST_BYTES", 2_000)

    def much() -> None:
        for number in range(200):
            OURS.info("number %d", number)

    logged(tmp_path, redaction, much)
    files = sorted(tmp_path.glob(f"{FILE}*"))
    assert len(files) == KEPT + 1
    assert all(file.stat().st_size <= 2_000 for file in files)
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in files)
    assert written(tmp_path)[-1]["text"] == "number 199"


@pytest.mark.parametrize("kind", ["link", "hard link", "directory", "pipe"])
def test_it_writes_into_nothing_but_a_file_of_its_own(tmp_path: Path, redaction: Redaction, kind: str) -> None:
    other = tmp_path / "other"
    other.write_text("precious")
    state = tmp_path / "state"
    state.mkdir()
    match kind:
        case "link":
            (state / FILE).symlink_to(other)
        case "hard link":
            os.link(other, state / FILE)
        case "directory":
            (state / FILE).mkdir()
        case _:
            os.mkfifo(state / FILE)
    log = Log(state, "info", redaction)
    log.start()
    OURS.info("x")
    log.stop(30)
    assert other.read_text() == "precious"
    assert stat.S_IMODE(other.stat().st_mode) != 0o600


def test_a_place_that_cannot_be_written_stops_nobody(tmp_path: Path, redaction: Redaction) -> None:
    (tmp_path / "file").write_text("no directory")
    log = Log(tmp_path / "file" / "state", "info", redaction)
    log.start()
    OURS.info("x")
    log.stop(30)
    assert log.lost == 1
    assert (tmp_path / "file").read_text() == "no directory"


def test_a_full_disk_stops_nobody_and_what_was_lost_is_counted(
    tmp_path: Path, redaction: Redaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = True
    private = log_module._private
    tried = threading.Event()

    def open_full(path: str, flags: int) -> int:
        if not full:
            return private(path, flags)
        tried.set()
        return os.open("/dev/full", os.O_WRONLY)

    monkeypatch.setattr(log_module, "_private", open_full)
    log = Log(tmp_path, "info", redaction)
    log.start()
    OURS.info("lost")
    assert tried.wait(30)
    end = time.monotonic() + 30
    while not log.lost:
        assert time.monotonic() < end
        time.sleep(0.01)
    full = False
    OURS.info("kept")
    log.stop(30)
    [line] = written(tmp_path)
    assert (line["text"], line["lost"]) == ("kept", 1)


def test_a_disk_that_does_not_answer_holds_up_nobody(
    tmp_path: Path, redaction: Redaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = threading.Event()
    private = log_module._private

    def hang(path: str, flags: int) -> int:
        answer.wait(60)
        return private(path, flags)

    monkeypatch.setattr(log_module, "_private", hang)
    log = Log(tmp_path, "info", redaction)
    log.start()
    # More than wait and more than the writer may have taken before it came to hang.
    for number in range(6_000):
        OURS.info("number %d", number)
    assert log.lost > 1_000
    log.stop(0.01)
    answer.set()


def test_a_record_that_cannot_be_formatted_is_counted(tmp_path: Path, redaction: Redaction) -> None:
    def bad() -> None:
        # Not through a logger: the test runner's own handler would raise.
        log._entrance.handle(logging.LogRecord("paradesk", logging.ERROR, "", 1, "%d", ("x",), None))

    log = Log(tmp_path, "info", redaction)
    log.start()
    bad()
    OURS.info("next")
    log.stop(30)
    [line] = written(tmp_path)
    assert (line["text"], line["lost"]) == ("next", 1)
