"""IRC: one channel or one query is one chat. Works with any server; uses IRCv3 where the server has it."""

from paradesk.connectors.irc.connector import IrcConnector

__all__ = ["IrcConnector"]
