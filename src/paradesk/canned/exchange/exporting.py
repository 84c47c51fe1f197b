"""What all exporters share: texts in the tool's syntax, and a remark for each thing that it has no place for."""

from collections.abc import Sequence
from dataclasses import replace

from paradesk.canned.exchange import aliases, dialects
from paradesk.canned.exchange.liquid import Blank, Segment, Text, Unwritable, Value, compose, decompose
from paradesk.canned.exchange.records import Exported, Level, PortableResponse, Remark


class Exporter:
    """One export in progress.

    `carries` names what the format keeps: languages, shortcut, tags, labels, owner, id, title, follow-ups.
    """

    def __init__(self, dialect: str, language: str, carries: Sequence[str]) -> None:
        self._dialect = dialect
        self._language = language
        self._carries = frozenset(carries)
        self._remarks: list[Remark] = []

    def remark(self, response: PortableResponse, code: str, message: str, level: Level = "note") -> None:
        """Note one thing about a response."""
        self._remarks.append(Remark(response.id, code, message, level=level))

    def texts(self, response: PortableResponse) -> dict[str, str]:
        """Return language → text in the tool's syntax, and remark on what stays behind; empty where nothing can go."""
        languages = list(response.bodies)
        if "languages" not in self._carries:
            chosen = self._language if self._language in response.bodies else languages[0]
            if others := [tag for tag in languages if tag != chosen]:
                self.remark(response, "lost-languages", f"only `{chosen}` goes; not {', '.join(others)}", "changed")
            languages = [chosen]
        written: dict[str, str] = {}
        for language in languages:
            try:
                written[language] = dialects.write(self._dialect, decompose(response.bodies[language]))
            except Unwritable as error:
                self.remark(response, "unwritable", f"left out: its text in `{language}`: {error}", "left-out")
        if written:
            self.lost(response)
        return written

    def lost(self, response: PortableResponse) -> None:
        """Remark on everything beside the text that the format does not carry."""
        held = {
            "shortcut": response.shortcut,
            "tags": ", ".join(f"{name} {value}" for name, value in response.tags.items() if name != "topic"),
            "labels": ", ".join(response.labels),
            "owner": response.owner,
            "title": response.title,
            "follow-ups": ", ".join(map(str, response.follow_ups)),
            "attachments": ", ".join(response.attachments),
        }
        for name, value in held.items():
            if value and name not in self._carries:
                self.remark(response, f"lost-{name}", f"there is no place for the {name}: {value}", "changed")

    def result(self, text: str) -> Exported:
        """Return the finished file."""
        return Exported(text, tuple(self._remarks))


def bracketed(responses: Sequence[PortableResponse], dialect: str) -> list[PortableResponse]:
    """Return the responses with each blank, and each value that a tool does not know, as text: `[order.id]`.

    Nothing fills such a bracket in, and nothing stops it from being sent: it is for tools without blanks.
    """

    def plain(segment: Segment) -> Segment:
        match segment:
            case Blank(label):
                return Text(f"[{label.replace('_', ' ')}]")
            case Value(name, None) if not aliases.theirs(dialect, name):
                return Text(f"[{name}]")
            case Value(name, str(fallback)) if not aliases.theirs(dialect, name):
                return Text(fallback)
        return segment

    def body(template: str) -> str:
        try:
            return compose(map(plain, decompose(template)))
        except Unwritable:
            return template

    return [
        replace(response, bodies={tag: body(template) for tag, template in response.bodies.items()})
        for response in responses
    ]
