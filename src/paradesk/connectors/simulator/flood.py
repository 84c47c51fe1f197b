"""A world for benchmarks: four conversations full of messages, and a steady stream of more."""

from paradesk.connectors.simulator.people import Cast
from paradesk.connectors.simulator.world import World
from paradesk.core.model import ConversationId, Status

CONVERSATIONS = 4
_TEXTS = (
    "ok",
    "The parcel was marked as delivered yesterday at noon, but nobody has rung and there is nothing at the door.",
    "Können Sie bitte noch einmal nachsehen? Die Bestellung ist vom letzten Dienstag, bezahlt habe ich mit Karte.",
    "https://shop.example/orders/A-20417?ref=mail",
    "I have tried it with the other browser as well: the page loads, asks for the code, then I am signed out again. "
    "It is the same on my phone. Yesterday evening everything still worked, I have not changed anything since then.",
    "你好，我的订单还没有到。",
    "Thanks!\nOne more question:\nis the invoice in the parcel?",
    "Ja, genau 👍",
)


class Flood:
    """Writes the same messages at the same rate in every run."""

    def __init__(self, world: World, *, rate: float, preload: int) -> None:
        self._world = world
        self._rate = rate
        self._preload = preload
        self._written = 0
        self._conversations: list[ConversationId] = []

    def begin(self) -> None:
        """Fill the conversations and let the stream begin."""
        cast = Cast(self._world.random, self._world.start)
        self._conversations = [
            self._world.begin(cast.next().customer, subject="Benchmark", status=Status.OPEN)
            for _ in range(CONVERSATIONS)
        ]
        self._world.recent = max(self._world.recent, self._preload)
        total = self._preload * CONVERSATIONS
        for number in range(total):
            self._write(float(number - total))
        if self._rate > 0:
            self._world.timeline.after(1 / self._rate, self._flow)

    def _flow(self) -> None:
        self._world.timeline.after(1 / self._rate, self._flow)
        self._write(None)

    def _write(self, moment: float | None) -> None:
        conversation_id = self._conversations[self._written % CONVERSATIONS]
        text = f"{self._written} {_TEXTS[self._written // CONVERSATIONS % len(_TEXTS)]}"
        self._world.customer_says(conversation_id, text, moment=moment)
        self._written += 1
