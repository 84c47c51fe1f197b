"""Where the agent was in each pane: taken down for the next start, and taken up again."""

from collections.abc import Iterable
from pathlib import Path

from paradesk.core.model import ConversationId, LocalFile
from paradesk.core.state import Thread
from paradesk.desk.layout import PanePlace
from paradesk.ui.widgets.pane import Pane


def place_of(pane: Pane) -> PanePlace | None:
    """Return what is to be restored of a pane beside its draft; None where it is as a fresh one."""
    composer = pane.composer
    cursor = None if composer.cursor == composer.buffer.end else composer.buffer.offset_of(composer.cursor)
    place = PanePlace(pane.conversation_id, pane.transcript.reading_place, cursor, composer.attachments)
    return None if place == PanePlace(pane.conversation_id) else place


def places_of(panes: Iterable[Pane], closed: dict[ConversationId, tuple[LocalFile, ...]]) -> tuple[PanePlace, ...]:
    """Return what is to be restored of open panes, and the files of drafts whose pane is closed."""
    found = [place for pane in panes if (place := place_of(pane)) is not None]
    found += [PanePlace(item, files=files) for item, files in closed.items() if files]
    return tuple(found)


def take_up(pane: Pane, place: PanePlace, remove_key: str) -> None:
    """Put the cursor of the draft, its files and the transcript where they were."""
    if place.cursor is not None:
        pane.composer.buffer.move_to(pane.composer.buffer.position_at(place.cursor))
    if place.reading is not None:
        pane.transcript.read_on(place.reading)
    if place.files and not pane.composer.attachments:
        pane.composer.set_attachments(place.files, remove_key)


def still_there(files: tuple[LocalFile, ...], thread: Thread | None) -> tuple[list[LocalFile], list[LocalFile]]:
    """Sort the files of a draft into those that can still be sent and those that are gone from the disk.

    Those that already wait in the outbox are in neither: they were sent in the moment in which the program ended.
    """
    sends = () if thread is None else thread.sends.values()
    sent = {item.name for sending in sends if sending.message is not None for item in sending.message.attachments}
    here: list[LocalFile] = []
    gone: list[LocalFile] = []
    for file in files:
        if file.name not in sent:
            (here if Path(file.path).is_file() else gone).append(file)
    return here, gone
