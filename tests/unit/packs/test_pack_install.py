"""Installing leaves the new state or the old one, whatever the source, the disk or the lock file is like."""

import hashlib
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import trustme
from tests.packing import default_keymap, manifest, response, sound, write, zipped

from paradesk.packs import git, https
from paradesk.packs.archive import write_zip
from paradesk.packs.findings import PackError
from paradesk.packs.install import Declined, Installer, Step
from paradesk.packs.lock import Lock, read_lock
from paradesk.packs.shelf import changed_since, open_shelf
from paradesk.packs.sources import fetch, of_pin, understand
from paradesk.packs.store import Store
from paradesk.packs.tree import Tree

Snapshot = dict[str, bytes]


@pytest.fixture
def installer(tmp_path: Path) -> Installer:
    return Installer(tmp_path / "config" / "packs.lock", Store(tmp_path / "packs"), default_keymap())


def yes(step: Step) -> bool:
    return True


def no(step: Step) -> bool:
    return not step.questions


def snapshot(installer: Installer) -> Snapshot:
    """Everything that is installed, byte for byte."""
    found = {str(path): path.read_bytes() for path in installer.store.folder.rglob("*") if path.is_file()}
    if installer.lock_path.exists():
        found["lock"] = installer.lock_path.read_bytes()
    return {name: content for name, content in found.items() if "parsed" not in name and ".busy" not in name}


def add(installer: Installer, source: Path | str, **options: str) -> Step | None:
    return installer.add(fetch(understand(str(source), **options)), yes)


def refused(installer: Installer, act: Callable[[], object]) -> set[str]:
    """The codes with which something is refused; what is installed is as it was before."""
    before = snapshot(installer)
    with pytest.raises(PackError) as caught:
        act()
    assert snapshot(installer) == before
    assert all((item.message and item.advice) or item.code.startswith("keymap/") for item in caught.value.findings)
    return {item.code for item in caught.value.findings}


