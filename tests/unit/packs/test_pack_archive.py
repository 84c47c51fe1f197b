"""What is handed over as a pack may be anything at all: each trick is a finding, and nothing is unpacked."""

import io
import json
import os
import stat
import zipfile
import zlib
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.packing import checked, sound, write, zipped

from paradesk.cli.main import cli
from paradesk.packs import tree as tree_module
from paradesk.packs.archive import read_zip, write_zip
from paradesk.packs.tree import MAX_FILE, MAX_FILES, Tree, name_problem, read_folder

DATA = Path(os.environ.get("PARADESK_TEST_DATA", "")) / "hostile_inputs.json"
HOSTILE = [
    {"id": "toml-deep", "text": "a=[", "repeat": 5000},
    {"id": "toml-dotted", "text": "a.", "repeat": 20000},
    {"id": "yaml", "text": "a: &a [x]\nb: *a\n"},
    {"id": "json", "text": '{"n": NaN, "id": 1, "id": 2}'},
    {"id": "hijack", "text": '[keys]\n"enter" = "conversation.close"\n"a" = "message.send"\n'},
    {"id": "path", "text": "../../.ssh/authorized_keys"},
    {"id": "absolute", "text": "/etc/cron.d/x"},
]
if os.environ.get("PARADESK_TEST_DATA"):
    HOSTILE = [entry for entry in json.loads(DATA.read_text()) if entry["kind"] == "pack"]


def found(content: bytes) -> list[str]:
    return [item.code for item in read_zip(content, "pack.zip")[1]]


def entry(
    name: str, mode: int = stat.S_IFREG | 0o644, content: bytes = b"x", method: int = zipfile.ZIP_STORED
) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for good, text in sound().items():
            archive.writestr(good, text)
        what = zipfile.ZipInfo(name)
        what.create_system = 3
        what.external_attr = mode << 16
        what.compress_type = method
        archive.writestr(what, content)
    return stream.getvalue()


def test_a_zip_comes_back_as_it_was_and_is_the_same_every_time() -> None:
    tree = Tree(sound(), "here")
    content = write_zip(tree)
    back, findings = read_zip(content, "pack.zip")
    assert findings == []
    assert (back.files, back.digest) == (tree.files, tree.digest)
    assert write_zip(Tree(dict(reversed([*tree.files.items()])), "there")) == content


def test_a_folder_around_everything_is_taken_off() -> None:
    back, findings = read_zip(zipped({f"acme-1.0.0/{name}": text for name, text in sound().items()}), "pack.zip")
    assert (findings, back.files) == ([], sound())


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../pack.toml", "P301"),
        ("../../.ssh/authorized_keys", "P301"),
        ("keymaps/../../x.toml", "P301"),
        ("/etc/cron.d/x", "P301"),
        ("C:/x.toml", "P301"),
        ("keymaps\\x.toml", "P301"),
        ("keymaps/a\x1b[2J.toml", "P301"),
        ("keymaps/con.toml", "P301"),
        ("keymaps/.toml", "P301"),
        ("keymaps/" + "x" * 300 + ".toml", "P301"),
        ("keymaps/DESK.toml", "P303"),
        ("canned_responses/" + "a/" * 9 + "x.toml", "P306"),
        ("install.sh", "P307"),
        ("keymaps/desk.yaml", "P307"),
        ("canned_responses/inner.zip", "P311"),
    ],
)
def test_names_that_are_refused(name: str, code: str) -> None:
    assert found(entry(name)) == [code]


def test_a_name_with_a_zero_byte_is_not_cut_at_it() -> None:
    content = entry("keymaps/x.tomlQ.sh").replace(b"keymaps/x.tomlQ.sh", b"keymaps/x.toml\0.sh")
    assert set(found(content)) <= {"P301", "P308"}
    assert found(content)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR, stat.S_IFSOCK])
def test_links_and_special_files(kind: int) -> None:
    assert found(entry("keymaps/x.toml", kind | 0o777, b"/etc/passwd")) == ["P302"]


def test_two_entries_of_one_name() -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        content = entry("pack.toml")
    assert found(content) == ["P303"]


