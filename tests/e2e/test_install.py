"""What is shipped is found: from an installed wheel and from an editable checkout, from any working directory."""

import importlib.util
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from paradesk import __version__

pytestmark = pytest.mark.e2e

ROOT = Path(__file__).parents[2]


def run(program: list[str], cwd: Path, home: Path) -> str:
    """Run a command elsewhere, as a user who has configured nothing; returns its standard output."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    places = {"HOME": str(home), "PARADESK_CONFIG_DIR": str(home / "c"), "PARADESK_STATE_DIR": str(home / "s")}
    done = subprocess.run(
        program, cwd=cwd, env=environment | places, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, f"{program}: {done.stdout}{done.stderr}"
    return done.stdout


def finds_what_is_shipped(program: list[str], elsewhere: Path) -> None:
    """Check the version, the keys and the canned responses from another working directory."""
    assert run([*program, "--version"], elsewhere, elsewhere).strip() == f"paradesk {__version__}"
    keys = run([*program, "keys", "list", "--keymap", "zendesk"], elsewhere, elsewhere)
    assert "(status.pending)" in keys
    assert "ctrl+alt+p" in keys
    responses = run([*program, "canned", "list"], elsewhere, elsewhere)
    assert len(responses.splitlines()) >= 60
    assert "greeting.hello " in responses


def test_a_wheel_holds_what_is_shipped(tmp_path: Path) -> None:
    isolated = [] if importlib.util.find_spec("hatchling") is None else ["--no-isolation"]
    build = [sys.executable, "-m", "build", "--wheel", *isolated, "--outdir", str(tmp_path / "dist"), str(ROOT)]
    run(build, tmp_path, tmp_path)
    (wheel,) = (tmp_path / "dist").glob("paradesk-*.whl")
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    python = tmp_path / "env" / "bin" / "python"
    site = Path(
        run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], tmp_path, tmp_path).strip()
    )
    run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index", str(wheel)],
        tmp_path, tmp_path,
    )  # fmt: skip
    # The dependencies are those of the environment that runs the tests, without the checkout that it may point to.
    found = importlib.util.find_spec("textual")
    assert found is not None
    assert found.origin is not None
    (site / "dependencies.pth").write_text(f"{Path(found.origin).parents[1]}\n", encoding="utf-8")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = run([str(python), "-c", "import paradesk; print(paradesk.__file__)"], elsewhere, elsewhere)
    assert place.startswith(str(site))
    finds_what_is_shipped([str(tmp_path / "env" / "bin" / "paradesk")], elsewhere)


def test_an_editable_checkout_finds_what_is_shipped(tmp_path: Path) -> None:
    program = Path(sysconfig.get_path("scripts")) / "paradesk"
    if not program.exists():
        pytest.skip(f"NOT TESTED: {program} is not there; the checkout is not installed")
    finds_what_is_shipped([str(program)], tmp_path)
    finds_what_is_shipped([sys.executable, "-m", "paradesk"], tmp_path)
