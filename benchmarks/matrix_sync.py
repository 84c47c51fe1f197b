"""How long the Matrix connector takes to sign in to an account with many rooms, and in how much memory.

`python -m benchmarks.matrix_sync --rooms 10000`: a server of one thread on loopback gives one large `/sync` answer and the
members and profiles that the connector asks for. Prints seconds, requests and the peak of resident memory.
"""

import argparse
import asyncio
import json
import resource
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from paradesk.connectors.matrix import MatrixConnector
from paradesk.testing.recorder import Session

ME, CUSTOMER = "@me:bench.example", "@c{}:bench.example"


def event(kind: str, number: int, sender: str, content: object, **more: object) -> dict[str, object]:
    """Return one event as the server tells it."""
    event_id = f"${kind}{number}"
    return {"type": kind, "event_id": event_id, "sender": sender, "origin_server_ts": number, "content": content} | more


def room(number: int) -> dict[str, object]:
    """Return one room with its state and two messages."""
    customer = CUSTOMER.format(number)
    state = [
        event("m.room.create", number, ME, {"room_version": "12"}, state_key=""),
        event("m.room.member", number, customer, {"membership": "join", "displayname": "C"}, state_key=customer),
        event("m.room.power_levels", number, ME, {"users": {}}, state_key=""),
    ]
    said = [
        event("m.room.message", number * 2 + one, customer, {"msgtype": "m.text", "body": "hello"}) for one in (1, 2)
    ]
    return {"state": {"events": state}, "timeline": {"events": said}}


class Homeserver(BaseHTTPRequestHandler):
    """Answers what the connector asks at sign-in."""

    protocol_version = "HTTP/1.1"
    sync = b"{}"
    asked = 0

    def do_GET(self) -> None:
        """Answer with JSON."""
        type(self).asked += 1
        path = self.path.partition("?")[0]
        if path.endswith("/whoami"):
            self._say(json.dumps({"user_id": ME}).encode())
        elif path.endswith("/sync"):
            if "since=" in self.path:
                time.sleep(5)
            self._say(self.sync if "since=" not in self.path else b'{"next_batch": "s2"}')
        elif path.endswith("/members"):
            self._say(b'{"chunk": []}')
        else:
            self._say(b"{}")

    def _say(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


async def sign_in(port: int) -> tuple[float, int]:
    """Return the seconds until the rooms are known, and how many there are."""
    connector = MatrixConnector({"homeserver": f"http://127.0.0.1:{port}", "token": "t"})
    began = time.perf_counter()
    async with Session(connector, None, 600.0) as session:
        await session.until(lambda: session.desk.commits or None, "the first commit")
        return time.perf_counter() - began, len(session.desk.state.threads)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rooms", type=int, default=10_000)
    rooms = parser.parse_args().rooms
    answer = {"next_batch": "s1", "rooms": {"join": {f"!r{n}": room(n) for n in range(rooms)}}}
    Homeserver.sync = json.dumps(answer).encode()
    del answer
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    server = ThreadingHTTPServer(("127.0.0.1", 0), Homeserver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    seconds, known = asyncio.run(sign_in(server.server_port))
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{known:,} rooms in {seconds:.1f} s, {Homeserver.asked:,} requests, answer of {len(Homeserver.sync) / 1e6:.1f} MB"
    )
    print(f"peak of memory {after:.0f} MB, of which {before:.0f} MB before sign-in (the server's own answer included)")


if __name__ == "__main__":
    main()
