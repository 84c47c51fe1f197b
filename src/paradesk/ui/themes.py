"""The colour themes that ship. State is told by shape and word; colour only repeats it."""

from textual.theme import Theme

THEMES: tuple[Theme, ...] = (
    Theme(
        name="paradesk-dark",
        dark=True,
        primary="#6ea8c8",
        secondary="#9aa7b4",
        accent="#ffd166",
        foreground="#e2e6ea",
        background="#11151a",
        surface="#161b21",
        panel="#1d242c",
        success="#7fbf7f",
        warning="#e6b450",
        error="#e07070",
    ),
    Theme(
        name="paradesk-light",
        dark=False,
        primary="#2b5f80",
        secondary="#5a6672",
        accent="#9a4b00",
        foreground="#16191d",
        background="#fbfbf8",
        surface="#f2f2ee",
        panel="#e6e6e0",
        success="#1f6b2e",
        warning="#8a5a00",
        error="#a11d1d",
    ),
    Theme(
        name="paradesk-contrast",
        dark=True,
        primary="#ffffff",
        secondary="#ffffff",
        accent="#ffff00",
        foreground="#ffffff",
        background="#000000",
        surface="#000000",
        panel="#000000",
        success="#00ff00",
        warning="#ffff00",
        error="#ff6060",
    ),
)
"""Dark, light and high contrast (white and yellow on black)."""

_QUIET_PARTS = (
    "Pane > .pane--frame", "Hotlist > .hotlist--frame", "Hotlist > .hotlist--dim", "StatusBar > .status--dim", "KeyHints",
    *(f"TranscriptView > .transcript--{part}" for part in (
        "time", "rule", "mark", "typing", "bot-gutter", "bot-name", "system-gutter", "system", "deleted", "pending",
    )),
    "Composer > .composer--quiet", "Composer > .composer--hint", ".response-list--facts", "PickerScreen #count",
)  # fmt: skip

CONTRAST_CSS = "\n".join(f".-theme-paradesk-contrast {part} {{ color: #d8d8d8; }}" for part in _QUIET_PARTS)
"""In high contrast nothing is dimmed: frames, times and hints stay above 7:1 as well."""

THEME_NAMES: tuple[str, ...] = tuple(theme.name for theme in THEMES)

_HUES_DARK = (
    "#e6a1a1", "#e6b98f", "#dccb7d", "#b9d58a", "#8fd6a4", "#84d3c7",
    "#86c7e3", "#93b5ea", "#ada9ee", "#cba4e6", "#e3a2d2", "#d0c2ad",
)  # fmt: skip
_HUES_LIGHT = (
    "#8c2f2f", "#8a4b12", "#6e5a00", "#456600", "#1d6b36", "#0c6659",
    "#135f80", "#2a4f93", "#4a4299", "#6d358a", "#8a2f70", "#5f513a",
)  # fmt: skip


def hue_colour(hue: int, *, dark: bool) -> str:
    """Return the colour of one of the twelve customer hues, readable on the theme's background."""
    table = _HUES_DARK if dark else _HUES_LIGHT
    return table[hue % len(table)]
