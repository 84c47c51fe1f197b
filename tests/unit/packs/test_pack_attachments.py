"""Files that responses of a pack send along, the languages that a pack sets, and proposals about its responses."""

import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.packing import checked, codes, manifest, response, sound, write, zipped

from paradesk.canned.fields import MAX_ATTACHMENT
from paradesk.canned.responses import Response
from paradesk.canned.writing import writing_of
from paradesk.cli.main import cli
from paradesk.config.own_responses import propose, save
from paradesk.config.responses import beneath, load_responses
from paradesk.config.settings import Settings, load_settings
from paradesk.packs.archive import read_zip, write_zip
from paradesk.packs.git import fetch_git
from paradesk.packs.tree import MAX_FILE, read_folder

FORM = b"%PDF-" + bytes(MAX_FILE)
"""Larger than a text of a pack can be."""
SENDS = response("acme.form", more='attachments = ["files/form.pdf"]\nthen = { status = "pending" }\n')


def with_form(**changes: str) -> dict[str, bytes]:
    files = sound(canned_responses__claims__all_toml=SENDS, **changes)
    return {**files, "canned_responses/claims/files/form.pdf": FORM}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CONFIG", "STATE", "DATA"):
        monkeypatch.setenv(f"PARADESK_{name}_DIR", str(tmp_path / name.lower()))
    return tmp_path


def run(*arguments: str, status: int = 0) -> str:
    done = CliRunner().invoke(cli, ["packs", *arguments])
    assert done.exit_code == status, done.output
    return done.output


def settings() -> Settings:
    return load_settings(environment={})


def found(identity: str) -> Response:
    library, problems = load_responses(settings())
    assert problems == []
    response = library.get(identity)
    assert response is not None
    return response


def test_a_file_that_a_response_names_comes_over_by_every_way(tmp_path: Path) -> None:
    files = with_form()
    folder = write(tmp_path / "acme", files)
    tree, findings = read_folder(folder)
    assert (findings, dict(tree.files)) == ([], files)
    again, findings = read_zip(write_zip(tree), "acme.zip")
    assert (findings, again.digest) == ([], tree.digest)
    assert read_zip(zipped(dict(sorted(files.items(), reverse=True))), "x")[0].digest == tree.digest
    for command in (["init", "-q"], ["add", "."], ["-c", "user.name=A", "-c", "user.email=a@b", "commit", "-qm", "x"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    assert fetch_git(str(folder)).tree.digest == tree.digest
    assert checked(files).findings == []


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("canned_responses/claims/other.pdf", b"%PDF-", "P307"),
        ("canned_responses/claims/form.pdf", b"%PDF-", "P307"),
        ("canned_responses/claims/files/other.zip", b"PK\x03\x04", "P311"),
        ("files/form.pdf", b"%PDF-", "P307"),
        ("keymaps/form.pdf", b"%PDF-", "P307"),
    ],
)
def test_any_other_file_is_a_finding(name: str, content: bytes, code: str, tmp_path: Path) -> None:
    files = {**with_form(), name: content}
    for tree, findings in (read_folder(write(tmp_path / "acme", files)), read_zip(zipped(files), "acme.zip")):
        assert [(item.file, item.code) for item in findings] == [(tree.shown(name), code)]
        assert name not in tree.files


def test_a_file_that_is_too_large_or_badly_named_is_told_once(home: Path) -> None:
    files = with_form(canned_responses__b_toml=response("acme.b", more='attachments = ["a:b.pdf"]\n'))
    files |= {"canned_responses/claims/files/form.pdf": bytes(MAX_ATTACHMENT + 1), "canned_responses/a:b.pdf": b"x"}
    folder = write(home / "acme", files)
    said = [line for line in run("check", str(folder), status=2).splitlines() if " error " in line]
    assert len(said) == 2
    assert "a:b.pdf: error P301" in said[0]
    assert "form.pdf: error P304: the file is larger than 10 MB" in said[1]


def test_a_file_that_is_missing_is_told_where_it_is_named() -> None:
    files = with_form()
    del files["canned_responses/claims/files/form.pdf"]
    assert codes(checked(files)) == [("canned_responses/claims/all.toml", 4, "canned/missing-attachment")]


def test_files_beside_a_text_that_cannot_be_read_wait_for_it(tmp_path: Path) -> None:
    files = {**with_form(), "canned_responses/claims/all.toml": f"{SENDS}[[".encode()}
    assert read_folder(write(tmp_path / "acme", files))[1] == []


def test_an_installed_response_sends_its_file_from_the_store(home: Path) -> None:
    run("add", str(write(home / "source", with_form())), "--yes")
    for _ in ("parsed when it was added", "read from the copy"):
        (file,) = found("acme.form").attachments
        assert Path(file.path).read_bytes() == FORM
        assert Path(file.path).is_relative_to(home / "data")
    for copy in (home / "data").rglob("*.msgpack"):
        copy.unlink()
    (file,) = found("acme.form").attachments
    assert Path(file.path).read_bytes() == FORM
    assert "pack acme        acme-1.0.0/canned_responses/claims/all.toml:1" in run("why", "acme.form")
    (home / "data").rename(home / "moved")
    (home / "data").symlink_to(home / "moved")
    Path(file.path).write_bytes(b"changed")
    assert "form.pdf: error P403" in run("verify", status=2)
    assert load_responses(settings())[0].get("acme.form") is None


