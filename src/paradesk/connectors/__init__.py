"""Connectors: the small interface to a chat backend, and the backends that ship."""
