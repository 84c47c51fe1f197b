"""Finding text in the loaded messages of a conversation. Pure."""

import re
from dataclasses import dataclass

from paradesk.core.model import Message
from paradesk.core.transcript import SortKey, Transcript, sort_key
from paradesk.ui.transcript_rows import Block, file_label, shown_body


@dataclass(frozen=True, slots=True)
class Match:
    """One place where the text stands."""

    key: SortKey
    message_id: str
    start: int
    """Offset in the shown body; in the label of the file when `file` is given."""
    file: int | None = None
    """The place of the file among those of the message."""


def match_offset(match: Match, block: Block) -> int:
    """Return where a match stands in the text of its message's block."""
    if match.file is None:
        return match.start
    return (block.files[match.file] if match.file < len(block.files) else 0) + match.start


class Finder:
    """Looks for a text, case-insensitively, in bodies and names of files, and remembers which match is current."""

    def __init__(self) -> None:
        self.pattern: re.Pattern[str] | None = None
        self.matches: list[Match] = []
        self.current: Match | None = None
        self._version: tuple[int, int] | None = None

    def look_for(self, text: str) -> None:
        """Look for another text from now on; nothing is current. Empty ends the search."""
        self.pattern = re.compile(re.escape(text), re.IGNORECASE) if text else None
        self.matches = []
        self.current = None
        self._version = None

    def refresh(self, transcript: Transcript) -> None:
        """Bring the matches up to date with the messages; cheap when nothing changed."""
        version = (id(transcript), transcript.version)
        if self.pattern is None or version == self._version:
            return
        self._version = version
        self.matches = [match for message in transcript for match in self._in(message)]

    @property
    def position(self) -> tuple[int, int]:
        """Which match is current, counted from 1 (0 for none), and how many there are."""
        if self.current in self.matches:
            return self.matches.index(self.current) + 1, len(self.matches)
        return 0, len(self.matches)

    def choose_before(self, key: SortKey) -> Match | None:
        """Make the newest match in a message at or before a sort key current, or else the oldest match."""
        earlier = [match for match in self.matches if match.key <= key]
        self.current = earlier[-1] if earlier else self.matches[0] if self.matches else None
        return self.current

    def step(self, direction: int) -> Match | None:
        """Make the next newer (1) or next older (-1) match current; after the last comes the first."""
        if not self.matches:
            self.current = None
        elif self.current is None:
            self.current = self.matches[-1 if direction < 0 else 0]
        else:
            order = [(match.key, match.file is not None, match.file or 0, match.start) for match in self.matches]
            here = (self.current.key, self.current.file is not None, self.current.file or 0, self.current.start)
            if direction > 0:
                later = [place for place, other in enumerate(order) if other > here]
                self.current = self.matches[later[0] if later else 0]
            else:
                sooner = [place for place, other in enumerate(order) if other < here]
                self.current = self.matches[sooner[-1] if sooner else -1]
        return self.current

    def _in(self, message: Message) -> list[Match]:
        if self.pattern is None or message.deleted:
            return []
        key = sort_key(message)
        found = [Match(key, message.id, match.start()) for match in self.pattern.finditer(shown_body(message))]
        for place, attachment in enumerate(message.attachments):
            found += [
                Match(key, message.id, match.start(), place) for match in self.pattern.finditer(file_label(attachment))
            ]
        return found
