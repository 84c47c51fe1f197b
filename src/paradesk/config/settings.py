"""Reads `config.toml`, the environment and the command line, and remembers where each value came from."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from paradesk.config.errors import ConfigError, Problem
from paradesk.config.places import config_directory, packs_directory
from paradesk.config.policies import read_policies
from paradesk.core.serving import Serving
from paradesk.core.text import clean_line
from paradesk.core.toml import MAX_BYTES, Document, TomlError, read_toml
from paradesk.guard.verdict import Check, GuardSettings, Late
from paradesk.keymap.layouts import LAYOUTS
from paradesk.packs.rules import setting_values
from paradesk.packs.shelf import Shelf, empty_shelf, open_shelf

LOG_LEVELS: tuple[str, ...] = ("off", "error", "warning", "info", "debug")
"""What `log.level` may be, from the least that is written to the most."""

THEMES: tuple[str, ...] = ("paradesk-dark", "paradesk-light", "paradesk-contrast")
"""Names that `theme` may have; `dark`, `light` and `contrast` are short for them."""


@dataclass(frozen=True, slots=True)
class ProfileSettings:
    """One backend as it is configured; secrets are not here."""

    name: str
    connector: str
    options: Mapping[str, str]
    place: str
    """`file:line`, for messages."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be configured. `origins` says, for each value, where it came from."""

    keymap: str = "default"
    """Name of a keymap that ships or lies in the `keymaps` folder beside config.toml, or a path."""
    team: str = ""
    """Your team's pack: a folder, or the name of an installed pack. Its parts lie above those of all other packs."""
    team_keymap: str = ""
    user_keymap: str = ""
    """Path of the agent's own keymap; empty: `keymap.toml` beside config.toml, where there is one."""
    layout: str = ""
    """Name of the keyboard's layout (`keymap.layouts`), for layouts on which digits need Shift; empty: not needed."""
    theme: str = "paradesk-dark"
    language: str = ""
    """Preferred language of canned responses, as a BCP 47 tag; empty: the customer's."""
    response_target: int = 45
    """Seconds within which a customer should have an answer."""
    hotlist: bool = True
    """The hotlist is shown at the start, where there is room."""
    agent_name: str = ""
    """How canned responses sign; empty: as the backend calls the agent."""
    canned: tuple[Path, ...] = ()
    """Folders of canned responses beside those that ship."""
    suggestions: bool = True
    """Responses that probably come next stand above an empty composer."""
    show_typing_preview: bool = False
    """What customers are typing is shown before they send it, where the backend tells."""
    bell: bool = True
    title: bool = True
    """The terminal's title says who is active and how many wait."""
    system_notifications: bool = True
    resend_once: bool = False
    """A reply that a backend without deduplication does not show after its settle time is sent once more."""
    guard_enabled: bool = True
    guard_off: tuple[Check, ...] = ()
    """Checks of the guard that are turned off."""
    guard_sensitivity: float = 0.5
    """0 to 1: how much the guard catches, and how often it asks."""
    guard_hold: float = 4.0
    """Seconds for which a reply with a risk can be taken back; 0 turns the delay off."""
    undo: float = 0.0
    """Seconds for which every reply to a customer can be taken back before it leaves."""
    guard_late: Late = Late.UNREAD
    """When a line that came while the agent wrote is shown before the reply leaves."""
    guard_internal_links: tuple[str, ...] = ()
    """Host names whose links must not reach a customer."""
    mask_cards: bool = True
    """Card numbers are shown by their last four digits."""
    channels_only: tuple[str, ...] = ()
    """The agent serves only these channels (profiles, or what chats come by); empty: all of them."""
    channels_order: tuple[str, ...] = ()
    """Channels whose queues come first, in this order."""
    log_level: str = "info"
    """How much `paradesk.log` says: one of `LOG_LEVELS`."""
    require_signature: bool = False
    """Packs are installed only where somebody out of `allowed_signers` signed them."""
    allowed_signers: str = ""
    """File in the form of ssh-keygen: who may sign packs."""
    shelf: Shelf = field(default_factory=empty_shelf, compare=False)
    """What is installed."""
    policies: tuple[Mapping[str, object], ...] = ()
    """The policies of packs and team as they were written, the highest first; parts of them are settings already."""
    notices: list[str] = field(default_factory=list, compare=False)
    """What about packs the agent must be told at the start."""
    profiles: Mapping[str, ProfileSettings] = field(default_factory=dict)
    origins: Mapping[str, str] = field(default_factory=dict)
    """By the name in TOML (`notifications.bell`): `default`, `file:line`, a variable's name, or `command line`."""
    path: Path = Path()
    """The configuration file, whether or not it exists."""

    @property
    def serving(self) -> Serving:
        """Which channels the agent serves at the start."""
        return Serving(self.channels_only, self.channels_order)

    @property
    def guard(self) -> GuardSettings:
        """What the guard is told."""
        return GuardSettings(
            enabled=self.guard_enabled,
            checks=frozenset(Check) - frozenset(self.guard_off),
            sensitivity=self.guard_sensitivity,
            hold=self.guard_hold,
            undo=self.undo,
            late=self.guard_late,
            internal_links=self.guard_internal_links,
        )


