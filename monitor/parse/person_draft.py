"""Draft of an imported person: checks each value and collects notes on the values that cannot be imported.

Dates are read in the formats of spreadsheets, OpenSanctions and Wikidata. The year of a date is never guessed.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from monitor.domain.imported_people import ImportedPerson, ImportItem, ImportNote
from monitor.domain.watchlist import Role
from monitor.text.dates import parse_date_details
from monitor.text.sanitize import single_line

MAX_TEXT_CHARS = 200
"""Maximum length of a name or post, as in sources.yaml."""
MAX_ALIASES, MAX_ROLES = 50, 50
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

    If the text is only a year or a month, the result is its first day. If ``is_last_day`` is true, the text is the last
    day in the post, and the result is the day after it, because the key ``until`` means the first day after the post.
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


class PersonDraft:
    """A person whose values are being collected. ``place`` is the line of the file, or the id of the entity."""

    def __init__(self, place: str) -> None:
        self.place = place
        self.name = self.country = self.wikidata = self.id = ""
        self._aliases: dict[str, None] = {}
        self._roles: dict[Role, None] = {}
        self._notes: list[ImportNote] = []

    def add_note(self, message: str) -> None:
        """Add a note about a value that is not imported."""
        self._notes.append(ImportNote(self.place, message))

    def reject(self, message: str) -> ImportNote:
        """Return a note that the person is not imported, with the reason ``message``."""
        return ImportNote(self.place, message, is_left_out=True)

    def add_aliases(self, texts: Iterable[str]) -> None:
        """Add other names of the person. A name that is too long or looks like a formula is left out with a note."""
        for text in map(clean_cell, texts):
            if text and (problem := find_text_problem(text)):
                self.add_note(f"the alias {shorten(text)} {problem}")
            elif text:
                self._aliases[text] = None

    def add_role(self, title: str, first: str = "", end: str = "", *, end_is_last_day: bool = True) -> None:
        """Add a post with its dates, given as texts. An invalid post or date is left out with a note."""
        title, first, end = clean_cell(title), clean_cell(first), clean_cell(end)
        if not title:
            if first or end:
                self.add_note("has the dates of a post, but no post; they are left out")
            return
        if problem := find_text_problem(title):
            self.add_note(f"the post {shorten(title)} {problem}")
            return
        from_on = self._parse_date(first, title)
        until_on = self._parse_date(end, title, is_last_day=end_is_last_day)
        if from_on and until_on and from_on >= until_on:
            self.add_note(f"the post {shorten(title)} ends on {end} before it begins on {first}; both are left out")
            from_on = until_on = None
        self._roles[Role(title, from_on, until_on)] = None

    def _parse_date(self, text: str, title: str, *, is_last_day: bool = False) -> date | None:
        found = parse_role_date(text, is_last_day=is_last_day) if text else None
        if text and not found:
            self.add_note(
                f"{shorten(text)} is not a certain date of the post {shorten(title)} and is left out; "
                "write year-month-day, such as 2021-04-08, or the year alone"
            )
        return found

    def finish(self) -> Iterator[ImportItem]:
        """Yield the notes, then the person. If the name cannot be used, yield only a note with the reason."""
        name = clean_cell(self.name)
        if not name:
            yield self.reject("has no name")
            return
        if problem := find_text_problem(name):
            yield self.reject(f"the name {shorten(name)} {problem}")
            return
        aliases = [one for one in self._aliases if one != name]
        if len(aliases) > MAX_ALIASES:
            self.add_note(f"has {len(aliases)} aliases; the first {MAX_ALIASES} are imported")
        if len(self._roles) > MAX_ROLES:
            self.add_note(f"has {len(self._roles)} posts; the first {MAX_ROLES} are imported")
        yield from self._notes
        yield ImportedPerson(
            self.place,
            name,
            clean_cell(self.country),
            tuple(aliases[:MAX_ALIASES]),
            tuple(self._roles)[:MAX_ROLES],
            self.wikidata,
            self.id,
        )


def find_text_problem(text: str) -> str:
    """Return the reason why a name or post cannot be imported, or an empty string if it can be.

    The reason is written to follow the text in a sentence: "has 300 characters; ...".
    """
    if text.startswith(_FORMULA_SIGNS):
        return f'begins with "{text[0]}", like a formula of a spreadsheet; write it as text'
    if len(text) > MAX_TEXT_CHARS:
        return f"has {len(text)} characters; at most {MAX_TEXT_CHARS} are allowed"
    return ""


def shorten(text: str) -> str:
    """Quote a text from the file for use in a message, truncated to 60 characters."""
    return f'"{single_line(text, 60)}"'
