"""The journal's schema as numbered steps, each one transaction together with its number, and the copy made before them."""

import contextlib
import os
import sqlite3
import time
from pathlib import Path

_CONVERSATIONS = (
    "create table conversations(id text primary key, profile text not null, record text not null)",
    "create table messages(conversation_id text not null, id text not null, order_key integer, sent_at real, part text,"
    " base text, amendment text, primary key(conversation_id, id)) without rowid",
    "create index messages_in_order on messages(conversation_id, order_key, id)",
    "create index messages_by_part on messages(conversation_id, part, order_key, id)",
    "create table seen(conversation_id text primary key, order_key integer not null)",
    "create table drafts(conversation_id text not null, visibility text not null, text text not null,"
    " primary key(conversation_id, visibility))",
    "create table outbox(place integer primary key autoincrement, client_id text not null unique,"
    " conversation_id text not null, state text not null, record text not null)",
    "create table cursors(profile text primary key, cursor text not null)",
    "create table layout(id integer primary key check (id = 1), record text not null)",
)
_GUARD = (
    "create table near_misses(place integer primary key autoincrement, at real not null, record text not null)",
    "create table guard_counts(day text not null, name text not null, outcome text not null, count integer not null,"
    " primary key(day, name, outcome)) without rowid",
)
_DRAFT_ORIGINS = (
    "create table draft_origins(conversation_id text not null, visibility text not null, record text not null,"
    " primary key(conversation_id, visibility))",
)
_CHOICES = (
    "create table canned_choices(place integer primary key autoincrement, at real not null,"
    " conversation_id text not null, client_id text not null, response_id text not null, language text not null,"
    " source text not null, likeness real not null, features blob not null)",
    "create index canned_choices_by_conversation on canned_choices(conversation_id)",
)
STEPS: tuple[tuple[str, ...], ...] = (_CONVERSATIONS, _GUARD, _DRAFT_ORIGINS, _CHOICES)
"""What leads from each schema to the next; the first makes an empty file a journal. Released ones never change."""
SCHEMA_VERSION = len(STEPS)
TABLES = frozenset({"conversations", "messages", "seen", "drafts", "outbox", "cursors", "layout"})
"""What every journal has had since schema 1."""
KEEP_COPY = 7 * 86_400.0
"""Seconds that the copy from before a migration is kept: a week in which an older version can be gone back to."""


def migrate(connection: sqlite3.Connection, version: int) -> None:
    """Take the steps after `version`. Cut off anywhere, the file is at a whole step, and the next start goes on there."""
    for number, statements in enumerate(STEPS[version:], version + 1):
        connection.execute("begin immediate")
        try:
            for statement in statements:
                connection.execute(statement)
            connection.execute(f"pragma user_version = {number}")
            connection.execute("commit")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                if connection.in_transaction:
                    connection.execute("rollback")
            raise


def copy_before(connection: sqlite3.Connection, path: Path) -> Path:
    """Copy the database as `<path>.before-<schema it comes to>`, for its owner only; there is a whole copy or none.

    Raises OSError or sqlite3.Error where the disk does not take it: nothing is migrated then.
    """
    final = path.with_name(f"{path.name}.before-{SCHEMA_VERSION}")
    fresh = final.with_name(f"{final.name}.new")
    try:
        os.close(os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600))
        with contextlib.closing(sqlite3.connect(fresh, isolation_level=None)) as target:
            connection.backup(target)
            # Without side files the copy is one file, as its name says.
            target.execute("pragma journal_mode = delete")
        fresh.replace(final)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return final


def drop_old_copies(path: Path) -> None:
    """Remove copies from before a migration that are older than a week; called once the journal has opened."""
    for copy in path.parent.glob(f"{path.name}.before-*"):
        with contextlib.suppress(OSError):
            if time.time() - copy.stat().st_mtime > KEEP_COPY:
                copy.unlink()
