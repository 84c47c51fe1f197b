"""Parameters that complete themselves in the shell."""

from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    _Text = click.ParamType[str]
else:
    _Text = click.ParamType  # not generic in older releases


class KeymapName(_Text):
    """A keymap by name or path."""

    name = "keymap"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the keymaps that have a name, and files."""
        from paradesk.config.keymaps import keymap_names

        named = [CompletionItem(name) for name in keymap_names() if name.startswith(incomplete)]
        return named or [CompletionItem(incomplete, type="file")]


class ProfileName(_Text):
    """A configured profile."""

    name = "profile"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the configured profiles; none where the configuration cannot be read."""
        from paradesk.config.errors import ConfigError
        from paradesk.config.settings import load_settings

        try:
            profiles = load_settings().profiles
        except ConfigError:
            return []
        return [CompletionItem(name) for name in profiles if name.startswith(incomplete)]


class ConnectorName(_Text):
    """An installed connector."""

    name = "connector"

    def shell_complete(self, ctx: click.Context, param: click.Parameter, incomplete: str) -> list[CompletionItem]:
        """Offer the installed connectors, without importing them."""
        from paradesk.connectors.registry import connector_names

        return [CompletionItem(name) for name in connector_names() if name.startswith(incomplete)]


KEYMAP: "click.ParamType[Any]" = KeymapName()
PROFILE: "click.ParamType[Any]" = ProfileName()
CONNECTOR: "click.ParamType[Any]" = ConnectorName()
