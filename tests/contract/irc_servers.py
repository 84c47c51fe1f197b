"""Two IRC servers for tests, on this machine only: InspIRCd, which speaks IRCv3, and ngIRCd, which hardly does."""

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

INSPIRCD = """\
<server name="irc.local" description="for tests" network="Test">
<admin name="a" nick="a" email="a@localhost">
<bind address="127.0.0.1" port="{port}" type="clients">
<connect allow="*" password="{password}" timeout="60" threshold="1000" commandrate="100000" fakelag="no" sendq="1048576"
 recvq="65536" localmax="1000" globalmax="1000" maxchans="1000" resolvehostnames="no" modes="+x" useident="no">
<path datadir="{folder}" logdir="{folder}" runtimedir="{folder}">
<pid file="{folder}/inspircd.pid">
<performance nouserdns="yes">
<module name="cap"> <module name="ircv3"> <module name="ircv3_servertime"> <module name="ircv3_batch">
<module name="ircv3_echomessage"> <module name="ircv3_msgid"> <module name="ircv3_labeledresponse">
<module name="ircv3_ctctags"> <module name="ircv3_capnotify"> <module name="ircv3_accounttag">
<log method="file" type="* -USERINPUT -USEROUTPUT" level="default" target="inspircd.log">
"""

NGIRCD = """\
[Global]
Name = irc.local
Info = for tests
Listen = 127.0.0.1
Ports = {port}
Password = {password}
MotdPhrase = hello
[Options]
DNS = no
Ident = no
PAM = no
PredefChannelsOnly = no
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxNickLength = 30
MaxPenaltyTime = 0
"""

PASSWORD = "correct-horse"


class IrcServer:
    """One server process; `stop` and `start` again for a restart at the same port."""

    def __init__(self, kind: str) -> None:
        """`kind` is `inspircd` or `ngircd`; skips the test where it is not installed."""
        self.kind = kind
        program = shutil.which(kind) or shutil.which(kind, path="/usr/sbin")
        if program is None:
            pytest.skip(f"{kind} is not installed (Debian: apt install {kind})")
        self._program = program
        # Not below pytest's own folder, which the user that the server runs as may not enter.
        self._folder = Path(tempfile.mkdtemp(prefix=f"paradesk-{kind}-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._process: subprocess.Popen[bytes] | None = None
        template = INSPIRCD if kind == "inspircd" else NGIRCD
        text = template.format(port=self.port, folder=self._folder, password=PASSWORD)
        self._config = self._folder / "server.conf"
        self._config.write_text(text, encoding="utf-8")
        self._user = ""
        if os.geteuid() == 0:
            self._user = "irc" if kind == "inspircd" else "nobody"
            for path in (self._folder, self._config):
                shutil.chown(path, self._user)

    def _command(self) -> list[str]:
        if self.kind == "inspircd":
            command = [self._program, "--nofork", "--config", str(self._config)]
        else:
            command = [self._program, "-n", "-f", str(self._config)]
        if not self._user:
            return command
        group = "irc" if self._user == "irc" else "nogroup"
        return ["setpriv", f"--reuid={self._user}", f"--regid={group}", "--clear-groups", *command]

    def start(self) -> None:
        """Start it and wait until it takes connections."""
        log = (self._folder / "output.log").open("ab")
        self._process = subprocess.Popen(
            self._command(), cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )
        log.close()
        end = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            if self._process.poll() is not None or time.monotonic() > end:
                said = (self._folder / "output.log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"{self.kind} does not start: {said}")
            time.sleep(0.02)

    def stop(self) -> None:
        """Kill it, as a failing machine would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def close(self) -> None:
        """Kill it and remove its files."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)


@contextlib.contextmanager
def irc_server(kind: str) -> Iterator[IrcServer]:
    """Yield a running server."""
    server = IrcServer(kind)
    try:
        server.start()
        yield server
    finally:
        server.close()
