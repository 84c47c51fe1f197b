"""Opens the workstation on configured profiles."""

import logging
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from paradesk.cli.failure import Failure, readable

if TYPE_CHECKING:
    from paradesk.canned import Library
    from paradesk.config.settings import Settings
    from paradesk.connectors.base import Connector
    from paradesk.desk.desk import Profile
    from paradesk.desk.log import Log
    from paradesk.keymap.keymap import Keymap
    from paradesk.ui.opening import Opening

_log = logging.getLogger(__name__)


def need_terminal() -> None:
    """Raise Failure unless a person sits in front of this program."""
    # The screen is drawn through standard error.
    for name, stream in (("input", sys.stdin), ("output", sys.stdout), ("error", sys.stderr)):
        if not stream.isatty():
            raise Failure(
                f"Paradesk needs a terminal, but standard {name} is redirected; run it in a terminal, tmux or ssh -t"
            )

    if os.environ.get("TERM") == "dumb":
        raise Failure("this terminal says that it can only print lines (TERM=dumb); run Paradesk in another one")
    encoding = (sys.__stderr__ or sys.stderr).encoding
    if encoding.lower().replace("-", "") != "utf8":
        raise Failure(f"Paradesk draws in UTF-8, but this terminal is set to {encoding}; try LC_ALL=C.UTF-8 paradesk")


def run(
    names: Sequence[str],
    *,
    keymap: str | None = None,
    theme: str | None = None,
    wrap: "Callable[[str, Connector], Connector] | None" = None,
) -> int:
    """Open these profiles, or all that are configured; returns the exit status.

    `wrap` puts a connector around that of each profile, whose name it is given.
    """
    from paradesk.config.places import journal_directory, private_directory
    from paradesk.config.settings import load_settings

    with readable():
        settings = load_settings(arguments={"keymap": keymap, "theme": theme})
        chosen = choose(settings, names)

        def profiles() -> "list[Profile]":
            from paradesk.cli.profiles import desk_profiles
            from paradesk.config.credentials import Credentials

            return desk_profiles([settings.profiles[name] for name in chosen], Credentials(), wrap)

        directory = private_directory(journal_directory())
        return open_desk(profiles, directory=directory, settings=settings, title=" + ".join(chosen))


def choose(settings: "Settings", names: Sequence[str]) -> list[str]:
    """Return the profiles to open, in order; raises Failure where there is none, or none of that name."""
    if not settings.profiles:
        raise Failure(
            f"no profile is configured in {settings.path}\n"
            "`paradesk demo` shows Paradesk with simulated customers; `paradesk profile add` sets up a chat backend"
        )
    for name in names:
        if name not in settings.profiles:
            known = ", ".join(settings.profiles)
            raise Failure(f"there is no profile {name!r} in {settings.path}; there are {known}")
    return list(dict.fromkeys(names)) or list(settings.profiles)


def open_desk(profiles: "Callable[[], Sequence[Profile]]", *, directory: Path, settings: "Settings", title: str) -> int:
    """Hand over to the screen, which has everything loaded behind its first frame; returns the exit status.

    Raises Failure without a terminal and for a journal that cannot be used, KeymapError or ConfigError for a bad keymap,
    and what `profiles` raises.
    """
    from paradesk.config.places import state_directory

    problems: list[str] = []

    def library() -> "tuple[Library, Sequence[str]]":
        from paradesk.config.responses import load_responses
        from paradesk.core.text import clean_line

        found, findings = load_responses(settings)
        # It is read again when the agent writes one: what was wrong before may be right now.
        problems[:] = [clean_line(line, 400) for line in findings]
        return found, tuple(problems)

    def opening() -> "Opening":
        from paradesk.desk.desk import Desk
        from paradesk.desk.log import Log
        from paradesk.ui.opening import Opening

        log = Log(state_directory(), settings.log_level)
        log.start()
        begun.append(log)
        log_start(settings)
        keymaps = _keymaps(settings)
        desk = Desk(profiles(), directory, resend_once=settings.resend_once)
        desk.start()
        return Opening(desk, directory, settings, keymaps, library, title, pack_notices(settings))

    try:
        need_terminal()
    except Failure:
        # What is wrong with the configuration matters more.
        _keymaps(settings)
        profiles()
        raise
    from paradesk.ui.run import run_app

    begun: list[Log] = []
    try:
        status = run_app(opening, theme=settings.theme)
        _log.info("ended with status %d", status)
        return status
    except Exception as error:
        _log.error("could not be opened", exc_info=error)
        raise _readable_journal(error) from error
    finally:
        for log in begun:
            log.stop()
        # The screen is drawn through standard error; what is written there before it ends is not seen.
        for problem in problems:
            click.echo(f"paradesk: {problem}", err=True)


def log_start(settings: "Settings") -> None:
    """Log what a supporter asks first: versions, terminal, and which connectors are configured."""
    import platform
    from importlib.metadata import version

    from paradesk import __version__

    libraries = ", ".join(f"{name} {version(name)}" for name in ("textual", "httpx", "websockets"))
    _log.info("started: paradesk %s, python %s, %s", __version__, platform.python_version(), libraries)
    terminal = " ".join(filter(None, map(os.environ.get, ("TERM", "COLORTERM", "TERM_PROGRAM"))))
    _log.info("on %s %s, terminal %s", platform.system(), platform.release(), terminal)
    for profile in settings.profiles.values():
        _log.info("profile %s: connector %s", profile.name, profile.connector)


def pack_notices(settings: "Settings") -> list[tuple[str, str]]:
    """Return what the agent is to be told about packs at this start, with how grave it is; and remember it as told."""
    from paradesk.config.state import packs_of_last_start, remember_packs
    from paradesk.packs.shelf import changed_since

    shelf = settings.shelf
    notices = [(str(finding), "warning") for finding in shelf.findings]
    notices += [(notice, "warning") for notice in settings.notices]
    before = packs_of_last_start()
    # An unreadable lock is no sign that packs went away: what was seen last stays remembered.
    if not any(finding.code == "P404" for finding in shelf.findings):
        now = shelf.versions()
        if line := changed_since(before, now):
            notices.append((line, "information"))
        if now != before:
            remember_packs(now)
    return notices


def _keymaps(settings: "Settings") -> "list[Keymap]":
    from paradesk.config.keymaps import load_keymaps
    from paradesk.keymap.layers import merge

    keymaps = load_keymaps(settings)
    merge(keymaps)
    return keymaps


def _readable_journal(error: Exception) -> Exception:
    from paradesk.core.text import clean_line
    from paradesk.desk.desk import JournalError

    return Failure(clean_line(str(error), 600)) if isinstance(error, JournalError) else error
