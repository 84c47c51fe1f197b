"""`paradesk connector`: what is written, listed and found, and what is said where that cannot be."""

import json
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from paradesk.cli import connector_check
from paradesk.cli.main import cli
from paradesk.connectors import registry


def paradesk(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["connector", *arguments], catch_exceptions=False)


def test_a_package_is_written_once(tmp_path: Path) -> None:
    first = paradesk("new", "corner-shop", "--directory", str(tmp_path), "--title", "Corner & Co")
    assert first.exit_code == 0
    project = (tmp_path / "paradesk-corner-shop" / "pyproject.toml").read_text(encoding="utf-8")
    assert 'corner-shop = "paradesk_corner_shop:CornerShopConnector"' in project
    assert "Corner & Co" in project
    assert "$" not in project
    again = paradesk("new", "corner-shop", "--directory", str(tmp_path))
    assert again.exit_code == 2
    assert "there is something already" in again.output


@pytest.mark.parametrize("name", ["", "Shop", "9lives", "a/../b", "x" * 33, "a--b", "über", "a b"])
def test_a_name_that_is_none_writes_nothing(tmp_path: Path, name: str) -> None:
    done = paradesk("new", name, "--directory", str(tmp_path))
    assert done.exit_code == 2
    assert "a-z, 0-9" in done.output
    assert list(tmp_path.iterdir()) == []


def test_a_title_that_would_be_code_writes_nothing(tmp_path: Path) -> None:
    done = paradesk("new", "shop", "--directory", str(tmp_path), "--title", 'x"\nimport os')
    assert done.exit_code == 2
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_is_taken_writes_nothing(tmp_path: Path) -> None:
    done = paradesk("new", "matrix", "--directory", str(tmp_path))
    assert done.exit_code == 2
    assert "installed already" in done.output


def test_the_list_names_all_that_is_installed() -> None:
    rows = json.loads(paradesk("list", "--json").output)
    assert {"matrix", "simulator"} <= {row["name"] for row in rows}
    assert next(row for row in rows if row["name"] == "simulator")["title"] == "Simulator"


def test_a_broken_one_is_named_and_hides_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    entries = registry._entries()
    broken = {
        "absent": EntryPoint("absent", "nowhere_at_all:X", registry.GROUP),
        "none": EntryPoint("none", "json:JSONDecoder", registry.GROUP),
        "\x1b[31mred": EntryPoint("\x1b[31mred", "nowhere_at_all:X", registry.GROUP),
    }
    monkeypatch.setattr(registry, "_entries", lambda group=registry.GROUP: {**entries, **broken})
    listed = paradesk("list").output
    assert "No module named 'nowhere_at_all'" in listed
    assert "is not a subclass" in listed
    assert "installed" in next(line for line in listed.splitlines() if line.startswith("simulator"))
    assert "\x1b" not in listed


def test_an_extra_that_is_missing_is_named() -> None:
    class Package:
        name, version = "paradesk-shop", "1.0"
        requires = ("click>=8", "of-nothing-at-all>=1; extra == 'shop'", "click; extra == 'shop'")

    entry = EntryPoint("shop", "nowhere_at_all:X", registry.GROUP)
    vars(entry)["dist"] = Package()
    found = registry.offered("shop", entry)
    assert found.missing == ("of-nothing-at-all",)
    assert found.remedy == "pip install 'paradesk-shop[shop]'"


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("nobody", "no installed package is called 'nobody'"),
        ("nowhere_at_all:X", "cannot be imported"),
        ("json:nothing", "cannot be imported"),
        ("json:JSONDecoder", "is not a subclass of paradesk.testing.BackendUnderTest"),
    ],
    ids=["unknown", "no module", "no class", "another class"],
)
def test_what_cannot_be_checked_says_why(what: str, said: str) -> None:
    done = paradesk("check", what)
    assert done.exit_code == 2
    assert said in done.output


def test_a_connector_without_a_backend_says_what_to_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connector_check, "backends_under_test", dict)
    done = paradesk("check", "matrix")
    assert done.exit_code == 2
    assert "write a BackendUnderTest" in done.output
