"""Reads JSON that keeps to no types: only what is asked for, whatever it came as, and never an error.

For backends whose rows have dozens of fields, of which some are text where a number belongs. What cannot be read counts
as missing, so that one odd field spoils no list.
"""

from collections.abc import Iterator, Mapping
from typing import Final

Row = Mapping[str, object]
_LARGEST: Final = 2**53


def row_of(value: object) -> Row:
    """Return a JSON object, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def rows_of(value: object) -> Iterator[Row]:
    """Yield the objects in a JSON list; some languages write a list with holes as an object."""
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for item in items:
        if isinstance(item, dict):
            yield item


def number(row: Row, name: str, default: int = 0) -> int:
    """Return a number, also where it was written as text or as a truth value."""
    value = row.get(name)
    if isinstance(value, str):
        try:
            value = float(value) if len(value) < 25 else default
        except ValueError:
            return default
    # What is no number or infinite compares false.
    if isinstance(value, bool | int | float) and abs(value) <= _LARGEST:
        return int(value)
    return default


def text(row: Row, name: str) -> str:
    """Return a text; numbers are texts too, and what is neither is empty."""
    value = row.get(name)
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def truth(row: Row, name: str) -> bool:
    """Return a truth value that may be written as `true`, `1`, `"1"` or `"true"`."""
    return row.get(name) in (True, 1, "1", "true")
