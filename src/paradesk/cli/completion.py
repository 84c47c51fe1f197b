"""`paradesk completion`: the script with which a shell completes commands, options and names."""

import click
from click.shell_completion import get_completion_class

_WHERE = {
    "bash": 'eval "$(paradesk completion bash)"   in ~/.bashrc',
    "zsh": 'eval "$(paradesk completion zsh)"   in ~/.zshrc',
    "fish": "paradesk completion fish > ~/.config/fish/completions/paradesk.fish",
}


@click.command(epilog="\b\n" + "\n".join(f"{shell}: {line}" for shell, line in _WHERE.items()))
@click.argument("shell", type=click.Choice(list(_WHERE)))
def completion(shell: str) -> None:
    """Print the completion script of a shell."""
    from paradesk.cli.main import cli

    found = get_completion_class(shell)
    assert found is not None
    click.echo(found(cli, {}, "paradesk", "_PARADESK_COMPLETE").source())
