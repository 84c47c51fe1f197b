"""Searching at a backend: words in a line, Enter asks, the results below."""

from collections.abc import Callable, Sequence

from textual.app import ComposeResult
from textual.widgets import Input, Static

from paradesk.ui.content import assemble, plain
from paradesk.ui.screens.dialog import Dialog
from paradesk.ui.widgets.choice_list import Choice, ChoiceList


class SearchScreen(Dialog[str]):
    """Enter in the line asks once for what stands there; Enter on what was found for it takes the row."""

    AUTO_FOCUS = "Input"
    DEFAULT_CSS = """
    SearchScreen Box { width: 100; }
    SearchScreen ChoiceList { max-height: 14; }
    SearchScreen #excerpt { height: 2; }
    """

    def __init__(self, profile: str, ask: Callable[[str], None]) -> None:
        """`ask` hands words to the backend; who called shows what it finds."""
        super().__init__()
        self._profile, self._ask = profile, ask
        self._asked = ""
        self._found = ""
        self._excerpts: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        """Words, results, the words around a hit."""
        with self.box(f"Search {self._profile}", "enter search, then open   ↑↓ move   esc close"):
            yield Input(placeholder="words that were written, a name, a number")
            yield self.problem_line()
            yield ChoiceList((), empty="nothing was searched yet")
            yield Static(plain(""), id="excerpt")

    def on_input_submitted(self) -> None:
        """Enter searches, or opens what was found for these words."""
        self.accept()

    def accept(self) -> None:
        """Ask for new words; open the chat under the cursor where these words were found."""
        query = self.query_one(Input).value.strip()
        cursor = self.query_one(ChoiceList).cursor
        if query and query == self._found and cursor is not None:
            self.dismiss(cursor)
        elif query and query != self._asked:
            self._asked = query
            self.problem("")
            self.query_one("#excerpt", Static).update(plain("searching…"))
            self._ask(query)

    def show_found(self, query: str, lines: Sequence[tuple[str, str, str, str]]) -> None:
        """Show the results for words, unless others have been asked for since."""
        if query != self._asked:
            return
        self._found = query
        self._excerpts = {item: excerpt for item, _, excerpt, _ in lines}
        self.query_one(ChoiceList).set_choices([Choice(item, title, hint) for item, title, _, hint in lines])
        if not lines:
            self.problem(f"nothing was found for “{query}”")
            self._asked = ""
        self._show_excerpt()

    def show_problem(self, query: str, why: str) -> None:
        """Say why there are no results; the same words can be asked for again."""
        if query == self._asked:
            self._asked = ""
            self.problem(why)
            self.query_one("#excerpt", Static).update(plain(""))

    def on_choice_list_moved(self) -> None:
        """Show the words around the hit under the cursor."""
        self._show_excerpt()

    def _show_excerpt(self) -> None:
        cursor = self.query_one(ChoiceList).cursor
        excerpt = self._excerpts.get(cursor or "", "")
        self.query_one("#excerpt", Static).update(assemble((excerpt, "dim")) if excerpt else plain(""))
