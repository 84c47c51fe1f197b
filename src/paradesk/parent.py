"""A small parent of the program: it stays behind to put the terminal right, however the program dies.

Loaded before everything else and light for that reason: it never imports more than the interpreter has at hand. The
child that it forks is the program; the parent passes signals and job control on, and the exit status back.
"""

import contextlib
import errno
import fcntl
import os
import signal
import termios
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

ALONE = "PARADESK_NO_SUPERVISOR"
"""Environment variable: `1` runs the program without a parent."""

ENDINGS = (signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT)
"""Signals that end the program: state flushed, terminal restored, status 128 + n, never a core."""

RESET = (
    # ST first: what was cut off in the middle of a sequence ends here. Keyboard modes belong to the alternate screen.
    b"\x1b\\\x1b[?2026l\x1b[<u"
    b"\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?1004l\x1b[?2004l\x1b[?2048l"
    b"\x1b]22;default\x1b\\\x1b]2;\x1b\\\x1b[23;2t\x1b[?7h\x1b[?1049l\x1b[0m\x1b[?25h"
)
"""Switches off every mode that the program can have left on, and leaves the alternate screen."""

_SUBCOMMANDS = ("demo",)
_STOP_BY_ITSELF = 0.3
"""Seconds in which a child that got the stop from the terminal as well has stopped without being told."""
_LONGEST_SWALLOW = 0.4

_links: dict[str, int] = {}


def wants_parent(arguments: Sequence[str]) -> bool:
    """Say whether these arguments open the workstation on a terminal, and nobody has asked for it to be alone."""
    if os.environ.get(ALONE) == "1" or {"-h", "--help", "-V", "--version"} & set(arguments):
        return False
    if arguments and not arguments[0].startswith("-") and arguments[0] not in _SUBCOMMANDS:
        return False
    return all(os.isatty(descriptor) for descriptor in (0, 1, 2))


def stay_behind(*, kept: bool) -> None:
    """Fork: returns in the child, which goes on as the program; the parent never returns.

    `kept` says whether drafts and replies outlive the program, for the line that is printed when it is killed. Where
    no process can be had the program runs without a parent.
    """
    attributes = modes()
    # Where whoever started us ignores it, the child's status would be lost.
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    watched = {*ENDINGS, signal.SIGCHLD, signal.SIGCONT, signal.SIGTSTP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, watched)
    life, marks, parent = os.pipe(), os.pipe(), os.getpid()
    try:
        child = os.fork()
    except OSError:
        for descriptor in (*life, *marks):
            os.close(descriptor)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    if child == 0:
        os.close(life[1])
        os.close(marks[0])
        _links.update(life=life[0], marks=marks[1], parent=parent)
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return
    os.close(life[0])
    os.close(marks[1])
    try:
        status = _look_after(child, attributes, marks[0], watched, kept=kept)
    except BaseException:
        # The child notices by the end of its pipe, and ends as if the terminal had gone.
        os._exit(1)
    os._exit(status)


def life_line() -> int | None:
    """Return the descriptor that comes to its end when the parent is gone; None without a parent."""
    return _links.get("life")


def is_there() -> bool:
    """Say whether a parent stands behind this process that will put the terminal right."""
    return os.getppid() == _links.get("parent")


def mark(*, entered: bool) -> None:
    """Tell the parent that the terminal's modes are being changed, or have been put back."""
    if (descriptor := _links.get("marks")) is not None:
        with contextlib.suppress(OSError):
            os.write(descriptor, b"e" if entered else b"c")


def end_early() -> None:
    """Until the program can end in an orderly way, let each ending signal end it at once: nothing has been typed."""

    def end(number: int, _frame: object) -> NoReturn:
        os._exit(128 + number)

    for number in ENDINGS:
        signal.signal(number, end)


def modes() -> list[Any] | None:
    """Return the terminal's attributes as `put_back` takes them; None where there is no terminal."""
    try:
        return termios.tcgetattr(0)
    except (termios.error, ValueError, OSError):
        return None


def put_back(attributes: list[Any] | None, *, sequences: bool) -> None:
    """Give the terminal its attributes back and, with `sequences`, switch off every mode; never waits for it.

    Only where this process is in front, or nobody is: the terminal may be somebody else's by now.
    """
    if attributes is None:
        return
    try:
        if _in_front() not in (os.getpgrp(), None):
            return
        if sequences:
            # Where nobody reads, what is still on its way would keep the end from coming through.
            termios.tcflush(0, termios.TCOFLUSH)
            _write(RESET)
            _swallow_input()
        termios.tcsetattr(0, termios.TCSANOW, attributes)
    except (termios.error, OSError):
        pass


