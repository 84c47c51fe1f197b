"""What a reply becomes before Zendesk gets it: nothing in it may be filled in by the server."""

import re
from typing import Final

from paradesk.connectors.base import Prepared, Rejected

JOINER: Final = "\u2060"
MAX_BODY: Final = 60_000
_PLACEHOLDER = re.compile(r"\{(?=[{%])")
_OURS = re.compile(rf"(?<=\{{){JOINER}(?=[{{%])")
_MARKDOWN = re.compile(r"\*\S[^*\n]*\*|\b_\S[^_\n]*_\b|`[^`\n]+`|^#{1,6} |^> |^[*+-] |\]\([^)\s]+\)", re.MULTILINE)
PLACEHOLDER_REMARK: Final = (
    "{{ and {% would be filled in by Zendesk, with the customer's data too: invisible characters keep them as text"
)
MARKDOWN_REMARK: Final = "Zendesk may show *, _, #, >, ` and lists as formatting"


def harmless(body: str) -> str:
    """Return the text with nothing in it that the server would fill in. Harmless to repeat."""
    return _PLACEHOLDER.sub(f"{{{JOINER}", body)


def as_written(body: str) -> str:
    """Return a comment of an agent without the invisible characters that made it harmless: as its reader sees it."""
    return _OURS.sub("", body)


def prepared(body: str) -> Prepared:
    """Return what is sent for a text; raises Rejected for too much. What was prepared before stays as it is."""
    ready = within_limit(harmless(body))
    remarks = [PLACEHOLDER_REMARK] if ready != body else []
    if _MARKDOWN.search(body):
        remarks.append(MARKDOWN_REMARK)
    return Prepared((ready,), tuple(remarks))


def within_limit(body: str) -> str:
    """Return the text as it is; raises Rejected where it is longer than one comment may be."""
    size = len(body.encode("utf-8", "replace"))
    if size > MAX_BODY:
        raise Rejected(f"the text is {size:,} bytes long; a comment at Zendesk holds about {MAX_BODY:,}")
    return body


def same_text(one: str, other: str) -> bool:
    """Tell whether two texts are the same comment, whatever the server does to line ends and at both ends."""
    return _bare(one) == _bare(other)


def _bare(body: str) -> str:
    return as_written(body).replace("\r\n", "\n").strip()
