"""Canned responses that a backend keeps, as ours: texts are data, placeholders are translated where they are known."""

import hashlib
from collections.abc import Iterable

from paradesk.canned.exchange import dialects
from paradesk.canned.exchange.liquid import Text, compose
from paradesk.canned.language import canonical_language
from paradesk.canned.responses import DEFAULT_LANGUAGE, Response
from paradesk.canned.template import MAX_BODY, TemplateError, compile_template
from paradesk.core.model import RemoteResponse
from paradesk.core.text import clean_line

DIALECTS = {
    "chatwoot": "chatwoot",
    "livehelperchat": "livehelperchat",
    "zendesk": "zendesk",
    "intercom": "intercom",
    "rocketchat": "rocketchat",
    "simulator": "chatwoot",
}
"""Connector → the dialect that its placeholders are written in; those of all others stay as they stand."""


def responses_of(
    profile: str, connector: str, found: Iterable[RemoteResponse], language: str = DEFAULT_LANGUAGE
) -> list[Response]:
    """Return what a backend keeps as responses that are offered in its own chats only, marked with its profile's name.

    `language` is that of texts of which the backend does not say it. What has no text, or too much of it, is left out.
    """
    dialect = DIALECTS.get(connector, "")
    made: dict[str, Response] = {}
    for one in found:
        body = _template(dialect, one.body)
        if not body.strip():
            continue
        digest = hashlib.sha256(f"{one.id}\0{one.title}".encode("utf-8", "replace")).hexdigest()[:16]
        response_id = f"remote.{profile}.{digest}"
        tag = canonical_language(one.language) or language
        title = clean_line(one.title, 60) or clean_line(one.shortcut, 60) or clean_line(one.body, 40)
        made[response_id] = Response(
            id=response_id,
            title=f"{title} ({profile})",
            body={tag: body},
            labels=(profile,),
            shortcut=clean_line(one.shortcut, 20).removeprefix("/"),
            folder=f"at {profile}",
            owner=profile,
            profile=profile,
        )
    return list(made.values())


def _template(dialect: str, text: str) -> str:
    """Return a template that comes out as the text, with what the dialect calls our values in their place.

    A placeholder of the dialect that means nothing to us becomes a blank, which nobody can send unfilled.
    """
    plain = compose([Text(text)])
    if not dialect:
        return _checked(plain)
    try:
        return _checked(compose(dialects.parse(dialect, text, lambda _code, _why: None))) or _checked(plain)
    except dialects.Refused:
        return _checked(plain)


def _checked(template: str) -> str:
    """Return the template, or nothing where it is none or too long."""
    if len(template) > MAX_BODY:
        return ""
    try:
        compile_template(template)
    except TemplateError:
        return ""
    return template
