"""What this user has seen already: not a setting, and never worth a failure."""

import contextlib

from paradesk.config.places import private_directory, state_directory

_FIRST_RUN = "first-run-done"


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
