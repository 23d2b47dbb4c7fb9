"""Type for secret texts. It keeps them out of output and logs."""


class Secret:
    """A secret text.

    ``str()`` and ``repr()`` return stars, so that logs do not contain the secret. ``reveal()`` returns the text.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret text itself, for the code that sends it to its destination."""
        return self._text

    def __repr__(self) -> str:
        """Return stars instead of the text."""
        return "Secret('***')"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        """Return whether both secrets have the same text."""
        return isinstance(other, Secret) and other._text == self._text

    def __hash__(self) -> int:
        """Return the hash of the text."""
        return hash((Secret, self._text))
