"""Where files of this user lie: configuration, journal, state."""

import os
import stat
from pathlib import Path

import platformdirs


def config_directory() -> Path:
    """Return the folder of `config.toml`, `keymap.toml` and `credentials`; `PARADESK_CONFIG_DIR` moves it."""
    moved = os.environ.get("PARADESK_CONFIG_DIR")
    return Path(moved).expanduser() if moved else platformdirs.user_config_path("paradesk", appauthor=False)


def state_directory() -> Path:
    """Return the folder of what must survive a restart; `PARADESK_STATE_DIR` moves it."""
    moved = os.environ.get("PARADESK_STATE_DIR")
    return Path(moved).expanduser() if moved else platformdirs.user_state_path("paradesk", appauthor=False)


def data_directory() -> Path:
    """Return the folder of what can be fetched again, such as installed packs; `PARADESK_DATA_DIR` moves it."""
    moved = os.environ.get("PARADESK_DATA_DIR")
    return Path(moved).expanduser() if moved else platformdirs.user_data_path("paradesk", appauthor=False)


def packs_directory() -> Path:
    """Return the folder of installed packs; `packs.lock` beside config.toml says which of them are used."""
    return data_directory() / "packs"


def journal_directory() -> Path:
    """Return the folder of the journal. One for all profiles: its ids carry the profile's name."""
    return state_directory() / "desk"


def private_directory(path: Path) -> Path:
    """Make a folder that only this user can enter, with its parents; raises OSError.

    One that is there is closed to others as well, unless it plainly serves more than Paradesk.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = path.stat().st_mode
    shared = mode & stat.S_ISVTX or path.resolve() in (Path.home(), Path(path.anchor))
    if mode & 0o077 and not shared:
        path.chmod(0o700)
    return path
