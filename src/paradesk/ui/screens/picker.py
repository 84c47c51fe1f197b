"""The picker of canned responses: filter, choose, and see the filled text before anything is inserted."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from paradesk.canned import FACETS, Filled, Library, Response, context_for, fill
from paradesk.canned.moment import Moment, moment_of
from paradesk.canned.ranking import Ranking
from paradesk.core.model import Agent, ConversationId
from paradesk.core.state import Thread
from paradesk.core.text import clean_line
from paradesk.ui.content import Part, assemble, plain
from paradesk.ui.widgets.response_list import ResponseList, ResponseRow

_KEYS = "enter insert  ↑↓ choose  tab filter  f2 its value  f3 all  esc cancel"
_FACET_TITLES = {"topic": "topic", "urgency": "urgency", "customer": "customer", "language": "language"}
_UNREMARKABLE = {"urgency": "normal", "customer": "any"}


@dataclass(frozen=True, slots=True)
class PickerResult:
    """The filled response to insert, the conversation that it was filled for, and the words that it was found with."""

    filled: Filled
    conversation_id: ConversationId
    typed: str = ""

    @property
    def text(self) -> str:
        """The text to insert."""
        return self.filled.text

    @property
    def response_id(self) -> str:
        """The response that it is."""
        return self.filled.response_id

    @property
    def language(self) -> str:
        """The language that it is in."""
        return self.filled.language


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
        """`language` is what the agent wants for every chat; empty means the customer's own, as far as it is known.

        `keys` is the line that tells the keys, `today` decides which reviews are due. `ranking` brings what was learnt,
        and `moment` what is known of the chat besides its messages; without them nothing was.
        """
        super().__init__()
        self._ranking = ranking if ranking is not None and ranking.library is library else Ranking(library)
        # The order must not change below the agent's cursor while the picker is open: the moment is that of opening it.
        self._moment = moment or moment_of(thread, (), thread.waiting_since or 0.0)
        self._library = library
        self._thread = thread
        self._values_here = context_for(thread, agent)
        self._preferred = language or thread.conversation.customer.language or library.default_language
        self._keys = keys
        self._today = today or date.today()
        self._values = library.facets()
        self._facets: dict[str, str] = {}
        self._facet = FACETS[0]
        self._held = False
        self._filled: Filled | None = None

    @property
    def language(self) -> str:
        """The language that responses are filled in, where they have it."""
        return self._facets.get("language") or self._preferred

    @property
    def facets(self) -> dict[str, str]:
        """The filters that are set."""
        return {facet: value for facet, value in self._facets.items() if value}

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

    def on_mount(self) -> None:
        """Begin with what fits this chat."""
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
            "picker.cancel": lambda: self.dismiss(None),
            "picker.next_facet": self._next_facet,
            "picker.facet_value": self._next_value,
            "picker.clear_facets": self._clear_facets,
        }

    @property
    def _list(self) -> ResponseList:
        return self.query_one(ResponseList)

    def _move(self, rows: int) -> None:
        self._held = True
        self._list.move(rows)
        self._preview()

    def _accept(self) -> None:
        if self._filled is not None:
            typed = self.query_one(FilterInput).value
            self.dismiss(PickerResult(self._filled, self._thread.conversation.id, typed))

    def _next_facet(self) -> None:
        self._facet = FACETS[(FACETS.index(self._facet) + 1) % len(FACETS)]
        self._show_facets()

    def _next_value(self) -> None:
        values = ("", *self._values[self._facet])
        self._facets[self._facet] = values[(values.index(self._facets.get(self._facet, "")) + 1) % len(values)]
        self._search()

    def _clear_facets(self) -> None:
        self._facets.clear()
        self._search()

    def _search(self) -> None:
        """Show what fits; the cursor stays on a response that the agent moved to, and else is on the best."""
        query = self.query_one(FilterInput).value
        found = self._ranking.rank(self._moment, query, self.facets, self.language, self._today)
        ids = [hit.response.id for hit in found.hits]
        held = self._list.cursor if self._held else None
        if held is not None and held not in ids:
            self._held = False
        self._list.show(ids, self._row, held)
        self.query_one("#count", Static).update(
            plain(f"{len(ids)}{'+' if found.more else ''} of {len(self._library)}"), layout=False
        )
        self._show_facets()
        self._preview()

    def _row(self, response_id: str) -> ResponseRow:
        response = self._library.get(response_id)
        assert response is not None, "the list shows what the ranking has found"
        tags = [
            response.tags[facet]
            for facet in FACETS
            if facet in response.tags and response.tags[facet] != _UNREMARKABLE.get(facet)
        ]
        review = "review due" if response.overdue(self._today) else _age(response, self._today)
        facts = (" · ".join(tags), " ".join(sorted(response.body)), review, response.shortcut)
        return ResponseRow(response.id, response.title, tuple(filter(None, facts)))

    def _show_facets(self) -> None:
        parts: list[Part] = []
        for facet in FACETS:
            value = self._facets.get(facet) or ("any" if facet != "language" else f"auto ({self._preferred})")
            label = f"{_FACET_TITLES[facet]}: {clean_line(value, 24)}"
            chosen = facet == self._facet
            parts.append((f"[{label}]" if chosen else f" {label} ", "bold" if self._facets.get(facet) else ""))
            parts.append(" ")
        self.query_one("#facets", Static).update(assemble(*parts), layout=False)

    def _preview(self) -> None:
        response = self._library.get(self._list.cursor or "")
        self._filled = (
            fill(response, self._values_here, self.language, self._library.default_language) if response else None
        )
        about, text = self.query_one("#about", Static), self.query_one("#text", Static)
        if response is None or self._filled is None:
            about.update(plain(""))
            text.update(plain(""))
            return
        about.update(self._about(response, self._filled))
        text.update(_with_blanks(self._filled))
        self.query_one("#preview", VerticalScroll).scroll_home(animate=False)

    def _about(self, response: Response, filled: Filled) -> Content:
        conversation = self._thread.conversation
        number = f" #{clean_line(conversation.number, 20)}" if conversation.number else ""
        name = clean_line(conversation.customer.name, 40).upper() or "UNKNOWN CUSTOMER"
        count = len(filled.slots)
        blanks = f" · {count} blank{'' if count == 1 else 's'} to fill in" if count else ""
        tags = " · ".join(value for value in response.tags.values())
        return assemble(
            (f"for {name}{number}", "bold"),
            f" · {filled.language}{blanks}\n",
            (f"{tags}{_review(response, self._today)}\n", "dim"),
        )


def _age(response: Response, today: date) -> str:
    """Return how long ago the response was reviewed, short."""
    if response.reviewed is None:
        return ""
    days = max(0, (today - response.reviewed).days)
    return f"{days}d" if days < 100 else f"{days // 30}mo" if days < 720 else f"{days // 365}y"


def _review(response: Response, today: date) -> str:
    owner = f" by {response.owner}" if response.owner else ""
    if response.reviewed is None:
        return " · never reviewed"
    due = f", due since {response.review_due}" if response.overdue(today) else ""
    return f" · reviewed {response.reviewed}{owner}{due}"


def _with_blanks(filled: Filled) -> Content:
    parts: list[Part] = []
    end = 0
    for blank in filled.slots:
        parts.append(filled.text[end : blank.start])
        parts.append((filled.text[blank.start : blank.end], "bold reverse"))
        end = blank.end
    return assemble(*parts, filled.text[end:])
