"""Keeps secrets: in the keyring of the system where there is one, else in a file that only this user can read."""

import json
import os
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from paradesk.config.edit import write_private
from paradesk.config.places import config_directory, private_directory
from paradesk.core.secret import Secret

_SERVICE = "paradesk"


class CredentialError(Exception):
    """A secret cannot be read or kept; the message says where and what to do, and never contains the secret."""


@dataclass(frozen=True, slots=True)
class Found:
    """A secret and where it lies, in words."""

    secret: Secret
    origin: str


class Store(Protocol):
    """A place for secrets."""

    @property
    def place(self) -> str:
        """Where it is, in words."""

    def get(self, profile: str, option: str) -> Secret | None:
        """Return the secret, or None; raises CredentialError."""

    def set(self, profile: str, option: str, secret: Secret) -> None:
        """Keep the secret; raises CredentialError."""

    def delete(self, profile: str, option: str) -> None:
        """Forget the secret, if there is one; raises CredentialError."""


class FileStore:
    """A JSON file with mode 0600 in a folder with mode 0700. One that others can read is refused, not repaired."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def place(self) -> str:
        """The file's path."""
        return str(self.path)

    def get(self, profile: str, option: str) -> Secret | None:
        """Return the secret, or None; raises CredentialError for a file that others can read."""
        text = self._load().get(profile, {}).get(option)
        return Secret(text) if text is not None else None

    def set(self, profile: str, option: str, secret: Secret) -> None:
        """Keep the secret; raises CredentialError."""
        content = self._load()
        content.setdefault(profile, {})[option] = secret.reveal()
        self._save(content)

    def delete(self, profile: str, option: str) -> None:
        """Forget the secret, if there is one; raises CredentialError."""
        content = self._load()
        if content.get(profile, {}).pop(option, None) is not None:
            if not content[profile]:
                del content[profile]
            self._save(content)

    def _load(self) -> dict[str, dict[str, str]]:
        try:
            descriptor = os.open(self.path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise CredentialError(f"{self.path} cannot be read: {error.strerror or error}") from error
        with os.fdopen(descriptor, "rb") as stream:
            status = os.fstat(stream.fileno())
            if not stat.S_ISREG(status.st_mode):
                raise CredentialError(f"{self.path} is not a file; move it away")
            if status.st_mode & 0o077 or status.st_uid != os.geteuid():
                raise CredentialError(
                    f"{self.path} can be read by others, so its secrets may be known: change them,"
                    f" then run `chmod 600 {self.path}`"
                )
            content = stream.read(1_000_000)
        try:
            loaded = json.loads(content)
            return {
                str(profile): {str(option): str(text) for option, text in secrets.items()}
                for profile, secrets in loaded.items()
            }
        except (ValueError, AttributeError, RecursionError):
            # Without `from`: the error of the parser quotes the content.
            raise CredentialError(f"{self.path} is damaged; move it away and enter the secrets again") from None

    def _save(self, content: Mapping[str, Mapping[str, str]]) -> None:
        try:
            private_directory(self.path.parent)
            write_private(self.path, json.dumps(content, indent=1, ensure_ascii=True).encode() + b"\n")
        except OSError as error:
            raise CredentialError(f"{self.path} cannot be written: {error.strerror or error}") from error


class KeyringStore:
    """The system's keyring, through the `keyring` package."""

    @property
    def place(self) -> str:
        """Which keyring it is."""
        import keyring

        return f"the keyring ({type(keyring.get_keyring()).__module__.rpartition('.')[2]})"

    def get(self, profile: str, option: str) -> Secret | None:
        """Return the secret, or None; raises CredentialError where the keyring is locked or broken."""
        import keyring

        try:
            text = keyring.get_password(_SERVICE, f"{profile}/{option}")
        except Exception as error:
            raise self._error("read from", error) from None
        return Secret(text) if text is not None else None

    def set(self, profile: str, option: str, secret: Secret) -> None:
        """Keep the secret; raises CredentialError where the keyring is locked or broken."""
        import keyring

        try:
            keyring.set_password(_SERVICE, f"{profile}/{option}", secret.reveal())
        except Exception as error:
            raise self._error("written to", error) from None

    def delete(self, profile: str, option: str) -> None:
        """Forget the secret, if there is one; raises CredentialError where the keyring is locked or broken."""
        import keyring
        from keyring.errors import PasswordDeleteError

        try:
            keyring.delete_password(_SERVICE, f"{profile}/{option}")
        except PasswordDeleteError:
            return
        except Exception as error:
            raise self._error("changed in", error) from None

    def _error(self, what: str, error: Exception) -> CredentialError:
        # Backends are other people's code: only the kind of their error is sure not to hold the secret.
        return CredentialError(
            f"the secret cannot be {what} {self.place} ({type(error).__name__}); unlock it, or set PARADESK_KEYRING=off"
            " to keep secrets in a file"
        )


def _has_keyring() -> bool:
    if os.environ.get("PARADESK_KEYRING", "").lower() in ("off", "0", "no", "false"):
        return False
    try:
        import keyring
        from keyring.backends import chainer, fail, null

        backend = keyring.get_keyring()
    except Exception:
        return False
    if isinstance(backend, chainer.ChainerBackend):
        return any(not isinstance(inner, fail.Keyring | null.Keyring) for inner in backend.backends)
    return not isinstance(backend, fail.Keyring | null.Keyring)


def variable(profile: str, option: str) -> str:
    """Return the name of the environment variable that overrides this secret."""
    return "PARADESK_SECRET_" + re.sub(r"[^A-Z0-9]", "_", f"{profile}_{option}".upper())


class Credentials:
    """The secrets of all profiles: environment first, then the keyring, then the file."""

    def __init__(self, directory: Path | None = None) -> None:
        self._file = FileStore((directory or config_directory()) / "credentials")
        self._stores: tuple[Store, ...] | None = None

    @property
    def stores(self) -> tuple[Store, ...]:
        """Where secrets can lie, the place for new ones first."""
        if self._stores is None:
            self._stores = (KeyringStore(), self._file) if _has_keyring() else (self._file,)
        return self._stores

    def get(self, profile: str, option: str) -> Found | None:
        """Return a secret and where it lies, or None; raises CredentialError."""
        name = variable(profile, option)
        if name in os.environ:
            return Found(Secret(os.environ[name]), name)
        for store in self.stores:
            secret = store.get(profile, option)
            if secret is not None:
                return Found(secret, store.place)
        return None

    def set(self, profile: str, option: str, secret: Secret) -> str:
        """Keep a secret and return where; raises CredentialError."""
        store = self.stores[0]
        store.set(profile, option, secret)
        return store.place

    def delete(self, profile: str, option: str) -> None:
        """Forget a secret wherever it lies; raises CredentialError."""
        for store in self.stores:
            store.delete(profile, option)
