"""The agent's own responses on disk: added, copied, changed and proposed, with nothing lost that stood there."""

import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest

from paradesk.canned import Library, Response, load_library
from paradesk.canned.writing import Writing, parse_tags, suggested_id, tags_text, writing_of
from paradesk.config.own_responses import (
    ResponseError,
    is_own,
    own_directory,
    proposals_directory,
    propose,
    save,
    with_own,
)
from paradesk.config.responses import beneath, load_responses
from paradesk.config.settings import Settings

TODAY = date(2026, 11, 22)
PACK = """
default_language = "de"
fallback = { nds = "de", fr = "nl" }
# Why there is a form: the law.
[[response]]
id = "claim.form"
title = "Claim form"
owner = "legal"
attachments = ["form.pdf"]
then = { status = "pending" } # until it is back
[response.body]
de = "Anbei das Formular."

[[response]]
id = "claim.late"
title = "Too late"
[response.body]
de = "Zu spät."
"""
NEW = Writing(
    id="hello.new", title="Hello", tags={"topic": "hello"}, body={"en": "Hi {{ customer.first_name }}", "de": ""}
)


@pytest.fixture
def pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PARADESK_CONFIG_DIR", str(tmp_path / "config"))
    folder = tmp_path / "pack"
    (folder / "claims").mkdir(parents=True)
    (folder / "claims" / "all.toml").write_text(PACK, encoding="utf-8")
    (folder / "claims" / "form.pdf").write_bytes(b"%PDF-")
    return folder


def everything(pack: Path) -> Library:
    folders = [pack, *([own_directory()] if own_directory().is_dir() else [])]
    library, findings = load_library(folders)
    assert [str(finding) for finding in findings] == []
    return library


def get(library: Library, response_id: str) -> Response:
    response = library.get(response_id)
    assert response is not None
    return response


def changed(response: Response, **body: str) -> Writing:
    writing = writing_of(response)
    return Writing(
        id=writing.id,
        title="Changed",
        shortcut=writing.shortcut,
        folder=writing.folder,
        tags=writing.tags,
        labels=writing.labels,
        body={**writing.body, **body},
    )


def test_the_file_names_a_schema_that_lies_beside_it(pack: Path) -> None:
    path = save(NEW, None)
    name = path.read_text().splitlines()[0].removeprefix("#:schema ")
    assert '"$schema"' in (path.parent / name).read_text()
    assert load_library([own_directory()])[1] == []


def test_a_new_one_is_added_below_what_stands_there(pack: Path) -> None:
    path = save(NEW, None)
    assert path.parent == own_directory()
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text(path.read_text() + "\n# a note of mine\n")
    save(Writing(id="b", title="B", body={"en": "x\ny"}), None)
    assert "# a note of mine" in path.read_text()
    library = everything(pack)
    assert get(library, "hello.new").body == {"en": "Hi {{ customer.first_name }}"}
    assert get(library, "b").body == {"en": "x\ny"}
    assert is_own(get(library, "b"))


def test_a_copy_has_all_that_the_original_has(pack: Path) -> None:
    original = get(everything(pack), "claim.form")
    before = (pack / "claims" / "all.toml").read_bytes()
    save(changed(original, en="Here is the form."), original)
    assert (pack / "claims" / "all.toml").read_bytes() == before
    copy = get(everything(pack), "claim.form")
    assert is_own(copy)
    assert copy.title == "Changed"
    assert copy.body == {"de": "Anbei das Formular.", "en": "Here is the form."}
    assert (copy.owner, copy.folder, copy.tags["topic"]) == ("legal", "claims", "claims")
    assert copy.follow_up == original.follow_up
    assert Path(copy.attachments[0].path).read_bytes() == b"%PDF-"
    assert Path(copy.attachments[0].path).is_relative_to(own_directory())
    assert [copy.language_for(tag) for tag in ("nds", "pt", "en")] == ["de", "de", "en"]
    assert "# until it is back" in Path(copy.path).read_text()


def test_changing_my_own_touches_only_its_table(pack: Path) -> None:
    path = save(NEW, None)
    save(Writing(id="b", title="B", body={"en": "x"}), None)
    path.write_text(path.read_text().replace('title = "B"', 'title = "B"  # short\nowner = "me"'))
    library = everything(pack)
    mine = get(library, "hello.new")
    save(changed(mine, de="Hallo"), mine)
    text = path.read_text()
    assert 'title = "B"  # short' in text
    again = get(everything(pack), "hello.new")
    assert (again.title, again.body["de"]) == ("Changed", "Hallo")
    other = get(everything(pack), "b")
    save(changed(other), other)
    assert get(everything(pack), "b").owner == "me"
    assert "# short" in path.read_text()


