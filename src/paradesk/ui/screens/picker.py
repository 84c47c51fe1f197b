"""The picker of canned responses: filter, choose, and see the filled text before anything is inserted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from paradesk.canned import FACETS, Filled, FollowUp, Library, context_for, fill, offered
from paradesk.canned.moment import Moment, moment_of
from paradesk.canned.ranking import Ranking
from paradesk.canned.responses import Attached
from paradesk.core.model import Agent, ConversationId
from paradesk.core.state import Thread
from paradesk.core.text import clean_line
from paradesk.ui.content import Part, assemble, plain
from paradesk.ui.screens.picker_facts import (
    FOLDER,
    about_folder,
    about_response,
    folder_rows,
    next_of,
    response_row,
    with_blanks,
)
from paradesk.ui.widgets.response_list import ResponseList, ResponseRow

_KEYS = "enter insert  tab filter  f2 its value  f3 all  f4 language  f5 folders"
_FACET_TITLES = {"topic": "topic", "urgency": "urgency", "customer": "customer", "language": "language"}

EDIT, PROPOSE = "edit", "propose"
"""What the agent may want of a response instead of inserting it."""


@dataclass(frozen=True, slots=True)
class PickerResult:
    """The filled text to insert, and the conversation that it was filled for."""

    text: str
    response_id: str
    language: str
    conversation_id: ConversationId
    attachments: tuple[Attached, ...] = ()
    follow_up: FollowUp = field(default_factory=FollowUp)
    wanted: str = ""
    """Empty to insert it, else `EDIT` or `PROPOSE`."""
    typed: str = ""
    """The words that it was found with."""


class FilterInput(Input):
    """The line that one types into; every other key belongs to the picker."""

    KEY_CONTEXT: ClassVar[str] = "picker"


class PickerScreen(ModalScreen[PickerResult | None]):
    """Chooses a canned response for one conversation; dismisses with None when cancelled."""

    KEY_CONTEXT: ClassVar[str] = "picker"
    AUTO_FOCUS: ClassVar[str | None] = "FilterInput"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - an instance variable of Screen
    DEFAULT_CSS = """
    PickerScreen { align: center middle; }
    PickerScreen #picker { border: double $primary; border-title-style: bold; padding: 0 1; background: $surface;
        width: 96%; max-width: 160; height: 92%; max-height: 44; }
    PickerScreen.-narrow #picker { width: 100%; height: 100%; }
    PickerScreen FilterInput, PickerScreen FilterInput:focus { border: none; height: 1; padding: 0; width: 1fr;
        background: $surface; }
    PickerScreen #line { layout: horizontal; height: 1; }
    PickerScreen #prompt { width: 2; height: 1; }
    PickerScreen #count { width: 14; height: 1; text-align: right; color: $text-muted; }
    PickerScreen #facets { height: 1; }
    PickerScreen #body { height: 1fr; }
    PickerScreen.-wide #body { layout: horizontal; }
    PickerScreen.-narrow #body { layout: vertical; }
    PickerScreen.-wide ResponseList { width: 55%; height: 100%; }
    PickerScreen.-narrow ResponseList { width: 100%; height: 40%; min-height: 1; }
    PickerScreen #preview { background: $surface; }
    PickerScreen.-wide #preview { width: 1fr; height: 100%; border-left: solid $primary; padding: 0 0 0 1; }
    PickerScreen.-narrow #preview { width: 100%; height: 1fr; border-top: solid $primary; }
    PickerScreen #preview Static { height: auto; }
    """

    def __init__(
        self,
        library: Library,
        thread: Thread,
        agent: Agent | None,
        language: str = "",
        *,
        keys: str = _KEYS,
        today: date | None = None,
        ranking: Ranking | None = None,
        moment: Moment | None = None,
    ) -> None:
        """`keys` is the line that tells the keys; the rest is as for `turn_to`."""
        super().__init__()
        self._keys = keys
        self.turn_to(library, thread, agent, language, today=today, ranking=ranking, moment=moment)

    def turn_to(
        self,
        library: Library,
        thread: Thread,
        agent: Agent | None,
        language: str = "",
        *,
        today: date | None = None,
        ranking: Ranking | None = None,
        moment: Moment | None = None,
    ) -> None:
        """Begin anew, for this chat, the next time that the picker is shown: showing it again is far cheaper than making it.

        `language` is what the agent wants for every chat; empty means the customer's own, as far as it is known. `today`
        decides which reviews are due. `ranking` brings what was learnt, and `moment` what is known of the chat besides its
        messages; without them nothing was.
        """
        self._ranking = ranking if ranking is not None and ranking.library is library else Ranking(library)
        # The order must not change below the agent's cursor while the picker is open: the moment is that of opening it.
        self._moment = moment or moment_of(thread, (), thread.waiting_since or 0.0)
        self._today = today or date.today()
        conversation = thread.conversation
        self._library = offered(library, conversation.channel, self._today, conversation.profile)
        self._thread = thread
        self._values_here = context_for(thread, agent)
        self._preferred = language or thread.conversation.customer.language or library.default_language
        self._folder = ""
        self._browsing = False
        self._spoken = ""
        self._facets: dict[str, str] = {}
        self._facet = FACETS[0]
        self._held = False
        self._filled: Filled | None = None
        self._fresh = True

    @property
    def language(self) -> str:
        """The language that responses are filled in, where they have it."""
        return self._spoken or self._facets.get("language") or self._preferred

    @property
    def facets(self) -> dict[str, str]:
        """The filters that are set."""
        return {facet: value for facet, value in self._facets.items() if value}

    @property
    def folder(self) -> str:
        """The folder that is shown; empty for all."""
        return self._folder

    @property
    def filled(self) -> Filled | None:
        """What Enter would insert now."""
        return self._filled

    def compose(self) -> ComposeResult:
        """Filter line, facets, list and preview."""
        with Vertical(id="picker") as box:
            box.border_title = plain(" Canned responses ")
            box.border_subtitle = plain(f" {self._keys} ")
            with Container(id="line"):
                yield Static(plain("> "), id="prompt")
                yield FilterInput(placeholder="type to search, #topic to narrow down", id="filter")
                yield Static(plain(""), id="count")
            yield Static(plain(""), id="facets")
            with Container(id="body"):
                yield ResponseList("Nothing fits. Type less, or clear the filters.")
                with VerticalScroll(id="preview", can_focus=False):
                    yield Static(plain(""), id="about")
                    yield Static(plain(""), id="text")

    def on_screen_resume(self) -> None:
        """Begin with what fits this chat; coming back from a dialog above changes nothing."""
        # At the end of the program a screen may be shown again whose lines are gone already.
        if self._fresh and self.query(FilterInput):
            self._fresh = False
            self._clear_typed()
            self.set_focus(self.query_one(FilterInput))
            self._search()

    def on_input_changed(self) -> None:
        """Search with every letter."""
        self._search()

    def on_input_submitted(self) -> None:
        """Enter that reaches the filter line takes the response, like `picker.accept`."""
        self._accept()

    def on_response_list_chosen(self) -> None:
        """A click shows the response; inserting it takes Enter, so that no slip of the mouse does."""
        self._held = True
        self._preview()

    def handle_action(self, action_id: str) -> bool:
        """Carry out a `picker.*` action; returns whether it was one."""
        action = self._actions().get(action_id)
        if action is None:
            return False
        action()
        return True

    def _actions(self) -> dict[str, Callable[[], object]]:
        page = self._list.page
        return {
            "picker.up": lambda: self._move(-1),
            "picker.down": lambda: self._move(1),
            "picker.page_up": lambda: self._move(-page),
            "picker.page_down": lambda: self._move(page),
            "picker.accept": self._accept,
            "picker.cancel": self._cancel,
            "picker.next_facet": self._next_facet,
            "picker.facet_value": self._next_value,
            "picker.clear_facets": self._clear_facets,
            "picker.language": self._next_language,
            "picker.folders": self._browse,
            "canned.edit": lambda: self._take(EDIT),
            "canned.propose": lambda: self._take(PROPOSE),
        }

    @property
    def _list(self) -> ResponseList:
        return self.query_one(ResponseList)

    def _move(self, rows: int) -> None:
        self._held = True
        self._list.move(rows)
        self._preview()

    def _accept(self) -> None:
        cursor = self._list.cursor
        if not self._browsing:
            self._take("")
        elif cursor is not None:
            self._folder = cursor.removeprefix(FOLDER)
            self._leave_folders()

    def _take(self, wanted: str) -> None:
        response = self._library.get(self._list.cursor or "")
        if self._filled is None or response is None:
            return
        self.dismiss(
            PickerResult(
                self._filled.text,
                response.id,
                self._filled.language,
                self._thread.conversation.id,
                response.attachments,
                response.follow_up,
                wanted,
                self.query_one(FilterInput).value,
            )
        )

    def _cancel(self) -> None:
        if self._browsing:
            self._leave_folders()
        else:
            self.dismiss(None)

    def _browse(self) -> None:
        """Show the folders, or the responses again."""
        if self._browsing:
            self._leave_folders()
            return
        self._browsing, self._held = True, False
        self._clear_typed()
        self._search()

    def _leave_folders(self) -> None:
        self._browsing, self._held = False, False
        self._clear_typed()
        self._search()

    def _clear_typed(self) -> None:
        with self.prevent(Input.Changed):
            self.query_one(FilterInput).value = ""

    def _next_language(self) -> None:
        """Fill the response under the cursor in the next of its languages; the list stays as it is."""
        response = self._library.get(self._list.cursor or "")
        if response is not None and self._filled is not None:
            self._spoken = next_of(sorted(response.body), self._filled.language)
            self._show_facets()
            self._preview()

    def _next_facet(self) -> None:
        self._facet = FACETS[(FACETS.index(self._facet) + 1) % len(FACETS)]
        self._show_facets()

    def _next_value(self) -> None:
        values = ("", *self._library.facets()[self._facet])
        self._facets[self._facet] = values[(values.index(self._facets.get(self._facet, "")) + 1) % len(values)]
        self._search()

    def _clear_facets(self) -> None:
        self._facets.clear()
        self._folder = self._spoken = ""
        self._search()

    def _search(self) -> None:
        """Show what fits; the cursor stays on a response that the agent moved to, and else is on the best."""
        query = self.query_one(FilterInput).value
        more = ""
        if self._browsing:
            rows = {row.id: row for row in folder_rows(self._library, query)}
            ids, whole, row_of = list(rows), len(self._library.folders()) + 1, rows.__getitem__
        else:
            found = self._ranking.rank(
                self._moment, query, self.facets, self.language, self._today, only=self._library, folder=self._folder
            )
            ids, whole, row_of = [hit.response.id for hit in found.hits], len(self._library), self._row
            more = "+" if found.more else ""
        held = self._list.cursor if self._held else None
        if held is not None and held not in ids:
            self._held = False
        self._list.show(ids, row_of, held)
        self.query_one("#count", Static).update(plain(f"{len(ids)}{more} of {whole}"), layout=False)
        self._show_facets()
        self._preview()

    def _row(self, response_id: str) -> ResponseRow:
        response = self._library.get(response_id)
        assert response is not None, "the list shows what the ranking has found"
        return response_row(response, self._today)

    def _show_facets(self) -> None:
        parts: list[Part] = []
        for facet in FACETS:
            value = self._facets.get(facet) or ("any" if facet != "language" else f"auto ({self._preferred})")
            label = f"{_FACET_TITLES[facet]}: {clean_line(value, 24)}"
            chosen = facet == self._facet
            parts.append((f"[{label}]" if chosen else f" {label} ", "bold" if self._facets.get(facet) else ""))
            parts.append(" ")
        if self._folder:
            parts.append((f" folder: {clean_line(self._folder, 24)} ", "bold"))
        if self._spoken:
            parts.append((f" in {self._spoken}", "bold"))
        self.query_one("#facets", Static).update(assemble(*parts), layout=False)

    def _preview(self) -> None:
        cursor = self._list.cursor or ""
        response = None if self._browsing else self._library.get(cursor)
        self._filled = (
            fill(response, self._values_here, self.language, self._library.default_language) if response else None
        )
        about, text = self.query_one("#about", Static), self.query_one("#text", Static)
        if response is not None and self._filled is not None:
            about.update(about_response(response, self._filled, self._thread.conversation, self._today))
            text.update(with_blanks(self._filled))
        elif self._browsing and cursor:
            heading, titles = about_folder(self._library, cursor.removeprefix(FOLDER))
            about.update(heading)
            text.update(titles)
        else:
            about.update(plain(""))
            text.update(plain(""))
        self.query_one("#preview", VerticalScroll).scroll_home(animate=False)
