"""Who the customer is: plan, contact, order, tags, attributes, earlier chats."""

from dataclasses import replace
from datetime import datetime

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from paradesk.core.addresses import mixed_scripts
from paradesk.core.model import ConversationId, Customer
from paradesk.core.state import Thread
from paradesk.ui.content import assemble, plain
from paradesk.ui.words import offered_by


def _date(at: float | None) -> str:
    return "" if not at else f"{datetime.fromtimestamp(at):%Y-%m-%d}"


def panel_rows(thread: Thread) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the panel's sections: a heading and its name–value rows, empty ones left out."""
    conversation = thread.conversation
    customer = conversation.customer
    who = [
        ("name", customer.name),
        ("! name", "mixed scripts: some of its letters only look like others" if mixed_scripts(customer.name) else ""),
        ("e-mail", customer.email),
        ("phone", customer.phone),
        ("company", customer.company),
        ("plan", customer.plan),
        ("language", customer.language),
        ("customer since", _date(customer.since)),
        *((name, value) for name, value in customer.attributes.items()),
    ]
    ticket = [
        ("number", f"#{conversation.number}" if conversation.number else ""),
        ("subject", conversation.subject),
        ("channel", conversation.channel),
        ("status", conversation.status_label or conversation.status.value.replace("_", " ")),
        ("priority", conversation.priority.value),
        ("offered", "" if conversation.offer is None else offered_by(conversation.offer)),
        ("assignee", conversation.assignee.name if conversation.assignee else "nobody"),
        ("queue", conversation.queue),
        ("tags", " ".join(sorted(conversation.tags)) or "none"),
        ("opened", _date(conversation.created_at)),
        *((name, value) for name, value in conversation.attributes.items()),
    ]
    earlier = [(_date(chat.at), f"{chat.subject} ({chat.status})") for chat in customer.earlier]
    sections = [
        ("Customer", who),
        ("Order", list(conversation.order.items())),
        ("Ticket", ticket),
        ("Earlier chats", earlier),
        ("Cannot be done here", list(conversation.absent.items())),
    ]
    return [(title, kept) for title, rows in sections if (kept := [row for row in rows if row[1]])]


class CustomerPanel(VerticalScroll):
    """A column beside the panes; it never takes the focus."""

    DEFAULT_CSS = """
    CustomerPanel { width: 36; border: round $primary; border-title-style: bold; padding: 0 1; display: none;
                    scrollbar-size-vertical: 1; }
    CustomerPanel.-open { display: block; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, can_focus=False)
        self._text = Static(plain(""))
        self._shown: tuple[str, int, int] | None = None
        self._learnt: dict[ConversationId, Customer] = {}
        self.key = ""
        """The key that pages through the panel and closes it, as people read it."""

    def compose(self) -> ComposeResult:
        """One text; it scrolls when it is long."""
        yield self._text

    def next_page(self) -> bool:
        """Show what is further down; False at the end, with the beginning ready for the next time."""
        if self.scroll_offset.y >= self.max_scroll_y:
            self.scroll_home(animate=False)
            return False
        self.scroll_page_down(animate=False)
        return True

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Say what the key does next."""
        super().watch_scroll_y(old_value, new_value)
        self._say_key()

    def on_resize(self) -> None:
        """Say what the key does next."""
        self._say_key()

    def _say_key(self) -> None:
        more = self.scroll_offset.y < self.max_scroll_y
        self.border_subtitle = plain(f" {self.key} {'more' if more else 'close'} " if self.key else "")

    def learn(self, conversation_id: ConversationId, customer: Customer) -> None:
        """Show what the backend said of a customer when it was asked, in the place of what came along with the chat."""
        self._learnt[conversation_id] = customer

    def show_thread(self, thread: Thread | None) -> None:
        """Show the customer of this conversation; costs nothing when nothing changed."""
        learnt = None if thread is None else self._learnt.get(thread.conversation.id)
        shown = None if thread is None else (str(thread.conversation.id), thread.version, id(learnt))
        if shown == self._shown:
            return
        if thread is not None and learnt is not None:
            thread = replace(thread, conversation=replace(thread.conversation, customer=learnt))
        if self._shown is None or shown is None or self._shown[0] != shown[0]:
            self.scroll_home(animate=False)
        self._shown = shown
        self.call_after_refresh(self._say_key)
        if thread is None:
            self.border_title = plain(" Customer ")
            self._text.update(plain("no chat is open"))
            return
        self.border_title = plain(f" {thread.conversation.customer.name} ")
        parts: list[tuple[str, str]] = []
        for title, rows in panel_rows(thread):
            parts.append((f"{'' if not parts else chr(10)}{title}\n", "bold underline"))
            for name, value in rows:
                parts.append((f"{name}: ", "dim"))
                parts.append((f"{value}\n", ""))
        self._text.update(assemble(*parts))
