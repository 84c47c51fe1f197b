"""Paradesk: a terminal workstation for support agents who answer several live chats at once."""

__version__ = "0.1.0"
