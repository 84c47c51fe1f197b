"""What can follow a key that was pressed: shown while a sequence is unfinished."""

from collections.abc import Sequence

from rich.cells import cell_len
from textual.widgets import Static

from paradesk.ui.content import assemble, plain

_COLUMN = 26


class WhichKey(Static):
    """A panel above the footer; it takes no focus and no keys."""

    DEFAULT_CSS = """
    WhichKey { display: none; layer: overlay; dock: bottom; height: auto; max-height: 60%; margin-bottom: 1;
               border-top: heavy $primary; border-title-style: bold; background: $panel; padding: 0 1; }
    WhichKey.-open { display: block; }
    """

    def open(self, prefix: str, options: Sequence[tuple[str, str]]) -> None:
        """Show the keys that can follow `prefix`, each with its title."""
        width = max(20, self.app.size.width - 2)
        columns = max(1, width // _COLUMN)
        rows = -(-len(options) // columns)
        parts: list[tuple[str, str]] = []
        for row in range(rows):
            for place in range(row, len(options), rows):
                key, title = options[place]
                text = title.rstrip("…")[: _COLUMN - 9]
                parts.append((f"{key:>5} ", "bold"))
                parts.append((text + " " * max(1, _COLUMN - 6 - cell_len(text)), ""))
            parts.append(("\n" if row < rows - 1 else "", ""))
        self.border_title = plain(f" {prefix} … ")
        self.update(assemble(*parts))
        self.add_class("-open")

    def close(self) -> None:
        """Hide the panel."""
        self.remove_class("-open")
