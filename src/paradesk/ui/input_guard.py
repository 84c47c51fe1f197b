"""A terminal driver whose input cannot crash the app, press its keys by a paste, or type a terminal's replies.

It replaces one method of Textual's driver, `run_input_thread`; `PARADESK_STOCK_INPUT=1` brings Textual's own back. It
also takes the short way in and out: a key without a task of its own, an update in one piece.
"""

import os
import selectors
import signal
import sys
import time
from codecs import getincrementaldecoder
from typing import TYPE_CHECKING

from paradesk.parent import life_line, mark
from paradesk.ui.input_sieve import InputSieve, Keys, Pasted, Piece

if TYPE_CHECKING:
    from textual.driver import Driver

STOCK_INPUT = "PARADESK_STOCK_INPUT"
"""Environment variable: `1` leaves the terminal's input to Textual."""

_READ = 65_536
_UPDATE_BEGINS = "\x1b[?2026h"
_LONGEST_WAIT = 0.1


def guarded_driver() -> "type[Driver] | None":
    """The `driver_class` for an app; None where Textual should choose: switched off, another system, another driver."""
    if os.environ.get(STOCK_INPUT) == "1" or os.environ.get("TEXTUAL_DRIVER") or sys.platform == "win32":
        return None
    return _make_driver()


def _make_driver() -> "type[Driver]":
    from textual import events
    from textual._xterm_parser import XTermParser
    from textual.drivers.linux_driver import LinuxDriver
    from textual.message import Message

    class GuardedDriver(LinuxDriver):
        """Textual's driver with a sieve between the terminal and the key parser."""

        _update: list[str] | None = None
        """What has been written of the synchronized update that is under way."""

        _inside = False
        """Whether the terminal is in the program's modes."""
        _stopped = False
        _mute = False

        def start_application_mode(self) -> None:
            """Take the terminal over."""
            mark(entered=True)
            super().start_application_mode()  # type: ignore[no-untyped-call]
            self._inside = True

        def close(self) -> None:
            """Write what is left; the terminal is its owner's again."""
            super().close()
            self._inside = False
            mark(entered=False)

        def _sigtstp_application(self, *_: object) -> None:
            if self._inside:
                self._leave()
            os.kill(os.getpid(), signal.SIGSTOP)

        def _sigcont_application(self, *_: object) -> None:
            """Come back also from a stop that nobody announced, after which a shell has used the terminal."""
            if self._inside:
                # A parent has put the terminal right already; a second time would be one too many.
                self._mute = life_line() is not None
                self._leave()
                self._mute = False
            if self._stopped:
                self._stopped = False
                self.resume_application_mode()
                self._loop.call_soon_threadsafe(lambda: self._app.refresh(layout=True))

        def _leave(self) -> None:
            self._stopped = True
            if (leave := getattr(self._app, "leave_terminal", None)) is not None:
                leave()
            self.suspend_application_mode()
            self._must_signal_resume = True

        def send_message(self, message: Message) -> None:
            """Put a message into the app's queue."""
            try:
                self._loop.call_soon_threadsafe(self._app.post_message, message)
            except RuntimeError:  # the loop has ended, and nobody reads keys any more
                pass

        def write(self, data: str) -> None:
            """Write; an update only when it is whole, because each write wakes the thread that passes it on."""
            if self._mute:
                return
            if self._update is not None:
                self._update.append(data)
            elif data == _UPDATE_BEGINS:
                self._update = [data]
            else:
                super().write(data)

        def flush(self) -> None:
            """Write the update that was gathered."""
            update, self._update = self._update, None
            if update is not None:
                super().write("".join(update))
            super().flush()

        def run_input_thread(self) -> None:
            """Read until the app ends or the terminal is gone."""
            sieve = InputSieve(time.monotonic)
            decode = getincrementaldecoder("utf-8")("replace").decode
            self._parser = XTermParser(self._debug)
            with selectors.SelectSelector() as selector:
                selector.register(self.fileno, selectors.EVENT_READ)
                while not self.exit_event.is_set():
                    if selector.select(min(sieve.wait() or _LONGEST_WAIT, _LONGEST_WAIT)):
                        try:
                            data = os.read(self.fileno, _READ)
                        except OSError:
                            data = b""
                        if not data:
                            self._input_ended()
                            return
                        self._overhear(data)
                        self._pass_on(sieve.feed(decode(data)))
                    else:
                        self._pass_on(sieve.tick())
                    for event in self._parser.tick():
                        self.process_message(event)

        def _overhear(self, data: bytes) -> None:
            """Let an app that looks at the keyboard itself have the bytes, before anything is made of them."""
            if (overhear := getattr(self._app, "overhear", None)) is not None:
                self._loop.call_soon_threadsafe(overhear, data)

        def _pass_on(self, pieces: list[Piece]) -> None:
            for piece in pieces:
                if isinstance(piece, Pasted):
                    self.process_message(events.Paste(piece.text))
                elif isinstance(piece, Keys):
                    self._parse(self._parser, piece.data)
                else:
                    # A parser that is told that no more will come takes an unfinished sequence for keys at once.
                    apart = XTermParser()
                    self._parse(apart, piece.data)
                    self._parse(apart, "")

        def _parse(self, parser: XTermParser, data: str) -> None:
            try:
                for event in parser.feed(data):
                    self.process_message(event)
            except Exception:
                # A parser that has raised never parses again.
                fresh = XTermParser(self._debug)
                fresh.last_x, fresh.last_y = parser.last_x, parser.last_y
                fresh.mouse_pixels = parser.mouse_pixels
                fresh.terminal_size, fresh.terminal_pixel_size = parser.terminal_size, parser.terminal_pixel_size
                self._parser = fresh

        def _input_ended(self) -> None:
            """End the app, and this thread with it: nobody may be left to tell it that it should stop.

            Without this, reading a terminal that is gone returns at once for ever and takes a whole processor.
            """
            if self.input_tty and not self._loop.is_closed():
                self._loop.call_soon_threadsafe(lambda: self._app.exit(return_code=129))

    return GuardedDriver
