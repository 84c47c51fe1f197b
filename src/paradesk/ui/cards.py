"""Card numbers on the screen: their last four digits are enough to tell which card is meant."""

from paradesk.guard.secret import cards_hidden

LONGEST_CARD = 40
"""Characters that a card number takes at most, with blanks between its digits."""


class Cards:
    """What the screen shows of card numbers. One for the process, which has one screen."""

    def __init__(self) -> None:
        self.masked = True
        """Whether all digits but the last four are dots; `guard.mask_cards` in the settings."""

    def shown(self, text: str) -> str:
        """Return a text as it may be shown; it stays as long as it was."""
        return cards_hidden(text) if self.masked else text


CARDS = Cards()