class _Wrong(ValueError):
    """The value is of the wrong kind; the text says what is wanted."""


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise _Wrong("must be a text in quotes")
    return clean_line(value, 500)


def _name(value: object) -> str:
    text = _text(value)
    if not text:
        raise _Wrong("must not be empty")
    return text


def _layout(value: object) -> str:
    text = _text(value)
    if text and text not in LAYOUTS:
        raise _Wrong(f"must be one of {', '.join(LAYOUTS)}")
    return text


def _flag(value: object) -> bool:
    if isinstance(value, str) and value.lower() in _FLAGS:
        return _FLAGS[value.lower()]
    if not isinstance(value, bool):
        raise _Wrong("must be true or false")
    return value


_FLAGS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}


def _seconds(value: object) -> int:
    if isinstance(value, str) and re.fullmatch(r"\d{1,6}", value):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= 86_400:
        raise _Wrong("must be a number of seconds from 1 to 86400")
    return value


def _theme(value: object) -> str:
    text = _text(value)
    for name in THEMES:
        if text in (name, name.removeprefix("paradesk-")):
            return name
    raise _Wrong("must be dark, light or contrast")


def _language(value: object) -> str:
    text = _text(value)
    if text and not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", text):
        raise _Wrong("must be a language tag such as en, de or pt-BR")
    return text


def _paths(value: object) -> tuple[Path, ...]:
    if isinstance(value, str):
        value = [piece for piece in value.split(os.pathsep) if piece]
    if not isinstance(value, list) or not all(isinstance(piece, str) and piece for piece in value):
        raise _Wrong('must be a list of folders such as ["~/responses"]')
    return tuple(Path(piece).expanduser() for piece in value)


def _number(least: float, most: float, unit: str) -> Callable[[object], float]:
    def read(value: object) -> float:
        if isinstance(value, str) and re.fullmatch(r"\d{1,6}(\.\d{1,6})?", value):
            value = float(value)
        if not isinstance(value, int | float) or isinstance(value, bool) or not least <= value <= most:
            raise _Wrong(f"must be a number{unit} from {least:g} to {most:g}")
        return float(value)

    return read


def _texts(value: object, example: str) -> list[str]:
    if isinstance(value, str):
        value = [piece.strip() for piece in value.split(",") if piece.strip()]
    if not isinstance(value, list) or not all(isinstance(piece, str) and piece for piece in value):
        raise _Wrong(f"must be a list such as {example}")
    return value


def _channels(value: object) -> tuple[str, ...]:
    found = _texts(value, '["whatsapp", "web"]')
    if len(found) > 50:
        raise _Wrong("must be a list of at most 50 channels")
    return tuple(dict.fromkeys(clean_line(name, 40) for name in found))


def _checks(value: object) -> tuple[Check, ...]:
    found = _texts(value, '["repeat"]')
    for name in found:
        if name not in list(Check):
            near = get_close_matches(name, list(Check), n=1)
            hint = f" (did you mean {near[0]}?)" if near else ""
            raise _Wrong(f"must be a list of checks out of {', '.join(Check)}{hint}")
    return tuple(dict.fromkeys(map(Check, found)))


def _late(value: object) -> Late:
    text = _text(value)
    if text not in list(Late):
        raise _Wrong("must be always, unread or off")
    return Late(text)


def _level(value: object) -> str:
    text = _text(value)
    if text not in LOG_LEVELS:
        raise _Wrong("must be off, error, warning, info or debug")
    return text


def _hosts(value: object) -> tuple[str, ...]:
    found = _texts(value, '["wiki.example.com"]')
    for host in found:
        if not re.fullmatch(r"(?=.{1,253}$)[\w-]+(\.[\w-]+)*", host):
            raise _Wrong('must be a list of host names without "https://" and path, such as ["wiki.example.com"]')
    return tuple(dict.fromkeys(host.lower() for host in found))


