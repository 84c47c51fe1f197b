"""What the screen makes of the finished interface: colleagues, offers, presence, search, previews, what backends keep."""

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from paradesk.config.settings import Settings
from paradesk.connectors.base import Outcome, Prepared, Rejected
from paradesk.connectors.capabilities import Support
from paradesk.core.events import ConversationRemoved, OfferChanged, PresenceChanged, TypingChanged
from paradesk.core.intents import (
    AcceptTransfer,
    Assign,
    DeclineTransfer,
    Intent,
    Join,
    MarkRead,
    Send,
    SetPresence,
    TakeNext,
)
from paradesk.core.model import (
    Agent,
    ConversationId,
    Customer,
    EarlierConversation,
    Found,
    Offer,
    Presence,
    RemoteResponse,
)
from paradesk.ui.screens.preview import PreviewScreen
from paradesk.ui.screens.search import SearchScreen
from tests.ui.scripted import ABLE, ScriptedConnector
from tests.ui.workstation import Workstation, workstation

BO = Agent("bo", "Bo Lind")
NATIVE = Support.NATIVE
C1 = ConversationId("c1")


class Knowing(ScriptedConnector):
    """Can do all of it: a line is a message, a leading ! is escaped, and "forbidden" is refused."""

    def __init__(self, settings: Mapping[str, str] | None = None) -> None:
        able = replace(
            ABLE, assign=NATIVE, take_next=NATIVE, offers=NATIVE, presence=NATIVE, search=NATIVE, canned=NATIVE,
            customer=NATIVE, presences=frozenset({Presence.ONLINE, Presence.AWAY}),
        )  # fmt: skip
        super().__init__(settings, capabilities=able)
        self.asked: list[str] = []
        self.next: ConversationId | None = None

    def offer(self, place: int) -> None:
        """A colleague offers chat number `place`."""
        self.chat(place, joined=False)
        self.say(OfferChanged(ConversationId(f"c{place}"), Offer(BO, None, "knows\nher"), 2**40))

    def prepare(self, send: Send) -> Prepared:
        if "forbidden" in send.body:
            raise Rejected("that word is not taken")
        lines = [line for line in send.body.splitlines() if line.strip()]
        parts = tuple(f"\\{line}" if line.startswith("!") else line for line in lines)
        return Prepared(parts, ("a leading ! would be a command",) if parts != tuple(lines) else ())

    async def perform(self, intent: Intent) -> Outcome:
        outcome = await super().perform(intent)
        match intent:
            case AcceptTransfer(item):
                return Outcome(events=(OfferChanged(item, None, 2**41), self._update(item, 2**41, joined=True)))
            case DeclineTransfer(item):
                return Outcome(events=(ConversationRemoved(item, "stays with Bo", 2**41),))
            case TakeNext():
                return Outcome(conversation_id=self.next)
            case SetPresence(profile, presence):
                return Outcome(events=(PresenceChanged(profile, presence, "lunch"),))
        return outcome

    async def customer(self, conversation_id: ConversationId) -> Customer:
        self.asked.append(conversation_id)
        earlier = EarlierConversation("old", "The first parcel", "solved", 1_700_000_000.0)
        return Customer(id="u1", name="Sarah Chen", plan="Platinum", earlier=(earlier,))

    async def canned(self) -> tuple[RemoteResponse, ...]:
        return (RemoteResponse("7", "Zimtsterne", "Backend text for {{contact.name}}", "zimt"),)

    async def search(self, query: str, limit: int) -> tuple[Found, ...]:
        self.asked.append(query)
        if query == "nothing":
            return ()
        if query == "trouble":
            raise Rejected("the index is being built")
        known, far = Found(ConversationId("c2"), "#1242 Jonas", "…the parcel…", 0.0), ConversationId("far")
        return known, Found(far, "#9 Long ago", "an old parcel", 1_600_000_000.0)


def chats(count: int = 2) -> Knowing:
    backend = Knowing()
    for place in range(1, count + 1):
        backend.chat(place, ago=50.0 - 5 * place)
    return backend


async def ready(desk: Workstation, count: int = 2) -> None:
    await desk.until(lambda: len(desk.order) == count, f"{count} panes")
    await desk.press("ctrl+x", str(desk.order.index("c1") + 1))
    assert desk.active == "c1"


# Who answers


