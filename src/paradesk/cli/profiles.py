"""Builds connectors from configured profiles and their secrets."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING

from paradesk.cli.failure import Failure
from paradesk.config.credentials import CredentialError, Credentials, variable
from paradesk.config.errors import ConfigError, Problem
from paradesk.config.settings import ProfileSettings
from paradesk.connectors.base import AuthError, Connector, Option
from paradesk.connectors.registry import UnknownConnector, load_connector
from paradesk.core.text import clean_line

if TYPE_CHECKING:
    from paradesk.desk.desk import Profile


class ConnectorSettings(Mapping[str, str]):
    """What a connector is built with. Its representation names the settings without their values."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def __getitem__(self, key: str) -> str:
        return self._values[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"ConnectorSettings({', '.join(self._values)})"


def connector_class(name: str, place: str) -> type[Connector]:
    """Return the connector that a profile names; raises ConfigError with the place."""
    try:
        return load_connector(name)
    except UnknownConnector as error:
        raise _wrong(place, str(error)) from error


def check_options(options: tuple[Option, ...], given: Mapping[str, str], place: str) -> None:
    """Raise ConfigError where an option is unknown, is a secret, or is required and missing."""
    known = {option.name: option for option in options}
    for name in given:
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(known) or 'none'}"
            raise _wrong(place, f"the connector has no option {name!r}; {hint}")
        if known[name].secret:
            message = f"{name} is a secret and does not belong into this file; take it out of it"
            raise _wrong(place, f"{message} and use `paradesk profile secret`")
    for option in options:
        if option.required and not option.secret and not option.default and not given.get(option.name):
            raise _wrong(place, f"{option.name} is missing: {option.help}")


def connector_settings(profile: ProfileSettings, credentials: Credentials) -> ConnectorSettings:
    """Put options, defaults and secrets together; raises ConfigError or CredentialError for what is missing."""
    options = connector_class(profile.connector, profile.place).options
    check_options(options, profile.options, profile.place)
    values = {option.name: option.default for option in options if option.default} | dict(profile.options)
    for option in options:
        if option.secret:
            found = credentials.get(profile.name, option.name)
            if found is not None:
                values[option.name] = found.secret.reveal()
            elif option.required:
                command = f"paradesk profile secret {profile.name} {option.name}"
                raise CredentialError(
                    f"{profile.place}: {option.name} of profile {profile.name} is not known; enter it with `{command}`,"
                    f" or set {variable(profile.name, option.name)}"
                )
    return ConnectorSettings(values)


def build(profile: ProfileSettings, credentials: Credentials) -> Connector:
    """Build the connector of a profile; raises Failure where it refuses its settings."""
    settings = connector_settings(profile, credentials)
    try:
        return connector_class(profile.connector, profile.place)(settings)
    except Exception as error:
        raise Failure(f"{profile.place}: profile {profile.name}: {clean_line(str(error), 300)}") from error


Wrap = Callable[[str, Connector], Connector]
"""Puts a connector around that of a profile, by the profile's name."""


def desk_profiles(
    chosen: Iterable[ProfileSettings], credentials: Credentials, wrap: Wrap | None = None
) -> "list[Profile]":
    """Return what the desk needs. A profile that cannot be used is shown as refused, with the reason, and disturbs no
    other; raises what is wrong with the first where none can be used."""
    found: list[Profile] = []
    wrong: list[Exception] = []
    for profile in chosen:
        try:
            connector_settings(profile, credentials)
        except (ConfigError, CredentialError) as error:
            wrong.append(error)
        found.append(_desk_profile(profile, credentials, wrap))
    if wrong and len(wrong) == len(found):
        raise wrong[0]
    return found


def _desk_profile(profile: ProfileSettings, credentials: Credentials, wrap: Wrap | None) -> "Profile":
    """Everything is read again whenever the desk builds the connector."""
    from paradesk.desk.desk import Profile

    def build_again() -> Connector:
        try:
            built = build(profile, credentials)
            return built if wrap is None else wrap(profile.name, built)
        except (Failure, ConfigError, CredentialError) as error:
            # Of an unexpected exception the agent would see only the kind; this one says what to correct, and where.
            raise AuthError(clean_line(str(error), 300)) from error

    return Profile(profile.name, build_again)


def _wrong(place: str, message: str) -> ConfigError:
    file, _, line = place.rpartition(":")
    if file and line.isdigit():
        return ConfigError([Problem(file, int(line), clean_line(message, 300))])
    return ConfigError([Problem(place, 0, clean_line(message, 300))])
