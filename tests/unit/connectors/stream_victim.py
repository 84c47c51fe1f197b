"""A desk with a Matrix profile in a process of its own, to be killed.

`python -m tests.unit.connectors.stream_victim DIRECTORY MESSAGES`

Its homeserver is a function: message n of one room is always the same, and the token in the stream is the number of the
last one. It prints the number of messages that the desk shows, and ends when all of them are committed.
"""

import asyncio
import sys
import time
from pathlib import Path

import httpx

from paradesk.connectors.matrix import MatrixConnector
from paradesk.core.model import Role
from paradesk.desk.desk import Desk, Profile

ROOM = "!room:x"
CHAT = f"acme/{ROOM}"
SETTINGS = {"homeserver": "https://matrix.example.org", "token": "syt_token"}


def body(number: int) -> str:
    """Return what message `number` says."""
    return f"message {number}"


def event(number: int) -> dict[str, object]:
    """Return message `number` as the homeserver tells it."""
    return {
        "type": "m.room.message",
        "event_id": f"$e{number}",
        "sender": "@anna:x",
        "origin_server_ts": 1_700_000_000_000 - number,
        "content": {"msgtype": "m.text", "body": body(number)},
    }


class Home(httpx.AsyncBaseTransport):
    """Tells up to three messages at a time, to whoever asks from any place."""

    def __init__(self, messages: int) -> None:
        self._messages = messages

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer."""
        path = request.url.path
        content: dict[str, object] = {}
        if path.endswith("/whoami"):
            content = {"user_id": "@robin:x"}
        elif path.endswith("/sync"):
            content = await self._sync(request.url.params.get("since"))
        return httpx.Response(200, stream=httpx.ByteStream(httpx.Response(200, json=content).content))

    async def _sync(self, since: str | None) -> dict[str, object]:
        start = 0 if since is None else int(since)
        if start >= self._messages:
            await asyncio.sleep(0.05)
        end = min(self._messages, start + 3)
        events = [event(number) for number in range(start + 1, end + 1)]
        room = {"timeline": {"events": events, "limited": False, "prev_batch": str(start)}}
        return {"next_batch": str(end), "rooms": {"join": {ROOM: room}}}


def main() -> None:
    """Receive until killed, or to the end."""
    directory, messages = Path(sys.argv[1]), int(sys.argv[2])
    desk = Desk([Profile("acme", lambda: MatrixConnector(SETTINGS, transport=Home(messages)))], directory)
    desk.start()
    seen = -1
    while seen < messages:
        thread = next((thread for where, thread in desk.state.threads.items() if where == CHAT), None)
        count = 0 if thread is None else sum(one.role is Role.CUSTOMER for one in thread.transcript)
        if count != seen:
            seen = count
            print(seen, flush=True)
        time.sleep(0.002)
    desk.stop(5.0)


if __name__ == "__main__":
    main()