def test_nothing_is_written_where_something_is_in_the_way(pack: Path) -> None:
    path = save(NEW, None)
    mine = get(everything(pack), "hello.new")
    path.write_text("[[response]\n")
    for writing, original in ((changed(mine), mine), (Writing(id="b", title="B", body={"en": "x"}), None)):
        with pytest.raises(ResponseError, match=str(own_directory())):
            save(writing, original)
        assert path.read_text() == "[[response]\n"
    path.write_text("# empty now\n")
    with pytest.raises(ResponseError, match="no response"):
        save(changed(mine), mine)
    path.unlink()
    with pytest.raises(ResponseError, match="cannot be written"):
        save(changed(mine), mine)
    path.write_bytes(b"\xff")
    with pytest.raises(ResponseError, match="UTF-8"):
        save(Writing(id="b", title="B", body={"en": "x"}), None)
    assert {entry.name for entry in own_directory().iterdir()} == {path.name, ".schemas"}


def test_a_file_is_never_written_larger_than_it_may_be_read(pack: Path) -> None:
    path = save(NEW, None)
    path.write_text(path.read_text() + "#" * (256 * 1024 - 400) + "\n")
    before = path.read_bytes()
    with pytest.raises(ResponseError, match="larger"):
        save(Writing(id="b", title="B", body={"en": "x" * 4000}), None)
    assert path.read_bytes() == before


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed: no patch is applied")
def test_a_proposal_is_a_patch_that_the_lead_can_apply(pack: Path) -> None:
    original = get(everything(pack), "claim.form")
    folder = propose(changed(original, en="Here."), original, TODAY)
    assert folder == proposals_directory() / "2026-11-22-claim.form"
    assert sorted(entry.name for entry in folder.iterdir()) == ["claim.form.patch", "claim.form.toml"]
    _, findings = load_library([folder])
    # Alone, without its pack, the response lacks its file; nothing else is wrong with it.
    assert [finding.code for finding in findings] == ["missing-attachment"]
    subprocess.run(["git", "apply", str(folder / "claim.form.patch")], cwd=pack, check=True)
    assert get(everything(pack), "claim.form").body["en"] == "Here."
    assert get(everything(pack), "claim.late").title == "Too late"
    second = propose(changed(get(everything(pack), "claim.form"), en="There."), original, TODAY)
    assert second != folder
    assert not own_directory().exists()


def test_a_proposal_of_a_new_one_is_a_new_file(pack: Path) -> None:
    folder = propose(NEW, None, TODAY)
    text = (folder / "hello.new.patch").read_text()
    assert "new file mode 100644" in text
    assert "+++ b/hello/hello.new.toml" in text
    assert load_library([folder])[1] == []
    original = get(everything(pack), "claim.late")
    with pytest.raises(ResponseError, match="nothing was changed"):
        propose(writing_of(original), original, TODAY)


def test_layers(pack: Path) -> None:
    settings = Settings(canned=(pack,))
    original = get(everything(pack), "claim.form")
    save(changed(original), original)
    found, _ = load_responses(settings)
    assert get(found, "claim.form").title == "Changed"
    below = beneath(settings, "claim.form")
    assert below is not None
    assert below.title == "Claim form"
    assert beneath(settings, "nothing.here") is None
    library, problems = with_own(load_library([pack])[0])
    assert get(library, "claim.form").title == "Changed"
    assert problems == []


def test_what_stands_in_the_fields_is_checked_by_the_rules_of_the_files() -> None:
    response, problems = NEW.checked()
    assert problems == []
    assert response is not None
    assert response.body == {"en": "Hi {{ customer.first_name }}"}
    response, problems = Writing(id="A b", body={"en": "x", "de": "a\n{{ customer.nam }}"}).checked()
    assert response is None
    assert [(key, finding.code, finding.line) for key, finding in problems] == [
        ("id", "bad-id", 1),
        ("title", "missing-title", 1),
        ("body.de", "unknown-placeholder", 2),
    ]
    assert Writing().checked()[0] is None


def test_tags_and_ids_as_they_are_typed() -> None:
    assert parse_tags("Topic=Refunds, urgency=high vip") == {"topic": "vip", "urgency": "high"}
    assert parse_tags(tags_text({"topic": "a b", "urgency": "low"})) == {"topic": "a-b", "urgency": "low"}
    assert parse_tags("= a= =b") == {}
    assert suggested_id("Money is on its way!", "refunds") == "refunds.money_is_on_its_way"
    assert suggested_id("Привет", "x") == ""
