"""Finds what ships beside the code: keymaps and canned responses."""

from pathlib import Path
from typing import Literal

import paradesk

Kind = Literal["keymaps", "canned_responses"]


def shipped(kind: Kind) -> Path:
    """Return the folder, inside an installed package or at the top of a checkout; raises FileNotFoundError."""
    package = Path(paradesk.__file__).resolve().parent
    for folder in (package / "shipped" / kind, package.parents[1] / kind):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the {kind} of Paradesk are missing beside {package}; install Paradesk again")
