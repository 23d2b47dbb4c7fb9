"""Values in tables of people: names, posts, dates and Wikidata ids, as spreadsheets and databases write them.

Dates are read in the formats of spreadsheets, OpenSanctions and Wikidata. The year of a date is never guessed.
"""

import re
from datetime import date, timedelta

from monitor.text.dates import parse_date_details
from monitor.text.sanitize import single_line

MAX_TEXT_CHARS = 200
"""Maximum length of a name or post, as in sources.yaml."""
_FORMULA_SIGNS = ("=", "+", "-", "@")
"""First characters of cells that spreadsheets read as formulas. Names and posts must not begin with them."""
_EMPTY_WORDS = frozenset({"", "-", "--", "–", "—", "n/a", "na", "none", "null", "nil", "unknown", "?", "#n/a"})
_DATE = re.compile(r"\+?(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?(?:[T ].*)?")
_WIKIDATA_ID = re.compile(r"(?:https?://(?:www\.)?wikidata\.org/(?:entity|wiki)/)?(Q[1-9]\d{0,11})", re.IGNORECASE)


def clean_cell(text: str) -> str:
    """Clean the text of a cell: put it on one line, and remove the apostrophe that spreadsheets put before formulas.

    The result is empty if the text only states that the value is missing, such as "n/a".
    """
    text = single_line(text, MAX_TEXT_CHARS * 20)
    if text.startswith("'") and text[1:2] and text[1] in "=+-@'":
        text = text[1:].strip()
    return "" if text.lower() in _EMPTY_WORDS else text


def find_wikidata_id(text: str) -> str:
    """Return the Wikidata id in a text that is only this id or the address of the item; otherwise an empty string."""
    found = _WIKIDATA_ID.fullmatch(text.strip())
    return found[1].upper() if found else ""


def parse_role_date(text: str, *, is_last_day: bool = False) -> date | None:
    """Parse the start or end date of a post; return None if the text is not a date with a year.

    If the text is only a year or a month, the result is its first day. If ``is_last_day`` is true, the text gives the
    last day in the post, and the result is the following day, as the key ``until`` in sources.yaml requires.
    """
    found = _DATE.fullmatch(text)
    if found:
        year, month, day = int(found[1]), int(found[2] or 0), int(found[3] or 0)
    elif stamp := parse_date_details(text):
        year, month, day = stamp.instant.year, stamp.instant.month, stamp.instant.day
    else:
        return None
    try:
        if not is_last_day:
            return date(year, month or 1, day or 1) if year >= 1000 else None
        if day:
            return date(year, month, day) + timedelta(days=1)
        return date(year, month + 1, 1) if month and month < 12 else date(year + 1, 1, 1)
    except (ValueError, OverflowError):
        return None


def find_text_problem(text: str) -> str:
    """Return the reason why a name or post cannot be imported, or an empty string if it can be.

    The reason is a phrase that follows the text in a sentence, such as "has 300 characters; at most 200 are allowed".
    """
    if text.startswith(_FORMULA_SIGNS):
        return f'begins with "{text[0]}", like a formula of a spreadsheet; write it as text'
    if len(text) > MAX_TEXT_CHARS:
        return f"has {len(text)} characters; at most {MAX_TEXT_CHARS} are allowed"
    return ""


def shorten(text: str) -> str:
    """Return a text from an imported file in quotation marks and truncated to 60 characters, for use in a message."""
    return f'"{single_line(text, 60)}"'
