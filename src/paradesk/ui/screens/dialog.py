"""What all dialogs share: a framed box, focus that moves between fields, and the dialog keys."""

from typing import ClassVar, Generic, TypeVar

from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from paradesk.ui.content import plain
from paradesk.ui.widgets.choice_list import ChoiceList

Result = TypeVar("Result")


class Box(Vertical):
    """The frame of a dialog: a title above, the keys below."""

    DEFAULT_CSS = """
    Box { border: double $primary; border-title-style: bold; padding: 0 1; background: $surface;
          width: 72; max-width: 96%; height: auto; max-height: 94%; }
    """


class Dialog(ModalScreen[Result | None], Generic[Result]):
    """A modal question. `dialog.accept` and `.cancel` end it, `dialog.next` and `.previous` move between fields."""

    KEY_CONTEXT: ClassVar[str] = "dialog"
    ASKS: ClassVar[bool] = False
    """Whether one letter answers it: then keys that were on their way when it opened do not."""
    DEFAULT_CSS = """
    Dialog { align: center middle; }
    Dialog ChoiceList { height: auto; max-height: 12; }
    Dialog Input { border: round $primary; height: 3; padding: 0 1; }
    Dialog Input:focus { border: heavy $accent; }
    Dialog .dialog--label { text-style: bold; height: auto; }
    Dialog .dialog--note { text-style: dim; height: auto; }
    Dialog .dialog--problem { text-style: bold; height: auto; }
    """

    def box(self, title: str, keys: str) -> Box:
        """Return the frame with its title and the line that says which keys do what."""
        box = Box()
        box.border_title = plain(f" {title} ")
        box.border_subtitle = plain(f" {keys} ")
        return box

    def problem(self, text: str) -> None:
        """Say what is wrong with the input, in the dialog's own line for it."""
        self.query_one("#problem", Static).update(plain(f"! {text}" if text else ""))

    @staticmethod
    def label(text: str) -> Static:
        """Return a field's label."""
        return Static(plain(text), classes="dialog--label")

    @staticmethod
    def note(text: str | Content) -> Static:
        """Return a line of explanation."""
        return Static(plain(text) if isinstance(text, str) else text, classes="dialog--note")

    @staticmethod
    def problem_line() -> Static:
        """Return the line that `problem` writes to."""
        return Static(plain(""), id="problem", classes="dialog--problem")

    def accept(self) -> None:
        """Take what was entered; overridden by every dialog that asks for something."""
        self.dismiss(None)

    def move(self, rows: int) -> None:
        """Move the cursor of the dialog's list, where it has one."""
        for choices in self.query(ChoiceList):
            choices.move(rows)

    def handle_action(self, action_id: str) -> bool:
        """Carry out a `dialog.*` action; returns whether it was one."""
        match action_id:
            case "dialog.accept":
                self.accept()
            case "dialog.cancel":
                self.dismiss(None)
            case "dialog.next":
                self.focus_next()
            case "dialog.previous":
                self.focus_previous()
            case "dialog.up":
                self.move(-1)
            case "dialog.down":
                self.move(1)
            case _:
                return False
        return True

    def on_choice_list_chosen(self) -> None:
        """A click on a row takes it."""
        self.accept()
