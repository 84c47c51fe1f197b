"""`paradesk transcript`: one conversation as a document, out of the journal."""

import os
import sys
from pathlib import Path

import click

from paradesk.cli.failure import Failure, readable
from paradesk.desk.export import FORMS


@click.command()
@click.argument("conversation", metavar="PROFILE/ID")
@click.option("--format", "form", type=click.Choice(sorted(FORMS)), default="text", show_default=True)
@click.option("--output", type=click.Path(path_type=Path), help="Write this new file, readable by you only.")
def transcript(conversation: str, form: str, output: Path | None) -> None:
    """Write what is kept of a conversation as a document."""
    from paradesk.config.places import journal_directory
    from paradesk.config.settings import load_settings
    from paradesk.core.model import ConversationId
    from paradesk.desk.export import document
    from paradesk.desk.journal import JournalError
    from paradesk.desk.reading import read_conversation

    try:
        kept = read_conversation(journal_directory(), ConversationId(conversation))
    except JournalError as error:
        raise Failure(str(error)) from error
    if kept is None:
        raise Failure(f"{journal_directory()} has no conversation {conversation}; name it as PROFILE/ID")
    with readable():
        mask_cards = load_settings().mask_cards
        content = document(kept.conversation, kept.messages, form, mask_cards=mask_cards).encode()
        if output is None:
            sys.stdout.buffer.write(content)
            return
        try:
            descriptor = os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        except FileExistsError as error:
            raise Failure(f"{output} exists already; choose another name") from error
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
