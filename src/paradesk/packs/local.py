"""Reads a pack from this machine: a folder, or one zip of it."""

from pathlib import Path

from paradesk.packs.archive import read_zip, read_zip_file
from paradesk.packs.findings import Finding, finding
from paradesk.packs.tree import Tree, read_folder


def read_path(path: Path) -> tuple[Tree, list[Finding]]:
    """Read the folder or zip at a path. Never raises for what is there."""
    origin = str(path)
    if path.is_dir():
        return read_folder(path, origin)
    if not path.exists():
        return Tree({}, origin), [finding("P313", origin, 0, "there is no such file or folder")]
    content, found = read_zip_file(path)
    return (Tree({}, origin), found) if found else read_zip(content, origin)
