"""Files of drafts after a restart."""

from pathlib import Path

from paradesk.core.model import LocalFile
from paradesk.ui.places import still_there


def local(path: Path) -> LocalFile:
    return LocalFile(str(path), path.name, "text/plain", 1)


def test_a_file_that_has_gone_is_told_apart(tmp_path: Path) -> None:
    here, gone = local(tmp_path / "here.txt"), local(tmp_path / "gone.txt")
    Path(here.path).write_text("x")
    assert still_there((here, gone), None) == ([here], [gone])
