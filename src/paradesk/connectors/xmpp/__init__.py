"""XMPP: one-to-one chats and multi-user rooms, over the archive of the server (docs/xmpp.md)."""

from paradesk.connectors.xmpp.connector import XmppConnector

__all__ = ["XmppConnector"]
