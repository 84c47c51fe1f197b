"""An XMPP server (Prosody) on 127.0.0.1 for tests: archive, rooms, uploads, no TLS, in a temporary folder."""

import os
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType
from typing import Self

PASSWORD = "correct horse"
HOST = "localhost"
ROOMS = "rooms.localhost"
USER = "prosody"
"""Prosody refuses to be root; Debian's package makes this user."""
_SETTINGS = """\
pidfile = "{folder}/prosody.pid"
data_path = "{folder}/data"
interfaces = {{ "127.0.0.1" }}
local_interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
c2s_direct_tls_ports = {{ }}
s2s_ports = {{ }}
s2s_direct_tls_ports = {{ }}
http_ports = {{ {http_port} }}
http_interfaces = {{ "127.0.0.1" }}
https_ports = {{ }}
modules_enabled = {{
  "roster", "saslauth", "disco", "pep", "private", "blocklist", "vcard4", "vcard_legacy", "carbons", "mam",
  "smacks", "ping", "time", "version", "bookmarks", "admin_shell", "tls"
}}
modules_disabled = {{ "s2s"{no_tls} }}
c2s_require_encryption = {encrypted}
ssl = {{ certificate = "{folder}/server.pem"; key = "{folder}/server.key"; }}
allow_unencrypted_plain_auth = true
authentication = "internal_plain"
storage = "internal"
archive_expires_after = "never"
default_archive_policy = true
smacks_hibernation_time = 60
log = {{ info = "{folder}/prosody.log" }}
VirtualHost "localhost"
  http_host = "127.0.0.1"
Component "rooms.localhost" "muc"
  modules_enabled = {{ "muc_mam" }}
  muc_log_by_default = {log_rooms}
Component "files.localhost" "http_file_share"
  http_host = "127.0.0.1"
  http_file_share_size_limit = 33554432
  http_file_share_daily_quota = 1073741824
"""


def missing() -> str:
    """Return what stands in the way of a test server, or nothing."""
    if shutil.which("prosody") is None:
        return "the program prosody is not installed"
    return "" if find_spec("slixmpp") else "slixmpp is not installed"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _file_name(text: str) -> str:
    """Return a name as Prosody's storage spells it."""
    return re.sub(r"[^A-Za-z0-9]", lambda found: "".join(f"%{byte:02x}" for byte in found[0].encode()), text)


class Prosody:
    """Use as a context manager. The same data and ports survive `stop`, `kill` and `start`."""

    def __init__(self, *, log_rooms: bool = True, certificate: tuple[bytes, bytes] | None = None) -> None:
        """`certificate` is a chain and its key (PEM): then nobody is let in without encryption."""
        self._folder = Path(tempfile.mkdtemp(prefix="prosody-"))
        self._process: subprocess.Popen[bytes] | None = None
        self._user = pwd.getpwnam(USER) if os.getuid() == 0 else None
        self.port, self.http_port = _free_port(), _free_port()
        settings = _SETTINGS.format(
            folder=self._folder,
            port=self.port,
            http_port=self.http_port,
            log_rooms=str(log_rooms).lower(),
            no_tls="" if certificate else ', "tls"',
            encrypted=str(certificate is not None).lower(),
        )
        self._configuration = self._folder / "prosody.cfg.lua"
        self._configuration.write_text(settings, encoding="utf-8")
        (self._folder / "data").mkdir()
        self._keys = [self._folder / name for name in ("server.pem", "server.key")] if certificate else []
        for path, content in zip(self._keys, certificate or (), strict=True):
            path.write_bytes(content)

    def __enter__(self) -> Self:
        try:
            self._give(self._folder, self._configuration, self._folder / "data", *self._keys)
            self.start()
        except BaseException:
            self._remove()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    def _give(self, *paths: Path) -> None:
        if self._user is not None:
            for path in paths:
                os.chown(path, self._user.pw_uid, self._user.pw_gid)

    def _remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _command(self, *command: str) -> list[str]:
        drop = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups"] if self._user is not None else []
        return [*drop, *command]

    def start(self, timeout: float = 60.0) -> None:
        """Start the server and wait until it listens."""
        command = self._command("prosody", "-F", "--config", str(self._configuration))
        with (self._folder / "output").open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT, cwd=self._folder)
        deadline = time.monotonic() + timeout
        while time.monotonic() < deadline:
            if self._listens(self.port) and self._listens(self.http_port):
                return
            if self._process.poll() is not None:
                raise RuntimeError(f"Prosody ended with {self._process.returncode}:\n{self._output()}")
            time.sleep(0.02)
        raise TimeoutError(f"Prosody does not listen after {timeout:g} s:\n{self._output()}")

    def _listens(self, port: int) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1):
                return True
        except OSError:
            return False

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

    def user(self, name: str, password: str = PASSWORD) -> str:
        """Make an account (or give it another password) and return its address."""
        accounts = self._folder / "data" / HOST / "accounts"
        accounts.mkdir(parents=True, exist_ok=True)
        path = accounts / f"{_file_name(name)}.dat"
        path.write_text(f'return {{ ["password"] = "{password}"; }};\n', encoding="utf-8")
        self._give(self._folder / "data" / HOST, accounts, path)
        return f"{name}@{HOST}"

    def shell(self, line: str) -> str:
        """Have the running server carry out one line of its administrator's shell, and return what it says."""
        command = self._command("prosodyctl", "--config", str(self._configuration), "shell", line)
        run = subprocess.run(command, capture_output=True, text=True, timeout=30, cwd=self._folder, check=False)
        return run.stdout + run.stderr
