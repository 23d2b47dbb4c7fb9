"""News agencies: recognizes their names in bylines, datelines and signatures."""

import re
from functools import cache, lru_cache

from monitor.language.load import agency_names, language_data, page_phrases

_MAX_CASED_CHARS = 4  # characters; a shorter name is often a word or another abbreviation in lower case
_MAX_SIGNATURE_CHARS = 60  # characters; a longer line is a sentence
_MARKS = " \t()[]（）【】〔〕/—–-.:：,،"
_REGIONAL_SERVICE = re.compile(r"^[a-z]{2,4}$")
_INITIALS = re.compile(r"^(?:[a-zà-ÿ]{1,4}\s?/\s?)+")  # of reporters, as in "(hv/dpa)"
_MAX_NAMES_CACHED = 2048


@cache
def _known_names() -> tuple[frozenset[str], frozenset[str]]:
    """Return the names of all agencies in two sets.

    The first set has the short names, such as "DPA", which are compared case-sensitively. The second set has all other
    names, case-folded.
    """
    names = agency_names()
    return (
        frozenset(name for name in names if len(name) <= _MAX_CASED_CHARS),
        frozenset(name.casefold() for name in names if len(name) > _MAX_CASED_CHARS),
    )


@cache
def _separator() -> re.Pattern[str]:
    joiners = {word for language in language_data().languages.values() for word in language.credits.joiners}
    return re.compile(rf"\s*[/,;&+、，،]\s*|\s+(?:{'|'.join(sorted(joiners))})\s+", re.IGNORECASE)


@cache
def _label() -> re.Pattern[str]:
    words = "|".join((*page_phrases("agency_sources"), *page_phrases("bylines"), "the"))
    return re.compile(rf"^(?:{words})(?:\s*[:：៖]\s*|\s+)", re.IGNORECASE)


def is_agency(name: str) -> bool:
    """Return whether a text is the name of a news agency."""
    cased, folded = _known_names()
    name = name.strip(_MARKS)
    return name in cased or name.casefold() in folded or name.casefold().removeprefix("the ") in folded


@lru_cache(maxsize=_MAX_NAMES_CACHED)
def find_agencies(text: str) -> str:
    """Return the text if it consists only of names of agencies, otherwise an empty string.

    Brackets and a label such as "Source:" are removed. Several agencies are returned as they are printed: "dpa/AFP".
    """
    text = text.strip(_MARKS)
    if not text or len(text) > _MAX_SIGNATURE_CHARS:
        return ""
    label = _label().match(text)
    names = text if not label or is_agency(text) else text[label.end() :].strip(_MARKS)
    first, *others = _separator().split(names)
    is_known = is_agency(first) and all(is_agency(name) or _REGIONAL_SERVICE.match(name) for name in others)
    return names if is_known else ""


def find_first_agency(text: str) -> str:
    """Return the agency at the start of a text in a script without spaces, or an empty string.

    If the text begins with several known names, one of which is the beginning of another, the longest is returned.
    """
    cased, folded = _known_names()
    ends = range(min(len(text), _MAX_SIGNATURE_CHARS), 1, -1)
    return next((text[:end] for end in ends if text[:end] in cased or text[:end] in folded), "")


def find_last_agency(text: str) -> str:
    """Return the agencies at the end of a short text, such as "AFP" in "The Daily with AFP", or an empty string."""
    words = _INITIALS.sub("", text.strip(_MARKS)).split()
    if len(text) > _MAX_SIGNATURE_CHARS:
        return ""
    return next((found for at in range(len(words)) if (found := find_agencies(" ".join(words[at:])))), "")


def find_signature(text: str) -> str:
    """Return the agencies in a line that is only the signature of an article, or an empty string.

    If the line is in brackets, it may have other words before the agency.
    """
    is_bracketed = text[:1] in "([（【" and text[-1:] in ")]）】"
    return find_agencies(text) or (find_last_agency(text) if is_bracketed else "")
