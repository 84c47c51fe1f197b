"""What all chapters share: sessions, skipping by capability, texts that can be told apart."""

from collections.abc import Awaitable
from dataclasses import replace
from itertools import count
from typing import TypeVar

import pytest

from paradesk.connectors.base import Connector, ConnectorError
from paradesk.connectors.capabilities import Support
from paradesk.core.intents import Send
from paradesk.core.model import ClientId, ConversationId, LocalFile, Visibility
from paradesk.testing.backend import BackendUnderTest, CannotArrange
from paradesk.testing.recorder import Recorder, Session

T = TypeVar("T")
_numbers = count(1)


def need(connector: Connector, *capabilities: str) -> None:
    """Skip the test unless the connector declares each capability native; the message names the missing one."""
    for name in capabilities:
        support = connector.capabilities.support(name)
        if support is not Support.NATIVE:
            pytest.skip(f"{connector.name} declares {name} as {support}")


def need_one_of(connector: Connector, *capabilities: str) -> None:
    """Skip the test unless the connector declares at least one of the capabilities native."""
    if all(connector.capabilities.support(name) is not Support.NATIVE for name in capabilities):
        pytest.skip(f"{connector.name} declares neither {' nor '.join(capabilities)} as native")


async def arranged(situation: Awaitable[T]) -> T:
    """Bring the backend into a situation, or skip the test when it says that it cannot."""
    try:
        return await situation
    except CannotArrange as reason:
        pytest.skip(str(reason))


def unique(text: str) -> str:
    """Return the text with a number that no other text of this run carries."""
    return f"{text} №{next(_numbers)}"


def reply(
    conversation_id: ConversationId,
    body: str,
    visibility: Visibility = Visibility.PUBLIC,
    attachments: tuple[LocalFile, ...] = (),
) -> Send:
    """Return a reply with a client id of its own."""
    return Send(
        conversation_id=conversation_id,
        body=body,
        visibility=visibility,
        client_id=ClientId(f"contract-{next(_numbers):08d}"),
        attachments=attachments,
    )


def parts_of(connector: Connector, send: Send) -> list[Send]:
    """Return what the desk makes of a reply: each prepared part as a reply of its own, the files with the first."""
    parts = connector.prepare(send).parts
    return [
        replace(
            send,
            body=part,
            client_id=send.client_id if not number else ClientId(f"{send.client_id}.{number + 1}"),
            attachments=() if number else send.attachments,
        )
        for number, part in enumerate(parts)
    ]


async def with_uploads(connector: Connector, send: Send) -> Send:
    """Return the reply with its files uploaded, where the connector does that before it sends."""
    if connector.capabilities.upload is not Support.NATIVE:
        return send
    uploads = [await connector.upload(send.conversation_id, file) for file in send.attachments]
    return replace(send, uploads=tuple(uploads))


def letters(text: str) -> str:
    """Return what a person reads of a text: a backend may refuse control characters and may trim white space."""
    return "".join(character for character in text if character.isprintable() and not character.isspace())


async def failure(connector_call: Awaitable[object]) -> ConnectorError | None:
    """Return the ConnectorError that a call ends in, or None when it succeeds; other exceptions pass."""
    try:
        await connector_call
    except ConnectorError as error:
        return error
    return None


class Chapter:
    """Base of the chapters; a subclass of the whole contract overrides the `backend` fixture."""

    @pytest.fixture
    def backend(self) -> BackendUnderTest:
        """Yield a prepared backend. Overridden by every connector's test class."""
        raise NotImplementedError("give the test class a `backend` fixture")

    def session(
        self, backend: BackendUnderTest, connector: Connector | None = None, recorder: Recorder | None = None
    ) -> Session:
        """Return a session, to be entered, with a new connector unless one is given."""
        return Session(connector or backend.connector(), recorder, backend.patience)
