"""What is imported when: a command that draws no screen must not pay for one. Looked at in fresh processes."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import paradesk
from paradesk.config.shipped import shipped

SCREEN = {"textual", "rich", "pygments"}
NETWORK = {"httpx", "websockets", "keyring"}
DEFAULT = str(shipped("keymaps") / "default.toml")
SOURCE = Path(paradesk.__file__).parent


def imported(program: str, environment: dict[str, str] | None = None) -> set[str]:
    """Run a program in a fresh interpreter and return the top-level packages that it has imported at its end."""
    wrapped = (
        "import sys\n"
        "try:\n"
        f"    exec({program!r})\n"
        "except SystemExit as end:\n"
        "    assert not end.code, end.code\n"
        "print('\\n' + ' '.join({name.partition('.')[0] for name in sys.modules}), file=sys.__stdout__)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", wrapped], capture_output=True, text=True, check=False, env=environment, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


def command(*arguments: str) -> str:
    return f"import sys; sys.argv = ['paradesk', *{list(arguments)!r}]; from paradesk.__main__ import main; main()"


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["keys", "check", DEFAULT], ["config", "path"]])
def test_commands_import_no_screen_and_no_network(arguments: list[str]) -> None:
    loaded = imported(command(*arguments))
    assert "click" in loaded, "the probe sees nothing"
    assert loaded.isdisjoint(SCREEN | NETWORK), loaded & (SCREEN | NETWORK)


def test_checking_a_pack_imports_no_screen_and_no_network(tmp_path: Path) -> None:
    imported(command("packs", "new", "acme", "--in", str(tmp_path), "--author", "A"))
    loaded = imported(command("packs", "check", str(tmp_path / "acme")))
    assert "liquid" in loaded, "the probe sees nothing"
    assert loaded.isdisjoint(SCREEN | NETWORK), loaded & (SCREEN | NETWORK)


def test_commands_about_connectors_import_no_screen(tmp_path: Path) -> None:
    new = command("connector", "new", "acme", "--directory", str(tmp_path))
    check = "sys.path.insert(0, {!r}); {}".format(
        str(tmp_path / "paradesk-acme" / "src"),
        command("connector", "check", "paradesk_acme.backend_under_test:AcmeConnectorBackend", "--only", "test_close"),
    )
    for program in (new, command("connector", "list"), command("connector", "capabilities"), f"import sys; {check}"):
        loaded = imported(program)
        assert "click" in loaded, "the probe sees nothing"
        # httpx brings rich for a command line of its own.
        assert "textual" not in loaded
    assert "pytest" in loaded


def test_help_imports_little_of_paradesk() -> None:
    wrapped = (
        f"import sys\ntry:\n    exec({command('--help')!r})\nexcept SystemExit:\n    pass\n"
        "print('\\n' + ' '.join(name for name in sys.modules if name.startswith('paradesk')))"
    )
    done = subprocess.run([sys.executable, "-c", wrapped], capture_output=True, text=True, check=True)
    assert set(done.stdout.splitlines()[-1].split()) <= {
        "paradesk",
        "paradesk.__main__",
        "paradesk.cli",
        "paradesk.cli.main",
        "paradesk.cli.names",
        "paradesk.parent",
    }


def test_the_parent_that_stays_behind_is_light() -> None:
    heavy = {"asyncio", "click", "threading", "subprocess", "ctypes", "socket", "logging", "msgspec"}
    loaded = imported("import paradesk.__main__, paradesk.parent")
    assert "paradesk" in loaded, "the probe sees nothing"
    assert loaded.isdisjoint(heavy | SCREEN | NETWORK)


@pytest.mark.parametrize(
    "module",
    [
        "paradesk.connectors.base",
        "paradesk.connectors.registry",
        "paradesk.keymap.dispatch",
        "paradesk.keymap.describe",
        "paradesk.config.settings",
        "paradesk.config.credentials",
        "paradesk.canned.loader",
    ],
)
def test_modules_below_the_screen_import_no_screen(module: str) -> None:
    loaded = imported(f"import {module}")
    assert loaded.isdisjoint(SCREEN), loaded & SCREEN


def _modules(package: str) -> list[str]:
    root = SOURCE / package
    files = sorted(root.rglob("*.py"))
    return [".".join(("paradesk", *file.relative_to(SOURCE).with_suffix("").parts)) for file in files]


@pytest.mark.parametrize("package", ["core", "keymap", "canned", "packs", "config", "desk"])
def test_whole_packages_below_the_screen_import_no_screen(package: str) -> None:
    modules = [name for name in _modules(package) if not name.endswith("__init__")]
    program = "".join(f"import {name}\n" for name in modules)
    loaded = imported(program)
    assert loaded.isdisjoint(SCREEN), loaded & SCREEN


def test_the_probe_would_notice() -> None:
    assert "textual" in imported("import textual")


def test_nothing_but_the_command_line_imports_the_screen_and_only_inside_functions() -> None:
    found: list[str] = []
    for path in SOURCE.rglob("*.py"):
        package = path.relative_to(SOURCE).parts[0]
        if package in ("ui", "testing"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        nodes = ast.walk(tree) if package != "cli" else iter(tree.body)
        for node in nodes:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            found += [f"{path.name}: {name}" for name in names if name.startswith(("paradesk.ui", "textual", "rich"))]
    assert found == []