def run_git(folder: Path, *arguments: str) -> str:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
    done = subprocess.run(
        ["git", *identity, *arguments],
        cwd=folder,
        env={**environment, "GIT_CONFIG_GLOBAL": os.devnull},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def repository(folder: Path, files: dict[str, bytes]) -> Path:
    write(folder, files)
    run_git(folder, "init", "--quiet", "--initial-branch=main")
    run_git(folder, "add", "--all")
    run_git(folder, "commit", "--quiet", "-m", "one")
    return folder


# What is installed


def test_a_folder_a_zip_and_a_repository_give_the_same_pack(tmp_path: Path, installer: Installer) -> None:
    folder = repository(tmp_path / "acme", sound())
    (tmp_path / "acme.zip").write_bytes(zipped(sound()))
    contents = {fetch(understand(str(place), ref)).tree.digest for place, ref in ((folder, ""), (folder, "main"))}
    contents.add(fetch(understand(str(tmp_path / "acme.zip"))).tree.digest)
    assert len(contents) == 1
    assert add(installer, folder) is not None
    assert add(installer, folder) is None
    pin = read_lock(installer.lock_path).packs["acme"].pin
    assert (pin.version, pin.kind, pin.content) == ("1.0.0", "folder", contents.pop())
    assert installer.store.read(pin.content, "acme").files == sound()


def test_a_pack_with_errors_is_not_installed(tmp_path: Path, installer: Installer) -> None:
    add(installer, write(tmp_path / "acme", sound()))
    write(tmp_path / "acme", sound(keymaps__desk_toml='[bindings.global]\n"f5" = "no.such"\n'))
    assert refused(installer, lambda: add(installer, tmp_path / "acme")) == {"keymap/unknown-action"}


def test_two_packs_of_one_name(tmp_path: Path, installer: Installer) -> None:
    add(installer, write(tmp_path / "one", sound()))
    other = write(tmp_path / "two", sound(pack_toml=manifest(version="2.0.0")))
    assert refused(installer, lambda: add(installer, other)) == {"P401"}
    step = installer.add(fetch(understand(str(other))), yes, replace_other=True)
    assert step is not None
    assert (step.before and step.before.version, step.after.version) == ("1.0.0", "2.0.0")


def test_two_packs_with_one_response(tmp_path: Path, installer: Installer) -> None:
    add(installer, write(tmp_path / "one", sound()))
    other = sound("other", canned_responses__hello_toml=response("acme.hello"))
    assert refused(installer, lambda: add(installer, write(tmp_path / "two", other))) == {"P402"}


def test_two_default_keymaps_that_clash(tmp_path: Path, installer: Installer) -> None:
    more = 'default_keymap = "desk"'
    first = '[bindings.global]\n"ctrl+] a" = "app.log"\n'
    add(installer, write(tmp_path / "one", sound(pack_toml=manifest(more=more), keymaps__desk_toml=first)))
    keymap = '[bindings.global]\n"ctrl+]" = "app.help"\n'
    other = sound("other", pack_toml=manifest("other", more=more), keymaps__desk_toml=keymap)
    assert refused(installer, lambda: add(installer, write(tmp_path / "two", other))) == {"P405"}


def test_a_pack_that_changes_its_name_is_no_update(tmp_path: Path, installer: Installer) -> None:
    add(installer, write(tmp_path / "acme", sound()))
    write(tmp_path / "acme", sound("other"))
    bundle = fetch(of_pin(read_lock(installer.lock_path).packs["acme"].pin))
    assert refused(installer, lambda: installer.add(bundle, yes, only="acme")) == {"P401"}


# Questions


@pytest.mark.parametrize(
    ("change", "asks"),
    [
        ({"keymaps__desk_toml": '[bindings.global]\n"f8" = "app.log"\n'}, ""),
        ({"keymaps__desk_toml": '[bindings.global]\n"f8" = "chat.end"\n'}, "F8: "),
        ({"policy_toml": "response_target = 30\n"}, ""),
        ({"policy_toml": "response_target = 90\n"}, "response_target: 45 → 90"),
        ({"policy_toml": "response_target = 45\n[guard]\nenabled = false\n"}, "the guard is turned off"),
        ({"policy_toml": 'response_target = 45\n[guard]\noff = ["repeat"]\n'}, "guard.off: repeat"),
        ({"canned_responses__hello_toml": response("acme.hello", "Hi")}, ""),
    ],
)
def test_an_update_asks_for_what_is_grave(
    change: dict[str, str | None], asks: str, tmp_path: Path, installer: Installer
) -> None:
    folder = write(tmp_path / "acme", sound())
    add(installer, folder)
    write(folder, {**sound(**change), "pack.toml": manifest(version="1.1.0").encode()})
    asked: list[str] = []

    def agree(step: Step) -> bool:
        asked.extend(step.questions)
        return not step.questions

    before = snapshot(installer)
    if not asks:
        assert installer.add(fetch(understand(str(folder))), agree) is not None
        assert asked == []
        return
    with pytest.raises(Declined):
        installer.add(fetch(understand(str(folder))), agree)
    assert snapshot(installer) == before
    assert len(asked) == 1
    assert asks in asked[0]


def test_going_back_keeps_what_was_and_pins_it(tmp_path: Path, installer: Installer) -> None:
    folder = write(tmp_path / "acme", sound())
    for number in range(6):
        write(folder, {**sound(), "pack.toml": manifest(version=f"1.{number}.0").encode()})
        add(installer, folder)
    entry = read_lock(installer.lock_path).packs["acme"]
    assert [pin.version for pin in (entry.pin, *entry.earlier)] == ["1.5.0", "1.4.0", "1.3.0", "1.2.0"]
    stored = [path for path in installer.store.folder.iterdir() if len(path.name) == 64]
    assert len(stored) == 4
    assert installer.back("acme", yes).after.version == "1.4.0"
    entry = read_lock(installer.lock_path).packs["acme"]
    assert (entry.pinned, entry.pin.version) == (True, "1.4.0")
    installer.pin("acme", pinned=False)
    assert not read_lock(installer.lock_path).packs["acme"].pinned
    installer.back("acme", yes)
    installer.back("acme", yes)
    assert refused(installer, lambda: installer.back("acme", yes)) == {"P313"}
    installer.remove("acme")
    assert read_lock(installer.lock_path) == Lock()
    assert [path.name for path in installer.store.folder.iterdir() if len(path.name) == 64] == []
    assert refused(installer, lambda: installer.remove("acme")) == {"P313"}


# Damage


@pytest.mark.parametrize("at", [1, 2, 3, 4, 5, 6, 7])
def test_a_disk_that_fails_half_way(
    at: int, tmp_path: Path, installer: Installer, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path / "acme", sound())
    add(installer, folder)
    before = snapshot(installer)
    count = 0
    real = os.fsync

    def failing(descriptor: int) -> None:
        nonlocal count
        count += 1
        if count == at:
            raise OSError(28, "No space left on device")
        real(descriptor)

    write(folder, {**sound(), "pack.toml": manifest(version="1.1.0").encode()})
    monkeypatch.setattr(os, "fsync", failing)
    with pytest.raises(OSError, match="No space"):
        add(installer, folder)
    monkeypatch.undo()
    assert snapshot(installer) == before
    assert add(installer, folder) is not None


def test_a_file_that_was_changed_is_not_loaded_and_an_update_mends_it(tmp_path: Path, installer: Installer) -> None:
    folder = write(tmp_path / "acme", sound())
    add(installer, folder)
    pin = read_lock(installer.lock_path).packs["acme"].pin
    keymap = installer.store.files(pin.content) / "keymaps" / "desk.toml"
    shelf = open_shelf(installer.lock_path.parent, installer.store.folder)
    assert shelf.keymap("acme", "desk") is not None
    assert len(shelf.responses("acme", default_keymap())) == 1
    keymap.write_text('[bindings.global]\n"f5" = "chat.end"\n')
    shelf = open_shelf(installer.lock_path.parent, installer.store.folder)
    assert shelf.keymap("acme", "desk") is None
    assert shelf.responses("acme", default_keymap()) == ()
    assert {item.code for item in shelf.findings} == {"P403"}
    assert add(installer, folder) is not None
    shelf = open_shelf(installer.lock_path.parent, installer.store.folder)
    assert shelf.keymap("acme", "desk") is not None
    assert shelf.findings == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda text: text.replace('content = "', 'content = "zz'),
        lambda text: text.replace("format = 1", "format = 2"),
        lambda text: text.replace("[packs.acme]", '[packs."../acme"]'),
        lambda text: text.replace("version = ", "colour = "),
        lambda text: text.replace("pinned = false", "pinned = 3"),
        lambda text: text + "[[",
        lambda text: "a." * 20_000,
        lambda text: text + "\xff",
    ],
)
def test_a_lock_that_cannot_be_used_loads_nothing_and_is_left_alone(
    damage: Callable[[str], str], tmp_path: Path, installer: Installer
) -> None:
    folder = write(tmp_path / "acme", sound())
    add(installer, folder)
    text = damage(installer.lock_path.read_text())
    installer.lock_path.write_bytes(text.encode("latin-1"))
    shelf = open_shelf(installer.lock_path.parent, installer.store.folder)
    assert (dict(shelf.lock.packs), {item.code for item in shelf.findings}) == ({}, {"P404"})
    assert refused(installer, lambda: add(installer, folder)) == {"P404"}


