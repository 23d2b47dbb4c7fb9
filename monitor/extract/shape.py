"""Pages whose shape is an attack or an accident are cut before the parser sees them.

Lexbor's time grows with the square of the nesting: 20,000 open boxes take a second, 200,000 take two minutes.
"""

import re

_LONGEST = 5_000_000  # characters
_MANY = 15_000  # tags from which the nesting is worth a look
_DEEPEST = 2_500
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
_EMPTY = "area base br col embed hr img input link meta source track wbr path"
_CLOSED = "p li dt dd option tr td th html head body"
_SHALLOW = frozenset(_EMPTY.split() + _CLOSED.split())  # without content, or closed by the next of their kind


def guarded(html: str) -> str:
    """Return the page up to a sane length and nesting."""
    html = html[:_LONGEST]
    if html.count("<") < _MANY:
        return html
    depth = 0
    for tag in _TAG.finditer(html):
        if tag[2].lower() in _SHALLOW:
            continue
        depth = depth + 1 if not tag[1] else max(0, depth - 1)
        if depth > _DEEPEST:
            return html[: tag.start()]
    return html