def test_an_archive_under_another_name() -> None:
    assert found(entry("keymaps/x.toml", content=zipped({"a": b"b"}))) == ["P311"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_odd_compression(method: int) -> None:
    assert found(entry("keymaps/x.toml", method=method)) == ["P310"]


def test_an_encrypted_zip() -> None:
    content = bytearray(entry("keymaps/x.toml"))
    at = content.rindex(b"PK\x01\x02")
    content[at + 8] |= 1
    assert found(bytes(content)) == ["P309"]


def test_a_gigabyte_when_unpacked() -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    block = packer.compress(bytes(1024 * 1024)) + packer.flush(zlib.Z_FULL_FLUSH)
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("canned_responses/big.toml", block * 1024 + b"\x03\x00")
    content = bytearray(stream.getvalue())
    central = content.rindex(b"PK\x01\x02")
    for method, size in ((8, 22), (central + 10, central + 24)):
        content[method : method + 2] = (8).to_bytes(2, "little")
        content[size : size + 4] = (1024**3).to_bytes(4, "little")
    with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open(archive.namelist()[0]) as file:
        assert len(file.read(8 * 1024 * 1024)) == 8 * 1024 * 1024, "it is no bomb"
    tree, findings = read_zip(bytes(content), "pack.zip")
    assert ([item.code for item in findings], tree.files) == (["P304"], {})


def test_a_size_that_lies_is_not_believed() -> None:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("canned_responses/big.toml", bytes(50 * MAX_FILE))
    content = bytearray(stream.getvalue())
    at = content.rindex(b"PK\x01\x02")
    content[at + 24 : at + 28] = (100).to_bytes(4, "little")
    tree, findings = read_zip(bytes(content), "pack.zip")
    assert findings
    assert sum(map(len, tree.files.values())) <= MAX_FILE


@pytest.mark.parametrize(
    "content",
    [b"", b"PK", b"no zip at all", zipped(sound())[:-30], zipped(sound())[40:]],
    ids=["empty", "two bytes", "text", "without its end", "without its beginning"],
)
def test_what_is_no_zip_or_half_of_one(content: bytes) -> None:
    assert found(content) == ["P308"]


def test_damaged_content() -> None:
    content = zipped({**sound(), "README.md": b"hello " * 500})
    at = content.index(b"README.md") + 12
    assert found(content[:at] + b"\xff" * 8 + content[at + 8 :]) == ["P308"]


def test_too_many_files() -> None:
    many = {f"canned_responses/{number}.toml": b"" for number in range(MAX_FILES + 1)}
    assert found(zipped(many)) == ["P305"]


def test_a_folder_with_links_pipes_and_strangers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write(tmp_path / "acme", sound())
    (folder / "keymaps" / "link.toml").symlink_to("/etc/passwd")
    (folder / "canned_responses" / "out").symlink_to("/etc")
    os.mkfifo(folder / "canned_responses" / "pipe.toml")
    (folder / "run.sh").write_text("rm -rf /")
    (folder / "canned_responses" / "large.toml").write_bytes(bytes(MAX_FILE + 1))
    (folder / ".git").mkdir()
    (folder / ".git" / "config").write_text("not looked at")
    tree, findings = read_folder(folder)
    assert sorted((Path(item.file).name, item.code) for item in findings) == [
        ("large.toml", "P304"),
        ("link.toml", "P302"),
        ("out", "P302"),
        ("pipe.toml", "P302"),
        ("run.sh", "P307"),
    ]
    assert tree.files == sound()
    monkeypatch.setattr(tree_module, "MAX_PACK", 100)
    assert "P304" in [item.code for item in read_folder(folder)[1] if item.file == str(folder)]


def test_a_folder_that_cannot_be_read(tmp_path: Path) -> None:
    assert [item.code for item in read_folder(tmp_path / "none")[1]] == ["P313"]


@pytest.mark.parametrize("name", ["pack.toml", "canned_responses/Rückgaben/größe.toml", "keymaps/a-b_c.d.toml"])
def test_names_that_are_fine(name: str) -> None:
    assert name_problem(name) == ""


@pytest.mark.parametrize("text", HOSTILE, ids=lambda entry: str(entry["id"]))
@pytest.mark.parametrize("name", ["pack.toml", "policy.toml", "keymaps/desk.toml", "canned_responses/hello.toml"])
def test_hostile_texts_in_every_file(name: str, text: dict[str, object]) -> None:
    content = (str(text["text"]) * int(str(text.get("repeat", 1)))).encode()
    result = checked({**sound(), name: content})
    assert result.errors
    assert all(item.file.startswith("pack") for item in result.findings)


@pytest.mark.parametrize("name", ["pack.toml", "policy.toml", "keymaps/desk.toml", "canned_responses/hello.toml"])
def test_text_that_is_not_utf_8_is_an_error_and_a_byte_order_mark_is_none(name: str) -> None:
    text = sound()[name]
    assert checked({**sound(), name: b"\xef\xbb\xbf" + text}).findings == []
    broken = checked({**sound(), name: b"# \xff\xfe\n" + text}).errors
    assert [
        (item.file, item.line) for item in broken if item.code in ("P102", "keymap/encoding", "canned/bad-encoding")
    ] == [(f"pack/{name}", 1)]


@pytest.mark.parametrize("content", [zipped({"../x": b""}), b"nothing"], ids=["way out", "no zip"])
def test_the_command_says_it_in_a_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "pack.zip"
    path.write_bytes(content)
    done = CliRunner().invoke(cli, ["packs", "check", str(path)])
    assert (done.exit_code, "Traceback" in done.output) == (2, False)
    assert str(path) in done.output
