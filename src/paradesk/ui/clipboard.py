"""What leaves for the terminal's clipboard: cleaned text, as base64, and no more of it than terminals take."""

from base64 import b64encode

from paradesk.core.text import clean_text

MOST_BYTES = 74_970
"""The most that is handed over: the sequence then has 99,968 characters, below the 100,000 at which hterm, and with it other
terminals, drops the sequence without a word."""


def sequence(text: str) -> str:
    """Return the control sequence that puts a cleaned text on the clipboard; empty for one that is too long."""
    content = clean_text(text).encode()
    return "" if len(content) > MOST_BYTES else f"\x1b]52;c;{b64encode(content).decode('ascii')}\x07"
