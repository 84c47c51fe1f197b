"""Reads a screen as an agent does: which panes there are, who is in them, and what stands in each."""

import re
from dataclasses import dataclass

from rich.cells import cell_len

_MARK = re.compile(r"[━─](▶| ) ?([1-6]) [━─] (.*)")


@dataclass(frozen=True, slots=True)
class PaneSeen:
    """One pane as it stands on the screen."""

    number: int
    active: bool
    """Its frame is heavy."""
    title: str
    """What stands behind the number in the upper edge."""
    rows: tuple[str, ...]
    """What stands inside the frame, row by row."""
    foot: str

    @property
    def text(self) -> str:
        """All rows."""
        return "\n".join(self.rows)

    @property
    def words(self) -> str:
        """All rows as one line without the edges of messages, so that wrapped text can be looked for."""
        return " ".join(" ".join(re.sub(r"^[┃│╎║╓╙┇·]+", "", row) for row in self.rows).split())

    @property
    def name(self) -> str:
        """The customer's name."""
        return re.split(r" [━─#]", self.title)[0].strip(" ━─≈")


def _cells(row: str, width: int) -> list[str]:
    """One string for each cell; the second cell of a wide character is empty."""
    cells: list[str] = []
    for character in row:
        size = cell_len(character)
        if size == 0 and cells:
            cells[-1] += character
        else:
            cells += [character, *[""] * (size - 1)]
    return cells + [" "] * (width - len(cells))


class Panes(dict[int, PaneSeen]):
    """Panes by number; one that cannot be seen, because a dialog covers it, is empty."""

    def __missing__(self, number: int) -> PaneSeen:
        return PaneSeen(number, False, "", (), "")


def panes(screen: str) -> Panes:
    """Return the panes on the screen."""
    lines = screen.splitlines()
    width = max((cell_len(line) for line in lines), default=0)
    grid = [_cells(line, width) for line in lines]
    found = Panes()
    for top, row in enumerate(grid):
        for left, cell in enumerate(row):
            if cell not in ("┏", "┌"):
                continue
            closing = "┓" if cell == "┏" else "┐"
            right = next((x for x in range(left + 1, width) if row[x] == closing), None)
            if right is None or (mark := _MARK.match("".join(row[left + 1 : right]))) is None:
                continue
            bottom = next((y for y in range(top + 1, len(grid)) if grid[y][left] in ("┗", "└")), len(grid))
            inside = tuple("".join(grid[y][left + 1 : right]).rstrip() for y in range(top + 1, bottom))
            foot = "".join(grid[bottom][left + 1 : right]) if bottom < len(grid) else ""
            number = int(mark[2])
            found[number] = PaneSeen(number, cell == "┏", mark[3].rstrip("━─ "), inside, foot)
    return found


def active(screen: str) -> PaneSeen | None:
    """Return the pane with the heavy frame."""
    return next((pane for pane in panes(screen).values() if pane.active), None)
