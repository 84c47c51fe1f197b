"""Who takes part while everything breaks: customers who write on, an agent at the keys, and who watches the screen."""

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.contract.matrix_backend import API, room_path
from tests.contract.synapse import Account, Synapse
from tests.e2e.reading import panes
from tests.e2e.terminal import Terminal

Line = tuple[str, str]
"""Who said it, and what."""

_WORDS = """
amber birch copper delta ember fennel garnet harbour indigo juniper kelp lantern maple
nectar onyx pebble quartz russet saffron thistle umber violet willow yarrow zinnia
anchor basalt cedar drizzle elm flint grove hazel iris jasper kite linen moss
nutmeg orchid pine quill reed slate timber urchin velvet wheat yew zephyr
"""
WORDS = _WORDS.split()


def call(server: Synapse, account: Account, method: str, path: str, body: object = None, **params: str) -> Any:
    """Ask the server itself, around the proxy, until it answers: it may be dead, asleep or busy meanwhile."""
    while True:
        try:
            answer = httpx.request(
                method,
                server.url + path,
                headers=account.headers,
                json=body,
                params=params,
                timeout=15,
                trust_env=False,
            )
        except httpx.HTTPError:
            time.sleep(0.3)
            continue
        if answer.status_code == 429:
            time.sleep(answer.json().get("retry_after_ms", 500) / 1000)
        elif answer.status_code >= 500:
            time.sleep(0.3)
        else:
            answer.raise_for_status()
            return answer.json()


def said(event: dict[str, Any]) -> Line | None:
    """Return what somebody said in an event, or None for anything else."""
    body = event.get("content", {}).get("body")
    return (event["sender"], body) if event["type"] == "m.room.message" and body is not None else None


def room_history(server: Synapse, account: Account, room: str) -> list[Line]:
    """Return everything that was said in a room, oldest first, as this account reads it."""
    events: list[dict[str, Any]] = []
    start: dict[str, str] = {}
    while True:
        page = call(server, account, "GET", room_path(room, "messages"), dir="b", limit="500", **start)
        events += page["chunk"]
        if "end" not in page or not page["chunk"]:
            return [line for event in reversed(events) if (line := said(event)) is not None]
        start = {"from": page["end"]}


class Voice(threading.Thread):
    """A customer who writes, one message after the other, until told to stop. Each is repeated until it is taken."""

    def __init__(self, server: Synapse, account: Account, room: str, name: str, seed: int) -> None:
        super().__init__(daemon=True)
        self.server, self.account, self.room, self.customer = server, account, room, name
        self.written: list[str] = []
        self._random = random.Random(seed)
        self._over = threading.Event()

    def run(self) -> None:
        """Write."""
        while not self._over.wait(self._random.uniform(0.4, 1.8)):
            number = len(self.written) + 1
            text = f"{self.customer} asks {number:04} {' '.join(self._random.sample(WORDS, 3))}"
            path = room_path(self.room, "send", "m.room.message", f"chaos{number}")
            call(self.server, self.account, "PUT", path, {"msgtype": "m.text", "body": text})
            self.written.append(text)

    def stop(self) -> None:
        """Finish the message that is on its way, and no other."""
        self._over.set()
        self.join()


class Ear(threading.Thread):
    """A customer's own stream, as another client shows it to them."""

    def __init__(self, server: Synapse, account: Account, room: str) -> None:
        super().__init__(daemon=True)
        self.server, self.account, self.room = server, account, room
        self.heard: list[Line] = []
        self._over = threading.Event()

    def run(self) -> None:
        """Listen."""
        limit = '{"room":{"timeline":{"limit":100},"state":{"lazy_load_members":true}}}'
        start: dict[str, str] = {}
        while True:
            ending = self._over.is_set()
            answer = call(
                self.server,
                self.account,
                "GET",
                f"{API}/sync",
                filter=limit,
                timeout="0" if ending else "2000",
                **start,
            )
            start = {"since": answer["next_batch"]}
            timeline = answer.get("rooms", {}).get("join", {}).get(self.room, {}).get("timeline", {})
            if timeline.get("limited") and self.heard:
                raise RuntimeError("the customer's own client has missed messages")
            self.heard += [line for event in timeline.get("events", []) if (line := said(event)) is not None]
            if ending and not timeline.get("events"):
                return

    def stop(self) -> None:
        """Listen to the end of what has been said."""
        self._over.set()
        self.join()


