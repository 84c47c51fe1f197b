"""The demo's temporary folder: named after its process, so that the next demo can remove what a killed one left."""

import os
import re
import shutil
import stat
import tempfile
from pathlib import Path

_NAME = "paradesk-demo-"
_OURS = re.compile(re.escape(_NAME) + r"(\d+)-\w+\Z")


def new_folder() -> Path:
    """Return a new folder that only its owner can read, for this process."""
    return Path(tempfile.mkdtemp(prefix=f"{_NAME}{os.getpid()}-"))


def sweep() -> None:
    """Remove the folders of this user's demos that no longer run; what cannot be removed stays, and nothing is said."""
    try:
        entries = list(os.scandir(tempfile.gettempdir()))
    except OSError:
        return
    for entry in entries:
        found = _OURS.match(entry.name)
        if found is None or _alive(int(found[1])):
            continue
        try:
            about = entry.stat(follow_symlinks=False)
        except OSError:
            continue
        # Others can create names like ours in a shared folder.
        if stat.S_ISDIR(about.st_mode) and about.st_uid == os.getuid():
            shutil.rmtree(entry.path, ignore_errors=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except OSError:
        pass
    return True
