"""Live Helper Chat: the visitor chats of one installation, asked for again and again over its REST interface."""

from paradesk.connectors.livehelperchat.connector import LiveHelperChatConnector

__all__ = ["LiveHelperChatConnector"]
