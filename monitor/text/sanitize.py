"""Sanitizing: makes text from other systems safe to display in terminals, headers and logs.

Sanitized text cannot send control codes or change the direction of the text around it.
"""

import re
import unicodedata
from urllib.parse import urlsplit

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
    """Remove control characters and direction marks from a text; all kinds of line ends become newlines.

    Lone surrogates become U+FFFD. Joiners and zero-width spaces are kept, because scripts of South-East Asia need them.
    """
    return _SURROGATES.sub("\ufffd", text.replace("\r\n", "\n")).translate(_SANITIZE_TABLE)


def truncate_text(text: str, max_chars: int) -> str:
    """Truncate a text to at most ``max_chars`` characters, including an ellipsis at the end.

    The text is cut at a space, if a space is close to the end. A character is never separated from its combining marks.
    """
    if len(text) <= max_chars:
        return text
    end = max_chars - 1
    space = text.rfind(" ", end - min(24, end // 3), end + 1)
    end = space if space > 0 else end
    while end and (unicodedata.combining(text[end]) or text[end] in "\u200c\u200d"):
        end -= 1
    return text[:end].rstrip() + "…"


def single_line(text: str, max_chars: int = 300) -> str:
    """Sanitize a text, put it on one line, and truncate it to at most ``max_chars`` characters."""
    if len(text) <= max_chars and text.isprintable():  # true for most texts, and 10 times as fast
        return " ".join(text.split())
    return truncate_text(" ".join(sanitize(text[: max_chars * 8]).split()), max_chars)


def sanitize_link(url: str) -> str:
    """Sanitize a URL, for use in a link.

    The result is an empty string if the link would not be safe, because the URL is not http or https.
    """
    clean = sanitize(url).strip()
    try:
        parts = urlsplit(clean)
    except ValueError:
        return ""
    return clean if parts.scheme.lower() in {"http", "https"} and parts.netloc and len(clean) <= 2000 else ""
