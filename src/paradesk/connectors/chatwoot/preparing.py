"""What a reply has to become so that the customer gets what the agent wrote.

Chatwoot renders every outgoing message, notes too, as a Liquid template: `{{ contact.name }}` would be filled in there,
and an unknown name would vanish. Code between backticks is left alone by it. Markdown is rendered where it is shown.
"""

import re
from typing import Final

from paradesk.connectors.base import Prepared, Rejected

MAX_BODY: Final = 150_000
"""Bytes. Chatwoot counts 150,000 characters, which are never more than bytes."""
_CODE: Final = r"`[^`]*`"
_WRITTEN_OUT: Final = r"\{\{ '\{[{%]' \}\}"
_OPENING: Final = r"\{[{%]"
_PIECES: Final = re.compile(f"({_CODE}|{_WRITTEN_OUT})|({_OPENING})")
_MARKS: Final = re.compile(
    r"(?m)^#{1,6} |\*\*?(?=\S)[^*\n]+?(?<=\S)\*\*?|(?<!\w)_(?=\S)[^_\n]+(?<=\S)_(?!\w)|`[^`]+`|\[[^\]\n]+\]\([^)\n]+\)"
)


def prepare(body: str, most: int = MAX_BODY) -> Prepared:
    """Return what Chatwoot is given for a text, with remarks on what it would do with it; raises Rejected when too long."""
    text = _PIECES.sub(lambda found: found[1] or "{{ '" + found[2] + "' }}", body)
    size = len(text.encode("utf-8", "replace"))
    if size > most:
        raise Rejected(f"the text is {size:,} bytes long; Chatwoot takes at most {most:,}")
    remarks: list[str] = []
    if text != body:
        remarks.append("what stands between {{ and }} goes out as it is: Chatwoot will not fill it in")
    if _MARKS.search(body):
        remarks.append("Chatwoot reads * _ # ` and [](…) as Markdown, and shows the text formatted")
    return Prepared((text,), tuple(remarks))
