"""A secret value that does not appear in output."""


class Secret:
    """Secret text: ``str()``, ``repr()`` and logs show stars; ``reveal()`` returns the text."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text, for the code that sends it to its destination."""
        return self._text

    def __repr__(self) -> str:
        """Never the text."""
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        """Compare by text."""
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        """Hash by text."""
        return hash((Secret, self._text))
