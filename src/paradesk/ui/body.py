"""Where the parts of the screen stand, and which of them are shown."""

from collections.abc import Iterator

from textual.containers import Horizontal
from textual.geometry import Size
from textual.widget import Widget
from textual.widgets import Static

from paradesk.ui.content import plain
from paradesk.ui.tiling import MIN_SCREEN_HEIGHT, MIN_SCREEN_WIDTH, docks_hotlist, share_width, too_small
from paradesk.ui.widgets.customer_panel import CustomerPanel
from paradesk.ui.widgets.hotlist import Hotlist
from paradesk.ui.widgets.statusbar import KeyHints, StatusBar
from paradesk.ui.widgets.which_key import WhichKey
from paradesk.ui.widgets.workspace import Workspace


class _Row(Horizontal):
    BLANK = True
    DEFAULT_CSS = "_Row { height: 1fr; width: 100%; overflow: hidden; }"


class TooSmall(Static):
    """Covers everything while the terminal is too small to show whom a key reaches."""

    DEFAULT_CSS = """
    TooSmall { display: none; layer: too-small; position: absolute; width: 100%; height: 100%; background: $background;
               color: $foreground; text-style: bold; }
    """


class Body:
    """The widgets of the work screen. Which of them show depends on the terminal's size and the agent's wishes."""

    def __init__(self, workspace: Workspace, *, target: float) -> None:
        self.workspace = workspace
        self.status = StatusBar(id="status")
        self.hotlist = Hotlist(target=target, id="hotlist")
        self.panel = CustomerPanel(id="customer")
        self.hints = KeyHints(id="hints")
        self.which_key = WhichKey(id="which-key")
        self.small = TooSmall(plain(""), id="too-small")
        self.panel_wanted = False
        self.too_small = False

    def parts(self) -> Iterator[Widget]:
        """The widgets from top to bottom."""
        yield self.status
        yield _Row(self.hotlist, self.workspace, self.panel)
        yield self.hints
        yield self.which_key
        yield self.small

    def share(self, size: Size, *, wanted: bool, called: bool = False) -> None:
        """Show what fits: `wanted` is the agent's lasting wish for the hotlist, `called` that it is needed now."""
        width, height = size
        self.too_small = too_small(width, height)
        if self.too_small:
            need = f"{MIN_SCREEN_WIDTH}×{MIN_SCREEN_HEIGHT}"
            self.small.update(plain(f"too small: need {need}\n(is {width}×{height}; all text is kept)"))
        self.small.display = self.too_small
        shown = called or self.hotlist.has_focus or (wanted and docks_hotlist(width))
        columns = share_width(width, hotlist=shown, panel=self.panel_wanted)
        self.hotlist.display = columns.hotlist > 0
        if columns.hotlist:
            self.hotlist.styles.width = columns.hotlist
        self.panel.set_class(columns.panel > 0, "-open")
        if columns.panel:
            self.panel.styles.width = columns.panel