@dataclass(frozen=True, slots=True)
class Option:
    """One setting: its name in TOML, the attribute of `Settings`, how it is read, and what it means."""

    name: str
    attribute: str
    read: Callable[[object], object]
    help: str

    @property
    def variable(self) -> str:
        """The environment variable that overrides it."""
        return "PARADESK_" + self.name.upper().replace(".", "_")


OPTIONS: tuple[Option, ...] = (
    Option("keymap", "keymap", _name, "keymap: a name or a path"),
    Option("team", "team", _text, "your team's pack: a folder, or the name of an installed pack"),
    Option("team_keymap", "team_keymap", _text, "path of your team's keymap"),
    Option("user_keymap", "user_keymap", _text, "path of your own keymap"),
    Option("layout", "layout", _layout, "your keyboard's layout, such as fr, where digits need Shift"),
    Option("theme", "theme", _theme, "dark, light or contrast"),
    Option("language", "language", _language, "preferred language of canned responses"),
    Option("response_target", "response_target", _seconds, "seconds within which a customer should have an answer"),
    Option("hotlist", "hotlist", _flag, "show the hotlist at the start"),
    Option("agent_name", "agent_name", _text, "your name in canned responses"),
    Option("canned", "canned", _paths, "folders of canned responses of your own"),
    Option("canned_suggestions", "suggestions", _flag, "suggest canned responses above an empty composer"),
    Option(
        "show_typing_preview", "show_typing_preview", _flag, "show what customers type before they send it, where told"
    ),
    Option("notifications.bell", "bell", _flag, "ring when a customer waits and you look elsewhere"),
    Option("notifications.title", "title", _flag, "say who is active in the terminal's title"),
    Option("notifications.os", "system_notifications", _flag, "notify through the operating system"),
    Option("delivery.resend_once", "resend_once", _flag, "send a reply once more when the backend does not show it"),
    Option("guard.enabled", "guard_enabled", _flag, "look at each reply before it is sent"),
    Option("guard.off", "guard_off", _checks, "checks of the guard to turn off"),
    Option("guard.sensitivity", "guard_sensitivity", _number(0, 1, ""), "0 to 1: how much the guard catches and asks"),
    Option("guard.hold", "guard_hold", _number(0, 60, " of seconds"), "seconds to take a risky reply back, 0 for none"),
    Option("undo", "undo", _number(0, 60, " of seconds"), "seconds to take any reply back, 0 for none"),
    Option("guard.late", "guard_late", _late, "show a line that came meanwhile: always, unread or off"),
    Option(
        "packs.require_signature", "require_signature", _flag, "install only packs that somebody allowed has signed"
    ),
    Option("packs.allowed_signers", "allowed_signers", _text, "file of ssh-keygen that says who may sign packs"),
    Option("guard.internal_links", "guard_internal_links", _hosts, "hosts that customers must not be sent to"),
    Option("guard.mask_cards", "mask_cards", _flag, "show only the last four digits of card numbers"),
    Option("channels.only", "channels_only", _channels, "channels or profiles that you serve; all where none is named"),
    Option("channels.order", "channels_order", _channels, "channels or profiles whose queues come first"),
    Option("log.level", "log_level", _level, "what paradesk.log says: off, error, warning, info or debug"),
)
"""All settings but profiles, in the order in which they are shown."""

_BY_NAME = {option.name: option for option in OPTIONS}
_SECTIONS = [*dict.fromkeys(option.name.partition(".")[0] for option in OPTIONS if "." in option.name), "profiles"]
_PROFILE_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}")


def check_profile_name(name: str) -> str:
    """Return the name when a profile may be called so; raises ValueError with what is allowed."""
    if not _PROFILE_NAME.fullmatch(name):
        raise ValueError("a profile's name is 1 to 32 of a-z, 0-9, - and _, and begins with a letter or digit")
    return name


