"""Zendesk Support: the tickets of one agent and the queue of their groups, by asking again and again."""

from paradesk.connectors.zendesk.connector import ZendeskConnector

__all__ = ["ZendeskConnector"]
