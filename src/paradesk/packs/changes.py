"""What is different between two states of a pack: for the fingers, for the customers, and for the rules."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from datetime import date

from paradesk.canned.responses import Response
from paradesk.keymap.actions import ACTIONS
from paradesk.keymap.keymap import Keymap
from paradesk.keymap.layers import merge
from paradesk.keymap.names import display_sequence
from paradesk.packs.check import Checked
from paradesk.packs.policy import Policy, laxer
from paradesk.packs.tree import Tree


@dataclass(frozen=True, slots=True)
class KeyChange:
    """One key that does something else than before. An empty action: nothing."""

    keymap: str
    context: str
    keys: str
    before: str
    after: str

    @property
    def destructive(self) -> bool:
        """It does now what cannot be taken back."""
        action = ACTIONS.get(self.after)
        return action is not None and action.destructive

    def __str__(self) -> str:
        mark = "  ! cannot be taken back" if self.destructive else ""
        where = f"{self.keymap}, {self.context}: {self.keys}"
        return f"{where}: {self.before or 'nothing'} → {self.after or 'nothing'}{mark}"


@dataclass(frozen=True, slots=True)
class Rewording:
    """One text of a response that reads differently."""

    response_id: str
    language: str
    before: str
    after: str


@dataclass(slots=True)
class Changes:
    """Everything that is different."""

    keys: list[KeyChange] = field(default_factory=list)
    keymaps: list[str] = field(default_factory=list)
    """Keymaps that came or went, in words."""
    added: list[Response] = field(default_factory=list)
    removed: list[Response] = field(default_factory=list)
    reworded: list[Rewording] = field(default_factory=list)
    retitled: list[str] = field(default_factory=list)
    altered: list[str] = field(default_factory=list)
    """What else differs in responses, in words: what is sent along, what is done afterwards, when they are offered."""
    policy: list[str] = field(default_factory=list)
    """Values of the policy that differ, in words."""
    laxer: list[str] = field(default_factory=list)
    """What the policy allows now and did not before, in words."""

    def __bool__(self) -> bool:
        return any(getattr(self, part.name) for part in fields(self))

    @property
    def grave(self) -> list[str]:
        """Return, in words, what nobody should get without being asked."""
        keys = [f"a key gets a command that cannot be taken back: {key}" for key in self.keys if key.destructive]
        return [*keys, *(f"the policy allows more: {line}" for line in self.laxer)]


def compare(before: Checked | None, after: Checked | None, default: Keymap) -> Changes:
    """Return what changes from one state of a pack to another; None is a pack that is not there."""
    found = Changes()
    _keymaps(before.keymaps if before else {}, after.keymaps if after else {}, default, found)
    _responses(before, after, found)
    old, new = (state.policy or Policy() if state else Policy() for state in (before, after))
    found.laxer = laxer(old, new)
    found.policy = list(_policy(old, new))
    return found


def _keymaps(before: Mapping[str, Keymap], after: Mapping[str, Keymap], default: Keymap, found: Changes) -> None:
    found.keymaps += [f"new keymap {name}" for name in after if name not in before]
    found.keymaps += [f"the keymap {name} is gone" for name in before if name not in after]
    for name in sorted(before.keys() | after.keys()):
        # A keymap that is not there leaves the default's keys as they are.
        old, new = (_table([default, state[name]] if name in state else [default]) for state in (before, after))
        for context, keys in sorted(old.keys() | new.keys()):
            was, now = old.get((context, keys), ""), new.get((context, keys), "")
            if was != now:
                found.keys.append(KeyChange(name, context, display_sequence(keys), was, now))


def _table(keymaps: list[Keymap]) -> dict[tuple[str, tuple[str, ...]], str]:
    return {
        (name, keys): binding.action_id or ""
        for name, context in merge(keymaps).contexts.items()
        for keys, binding in context.bound.items()
    }


def _responses(before: Checked | None, after: Checked | None, found: Changes) -> None:
    old = {response.id: response for response in before.responses} if before is not None else {}
    new = {response.id: response for response in after.responses} if after is not None else {}
    found.added = [response for key, response in new.items() if key not in old]
    found.removed = [response for key, response in old.items() if key not in new]
    for key in old.keys() & new.keys():
        one, other = old[key], new[key]
        if one.title != other.title:
            found.retitled.append(f"{key}: “{one.title}” → “{other.title}”")
        if before is not None and after is not None:
            found.altered += [f"{key}: {words}" for words in _altered(one, before.tree, other, after.tree)]
        for language in sorted(one.body.keys() | other.body.keys()):
            texts = one.body.get(language, ""), other.body.get(language, "")
            if texts[0] != texts[1]:
                found.reworded.append(Rewording(key, language, *texts))
    found.reworded.sort(key=lambda item: (item.response_id, item.language))
    found.retitled.sort()
    found.altered.sort()


def _altered(one: Response, tree: Tree, other: Response, other_tree: Tree) -> Iterator[str]:
    """Yield, in words, what differs between two states of a response beside title and texts."""
    old, new = _sides(one), _sides(other)
    for name, was in old.items():
        if was != new[name]:
            yield f"{name}: {was or 'none'} → {new[name] or 'none'}"
    contents = {file.name: tree.files.get(tree.inside(file.path)) for file in one.attachments}
    for file in other.attachments:
        if file.name in contents and contents[file.name] != other_tree.files.get(other_tree.inside(file.path)):
            yield f"attachments: {file.name} has other content"


def _sides(response: Response) -> dict[str, str]:
    def day(value: date | None) -> str:
        return value.isoformat() if value is not None else ""

    return {
        "then": "; ".join(response.follow_up.words()),
        "active_from": day(response.active_from),
        "active_to": day(response.active_to),
        "channels": ", ".join(response.channels),
        "attachments": ", ".join(file.name for file in response.attachments),
        "links": ", ".join(link.url for link in response.links),
        "folder": response.folder,
        "shortcuts": ", ".join(response.shortcuts),
        "tags": ", ".join(f"{name} {value}" for name, value in sorted(response.tags.items())),
        "labels": ", ".join(response.labels),
        "owner": response.owner,
        "reviewed": day(response.reviewed),
        "review_every": f"{response.review_every.days} days" if response.review_every is not None else "",
        "default_language": response.default_language,
        "fallback": ", ".join(f"{tag} as {goal}" for tag, goal in sorted(response.fallback.items())),
    }


def _policy(before: Policy, after: Policy) -> Iterator[str]:
    old, new = dict(_values(before)), dict(_values(after))
    for name in sorted(old.keys() | new.keys()):
        if old.get(name) != new.get(name):
            yield f"{name}: {old.get(name, 'not set')} → {new.get(name, 'not set')}"


def _values(policy: Policy) -> Iterator[tuple[str, str]]:
    for name in policy.__struct_fields__:
        value = getattr(policy, name)
        if name == "guard":
            for inner in value.__struct_fields__:
                if (setting := getattr(value, inner)) is not None:
                    yield f"guard.{inner}", _said(setting)
        elif isinstance(value, dict):
            for key, entry in value.items():
                yield f"{name}.{key}", _said(entry)
        elif value is not None:
            yield name, _said(value)


def _said(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    if hasattr(value, "__struct_fields__"):
        parts = ((name, getattr(value, name)) for name in value.__struct_fields__)
        return "; ".join(f"{name} {_said(part)}" for name, part in parts if part)
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
