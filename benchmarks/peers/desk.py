"""Paradesk itself for the measurement: four panes of a preloaded, flooding simulator, in a throw-away directory.

Run: python -m benchmarks.peers.desk PRELOAD RATE
"""

import os
import shutil
import sys
import tempfile
from pathlib import Path


def main() -> int:
    """Open the desk as `paradesk demo` does, on four conversations of PRELOAD messages, RATE new ones a second."""
    directory = Path(tempfile.mkdtemp(prefix="paradesk-bench-"))
    for variable in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        os.environ[variable] = str(directory / variable.lower())
    from paradesk.cli.run import open_desk
    from paradesk.config.settings import load_settings
    from paradesk.config.state import mark_first_run_done
    from paradesk.connectors.registry import load_connector
    from paradesk.desk.desk import Profile

    simulator = load_connector("simulator")
    options = {"seed": "1", "preload": sys.argv[1], "flood": sys.argv[2]}
    try:
        mark_first_run_done()
        profile = Profile("bench", lambda: simulator(options))
        return open_desk([profile], directory=directory, settings=load_settings(), title="bench")
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
