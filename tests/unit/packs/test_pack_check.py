"""A check says everything that is wrong, with file and line, and nothing else."""

import ast
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.packing import checked, codes, manifest, response, sound, write

from paradesk.cli.main import cli
from paradesk.packs.findings import CANNED_CODES, CODES, KEYMAP_CODES, codes_table

FAULTY = {
    "pack.toml": """\
name = "Faulty Pack" # !P106
version = "1.2" # !P107
title = "A pack with 25 faults"
authors = "nobody" # !P105
colour = "red" # !P103
licence = "CC0-1.0"
languages = ["en", "de"]
paradesk = "99.0.0" # !P108

[contains]
keymaps = ["desk", "gone"] # !P109
canned_responses = true
policy = true

[fallbacks]
gsw = 3 # !P105
""",
    "policy.toml": """\
response_target = 0 # !P105
statuses = ["open", "opne"] # !P105
tags = ["vip"]

[topics]
refunds = "billing-team"

[guard]
off = ["everything"] # !P105
sensitivty = 0.4 # !P103

[escalation.vip] # !P104
tags = ["vip"]
""",
    "keymaps/desk.toml": """\
[keymap]
name = "desk"

[bindings.global]
"ctr+o" = "status.open" # !keymap/unknown-key
"ctrl+l" = "status.opne" # !keymap/unknown-action
"ctrl+x" = "app.help" # !keymap/prefix
"f5" = "composer.send" # !keymap/wrong-context
"f6" = 3 # !keymap/wrong-type

[bindings.composer]
"a" = "canned.pick" # !keymap/text
"enter" = "chat.end" # !keymap/destructive
""",
    "canned_responses/refunds/refunds.toml": """\
[[response]]
id = "Refund Approved" # !canned/bad-id
title = "Approved"
[response.body]
en = "Hi {{ customer.frist_name }}" # !canned/unknown-placeholder

[[response]]
id = "refund.denied"
title = "Denied"
tags = { urgency = "soon" } # !canned/bad-urgency
reviewed = "yesterday" # !canned/bad-date
[response.body]
en = "No."

[[response]]
id = "refund.denied" # !canned/duplicate-id
title = "Denied again"
[response.body]
en = "No, really."

[[response]] # !P110
id = "refund.late"
title = "Late"
[response.body]
en = "Soon."
de = "Bald."
fr = "Bientôt."
""",
    "README.md": "# Faulty\n",
}
"""A mark at the end of a line names the fault that is planted there."""


def planted() -> list[tuple[str, int, str]]:
    return sorted(
        (name, number, mark[1])
        for name, text in FAULTY.items()
        for number, line in enumerate(text.splitlines(), 1)
        if (mark := re.search(r"# !(\S+)$", line))
    )


def test_a_sound_pack_checks_clean() -> None:
    assert checked(sound()).findings == []


def test_25_planted_faults_are_all_found_and_nothing_else() -> None:
    assert len(planted()) == 25
    found = checked({name: text.encode() for name, text in FAULTY.items()})
    assert codes(found) == planted()
    assert all(item.message for item in found.findings)


def test_the_command_reports_them_as_text_json_and_annotations(tmp_path: Path) -> None:
    folder = write(tmp_path / "faulty", {name: text.encode() for name, text in FAULTY.items()})
    done = CliRunner().invoke(cli, ["packs", "check", str(folder)])
    assert done.exit_code == 2
    places = re.findall(rf"^{re.escape(str(folder))}/(\S+):(\d+): error (\S+): ", done.output, re.M)
    assert [(name, int(line), code) for name, line, code in places] == planted()
    done = CliRunner().invoke(cli, ["packs", "check", "--format", "json", str(folder)])
    assert done.exit_code == 2
    records = json.loads(done.output)
    assert [(Path(r["file"]).relative_to(folder).as_posix(), r["line"], r["code"]) for r in records] == planted()
    done = CliRunner().invoke(cli, ["packs", "check", "--format", "github", str(folder)])
    first = done.output.splitlines()[0]
    assert first.startswith(f"::error file={folder}/canned_responses/refunds/refunds.toml,line=2,title=canned/bad-id::")
    assert len(done.output.splitlines()) == 25


