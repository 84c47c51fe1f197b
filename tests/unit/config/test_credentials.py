"""Secrets: kept where nobody else can read them, and never shown."""

import os
import pickle
import traceback
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked, PasswordDeleteError

from paradesk.config.credentials import CredentialError, Credentials, variable
from paradesk.core.secret import Secret

WORD = "correct horse"


@pytest.fixture(autouse=True)
def no_keyring(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PARADESK_KEYRING", "off")


class MemoryKeyring(KeyringBackend):
    """A keyring that is there."""

    priority = 1

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if self.kept.pop((service, username), None) is None:
            raise PasswordDeleteError("nothing there")


class LockedKeyring(MemoryKeyring):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked(f"locked, and leaking {WORD}")


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    monkeypatch.delenv("PARADESK_KEYRING")
    backend = MemoryKeyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
    monkeypatch.setattr(keyring, "get_password", backend.get_password)
    monkeypatch.setattr(keyring, "set_password", backend.set_password)
    monkeypatch.setattr(keyring, "delete_password", backend.delete_password)
    return backend


def test_a_secret_never_shows_itself() -> None:
    secret = Secret(WORD)
    shown = [repr(secret), str(secret), f"{secret}", f"{secret!r}", f"{secret}", repr([secret]), repr({"a": secret})]
    assert not any("horse" in text for text in shown)
    assert secret.reveal() == WORD
    with pytest.raises(TypeError):
        pickle.dumps(secret)


def test_the_file_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "paradesk"
    folder.mkdir(mode=0o755)
    credentials = Credentials(folder)
    place = credentials.set("acme", "password", Secret(WORD))
    file = folder / "credentials"
    assert place == str(file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    found = credentials.get("acme", "password")
    assert found is not None
    assert found.secret.reveal() == WORD
    assert found.origin == str(file)
    assert credentials.get("acme", "token") is None
    assert credentials.get("other", "password") is None


def test_the_file_is_private_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        Credentials(tmp_path / "new").set("acme", "password", Secret(WORD))
    finally:
        os.umask(before)
    assert (tmp_path / "new" / "credentials").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "new").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    credentials = Credentials(tmp_path)
    credentials.set("acme", "password", Secret(WORD))
    (tmp_path / "credentials").chmod(mode)
    with pytest.raises(CredentialError, match="chmod 600") as caught:
        credentials.get("acme", "password")
    assert WORD not in str(caught.value)
    with pytest.raises(CredentialError):
        credentials.set("acme", "token", Secret("x"))


def test_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("{}")
    (tmp_path / "elsewhere").chmod(0o600)
    (tmp_path / "credentials").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(CredentialError):
        Credentials(tmp_path).get("acme", "password")


@pytest.mark.parametrize("content", ['{"a": {"b": "correct horse', "[]", "3", '{"a": 3}', "[" * 9_000], ids=range(5))
def test_a_damaged_file_is_named_without_its_content(tmp_path: Path, content: str) -> None:
    file = tmp_path / "credentials"
    file.write_text(content)
    file.chmod(0o600)
    with pytest.raises(CredentialError, match="damaged") as caught:
        Credentials(tmp_path).get("a", "b")
    assert WORD not in "".join(traceback.format_exception(caught.value))


def test_forgetting(tmp_path: Path) -> None:
    credentials = Credentials(tmp_path)
    credentials.set("acme", "password", Secret(WORD))
    credentials.set("acme", "token", Secret("t"))
    credentials.delete("acme", "password")
    assert credentials.get("acme", "password") is None
    assert credentials.get("acme", "token") is not None
    credentials.delete("acme", "token")
    credentials.delete("acme", "token")
    assert "acme" not in (tmp_path / "credentials").read_text()


def test_the_environment_overrides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    credentials = Credentials(tmp_path)
    credentials.set("acme-2", "password", Secret("old"))
    assert variable("acme-2", "password") == "PARADESK_SECRET_ACME_2_PASSWORD"
    monkeypatch.setenv("PARADESK_SECRET_ACME_2_PASSWORD", WORD)
    found = credentials.get("acme-2", "password")
    assert found is not None
    assert (found.secret.reveal(), found.origin) == (WORD, "PARADESK_SECRET_ACME_2_PASSWORD")


def test_a_real_keyring_is_preferred(tmp_path: Path, memory: MemoryKeyring) -> None:
    credentials = Credentials(tmp_path)
    assert "keyring" in credentials.set("acme", "password", Secret(WORD))
    assert memory.kept == {("paradesk", "acme/password"): WORD}
    assert not (tmp_path / "credentials").exists()
    found = credentials.get("acme", "password")
    assert found is not None
    assert found.secret.reveal() == WORD
    credentials.delete("acme", "password")
    credentials.delete("acme", "password")
    assert credentials.get("acme", "password") is None


def test_what_lies_in_the_file_is_found_beside_a_keyring(
    tmp_path: Path, memory: MemoryKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setenv("PARADESK_KEYRING", "off")
        Credentials(tmp_path).set("acme", "password", Secret(WORD))
    found = Credentials(tmp_path).get("acme", "password")
    assert found is not None
    assert found.secret.reveal() == WORD


def test_a_locked_keyring_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PARADESK_KEYRING")
    backend = LockedKeyring()
    monkeypatch.setattr(keyring, "get_keyring", lambda: backend)
    monkeypatch.setattr(keyring, "get_password", backend.get_password)
    with pytest.raises(CredentialError, match="PARADESK_KEYRING=off") as caught:
        Credentials(tmp_path).get("acme", "password")
    assert WORD not in "".join(traceback.format_exception(caught.value))


def test_a_keyring_that_is_none_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from keyring.backends import fail, null

    monkeypatch.delenv("PARADESK_KEYRING")
    for kind in (fail.Keyring, null.Keyring):
        monkeypatch.setattr(keyring, "get_keyring", kind)
        assert Credentials(tmp_path).set("acme", "password", Secret(WORD)) == str(tmp_path / "credentials")