async def test_a_chat_is_assigned_to_somebody_and_to_nobody(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        await desk.press("ctrl+x", "f5")
        await desk.until(lambda: "Assign Sarah Chen" in desk.text, "the picker")
        assert "nobody" in desk.text
        await desk.type("bo")
        await desk.press("enter")
        await desk.until(lambda: Assign(C1, "bo") in backend.intents, "assigned")
        await desk.press("ctrl+x", "f5")
        await desk.type("nobody")
        await desk.press("enter")
        await desk.until(lambda: Assign(C1, None) in backend.intents, "to nobody")


async def test_the_next_chat_is_handed_out_without_moving_the_focus(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        await desk.type("half a thought")
        await desk.press("ctrl+x", "f8")
        await desk.until(lambda: "nobody waits" in desk.text, "told that nobody waits")
        backend.next = ConversationId("c2")
        await desk.press("ctrl+x", "f8")
        await desk.until(lambda: "Jonas Kühn #1242 is yours" in desk.text, "told who it is")
        assert desk.active == "c1"
        assert desk.composer_text("c1") == "half a thought"


async def test_an_offered_chat_is_shown_and_steals_nothing(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        await desk.type("writing")
        backend.offer(3)
        await desk.until(lambda: "OFFERED" in desk.text, "the word in the hotlist")
        assert "»" in desk.text
        assert desk.active == "c1"
        assert desk.composer_text("c1") == "writing"
        assert desk.order == ["c1", "c2"]


async def test_an_offered_chat_is_taken_over_or_joined(tmp_path: Path) -> None:
    for key in (("ctrl+x", "f6"), ("ctrl+x", "g")):
        backend = chats(1)
        async with workstation(tmp_path / key[1], backend) as desk:
            await ready(desk, 1)
            backend.offer(3)
            await desk.until(lambda: len(desk.app.hotlist.order) == 2, "two rows")
            await desk.press("f3", "down", "enter")
            await desk.until(lambda: "ctrl+x F6 take over · ctrl+x F9 decline" in desk.text, "what to do")
            await desk.press(*key)
            await desk.until(lambda: AcceptTransfer(ConversationId("c3")) in backend.intents, "accepted")  # noqa: B023
            assert not [intent for intent in backend.intents if isinstance(intent, Join)]
            await desk.until(lambda: "take over" not in desk.text, "the offer is gone")


async def test_an_offer_is_declined_with_a_word_and_only_an_offer(tmp_path: Path) -> None:
    backend = chats(1)
    async with workstation(tmp_path, backend) as desk:
        await ready(desk, 1)
        await desk.press("ctrl+x", "f9")
        await desk.until(lambda: "nobody offers you this chat" in desk.text, "refused with a reason")
        backend.offer(3)
        await desk.until(lambda: len(desk.app.hotlist.order) == 2, "two rows")
        await desk.press("f3", "down", "enter", "ctrl+x", "f9")
        await desk.until(lambda: "Leave Ana Pereira" in desk.text, "the question")
        await desk.type("too many")
        await desk.press("enter")
        await desk.until(
            lambda: DeclineTransfer(ConversationId("c3"), "too many") in backend.intents, f"{backend.intents}"
        )


async def test_presence_is_set_and_stands_in_the_status_bar_while_it_is_not_online(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        assert "YOU ARE" not in desk.text
        await desk.press("ctrl+x", "pageup")
        await desk.until(lambda: "Your presence at acme" in desk.text, "the picker")
        assert "busy" not in desk.text
        await desk.press("down", "enter")
        await desk.until(lambda: SetPresence("acme", Presence.AWAY) in backend.intents, "set")
        await desk.until(lambda: "YOU ARE AWAY (lunch)" in desk.lines[0], "the status bar")
        backend.say(PresenceChanged("acme", Presence.ONLINE))
        await desk.until(lambda: "YOU ARE" not in desk.lines[0], "online again")


async def test_what_a_backend_cannot_do_is_refused_with_a_reason(tmp_path: Path) -> None:
    backend = ScriptedConnector()
    backend.chat(1)
    keys = {
        "f5": "cannot assign a chat", "f8": "hands out no chats", "pageup": "knows no presence", "/": "cannot search",
        "f7": "cannot tell more about a customer",
    }  # fmt: skip
    async with workstation(tmp_path, backend) as desk:
        await desk.opened("c1")
        for key, why in keys.items():
            await desk.press("ctrl+x", key if key != "/" else "slash")
            await desk.until(lambda why=why: any(why in n.text for n in desk.app.notices), why)  # type: ignore[misc]
        assert {type(intent) for intent in backend.intents} <= {MarkRead}


# What a reply becomes


async def test_the_composer_says_what_will_be_sent_and_shows_it_whole(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        await desk.type("hello")
        await desk.until(lambda: desk.app.sender.previewing.of(
            ConversationId("acme/c1"), desk.app.deck.focused.visibility, "hello"  # type: ignore[union-attr]
        ).words == "", "nothing to say")  # fmt: skip
        assert "[sent as]" not in desk.text
        await desk.press("ctrl+j", "exclamation_mark")
        await desk.type("close")
        await desk.until(lambda: "[sent as] 2 messages" in desk.text, "the quiet line")
        await desk.press("ctrl+x", "f12")
        await desk.until(lambda: isinstance(desk.app.screen, PreviewScreen), "the preview")
        assert "a leading ! would be a command" in desk.text
        assert "\\!close" in desk.text
        await desk.press("escape")
        assert desk.composer_text("c1") == "hello\n!close"
        await desk.press("enter")
        await desk.until(lambda: [text for _, text, _ in backend.sent()] == ["hello", "\\!close"], "two messages")
        await desk.until(lambda: desk.composer_text("c1") == "", "the composer is empty")
        assert "[sent as]" not in desk.text


async def test_a_text_that_cannot_be_sent_is_told_before_and_kept(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        await desk.type("forbidden")
        await desk.until(lambda: "[cannot be sent] that word is not taken" in desk.text, "told while writing")
        await desk.press("enter")
        await desk.until(lambda: any("that word is not taken" in n.text for n in desk.app.notices), "told at Enter")
        assert desk.composer_text("c1") == "forbidden"
        assert backend.sent() == []


# What can be asked


async def test_a_search_opens_what_is_here_and_says_what_is_not(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        await desk.press("ctrl+x", "slash")
        await desk.until(lambda: isinstance(desk.app.screen, SearchScreen), "the search")
        await desk.type("trouble")
        await desk.press("enter")
        await desk.until(lambda: "the index is being built" in desk.text, "why not")
        for query, wanted in (("nothing", "nothing was found"), ("parcel", "#1242 Jonas")):
            await desk.press("ctrl+u")
            await desk.type(query)
            await desk.press("enter")
            await desk.until(lambda wanted=wanted: wanted in desk.text, wanted)  # type: ignore[misc]
        assert "not on this desk" in desk.text
        assert "…the parcel…" in desk.text
        await desk.press("down")
        await desk.until(lambda: "an old parcel" in desk.text, "the words around the other hit")
        await desk.press("up", "enter")
        await desk.until(lambda: desk.active == "c2", "opened")
        assert backend.asked == ["trouble", "nothing", "parcel"]


async def test_more_about_the_customer_is_asked_for_once(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend, size=(160, 40)) as desk:
        await ready(desk)
        assert "Platinum" not in desk.text
        await desk.press("ctrl+x", "f7")
        await desk.until(lambda: "Platinum" in desk.text and "The first parcel" in desk.text, "the panel")
        assert backend.asked == ["c1"]
        await desk.press("ctrl+x", str(desk.order.index("c2") + 1))
        await desk.until(lambda: "Platinum" not in desk.text, "another customer")
        await desk.press("ctrl+x", str(desk.order.index("c1") + 1))
        await desk.until(lambda: "Platinum" in desk.text, "known from before")


async def test_what_the_backend_keeps_is_in_the_picker_under_its_name(tmp_path: Path) -> None:
    backend = chats()
    async with workstation(tmp_path, backend) as desk:
        await ready(desk)
        await desk.until(lambda: len(desk.app.remote.merged(desk.app.library)) == 1, "it has come")
        await desk.press("f2")
        await desk.type("zimt")
        await desk.until(lambda: "Zimtsterne (acme)" in desk.text, "in the list")
        # A homemade backend's placeholders mean nothing to us.
        await desk.until(lambda: "Backend text for {{contact.name}}" in desk.text, "as it stands")
        await desk.press("f6")
        await desk.until(lambda: any("kept by the backend" in n.text for n in desk.app.notices), "not to be edited")
        await desk.press("f2")
        await desk.type("zimt")
        await desk.until(lambda: "Zimtsterne (acme)" in desk.text, "in the list")
        await desk.press("enter")
        await desk.until(lambda: desk.composer_text("c1") == "Backend text for {{contact.name}}", "inserted")


async def test_what_a_customer_types_is_shown_only_where_it_is_wanted(tmp_path: Path) -> None:
    for wanted in (False, True):
        backend = chats(1)
        settings = Settings(show_typing_preview=wanted)
        async with workstation(tmp_path / str(wanted), backend, settings=settings) as desk:
            await ready(desk, 1)
            backend.say(TypingChanged(C1, "Sarah Chen", True, time.time() + 3600, preview="I would like"))
            await desk.until(lambda: "Sarah Chen is typing" in desk.text, "typing")
            assert ("I would like" in desk.text) is wanted
