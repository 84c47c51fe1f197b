"""What this user has seen already: not a setting, and never worth a failure."""

import contextlib
import json
from collections.abc import Mapping

from paradesk.config.places import private_directory, state_directory

_FIRST_RUN = "first-run-done"
_PACKS = "packs-seen.json"
_MAX_BYTES = 256 * 1024


def first_run_done() -> bool:
    """Tell whether the first-run screen has been shown to this user."""
    try:
        return (state_directory() / _FIRST_RUN).exists()
    except OSError:
        return False


def mark_first_run_done() -> None:
    """Remember that the first-run screen was shown; where that cannot be written it will be shown again."""
    with contextlib.suppress(OSError):
        (private_directory(state_directory()) / _FIRST_RUN).touch(mode=0o600)


def packs_of_last_start() -> dict[str, str]:
    """Return the packs of the last start, as `Shelf.versions` gave them; empty where nothing is known."""
    try:
        with (state_directory() / _PACKS).open("rb") as stream:
            found = json.loads(stream.read(_MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    sound = isinstance(found, dict) and all(isinstance(value, str) for value in found.values())
    return found if sound else {}


def remember_packs(packs: Mapping[str, str]) -> None:
    """Remember the packs of this start; where that cannot be written they are shown again."""
    from paradesk.config.edit import write_private

    with contextlib.suppress(OSError):
        write_private(private_directory(state_directory()) / _PACKS, json.dumps(dict(packs)).encode())
