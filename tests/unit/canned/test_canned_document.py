"""docs/canned-responses.md: what it shows loads as it says, and no field is missing in it."""

import re
from pathlib import Path

from paradesk.canned import fill, load_library
from paradesk.canned.entries import KEYS
from paradesk.canned.loader import FILE_KEYS
from paradesk.canned.sample import read_sample

PAGE = (Path(__file__).parents[3] / "docs" / "canned-responses.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
RESPONSES = [block for block in BLOCKS if "[[response]]" in block]
[SAMPLE] = [block for block in BLOCKS if "[customer]" in block]


def test_every_example_loads(tmp_path: Path) -> None:
    for number, block in enumerate(RESPONSES):
        (tmp_path / f"{number}.toml").write_text(block, encoding="utf-8")
    (tmp_path / "claim-form.pdf").write_bytes(b"%PDF-")
    library, findings = load_library([tmp_path])
    assert [str(finding) for finding in findings] == []
    assert [response.id for response in library] == ["claim.form_sent", "greeting.alps"]
    alps = library.get("greeting.alps")
    assert alps is not None
    assert [alps.language_for(tag) for tag in ("de-CH", "gsw", "fr")] == ["de-AT", "de-AT", "en"]


def test_the_first_example_has_every_field(tmp_path: Path) -> None:
    for key in KEYS:
        assert re.search(rf"^(\[response\.)?{key}( =|\])", RESPONSES[0], re.MULTILINE), key
        assert f"`{key}`" in PAGE or f"`[response.{key}]`" in PAGE, key
    for key in FILE_KEYS:
        assert key in RESPONSES[0]


def test_the_conversation_has_every_value(tmp_path: Path) -> None:
    path = tmp_path / "sarah.toml"
    path.write_text(SAMPLE, encoding="utf-8")
    values, _ = read_sample(path)
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "x.toml").write_text(RESPONSES[1], encoding="utf-8")
    library, _ = load_library([tmp_path / "pack"])
    assert fill(library.responses[0], values, "de-AT").text == "Grüß Gott"
    for table in values.values():
        assert isinstance(table, dict)
        assert all(value for key, value in table.items() if key != "last_name"), table
