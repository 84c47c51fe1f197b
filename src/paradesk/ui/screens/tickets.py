"""Dialogs about one ticket: transfer, tags, and opening a new one."""

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.widgets import Input, Static

from paradesk.core.intents import CreateConversation
from paradesk.core.model import Agent, Conversation
from paradesk.ui.content import plain
from paradesk.ui.screens.choose import matching
from paradesk.ui.screens.dialog import Dialog
from paradesk.ui.widgets.choice_list import Choice, ChoiceList


def _name(conversation: Conversation) -> str:
    number = f" #{conversation.number}" if conversation.number else ""
    return f"{conversation.customer.name}{number}"


class TransferScreen(Dialog[tuple[str, str]]):
    """Whom to hand a chat to, and a note for them. Dismisses with the target's id and the note."""

    AUTO_FOCUS = "#filter"

    def __init__(self, conversation: Conversation, roster: Sequence[Agent]) -> None:
        super().__init__()
        self._conversation = conversation
        self._all = [
            Choice(
                agent.id,
                agent.name,
                agent.kind if agent.kind == "team" else ("online" if agent.online else "away"),
            )
            for agent in sorted(roster, key=lambda a: (a.kind == "team", not a.online, a.name.casefold()))
        ]

    def compose(self) -> ComposeResult:
        """Filter, colleagues and teams, note."""
        with self.box(f"Transfer {_name(self._conversation)}", "↑↓ who   tab note   enter hand over   esc cancel"):
            yield Input(placeholder="type a name or a team", id="filter")
            yield ChoiceList(self._all, empty="nobody to transfer to")
            yield self.label("Note for them (the customer does not see it)")
            yield Input(placeholder="what they want, what was tried, what is next", id="note")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show who fits."""
        if event.input.id == "filter":
            self.query_one(ChoiceList).set_choices(matching(self._all, event.value))

    def on_input_submitted(self) -> None:
        """Enter in either field hands over."""
        self.accept()

    def accept(self) -> None:
        """Hand over to the one under the cursor."""
        if (cursor := self.query_one(ChoiceList).cursor) is not None:
            self.dismiss((cursor, self.query_one("#note", Input).value.strip()))


class TagsScreen(Dialog[tuple[frozenset[str], frozenset[str]]]):
    """Add and remove tags in one line. Dismisses with what to add and what to remove."""

    def __init__(self, tags: frozenset[str]) -> None:
        super().__init__()
        self._tags = tags

    def compose(self) -> ComposeResult:
        """What is there, the line, and what will be."""
        with self.box("Tags", "enter apply   esc cancel"):
            yield self.note("now: " + (" ".join(sorted(self._tags)) or "none"))
            yield Input(placeholder="vip refund -urgent   (a leading - removes)")
            yield Static(plain(""), id="preview")

    def _change(self) -> tuple[frozenset[str], frozenset[str]]:
        words = self.query_one(Input).value.replace(",", " ").split()
        remove = frozenset(word[1:] for word in words if word.startswith("-") and len(word) > 1)
        add = frozenset(word.lstrip("+") for word in words if not word.startswith("-")) - {""}
        return add - self._tags, remove & self._tags

    def on_input_changed(self) -> None:
        """Show the set as it will be."""
        add, remove = self._change()
        after = " ".join(sorted((self._tags | add) - remove)) or "none"
        self.query_one("#preview", Static).update(plain(f"then: {after}"))

    def on_input_submitted(self) -> None:
        """Enter applies."""
        self.accept()

    def accept(self) -> None:
        """Dismiss with the change; nothing to change is the same as cancel."""
        add, remove = self._change()
        self.dismiss((add, remove) if add or remove else None)


class NewTicketScreen(Dialog[CreateConversation]):
    """A new ticket: which backend, whom for, about what, and a first message."""

    AUTO_FOCUS = "#customer"

    def __init__(self, profiles: Sequence[str]) -> None:
        super().__init__()
        self._profiles = tuple(profiles)

    def compose(self) -> ComposeResult:
        """The fields; the backend is asked for only when there are several."""
        with self.box("New ticket", "tab next field   enter create   esc cancel"):
            if len(self._profiles) > 1:
                yield self.label("Backend")
                yield ChoiceList([Choice(name, name) for name in self._profiles])
            yield self.label("Customer")
            yield Input(placeholder="their address or name at the backend", id="customer")
            yield self.label("Subject")
            yield Input(id="subject")
            yield self.label("First message (may stay empty)")
            yield Input(id="body")
            yield self.problem_line()

    def on_input_submitted(self) -> None:
        """Enter in any field creates it, once it has a customer and a subject."""
        self.accept()

    def accept(self) -> None:
        """Check what is required and dismiss."""
        customer = self.query_one("#customer", Input)
        subject = self.query_one("#subject", Input)
        for field, name in ((customer, "customer"), (subject, "subject")):
            if not field.value.strip():
                self.problem(f"a {name} is needed")
                field.focus()
                return
        lists = list(self.query(ChoiceList))
        profile = (lists[0].cursor if lists else None) or self._profiles[0]
        body = self.query_one("#body", Input).value.strip()
        self.dismiss(CreateConversation(profile, customer.value.strip(), subject.value.strip(), body))
