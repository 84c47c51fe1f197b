"""What tests of the whole program share: places of their own, and the program in a terminal."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from paradesk.config.state import mark_first_run_done
from tests.e2e.terminal import Terminal

PARADESK = (sys.executable, "-m", "paradesk")


@dataclass(frozen=True, slots=True)
class Places:
    """Folders of one user of Paradesk who has nothing else on this machine."""

    home: Path
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def config(self) -> Path:
        """Where config.toml lies."""
        return self.home / "config"

    @property
    def state(self) -> Path:
        """Where the journal lies."""
        return self.home / "state"

    def run(self, *arguments: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
        """Run a command that needs no terminal."""
        return subprocess.run(
            [*PARADESK, *arguments],
            input=typed,
            env={**os.environ, **self.environment},
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> Iterator[Places]:
    """A user who has seen the first steps and has configured nothing.

    Not below pytest's own folder: how long its paths are depends on how the tests are run, and they stand on the screen.
    """
    with tempfile.TemporaryDirectory(prefix="paradesk-") as name:
        home = Path(name)
        environment = {
            "HOME": str(home),
            "PARADESK_CONFIG_DIR": str(home / "config"),
            "PARADESK_STATE_DIR": str(home / "state"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }
        found = Places(home, environment)
        found.config.mkdir()
        monkeypatch.setenv("PARADESK_STATE_DIR", str(found.state))
        mark_first_run_done()
        yield found


Start = Callable[..., Terminal]


@pytest.fixture
def start(places: Places) -> Iterator[Start]:
    """Start Paradesk with these arguments in a terminal of its own; it ends with the test."""
    with ExitStack() as stack:

        def begin(*arguments: str, size: tuple[int, int] = (120, 40), **environment: str) -> Terminal:
            env = {**places.environment, **environment}
            return stack.enter_context(Terminal([*PARADESK, *arguments], size=size, env=env, cwd=places.home))

        yield begin
