"""The running workstation without a screen: store, journal, outbox, drafts, supervisor."""

import logging

# Without a handler of its own the standard library prints warnings to the terminal, over the screen.
logging.getLogger("paradesk").addHandler(logging.NullHandler())
