"""Actions that ask a backend: what a draft would become, a search, more about a customer."""

from datetime import datetime
from typing import TYPE_CHECKING

from paradesk.core.model import ConversationId, Customer, Found
from paradesk.ui.commands.asking import able, acting
from paradesk.ui.commands.colleagues import nearest, profiles_with
from paradesk.ui.sending import failure_text
from paradesk.ui.titles import who

if TYPE_CHECKING:
    from paradesk.ui.app import ParadeskApp
    from paradesk.ui.commands import Command


async def preview(app: "ParadeskApp") -> None:
    """Show the messages that the draft of the active pane will become."""
    from paradesk.ui.screens.preview import PreviewScreen

    if (found := acting(app)) is None:
        return
    pane, thread = found
    composer = pane.composer
    shown = app.sender.previewing.of(pane.conversation_id, composer.visibility, composer.text, whole=True)
    if not shown.parts and not shown.refusal:
        app.tell(f"{who(thread)}: nothing is written here")
        return
    await app.ask(PreviewScreen(who(thread), shown))


async def search(app: "ParadeskApp") -> None:
    """Let a backend search; a result that is on this desk can be opened."""
    from paradesk.ui.screens.search import SearchScreen

    names = profiles_with(app, "search", "cannot search its chats")
    if not names:
        return
    name = nearest(app, names)

    def ask(query: str) -> None:
        def found(hits: tuple[Found, ...]) -> None:
            if screen.is_attached:
                screen.show_found(query, [_line(app, hit) for hit in hits])

        def failed(error: BaseException) -> None:
            if screen.is_attached:
                screen.show_problem(query, str(error))

        app.bridge.when_done(app.desk.backends.search(name, query), found, failed)

    def chosen(value: str | None) -> None:
        if value is None:
            return
        item = ConversationId(value)
        if item in app.state.threads:
            app.run_soon(app.deck.open(item))
        else:
            app.tell("This chat is at the backend, but not on this desk: it cannot be opened here", "warning")

    screen = SearchScreen(name, ask)
    await app.ask(screen, chosen)


def _line(app: "ParadeskApp", hit: Found) -> tuple[str, str, str, str]:
    """Return id, title, excerpt and when, for the list."""
    at = f"{datetime.fromtimestamp(hit.at):%Y-%m-%d}" if hit.at else ""
    here = "" if hit.conversation_id in app.state.threads else "not on this desk"
    return hit.conversation_id, hit.title, hit.excerpt, " · ".join(filter(None, (here, at)))


async def more(app: "ParadeskApp") -> None:
    """Ask the backend for all that it knows of the customer, and show the panel with it."""
    if (found := acting(app)) is None:
        return
    _, thread = found
    if not able(app, thread, "customer"):
        return
    item, panel = thread.conversation.id, app.body.panel
    if not panel.has_class("-open"):
        await app.router.run("customer.panel")

    def told(customer: Customer) -> None:
        panel.learn(item, customer)
        app.refresh_view()

    def failed(error: BaseException) -> None:
        app.tell(failure_text(who(thread), "asking for the customer", error), "error")

    app.bridge.when_done(app.desk.backends.customer(item), told, failed)


COMMANDS: "dict[str, Command]" = {
    "chat.preview": preview,
    "search.backend": search,
    "customer.more": more,
}