def test_a_lock_with_another_hash_does_not_match(tmp_path: Path, installer: Installer) -> None:
    folder = write(tmp_path / "acme", sound())
    add(installer, folder)
    content = read_lock(installer.lock_path).packs["acme"].pin.content
    other = hashlib.sha256(b"other").hexdigest()
    installer.lock_path.write_text(installer.lock_path.read_text().replace(content, other))
    shelf = open_shelf(installer.lock_path.parent, installer.store.folder)
    assert shelf.keymap("acme", "desk") is None
    assert [item.code for item in shelf.findings] == ["P403"]


def test_a_damaged_copy_of_parsed_responses_is_parsed_again(tmp_path: Path, installer: Installer) -> None:
    add(installer, write(tmp_path / "acme", sound()))

    def load() -> list[str]:
        shelf = open_shelf(installer.lock_path.parent, installer.store.folder)
        return [item.id for item in shelf.responses("acme", default_keymap())]

    assert load() == ["acme.hello"]
    (copy,) = installer.store.parsed.iterdir()
    good = copy.read_bytes()
    for content in (b"", b"\xff" * 100, b"\x91" * 50_000, good[:-3]):
        copy.write_bytes(content)
        assert load() == ["acme.hello"]
        assert copy.read_bytes() == good


def test_only_one_at_a_time(tmp_path: Path, installer: Installer) -> None:
    folder = write(tmp_path / "acme", sound())
    with installer.store.busy():
        assert refused(installer, lambda: add(installer, folder)) == {"P313"}
    assert add(installer, folder) is not None


