"""Spaces for all signs between words, so that hyphens, points and quotes do not tell names apart."""

ASCII_SPACING_TABLE = bytes(code if chr(code).isalnum() else 0x20 for code in range(0x80)) + bytes(range(0x80, 0x100))
_PUNCTUATION_TO_SPACE = {code: " " for code in range(0x80) if not chr(code).isalnum()}


def replace_punctuation(text: str) -> str:
    """Return a folded text with a space for each sign between words, and one at either end. For names and phrases."""
    spaced = (
        text.encode().translate(ASCII_SPACING_TABLE).decode()
        if text.isascii()
        else text.translate(_PUNCTUATION_TO_SPACE)
    )
    return f" {spaced} "
