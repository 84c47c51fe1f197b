"""The two lines at the edge: what the desk is doing above, what the keys do below."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.strip import Strip

from paradesk.ui.widgets.lines import Drawn, Part, shorten, spread, width_of


@dataclass(frozen=True, slots=True)
class Piece:
    """One statement of the status bar. Where there is no room, those of the highest rank go first; rank 0 stays."""

    text: str
    rank: int = 0
    look: str = ""
    """`strong`, `alert`, `dim`, or empty."""


class StatusBar(Drawn):
    """One row: active chat, connection, load, who waits next, the time."""

    STYLE_PREFIX: ClassVar[str] = "status--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {"status--strong", "status--alert", "status--dim"}
    DEFAULT_CSS = """
    StatusBar { height: 1; width: 100%; background: $panel; color: $foreground; }
    StatusBar > .status--strong { text-style: bold; color: $accent; background: $panel; }
    StatusBar > .status--alert { text-style: bold; color: $warning; background: $panel; }
    StatusBar > .status--dim { color: $foreground 60%; background: $panel; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._left: tuple[Piece, ...] = ()
        self._right: tuple[Piece, ...] = ()

    def show(self, left: Sequence[Piece], right: Sequence[Piece] = ()) -> None:
        """Show these statements; costs nothing when they are the ones on screen."""
        if (tuple(left), tuple(right)) != (self._left, self._right):
            self._left, self._right = tuple(left), tuple(right)
            self.refresh()

    def _parts(self, pieces: Sequence[Piece], dot: Part) -> list[Part]:
        parts: list[Part] = []
        for piece in pieces:
            if parts:
                parts.append(dot)
            parts.append((piece.text, self.style_of(piece.look)))
        return parts

    def draw_row(self, y: int) -> Strip:
        """Draw what fits, the least important statements left out."""
        width = self.size.width
        dot: Part = (" · ", self.style_of("dim"))
        space: Part = (" ", self.style_of(""))
        left, right = list(self._left), list(self._right)
        while True:
            left_parts = [space, *self._parts(left, dot)]
            right_parts = [*self._parts(right, dot), space]
            room = width - width_of(left_parts) - width_of(right_parts)
            ranked = [piece for piece in (*left, *right) if piece.rank]
            if room >= 2 or not ranked:
                break
            least = max(ranked, key=lambda piece: piece.rank)
            left = [piece for piece in left if piece is not least]
            right = [piece for piece in right if piece is not least]
        if room < 1 and left:
            longest = max(range(len(left)), key=lambda place: len(left[place].text))
            cut = shorten(left[longest].text, max(8, len(left[longest].text) + room - 1))
            left[longest] = Piece(cut, 0, left[longest].look)
            left_parts = [space, *self._parts(left, dot)]
        return spread(left_parts, right_parts, width, (" ", self.style_of("")))


class KeyHints(Drawn):
    """One row: the keys that help most in the focused place, generated from the keymap."""

    STYLE_PREFIX: ClassVar[str] = "hints--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {"hints--key"}
    DEFAULT_CSS = """
    KeyHints { height: 1; width: 100%; background: $background; color: $foreground 70%; }
    KeyHints > .hints--key { text-style: bold; color: $foreground; background: $background; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._hints: tuple[tuple[str, str], ...] = ()

    def show(self, hints: Sequence[tuple[str, str]]) -> None:
        """Show these keys with their titles, the most useful first."""
        if tuple(hints) != self._hints:
            self._hints = tuple(hints)
            self.refresh()

    def draw_row(self, y: int) -> Strip:
        """Draw as many as fit whole."""
        width = self.size.width
        key_style = self.style_of("key")
        parts: list[Part] = [(" ", self.style_of(""))]
        for key, title in self._hints:
            more: list[Part] = [(key, key_style), (f" {title}   ", self.style_of(""))]
            if width_of(parts) + width_of(more) - 3 > width:
                break
            parts += more
        return spread(parts, [], width, (" ", self.style_of("")))
