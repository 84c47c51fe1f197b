"""The workstation on a backend of the torture package: its directory and the backend's address are the arguments."""

import os
import sys
from pathlib import Path

from paradesk.canned import Library
from paradesk.config.settings import Settings
from paradesk.config.shipped import shipped
from paradesk.config.state import mark_first_run_done
from paradesk.connectors.capabilities import Idempotency
from paradesk.desk.desk import Desk, Profile
from paradesk.keymap.keymap import Layer
from paradesk.keymap.loader import load_keymap
from paradesk.ui.opening import Opening
from paradesk.ui.run import run_app
from tests.e2e.torture.connector import TortureConnector


def main() -> int:
    """Run it."""
    directory, address = Path(sys.argv[1]), sys.argv[2]
    os.environ["PARADESK_STATE_DIR"] = str(directory)
    mark_first_run_done()
    settings = {"address": address, "mode": Idempotency.EXACT.value, "deadline": "30"}

    def opening() -> Opening:
        keymap = load_keymap(shipped("keymaps") / "default.toml", Layer.DEFAULT)
        desk = Desk([Profile("shop", lambda: TortureConnector(settings))], directory)
        desk.start()
        return Opening(desk, directory, Settings(), [keymap], Library(), "shop")

    return run_app(opening)


if __name__ == "__main__":
    sys.exit(main())
