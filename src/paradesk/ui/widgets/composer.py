"""The composer: where the agent writes, with the recipient's name on its first row."""

import time
from collections.abc import Callable, Sequence
from typing import ClassVar, TypeAlias

from rich.style import Style
from textual import events
from textual.timer import Timer

from paradesk.core.model import LocalFile, Visibility
from paradesk.core.slots import find_slots
from paradesk.core.text import clean_text
from paradesk.ui.composer_keys import EDITS, PRESSED, typed_character
from paradesk.ui.key_burst import KeyBurst
from paradesk.ui.sent_text import SentText
from paradesk.ui.text_buffer import Position
from paradesk.ui.widgets import composer_messages
from paradesk.ui.widgets.composer_rows import Mode, Row, Target, files_row, gutter, recipient_row
from paradesk.ui.widgets.editor import Editor

MAX_TEXT = 1_000_000
"""Characters that one reply can hold; what is pasted beyond that is cut, and said so."""

TYPING_SECONDS = 4.0
"""Between two reports that the agent is typing, and the rest after which typing has ended."""

_REPEAT_SECONDS = 0.5
_NEVER = float("-inf")


class Composer(Editor):
    """Writes to one customer, or a note about them. It never sends by itself and never empties itself."""

    KEY_CONTEXT: ClassVar[str] = "composer"
    STYLE_PREFIX: ClassVar[str] = "composer--"
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "composer--cursor",
        "composer--edge",
        "composer--file",
        "composer--hint",
        "composer--note",
        "composer--quiet",
        "composer--recipient",
        "composer--remark",
        "composer--selection",
        "composer--slot",
    }
    DEFAULT_CSS = """
    Composer {
        height: auto;
        width: 1fr;
        color: $foreground;
        & .composer--cursor { text-style: reverse; }
        & .composer--edge { color: $primary; text-style: bold; }
        & .composer--recipient { color: $primary; text-style: bold; }
        & .composer--note { color: $warning; text-style: bold; }
        & .composer--quiet { color: $text-muted; }
        & .composer--hint { color: $text-muted; text-style: italic; }
        & .composer--remark { color: $accent; text-style: bold; }
        & .composer--file { color: $secondary; }
        & .composer--slot { color: $accent; text-style: bold underline; }
        & .composer--selection { background: $primary 40%; text-style: underline; }
    }
    """

    Changed: TypeAlias = composer_messages.Changed
    SendRequested: TypeAlias = composer_messages.SendRequested
    SlotsOpen: TypeAlias = composer_messages.SlotsOpen
    Typing: TypeAlias = composer_messages.Typing
    PasteCut: TypeAlias = composer_messages.PasteCut
    AttachmentRemoved: TypeAlias = composer_messages.AttachmentRemoved

    def __init__(
        self,
        *,
        max_rows: int = 6,
        hint: str = "",
        clock: Callable[[], float] = time.monotonic,
        burst_guard: bool | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        """`max_rows` counts rows of text. `clock` must be the one that times key events. `burst_guard` makes an Enter
        that comes at once behind other characters a new line; None means: where a terminal is attached.
        """
        super().__init__(max_rows=max_rows, id=id, classes=classes)
        self._sent = SentText(self.buffer)
        self._claimed: set[str] = set()
        self._requested: dict[str, tuple[LocalFile, ...]] = {}
        self._asked: tuple[str, float] = ("", _NEVER)
        self._clock = clock
        self._burst = KeyBurst(clock)
        self._burst_guard = burst_guard
        self._hint = hint
        self._target: Target | None = None
        self._active = True
        self._visibility = Visibility.PUBLIC
        self._attachments: tuple[LocalFile, ...] = ()
        self._remove_key = ""
        self._typing_told = self._typing_last = _NEVER
        self._typing_timer: Timer | None = None
        self._open_slots: tuple[int, tuple[str, ...]] = (-1, ())

    # what the owner sets and reads

    @property
    def text(self) -> str:
        """The text as it stands, with what is on its way but not yet accepted."""
        return self.buffer.text

    @property
    def cursor(self) -> Position:
        """The cursor's logical line and column."""
        return self.buffer.cursor

    @property
    def target(self) -> Target | None:
        """Who the first row names."""
        return self._target

    @target.setter
    def target(self, target: Target | None) -> None:
        if target != self._target:
            recoloured = (target.colour if target else "") != (self._target.colour if self._target else "")
            self._target = target
            self.update()
            if recoloured:
                self.restyle()

    @property
    def active(self) -> bool:
        """Whether this is the active pane's composer; others name their customer quietly."""
        return self._active

    @active.setter
    def active(self, active: bool) -> None:
        self._active = active
        self.update()

    @property
    def visibility(self) -> Visibility:
        """Public reply or private note. Only the look changes here; the owner swaps the draft."""
        return self._visibility

    @visibility.setter
    def visibility(self, visibility: Visibility) -> None:
        if visibility != self._visibility:
            self._stop_typing()
            self._visibility = visibility
            self.update()

    @property
    def hint(self) -> str:
        """What an empty composer says, such as how to begin."""
        return self._hint

    @hint.setter
    def hint(self, hint: str) -> None:
        self._hint = hint
        self.update()

    @property
    def attachments(self) -> tuple[LocalFile, ...]:
        """The files that go out with the text."""
        return self._attachments

    def set_attachments(self, files: Sequence[LocalFile], remove_key: str = "") -> None:
        """Show these files; `remove_key` is how the key that takes the last one away is displayed."""
        self._attachments, self._remove_key = tuple(files), remove_key
        self.update()

    @property
    def open_slots(self) -> tuple[str, ...]:
        """The names of the blanks that are still open, in order."""
        if self._open_slots[0] != self.buffer.version:
            self._open_slots = (self.buffer.version, tuple(slot.name for slot in find_slots(self.text)))
        return self._open_slots[1]

    @property
    def has_open_slot(self) -> bool:
        """Whether a blank is still open, which stops a send."""
        return bool(self.open_slots)

    def set_text(self, text: str) -> None:
        """Replace the text with a draft. Not an undo step, and no `Changed` is posted."""
        self._stop_typing()
        self._sent.forget()
        self._claimed.clear()
        self._requested.clear()
        self.buffer.set_text(clean_text(text, MAX_TEXT))
        self.update()

    def insert(self, text: str) -> None:
        """Put text at the cursor or in place of the selection, as one undo step, and go to its first blank."""
        start = self.buffer.selection[0] if self.buffer.selection else self.buffer.cursor
        if self._put(text):
            end = self.buffer.cursor
            if find_slots(self.buffer.slice(start, end)):
                self.buffer.move_to(start)
                self.buffer.next_slot()
            self.edited()

    def accept_sent(self, sent: str) -> None:
        """What was requested as `sent` is safe: remove exactly that and its files, keep what was added since."""
        if not self._sent.accept(sent) and sent:
            at = self.text.find(sent)
            if at >= 0:
                self.buffer.remove_unrecorded(self.buffer.position_at(at), self.buffer.position_at(at + len(sent)))
        files = self._requested.get(sent, ())
        self._attachments = tuple(file for file in self._attachments if file not in files)
        self._forget_request(sent)
        self._stop_typing()
        self.update()
        self._tell_change()

    def release_sent(self, sent: str) -> None:
        """What was requested as `sent` was refused: it stays, and can be sent again."""
        self._sent.release(sent)
        self._forget_request(sent)

    def claim_sent(self, sent: str) -> None:
        """What was requested as `sent` is being delivered: another Enter does not ask for it again."""
        self._claimed.add(sent)

    def next_slot(self) -> bool:
        """Select the next blank, so that typing replaces it; False when there is none."""
        found = self.buffer.next_slot()
        self.update()
        return found

    def previous_slot(self) -> bool:
        """Select the blank before; False when there is none."""
        found = self.buffer.previous_slot()
        self.update()
        return found

    def submit(self, arrived: float | None = None) -> None:
        """Ask the owner to send. An Enter (at `arrived`) within a burst of pasted characters is a new line instead."""
        if self._in_burst(arrived):
            self._type("\n")
            return
        text = self._sent.unsent().strip("\n").rstrip()
        asked, at = self._asked
        if not text.strip() and self._sent:
            # Enter again: a slip, unless nobody has taken up the request.
            if asked in self._claimed or self._clock() - at < _REPEAT_SECONDS:
                return
            self._sent.release(asked)
            text = asked
        if not text.strip() and not self._attachments:
            return
        if find_slots(text):
            self.buffer.move_to(Position(0, 0))
            self.next_slot()
            self.post_message(self.SlotsOpen(self, self.open_slots))
            return
        self._asked = (text, self._clock())
        self._requested[text] = self._attachments
        self._sent.hand_over(text)
        self.buffer.break_undo()
        self.post_message(self.SendRequested(self, text, self._visibility, self._attachments))

    # actions, keys, pastes

    def handle_action(self, action_id: str) -> bool:
        """Do what a `composer.*` action names; False when there is nothing to do here."""
        if action_id.startswith("composer.") and (edit := EDITS.get(action_id)) is not None:
            if edit(self.buffer):
                self.edited()
            return True
        if action_id in PRESSED:
            return self.press_key(PRESSED[action_id])
        match action_id:
            case "composer.send":
                self.submit()
            case "composer.newline":
                self._type("\n")
            case "composer.next_slot" if self._in_burst(None):
                self._type("\t")
            case "composer.next_slot":
                return self.next_slot()
            case "composer.previous_slot":
                return self.previous_slot()
            case "composer.select_all":
                self.buffer.select_all()
                self.update()
            case "composer.cut" | "composer.copy":
                return self._copy(cut=action_id == "composer.cut")
            case "composer.paste":
                self._paste(self.app.clipboard)
            case "composer.remove_attachment":
                return self._remove_attachment()
            case _:
                return False
        return True

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Say that text goes in here, whatever is bound to it elsewhere."""
        return typed_character(key, character) is not None

    def on_key(self, event: events.Key) -> None:
        """Type and edit. Keys that do nothing here go on: paging, or up on the first row."""
        character = typed_character(event.key, event.character)
        if character is not None:
            self._burst.typed(event.time)
            self._type(character)
        elif event.key == "enter":
            self.submit(event.time)
        elif event.key == "ctrl+j":
            self._type("\n")
        elif not self.press(event):
            return
        event.stop()
        event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """Take a paste of the terminal as text, however many lines it has: it never sends."""
        event.stop()
        event.prevent_default()
        self._paste(event.text)

    def on_blur(self) -> None:
        """End typing where the cursor leaves."""
        self._stop_typing()

    # looks

    def edge(self, width: int) -> tuple[str, str]:
        """Heavy for the active pane, light for others, dashed and double for a note."""
        mode = self._mode
        return gutter(mode, width), "quiet" if not mode.active else "note" if mode.note else "edge"

    def rows_above(self, width: int) -> list[Row]:
        """The recipient."""
        return [recipient_row(self._mode, self._target, width, self._remark(), bool(self.buffer.size))]

    def rows_below(self, width: int) -> list[Row]:
        """The attached files."""
        if not self._attachments:
            return []
        return [files_row(self.edge(width), self._attachments, width, self._remove_key)]

    def empty_hint(self) -> str:
        """The owner's hint."""
        return self._hint

    @property
    def _mode(self) -> Mode:
        return Mode(self._visibility is Visibility.NOTE, self._active)

    def _remark(self) -> str:
        count, lines = len(self.open_slots), len(self.buffer.lines)
        if not count and lines <= self.max_rows:
            return ""
        blanks = "" if not count else "1 blank" if count == 1 else f"{count} blanks"
        place = f"line {self.buffer.cursor.line + 1}/{lines}" if lines > self.max_rows and self._active else ""
        return " · ".join(filter(None, (blanks, place)))

    def _style(self, name: str) -> Style:
        style = super()._style(name)
        if name in ("recipient", "edge") and self._target is not None and self._target.colour:
            return style + Style(color=self._target.colour)
        return style

    # inside

    def text_edited(self) -> None:
        """Tell the owner, and now and then the customer."""
        self._tell_change()
        if not self.buffer.size:
            self._stop_typing()
        elif self._visibility is Visibility.PUBLIC:
            self._typing_last = moment = self._clock()
            if moment - self._typing_told >= TYPING_SECONDS:
                self._typing_told = moment
                self.post_message(self.Typing(self, True))
                if self._typing_timer is None:
                    self._typing_timer = self.set_interval(TYPING_SECONDS, self._rest)

    def _tell_change(self) -> None:
        # Straight to the parent: a turn through the composer's own queue would hold up the repaint of each key.
        parent = self.parent
        if parent is not None:
            parent.post_message(self.Changed(self, self.text))

    def _rest(self) -> None:
        if self._clock() - self._typing_last >= TYPING_SECONDS:
            self._stop_typing()

    def _stop_typing(self) -> None:
        if self._typing_timer is not None:
            self._typing_timer.stop()
            self._typing_timer = None
            self._typing_told = _NEVER
            self.post_message(self.Typing(self, False))

    def _type(self, character: str) -> None:
        if self.buffer.size < MAX_TEXT or self.buffer.selection:
            self.buffer.insert(character, typed=True)
            self.edited()

    def _paste(self, text: str) -> None:
        if self._put(text):
            self.edited()

    def _put(self, text: str) -> bool:
        """Insert cleaned text as one undo step, as much of it as fits; False when nothing was left of it."""
        room = MAX_TEXT - self.buffer.size + len(self.buffer.selected_text)
        cleaned = clean_text(text, MAX_TEXT + 1)
        if len(cleaned) > room:
            self.post_message(self.PasteCut(self, max(len(cleaned), len(text)) - room))
            cleaned = cleaned[:room]
        if not cleaned:
            return False
        self.buffer.insert(cleaned)
        self.buffer.break_undo()
        return True

    def _copy(self, *, cut: bool) -> bool:
        text = self.buffer.selected_text
        if not text:
            return False
        self.app.copy_to_clipboard(clean_text(text))
        if cut and self.buffer.delete_selection():
            self.edited()
        return True

    def _remove_attachment(self) -> bool:
        if not self._attachments:
            return False
        *rest, last = self._attachments
        self.set_attachments(rest, self._remove_key)
        self.post_message(self.AttachmentRemoved(self, last))
        return True

    def _forget_request(self, sent: str) -> None:
        self._claimed.discard(sent)
        self._requested.pop(sent, None)
        if self._asked[0] == sent:
            self._asked = ("", _NEVER)

    def _in_burst(self, arrived: float | None) -> bool:
        guarded = not self.app.is_headless if self._burst_guard is None else self._burst_guard
        return guarded and self._burst.goes_on(arrived)
