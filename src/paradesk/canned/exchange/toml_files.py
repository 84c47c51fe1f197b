"""Responses as the files that the loader reads, and the library as responses that travel."""

from collections.abc import Iterable

import tomli_w

from paradesk.canned.exchange.collecting import slug
from paradesk.canned.exchange.records import FollowUp, PortableResponse, Remark
from paradesk.canned.fields import MAX_FOLDER_PARTS, MAX_TAGS
from paradesk.canned.follow_up import STATUSES
from paradesk.canned.follow_up import FollowUp as Then
from paradesk.canned.loader import MAX_FILE, MAX_RESPONSES
from paradesk.canned.responses import Library
from paradesk.core.addresses import target
from paradesk.core.model import Priority

_ROOM = MAX_FILE - 16 * 1024
"""Bytes that one file gets: some room is left for those who edit it."""

_TAGS = {"add_tag": "add_tags", "remove_tag": "remove_tags"}
_WORDS = {"status": [status.value for status in STATUSES], "priority": [priority.value for priority in Priority]}

SCHEMA = "canned_responses.schema.json"
"""What the files name for editors; whoever writes them puts it into a folder `.schemas` beside them."""

HEADER = f"#:schema ./.schemas/{SCHEMA}\n"
HEADER += "# Imported by `paradesk canned import`. docs/importing.md says what comes over and what does not.\n"


def to_toml(response: PortableResponse) -> dict[str, object]:
    """Return one `[[response]]` table: all that a file of ours can hold today, and nothing else.

    What cannot be held yet is told by `unheld`; a field moves from there to here when the loader learns it.
    """
    table: dict[str, object] = {"id": response.id, "title": response.title}
    if response.shortcut:
        table["shortcut"] = response.shortcut
    tags = dict(response.tags)
    if response.folder:
        tags.setdefault("topic", response.folder[-1].lower())
    if tags:
        table["tags"] = tags
    if response.folder:
        table["folder"] = "/".join(
            part.replace("/", "-").strip(". ") or "-" for part in response.folder[:MAX_FOLDER_PARTS]
        )
    if response.labels:
        table["labels"] = list(response.labels)
    if response.owner:
        table["owner"] = response.owner
    if target(response.source).openable and not response.source.endswith("…"):
        table["links"] = [response.source]
    if then := _then(response)[0]:
        table["then"] = then
    table["body"] = dict(response.bodies)
    return table


def _then(response: PortableResponse) -> tuple[dict[str, object], list[FollowUp]]:
    """Return the table `then` of a response, and what such a table cannot say."""
    words: dict[str, str] = {}
    tags: dict[str, list[str]] = {}
    lost: list[FollowUp] = []
    for done in response.follow_ups:
        if done.action in _TAGS:
            names = list(dict.fromkeys((*tags.get(done.action, ()), *done.value.split())))
            tags[done.action], more = names[:MAX_TAGS], names[MAX_TAGS:]
            if more:
                lost.append(FollowUp(done.action, " ".join(more)))
        elif done.value in _WORDS.get(done.action, ()):
            words[done.action] = done.value
        else:
            lost.append(done)
    return {**words, **{_TAGS[action]: names for action, names in tags.items() if names}}, lost


def unheld(response: PortableResponse) -> list[Remark]:
    """Return a remark for each thing of a response that `to_toml` has no place for."""
    lost: list[tuple[str, str]] = []
    if len(response.folder) > MAX_FOLDER_PARTS:
        lost.append(("folder", "the inner folders of " + " / ".join(response.folder)))
    if done := _then(response)[1]:
        lost.append(("follow-up", "what is done afterwards: " + ", ".join(map(str, done))))
    if response.attachments:
        lost.append(("attachment", "the files " + ", ".join(response.attachments)))
    return [
        Remark(response.id, f"unheld-{what}", f"our files have no place for {told}", level="changed")
        for what, told in lost
    ]


def to_files(responses: Iterable[PortableResponse], name: str) -> dict[str, str]:
    """Return file name → TOML text: one file for each outermost folder, more where one would be too large.

    Responses without a folder go into `name`. The files belong into one directory below that of the library.
    """
    grouped: dict[str, list[PortableResponse]] = {}
    for response in responses:
        stem = slug(response.folder[0]) if response.folder else ""
        grouped.setdefault(stem or name, []).append(response)
    files: dict[str, str] = {}
    for stem, members in grouped.items():
        part, size, count = HEADER, len(HEADER.encode()), 0
        number = 1
        for response in members:
            written = "\n" + _written(response)
            length = len(written.encode())
            if count and (size + length > _ROOM or count >= MAX_RESPONSES):
                files[_file(stem, number)] = part
                part, size, count, number = HEADER, len(HEADER.encode()), 0, number + 1
            part, size, count = part + written, size + length, count + 1
        files[_file(stem, number)] = part
    return files


def _file(stem: str, number: int) -> str:
    return f"{stem}.toml" if number == 1 else f"{stem}-{number}.toml"


def _written(response: PortableResponse) -> str:
    table = to_toml(response)
    body = table.pop("body")
    lines = [f"{key} = {_value(value)}" for key, value in table.items()]
    texts = tomli_w.dumps(body, multiline_strings=True) if isinstance(body, dict) else ""
    return "\n".join(["[[response]]", *lines, "[response.body]", texts])


def _value(value: object) -> str:
    """Return a value on one line, as people write these files."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_key(key)} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        line = "[" + ", ".join(map(_value, value)) + "]"
        return line if len(line) <= 100 else "[\n" + "".join(f"    {_value(each)},\n" for each in value) + "]"
    return tomli_w.dumps({"key": value}).removeprefix("key = ").rstrip("\n")


def _key(name: str) -> str:
    return tomli_w.dumps({name: 0}).rpartition(" = ")[0]


def from_library(library: Library) -> tuple[PortableResponse, ...]:
    """Return all responses of a library, ready for an exporter."""
    return tuple(
        PortableResponse(
            id=response.id,
            title=response.title,
            bodies=dict(response.body),
            shortcut=response.shortcut,
            folder=tuple(response.folder.split("/")) if response.folder else (),
            follow_ups=_follow_ups(response.follow_up),
            attachments=tuple(file.name for file in response.attachments),
            source=next((link.url for link in response.links), ""),
            tags=dict(response.tags),
            labels=response.labels,
            owner=response.owner,
        )
        for response in library
    )


def _follow_ups(done: Then) -> tuple[FollowUp, ...]:
    found = {
        "status": done.status.value if done.status else "",
        "priority": done.priority.value if done.priority else "",
        # A tag of other tools is one word.
        "add_tag": " ".join(tag.replace(" ", "_") for tag in done.add_tags),
        "remove_tag": " ".join(tag.replace(" ", "_") for tag in done.remove_tags),
    }
    return tuple(FollowUp(action, value) for action, value in found.items() if value)
