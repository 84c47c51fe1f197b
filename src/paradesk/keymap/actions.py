"""The registry of actions: everything that a key, the palette or the help can name. Pure data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Action:
    """One thing the agent can do. Its id is stable: keymaps of users depend on it."""

    id: str
    title: str
    """Two to four words for the footer and the which-key overlay."""
    description: str
    """One sentence for the help."""
    category: str
    contexts: tuple[str, ...] = ("global",)
    """Where it can act; a key for it may be bound in these contexts or in those below them."""
    destructive: bool = False
    """It asks, or can be undone, whatever key calls it."""


def _group(
    category: str, contexts: tuple[str, ...], *rows: tuple[str, str, str] | tuple[str, str, str, bool]
) -> list[Action]:
    return [Action(row[0], row[1], row[2], category, contexts, len(row) == 4) for row in rows]


_ALL: list[Action] = [
    *_group(
        "Tickets",
        ("global",),
        ("ticket.new", "New ticket", "Open a new ticket with a customer"),
        ("ticket.next", "Next ticket", "Go to the next chat in the hotlist"),
        ("ticket.previous", "Previous ticket", "Go to the previous chat in the hotlist"),
        ("ticket.solve", "Solve ticket", "Send what is in the composer, if anything, and set the ticket solved", True),
        ("ticket.priority", "Priority…", "Choose the priority of this ticket"),
        ("ticket.tags", "Tags…", "Add or remove tags of this ticket"),
    ),
    *_group(
        "Status",
        ("global",),
        ("status.open", "Open", "Set this ticket open"),
        ("status.pending", "Pending", "Set this ticket pending: it waits for the customer"),
        ("status.on_hold", "On hold", "Set this ticket on hold: it waits for someone else"),
        ("status.solved", "Solved", "Set this ticket solved"),
    ),
    *_group(
        "Chat",
        ("global",),
        ("chat.next_waiting", "Next waiting", "Go to the customer who has waited longest"),
        ("chat.join", "Join chat", "Take this chat from the queue and answer it"),
        ("chat.leave", "Leave chat", "Give this chat back without ending it", True),
        ("chat.end", "End chat", "End this chat for both sides", True),
        ("chat.take_next", "Take next", "Let the backend give you whoever has waited longest"),
        ("chat.transfer", "Transfer…", "Hand this chat to a colleague or a team", True),
        ("chat.assign", "Assign…", "Make a colleague, a team or nobody responsible for this chat", True),
        ("chat.accept", "Take over", "Take over the chat that a colleague offers you"),
        ("chat.decline", "Decline offer…", "Leave the chat that a colleague offers you with them", True),
        ("chat.attach", "Attach file…", "Attach a file to the reply in this pane"),
        ("chat.preview", "What will be sent", "Show the messages that the text in this composer will become"),
        ("chat.note", "Private note", "Switch this composer between public reply and private note"),
        ("chat.retry", "Send again", "Send the failed or uncertain reply of this chat again"),
        (
            "chat.dismiss",
            "Dismiss failed",
            "Give up the failed or uncertain reply and put its text back into the composer",
        ),
        ("chat.undo_send", "Take back", "Take back a reply that has not left yet and put its text into the composer"),
    ),
    *_group(
        "Panes",
        ("global",),
        ("pane.1", "Pane 1", "Make pane 1 active"),
        ("pane.2", "Pane 2", "Make pane 2 active"),
        ("pane.3", "Pane 3", "Make pane 3 active"),
        ("pane.4", "Pane 4", "Make pane 4 active"),
        ("pane.5", "Pane 5", "Make pane 5 active"),
        ("pane.6", "Pane 6", "Make pane 6 active"),
        ("pane.left", "Pane left", "Make the pane to the left active"),
        ("pane.right", "Pane right", "Make the pane to the right active"),
        ("pane.up", "Pane above", "Make the pane above active"),
        ("pane.down", "Pane below", "Make the pane below active"),
        ("pane.next", "Next pane", "Make the next pane active"),
        ("pane.last", "Last pane", "Go back to the pane that was active before"),
        ("pane.close", "Close pane", "Close this pane; the chat stays in the hotlist and its draft is kept"),
        ("pane.swap", "Swap panes", "Exchange this pane with the next one"),
        ("pane.zoom", "Zoom pane", "Give this pane the whole workspace, or take it back"),
    ),
    *_group(
        "Workspace",
        ("global",),
        ("hotlist.focus", "Hotlist", "Show the hotlist and move to it, or go back to the active pane"),
        ("hotlist.toggle", "Show hotlist", "Show or hide the hotlist"),
        ("customer.panel", "Customer", "Show or hide what is known of this customer"),
        ("customer.more", "Ask for more", "Ask the backend for all it knows of this customer, earlier chats included"),
        ("search.backend", "Search…", "Let the backend search its chats, also those that are not on this desk"),
        ("transcript.focus", "Read back", "Move between the composer and the transcript of this pane"),
        ("transcript.find", "Find…", "Find text in the transcript of this pane"),
        ("canned.pick", "Canned response…", "Choose a canned response for this customer"),
        ("canned.suggestion_1", "Suggestion 1", "Insert the first response that is suggested above the composer"),
        ("canned.suggestion_2", "Suggestion 2", "Insert the second response that is suggested above the composer"),
        ("canned.suggestion_3", "Suggestion 3", "Insert the third response that is suggested above the composer"),
        ("canned.write", "New response…", "Write a canned response of your own"),
        ("canned.from_sent", "Keep as response…", "Make a canned response of a reply that was sent in this chat"),
        ("agent.presence", "Presence…", "Say whether you take new chats: online, away, busy"),
        ("agent.channels", "Channels…", "Choose whose queue you serve: one channel, or all of them"),
        ("app.help", "Help", "Show every key and what it does"),
        ("app.palette", "All actions…", "Search all actions by name"),
        ("app.intro", "First steps", "Show the first-run screen again"),
        ("app.theme", "Next theme", "Change to the next colour theme"),
        (
            "app.reconnect",
            "Reconnect",
            "Try every connection that is down again now, with the secrets as they are kept now",
        ),
        ("app.log", "Notices", "Show the notices of this session again"),
        ("app.quit", "Quit", "End Paradesk; drafts and panes are kept"),
    ),
    *_group(
        "Hotlist",
        ("hotlist",),
        ("hotlist.up", "Up", "Move the cursor up"),
        ("hotlist.down", "Down", "Move the cursor down"),
        ("hotlist.open", "Open chat", "Open the chat under the cursor in the active pane's place or a free one"),
        ("hotlist.open_new", "Open beside", "Open the chat under the cursor in a pane of its own"),
    ),
    *_group(
        "Composer",
        ("composer",),
        ("composer.send", "Send", "Send the reply, or save the note, to the customer named on the input line"),
        ("composer.newline", "New line", "Begin a new line"),
        ("composer.undo", "Undo", "Take back the last change of the text"),
        ("composer.redo", "Redo", "Do again what was taken back"),
        ("composer.next_slot", "Next blank", "Go to the next blank that must be filled in"),
        ("composer.previous_slot", "Previous blank", "Go to the previous blank"),
        ("composer.left", "Left", "Move the cursor to the left"),
        ("composer.right", "Right", "Move the cursor to the right"),
        ("composer.line_start", "Line start", "Move the cursor to the start of the line"),
        ("composer.line_end", "Line end", "Move the cursor to the end of the line"),
        ("composer.delete_right", "Delete right", "Delete the character after the cursor"),
        ("composer.delete_word", "Delete word", "Delete the word before the cursor"),
        ("composer.delete_to_start", "Delete to start", "Delete to the start of the line"),
        ("composer.delete_to_end", "Delete to end", "Delete to the end of the line"),
        ("composer.select_all", "Select all", "Select the whole text"),
        ("composer.cut", "Cut", "Cut the selection"),
        ("composer.copy", "Copy", "Copy the selection"),
        ("composer.paste", "Paste", "Insert what was cut or copied here"),
        ("composer.remove_attachment", "Remove file", "Take the last attached file away again"),
        ("canned.leave_out", "Leave out changes", "Send without what the canned response would change in the ticket"),
    ),
    *_group(
        "Guard",
        ("guard",),
        ("guard.move", "Move there", "Take the stopped draft to the chat that it is meant for, and go there"),
        ("guard.send_anyway", "Send anyway", "Send the stopped reply although the guard objects"),
    ),
    *_group(
        "Transcript",
        ("transcript",),
        ("transcript.up", "Line up", "Scroll one line up"),
        ("transcript.down", "Line down", "Scroll one line down"),
        ("transcript.top", "Top", "Go to the oldest message that is loaded"),
        ("transcript.bottom", "Bottom", "Go to the newest message"),
        ("transcript.cursor_up", "Message up", "Select the message above"),
        ("transcript.cursor_down", "Message down", "Select the message below"),
        ("transcript.copy", "Copy message", "Copy the selected text or message"),
        ("transcript.expand", "Show all", "Show the whole of a long message"),
        ("transcript.open", "Open link or file", "Show the links and files of the selected message, to copy or save"),
        ("transcript.raw", "As it came", "Show the selected message as it came, with what was hidden in it as escapes"),
        ("transcript.find_next", "Next match", "Go to the next match"),
        ("transcript.find_previous", "Previous match", "Go to the previous match"),
    ),
    *_group(
        "Transcript",
        ("transcript", "composer"),
        ("transcript.page_up", "Page up", "Scroll one page up; older messages are fetched at the top"),
        ("transcript.page_down", "Page down", "Scroll one page down"),
    ),
    *_group(
        "Picker",
        ("picker",),
        ("picker.up", "Up", "Move the cursor up"),
        ("picker.down", "Down", "Move the cursor down"),
        ("picker.page_up", "Page up", "Move the cursor a page up"),
        ("picker.page_down", "Page down", "Move the cursor a page down"),
        ("picker.accept", "Insert", "Take the entry under the cursor"),
        ("picker.cancel", "Cancel", "Close without changing anything"),
        ("picker.next_facet", "Next filter", "Go to the next filter: topic, urgency, customer type, language"),
        ("picker.facet_value", "Change filter", "Change the value of the chosen filter"),
        ("picker.clear_facets", "Clear filters", "Remove all filters, the folder and the chosen language"),
        ("picker.language", "Its next language", "Fill the response under the cursor in the next of its languages"),
        ("picker.folders", "Folders", "Browse by folder, or go back to the responses"),
        ("canned.edit", "Edit response…", "Edit the response under the cursor, in a copy where it is not your own"),
    ),
    *_group(
        "Writing",
        ("picker", "writing"),
        ("canned.propose", "Propose…", "Write a changed response as a patch file for the team lead"),
    ),
    *_group(
        "Writing",
        ("writing",),
        ("writing.save", "Save", "Save this canned response among your own"),
        ("writing.language", "Next language", "Go to the text in the next language, or begin one"),
        ("writing.next", "Next field", "Go to the next field"),
        ("writing.previous", "Previous field", "Go to the previous field"),
        ("writing.newline", "New line", "Begin a new line in the text, or go to the next field"),
        ("writing.undo", "Undo", "Take back the last change of the text"),
        ("writing.cancel", "Close", "Close without saving; asks where something was changed"),
    ),
    *_group(
        "Dialog",
        ("dialog",),
        ("dialog.accept", "OK", "Confirm"),
        ("dialog.cancel", "Cancel", "Close without doing anything"),
        ("dialog.next", "Next field", "Go to the next field"),
        ("dialog.previous", "Previous field", "Go to the previous field"),
        ("dialog.up", "Up", "Move the cursor or scroll up"),
        ("dialog.down", "Down", "Move the cursor or scroll down"),
    ),
]

ACTIONS: dict[str, Action] = {action.id: action for action in _ALL}
"""All actions by id, in the order in which help shows them."""

CONTEXTS: dict[str, tuple[str, ...]] = {
    "composer": ("composer", "workspace", "global"),
    "guard": ("guard", "composer", "workspace", "global"),
    "transcript": ("transcript", "workspace", "global"),
    "hotlist": ("hotlist", "workspace", "global"),
    "picker": ("picker",),
    "dialog": ("dialog",),
    "writing": ("writing",),
    "workspace": ("workspace", "global"),
}
"""Per focused place, the contexts whose bindings apply, innermost first. Pickers and dialogs are closed worlds."""

WEB_ACTIONS: tuple[str, ...] = (
    "ticket.new",
    "ticket.next",
    "ticket.previous",
    "status.open",
    "status.pending",
    "status.solved",
    "status.on_hold",
    "chat.end",
    "chat.join",
    "chat.leave",
    "chat.transfer",
    "chat.attach",
    "ticket.solve",
)
"""The 13 actions that agents know from the web workspace, in the order of `keymaps/zendesk.toml`."""
