"""Whole numbers: parse them from text that other systems wrote, and format them with a noun ("3 articles")."""

MAX_DIGITS = 9


def parse_number(text: str, max_digits: int = MAX_DIGITS) -> int | None:
    """Return the number in a text of one to ``max_digits`` ASCII digits, or None for any other text.

    ``str.isdigit`` accepts texts that ``int`` rejects, such as "²", and numbers of any length.
    """
    digits = text.strip()
    return int(digits) if len(digits) <= max_digits and digits.isascii() and digits.isdigit() else None


def format_count(number: int, singular: str, plural: str = "") -> str:
    """Return a number followed by its noun, which is in the singular for 1 and otherwise in the plural."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
