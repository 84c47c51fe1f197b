"""Writing a canned response: its fields, a text for each language, checked and filled for the open chat at every key."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from paradesk.canned import Finding, Response, fill
from paradesk.canned.template import MAX_BODY
from paradesk.canned.writing import Writing, parse_tags, suggested_id, tags_text
from paradesk.core.text import clean_line
from paradesk.ui.content import Part, assemble, plain
from paradesk.ui.screens.confirm import ConfirmScreen
from paradesk.ui.screens.picker_facts import next_of, with_blanks
from paradesk.ui.widgets.text_field import TextField

FIELDS: tuple[tuple[str, str, str], ...] = (
    ("title", "title", "what agents see in the list"),
    ("id", "id", "small letters, in parts joined by dots: refund.approved"),
    ("shortcut", "shortcut", "what to type to have it first"),
    ("folder", "folder", "billing/invoices"),
    ("tags", "tags", "topic=refunds urgency=normal customer=any"),
    ("labels", "words", "what agents search by and customers write, with commas between"),
)
"""Per line: its id, its label, and what stands in it while it is empty."""

_PROBLEMS = 2
_NEEDED = {"missing-title": "a title", "missing-id": "an id", "missing-body": "a text"}


@dataclass(frozen=True, slots=True)
class Written:
    """What came of it: the response's id, and where it was written."""

    response_id: str
    place: str
    proposed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What is to be written, and for whom it is shown filled."""

    title: str
    start: Writing
    language: str
    languages: Sequence[str]
    """The languages to offer beside those that it has."""
    context: Mapping[str, object]
    customer: str
    note: str = ""
    """What the agent should know, such as what was turned into placeholders."""
    taken: Callable[[str], str] = field(default=lambda _id: "")
    """Says what an id stands for already; empty where it is free."""
    proposing: bool = False
    """The agent wants to propose rather than to save."""


class WritingScreen(ModalScreen[Written | None]):
    """Dismisses once the response is on disk; what cannot be saved stays here with the reason."""

    KEY_CONTEXT: ClassVar[str] = "writing"
    AUTO_FOCUS: ClassVar[str | None] = "#title"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-wide")]  # noqa: RUF012 - an instance variable of Screen
    DEFAULT_CSS = """
    WritingScreen { align: center middle; }
    WritingScreen #writing { border: double $primary; border-title-style: bold; padding: 0 1; background: $surface;
        width: 96%; max-width: 150; height: 94%; max-height: 44; }
    WritingScreen.-narrow #writing { width: 100%; height: 100%; }
    WritingScreen .field { layout: horizontal; height: 1; }
    WritingScreen .label { width: 10; height: 1; color: $text-muted; }
    WritingScreen Input, WritingScreen Input:focus { border: none; height: 1; padding: 0; width: 1fr;
        background: $surface; }
    WritingScreen Input:focus { text-style: underline; }
    WritingScreen #languages { height: 1; margin-top: 1; }
    WritingScreen TextField { min-height: 1; }
    WritingScreen #problems { height: auto; text-style: bold; color: $warning; }
    WritingScreen #note { height: auto; text-style: italic; }
    WritingScreen #preview { height: 1fr; min-height: 2; border-top: solid $primary; }
    WritingScreen #preview Static { height: auto; }
    """

    def __init__(
        self,
        task: Task,
        save: Callable[[Writing], str],
        propose: Callable[[Writing], str],
        *,
        keys: Callable[[str], str] = lambda action_id: action_id,
    ) -> None:
        """`save` and `propose` write it and return where; they raise ValueError with what to tell."""
        super().__init__()
        self._work = task
        self._save, self._propose = save, propose
        self._keys = keys
        self._bodies = dict(task.start.body)
        self._language = task.language
        self._own_id = bool(task.start.id)
        self._start = task.start
        self._first: Writing | None = None

    @property
    def language(self) -> str:
        """The language whose text is in the field."""
        return self._language

    def compose(self) -> ComposeResult:
        """The fields, the text, what is wrong with it, and how it reads for this customer."""
        start = self._start
        values = {
            "title": start.title,
            "id": start.id,
            "shortcut": start.shortcut,
            "folder": start.folder,
            "tags": tags_text(start.tags),
            "labels": ", ".join(start.labels),
        }
        with Vertical(id="writing") as box:
            box.border_title = plain(f" {self._work.title} ")
            box.border_subtitle = plain(f" {self._key_line()} ")
            for name, label, hint in FIELDS:
                with Container(classes="field"):
                    yield Static(plain(label), classes="label")
                    yield Input(values[name], placeholder=hint, id=name)
            yield Static(plain(""), id="languages")
            yield TextField(
                max_rows=8,
                hint="Hi {{ customer.first_name | default: 'there' }}, …",
                limit=MAX_BODY * 2,
                id="body",
            )
            yield Static(plain(""), id="problems")
            if self._work.note:
                yield Static(plain(self._work.note), id="note")
            with VerticalScroll(id="preview", can_focus=False):
                yield Static(plain(""), id="about")
                yield Static(plain(""), id="text")

    def _key_line(self) -> str:
        first, second = ("canned.propose", "propose"), ("writing.save", "save")
        pairs = [first, second] if self._work.proposing else [second, first]
        pairs += [("writing.language", "language"), ("writing.next", "next"), ("writing.cancel", "close")]
        return "   ".join(f"{self._keys(action)} {word}" for action, word in pairs)

    def on_mount(self) -> None:
        """Begin with what is there."""
        self.query_one(TextField).set_text(self._bodies.get(self._language, ""))
        self._first = self.writing()
        self._show()

    def writing(self) -> Writing:
        """Return what stands in the fields."""
        line = {name: self.query_one(f"#{name}", Input).value.strip() for name, _, _ in FIELDS}
        bodies = self._bodies | {self._language: self.query_one(TextField).text.strip("\n").rstrip()}
        # A line that nobody touched says less than what it was made of.
        tags = self._start.tags if line["tags"] == tags_text(self._start.tags) else parse_tags(line["tags"])
        labels = tuple(filter(None, (word.strip() for word in line["labels"].split(","))))
        identity = line["id"] or suggested_id(line["title"], tags.get("topic", ""))
        return Writing(
            id=identity,
            title=line["title"],
            shortcut=line["shortcut"],
            folder=line["folder"],
            tags=tags,
            labels=labels,
            body=bodies,
        )

    def on_input_changed(self) -> None:
        """Check and fill again."""
        self._show()

    def on_text_field_changed(self) -> None:
        """Check and fill again."""
        self._show()

    def handle_action(self, action_id: str) -> bool:
        """Carry out a `writing.*` action, or `canned.propose`; returns whether it was one."""
        actions: dict[str, Callable[[], object]] = {
            "writing.save": lambda: self._finish(self._save, proposed=False),
            "canned.propose": lambda: self._finish(self._propose, proposed=True),
            "writing.language": self._next_language,
            "writing.next": self.focus_next,
            "writing.previous": self.focus_previous,
            "writing.newline": self._newline,
            "writing.undo": self.query_one(TextField).undo,
            "writing.cancel": self._cancel,
        }
        if (action := actions.get(action_id)) is None:
            return False
        action()
        return True

    def _newline(self) -> None:
        body = self.query_one(TextField)
        if body.has_focus:
            body.insert("\n")
        else:
            self.focus_next()

    def _languages(self) -> list[str]:
        return sorted({self._language, *self._bodies, *self._work.languages} - {""})

    def _next_language(self) -> None:
        """Go to the text in the next language; one without a text can be begun, and is left out while it is empty."""
        body = self.query_one(TextField)
        self._bodies[self._language] = body.text
        self._language = next_of(self._languages(), self._language)
        body.set_text(self._bodies.get(self._language, ""))
        self.set_focus(body)
        self._show()

    def _cancel(self) -> None:
        if self.writing() == self._first:
            self.dismiss(None)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                self.dismiss(None)

        question = ConfirmScreen("Close without saving?", "What you have written here is lost.")
        self.app.push_screen(question, answered)

    def _finish(self, write: Callable[[Writing], str], *, proposed: bool) -> None:
        writing = self.writing()
        _, problems = writing.checked()
        if problems:
            key, finding = problems[0]
            self._go_to(key)
            what = f"it needs {_NEEDED[finding.code]}" if finding.code in _NEEDED else _words(key, finding)
            self._problem(f"not saved: {what}")
            return
        try:
            place = write(writing)
        except ValueError as error:
            self._problem(f"not saved: {error}")
            return
        self.dismiss(Written(writing.id, place, proposed))

    def _go_to(self, key: str) -> None:
        """Put the focus where something is wrong."""
        name, _, language = key.partition(".")
        if name == "body":
            if language in self._bodies and language != self._language:
                self._bodies[self._language] = self.query_one(TextField).text
                self._language = language
                self.query_one(TextField).set_text(self._bodies[language])
                self._show()
            self.set_focus(self.query_one(TextField))
        elif any(name == known for known, _, _ in FIELDS):
            self.set_focus(self.query_one(f"#{name}", Input))

    def _problem(self, text: str) -> None:
        self.query_one("#problems", Static).update(plain(f"! {clean_line(text, 300)}" if text else ""))

    def _show(self) -> None:
        writing = self.writing()
        _, problems = writing.checked()
        needed = [_NEEDED[finding.code] for _, finding in problems if finding.code in _NEEDED]
        wrong = [(key, finding) for key, finding in problems if finding.code not in _NEEDED]
        lines = [f"! {_words(key, finding)}" for key, finding in wrong[:_PROBLEMS]]
        if len(wrong) > _PROBLEMS:
            lines.append(f"  and {len(wrong) - _PROBLEMS} more")
        if needed:
            lines.append(f"  still needs {', '.join(needed)}")
        if not problems and (taken := self._work.taken(writing.id)):
            lines.append(f"  {taken}")
        self.query_one("#problems", Static).update(plain("\n".join(lines)))
        self.query_one("#languages", Static).update(assemble(*self._language_parts()))
        about, text = self.query_one("#about", Static), self.query_one("#text", Static)
        identity = writing.id or "(no id yet)"
        bodies = writing.bodies
        if not bodies or any(key.startswith("body") for key, _ in problems):
            about.update(assemble((identity, "dim"), " · not ready"))
            text.update(plain(writing.body.get(self._language, "")))
            return
        filled = fill(Response(id=writing.id, title=writing.title, body=bodies), self._work.context, self._language)
        count = len(filled.slots)
        blanks = f" · {count} blank{'' if count == 1 else 's'}" if count else ""
        heading = f"for {clean_line(self._work.customer, 40).upper()}" if self._work.customer else "filled"
        about.update(assemble((heading, "bold"), f" · {filled.language}{blanks} · {identity}"))
        text.update(with_blanks(filled))

    def _language_parts(self) -> list[Part]:
        parts: list[Part] = [("text in    "[:10], "dim")]
        for language in self._languages():
            here = language == self._language
            written = bool((self.query_one(TextField).text if here else self._bodies.get(language, "")).strip())
            word = language if written else f"{language} (none)"
            parts.append((f"[{word}]" if here else f" {word} ", "bold" if here else "dim"))
        return parts


def _words(key: str, finding: Finding) -> str:
    where = f"{key.partition('.')[2]} line {finding.line}: " if key.startswith("body.") else ""
    return f"{where}{finding.message}. {finding.advice}"
