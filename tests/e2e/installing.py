"""A fresh environment into which a test installs a package, with the Paradesk under test and its dependencies in sight."""

import importlib.util
import os
import subprocess
import sys
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

import paradesk


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment and the home of a user who has configured nothing."""

    python: Path
    home: Path

    @property
    def variables(self) -> dict[str, str]:
        """What programs in it are started with."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
        return inherited | {
            "HOME": str(self.home),
            "PARADESK_CONFIG_DIR": str(self.home / "config"),
            "PARADESK_STATE_DIR": str(self.home / "state"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        }

    def run(self, *arguments: str, cwd: Path | None = None, typed: str = "") -> "subprocess.CompletedProcess[str]":
        """Run its python with these arguments; returns what came of it, whatever the status."""
        return subprocess.run(
            [str(self.python), *arguments],
            cwd=cwd or self.home,
            env=self.variables,
            input=typed,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )

    def paradesk(self, *arguments: str, typed: str = "", status: int = 0) -> str:
        """Run a command of Paradesk, and return its standard output; fails with another status."""
        done = self.run("-m", "paradesk", *arguments, typed=typed)
        assert done.returncode == status, f"{arguments}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def install(self, package: Path) -> None:
        """Build a wheel of a package and install it."""
        wheels = self.home / "wheels"
        isolated = [] if importlib.util.find_spec("hatchling") is None else ["--no-isolation"]
        build = [sys.executable, "-m", "build", "--wheel", *isolated, "--outdir", str(wheels), str(package)]
        done = subprocess.run(build, capture_output=True, text=True, timeout=110, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        (wheel,) = wheels.glob(f"{package.name.replace('-', '_')}-*.whl")
        pip = [sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet"]
        done = subprocess.run(
            [*pip, "--no-deps", "--no-index", "--force-reinstall", str(wheel)],
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def environment(folder: Path) -> Environment:
    """Make an environment in which nothing is installed, and which sees what the tests run with."""
    venv.create(folder / "env", with_pip=False, symlinks=True)
    home = folder / "home"
    home.mkdir()
    made = Environment(folder / "env" / "bin" / "python", home)
    asked = made.run("-c", "import sysconfig; print(sysconfig.get_path('purelib'))")
    found = importlib.util.find_spec("textual")
    assert found is not None
    assert found.origin is not None
    # Packages beside the checkout: where that is installed as editable, a path file of its own would not be read.
    places = [str(Path(found.origin).parents[1]), str(Path(paradesk.__file__).parents[1])]
    (Path(asked.stdout.strip()) / "dependencies.pth").write_text("\n".join(places) + "\n", encoding="utf-8")
    return made


@pytest.fixture
def fresh(tmp_path: Path) -> Environment:
    """An environment of the test's own."""
    return environment(tmp_path)
