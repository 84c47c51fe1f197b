"""The command line. Each command's module is imported when it is called, so that `--help` costs nothing."""

from importlib import import_module

import click

from paradesk import __version__
from paradesk.cli.names import KEYMAP, PROFILE

_COMMANDS: dict[str, tuple[str, str]] = {
    "canned": (
        "paradesk.cli.canned:canned",
        "List, check, import and export canned responses, and see how they are used.",
    ),
    "completion": ("paradesk.cli.completion:completion", "Print the completion script of a shell."),
    "config": ("paradesk.cli.configuration:config", "Show the configuration and where it comes from."),
    "connector": ("paradesk.cli.connector:connector", "Write, check and list connectors to chat backends."),
    "demo": ("paradesk.cli.demo:demo", "Try Paradesk with simulated customers; needs no set-up."),
    "guard": ("paradesk.cli.guard:guard", "Look after the check of replies before they are sent."),
    "keys": (
        "paradesk.cli.keys:keys",
        "Press every key of your keymap and see what really arrives; or list and check keys.",
    ),
    "packs": ("paradesk.cli.packs:packs", "Write, check, hand out and install packs."),
    "profile": ("paradesk.cli.profile:profile", "Add, list, test and remove chat backends."),
    "transcript": ("paradesk.cli.transcript:transcript", "Write what is kept of a conversation as a document."),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command."""
        if cmd_name not in _COMMANDS:
            return None
        module, _, attribute = _COMMANDS[cmd_name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in sorted(_COMMANDS.items())])


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--profile",
    "profiles",
    type=PROFILE,
    multiple=True,
    metavar="NAME",
    help="Open this profile only; can be repeated.",
)
@click.option("--keymap", type=KEYMAP, metavar="NAME|PATH", help="Use this keymap, such as zendesk.")
@click.option("--theme", metavar="NAME", help="dark, light or contrast.")
@click.version_option(__version__, "-V", "--version", message="paradesk %(version)s")
@click.pass_context
def cli(context: click.Context, profiles: tuple[str, ...], keymap: str | None, theme: str | None) -> None:
    """Answer several live chats at once, side by side, from the keyboard.

    Without a command it opens every configured profile.
    """
    if context.invoked_subcommand is not None:
        if profiles or keymap or theme:
            raise click.UsageError(f"options of {context.invoked_subcommand} stand behind it")
        return
    from paradesk.cli.run import run

    context.exit(run(profiles, keymap=keymap, theme=theme))
