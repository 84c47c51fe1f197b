"""weechat on a local ngircd with four windows, four channels, and messages at a chosen rate: the honest yardstick."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

CHANNELS = ("#one", "#two", "#three", "#four")

_SERVER = """\
[Global]
Name = bench.local
Info = bench
Listen = 127.0.0.1
Ports = {port}
MotdPhrase = ready
[Options]
DNS = no
Ident = no
PAM = no
[Limits]
MaxConnectionsIP = 0
MaxPenaltyTime = 0
MaxJoins = 20
"""


def missing() -> list[str]:
    """Return the programs that would be needed and are not installed."""
    return [program for program in ("weechat", "ngircd") if shutil.which(program) is None]


class Weechat:
    """A server, a sender, and the command line of a weechat that joins four channels. A context manager."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._folder = Path(tempfile.mkdtemp(prefix="paradesk-bench-"))
        self._stop = threading.Event()
        self._server: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port: int = free.getsockname()[1]

    @property
    def argv(self) -> list[str]:
        """The program to measure."""
        join = ",".join(CHANNELS)
        commands = [
            "/set irc.server_default.ssl off",
            "/set irc.server_default.tls off",
            f"/server add bench 127.0.0.1/{self._port}",
            f"/set irc.server.bench.autojoin {join}",
            "/set irc.server.bench.nicks agent",
            "/set irc.look.server_buffer independent",
            "/connect bench",
            "/window splitv",
            "/window splith",
            "/window 1",
            "/window splith",
        ]
        arguments = ["weechat", "-d", str(self._folder / "weechat")]
        for command in commands:
            arguments += ["-r", command]
        return arguments

    @property
    def spread(self) -> list[str]:
        """What to type, line by line, so that each of the four windows shows a channel."""
        steps = [line for number, name in enumerate(CHANNELS, 1) for line in (f"/window {number}", f"/buffer {name}")]
        return [*steps, "/window 1"]

    def __enter__(self) -> "Weechat":
        configuration = self._folder / "ngircd.conf"
        configuration.write_text(_SERVER.format(port=self._port), encoding="ascii")
        self._folder.chmod(0o755)
        command = ["ngircd", "-n", "-f", str(configuration)]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]
        self._server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self._port), 0.2).close()
                break
            except OSError:
                time.sleep(0.02)
        return self

    def flood(self) -> None:
        """Begin to send."""
        if self._rate:
            self._thread = threading.Thread(target=self._send, daemon=True)
            self._thread.start()

    def _send(self) -> None:
        with socket.create_connection(("127.0.0.1", self._port)) as connection:
            connection.sendall(b"NICK sender\r\nUSER s 0 * :s\r\n")
            connection.sendall(b"JOIN " + ",".join(CHANNELS).encode() + b"\r\n")
            connection.setblocking(False)
            began, sent = time.perf_counter(), 0
            while not self._stop.wait(0.004):
                due = int((time.perf_counter() - began) * self._rate)
                lines = []
                while sent < due:
                    sent += 1
                    lines.append(
                        f"PRIVMSG {CHANNELS[sent % 4]} :message {sent} {'about a parcel that is late ' * 2}\r\n"
                    )
                try:
                    while connection.recv(65536):
                        pass
                except BlockingIOError:
                    pass
                connection.setblocking(True)
                connection.sendall("".join(lines).encode())
                connection.setblocking(False)

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join(2)
        if self._server is not None:
            self._server.terminate()
            self._server.wait(5)
        shutil.rmtree(self._folder, ignore_errors=True)
