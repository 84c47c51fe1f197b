"""Reading an archive (XEP-0313) page by page, in both directions (XEP-0059)."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement

from paradesk.connectors.xmpp.line import Line
from paradesk.connectors.xmpp.place import whole_times
from paradesk.connectors.xmpp.stanzas import Archived

PAGE: Final = 50
MAX_PAGES: Final = 40
"""Requests for one page of the desk: a long stretch may hold nothing but marks."""
MAM: Final = "{urn:xmpp:mam:2}"
RSM: Final = "{http://jabber.org/protocol/rsm}"
FORM: Final = "{jabber:x:data}"


@dataclass(frozen=True, slots=True)
class ArchivePage:
    """Some entries, oldest first. `complete`: there is nothing further in the direction that was read."""

    entries: list[Archived]
    complete: bool


def _field(form: Element, name: str, value: str, kind: str = "") -> None:
    field = SubElement(form, f"{FORM}field", {"var": name} | ({"type": kind} if kind else {}))
    SubElement(field, f"{FORM}value").text = value


def build_query(
    *,
    after: str | None = None,
    before: str | None = None,
    peer: str = "",
    start: float | None = None,
    limit: int = PAGE,
) -> Element:
    """Return a query: entries after an id, or the newest ones before an id (empty: before the end)."""
    query = Element(f"{MAM}query")
    form = SubElement(query, f"{FORM}x", {"type": "submit"})
    _field(form, "FORM_TYPE", "urn:xmpp:mam:2", "hidden")
    if peer:
        _field(form, "with", peer)
    if start is not None:
        _field(form, "start", datetime.fromtimestamp(start, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    rsm = SubElement(query, f"{RSM}set")
    SubElement(rsm, f"{RSM}max").text = str(limit)
    for name, value in (("after", after), ("before", before)):
        if value is not None:
            SubElement(rsm, f"{RSM}{name}").text = value
    return query


async def read_page(line: Line, archive: str, query: Element) -> ArchivePage:
    """Ask for one page; raises Gone when the entry to continue from is not there any more."""
    answer, entries = await line.query(archive, query)
    fin = answer.find(f"{MAM}fin")
    complete = fin is None or fin.get("complete") in ("true", "1")
    # An entry without an id cannot be continued from, and two archives of one account cannot be told apart by it.
    return ArchivePage([entry for entry in entries if entry.id], complete or not entries)


async def walk_back(
    line: Line,
    archive: str,
    before: str,
    *,
    peer: str = "",
    enough: Callable[[list[Archived]], bool],
    belongs: Callable[[Archived], bool] = lambda _: True,
) -> ArchivePage:
    """Read backwards from an entry (empty: from the end) until `enough`, and on to where its oldest time begins.

    What is returned starts with the first entry of its time, so that keys do not depend on where the reading began.
    """
    entries: list[Archived] = []
    for _ in range(MAX_PAGES):
        page = await read_page(line, archive, build_query(before=before, peer=peer))
        entries = [entry for entry in page.entries if belongs(entry)] + entries
        left_out = whole_times(entries, complete=page.complete)
        if enough(entries[left_out:]) or page.complete:
            return ArchivePage(entries[left_out:], page.complete)
        before = page.entries[0].id
    left_out = whole_times(entries, complete=False)
    return ArchivePage(entries[left_out:] or entries, complete=False)
