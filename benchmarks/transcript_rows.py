"""What a transcript costs: opening 10,000 messages, a flood at 30 paints a second, one message of 1 MB, paging up.

Run: python benchmarks/transcript_rows.py [messages]. Prints medians in milliseconds; drawing to the terminal is not in
them, only what the widget itself does.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Callable

from textual.app import App, ComposeResult

from paradesk.core.model import Conversation, ConversationId, Customer, Message, MessageId, Role
from paradesk.core.state import Thread
from paradesk.core.transcript import Transcript
from paradesk.ui.widgets.transcript import TranscriptView

CONVERSATION = ConversationId("bench/1")
TEXTS = (
    "where is my parcel? it says delivered but it is not here",
    "Ich kann mich seit heute Morgen nicht mehr anmelden, könnt ihr das bitte prüfen? " * 2,
    "ok",
    "请问我的订单什么时候到？我已经等了三天了 👍",
)


def message(number: int, body: str | None = None) -> Message:
    """Return one message of a lively chat."""
    role = Role.AGENT if number % 3 == 2 else Role.CUSTOMER
    return Message(
        id=MessageId(f"m{number}"),
        conversation_id=CONVERSATION,
        role=role,
        sender_id=role.value,
        sender_name="Sarah Chen" if role is Role.CUSTOMER else "Maria",
        body=TEXTS[number % len(TEXTS)] if body is None else body,
        sent_at=1_790_000_000.0 + number * 40,
        order_key=number,
    )


def thread(transcript: Transcript, conversation_id: str = CONVERSATION) -> Thread:
    """Return a thread with these messages."""
    conversation = Conversation(id=ConversationId(conversation_id), customer=Customer(id="c", name="Sarah Chen"))
    return Thread(conversation=conversation, transcript=transcript, history_complete=True)


def median_ms(action: Callable[[int], object], times: int) -> float:
    """Return how long an action takes, the median of so many times."""
    taken = []
    for number in range(times):
        start = time.perf_counter()
        action(number)
        taken.append(time.perf_counter() - start)
    return statistics.median(taken) * 1000


async def main(count: int) -> None:
    """Measure in one app of 100 × 45 cells."""

    class Bench(App[None]):
        def compose(self) -> ComposeResult:
            yield TranscriptView()

    app = Bench()
    async with app.run_test(size=(100, 45)):
        view = app.query_one(TranscriptView)
        region = view.size.region
        many = Transcript(message(number) for number in range(count))
        held = [many]

        def show(transcript: Transcript) -> None:
            view.show(thread(transcript))
            view.render_lines(region)

        def opening(number: int) -> None:
            view.show(thread(Transcript(), "bench/other"))
            show(many)

        def flood(number: int) -> None:
            for _ in range(17):
                held[0] = held[0].put(message(len(held[0])))
            show(held[0])

        def back(number: int) -> None:
            view.page_up()
            view.render_lines(region)

        print(f"open {count:,} messages      {median_ms(opening, 20):8.2f} ms")
        print(f"a paint with 17 new        {median_ms(flood, 100):8.2f} ms")
        print(f"the same, nothing new      {median_ms(lambda _: show(held[0]), 100):8.3f} ms")
        print(f"a page up                  {median_ms(back, 100):8.2f} ms")
        print(f"the flood while read back  {median_ms(flood, 100):8.2f} ms")
        print(f"find in {count:,} messages   {median_ms(lambda n: view.find('anmelden' + 'x' * (n % 2)), 10):8.2f} ms")
        view.clear_find()
        view.to_bottom()
        for label, body in (("ASCII", "x" * 1_000_000), ("CJK", "漢字" * 500_000), ("lines", "a\n" * 500_000)):
            big = held[0].put(message(9_999_999, body))
            start = time.perf_counter()
            show(big)
            print(f"one message of 1 MB, {label:5} {(time.perf_counter() - start) * 1000:8.2f} ms")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000))
