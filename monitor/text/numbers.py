"""Whole numbers: strict parsing, and formatting with a noun ("3 articles")."""

MAX_DIGITS = 9


def parse_number(text: str, max_digits: int = MAX_DIGITS) -> int | None:
    """Parse a whole number of one to ``max_digits`` ASCII digits; return None for any other text.

    ``str.isdigit`` is not strict enough: it accepts texts that ``int`` rejects, such as "²", and numbers of any length.
    """
    digits = text.strip()
    return int(digits) if len(digits) <= max_digits and digits.isascii() and digits.isdigit() else None


def format_count(number: int, singular: str, plural: str = "") -> str:
    """Return a number with thousands separators, followed by its noun: ``singular`` for 1, otherwise ``plural``.

    Without ``plural``, the plural is ``singular`` with an "s".
    """
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
