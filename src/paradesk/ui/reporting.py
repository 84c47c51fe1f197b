"""What the agent is told besides the panes: toasts, bell, the terminal's title, notifications of the system."""

import os
import re
from collections import deque
from typing import TYPE_CHECKING, Literal, cast

from textual.app import App

from paradesk.ui.alerts import Alert, notify_system
from paradesk.ui.cards import CARDS
from paradesk.ui.safety import safe_title

if TYPE_CHECKING:
    from paradesk.config.settings import Settings
    from paradesk.ui.screens.reading import Notice

Severity = Literal["information", "warning", "error"]

KEPT_NOTICES = 500
_TOAST_SECONDS = {"information": 4.0, "warning": 7.0, "error": 12.0}


class Reporter:
    """Writes to the places outside the panes. What it writes past the widgets is cleaned here."""

    def __init__(self, app: App[int], settings: "Settings") -> None:
        self._app, self._settings = app, settings
        self.notices: deque[Notice] = deque(maxlen=KEPT_NOTICES)
        self.terminal_title = ""
        """The title that was written last."""
        self._pushed = False

    def tell(self, text: str, severity: str, at: float) -> None:
        """Show a toast and keep it among the notices."""
        from paradesk.ui.screens.reading import Notice

        text = CARDS.shown(text)
        self.notices.append(Notice(at, text, severity))
        known = cast(Severity, severity if severity in _TOAST_SECONDS else "information")
        self._app.notify(text, severity=known, timeout=_TOAST_SECONDS[known], markup=False)

    def _write(self, data: str) -> None:
        driver = self._app._driver
        if driver is not None and not self._app.is_headless:
            driver.write(data)
            driver.flush()

    def title(self, text: str) -> None:
        """Put this into the terminal's title, where the settings allow it."""
        if not self._settings.title:
            return
        title = safe_title(CARDS.shown(text))
        if title == self.terminal_title:
            return
        if not self._pushed:
            self._pushed = True
            self._write("\x1b[22;2t")
        self.terminal_title = title
        self._write(f"\x1b]2;{title}\x1b\\")

    def alert(self, alerts: list[Alert], *, focused: bool) -> None:
        """Ring, and notify through the system when the window is not looked at."""
        if not alerts:
            return
        if self._settings.bell:
            self._app.bell()
        if self._settings.system_notifications and not focused:
            text = "; ".join(alert.text for alert in alerts[:3])
            self.system("Paradesk", text)

    def system(self, summary: str, text: str) -> None:
        """Notify through the terminal where it says that it can, else through the desktop."""
        summary, text = safe_title(summary), safe_title(CARDS.shown(text), 200)
        if re.search("iTerm|WezTerm|ghostty|kitty", os.environ.get("TERM_PROGRAM", "") + os.environ.get("TERM", "")):
            self._write(f"\x1b]9;{summary}: {text}\x1b\\")
        elif "rxvt" in os.environ.get("TERM", "") or "foot" in os.environ.get("TERM", ""):
            self._write(f"\x1b]777;notify;{summary};{text}\x1b\\")
        elif not self._app.is_headless and (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
            notify_system(summary, text)

    def close(self) -> None:
        """Give the terminal its own title back; the next one that differs takes it again."""
        if self._pushed:
            self._pushed = False
            self.terminal_title = ""
            self._write("\x1b]2;\x1b\\\x1b[23;2t")
