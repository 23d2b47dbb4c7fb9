"""Character references of HTML and XML (`&#8217;`, `&eacute;`): repairs the ones that parsers reject or misread.

Some databases cannot store characters beyond the Basic Multilingual Plane. They write such a character as two
surrogates, each as a reference. XML parsers reject such a reference, and with it the whole feed.
"""

import re
from functools import lru_cache
from html.entities import html5

_REFERENCE = r"&(?:amp;)?#(?:[xX][0-9a-fA-F]+|[0-9]+);?"
_REFERENCES = re.compile(rf"{_REFERENCE}(?:{_REFERENCE})*")  # begins with a literal, because a literal is found fast
_NUMBER = re.compile(r"#(?:[xX]([0-9a-fA-F]+)|([0-9]+));?")
_XML_TEXT = re.compile(
    r"<!\[CDATA\[.*?(?:\]\]>|\Z)|<!--.*?(?:-->|\Z)|&(?:(#\d+|#[xX][0-9a-fA-F]+|[A-Za-z][A-Za-z0-9]*);)?", re.DOTALL
)
_XML_NAMES = frozenset({"amp", "lt", "gt", "quot", "apos"})
_DOCTYPE_END = re.compile(r"\]\s{0,100}>")
_REPLACEMENT = "\ufffd"
_CACHED_RUNS = 1024
_MAX_DIGITS = 10  # a longer number is beyond Unicode


def repair_numeric_references(text: str) -> str:
    """Repair numeric references that denote characters which XML does not allow.

    Two references that form a surrogate pair become the character that the pair encodes. Other surrogates, NUL, control
    characters and numbers beyond Unicode become U+FFFD. References that were escaped twice (`&amp;#0;`) are treated in
    the same way. All other references remain.
    """
    return _REFERENCES.sub(lambda run: _repair_run(run[0]), text)


@lru_cache(maxsize=_CACHED_RUNS)
def _repair_run(run: str) -> str:
    """Repair numeric references that directly follow each other.

    Results are cached, because the same few references, such as an apostrophe, are repeated very often.
    """
    parts: list[str] = []
    high = 0  # the first surrogate of a pair, until the second is read
    for reference in re.findall(_REFERENCE, run):
        code = _read_code(reference)
        if high and 0xDC00 <= code < 0xE000:
            parts[-1] = chr(0x10000 + ((high - 0xD800) << 10) + code - 0xDC00)
            high = 0
            continue
        high = code if 0xD800 <= code < 0xDC00 else 0
        parts.append(reference if _is_allowed(code) else _REPLACEMENT)
    return "".join(parts)


def _read_code(reference: str) -> int:
    """Return the code point of a numeric reference, or -1 if its number has too many digits."""
    found = _NUMBER.search(reference)
    digits = (found[1] or found[2]).lstrip("0") if found else ""
    if not found or len(digits) > _MAX_DIGITS:
        return -1
    return int(digits or "0", 16 if found[1] else 10)


def _is_allowed(code: int) -> bool:
    """Return whether XML 1.0 allows the character with this code point."""
    return code in {0x9, 0xA, 0xD} or 0x20 <= code < 0xD800 or 0xE000 <= code < 0xFFFE or 0x10000 <= code < 0x110000


def remove_doctype(text: str) -> str:
    """Remove the document type declaration from an XML text.

    Such a declaration can define entities that expand without limit.
    """
    start = text.find("<!DOCTYPE")
    end = text.find(">", start) if start >= 0 else -1
    if end < 0:
        return text
    if text.find("[", start, end) >= 0 and (closed := _DOCTYPE_END.search(text, start)):
        end = closed.end() - 1
    return text[:start] + text[end + 1 :]


def repair_xml_references(text: str) -> str:
    """Repair each ``&`` in an XML text that does not begin a valid XML reference. CDATA and comments remain unchanged.

    A named reference of HTML, such as `&eacute;`, becomes the character. Any other ``&`` is escaped. Without this, the
    parameter in `?id=1&lang=en` would be read as an angle bracket.
    """
    return _XML_TEXT.sub(_repair_xml_part, text) if "&" in text else text


def _repair_xml_part(part: re.Match[str]) -> str:
    name = part[1]
    if part[0][0] == "<" or (name and (name[0] == "#" or name in _XML_NAMES)):
        return part[0]
    character = html5.get(f"{name};", "") if name else ""
    return character if character and character not in "<>&" else f"&amp;{part[0][1:]}"
