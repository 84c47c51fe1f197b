"""A text that must not be seen: passwords, tokens."""


class Secret:
    """A text that never shows itself: printed, formatted or in a traceback it is dots. `reveal` gives the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text; hand it to the connector and to nothing else."""
        return self._text

    def __format__(self, specification: str) -> str:
        return str(self)

    def __repr__(self) -> str:
        return "Secret('••••')"

    def __str__(self) -> str:
        return "••••"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        return hash(("Secret", self._text))

    def __bool__(self) -> bool:
        return bool(self._text)

    def __reduce__(self) -> str:
        raise TypeError("a secret is not pickled")
