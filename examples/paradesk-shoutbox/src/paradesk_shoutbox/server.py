"""A small Shoutbox server: run it with a port, and type lines to write as a customer."""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

TOKEN = "secret"


class Shoutbox(ThreadingHTTPServer):
    """Rooms with shouts in memory, and the faults that a test can ask for."""

    daemon_threads = True

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), _Requests)
        self.shouts: list[dict[str, object]] = []
        self.down = self.lose_answer = self.busy = False
        self._last = 0
        self._lock = threading.Lock()

    def open_room(self, customer: str) -> str:
        """Let a customer come, and return the room's name, which is theirs."""
        self.shout(customer, "", "system", f"{customer} is here")
        return customer

    def shout(self, room: str, author: str, role: str, text: str) -> dict[str, object]:
        """Add a line to a room."""
        with self._lock:
            self._last = max(self._last + 1, time.time_ns() // 1000)
            shout: dict[str, object] = {"number": self._last, "room": room, "author": author, "role": role}
            self.shouts.append(shout | {"text": text, "at": time.time()})
            return self.shouts[-1]

    def is_there(self, room: str) -> bool:
        """Tell whether there is such a room."""
        return any(shout["room"] == room for shout in self.shouts)


class _Requests(BaseHTTPRequestHandler):
    server: Shoutbox
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer with the news, or with older shouts of a room."""
        address = urlsplit(self.path)
        query = dict(parse_qsl(address.query))
        if not self._allowed():
            return
        if address.path == "/news":
            since = int(query["since"])
            self._answer(200, [shout for shout in self.server.shouts if int(str(shout["number"])) > since][:100])
        elif address.path == "/shouts":
            before, most = int(query["before"]), int(query["most"])
            older = [shout for shout in self.server.shouts if shout["room"] == query["room"]]
            self._answer(200, [shout for shout in older if int(str(shout["number"])) < before][-most:])
        else:
            self._answer(404, "there is no such page")

    def do_POST(self) -> None:
        """Take a reply."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._allowed():
            return
        if self.server.busy:
            self.server.busy = False
            self._answer(429, "too fast", {"Retry-After": "0.2"})
        elif not self.server.is_there(body["room"]):
            self._answer(404, "there is no such room")
        else:
            shout = self.server.shout(body["room"], "me", "agent", body["text"])
            if self.server.lose_answer:
                self.server.lose_answer = False
                self.close_connection = True
            else:
                self._answer(200, shout)

    def _allowed(self) -> bool:
        if self.server.down:
            self.close_connection = True
            return False
        if self.headers["Authorization"] != TOKEN:
            self._answer(401, "the token is not accepted")
            return False
        return True

    def _answer(self, status: int, value: object, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        for name, text in {"Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing: the window belongs to who types."""


def main() -> None:
    """Serve, and let whoever sits here write as the customer of one room."""
    server = Shoutbox(int(sys.argv[1]) if len(sys.argv) > 1 else 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(
        f"Shoutbox at http://127.0.0.1:{server.server_port}, the token is {TOKEN}; each line is a customer's",
        flush=True,
    )
    room = server.open_room("Casey Customer")
    for line in sys.stdin:
        server.shout(room, room, "customer", line.rstrip("\n"))


if __name__ == "__main__":
    main()
