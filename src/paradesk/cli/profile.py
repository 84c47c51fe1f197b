"""`paradesk profile`: add, list, test and remove chat backends."""

import sys
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import click

from paradesk.cli.failure import Failure, readable
from paradesk.cli.names import CONNECTOR, PROFILE

if TYPE_CHECKING:
    from paradesk.config.settings import ProfileSettings, Settings
    from paradesk.connectors.base import Option
    from paradesk.core.secret import Secret


def someone_is_there() -> bool:
    """Tell whether questions can be answered."""
    return sys.stdin.isatty()


@click.group()
def profile() -> None:
    """Add, list, test and remove chat backends.

    A profile is a chat backend under a name of your own. Its settings lie in config.toml, its secrets in the keyring of
    your system or, where there is none, in a file that only you can read.
    """


class _Adding(click.Command):
    """The command that adds a profile: its help lists the options of the connector that is named before it."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options of the connector."""
        name = ctx.params.get("connector")
        if not isinstance(name, str):
            return
        from paradesk.cli.profiles import connector_class

        with readable():
            found = connector_class(name, "--connector")
        with formatter.section(f"Options of {_line(found.title)}"):
            formatter.write_dl([(_line(option.name), _described(option)) for option in found.options])


def _described(option: "Option") -> str:
    notes = ["secret" if option.secret else "", "" if option.required else "may stay empty"]
    if option.default:
        notes = [*notes[:1], f"default {option.default}"]
    noted = ", ".join(filter(None, notes))
    return _line(option.help, 300) + (f" [{_line(noted, 100)}]" if noted else "")


@profile.command("add", cls=_Adding)
@click.argument("name", required=False)
@click.option(
    "--connector",
    type=CONNECTOR,
    metavar="NAME",
    is_eager=True,
    help="Kind of backend, such as matrix; with --help behind it, its options.",
)
@click.option("--option", "given", multiple=True, metavar="KEY=VALUE", help="A setting; can be repeated.")
@click.option(
    "--secret-stdin", is_flag=True, help="Read secrets from standard input: the only one, or lines of KEY=VALUE."
)
def add(name: str | None, connector: str | None, given: tuple[str, ...], secret_stdin: bool) -> None:
    """Add a profile; what is not given is asked for.

    \b
    paradesk profile add
    echo "password=$PASSWORD" | paradesk profile add acme --connector matrix \\
        --option homeserver=https://chat.example.com --option user=ana --secret-stdin
    """
    from paradesk.cli.profiles import check_options, connector_class
    from paradesk.config.credentials import Credentials
    from paradesk.config.edit import add_profile
    from paradesk.config.settings import check_profile_name, load_settings
    from paradesk.connectors.registry import connector_names

    asking = someone_is_there() and not secret_stdin
    with readable():
        settings = load_settings()
        if connector is None:
            if not asking:
                raise Failure(f"say which backend: --connector {' or '.join(connector_names())}")
            connector = str(click.prompt("Connector", type=click.Choice(connector_names())))
        options = connector_class(connector, "--connector").options
        if name is None:
            if not asking:
                raise Failure("say how the profile is called: paradesk profile add NAME")
            name = str(click.prompt("Name of the profile", default=connector))
        try:
            check_profile_name(name)
        except ValueError as error:
            raise Failure(f"{name!r}: {error}") from error
        if name in settings.profiles:
            raise Failure(f"there is a profile {name} already; `paradesk profile remove {name}` removes it")
        values = _pairs(given)
        secrets = _secrets_from_stdin(options) if secret_stdin else {}
        if asking:
            _ask(options, values, secrets)
        check_options(options, values, "--option")
        missing = [
            option.name for option in options if option.secret and option.required and option.name not in secrets
        ]
        if missing and not asking:
            raise Failure(f"{missing[0]} is missing; pipe it in with --secret-stdin")
        credentials = Credentials()
        kept: dict[str, str] = {}
        try:
            for option, secret in secrets.items():
                kept[option] = credentials.set(name, option, secret)
            add_profile(settings.path, name, connector, values)
        except BaseException:
            for option in kept:
                credentials.delete(name, option)
            raise
    click.echo(f"Added {name} ({connector}) to {settings.path}")
    for option, place in kept.items():
        click.echo(f"Kept {option} in {place}")
    click.echo(f"Test it with `paradesk profile test {name}`, then start `paradesk`.")


def _pairs(given: Sequence[str]) -> dict[str, str]:
    values: dict[str, str] = {}
    for pair in given:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise Failure(f"--option wants KEY=VALUE, not {key!r}")
        values[key.strip()] = value
    return values


def _secrets_from_stdin(options: Sequence["Option"]) -> dict[str, "Secret"]:
    from paradesk.core.secret import Secret

    known = [option.name for option in options if option.secret]
    lines = [line for line in sys.stdin.read(100_000).splitlines() if line]
    found: dict[str, Secret] = {}
    for line in lines:
        key, equals, value = line.partition("=")
        if equals and key in known:
            found[key] = Secret(value)
    if not found and len(lines) == 1:
        required = [option.name for option in options if option.secret and option.required] or known
        if len(required) == 1:
            return {required[0]: Secret(lines[0])}
    if not found or len(found) != len(lines):
        # The lines themselves are secrets: they are not repeated here.
        raise Failure(f"standard input must have lines of KEY=VALUE, where KEY is {' or '.join(known) or 'nothing'}")
    return found


