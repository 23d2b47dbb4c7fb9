"""Line breaks inside sentences: joins lines that were broken at a fixed width or by a single ``<br>``.

Without this step, a line break could split a name.
"""

import re
from itertools import pairwise

from monitor.extract.line_classifier import is_byline, is_credit, is_date_line, split_dateline
from monitor.text.tokens import SENTENCE_STOPS

SENTENCE_END_CHARS = tuple(f'{SENTENCE_STOPS}:;：；\u17d6”"»)」』')
_SPACELESS_CHARS = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uff10-\uff5a]")
_BLOCK_BREAK = re.compile(r"\n[ \t]*\n")
_SPACED_BREAK = re.compile(r"(?<=\S)[ \t]*\n[ \t]*(?=\S)")
_MAX_WRAP_WIDTH = 100  # characters; mail programs and editors wrap at 60 to 80, some at 100
_MIN_WRAPPED_CHARS = 30  # characters; a shorter line is a heading, a name or a place more often than a wrapped line
_MIN_BROKEN_CHARS = 15  # characters; the same for a line that ends with <br>


def join_pieces(before: str, after: str) -> str:
    """Join two parts of a sentence, with a space between them unless both are in a script without spaces."""
    is_spaceless = _SPACELESS_CHARS.match(before[-1:]) and _SPACELESS_CHARS.match(after[:1])
    return before + after if is_spaceless else f"{before} {after}"


def is_broken_sentence(before: str, after: str, has_end: bool) -> bool:
    """Return whether a line continues the sentence of the line before it, despite a ``<br>`` between them.

    ``before`` and ``after`` are the two lines. ``has_end`` is true if ``after``, or a line below it, ends a sentence.
    Lists, addresses and sports results have no line that ends a sentence, so their lines are not joined.
    """
    if before.endswith(SENTENCE_END_CHARS):
        return False
    if after[:1].islower():
        return True
    if not has_end or not after[:1].isalpha() or len(before) < _MIN_BROKEN_CHARS or before.isupper():
        return False
    is_separate = is_byline(before) or is_credit(before) or is_date_line(before) or bool(split_dateline(after)[0])
    return not is_separate


def unwrap_lines(text: str) -> str:
    """Join the lines of a plain text that were wrapped at a fixed width.

    If the text has blank lines and most of its lines are long, every single line break becomes a space. Otherwise a
    line break becomes a space only if the first word of the next line did not fit in the line.
    """
    if "\n" not in text.strip():
        return text
    lines = text.strip().split("\n")
    inner_lines = [line for line, following in pairwise(lines) if line.strip() and following.strip()]
    is_wrapped = "\n\n" in text and len(inner_lines) > 4 and max(map(len, inner_lines)) <= _MAX_WRAP_WIDTH
    if is_wrapped and sum(len(line) > 50 for line in inner_lines) > 0.7 * len(inner_lines):
        return _SPACED_BREAK.sub(" ", text)
    blocks = _BLOCK_BREAK.split(text)
    if not any("\n" in block.strip() for block in blocks):
        return text
    return "\n\n".join(map(_unwrap_block, blocks))


def _unwrap_block(block: str) -> str:
    """Join the lines of a paragraph that were wrapped at a fixed width.

    If the last line is the longest, or does not end a sentence, the paragraph was evidently not wrapped. It is then
    returned unchanged.
    """
    lines = [line.strip() for line in block.split("\n")]
    width = max(map(len, lines[:-1]), default=0)
    is_wrapped = 0 < width <= _MAX_WRAP_WIDTH and len(lines[-1]) <= width
    if not is_wrapped or not lines[-1].endswith(SENTENCE_END_CHARS):
        return block
    joined = lines[:1]
    for before, after in pairwise(lines):
        is_full = len(before) >= _MIN_WRAPPED_CHARS and len(before) + 1 + len(after.split(" ", 1)[0]) > width
        if is_full and after[:1].isalpha() and not before.endswith(SENTENCE_END_CHARS):
            joined[-1] = join_pieces(joined[-1], after)
        else:
            joined.append(after)
    return "\n".join(joined)