@dataclass
class Agent(threading.Thread):
    """Types answers with real keys into the running program, in two panes by turns, some of them in two goes."""

    terminal: Terminal
    seed: int
    accepted: dict[int, list[str]] = field(default_factory=lambda: {1: [], 2: []})
    """Per pane, what left the composer after Enter, in order."""
    begun: dict[int, str] = field(default_factory=dict)
    """Per pane, what was typed and not sent yet."""
    lost_drafts: list[str] = field(default_factory=list)
    trouble: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Become a thread that does not keep the program alive."""
        super().__init__(daemon=True)
        self._random = random.Random(self.seed)
        self._over = threading.Event()

    __hash__ = threading.Thread.__hash__

    def run(self) -> None:
        """Answer until told to stop."""
        while not self._over.wait(self._random.uniform(0.3, 1.5)):
            try:
                self._turn(self._random.choice((1, 2)))
            except AssertionError as error:
                self.trouble.append(str(error))
                return

    def stop(self) -> None:
        """Finish the answer that is being typed, and leave an unfinished one in each pane."""
        self._over.set()
        self.join()
        for number in (1, 2):
            if not self.trouble and number not in self.begun:
                self._begin(number)

    def _composer(self, number: int) -> str:
        return panes(self.terminal.screen())[number].words.partition("▶ to")[2]

    def _until(self, reached: Any, what: str) -> None:
        deadline = time.monotonic() + 30
        while not reached():
            if time.monotonic() > deadline:
                raise AssertionError(f"never seen: {what}\n{self.terminal.screen()}")
            time.sleep(0.1)

    def _go_to(self, number: int) -> None:
        self.terminal.press("C-x", str(number))
        self._until(lambda: f"active: {number} " in self.terminal.screen().splitlines()[0], f"pane {number} is active")

    def _begin(self, number: int) -> str:
        text = f"reply {len(self.accepted[number]) + 1:03} {' '.join(self._random.sample(WORDS, 2))}"
        self._go_to(number)
        self.terminal.type(text)
        self._until(lambda: text in self._composer(number), f"{text!r} in the composer")
        self.begun[number] = text
        return text

    def _turn(self, number: int) -> None:
        if "OFFLINE" in self.terminal.screen().partition("\n")[0] and self._random.random() < 0.3:
            self.terminal.press("C-x", "=")
        if number not in self.begun:
            self._begin(number)
            if self._random.random() < 0.3:
                # Left half-finished, whatever happens next.
                return
        self._go_to(number)
        text = self.begun[number]
        try:
            # A screen may be read while it is being painted.
            self._until(lambda: text in self._composer(number), f"the draft {text!r} in pane {number}")
        except AssertionError:
            self.lost_drafts.append(text)
            raise
        more = f" {self._random.choice(WORDS)}"
        self.terminal.type(more)
        self._until(lambda: text + more in self._composer(number), f"{text + more!r} in the composer")
        for _ in range(10):
            # The program may first show what has just come in, and want to be asked again.
            self.terminal.press("Enter")
            deadline = time.monotonic() + 3
            while time.monotonic() < deadline:
                if text not in self._composer(number):
                    del self.begun[number]
                    self.accepted[number].append(text + more)
                    return
                time.sleep(0.1)
        raise AssertionError(f"{text + more!r} is never accepted\n{self.terminal.screen()}")


class Watch(threading.Thread):
    """Looks at the status bar several times a second and notes when the connection is said to be down or up."""

    def __init__(self, terminal: Terminal) -> None:
        super().__init__(daemon=True)
        self._terminal = terminal
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._since: float | None = None
        self.online = False
        self.reconnects = 0
        self.longest_to_notice = 0.0
        self.noticed = 0
        self.unnoticed: list[str] = []

    def run(self) -> None:
        """Watch."""
        while not self._over.wait(0.25):
            top = self._terminal.screen().partition("\n")[0]
            now = time.monotonic()
            with self._lock:
                online = "● online" in top
                if self._since is not None and not online:
                    self.noticed += 1
                    self.longest_to_notice = max(self.longest_to_notice, now - self._since)
                    self._since = None
                self.reconnects += online and not self.online
                self.online = online

    def goes_dark(self) -> None:
        """From now on nothing gets through: note how long it takes until the screen says so."""
        with self._lock:
            self._since = time.monotonic() if self.online else None

    def is_light(self, what: str, bound: float) -> None:
        """Things get through again; a darkness longer than `bound` seconds that the screen never told is kept."""
        with self._lock:
            if self._since is not None and time.monotonic() - self._since > bound:
                self.unnoticed.append(what)
            self._since = None

    def wait_online(self, seconds: float) -> bool:
        """Wait until the connection stands; False when it does not within so many seconds."""
        deadline = time.monotonic() + seconds
        while not self.online and time.monotonic() < deadline:
            time.sleep(0.1)
        return self.online

    def stop(self) -> None:
        """Look no longer."""
        self._over.set()
        self.join()
