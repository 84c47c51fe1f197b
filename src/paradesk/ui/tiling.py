"""Where everything stands in a terminal of a given size. Pure: sizes in, rectangles out."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import Literal, NamedTuple, TypeVar

MIN_SCREEN_WIDTH, MIN_SCREEN_HEIGHT = 40, 10
"""Below this nothing useful can be drawn; the screen says so instead."""
MIN_PANE_WIDTH, MIN_PANE_HEIGHT = 38, 14
"""What a pane needs to be readable beside others; a pane that stands alone may be smaller."""
MAX_PANES = 6
HOTLIST_WIDTH = 26
WIDE_HOTLIST_WIDTH = 32
PANEL_WIDTH = 32
ROOMY_COLUMN = 56
"""From this width three panes stand in three columns rather than two and one."""

Direction = Literal["left", "right", "up", "down"]
T = TypeVar("T")


class Box(NamedTuple):
    """A rectangle in cells."""

    x: int
    y: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Columns:
    """How the width of the body is shared: widths in cells, 0 for what is not shown."""

    hotlist: int
    workspace: int
    panel: int


def too_small(width: int, height: int) -> bool:
    """Say whether a terminal of this size can show even one chat."""
    return width < MIN_SCREEN_WIDTH or height < MIN_SCREEN_HEIGHT


def docks_hotlist(width: int) -> bool:
    """Say whether the hotlist has a place of its own; on narrower terminals it comes when called and goes again."""
    return width - HOTLIST_WIDTH >= 2 * MIN_PANE_WIDTH - 4


def share_width(width: int, *, hotlist: bool, panel: bool) -> Columns:
    """Share the width of the body between hotlist, panes and customer panel. The panes always keep room for one."""
    hotlist_width = (WIDE_HOTLIST_WIDTH if width >= 160 else min(HOTLIST_WIDTH, width // 2)) if hotlist else 0
    panel_width = min(PANEL_WIDTH, width // 2) if panel else 0
    if hotlist_width and panel_width and width - hotlist_width - panel_width < MIN_PANE_WIDTH:
        panel_width = 0
    return Columns(hotlist_width, width - hotlist_width - panel_width, panel_width)


def grid(count: int, width: int, height: int) -> list[int]:
    """Return how many panes each row holds, for at most `count` panes that are readable in this space."""
    most_columns = max(1, width // MIN_PANE_WIDTH)
    most_rows = max(1, height // MIN_PANE_HEIGHT)
    count = max(1, min(count, most_columns * most_rows, MAX_PANES))
    columns = {1: 1, 2: 2, 3: 3 if width >= 3 * ROOMY_COLUMN else 2, 4: 2, 5: 3, 6: 3}[count]
    columns = min(columns, most_columns)
    rows = ceil(count / columns)
    while rows > most_rows:
        columns += 1
        rows = ceil(count / columns)
    base, more = divmod(count, rows)
    return [base + (row < more) for row in range(rows)]


def capacity(width: int, height: int) -> int:
    """Return how many panes are readable at once in a workspace of this size (at least one)."""
    return sum(grid(MAX_PANES, width, height))


def arrange(count: int, width: int, height: int) -> list[Box]:
    """Return the rectangles of `count` panes in reading order; fewer where not all of them are readable."""
    rows = grid(count, width, height)
    boxes: list[Box] = []
    for row, in_row in enumerate(rows):
        top, bottom = height * row // len(rows), height * (row + 1) // len(rows)
        for column in range(in_row):
            left, right = width * column // in_row, width * (column + 1) // in_row
            boxes.append(Box(left, top, right - left, bottom - top))
    return boxes


def choose_shown(order: Sequence[T], recent: Sequence[T], room: int) -> tuple[T, ...]:
    """Return which panes are shown, in their order, when only `room` fit: those that were active last."""
    if len(order) <= room:
        return tuple(order)
    ranked = [item for item in recent if item in order]
    ranked += [item for item in order if item not in ranked]
    kept = set(ranked[: max(1, room)])
    return tuple(item for item in order if item in kept)


def neighbour(boxes: Sequence[Box], place: int, direction: Direction) -> int | None:
    """Return the place of the nearest rectangle in that direction, or None at the edge."""
    here = boxes[place]

    def gap_and_offset(other: Box) -> tuple[int, int] | None:
        across = max(0, min(here.y + here.height, other.y + other.height) - max(here.y, other.y))
        along = max(0, min(here.x + here.width, other.x + other.width) - max(here.x, other.x))
        match direction:
            case "left":
                return (here.x - other.x, -across) if across and other.x < here.x else None
            case "right":
                return (other.x - here.x, -across) if across and other.x > here.x else None
            case "up":
                return (here.y - other.y, -along) if along and other.y < here.y else None
            case "down":
                return (other.y - here.y, -along) if along and other.y > here.y else None

    ranked = [(found, at) for at, box in enumerate(boxes) if at != place and (found := gap_and_offset(box)) is not None]
    return min(ranked)[1] if ranked else None