def _in_front() -> int | None:
    """Return the process group that the terminal belongs to, or None where its session has ended with its leader."""
    try:
        return os.tcgetpgrp(0)
    except OSError as error:
        if error.errno == errno.ENOTTY:
            return None
        raise


def _swallow_input() -> None:
    """Drop keys and pastes that are still coming: what was meant for a customer must not become a shell's commands."""
    until, quiet = time.monotonic() + _LONGEST_SWALLOW, 0
    while quiet < 2 and time.monotonic() < until:
        waiting = fcntl.ioctl(0, termios.FIONREAD, b"\0" * 4)
        quiet = 0 if any(waiting) else quiet + 1
        termios.tcflush(0, termios.TCIFLUSH)
        time.sleep(0.02)


def _write(text: bytes) -> None:
    """Write to the terminal through a descriptor of our own: the shared one must not become non-blocking."""
    try:
        descriptor = os.open(os.ttyname(0), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError:
        return
    try:
        with contextlib.suppress(OSError):
            os.write(descriptor, text)
    finally:
        os.close(descriptor)


def _look_after(
    child: int, attributes: list[Any] | None, marks: int, watched: set[signal.Signals], *, kept: bool
) -> int:
    """Stand between the shell and the child until the child has ended; returns the exit status."""
    os.set_blocking(marks, False)
    entered = False
    while True:
        number = signal.sigwait(watched)
        if number in ENDINGS:
            _send(child, number)
        elif number == signal.SIGTSTP:
            until = time.monotonic() + _STOP_BY_ITSELF
            while (ended := _state(child)) is None and time.monotonic() < until:
                time.sleep(0.01)
            if ended is None:
                _send(child, signal.SIGTSTP)
            elif ended[0] == "stopped":
                _stop_too(child, attributes, entered=_entered(marks, entered))
        while (change := _state(child)) is not None:
            entered = _entered(marks, entered)
            if change[0] == "stopped":
                _stop_too(child, attributes, entered=entered)
            elif change[0] == "ended":
                return _last_words(change[1], attributes, entered=entered, kept=kept)


def _send(child: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, number)


def _state(child: int) -> tuple[str, int] | None:
    """Return what has become of the child since the last call: ("stopped", signal), ("ended", status) or None."""
    try:
        found, status = os.waitpid(child, os.WNOHANG | os.WUNTRACED)
    except ChildProcessError:
        return "ended", 0
    if not found:
        return None
    return ("stopped", os.WSTOPSIG(status)) if os.WIFSTOPPED(status) else ("ended", os.waitstatus_to_exitcode(status))


def _entered(marks: int, entered: bool) -> bool:
    with contextlib.suppress(BlockingIOError):
        while data := os.read(marks, 4096):
            entered = data.endswith(b"e")
    return entered


def _stop_too(child: int, attributes: list[Any] | None, *, entered: bool) -> None:
    """Stop as the child has stopped, so that the shell takes over; when the shell brings us back, so is the child."""
    if entered:
        put_back(attributes, sequences=True)
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(0.05)
    # A shell continues the whole group; the child must not be continued twice.
    try:
        found, _status = os.waitpid(child, os.WNOHANG | os.WCONTINUED)
    except ChildProcessError:
        return
    if not found:
        _send(child, signal.SIGCONT)


def _last_words(status: int, attributes: list[Any] | None, *, entered: bool, kept: bool) -> int:
    """Put the terminal right where the child could not, say what happened, and return the exit status."""
    put_back(attributes, sequences=entered)
    if status >= 0:
        return status
    if -status not in ENDINGS or entered:
        what = "was killed" if -status == signal.SIGKILL else f"was ended by {signal.Signals(-status).name}"
        more = "drafts and replies are kept; start it again" if kept else "start it again"
        _write(f"paradesk {what}; {more}\r\n".encode())
    return 128 - status


def supervised(program: Callable[[], int], *, kept: bool = True) -> int:
    """Run a program of one's own below a parent, as `main` does it; returns its status, in the child."""
    stay_behind(kept=kept)
    end_early()
    return program()


def session(arguments: Sequence[str]) -> None:
    """Called by `main` before anything is imported: goes on in a child where the arguments open the workstation."""
    if wants_parent(arguments):
        # An interrupt would otherwise show where the interpreter was.
        end_early()
        stay_behind(kept=arguments[:1] != ["demo"])
