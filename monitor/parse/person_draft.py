"""Draft of an imported person: checks each value and collects notes on the values that cannot be imported."""

from collections.abc import Iterable, Iterator
from datetime import date

from monitor.domain.imported_people import ImportedPerson, ImportItem, ImportNote
from monitor.domain.watchlist import Role
from monitor.text.person_values import clean_cell, find_text_problem, parse_role_date, shorten

MAX_ALIASES, MAX_ROLES = 50, 50


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
        """Add a post with its title and dates, given as texts. An invalid post or date is left out with a note.

        ``first`` is the first day in the post, and ``end`` is the last day or, if ``end_is_last_day`` is false, the day
        after it. Both may be empty.
        """
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
