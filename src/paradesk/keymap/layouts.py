"""Keyboard layouts: which characters a keyboard types by itself, and which key a person on it presses for a shortcut.

The levels are those of the layouts that X.Org's xkeyboard-config ships (`us`, `de`, `ch`, `ch(fr)`, `fr`, `pl`, `es`, `ru`,
`ua`, `gr`), which macOS and Windows share for everything that shortcuts use.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_DIGITS = "1234567890"


class Reach(StrEnum):
    """How a character is typed on a layout."""

    KEY = "key"
    """One key, with Shift or without."""
    ALTGR = "AltGr"
    """With AltGr. Together with Ctrl this is Ctrl+Alt for most programs, and another key for them."""
    DEAD = "dead key"
    """A dead key: pressed twice, or with the space bar after it."""
    NONE = "not there"


@dataclass(frozen=True, slots=True)
class Layout:
    """One layout by its usual name."""

    name: str
    title: str
    plain: str
    """Characters of a key by itself."""
    shift: str
    altgr: str = ""
    dead: str = ""
    meant: Mapping[str, str] = field(default_factory=dict)
    """Character → what a shortcut means by that key, where a person leaves Shift out, as for digits in France."""
    latin: bool = True
    """Whether it types Latin letters. Shortcuts of another layout are looked up by the place of the key."""

    def reach(self, character: str) -> Reach:
        """Return how a character is typed here."""
        if character in self.plain or character in self.shift or character == " ":
            return Reach.KEY
        if character in self.meant.values() or (not self.latin and character.isascii() and character.isalpha()):
            return Reach.KEY
        if character in self.altgr:
            return Reach.ALTGR
        return Reach.DEAD if character in self.dead else Reach.NONE


def _latin(name: str, title: str, plain: str, shift: str, altgr: str = "", dead: str = "") -> Layout:
    return Layout(name, title, _LETTERS + _DIGITS + plain, _LETTERS.upper() + shift, altgr, dead)


def _french(name: str, title: str, row: str, plain: str, shift: str, altgr: str, dead: str) -> Layout:
    meant = dict(zip(row, _DIGITS, strict=True))
    return Layout(name, title, _LETTERS + row + plain, _LETTERS.upper() + _DIGITS + shift, altgr, dead, meant)


LAYOUTS: Mapping[str, Layout] = {
    layout.name: layout
    for layout in (
        _latin("us", "English (US)", "`-=[]\\;',./", '~!@#$%^&*()_+{}|:"<>?'),
        _latin("gb", "English (UK)", "`-=[]#;',./\\", '¬!"£$%^&*()_+{}~:@<>?|', "€"),
        _latin("pl", "Polish", "`-=[]\\;',./", '~!@#$%^&*()_+{}|:"<>?', "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ€"),
        _latin("de", "German", "ßü+#öä<,.-", "°!\"§$%&/()=?ÜÖÄ*'>;:_", "²³{[]}\\@€~|µ", "^´`"),
        _latin("ch", "German (Switzerland)", "§'üöäèéà$<,.-", '°+"*ç%&/()=?!ÜÖÄ£>;:_', "@#¬|¢€[]{}\\", "´~^¨`"),
        _latin("ch-fr", "French (Switzerland)", "§'èéàüöä$<,.-", '°+"*ç%&/()=?!£>;:_', "@#¬|¢€[]{}\\", "´~^¨`"),
        _french("fr", "French", "&é\"'(-è_çà", ")=$ù*<,;:!²", "°+£%µ>?./§", "~#{[|`\\^@]}€", "^¨"),
        _french("be", "French (Belgium)", "&é\"'(§è!çà", ")-$ùµ<,;:=²", "°_*%£>?./+³", "|@#^{}[]€\\~´`", "^¨"),
        _latin("es", "Spanish", "º'¡ñç<,.-", 'ª!"·$%&/()=?¿Ñ*Ç>;:_', "\\|@#~€¬[]{}", "`^´¨"),
        _latin("it", "Italian", "\\'ìèé+òçàù<,.-", '|!"£$%&/()=?^*§°>;:_', "@#[]{}€`~"),
        _latin("se", "Swedish", "§+'åäö<,.-", '½!"#¤%&/()=?*ÅÄÖ>;:_', "@£$€{[]}\\|", "´`¨^~"),
        Layout(
            "ru",
            "Russian",
            _DIGITS + "йцукенгшщзхъфывапролджэячсмитьбюё-=\\.",
            'ЙЦУКЕНГШЩЗХЪФЫВАПРОЛДЖЭЯЧСМИТЬБЮЁ!"№;%:?*()_+/,',
            latin=False,
        ),
        Layout(
            "ua",
            "Ukrainian",
            _DIGITS + "йцукенгшщзхїфівапролджєячсмитьбю'-=\\.",
            'ЙЦУКЕНГШЩЗХЇФІВАПРОЛДЖЄЯЧСМИТЬБЮ!"№;%:?*()_+/,',
            "ґҐ",
            latin=False,
        ),
        Layout(
            "gr",
            "Greek",
            _DIGITS + "ςερτυθιοπασδφγηξκλζχψωβνμ`-=[]\\',./",
            'ΕΡΤΥΘΙΟΠΑΣΔΦΓΗΞΚΛΖΧΨΩΒΝΜ~!@#$%^&*()_+{}|"<>?',
            "€",
            ";:",
            latin=False,
        ),
    )
}
"""Layouts by name, as `layout = "fr"` in config.toml and `paradesk keys check --layout` take them."""
