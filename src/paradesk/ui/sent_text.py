"""Which part of a text is already on its way to the customer, while the agent goes on typing in it. Pure."""

from dataclasses import dataclass

from paradesk.ui.text_buffer import Splice, TextBuffer


@dataclass(slots=True)
class _Sent:
    text: str
    spans: list[tuple[int, int]]
    """Where its characters stand now, as offsets in order."""


class SentText:
    """Follows what was handed over through later edits, so that exactly that can be removed once it is accepted."""

    def __init__(self, buffer: TextBuffer) -> None:
        self._buffer = buffer
        self._sent: list[_Sent] = []
        buffer.listeners.append(self._spliced)

    def __bool__(self) -> bool:
        return bool(self._sent)

    def unsent(self) -> str:
        """The text without what is already on its way."""
        text = self._buffer.text
        if not self._sent:
            return text
        spans = sorted(span for sent in self._sent for span in sent.spans)
        pieces, at = [], 0
        for start, end in spans:
            pieces.append(text[at:start])
            at = max(at, end)
        return "".join([*pieces, text[at:]])

    def hand_over(self, text: str) -> None:
        """All that is not on its way yet goes out as `text`."""
        spans = [(0, self._buffer.size)]
        for taken in sorted(span for sent in self._sent for span in sent.spans):
            start, end = spans.pop()
            spans.append((start, taken[0]))
            spans.append((taken[1], end))
        self._sent.append(_Sent(text, [span for span in spans if span[0] < span[1]]))

    def release(self, text: str) -> bool:
        """Say that `text` was not accepted: it is the agent's draft again. False when it was not on its way."""
        sent = self._find(text)
        if sent is None:
            return False
        self._sent.remove(sent)
        return True

    def accept(self, text: str) -> bool:
        """Say that `text` was accepted: remove what is left of it, keep what was written since. False if unknown."""
        sent = self._find(text)
        if sent is None:
            return False
        self._sent.remove(sent)
        for start, end in sorted(sent.spans, reverse=True):
            self._buffer.remove_unrecorded(self._buffer.position_at(start), self._buffer.position_at(end))
        return True

    def forget(self) -> None:
        """Follow nothing any more: the text was replaced as a whole."""
        self._sent.clear()

    def _find(self, text: str) -> _Sent | None:
        return next((sent for sent in self._sent if sent.text == text), None)

    def _spliced(self, splice: Splice) -> None:
        if not self._sent:
            return
        first = self._buffer.offset_of(splice.start)
        last = first + len(splice.removed)
        shift = len(splice.inserted) - len(splice.removed)
        for sent in self._sent:
            spans = []
            for start, end in sent.spans:
                if start < min(end, first):
                    spans.append((start, min(end, first)))
                if max(start, last) < end:
                    spans.append((max(start, last) + shift, end + shift))
            sent.spans = spans