def test_a_warning_fails_only_where_that_is_asked_for(tmp_path: Path) -> None:
    folder = write(tmp_path / "acme", {name: text for name, text in sound().items() if name != "README.md"})
    done = CliRunner().invoke(cli, ["packs", "check", str(folder)])
    assert (done.exit_code, "P312" in done.output) == (0, True)
    assert CliRunner().invoke(cli, ["packs", "check", "--strict", str(folder)]).exit_code == 2


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"pack_toml": None}, [("pack", 0, "P101")]),
        ({"pack_toml": "name = 'x"}, [("pack.toml", 1, "P102")]),
        ({"pack_toml": "a." * 20_000}, [("pack.toml", 1, "P102")]),
        ({"pack_toml": "a=[" * 1_000}, [("pack.toml", 1, "P102")]),
        ({"pack_toml": manifest(more='default_keymap = "vim"')}, [("pack.toml", 8, "P113")]),
        ({"pack_toml": manifest(more='default_language = "fr"')}, [("pack.toml", 8, "P112")]),
        ({"pack_toml": manifest() + '[fallbacks]\ngsw = "als"\nals = "gsw"\n'}, [("pack.toml", 14, "P111")]),
        ({"pack_toml": manifest() + '[fallbacks]\ngsw = "fr"\n'}, [("pack.toml", 14, "P112")]),
        (
            {"pack_toml": manifest(contains="policy = false")},
            [("pack.toml", 9, "P109")] * 2 + [("pack.toml", 10, "P109")],
        ),
        ({"policy_toml": None}, [("pack.toml", 12, "P109")]),
        ({"policy_toml": 'tags = ["a"]\n[escalation.x]\nto = "b"\ntags = ["c"]\n'}, [("policy.toml", 4, "P202")]),
        (
            {"policy_toml": 'statuses = ["open"]\n[escalation.x]\nto = "b"\nstatuses = ["solved"]\n'},
            [("policy.toml", 4, "P202")],
        ),
        (
            {
                "policy_toml": '[topics]\nrefunds = "billing"\n',
                "canned_responses__refunds__a_toml": response("a.b", more='owner = "sales"\n'),
            },
            [("canned_responses/refunds/a.toml", 1, "P201")],
        ),
    ],
)
def test_faults_of_the_pack_itself(change: dict[str, str | None], expected: list[tuple[str, int, str]]) -> None:
    assert codes(checked(sound(**change))) == expected


def test_a_language_that_no_response_has_is_found() -> None:
    files = sound(pack_toml=manifest().replace('"de"]', '"de", "fr"]'))
    assert codes(checked(files)) == [("pack.toml", 6, "P110")]


def test_two_keymaps_of_a_pack_are_judged_each_for_itself() -> None:
    second = '[bindings.global]\n"ctrl+x f" = "app.help"\n"ctrl+x o p" = "app.log"\n'
    files = sound(pack_toml=manifest().replace('["desk"]', '["desk", "two"]'), keymaps__two_toml=second)
    assert codes(checked(files)) == [("keymaps/two.toml", 3, "keymap/prefix")]


def test_every_code_is_explained_in_the_documentation() -> None:
    page = (Path(__file__).parents[3] / "docs" / "packs.md").read_text()
    assert codes_table() in page, "docs/packs.md must hold what `paradesk packs codes` prints"


def test_the_codes_of_the_faulty_pack_are_all_listed() -> None:
    known = {*CODES, *(f"keymap/{code}" for code in KEYMAP_CODES), *(f"canned/{code}" for code in CANNED_CODES)}
    assert {code for _, _, code in planted()} <= known


@pytest.mark.parametrize(("room", "listed"), [("canned", CANNED_CODES), ("keymap", KEYMAP_CODES)])
def test_every_code_that_the_checks_give_is_listed(room: str, listed: dict[str, str]) -> None:
    reporting = {"report", "fault", "finding", "Finding", "TemplateError", "FileFault", "KeyNameError", "add"}
    given: set[str] = set()
    for path in (Path(__file__).parents[3] / "src" / "paradesk" / room).glob("*.py"):
        for call in ast.walk(ast.parse(path.read_text())):
            if isinstance(call, ast.Call):
                name = getattr(call.func, "attr", getattr(call.func, "id", "")).lstrip("_")
                texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant) and isinstance(arg.value, str)]
                given |= {text for text in texts if name in reporting and re.fullmatch(r"[a-z]+(-[a-z]+)+", text)}
    assert len(given) > 10
    assert given <= listed.keys()
