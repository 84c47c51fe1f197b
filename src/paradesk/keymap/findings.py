"""What is wrong with a keymap, said with the place where it stands."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How grave a finding is. Only errors keep a keymap from being used."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding; `line` counts from 1, and is 0 where no single line is to blame."""

    file: str
    line: int
    code: str
    """Stable short name of the rule, such as `unknown-action`."""
    message: str
    level: Level = Level.ERROR

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}" if self.line else self.file
        return f"{place}: {self.message}"


class KeymapError(Exception):
    """A keymap cannot be used. `findings` says why, each with its file and line; the text is one line per finding."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))
