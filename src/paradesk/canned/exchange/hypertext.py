"""HTML bodies as the plain text that a chat carries, and plain text as HTML for tools that keep nothing else."""

import html
import re
from html.parser import HTMLParser

MAX_HTML = 200_000
"""Characters of one body."""

_BLOCKS = frozenset(
    (
        *("div", "section", "article", "header", "footer", "address", "form", "fieldset", "figure", "figcaption"),
        *("table", "thead", "tbody", "tr", "dl", "dt", "dd", "blockquote", "hr", "body", "html"),
    )
)
_PARAGRAPHS = frozenset(("p", "ul", "ol", "pre", "h1", "h2", "h3", "h4", "h5", "h6"))
_UNSEEN = frozenset(("script", "style", "head", "title", "template", "noscript", "iframe", "object", "svg"))
_LINKS = ("http://", "https://", "mailto:", "tel:")
_SPACE = re.compile(r"[ \t\r\n\f]+")
_MANY = re.compile(r"\n{3,}")
_STRAY = re.compile(r"<(?![/!a-zA-Z][^<>]{0,2000}>)")
_MAX_DEPTH = 12


class _Reader(HTMLParser):
    """Writes down what a person would see. Flat: nesting costs a counter, not a call."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.lost: dict[str, None] = {}
        self._unseen = 0
        self._verbatim = 0
        self._lists: list[int] = []
        self._links: list[tuple[str, int]] = []
        self._end = "\n\n"

    def _add(self, text: str) -> None:
        if text:
            self.parts.append(text)
            self._end = (self._end + text)[-2:]

    def _line(self, blank: bool = False) -> None:
        """Make sure that a line, or a paragraph, begins here."""
        if self._end.endswith("\n\n") or (not blank and self._end.endswith("\n")):
            return
        self._add("\n\n" if blank and not self._end.endswith("\n") else "\n")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag in _UNSEEN:
            self._unseen += 1
            if tag in ("script", "iframe", "object"):
                self.lost[f"<{tag}>"] = None
        elif self._unseen:
            return
        elif tag == "br":
            self._add("\n")
        elif tag == "attribute":  # Intercom's placeholder in HTML
            default = attributes.get("default", "")
            name = attributes.get("key", "")
            self._add(f'{{{{{name} | fallback: "{default}"}}}}' if default else f"{{{{{name}}}}}")
        elif tag == "img":
            if source := attributes.get("alt") or attributes.get("src", "").rpartition("/")[2]:
                self.lost[f"the picture `{source[:60]}`"] = None
        elif tag == "a":
            self._links.append((attributes.get("href", "").strip(), len(self.parts)))
        elif tag in ("ul", "ol"):
            self._line(blank=not self._lists)
            if len(self._lists) < _MAX_DEPTH:
                self._lists.append(1 if tag == "ol" else 0)
        elif tag == "li":
            self._line()
            depth = len(self._lists)
            number = self._lists[-1] if self._lists else 0
            if number:
                self._lists[-1] += 1
            self._add("  " * max(0, depth - 1) + (f"{number}. " if number else "- "))
        elif tag in ("td", "th"):
            if not self._end.endswith("\n"):
                self._add(" | ")
        elif tag in _PARAGRAPHS:
            self._line(blank=True)
            self._verbatim += tag == "pre"
        elif tag in _BLOCKS:
            self._line()

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag != "attribute" and tag != "br":
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif self._unseen:
            return
        elif tag == "a":
            if self._links:
                self._close_link(*self._links.pop())
        elif tag in ("ul", "ol"):
            if self._lists:
                self._lists.pop()
            self._line(blank=not self._lists)
        elif tag in _PARAGRAPHS:
            self._line(blank=True)
            self._verbatim = max(0, self._verbatim - (tag == "pre"))
        elif tag in _BLOCKS or tag == "li":
            self._line()

    def _close_link(self, address: str, start: int) -> None:
        shown = "".join(self.parts[start:]).strip()
        if not address.lower().startswith(_LINKS):
            if address and not address.startswith("#"):
                self.lost[f"the link `{address[:60]}`"] = None
            return
        bare = address.removeprefix("mailto:").removeprefix("tel:")
        if not shown:
            self._add(bare)
        elif shown not in (address, bare, address.rstrip("/"), bare.partition("//")[2]):
            self._add(f" ({bare})")

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if self._verbatim:
            self._add(data)
            return
        text = _SPACE.sub(" ", data)
        if self._end.endswith(("\n", " ")) and text.startswith(" "):
            text = text[1:]
        self._add(text)


def _without_comments(markup: str) -> str:
    kept: list[str] = []
    at = 0
    while (start := markup.find("<!--", at)) >= 0 and (end := markup.find("-->", start + 4)) >= 0:
        kept.append(markup[at:start])
        at = end + 3
    return "".join((*kept, markup[at:]))


def to_text(markup: str) -> tuple[str, list[str]]:
    """Return the text of a piece of HTML, and what of it text cannot carry (pictures, links that run something).

    Paragraphs and line breaks stay, lists get `-` or numbers, a link reads `text (address)`.
    """
    reader = _Reader()
    # The parser of the standard library is quadratic in openings that never close, and comments hide tags.
    reader.feed(_STRAY.sub("&lt;", _without_comments(markup[:MAX_HTML])))
    reader.close()
    lines = "".join(reader.parts).replace("\u00a0", " ").split("\n")
    return _MANY.sub("\n\n", "\n".join(line.rstrip() for line in lines)).strip(), list(reader.lost)


def from_text(text: str) -> str:
    """Return plain text as HTML: escaped, with its line breaks."""
    return html.escape(text, quote=False).replace("\n", "<br />")
