"""A program with one composer that reports what it holds, one JSON object per line, to the descriptor it is given."""

import json
import os
import sys

from textual import events
from textual.app import App, ComposeResult

from paradesk.ui.input_guard import guarded_driver
from paradesk.ui.widgets.composer import Composer
from paradesk.ui.widgets.composer_rows import Target


class Program(App[None]):
    """Reports after every change, send and unhandled key."""

    def __init__(self, report: int) -> None:
        super().__init__(driver_class=guarded_driver())
        self.report = report
        self.sent: list[str] = []
        self.leftover: list[str] = []
        self.lost = 0

    def compose(self) -> ComposeResult:
        composer = Composer()
        composer.target = Target("Sarah Chen", "1245")
        yield composer

    def on_ready(self) -> None:
        self.query_one(Composer).focus()
        self.tell()

    def tell(self) -> None:
        text = self.query_one(Composer).text
        state = {
            "text": text[:5000],
            "length": len(text),
            "sent": self.sent,
            "leftover": self.leftover,
            "lost": self.lost,
            "size": [self.size.width, self.size.height],
        }
        os.write(self.report, json.dumps(state).encode() + b"\n")

    def on_composer_changed(self) -> None:
        self.tell()

    def on_composer_paste_cut(self, message: Composer.PasteCut) -> None:
        self.lost = message.lost
        self.tell()

    def on_composer_send_requested(self, message: Composer.SendRequested) -> None:
        self.sent.append(message.text)
        message.composer.accept_sent(message.text)

    def on_key(self, event: events.Key) -> None:
        self.leftover.append(event.key)
        self.tell()


if __name__ == "__main__":
    app = Program(int(sys.argv[1]))
    app.run()
    sys.exit(app.return_code)
