"""The last layer between text from outside and the terminal.

`core.text` cleans every field where it enters. What is here holds even where that was forgotten: a line filter that
lets no control character out of any widget, and the cleaning of what the app writes to the terminal past its widgets.
"""

import re
from collections.abc import Sequence

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter
from textual.strip import Strip
from textual.widget import Widget

from paradesk.core.text import clean_line

_uncontrolled = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\U000e0000-\U000e007f]"
)
_REPLACEMENT = "\ufffd"


class ControlGuard(LineFilter):
    """Replaces control, reordering and tag characters in every row, and drops links whose target carries one.

    Append it to what `App.get_line_filters` returns, after all others.
    """

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the row without any character that a terminal could take for a command."""
        guarded: list[Segment] | None = None
        for place, (text, style, control) in enumerate(segments):
            link = style.link if style is not None else None
            bad_link = link is not None and not link.isprintable()
            if not bad_link and (text.isprintable() or not _uncontrolled.search(text)):
                continue
            if style is not None and bad_link:
                style = style.update_link(None)
            if guarded is None:
                guarded = list(segments)
            guarded[place] = Segment(_uncontrolled.sub(_REPLACEMENT, text), style, control)
        return segments if guarded is None else guarded


class FilteredRows:
    """Rows after all line filters of the app, for a widget that overrides `render_lines`.

    Textual applies filters (the guard, `NO_COLOR`) only on its own way of drawing, so these must go through here. It
    asks each widget near a change for all its rows again, so the same list is not looked at a second time.
    """

    def __init__(self, widget: Widget) -> None:
        self._widget = widget
        self._given: list[Strip] | None = None
        self._filters: Sequence[LineFilter] = ()
        self._passed: list[Strip] = []

    def forget(self) -> None:
        """Filter anew, because the colours have changed; call it in `notify_style_update`."""
        self._given = None

    def pass_through(self, strips: list[Strip]) -> list[Strip]:
        """Return the filtered rows; a list that was given must not be changed afterwards."""
        filters = self._widget.get_line_filters()
        if strips is self._given and filters == self._filters:
            return self._passed
        self._given, self._filters, self._passed = strips, filters, strips
        if filters:
            background = self._widget.background_colors[1]
            for line_filter in filters:
                self._passed = [strip.apply_filter(line_filter, background) for strip in self._passed]
        return self._passed


def safe_title(text: str, limit: int = 80) -> str:
    """Return text for the terminal's title or a desktop notification: one line that cannot end its sequence.

    Those go to the terminal past every filter, and `;` separates their fields.
    """
    line = clean_line(text, limit).replace(";", ",")
    return "".join(char if char.isprintable() else " " for char in line)
