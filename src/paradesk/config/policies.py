"""The policies that hold under the agent's own settings: the team's, then those of installed packs."""

from dataclasses import dataclass
from pathlib import Path

from paradesk.core.toml import Document, TomlError, read_toml
from paradesk.packs.findings import finding
from paradesk.packs.shelf import Shelf


@dataclass(frozen=True, slots=True)
class FoundPolicy:
    """One policy file."""

    document: Document
    file: str
    """How provenance calls it."""


def team_folder(team: str, shelf: Shelf, beside: Path) -> Path | None:
    """Return the folder that `team` names, or None where it names an installed pack or nothing."""
    return beside / Path(team).expanduser() if team and team not in shelf.lock.packs else None


def read_policies(shelf: Shelf, team: str, beside: Path) -> list[FoundPolicy]:
    """Return the policies, the highest first. Never raises: what is wrong goes into the findings of the shelf."""
    found: list[FoundPolicy] = []
    folder = team_folder(team, shelf, beside)
    if folder is not None and (policy := _of_folder(folder, shelf)) is not None:
        found.append(policy)
    names = [name for name in reversed([*shelf.lock.packs]) if name != team]
    packs = [shelf.policy(name) for name in ([team, *names] if team in shelf.lock.packs else names)]
    return [*found, *(FoundPolicy(*pack) for pack in packs if pack is not None)]


def _of_folder(folder: Path, shelf: Shelf) -> FoundPolicy | None:
    from paradesk.packs.tree import MAX_FILE, read_plain

    path = folder / "policy.toml"
    if not folder.is_dir():
        message = "your team's pack is neither a folder nor the name of an installed pack"
        shelf.findings.append(finding("P313", str(folder), 0, message, "Correct `team` in config.toml."))
        return None
    try:
        return FoundPolicy(read_toml(read_plain(path, MAX_FILE)), str(path))
    except FileNotFoundError:
        return None
    except TomlError as error:
        shelf.findings.append(finding("P102", str(path), error.line, str(error)))
    except OSError as error:
        shelf.findings.append(finding("P313", str(path), 0, f"cannot be read: {error.strerror or error}"))
    return None