def test_after_a_move_the_files_are_found_at_their_new_place(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("add", str(write(home / "source", with_form())), "--yes")
    (home / "data").rename(home / "moved")
    monkeypatch.setenv("PARADESK_DATA_DIR", str(home / "moved"))
    (file,) = found("acme.form").attachments
    assert Path(file.path).is_relative_to(home / "moved")
    assert Path(file.path).is_file()


def test_a_proposal_about_a_packs_response_is_a_patch_for_its_file(home: Path) -> None:
    source = write(home / "source", with_form())
    run("add", str(source), "--yes")
    original = beneath(settings(), "acme.form")
    assert original is not None
    writing = replace(writing_of(original), title="The form, for claims")
    folder = propose(writing, original, date(2026, 11, 22))
    patch = folder / "acme.form.patch"
    subprocess.run(["git", "apply", str(patch)], cwd=source / "canned_responses", check=True)
    assert 'title = "The form, for claims"' in (source / "canned_responses/claims/all.toml").read_text()
    save(writing, original)
    (copied,) = found("acme.form").attachments
    assert Path(copied.path).is_relative_to(home / "config")
    assert Path(copied.path).read_bytes() == FORM


def test_languages_of_the_pack_of_a_file_and_of_a_response(home: Path) -> None:
    only = '[[response]]\nid = "acme.{0}"\ntitle = "{0}"\nfolder = "x"\n{1}[response.body]\nde = "D"\nen = "E"\n'
    files = sound(
        pack_toml=manifest(more='default_language = "de"') + '[fallbacks]\ngsw = "als"\nals = "de"\n',
        canned_responses__a_toml=only.format("pack", "") + only.format("own", 'fallback = { gsw = "en" }\n'),
        canned_responses__b_toml='default_language = "en"\nfallback = { als = "en" }\n' + only.format("file", ""),
    )
    assert checked(files).findings == []
    run("add", str(write(home / "source", files)), "--yes")
    chosen = {
        name: [found(f"acme.{name}").language_for(wanted) for wanted in ("fr", "gsw-CH", "als")]
        for name in ("pack", "own", "file")
    }
    assert chosen == {"pack": ["de", "de", "de"], "own": ["de", "en", "de"], "file": ["en", "en", "en"]}
    (home / "config" / "config.toml").write_text(f'team = "{home / "source"}"\n')
    assert [found("acme.pack").language_for(wanted) for wanted in ("fr", "gsw")] == ["de", "de"]
    assert set(found("acme.pack").body) == {"de", "en"}


@pytest.mark.parametrize(
    ("text", "line", "code"),
    [
        (
            'default_language = "de"\n\n[fallback]\nen = "de"\nde = "en"\n' + response("acme.a"),
            4,
            "canned/fallback-cycle",
        ),
        (response("acme.a", more='fallback = { en = "de", de = "en" }\n'), 4, "canned/fallback-cycle"),
        (response("acme.a", more='fallback = { de = "gsw" }\n'), 1, "P111"),
        ('fallback = { de = "gsw" }\n' + response("acme.a") + response("acme.b"), 2, "P111"),
    ],
)
def test_a_circle_of_fallbacks_is_told_with_its_line(text: str, line: int, code: str) -> None:
    files = sound(pack_toml=manifest() + '[fallbacks]\ngsw = "de"\n', canned_responses__a_toml=text)
    assert codes(checked(files)) == [("canned_responses/a.toml", line, code)]


def test_a_diff_tells_what_is_sent_along_what_is_done_and_when(home: Path) -> None:
    before = with_form()
    more = (
        'attachments = ["files/form.pdf", "files/more.pdf"]\nthen = { status = "solved", add_tags = ["claim"] }\n'
        'active_to = 2027-01-31\nchannels = ["email"]\n'
    )
    after = with_form() | {
        "canned_responses/claims/all.toml": response("acme.form", more=more).encode(),
        "canned_responses/claims/files/form.pdf": FORM + b"%",
        "canned_responses/claims/files/more.pdf": b"%PDF-",
    }
    folders = [str(write(home / name, files)) for name, files in (("old", before), ("new", after))]
    lines = {line.strip() for line in run("diff", *folders).splitlines()}
    assert {
        "What else changes in responses (5)",
        "acme.form: then: set pending → set solved; add tag claim",
        "acme.form: active_to: none → 2027-01-31",
        "acme.form: channels: none → email",
        "acme.form: attachments: form.pdf → form.pdf, more.pdf",
        "acme.form: attachments: form.pdf has other content",
    } <= lines
    assert run("diff", folders[0], folders[0]) == "Nothing changes.\n"
