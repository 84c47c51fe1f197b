"""The composer of a pane: it shows what the guard asks, and says where its text was copied from."""

from typing import ClassVar, NamedTuple, TypeAlias

from paradesk.core.text import clean_line
from paradesk.ui.graphemes import cells
from paradesk.ui.widgets import composer_messages
from paradesk.ui.widgets.composer import Composer
from paradesk.ui.widgets.composer_rows import Row

_MOST_ROWS = 3
"""Rows that the objection may take; what does not fit is cut."""
_MARK = "? "


_NARROWEST = 8
"""Cells that a suggested title needs to be told from others."""


class Suggested(NamedTuple):
    """A response that one key inserts."""

    response_id: str
    title: str
    key: str
    """How the key is displayed."""


def suggestion_row(edge: tuple[str, str], suggestions: tuple[Suggested, ...], width: int) -> Row:
    """One row: each key and its title, shortened alike; the last ones are left out where there is no room."""
    room = max(1, width - cells(edge[0]))
    keys = _keys(suggestions)
    for count in range(len(suggestions), 0, -1):
        each = (room - sum(cells(key) + 1 for key in keys[:count]) - 2 * (count - 1)) // count
        if each >= _NARROWEST or count == 1:
            break
    titles = [clean_line(one.title, 200) for one in suggestions[:count]]
    spare = sum(max(0, each - cells(title)) for title in titles)
    long = [place for place, title in enumerate(titles) if cells(title) > each]
    for place in long:
        titles[place] = clean_line(titles[place], max(1, each + spare // len(long)))
    text = "  ".join(f"{key} {title}" for key, title in zip(keys, titles, strict=False))
    return _row(edge, text if cells(text) <= room else clean_line(text, room), "suggestion")


def _keys(suggestions: tuple[Suggested, ...]) -> list[str]:
    """Return the keys; what all of them begin with is said once."""
    first = suggestions[0].key
    begin = first.rpartition(" ")[0]
    alike = bool(begin) and all(one.key.rpartition(" ")[0] == begin for one in suggestions)
    return [first, *(one.key.rpartition(" ")[2] if alike else one.key for one in suggestions[1:])]


class Question(NamedTuple):
    """What stands between the recipient and the text while a reply waits for a decision."""

    objection: str
    """Which chat seems to be meant, or what happened."""
    reason: str
    """Why; on a row of its own where both do not fit on one."""
    choices: tuple[str, ...]
    """What can be done, each with its key, the most useful first."""
    short: tuple[str, ...] = ()
    """The same in fewer words, for where the choices do not fit on one row."""
    actions: tuple[str, ...] = ()
    """The actions behind the choices, for the line that names the keys."""


def question_rows(edge: tuple[str, str], question: Question, width: int) -> list[Row]:
    """The objection behind a question mark, then the keys; a key and what it does are never torn apart.

    The last choice is left out where it would take a row of its own.
    """
    room = max(1, width - cells(edge[0]))
    lead, reason = _MARK + clean_line(question.objection, 100), clean_line(question.reason, 120)
    rows = [f"{lead} {reason}".rstrip()]
    if cells(rows[0]) > room:
        why = ["  " + word if not place else word for place, word in enumerate(reason.split(" "))] if reason else []
        rows = [*_filled(lead.split(" "), " ", "  ", room), *_filled(why, " ", "  ", room)]
    if len(rows) > _MOST_ROWS:
        rows[_MOST_ROWS - 1 :] = ["  " + " ".join(row.strip() for row in rows[_MOST_ROWS - 1 :])]
    choices = [clean_line(choice, 60) for choice in question.choices]
    keys = _filled(choices, " · ", "", room)
    if len(keys) > 1 and keys[-1] == choices[-1]:
        keys.pop()
    if len(keys) > 1 and question.short:
        keys = _filled([clean_line(choice, 60) for choice in question.short], " · ", "", room)
    styled = [*((row, "question") for row in rows), *((row, "choice") for row in keys)]
    return [_row(edge, text if cells(text) <= room else clean_line(text, room), style) for text, style in styled]


def follow_up_row(edge: tuple[str, str], words: tuple[str, ...], key: str, width: int) -> Row:
    """`[then] set pending · add tag refund`, with the key that leaves it out while there is room."""
    return remark_row(edge, "[then] " + " · ".join(words), key, "to leave out", width)


def remark_row(edge: tuple[str, str], words: str, key: str, what: str, width: int) -> Row:
    """One quiet row: what it is about in brackets, the words, and the key that does something about it."""
    room = max(1, width - cells(edge[0]))
    text = clean_line(words, 300)
    hint = f"  ({key} {what})" if key else ""
    pieces = [edge, (text if cells(text) <= room else clean_line(text, room), "remark")]
    if hint and cells(pieces[1][0]) + cells(hint) <= room:
        pieces.append((hint, "hint"))
    return Row(tuple(pieces), sum(cells(piece) for piece, _ in pieces), plain=False)


def _row(edge: tuple[str, str], text: str, style: str) -> Row:
    return Row((edge, (text, style)), cells(edge[0]) + cells(text), plain=False)


def _filled(pieces: list[str], between: str, indent: str, room: int) -> list[str]:
    """Return the pieces row by row, as many in each as fit; rows after the first are indented."""
    rows: list[str] = []
    row = ""
    for piece in pieces:
        longer = row + between + piece if row else piece
        if row and cells(longer) > room:
            rows.append(row)
            longer = indent + piece
        row = longer
    return [*rows, row] if row else rows


class GuardedComposer(Composer):
    """While a question shows, its keys have a context of their own; any change of the text takes the question away."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"composer--question", "composer--choice", "composer--suggestion"}
    DEFAULT_CSS = """
    GuardedComposer {
        & .composer--suggestion { color: $text-muted; }
        & .composer--question { color: $warning; text-style: bold; }
        & .composer--choice { color: $warning; }
    }
    """

    Copied: TypeAlias = composer_messages.Copied
    Pasted: TypeAlias = composer_messages.Pasted

    _question: Question | None = None
    _suggestions: tuple[Suggested, ...] = ()
    suggested_at = 0.0
    """When the suggestions changed last, by the clock of who showed them."""
    _follow_up: tuple[tuple[str, ...], str] = ((), "")
    _preview: tuple[str, str] = ("", "")

    @property
    def key_context(self) -> str:
        """The keys that hold here now."""
        return self.KEY_CONTEXT if self._question is None else "guard"

    @property
    def question(self) -> Question | None:
        """What the guard asks, or None."""
        return self._question

    @question.setter
    def question(self, question: Question | None) -> None:
        if question != self._question:
            self._question = question
            self.update()

    @property
    def suggestions(self) -> tuple[Suggested, ...]:
        """The responses that stand above the composer now, each with a key; none as soon as there is a draft."""
        return () if self._question is not None or self.buffer.size or not self.active else self._suggestions

    def suggest(self, suggestions: tuple[Suggested, ...], now: float) -> None:
        """Show these while nothing is typed; nothing changes where they are the same."""
        if suggestions != self._suggestions:
            self._suggestions = suggestions
            self.suggested_at = now
            self.update()

    def rows_above(self, width: int) -> list[Row]:
        """What is suggested, the recipient, and what the guard asks."""
        rows = super().rows_above(width)
        if suggestions := self.suggestions:
            rows.insert(0, suggestion_row(self.edge(width), suggestions, width))
        return rows if self._question is None else [*rows, *question_rows(self.edge(width), self._question, width)]

    def rows_below(self, width: int) -> list[Row]:
        """The attached files, what the text becomes at the backend, and what will be changed in the ticket."""
        words, key = self._follow_up
        rows = super().rows_below(width)
        if self._preview[0] and self.buffer.size:
            rows = [*rows, remark_row(self.edge(width), *self._preview, "shows it", width)]
        return [*rows, follow_up_row(self.edge(width), words, key, width)] if words else rows

    def show_preview(self, words: str, key: str) -> None:
        """Say what the text becomes at the backend, where that is not the text itself; `key` shows it whole."""
        if (words, key) != self._preview:
            self._preview = (words, key)
            self.update()

    def show_follow_up(self, words: tuple[str, ...], key: str) -> None:
        """Say what will be changed in the ticket when this is sent; `key` leaves it out."""
        if (words, key) != self._follow_up:
            self._follow_up = (words, key)
            self.update()

    def set_text(self, text: str) -> None:
        """Replace the text with another draft, about which nothing was asked."""
        self.question = None
        super().set_text(text)

    def text_edited(self) -> None:
        """Another text is another question."""
        self.question = None
        super().text_edited()

    def _paste(self, text: str) -> None:
        self._tell(self.Pasted(self, text))
        super()._paste(text)

    def _copy(self, *, cut: bool) -> bool:
        if text := self.buffer.selected_text:
            self._tell(self.Copied(self, text))
        return super()._copy(cut=cut)

    def _tell(self, message: composer_messages.Told) -> None:
        # As a change goes, so that both arrive in order.
        if self.parent is not None:
            self.parent.post_message(message)
