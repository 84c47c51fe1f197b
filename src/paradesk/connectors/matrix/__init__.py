"""Matrix, over the client-server API (docs/matrix.md)."""

from paradesk.connectors.matrix.connector import MatrixConnector

__all__ = ["MatrixConnector"]
