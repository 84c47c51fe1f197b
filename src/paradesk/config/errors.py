"""What is wrong with the configuration, said with the place and with what to do."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One finding; `line` is 0 where no single line is to blame (an environment variable, an option)."""

    place: str
    """A file, or what else said it, such as `PARADESK_THEME` or `--keymap`."""
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.place}:{self.line}: {self.message}" if self.line else f"{self.place}: {self.message}"


class ConfigError(Exception):
    """The configuration cannot be used; nothing was changed. The text is one line per problem."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
