"""Words and sentences of a text, by offsets. Scripts without spaces between words are told apart here."""

import re
from collections.abc import Iterator

WORD = re.compile(r"\w+(?:['’]\w+)*")
_END = re.compile(  # begins with one set of signs, so that a search passes over all others quickly
    r"[.!?…。！？៕။\n](?:(?<=\n)\n*|(?<!\n)(?:[.!?…。！？៕။]*[\"'’”»)\]]*(?=\s|$)|(?<=[。！？])))"
)
_STOPS = ".!?…。！？៕។"
_SHORT_WORD = re.compile(  # what ends in a dot without ending a sentence: titles, ranks, initials, months
    r"(?:^|[\s(\"'“‘])(?:[A-Z]|[A-Z][a-z]{0,3}|Lieut|Lieu|Brig|Prof|Capt|Cmdr|Hon|Supt|Insp|Sept|gov|col|gen|no|vs|mme|mgr)\.$"
)
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u31ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]")


def is_unspaced(char: str) -> bool:
    """Tell whether a character belongs to a script in which names stand without spaces or endings around them.

    Lao, Thai, Khmer, Burmese, Chinese, Japanese, and Korean, whose particles join the name.
    """
    return _UNSPACED.match(char) is not None


def is_word(text: str, start: int, end: int) -> bool:
    """Tell whether ``start:end`` is bounded as a word would be: no letter or digit of a spaced script beside it."""
    if start and text[start - 1].isalnum() and text[start].isalnum():
        left = is_unspaced(text[start]) or is_unspaced(text[start - 1])
    else:
        left = True
    if left and end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        return is_unspaced(text[end - 1]) or is_unspaced(text[end])
    return left


def words(text: str) -> Iterator[tuple[int, int]]:
    """Yield the offsets of each word; a run of an unspaced script counts as one."""
    return (match.span() for match in WORD.finditer(text))


def sentence(text: str, start: int, end: int, limit: int = 500) -> tuple[int, int]:
    """Return the offsets of the sentence around ``start:end``, or of at most ``limit`` characters on either side.

    Dots of ranks, titles and initials end no sentence; a line break always does.
    """
    low, high = max(0, start - limit), min(len(text), end + limit)
    first = _begins(text, low, start)
    last = high
    for stop in _END.finditer(text, end, high):
        if not _abbreviates(text, stop.start(), stop.group()):
            last = stop.start() if stop.group().startswith("\n") else stop.end()
            break
    while first < start and text[first].isspace():
        first += 1
    while last > end and text[last - 1].isspace():
        last -= 1
    return first, last


def _begins(text: str, low: int, start: int) -> int:
    """Return where the last sentence before ``start`` ends, looking back to ``low``."""
    line = text.rfind("\n", low, start) + 1
    low = max(low, line)
    at = start
    stops = _STOPS[:3] if text.isascii() else _STOPS
    while (at := max([text.rfind(sign, low, at) for sign in stops])) >= 0:
        stop = _END.match(text, at)
        if stop is not None and stop.end() <= start and not _abbreviates(text, at, stop.group()):
            return stop.end()
    return low


def _abbreviates(text: str, at: int, stop: str) -> bool:
    """Tell whether a dot ends an abbreviation rather than a sentence."""
    return stop == "." and _SHORT_WORD.search(text[max(0, at - 7) : at + 1]) is not None