def _ask(options: Sequence["Option"], values: dict[str, str], secrets: dict[str, "Secret"]) -> None:
    from paradesk.core.secret import Secret

    for option in options:
        if option.name in values or option.name in secrets:
            continue
        hint = "" if option.required else " (may stay empty)"
        default = option.default or (None if option.required else "")
        label = f"{option.help}{hint}" if option.help else option.name
        answer = str(click.prompt(label, default=default, show_default=bool(default), hide_input=option.secret))
        if answer and option.secret:
            secrets[option.name] = Secret(answer)
        elif answer and answer != option.default:
            values[option.name] = answer


@profile.command("secret")
@click.argument("name", type=PROFILE)
@click.argument("option", required=False)
@click.option("--stdin", "from_stdin", is_flag=True, help="Read the secret from standard input.")
def secret(name: str, option: str | None, from_stdin: bool) -> None:
    """Enter or change a secret of a profile, such as its password."""
    from paradesk.cli.profiles import connector_class
    from paradesk.config.credentials import Credentials
    from paradesk.config.settings import load_settings
    from paradesk.core.secret import Secret

    with readable():
        configured = _configured(load_settings(), name)
        known = [one.name for one in connector_class(configured.connector, configured.place).options if one.secret]
        if option is None and len(known) == 1:
            option = known[0]
        if option not in known:
            raise Failure(f"say which secret of {name}: {' or '.join(known) or 'it has none'}")
        if from_stdin or not someone_is_there():
            text = sys.stdin.read(100_000).rstrip("\r\n")
        else:
            text = str(click.prompt(option, hide_input=True))
        if not text:
            raise Failure(f"{option} is empty; nothing was changed")
        place = Credentials().set(name, option, Secret(text))
    click.echo(f"Kept {option} in {place}")


@profile.command("list")
def list_profiles() -> None:
    """List the configured profiles."""
    from paradesk.config.settings import load_settings

    with readable():
        settings = load_settings()
    if not settings.profiles:
        click.echo(f"No profile is configured in {settings.path}. `paradesk profile add` adds one.")
        return
    width = max(map(len, settings.profiles))
    for one in settings.profiles.values():
        click.echo(f"{one.name:<{width}}  {_line(one.connector)}  {one.place}")


@profile.command("remove")
@click.argument("name", type=PROFILE)
@click.option("--yes", is_flag=True, help="Do not ask.")
def remove(name: str, yes: bool) -> None:
    """Remove a profile and its secrets. What was written to customers stays in the journal."""
    from paradesk.cli.profiles import connector_class
    from paradesk.config.credentials import Credentials
    from paradesk.config.edit import remove_profile
    from paradesk.config.errors import ConfigError
    from paradesk.config.settings import load_settings

    with readable():
        settings = load_settings()
        configured = _configured(settings, name)
        if not yes:
            if not someone_is_there():
                raise Failure(f"say --yes to remove {name} without being asked")
            click.confirm(f"Remove {name} and its secrets?", abort=True)
        remove_profile(settings.path, name)
        try:
            options = connector_class(configured.connector, configured.place).options
        except ConfigError:
            click.echo(f"The connector {_line(configured.connector)} is not installed: its secrets stay.", err=True)
            options = ()
        credentials = Credentials()
        for option in options:
            if option.secret:
                credentials.delete(name, option.name)
    click.echo(f"Removed {name}")


@profile.command("test")
@click.argument("name", type=PROFILE)
@click.option("--timeout", type=click.FloatRange(min=1), default=30.0, show_default=True, help="Seconds to wait.")
@click.pass_context
def test(context: click.Context, name: str, timeout: float) -> None:
    """Sign in to a profile's backend and say what came of it. Exit status 0 when it works, 1 when not."""
    from paradesk.cli.profiles import build
    from paradesk.cli.signin import sign_in
    from paradesk.config.credentials import Credentials
    from paradesk.config.settings import load_settings

    with readable():
        connector = build(_configured(load_settings(), name), Credentials())
    outcome = sign_in(connector, name, timeout)
    click.echo(f"{name}: {_line(outcome.text, 300)}", err=not outcome.works)
    context.exit(0 if outcome.works else 1)


def _configured(settings: "Settings", name: str) -> "ProfileSettings":
    profiles: Mapping[str, ProfileSettings] = settings.profiles
    if name not in profiles:
        hint = f"there are {', '.join(profiles)}" if profiles else "`paradesk profile add` adds one"
        raise Failure(f"there is no profile {name!r} in {settings.path}; {hint}")
    return profiles[name]


def _line(text: str, limit: int = 60) -> str:
    from paradesk.core.text import clean_line

    return clean_line(text, limit)
