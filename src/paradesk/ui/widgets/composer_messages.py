"""What a composer tells its owner. They are reached, and handled, as `Composer.Changed` and so on."""

from typing import TYPE_CHECKING

from textual.message import Message

from paradesk.core.model import LocalFile, Visibility

if TYPE_CHECKING:
    from paradesk.ui.widgets.composer import Composer


class Told(Message, namespace="composer"):
    """What a composer says to its owner."""

    def __init__(self, composer: "Composer") -> None:
        super().__init__()
        self.composer = composer

    @property
    def control(self) -> "Composer":
        """The composer."""
        return self.composer


class Changed(Told, namespace="composer"):
    """The text was changed by the agent, or by accepting what was sent."""

    def __init__(self, composer: "Composer", text: str) -> None:
        super().__init__(composer)
        self.text = text


class SendRequested(Told, namespace="composer"):
    """The agent wants this out. Answer with `accept_sent(text)`, or with `release_sent(text)` when refused."""

    def __init__(
        self, composer: "Composer", text: str, visibility: Visibility, attachments: tuple[LocalFile, ...]
    ) -> None:
        super().__init__(composer)
        self.text = text
        self.visibility = visibility
        self.attachments = attachments

    def claim(self) -> None:
        """Say that it is being delivered: the same text is not asked for again before there is an answer."""
        self.composer.claim_sent(self.text)


class SlotsOpen(Told, namespace="composer"):
    """A send was stopped because these blanks are open; the first is selected now."""

    def __init__(self, composer: "Composer", names: tuple[str, ...]) -> None:
        super().__init__(composer)
        self.names = names


class Typing(Told, namespace="composer"):
    """The agent is writing a public reply (repeated every few seconds), or has stopped."""

    def __init__(self, composer: "Composer", typing: bool) -> None:
        super().__init__(composer)
        self.typing = typing


class PasteCut(Told, namespace="composer"):
    """Text that came in was longer than a reply can hold: at least `lost` characters were left out."""

    def __init__(self, composer: "Composer", lost: int) -> None:
        super().__init__(composer)
        self.lost = lost


class AttachmentRemoved(Told, namespace="composer"):
    """The agent took a file away again."""

    def __init__(self, composer: "Composer", file: LocalFile) -> None:
        super().__init__(composer)
        self.file = file


class Copied(Told, namespace="composer"):
    """Text was copied, or is about to be cut."""

    def __init__(self, composer: "Composer", text: str) -> None:
        super().__init__(composer)
        self.text = text


class Pasted(Told, namespace="composer"):
    """Text is about to be pasted: from inside Paradesk or by the terminal."""

    def __init__(self, composer: "Composer", text: str) -> None:
        super().__init__(composer)
        self.text = text