def load_settings(
    path: Path | None = None,
    environment: Mapping[str, str] | None = None,
    arguments: Mapping[str, object] | None = None,
) -> Settings:
    """Read the configuration; raises ConfigError with every problem.

    `path` is config.toml (default: in the user's place; it need not exist), `environment` the variables (default: the
    process's), `arguments` what the command line said, by the setting's name in TOML; None values are not given.
    """
    path = path or config_directory() / "config.toml"
    environment = os.environ if environment is None else environment
    reader = _Reader(path)
    reader.file()
    for option in OPTIONS:
        if option.variable in environment:
            reader.take(option, environment[option.variable], option.variable, 0, option.variable)
    for name, value in (arguments or {}).items():
        if value is not None:
            flag = "--" + name.replace("_", "-").replace(".", "-")
            reader.take(_BY_NAME[name], value, flag, 0, "command line")
    if reader.problems:
        raise ConfigError(reader.problems)
    shelf = open_shelf(path.parent, packs_directory())
    policies = read_policies(shelf, reader.values.get("team", ""), path.parent)
    for found in policies:
        for name, value in setting_values(found.document.values):
            line = found.document.line(name.rpartition(".")[0], name.rpartition(".")[2])
            reader.offer(name, value, f"{found.file}:{line}")
    origins = {option.name: "default" for option in OPTIONS} | reader.origins
    return replace(
        Settings(),
        **reader.values,
        shelf=shelf,
        policies=tuple(found.document.values for found in policies),
        notices=reader.notices,
        profiles=reader.profiles,
        origins=origins,
        path=path,
    )


class _Reader:
    """Gathers values and problems, so that a person sees all problems at once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = clean_line(str(path), 200)
        self.values: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self.profiles: dict[str, ProfileSettings] = {}
        self.problems: list[Problem] = []
        self.notices: list[str] = []

    def offer(self, name: str, value: object, origin: str) -> None:
        """Take a value of a policy, unless something above it has set the option."""
        option = _BY_NAME.get(name)
        if option is None or option.attribute in self.values:
            return
        try:
            self.values[option.attribute] = option.read(value)
            self.origins[name] = origin
        except _Wrong as error:
            self.notices.append(f"{origin}: {name} {error}; it is not used")

    def take(self, option: Option, value: object, place: str, line: int, origin: str) -> None:
        try:
            self.values[option.attribute] = option.read(value)
        except _Wrong as error:
            shown = clean_line(repr(value), 60)
            self.problems.append(Problem(place, line, f"{option.name} {error}, not {shown}"))
        self.origins[option.name] = origin

    def file(self) -> None:
        try:
            with self.path.open("rb") as stream:
                content = stream.read(MAX_BYTES + 1)
        except FileNotFoundError:
            return
        except OSError as error:
            self.problems.append(Problem(self.name, 0, f"cannot be read: {error.strerror or error}"))
            return
        try:
            document = read_toml(content)
        except TomlError as error:
            self.problems.append(Problem(self.name, error.line, f"{error}; correct the line, or move the file away"))
            return
        self.table(document, "", document.values)

    def table(self, document: Document, table: str, entries: Mapping[str, object]) -> None:
        known = [name.removeprefix(f"{table}.") for name in _BY_NAME if name.rpartition(".")[0] == table]
        sections = [] if table else _SECTIONS
        for key, value in entries.items():
            line = document.line(table, key)
            name = f"{table}.{key}" if table else key
            if name in _BY_NAME:
                self.take(_BY_NAME[name], value, self.name, line, f"{self.name}:{line}")
            elif key not in sections:
                near = get_close_matches(key, [*known, *sections], n=1)
                hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join([*known, *sections])}"
                self.problem(line, f"there is no setting {name}{hint}")
            elif not isinstance(value, dict):
                self.problem(line, f"{key} must be a table: [{key}]")
            elif key == "profiles":
                for profile, options in value.items():
                    self.profile(document, profile, options)
            else:
                self.table(document, key, value)

    def profile(self, document: Document, name: str, entries: object) -> None:
        table = f"profiles.{name}"
        line = document.line(table)
        try:
            check_profile_name(name)
        except ValueError as error:
            self.problem(line, f"{table}: {error}")
            return
        if not isinstance(entries, dict):
            self.problem(line, f"{table} must be a table: [{table}]")
            return
        options: dict[str, str] = {}
        for key, value in entries.items():
            if isinstance(value, bool):
                options[key] = "true" if value else "false"
            elif isinstance(value, str | int | float):
                options[key] = str(value)
            else:
                self.problem(document.line(table, key), f"{table}.{key} must be a text, a number, true or false")
        connector = options.pop("connector", "")
        if not connector:
            self.problem(line, f'{table} must say its connector, such as connector = "matrix"')
            return
        self.profiles[name] = ProfileSettings(name, connector, options, f"{self.name}:{line}")

    def problem(self, line: int, message: str) -> None:
        self.problems.append(Problem(self.name, line, clean_line(message, 300)))
