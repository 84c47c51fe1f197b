"""A JSON interface over HTTP as most backends have one: typed values out, ConnectorErrors for everything else."""

from collections.abc import Mapping
from typing import TypeVar

import httpx
import msgspec

from paradesk.connectors.answers import accepted, decoded
from paradesk.connectors.http import DEADLINE, OriginClient, checked_origin
from paradesk.core.secret import Secret

T = TypeVar("T")
LIMIT = 16_000_000
"""Bytes of an answer that are read at most, unless another limit is given."""


class JsonApi:
    """Asks one backend, whose credentials go along in headers."""

    def __init__(
        self,
        title: str,
        address: str,
        headers: Mapping[str, str | Secret],
        *,
        ca_file: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`title` is what the agent calls the backend, `address` its origin; raises AuthError for one that is none."""
        self._title = title
        self._headers = {"Content-Type": "application/json", **headers}
        self._http = OriginClient(checked_origin(address, "url"), ca_file=ca_file, transport=transport)

    async def get(
        self,
        path: str,
        kind: type[T],
        query: Mapping[str, str] | None = None,
        *,
        limit: int = LIMIT,
        deadline: float = DEADLINE,
    ) -> T:
        """Return what stands at a path as a value of type `kind`; raises the ConnectorError that the answer means."""
        answer = await self._http.ask("GET", path, limit=limit, params=query, headers=self._headers, deadline=deadline)
        return decoded(accepted(answer, self._title), kind, self._title)

    async def post(
        self, path: str, kind: type[T], body: object, *, method: str = "POST", deadline: float = DEADLINE
    ) -> T:
        """Send a value, and return the answer as a value of type `kind`; raises the ConnectorError that it means."""
        answer = await self._http.ask(
            method, path, limit=LIMIT, content=msgspec.json.encode(body), headers=self._headers, deadline=deadline
        )
        return decoded(accepted(answer, self._title), kind, self._title)

    async def close(self) -> None:
        """Close all connections."""
        await self._http.close()