def test_what_changed_between_two_starts() -> None:
    before = {"a": "1.0.0 x", "b": "1.0.0 x", "c": "1.0.0 x"}
    now = {"a": "1.0.0 x", "b": "1.1.0 y", "d": "0.1.0 z"}
    line = changed_since(before, now)
    assert "d 0.1.0 is new, b 1.0.0 → 1.1.0, c is gone" in line
    assert "\n" not in line
    assert changed_since(now, now) == ""
    assert "a 1.0.0 has other content" in changed_since({"a": "1.0.0 x"}, {"a": "1.0.0 y"})


# git


@pytest.mark.parametrize(
    ("source", "ref"),
    [
        ("http://example.com/acme.git", ""),
        ("git://example.com/acme.git", ""),
        ("ext::sh -c touch% /tmp/x", "main"),
        ("git+ext::sh -c id", "main"),
        ("ssh://-oProxyCommand=id/x.git", ""),
        ("https://example.com/acme.git", "--upload-pack=id"),
        ("https://example.com/acme.git", "+main:main"),
        ("https://example.com/acme.git", "a..b"),
        ("https://example.com/a b.git", ""),
    ],
)
def test_addresses_that_git_is_not_asked_for(source: str, ref: str) -> None:
    with pytest.raises(PackError) as caught:
        fetch(understand(source, ref))
    assert {item.code for item in caught.value.findings} == {"P504"}


def test_a_repository_is_only_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker = tmp_path / "ran"
    hostile = {
        **sound(),
        ".gitattributes": b"*.toml filter=evil\n",
        ".gitmodules": b'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c "touch ran"\n',
    }
    folder = repository(tmp_path / "acme", hostile)
    for name in ("post-checkout", "post-merge", "reference-transaction", "pre-auto-gc"):
        hook = folder / ".git" / "hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
        hook.chmod(0o755)
    monkeypatch.setenv("GIT_SSH_COMMAND", f"touch {marker}")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "nowhere"))
    monkeypatch.setenv("GIT_EXEC_PATH", str(tmp_path))
    bundle = fetch(understand(str(folder), "main"))
    assert bundle.tree.files == sound()
    assert bundle.commit == run_git(folder, "rev-parse", "main")
    assert not marker.exists()


