"""Word and sentence boundaries, as offsets in a text, for scripts with and without spaces between words."""

import re

WORD_PATTERN = re.compile(r"\w+(?:['’]\w+)*")
CLEAR_STOPS = "\u3002\uff01\uff1f\uff61\u06d4\u061f\u0589\u0964\u0965\u104b\u1362\u17d4\u17d5"
"""Punctuation marks that always end a sentence, from the scripts for Chinese, Japanese, Arabic, Urdu, Armenian, Indian
languages, Burmese, Amharic and Khmer."""
SENTENCE_STOPS = f".!?…{CLEAR_STOPS}"
"""Punctuation marks that end a sentence. The first four end it only if a space or the end of the text follows."""
_SENTENCE_END = re.compile(  # begins with one character class, which makes the search fast
    rf"[{SENTENCE_STOPS}\n](?:(?<=\n)\n*|(?<!\n)(?:[{SENTENCE_STOPS}]*[\"'’”»)\]]*(?=\s|$)|(?<=[{CLEAR_STOPS}])))"
)
_ABBREVIATION = re.compile(  # words that end in a dot without ending a sentence: titles, ranks, initials, months
    r"(?:^|[\s(\"'“‘])(?:[A-Z]|[A-Z][a-z]{0,3}|Lieut|Lieu|Brig|Prof|Capt|Cmdr|Hon|Supt|Insp|Sept|gov|col|gen|no|vs|mme|mgr)\.$"
)
_UNSPACED_CHARACTER = re.compile(
    r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u31ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff]"
)


def is_unspaced(char: str) -> bool:
    """Return whether a character belongs to a script in which a name can be followed directly by other characters.

    These are the scripts without spaces between words (Lao, Thai, Khmer, Burmese, Chinese and Japanese), and Korean,
    in which particles are attached to names.
    """
    return char >= "\u0e00" and _UNSPACED_CHARACTER.match(char) is not None  # the comparison alone decides most


def is_whole_word(text: str, start: int, end: int) -> bool:
    """Return whether ``text[start:end]`` is a whole word, or several, and not a part of a longer word.

    It is a part of a longer word if a letter or digit is directly next to it. In a script without spaces, this cannot
    be seen, and the result is always True.
    """
    if start and text[start - 1].isalnum() and text[start].isalnum():
        is_left_bounded = is_unspaced(text[start]) or is_unspaced(text[start - 1])
    else:
        is_left_bounded = True
    if is_left_bounded and end < len(text) and text[end].isalnum() and text[end - 1].isalnum():
        return is_unspaced(text[end - 1]) or is_unspaced(text[end])
    return is_left_bounded


def find_sentence(text: str, start: int, end: int, max_chars: int = 500) -> tuple[int, int]:
    """Return the start and end of the sentence that contains ``text[start:end]``.

    At most ``max_chars`` characters are searched in each direction. Dots after ranks, titles and initials do not end a
    sentence; a line break always does.
    """
    low, high = max(0, start - max_chars), min(len(text), end + max_chars)
    first = _find_sentence_start(text, low, start)
    last = high
    for stop in _SENTENCE_END.finditer(text, end, high):
        if not _is_abbreviation(text, stop.start(), stop.group()):
            last = stop.start() if stop.group().startswith("\n") else stop.end()
            break
    while first < start and text[first].isspace():
        first += 1
    while last > end and text[last - 1].isspace():
        last -= 1
    return first, last


def _find_sentence_start(text: str, min_start: int, start: int) -> int:
    """Return the start of the sentence that contains the offset ``start``; it is not less than ``min_start``."""
    min_start = max(min_start, text.rfind("\n", min_start, start) + 1)
    at = start
    stops = ".!?" if text.isascii() else SENTENCE_STOPS
    while (at := max([text.rfind(sign, min_start, at) for sign in stops])) >= 0:
        stop = _SENTENCE_END.match(text, at)
        if stop is not None and stop.end() <= start and not _is_abbreviation(text, at, stop.group()):
            return stop.end()
    return min_start


def _is_abbreviation(text: str, offset: int, stop: str) -> bool:
    """Return whether ``stop``, the sign at an offset, is the dot of an abbreviation and does not end the sentence."""
    return stop == "." and _ABBREVIATION.search(text[max(0, offset - 7) : offset + 1]) is not None


ASCII_SPACING_TABLE = bytes(code if chr(code).isalnum() else 0x20 for code in range(0x80)) + bytes(range(0x80, 0x100))
_PUNCTUATION_TO_SPACE = {code: " " for code in range(0x80) if not chr(code).isalnum()}


def replace_punctuation(text: str) -> str:
    """Replace ASCII punctuation in a folded text by spaces, and add a space at both ends.

    Names and phrases are matched in texts of this form, so that hyphens, dots and quotes make no difference.
    """
    spaced = (
        text.encode().translate(ASCII_SPACING_TABLE).decode()
        if text.isascii()
        else text.translate(_PUNCTUATION_TO_SPACE)
    )
    return f" {spaced} "
