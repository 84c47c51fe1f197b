"""What is wrong with a pack, where, and what to do about it; and every code that a finding may have."""

from collections.abc import Iterable
from dataclasses import dataclass

from paradesk.core.text import clean_line
from paradesk.keymap.findings import Level

CODES: dict[str, tuple[str, str]] = {
    "P101": ("There is no pack.toml", "Run `paradesk packs new NAME` for one to begin with."),
    "P102": ("A file is not TOML, or beyond what is read", "Correct the line that is named."),
    "P103": ("A key that Paradesk does not know", "Correct its spelling, or remove it."),
    "P104": ("A key that is needed is missing", "Add it."),
    "P105": ("A value is of the wrong kind or out of range", "Write what the message asks for."),
    "P106": ("The pack's name cannot be used", "Use 2 to 40 of a-z, 0-9 and -, beginning with a letter."),
    "P107": ("The version is no semantic version", "Write it as 1.2.3."),
    "P108": ("The pack needs a newer Paradesk", "Update Paradesk, or take an older version of the pack."),
    "P109": ("`[contains]` and the files differ", "Correct `[contains]`, or add or remove the file."),
    "P110": ("A language is used and not listed, or listed and not used", "Correct `languages`, or the responses."),
    "P111": ("Fallbacks of languages go round in a circle", "Remove one of them."),
    "P112": ("A fallback leads to a language that the pack does not have", "Use one of `languages`."),
    "P113": ("`default_keymap` is no keymap of the pack", "Name one of `contains.keymaps`."),
    "P201": ("A response belongs to another owner than the policy says for its topic", "Correct one of the two."),
    "P202": ("A rule names something that the policy does not allow", "Allow it, or correct the rule."),
    "P301": ("The name of a file leads out of the pack, or not every system can keep it", "Rename it."),
    "P302": ("A link or a special file", "Put a plain file there."),
    "P303": ("Two files have one name", "Remove or rename one. Names that differ in capitals only count as one."),
    "P304": ("A file, or all of them together, is too large", "Split it, or make it shorter."),
    "P305": ("Too many files", "Put more responses into one file."),
    "P306": ("Too many folders inside folders", "Move it up."),
    "P307": (
        "A file that does not belong into a pack",
        "Remove it, or name it among the `attachments` of a response that stands beside it.",
    ),
    "P308": ("Not a zip, or a damaged one", "Build it with `paradesk packs build`."),
    "P309": ("An encrypted zip", "Build it with `paradesk packs build`."),
    "P310": ("A zip with a compression that is not read", "Build it with `paradesk packs build`."),
    "P311": ("An archive inside the pack", "Unpack it, or remove it."),
    "P312": ("There is no README", "Say in README.md for whom the pack is and whom to ask."),
    "P313": ("It cannot be read", "Check the path and its permissions."),
    "P401": ("Two packs have one name", "Remove the other with `paradesk packs remove`, or rename this one."),
    "P402": ("Two packs have a response with one id", "Rename it in one of them, or remove one pack."),
    "P403": ("An installed pack is not what packs.lock says", "Run `paradesk packs update NAME`, or roll back."),
    "P404": ("packs.lock cannot be used", "Take the line back, or restore the file from a copy."),
    "P405": ("The keymaps of installed packs do not go together", "Unbind one of the keys, or remove one pack."),
    "P406": ("The signature is missing or wrong", "Ask whoever gave you the pack. Nothing was installed."),
    "P501": ("git could not bring the pack", "Check the address, the ref, and what git says."),
    "P502": ("The download failed", "Check the address and the network."),
    "P503": ("The file is not the one of this sha256", "Ask whoever gave you the pack. Nothing was installed."),
    "P504": ("A source that is not understood or not allowed", "Name a folder, a zip, a git or an https address."),
}
"""Per code what it means, and what to do about it. Codes of keymaps and responses have a prefix instead of a number."""

