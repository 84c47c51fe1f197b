"""A Matrix homeserver (Synapse) on 127.0.0.1 for tests, in a temporary folder, with users made on request.

It runs in an environment of its own: the variable SYNAPSE_PYTHON names its python. SYNAPSE_BASE may name a folder for
the data; /dev/shm makes everything about twice as fast, and is used where it can be written.
"""

import hashlib
import hmac
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

PASSWORD = "correct horse"
_REGISTRATION_SECRET = "test-registration"
_UNLIMITED = "{per_second: 10000, burst_count: 10000}"
_LIMITS = f"""\
rc_message: {_UNLIMITED}
rc_registration: {_UNLIMITED}
rc_login: {{address: {_UNLIMITED}, account: {_UNLIMITED}, failed_attempts: {_UNLIMITED}}}
rc_joins: {{local: {_UNLIMITED}}}
rc_invites: {{per_room: {_UNLIMITED}, per_user: {_UNLIMITED}, per_issuer: {_UNLIMITED}}}
rc_room_creation: {_UNLIMITED}
rc_presence: {{per_user: {_UNLIMITED}}}
"""


@dataclass(frozen=True, slots=True)
class Account:
    """One user with a token of their own, for plain HTTP."""

    user_id: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        """The header that signs a request."""
        return {"Authorization": f"Bearer {self.token}"}


def synapse_python() -> str | None:
    """Return the python of the environment that has Synapse, or None when nobody has named one."""
    return os.environ.get("SYNAPSE_PYTHON") or None


def _base() -> str | None:
    named = os.environ.get("SYNAPSE_BASE")
    if named:
        return named
    memory = Path("/dev/shm")
    return str(memory) if memory.is_dir() and os.access(memory, os.W_OK) else None


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Synapse:
    """Use as a context manager. The same data and port survive `stop`, `kill` and `start`."""

    def __init__(self, *, default_limits: bool = False, extra: str = "") -> None:
        """`default_limits` keeps Synapse's own rate limits; `extra` is more configuration (YAML)."""
        python = synapse_python()
        if python is None:
            raise RuntimeError("SYNAPSE_PYTHON names no python")
        self._python = python
        self._folder = Path(tempfile.mkdtemp(prefix="synapse-", dir=_base()))
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._configuration = self._settings() + ("" if default_limits else _LIMITS) + extra

    def _settings(self) -> str:
        folder = self._folder
        return f"""\
server_name: "localhost"
pid_file: {folder}/server.pid
listeners:
  - {{port: {self.port}, bind_addresses: ["127.0.0.1"], tls: false, type: http, x_forwarded: false,
     resources: [{{names: [client], compress: false}}]}}
database: {{name: sqlite3, args: {{database: {folder}/server.db}}}}
log_config: {folder}/log.yaml
media_store_path: {folder}/media
registration_shared_secret: {_REGISTRATION_SECRET}
macaroon_secret_key: test-macaroon
form_secret: test-form
signing_key_path: {folder}/signing.key
report_stats: false
trusted_key_servers: []
federation_domain_whitelist: []
url_preview_enabled: false
bcrypt_rounds: 4
"""

    def __enter__(self) -> Self:
        try:
            (self._folder / "server.yaml").write_text(self._configuration, encoding="utf-8")
            (self._folder / "log.yaml").write_text(
                "version: 1\n"
                f"handlers: {{file: {{class: logging.FileHandler, filename: {self._folder}/server.log}}}}\n"
                "root: {level: WARNING, handlers: [file]}\n",
                encoding="utf-8",
            )
            subprocess.run(
                [self._python, "-m", "synapse._scripts.generate_signing_key", "-o", f"{self._folder}/signing.key"],
                check=True,
            )
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def _remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self, timeout: float = 240.0) -> None:
        """Start the server and wait until it answers."""
        with (self._folder / "output").open("ab") as output:
            self._process = subprocess.Popen(
                [self._python, "-m", "synapse.app.homeserver", "-c", f"{self._folder}/server.yaml"],
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            try:
                if httpx.get(f"{self.url}/health", timeout=1, trust_env=False).status_code == 200:
                    return
            except httpx.HTTPError:
                pass
            if self._process.poll() is not None:
                raise RuntimeError(f"Synapse ended with {self._process.returncode}:\n{self._output()}")
            time.sleep(0.05)
        raise TimeoutError(f"Synapse gave no answer in {timeout:g} s:\n{self._output()}")

    def _output(self) -> str:
        return (self._folder / "output").read_text(encoding="utf-8", errors="replace")[-2000:]

    def stop(self) -> None:
        """End the server in order."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the server as a power cut would."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Let the server hang: its machine still accepts connections, nothing answers."""
        if self._process is not None:
            self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Stop and start again."""
        self.stop()
        self.start()

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(how)
        process.send_signal(signal.SIGCONT)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def login(self, name: str) -> Account:
        """Sign in once more, as a new device."""
        body = {
            "type": "m.login.password",
            "identifier": {"type": "m.id.user", "user": name},
            "password": PASSWORD,
        }
        answer = httpx.post(f"{self.url}/_matrix/client/v3/login", json=body, timeout=30, trust_env=False)
        answer.raise_for_status()
        made = answer.json()
        return Account(made["user_id"], made["access_token"])

    def user(self, name: str, *, admin: bool = False) -> Account:
        """Make an account with `PASSWORD`; its token belongs to a device of its own."""
        route = f"{self.url}/_synapse/admin/v1/register"
        nonce = httpx.get(route, trust_env=False).json()["nonce"]
        role = "admin" if admin else "notadmin"
        text = "\0".join((nonce, name, PASSWORD, role)).encode()
        body = {
            "nonce": nonce,
            "username": name,
            "password": PASSWORD,
            "admin": admin,
            "mac": hmac.new(_REGISTRATION_SECRET.encode(), text, hashlib.sha1).hexdigest(),
        }
        answer = httpx.post(route, json=body, timeout=30, trust_env=False)
        answer.raise_for_status()
        made = answer.json()
        return Account(made["user_id"], made["access_token"])
