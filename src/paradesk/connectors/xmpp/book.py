"""All conversations of a session, and what meanings do to them."""

from xml.etree.ElementTree import Element

from paradesk.connectors.base import ConnectorError
from paradesk.connectors.xmpp.account import Account
from paradesk.connectors.xmpp.amend import returned
from paradesk.connectors.xmpp.archive import walk_back
from paradesk.connectors.xmpp.chat import Amended, Bounced, Chat, Displayed, Known, Meaning, Renamed, Said, peer_of
from paradesk.connectors.xmpp.jids import bare
from paradesk.connectors.xmpp.line import Line
from paradesk.connectors.xmpp.place import ranked
from paradesk.connectors.xmpp.stanzas import Archived, Stanza
from paradesk.core.events import (
    ConversationUpserted,
    Event,
    MessageDeleted,
    MessageEdited,
    MessageUpserted,
    ReadMarked,
)

LOOK_BACK = 1000
"""Entries of an archive that are searched for a message that somebody refers to."""


class Book:
    """The conversations by id. One-to-one chats are made as they are needed, rooms when they are entered."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self.chats: dict[str, Chat] = {}
        self._announced: set[str] = set()
        self.renamed = False
        """A room's subject has changed since this was last looked at."""

    def forget(self) -> None:
        """Begin anew."""
        self.chats.clear()
        self._announced.clear()

    def chat(self, jid: str) -> Chat:
        """Return the one-to-one chat with an address."""
        return self.chats.setdefault(jid, Chat(jid, self._account))

    def may_be_person(self, conversation_id: str) -> bool:
        """Tell whether an id that this session has not met can be the address of somebody the desk knows from before.

        Who is not on the contact list and has not written since is not met again by reading on in the archive.
        """
        local, at, domain = conversation_id.partition("@")
        rooms = {chat.id.partition("@")[2] for chat in self.chats.values() if chat.room}
        sound = all(character.isprintable() and character not in " /@" for character in local + domain)
        return bool(local and at and domain) and sound and domain not in rooms

    def room(self, jid: str, title: str, nick: str) -> Chat:
        """Return the chat that is a room."""
        chat = self.chats[jid] = Chat(jid, self._account, room=True, name=title, nick=nick)
        return chat

    def announced(self, chat: Chat) -> bool:
        """Tell whether the desk has been told of it."""
        return chat.id in self._announced

    def upserted(self, chat: Chat, version: int) -> ConversationUpserted:
        """Return the conversation as the desk should know it now."""
        self._announced.add(chat.id)
        return ConversationUpserted(chat.conversation(), version)

    def take_roster(self, answer: Element) -> list[Chat]:
        """Take contacts over (all of them, or a change); returns the chats that look different now."""
        changed: list[Chat] = []
        for item in answer.iter("{jabber:iq:roster}item"):
            jid = bare(item.get("jid", ""))
            if (
                not jid
                or jid == self._account.jid
                or jid in self._account.agents
                or item.get("subscription") == "remove"
            ):
                continue
            chat = self.chat(jid)
            if chat.room:
                continue
            name = item.get("name", "").strip()
            if chat.name != name or not self.announced(chat):
                chat.name = name
                changed.append(chat)
        return changed

    def has(self, chat: Chat, stanza: Stanza) -> bool:
        """Tell whether what a stanza says has been taken already."""
        if not stanza.id:
            return False
        author = chat.author_of(stanza)
        return any(known.origin == stanza.id and known.author == author for known in chat.known.values()) or any(
            amendment.otherwise is not None and amendment.otherwise.origin == stanza.id
            for noted in chat.amendments.values()
            for amendment in noted
        )

    def take(self, chat: Chat, meaning: Meaning) -> tuple[list[Event], Amended | None]:
        """Return the events of a meaning, or an amendment of a message that is not remembered."""
        match meaning:
            case Said(known):
                chat.remember(known)
                return [MessageUpserted(known.message)], None
            case Amended():
                chat.note(meaning)
                if chat.find_for(meaning) is None:
                    return [], meaning
                return self.amend(chat, meaning), None
            case Displayed(reference):
                found = chat.find(reference)
                return ([] if found is None else [ReadMarked(chat.key, found.message.id)]), None
            case Bounced():
                return self._bounce(chat, meaning), None
            case Renamed(subject):
                chat.subject, self.renamed = subject, True
                return [], None
            case _:
                return [], None

    def amend(self, chat: Chat, amendment: Amended) -> list[Event]:
        """Return what an amendment changes; of an unknown message a correction is shown as a message of its own."""
        found = chat.find_for(amendment)
        if found is None:
            known = amendment.otherwise
            # Somebody who corrects what others wrote has said nothing.
            if known is None or chat.find(amendment.reference) is not None:
                return []
            chat.remember(known)
            return [MessageUpserted(known.message)]
        if amendment.body is None:
            return [MessageDeleted(chat.key, found.message.id, amendment.version)]
        return [MessageEdited(chat.key, found.message.id, amendment.body, amendment.version)]

    def _bounce(self, chat: Chat, bounce: Bounced) -> list[Event]:
        found = chat.find(bounce.reference)
        if found is None or not found.mine:
            return []
        message = returned(found.message, bounce)
        chat.remember(Known(message, found.author, found.origin, found.markable, found.mine))
        return [MessageUpserted(message)]

    async def look_back(self, line: Line, archive: str, chat: Chat, amendment: Amended | None = None) -> None:
        """Read back in a conversation until what an amendment refers to is remembered, or far enough has been read."""

        def enough(entries: list[Archived]) -> bool:
            for key, entry in ranked(entries):
                meaning = chat.meaning(entry.stanza, entry.id, key, entry.at)
                if isinstance(meaning, Said) and meaning.known.message.id not in chat.known:
                    chat.remember(meaning.known)
            return amendment is None or chat.find_for(amendment) is not None or len(entries) >= LOOK_BACK

        def belongs(entry: Archived) -> bool:
            return chat.room or peer_of(entry.stanza, self._account.jid) == chat.id

        try:
            await walk_back(line, archive, "", peer="" if chat.room else chat.id, enough=enough, belongs=belongs)
        except ConnectorError:
            if line.lost.done():
                raise