def test_links_and_submodules_of_a_repository_are_findings(tmp_path: Path) -> None:
    folder = write(tmp_path / "acme", sound())
    (folder / "keymaps" / "link.toml").symlink_to("/etc/passwd")
    run_git(folder, "init", "--quiet", "--initial-branch=main")
    run_git(folder, "add", "--all")
    run_git(folder, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},canned_responses/sub")
    run_git(folder, "commit", "--quiet", "-m", "one")
    found = fetch(understand(str(folder), "main")).findings
    assert [(Path(item.file).name, item.code) for item in found] == [("sub", "P302"), ("link.toml", "P302")]


def test_a_tag_and_a_commit_can_be_asked_for_and_what_is_missing_is_said(tmp_path: Path) -> None:
    folder = repository(tmp_path / "acme", sound())
    run_git(folder, "tag", "-a", "v1", "-m", "v1")
    commit = run_git(folder, "rev-parse", "HEAD")
    assert fetch(understand(str(folder), "v1")).commit == commit
    assert fetch(understand(str(folder), commit)).commit == commit
    with pytest.raises(PackError, match="P501") as caught:
        fetch(understand(str(folder), "v2"))
    assert "v2" in str(caught.value)


def test_git_does_not_get_what_steers_it() -> None:
    found = git.clean_environment({"GIT_DIR": "x", "PARADESK_SECRET": "x", "PATH": "/bin", "SSH_ASKPASS": "x"})
    assert found["GIT_ALLOW_PROTOCOL"] == "file:https:ssh"
    assert found["PATH"] == "/bin"
    assert not {"GIT_DIR", "PARADESK_SECRET", "SSH_ASKPASS"} & found.keys()


# The web


class Web:
    """An https server whose answers a test chooses."""

    def __init__(self, certificate: trustme.LeafCert) -> None:
        import ssl

        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        web = self

        class Answer(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                status, headers, content = web.answers.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                try:
                    self.wfile.write(content)
                except OSError:
                    pass

            def log_message(self, format: str, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        certificate.configure_cert(context)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.address = f"https://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Web]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    found = Web(authority.issue_cert("127.0.0.1"))
    yield found
    found.server.shutdown()
    found.server.server_close()


def test_a_zip_from_the_web_is_the_one_that_was_named(web: Web, installer: Installer) -> None:
    content = write_zip(Tree(sound(), ""))
    web.answers["/acme.zip"] = 200, {}, content
    web.answers["/moved"] = 302, {"Location": f"{web.address}/acme.zip"}, b""
    sha256 = hashlib.sha256(content).hexdigest()
    assert add(installer, f"{web.address}/moved", sha256=sha256) is not None
    assert read_lock(installer.lock_path).packs["acme"].pin.sha256 == sha256
    assert refused(installer, lambda: add(installer, f"{web.address}/acme.zip", sha256="0" * 64)) == {"P503"}
    assert refused(installer, lambda: add(installer, f"{web.address}/none", sha256=sha256)) == {"P502"}
    assert refused(installer, lambda: add(installer, f"{web.address}/acme.zip")) == {"P504"}


def test_redirects_out_of_https_and_in_circles(web: Web, installer: Installer) -> None:
    web.answers["/down"] = 302, {"Location": "http://127.0.0.1/acme.zip"}, b""
    web.answers["/round"] = 302, {"Location": f"{web.address}/round"}, b""
    assert refused(installer, lambda: add(installer, f"{web.address}/down", sha256="0" * 64)) == {"P504"}
    assert refused(installer, lambda: add(installer, f"{web.address}/round", sha256="0" * 64)) == {"P502"}


def test_a_download_is_counted_after_decompression(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip

    web.answers["/big"] = 200, {"Content-Encoding": "gzip"}, gzip.compress(bytes(50_000_000))
    with pytest.raises(PackError, match="P304"):
        https.download(f"{web.address}/big", "0" * 64)


def test_a_server_that_nobody_vouches_for(web: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = trustme.CA()
    other.cert_pem.write_to_path(tmp_path / "other.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "other.pem"))
    with pytest.raises(PackError, match="P502"):
        https.download(f"{web.address}/acme.zip", "0" * 64)
