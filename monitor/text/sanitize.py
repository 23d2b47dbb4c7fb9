"""Foreign text made safe to show: nothing in it may steer a terminal, a header, a log or the direction of a line."""

import re
import unicodedata

_DROPPED_CODE_POINTS = (
    *range(0x09),
    *(0x0B, 0x0C, *range(0x0E, 0x20)),
    *range(0x7F, 0xA0),
    *range(0x202A, 0x202F),  # bidirectional embeddings and overrides
    *range(0x2066, 0x206A),  # isolates
    *(0x061C, 0x200E, 0x200F),  # direction marks
    *(0xFEFF, 0xFFF9, 0xFFFA, 0xFFFB, 0xFFFE, 0xFFFF),
    *range(0xE0000, 0xE0080),  # tags: invisible letters
)
_SANITIZE_TABLE: dict[int, str | None] = dict.fromkeys(_DROPPED_CODE_POINTS) | {
    0x0D: "\n",
    0x85: "\n",
    0x2028: "\n",
    0x2029: "\n",
}
_SURROGATES = re.compile("[\ud800-\udfff]")


def sanitize(text: str) -> str:
    """Return the text without controls, direction marks and lone surrogates; every line end becomes a newline.

    Joiners and the zero-width space stay: scripts of South-East Asia need them.
    """
    return _SURROGATES.sub("\ufffd", text.replace("\r\n", "\n")).translate(_SANITIZE_TABLE)


def truncate_text(text: str, max_chars: int) -> str:
    """Cut to at most ``limit`` characters with an ellipsis, at a space if one is near, never inside a letter."""
    if len(text) <= max_chars:
        return text
    cut = max_chars - 1
    space = text.rfind(" ", cut - min(24, cut // 3), cut + 1)
    cut = space if space > 0 else cut
    while cut and (unicodedata.combining(text[cut]) or text[cut] in "\u200c\u200d"):
        cut -= 1
    return text[:cut].rstrip() + "…"


def single_line(text: str, max_chars: int = 300) -> str:
    """Return the text as one clean line of at most ``limit`` characters."""
    return truncate_text(" ".join(sanitize(text[: max_chars * 8]).split()), max_chars)
