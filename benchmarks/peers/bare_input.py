"""The peer for every ratio: a Textual application with one Input and nothing else."""

from textual.app import App, ComposeResult
from textual.widgets import Input


class Bare(App[None]):
    """One Input."""

    def compose(self) -> ComposeResult:
        """The Input, focused by itself."""
        yield Input()


if __name__ == "__main__":
    Bare().run()
