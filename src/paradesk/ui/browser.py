"""Gives a web address to the system's browser, after somebody has seen where it leads and said yes."""

import os
import shutil
import subprocess
import sys

from paradesk.core.addresses import target

_SECRETS = "PARADESK_"


def open_address(address: str) -> bool:
    """Start the browser without waiting for it; False when there is none, or the address is no web address.

    The address begins with `http`, so that no program can take it for an option, and no shell ever sees it. The
    program that is started does not get the variables that can hold secrets of ours.
    """
    program = shutil.which("open" if sys.platform == "darwin" else "xdg-open")
    if program is None or not address.lower().startswith(("http://", "https://")) or not target(address).openable:
        return False
    environment = {name: value for name, value in os.environ.items() if not name.startswith(_SECRETS)}
    try:
        subprocess.Popen(
            [program, address],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=environment,
        )
    except (OSError, ValueError):
        return False
    return True
