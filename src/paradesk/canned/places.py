"""Where things stand in a file of responses, so that a finding can name the line."""

import re

_RESPONSE = re.compile(r"\s*\[\[\s*response\s*\]\]")
_TABLE = re.compile(r"\s*\[\s*response\s*\.\s*([\w\-.\"' ]+?)\s*\]")
_TOP = re.compile(r"\s*\[\s*([\w\-]+)\s*\]")
_KEY = re.compile(r"\s*([\w\-]+|\"[^\"]*\"|'[^']*')\s*=\s*(.*)")


class Places:
    """Lines (from 1) of the keys of each `[[response]]`, found by reading the text once.

    An approximation that follows how people write such files: a line that it does not know is the line of what
    contains it.
    """

    def __init__(self, text: str) -> None:
        self._lines: dict[tuple[int, str], int] = {}
        index, table, inside, outside = -1, "", "", False
        for number, line in enumerate(text.split("\n"), 1):
            if inside:
                if inside in line:
                    inside = ""
                continue
            if _RESPONSE.match(line):
                index, table, outside = index + 1, "", False
                self._lines[index, ""] = number
            elif found := _TABLE.match(line):
                table, outside = f"{found[1]}.", False
                self._lines.setdefault((index, found[1]), number)
            elif found := _TOP.match(line):
                table, outside = f"{found[1]}.", True
                self._lines.setdefault((-1, found[1]), number)
            elif found := _KEY.match(line):
                key = table + found[1].strip("\"'")
                opens_below = found[2].strip() in ('"""', "'''")
                self._lines.setdefault((-1 if outside else index, key), number + opens_below)
            for quotes in ('"""', "'''"):
                if line.count(quotes) % 2:
                    inside = quotes

    def line(self, index: int, key: str = "") -> int:
        """Return the line where a key of a response (its value, for a text over several lines) begins."""
        while key:
            if (index, key) in self._lines:
                return self._lines[index, key]
            key = key.rpartition(".")[0]
        return self._lines.get((index, ""), 1)

    def top(self, key: str) -> int:
        """Return the line of a key outside all responses."""
        while key and (-1, key) not in self._lines:
            key = key.rpartition(".")[0]
        return self._lines.get((-1, key), 1)
