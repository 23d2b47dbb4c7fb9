"""Pages whose shape is an attack or an accident are cut before the parser sees them.

Lexbor's time grows with the square of the nesting: 20,000 open boxes take a second, 200,000 take two minutes.
"""

import re

_MAX_HTML_CHARS = 5_000_000  # characters
_MIN_CHECKED_TAGS = 15_000  # tags from which the nesting is worth a look
_MAX_NESTING_DEPTH = 2_500
_HTML_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
_VOID_TAG_NAMES = "area base br col embed hr img input link meta source track wbr path"
_IMPLICITLY_CLOSED_TAG_NAMES = "p li dt dd option tr td th html head body"
_NON_NESTING_TAGS = frozenset(
    _VOID_TAG_NAMES.split() + _IMPLICITLY_CLOSED_TAG_NAMES.split()
)  # without content, or closed by the next of their kind


def limit_html(html: str) -> str:
    """Return the page up to a sane length and nesting."""
    html = html[:_MAX_HTML_CHARS]
    if html.count("<") < _MIN_CHECKED_TAGS:
        return html
    depth = 0
    for tag in _HTML_TAG.finditer(html):
        if tag[2].lower() in _NON_NESTING_TAGS:
            continue
        depth = depth + 1 if not tag[1] else max(0, depth - 1)
        if depth > _MAX_NESTING_DEPTH:
            return html[: tag.start()]
    return html
