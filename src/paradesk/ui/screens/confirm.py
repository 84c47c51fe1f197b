"""A yes-or-no question before something that cannot be taken back."""

from typing import ClassVar

from textual import events
from textual.app import ComposeResult

from paradesk.ui.screens.dialog import Dialog
from paradesk.ui.widgets.choice_list import Choice, ChoiceList


class ConfirmScreen(Dialog[bool]):
    """Asks once. The cursor begins on "No", so that an Enter that was meant for the composer does nothing."""

    AUTO_FOCUS: ClassVar[str | None] = None
    ASKS: ClassVar[bool] = True

    def __init__(self, question: str, detail: str = "", *, yes: str = "Yes", no: str = "No") -> None:
        super().__init__()
        self._question, self._detail = question, detail
        self._choices = (Choice("no", f"[n] {no}"), Choice("yes", f"[y] {yes}"))

    def compose(self) -> ComposeResult:
        """The question, what it will do, and the two answers."""
        with self.box(self._question, "y yes   n no   esc cancel"):
            if self._detail:
                yield self.note(self._detail)
            yield ChoiceList(self._choices)

    def accept(self) -> None:
        """Answer with the row under the cursor."""
        self.dismiss(self.query_one(ChoiceList).cursor == "yes")

    def on_key(self, event: events.Key) -> None:
        """Answer with one letter."""
        if event.character in ("y", "Y", "n", "N"):
            event.stop()
            self.dismiss(event.character in "yY")

    def handle_action(self, action_id: str) -> bool:
        """Move between the two answers with the keys that move between fields as well."""
        if action_id in ("dialog.next", "dialog.previous"):
            self.move(1 if action_id == "dialog.next" else -1)
            return True
        return super().handle_action(action_id)
