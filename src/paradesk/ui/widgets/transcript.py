"""The transcript of one conversation: what was said, row by row, held still while it is read."""

from collections.abc import Callable
from typing import ClassVar

from textual import events

from paradesk.core.model import Attachment, ConversationId, Message, MessageId
from paradesk.core.text import clean_text
from paradesk.core.transcript import sort_key
from paradesk.ui.cards import CARDS
from paradesk.ui.transcript_find import Match, match_offset
from paradesk.ui.transcript_selection import TextPoint, TextSelection, is_over_text, point_at
from paradesk.ui.widgets.transcript_canvas import TranscriptCanvas


class TranscriptView(TranscriptCanvas, can_focus=True):
    """Shows a thread; `show` it again whenever it changed.

    The view follows the tail while the tail is in view. Otherwise a message holds it, and nothing that arrives, above
    or below, moves what is being read. Keys come as actions through `handle_action`.
    """

    KEY_CONTEXT: ClassVar[str] = "transcript"

    class LinkOrFileWanted(TranscriptCanvas.About):
        """The agent wants the links and files of a message."""

        def __init__(self, view: TranscriptCanvas, conversation_id: ConversationId, message_id: MessageId) -> None:
            super().__init__(view, conversation_id)
            self.message_id = message_id

    class RawWanted(TranscriptCanvas.About):
        """The agent wants to see a message as it came."""

        def __init__(self, view: TranscriptCanvas, conversation_id: ConversationId, message: Message) -> None:
            super().__init__(view, conversation_id)
            self.message = message

    class Copied(TranscriptCanvas.About):
        """Text was put on the clipboard."""

        def __init__(self, view: TranscriptCanvas, conversation_id: ConversationId, text: str) -> None:
            super().__init__(view, conversation_id)
            self.text = text

    class Notice(TranscriptCanvas.About):
        """What was asked for cannot be done; the text says why, in a few words for the agent."""

        def __init__(self, view: TranscriptCanvas, conversation_id: ConversationId, text: str) -> None:
            super().__init__(view, conversation_id)
            self.text = text

    _pressed: TextPoint | None = None
    """Where the mouse button went down, while it is held."""

    def _start_over(self) -> None:
        super()._start_over()
        self._pressed = None

    # Moving

    @property
    def following(self) -> bool:
        """Whether the newest message is in view and stays there."""
        return self._reading.following

    @property
    def new_below(self) -> int:
        """How many messages came while the agent reads further up."""
        return self._reading.new_below

    def line_up(self, rows: int = 1) -> None:
        """Scroll up by rows."""
        self._moved_up(self._reading.scroll(-rows))

    def line_down(self, rows: int = 1) -> None:
        """Scroll down by rows."""
        self._reading.scroll(rows)
        self._redraw()

    def page_up(self) -> None:
        """Scroll up by a page."""
        self._moved_up(self._reading.page(-1))

    def page_down(self) -> None:
        """Scroll down by a page."""
        self._reading.page(1)
        self._redraw()

    def to_top(self) -> None:
        """Go to the oldest message that is loaded."""
        self._reading.to_top()
        self._moved_up(True)

    def to_bottom(self) -> None:
        """Go to the newest message and follow it."""
        was_following = self.following
        self._reading.to_bottom()
        self._redraw()
        if not was_following:
            self._tell_tail()

    def cursor_up(self) -> None:
        """Choose the message above; without one, the last in view."""
        moved = self._reading.move_cursor(-1)
        self._moved_up(not moved)

    def cursor_down(self) -> None:
        """Choose the message below; after the newest, none."""
        if not self._reading.move_cursor(1):
            self._reading.choose(None)
            self._reading.to_bottom()
        self._redraw()

    def clear_cursor(self) -> None:
        """Choose no message, and select no text."""
        self._reading.choose(None)
        self._selection = None
        self._redraw()

    def _moved_up(self, stopped: bool) -> None:
        if stopped:
            self._history_open, self._history_problem = True, ""
        self._redraw()

    # Finding

    def find(self, text: str) -> int:
        """Mark a text wherever it stands, go to the newest match at or above the view's end, return how many."""
        self._finder.look_for(text)
        self._finder.refresh(self._blocks.transcript)
        seen = [index for index, _ in self._reading.places() if 0 <= index < len(self._blocks)]
        if seen:
            self._go_to(self._finder.choose_before(sort_key(self._blocks.transcript[seen[-1]])))
        self._redraw()
        return len(self._finder.matches)

    def find_next(self) -> tuple[int, int]:
        """Go to the next newer match, after the last to the first; return its number and how many there are."""
        return self._find_step(1)

    def find_previous(self) -> tuple[int, int]:
        """Go to the next older match; return its number and how many there are."""
        return self._find_step(-1)

    def clear_find(self) -> None:
        """Mark nothing any more; the view stays where it is."""
        self._finder.look_for("")
        self._redraw()

    @property
    def find_position(self) -> tuple[int, int]:
        """The number of the current match, counted from 1 (0 for none), and how many there are."""
        return self._finder.position

    def _find_step(self, direction: int) -> tuple[int, int]:
        self._finder.refresh(self._blocks.transcript)
        self._go_to(self._finder.step(direction))
        self._redraw()
        return self._finder.position

    def _go_to(self, match: Match | None) -> None:
        if match is None:
            return
        index = self._blocks.locate(match.message_id, match.key)
        if index is None:
            return
        block = self._blocks.block(index)
        while match.file is None and block.capped and match.start >= block.shown_end:
            self._blocks.expand(match.message_id)
            block = self._blocks.block(index)
        offset = match_offset(match, block)
        rows = [place for place, row in enumerate(block.rows) if 0 <= row.start <= offset]
        self._reading.reveal((index, rows[-1] if rows else block.lead))

    def show_message(self, message_id: MessageId) -> None:
        """Bring a message into view with as little movement as possible; unknown ones change nothing."""
        message = self._blocks.transcript.get(message_id)
        index = None if message is None else self._blocks.locate(message_id, sort_key(message))
        if index is not None:
            self._reading.reveal_message(index)
            self._redraw()

    # What is chosen

    def show_more(self) -> None:
        """Show more of the chosen message, or of the first long one in view."""
        index = self._reading.cursor_index
        if index is None:
            shown = (place[0] for place in self._places if place is not None and self._blocks.block(place[0]).capped)
            index = next(shown, None)
        if index is None or not self._blocks.block(index).capped:
            self._notice("No long message here")
            return
        self._expand(index)

    def _expand(self, index: int) -> None:
        self._reading.hold_here()
        self._blocks.expand(self._blocks.transcript[index].id)
        self._redraw()

    def selected_text(self) -> str:
        """Return the text under the selection, without gutters and names; empty when nothing is selected."""
        return clean_text(self._selection.text(self._blocks)) if self._selection is not None else ""

    def copy_text(self) -> str:
        """Return what copying takes: the selected text, else the whole chosen message."""
        text = self.selected_text()
        message = self._reading.cursor
        return text or ("" if message is None or message.deleted else CARDS.shown(clean_text(message.body)))

    def copy(self) -> None:
        """Put the selected text, or the chosen message, on the clipboard."""
        text = self.copy_text()
        if not text or self._thread is None:
            self._notice("Nothing selected to copy")
            return
        self.app.copy_to_clipboard(text)
        self._say(self.Copied(self, self._thread.conversation.id, text))

    @property
    def cursor_message(self) -> MessageId | None:
        """The id of the chosen message."""
        message = self._reading.cursor
        return None if message is None else message.id

    def links_of_cursor(self) -> list[str]:
        """Return the addresses that stand in the chosen message."""
        index = self._reading.cursor_index
        return [] if index is None else [address for _, _, address in self._blocks.block(index).links]

    def files_of_cursor(self) -> tuple[Attachment, ...]:
        """Return the files of the chosen message."""
        message = self._reading.cursor
        return () if message is None or message.deleted else message.attachments

    def open(self) -> None:
        """Ask for the links and files of the chosen message, or of the newest in view that has any."""
        index = self._reading.cursor_index
        if index is None:
            seen = {place[0] for place in self._places if place is not None and 0 <= place[0] < len(self._blocks)}
            index = max((place for place in seen if self._has_links_or_files(place)), default=None)
        if index is None or not self._has_links_or_files(index):
            self._notice("No links or files here")
            return
        self._want_links(index)

    def show_raw(self) -> None:
        """Ask for the chosen message as it came, or for the newest one."""
        message = self._reading.cursor or self._blocks.transcript.last
        if message is None or message.deleted or self._thread is None:
            self._notice("No message to show")
            return
        self._say(self.RawWanted(self, self._thread.conversation.id, message))

    def _has_links_or_files(self, index: int) -> bool:
        block = self._blocks.block(index)
        return bool(block.links or block.files)

    def _want_links(self, index: int) -> None:
        self._reading.choose(index)
        self._redraw()
        if self._thread is not None:
            message_id = self._blocks.transcript[index].id
            self._say(self.LinkOrFileWanted(self, self._thread.conversation.id, message_id))

    def _notice(self, text: str) -> None:
        if self._thread is not None:
            self._say(self.Notice(self, self._thread.conversation.id, text))

    # Keys and mouse

    def handle_action(self, action_id: str) -> bool:
        """Do an action of the transcript; False when it is not one of its own."""
        actions: dict[str, Callable[[], object]] = {
            "transcript.up": self.line_up,
            "transcript.down": self.line_down,
            "transcript.page_up": self.page_up,
            "transcript.page_down": self.page_down,
            "transcript.top": self.to_top,
            "transcript.bottom": self.to_bottom,
            "transcript.cursor_up": self.cursor_up,
            "transcript.cursor_down": self.cursor_down,
            "transcript.copy": self.copy,
            "transcript.expand": self.show_more,
            "transcript.open": self.open,
            "transcript.raw": self.show_raw,
            "transcript.find_next": self.find_next,
            "transcript.find_previous": self.find_previous,
        }
        action = actions.get(action_id)
        if action is None:
            return False
        action()
        return True

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll with the wheel."""
        event.stop()
        self.line_up(3)

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll with the wheel."""
        event.stop()
        self.line_down(3)

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Begin to select text."""
        if event.button != 1:
            return
        self._pressed = point_at(self._blocks, self._places, event.x, event.y)
        if self._selection is not None:
            self._selection = None
            self._redraw()
        if self._pressed is not None:
            self.capture_mouse()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Select as far as the mouse is; beyond an edge, scroll."""
        if self._pressed is None:
            return
        if event.y < 0:
            self.line_up()
        elif event.y >= self.size.height:
            self.line_down()
        point = point_at(self._blocks, self._places, event.x, min(max(0, event.y), self.size.height - 1))
        if point is None or (self._selection is None and point == self._pressed):
            return
        self._selection = TextSelection(self._pressed, point)
        self._redraw()

    def on_mouse_up(self, event: events.MouseUp) -> None:
        """End the selection; a click without one chooses a message or opens what was clicked."""
        pressed, self._pressed = self._pressed, None
        if pressed is not None:
            self.release_mouse()
        if event.button == 1 and self._selection is None:
            self._clicked(event.x, event.y, pressed)

    def _clicked(self, x: int, y: int, pressed: TextPoint | None) -> None:
        if not 0 <= y < len(self._places):
            return
        place = self._places[y]
        if place is None:
            if y == len(self._places) - 1 and not self.following:
                self.to_bottom()
            return
        index, row_place = place
        if index < 0:
            self.line_up()
        if not 0 <= index < len(self._blocks):
            return
        block = self._blocks.block(index)
        row = block.rows[row_place]
        if row.kind == "more":
            self._expand(index)
            return
        if row_place < block.lead:
            return
        on_link = pressed is not None and any(start <= pressed.offset < end for start, end, _ in block.links)
        if row.kind == "file" or (on_link and is_over_text(row, x)):
            self._want_links(index)
            return
        self._reading.choose(index)
        self._redraw()
