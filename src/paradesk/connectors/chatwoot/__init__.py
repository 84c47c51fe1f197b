"""Chatwoot, over its REST interface and its websocket (docs/chatwoot.md)."""

from paradesk.connectors.chatwoot.connector import ChatwootConnector

__all__ = ["ChatwootConnector"]