KEYMAP_CODES: dict[str, str] = {
    "arrives-as": "Some terminals turn the key into another one, which does something here",
    "destructive": "A key that is pressed by accident does what cannot be taken back",
    "duplicate": "A key is bound twice",
    "encoding": "The file is not UTF-8",
    "escape": "`esc` inside a sequence, or before another key",
    "layout": "A keyboard of the layout that was asked for cannot type the key",
    "negates-nothing": "A line takes an action away from a key that does not have it",
    "no-fallback": "Not every terminal delivers the key, and the action has no other",
    "no-key": "An action that had a key has none any more",
    "prefix": "A binding is the beginning of another",
    "shadowed": "A binding that something else hides in one place",
    "text": "A key that types a character, where one writes",
    "toml": "Not TOML",
    "too-deep": "A name of too many parts, or values nested too deeply",
    "too-large": "The file or a line is too large",
    "too-long": "A sequence of too many keys",
    "too-many": "Too many bindings",
    "typed": "In some terminals a character is typed into the reply instead",
    "unbinds-nothing": "A line takes away what is not there",
    "unknown-action": "No such action",
    "unknown-context": "No such context",
    "unknown-key": "No such key, on the keyboard or in the file",
    "unknown-table": "No such table",
    "unreachable": "A binding that no place ever sees",
    "unreadable": "The file cannot be read",
    "wrong-context": "The action cannot act there",
    "wrong-type": "A value of the wrong kind",
}
"""Codes of keymaps, with `keymap/` in front. `paradesk keys check` gives the same ones."""

CANNED_CODES: dict[str, str] = {
    "bad-date": "A date or period that is none",
    "bad-encoding": "The file is not UTF-8",
    "bad-expression": "An expression that templates here do not have",
    "bad-folder": "A folder that is none",
    "bad-id": "An id of other characters than a-z, 0-9, `-`, `_` and dots",
    "bad-language": "A language tag that is none",
    "bad-link": "A link that is no web address",
    "bad-period": "A response that ends before it begins",
    "bad-priority": "A priority that is none",
    "bad-response": "`response` is not a list of tables",
    "bad-status": "A status that no ticket can be set to",
    "bad-template": "A template that cannot be read",
    "bad-toml": "Not TOML",
    "bad-urgency": "An urgency that is none",
    "bad-value": "A value of the wrong kind",
    "duplicate-id": "An id is used twice",
    "duplicate-shortcut": "A shortcut is used twice",
    "fallback-cycle": "Fallbacks of languages go round in a circle",
    "fallback-nowhere": "A fallback leads to no language of the response",
    "missing-attachment": "A file that goes out with a response is not there",
    "missing-body": "No text, or an empty one",
    "missing-directory": "No such folder",
    "missing-id": "No id",
    "missing-title": "No title",
    "outside": "A link or a file that goes out with a response, outside the folder",
    "too-deep": "Nested too deeply",
    "too-large": "A text, a file or their number is too large",
    "unclosed": "A brace that is not closed",
    "unknown-filter": "A filter that templates here do not have",
    "unknown-key": "A key that responses do not have",
    "unknown-placeholder": "A placeholder that nothing fills",
    "unknown-tag": "A tag that templates here do not have",
    "unopened": "A closing brace without an opening one",
    "unreadable": "The file cannot be read",
}
"""Codes of canned responses, with `canned/` in front. `paradesk canned check` finds the same."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One finding about a pack. All text is clean."""

    file: str
    line: int
    """From 1; 0 where no single line is to blame."""
    code: str
    message: str
    advice: str = ""
    level: Level = Level.ERROR

    @property
    def place(self) -> str:
        """`file:line`, or the file alone."""
        return f"{self.file}:{self.line}" if self.line else self.file

    def __str__(self) -> str:
        said = f"{self.place}: {self.level} {self.code}: {self.message}"
        return f"{said}. {self.advice}" if self.advice else said


class PackError(Exception):
    """A pack cannot be used, and nothing was changed. `findings` says why; the text is one line per finding."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(map(str, self.findings)))


def finding(code: str, file: str, line: int, message: str, advice: str = "", level: Level = Level.ERROR) -> Finding:
    """Make a finding with clean text; without `advice` it is the one of its code."""
    advice = advice or CODES[code][1]
    return Finding(clean_line(file, 400), line, code, clean_line(message, 300), clean_line(advice, 300), level)


def refuse(code: str, file: str, message: str, advice: str = "") -> PackError:
    """Return the error for one finding that no line is to blame for."""
    return PackError([finding(code, file, 0, message, advice)])


def codes_table() -> str:
    """Return all codes as Markdown, for docs/packs.md."""
    lines = ["| Code | What it means | What to do |", "|---|---|---|"]
    lines += [f"| {code} | {meaning} | {advice} |" for code, (meaning, advice) in CODES.items()]
    for prefix, codes in (("keymap", KEYMAP_CODES), ("canned", CANNED_CODES)):
        lines += ["", f"| Code of {prefix} files | What it means |", "|---|---|"]
        lines += [f"| `{prefix}/{code}` | {meaning} |" for code, meaning in codes.items()]
    return "\n".join(lines) + "\n"
