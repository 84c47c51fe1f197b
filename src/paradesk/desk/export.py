"""A conversation as a document: plain text, Markdown, HTML, CSV or JSON. Pure.

Whoever opens the document may use a program that runs what it reads, so that every text is made harmless for its form:
escaped in HTML and Markdown, and never the beginning of a formula in CSV.
"""

import csv
import html
import io
import json
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from paradesk.core.model import Conversation, Message, Visibility
from paradesk.core.text import clean_line, clean_text
from paradesk.guard.secret import cards_hidden

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-.!|~&:=@$^])")


def document(conversation: Conversation, messages: Sequence[Message], form: str, *, mask_cards: bool = True) -> str:
    """Return the document; `form` is one of `FORMS`. Of card numbers the last four digits stay, where they are masked."""
    if mask_cards:
        messages = [_masked(message) for message in messages]
    return FORMS[form](conversation, messages)


def _masked(message: Message) -> Message:
    files = tuple(replace(file, name=cards_hidden(file.name)) for file in message.attachments)
    return replace(
        message, body=cards_hidden(message.body), sender_name=cards_hidden(message.sender_name), attachments=files
    )


def _title(conversation: Conversation) -> str:
    number = f" #{conversation.number}" if conversation.number else ""
    return clean_line(f"{conversation.customer.name}{number}", 200)


def _head(message: Message) -> tuple[str, str, str]:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(message.sent_at))
    kind = "note" if message.visibility is Visibility.NOTE else message.role.value
    return at, clean_line(message.sender_name, 100), kind


def _body(message: Message) -> str:
    if message.deleted:
        return "(deleted)"
    files = "".join(f"\n(file: {clean_line(attachment.name, 120)})" for attachment in message.attachments)
    return clean_text(message.body) + files


def _text(conversation: Conversation, messages: Sequence[Message]) -> str:
    rows = [_title(conversation), ""]
    for message in messages:
        rows.append("[{}] {} ({}):".format(*_head(message)))
        # Indented, so that no line of a message can pass for the head of another.
        rows += [f"    {line}" for line in _body(message).split("\n")]
    return "\n".join(rows) + "\n"


def _markdown(conversation: Conversation, messages: Sequence[Message]) -> str:
    rows = [f"# {markdown_escaped(_title(conversation))}", ""]
    for message in messages:
        at, name, kind = _head(message)
        rows += [f"**{markdown_escaped(name)}** ({kind}, {at})", ""]
        rows += [f"> {markdown_escaped(line.strip())}  " for line in _body(message).split("\n")]
        rows.append("")
    return "\n".join(rows)


def markdown_escaped(text: str) -> str:
    """Return one line of text so that Markdown shows it as it stands, in a table too."""
    return _MARKDOWN.sub(r"\\\1", text)


def _html(conversation: Conversation, messages: Sequence[Message]) -> str:
    title = html.escape(_title(conversation))
    rows = [
        "<!doctype html>",
        '<html><head><meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>{title}</title><style>pre {{ white-space: pre-wrap }}</style></head><body><h1>{title}</h1>",
    ]
    for message in messages:
        at, name, kind = map(html.escape, _head(message))
        rows.append(f"<h2>{name} <small>{kind}, {at}</small></h2><pre dir=auto>{html.escape(_body(message))}</pre>")
    return "\n".join(rows) + "\n</body></html>\n"


def _csv(conversation: Conversation, messages: Sequence[Message]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, quoting=csv.QUOTE_ALL)
    writer.writerow(("time", "name", "kind", "text"))
    for message in messages:
        writer.writerow([_no_formula(text) for text in (*_head(message), _body(message))])
    return out.getvalue()


def _no_formula(text: str) -> str:
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text


def _json(conversation: Conversation, messages: Sequence[Message]) -> str:
    said = [
        dict(zip(("time", "name", "kind", "text"), (*_head(message), _body(message)), strict=True))
        for message in messages
    ]
    return json.dumps({"title": _title(conversation), "messages": said}, indent=1) + "\n"


FORMS: dict[str, Callable[[Conversation, Sequence[Message]], str]] = {
    "text": _text,
    "md": _markdown,
    "html": _html,
    "csv": _csv,
    "json": _json,
}
"""The forms of a document, by name."""
