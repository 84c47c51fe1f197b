"""The published schemas are made from the types, and the files name them."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.packing import checked, default_keymap

from paradesk.canned.entries import KEYS
from paradesk.canned.loader import FILE_KEYS
from paradesk.cli.main import cli
from paradesk.cli.packs import all_schemas
from paradesk.config.settings import OPTIONS
from paradesk.keymap.actions import ACTIONS
from paradesk.packs.changes import compare

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("name", sorted(all_schemas()))
def test_the_published_schemas_are_current(name: str) -> None:
    published = ROOT / "docs" / "schemas" / name
    assert published.read_text() == all_schemas()[name], "run `paradesk packs schemas docs/schemas`"


def test_no_other_schema_is_published() -> None:
    assert {path.name for path in (ROOT / "docs" / "schemas").iterdir()} == set(all_schemas())


def test_the_schemas_know_what_the_loaders_know() -> None:
    schemas = {name: json.loads(text) for name, text in all_schemas().items()}
    responses = schemas["canned_responses.schema.json"]["$defs"]
    assert set(responses["Response"]["properties"]) == set(KEYS)
    assert set(responses["ResponsesFile"]["properties"]) == set(FILE_KEYS)
    assert responses["Then"]["properties"]["status"]["enum"] == ["open", "pending", "on_hold", "solved", "closed"]
    assert all(shape.keys() & {"type", "$ref", "enum"} for shape in responses["Response"]["properties"].values())
    config = json.dumps(schemas["config.schema.json"])
    assert all(f'"{option.name.rpartition(".")[2]}"' in config for option in OPTIONS)
    keymap = json.dumps(schemas["keymap.schema.json"])
    assert all(f'"{action}"' in keymap for action in ACTIONS)


SHIPPED = [*sorted((ROOT / "canned_responses").rglob("*.toml")), *sorted((ROOT / "keymaps").glob("*.toml"))]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_what_ships_names_its_schema(path: Path) -> None:
    found = re.match(r"#:schema (\S+)\n", path.read_text())
    assert found is not None
    assert (path.parent / found[1]).is_file()


def test_a_new_pack_names_schemas_that_lie_beside_it(tmp_path: Path) -> None:
    assert CliRunner().invoke(cli, ["packs", "new", "acme", "--in", str(tmp_path), "--author", "A"]).exit_code == 0
    files = list((tmp_path / "acme").rglob("*.toml"))
    assert len(files) == 4
    for path in files:
        found = re.match(r"#:schema (\S+)\n", path.read_text())
        assert found is not None
        assert json.loads((path.parent / found[1]).read_text())["$schema"]
    done = CliRunner().invoke(cli, ["packs", "check", "--strict", str(tmp_path / "acme")])
    assert (done.exit_code, "0 findings" in done.output) == (0, True)
    pack = checked({path.relative_to(tmp_path / "acme").as_posix(): path.read_bytes() for path in files})
    keys = compare(None, pack, default_keymap()).keys
    assert [key.before for key in keys] == [""], "it must take no key away from anybody"
    done = CliRunner().invoke(cli, ["packs", "new", "acme", "--in", str(tmp_path)])
    assert (done.exit_code, "there is something already" in done.output) == (2, True)
