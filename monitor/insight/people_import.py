"""Merge of imported people with the watched officials. It determines who is new, and what changes for known officials.

An imported person is a known official if both have the same Wikidata id, or the same name and country. The values of
sources.yaml are never replaced. Only missing values, names, posts and dates are added.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from msgspec import Struct

from monitor.domain.errors import KeyIssue
from monitor.domain.imported_people import ImportedPerson, ImportItem, ImportNote
from monitor.domain.values import replace
from monitor.domain.watchlist import ALL_KEYWORD, Official, Role, Watchlist
from monitor.language.countries import find_country_of_code, format_country_name, is_country_code
from monitor.match.lint import find_name_error, is_same_name, lint_names, to_key_issue
from monitor.match.vocabulary import country_keys, find_country_key
from monitor.text.fold import fold_words
from monitor.text.slugs import make_slug

MAX_DAYS_APART = 31
"""Maximum difference between two start dates, or two end dates, at which they belong to the same term of office.
Sources often differ by a few days."""


class OfficialChange(Struct, frozen=True):
    """Values that an import adds to an official in sources.yaml.

    - ``place`` is the line or entity in the imported file.
    - ``aliases`` and ``roles`` are the names and roles that are added.
    - ``new_dates`` are known roles that get dates, each with its index in the official's list of roles.
    - ``country`` and ``wikidata`` are empty if they are not added.
    """

    official: Official
    place: str
    aliases: tuple[str, ...] = ()
    roles: tuple[Role, ...] = ()
    new_dates: tuple[tuple[int, Role], ...] = ()
    country: str = ""
    wikidata: str = ""

    def build_additions(self) -> Official:
        """Return an official with the id and name of the known official, and only the values that are added."""
        roles = (*(role for _, role in self.new_dates), *self.roles)
        before = self.official
        return Official(before.id, before.name, self.country, self.aliases, roles, wikidata=self.wikidata)

    def __bool__(self) -> bool:
        """Return whether anything is added."""
        return bool(self.aliases or self.roles or self.new_dates or self.country or self.wikidata)


class ImportPlan(Struct, frozen=True):
    """Result of a merge of imported people with the watched officials.

    - ``new`` are the officials to add, and ``changes`` are the additions to known officials.
    - ``unchanged_ids`` are the known officials that the import does not change.
    - ``notes`` are messages about people, lines and single values of the file that are not imported.
    - ``places`` maps the id of each new official to the line or entity in the imported file.
    - ``risks`` are warnings about the names of the added officials.
    """

    new: tuple[Official, ...]
    changes: tuple[OfficialChange, ...]
    unchanged_ids: tuple[str, ...]
    notes: tuple[ImportNote, ...]
    places: dict[str, str]
    risks: tuple[KeyIssue, ...]

    @property
    def left_out(self) -> tuple[ImportNote, ...]:
        """Notes on the people and lines that are not imported."""
        return tuple(note for note in self.notes if note.is_left_out)


def plan_import(officials: Sequence[Official], items: Iterable[ImportItem]) -> ImportPlan:
    """Return what an import adds to the watched officials, with all notes and warnings."""
    merger = _Merger(officials)
    for item in items:
        if isinstance(item, ImportNote):
            merger.notes.append(item)
        else:
            merger.add(item)
    new = tuple(one.build() for one in merger.people if one.official is None)
    known = [one for one in merger.people if one.official is not None and one.place]
    changes = [one.build_change() for one in known]
    touched = {one.id for one in (*new, *(change.official for change in changes if change))}
    merged = {one.official.id: one.build() for one in known if one.official}
    watched = Watchlist((*(merged.get(one.id, one) for one in officials), *new))
    risks = tuple(to_key_issue(issue) for issue in lint_names(watched) if issue.id in touched)
    return ImportPlan(
        new,
        tuple(change for change in changes if change),
        tuple(change.official.id for change in changes if not change),
        tuple(merger.notes),
        {one.id: one.place for one in merger.people if one.official is None},
        risks,
    )


def find_country(text: str) -> str:
    """Return the key of a country that is given by its name, code or Wikidata id, or an empty text if it is unknown.

    A code has two or three letters (ISO 3166-1). The code of a part of a country, such as gb-sct, means the country.
    """
    if name := find_country_of_code(text):
        return find_country_key(name)
    key = find_country_key(text)
    return key if key in country_keys() else ""


@dataclass(slots=True)
class _Person:
    """A person after the merge: an official of sources.yaml with the values that the import adds, or a new person.

    ``place`` is the line or entity in the imported file, or empty if the import does not name the person. ``official``
    is the official of sources.yaml without additions, or None for a new person. ``new_dates`` maps the index of a known
    role to the role with the dates that the import adds.
    """

    id: str
    place: str
    name: str
    country: str
    wikidata: str
    names: list[str]
    roles: list[Role]
    official: Official | None = None
    new_dates: dict[int, Role] = field(default_factory=dict)

    @property
    def country_key(self) -> str:
        return find_country(self.country) or " ".join(fold_words(self.country))

    def build(self) -> Official:
        """Return the official with all additions."""
        before = self.official or Official(self.id, self.name)
        aliases = tuple(name for name in self.names if name != self.name)
        return replace(before, country=self.country, aliases=aliases, roles=tuple(self.roles), wikidata=self.wikidata)

    def build_change(self) -> OfficialChange:
        """Return the additions to a known official."""
        before = self.official or Official(self.id, self.name)
        known = {before.name, *before.aliases}
        return OfficialChange(
            before,
            self.place,
            tuple(name for name in self.names if name not in known),
            tuple(self.roles[len(before.roles) :]),
            tuple(self.new_dates.items()),
            self.country if not before.country else "",
            self.wikidata if not before.wikidata else "",
        )


class _Merger:
    """Merges imported people into a list of the watched officials (``people``).

    ``notes`` are messages about everything that is not imported.
    """

    def __init__(self, officials: Sequence[Official]) -> None:
        self.people: list[_Person] = []
        self.notes: list[ImportNote] = []
        self._by_id: dict[str, _Person] = {}
        self._by_wikidata: dict[str, _Person] = {}
        self._by_name: dict[tuple[str, ...], list[_Person]] = defaultdict(list)
        self._last_number: dict[str, int] = {}
        for one in officials:
            names = [one.name, *one.aliases]
            self._remember(_Person(one.id, "", one.name, one.country, one.wikidata, names, list(one.roles), one))

    def add(self, person: ImportedPerson) -> None:
        """Add the data of an imported person to a known person, or add a new person.

        If neither is possible, for example because the name cannot be used, a note with the reason is added.
        """
        person = self._with_known_country(person)
        checked = Official("-", person.name, person.country, roles=person.roles)
        if error := find_name_error(person.name, checked):
            self._note(person, f"the name cannot be used: {error}", is_left_out=True)
            return
        usable = tuple(alias for alias in person.aliases if self._is_usable(alias, person, checked))
        person = replace(person, aliases=usable)
        found = self._find(person)
        if isinstance(found, str):
            self._note(person, found, is_left_out=True)
        elif found is None:
            self._add_new(person)
        else:
            self._merge(found, person)

    def _with_known_country(self, person: ImportedPerson) -> ImportedPerson:
        """Return an imported person whose country code is replaced by the name of the country.

        An unknown code is removed.
        """
        text = person.country
        is_code = is_country_code(text)
        key = find_country(text) if is_code else ""
        if is_code and not key:
            self._note(person, f'the country "{text}" is not known and is left out; write its name')
        return replace(person, country=format_country_name(key)) if is_code else person

    def _is_usable(self, alias: str, person: ImportedPerson, checked: Official) -> bool:
        error = find_name_error(alias, checked)
        if error:
            self._note(person, f"an alias cannot be used: {error}")
        return not error

    def _find(self, person: ImportedPerson) -> "_Person | str | None":
        """Return the known person who is the same as an imported person, or None if the imported person is new.

        If several known people fit, return a text with the reason why the person cannot be determined.
        """
        if person.wikidata and (found := self._by_wikidata.get(person.wikidata)):
            return found
        words = fold_words(person.name)
        same = [
            one
            for one in self._by_name.get(words, ())
            if is_same_name(person.name, tuple(one.names)) and not (person.wikidata and one.wikidata)
        ]
        key = find_country(person.country) or " ".join(fold_words(person.country))
        fitting = [one for one in same if one.country_key == key]
        fitting = fitting or [one for one in same if not (one.country_key and key)]
        if len(fitting) > 1:
            by_id = [one for one in fitting if one.id == person.id]
            if len(by_id) == 1:
                return by_id[0]
            ids = ", ".join(one.id for one in fitting[:5])
            return f"several people have the name {person.name!r} ({ids}); add a column wikidata or id"
        return fitting[0] if fitting else None

    def _add_new(self, person: ImportedPerson) -> None:
        new_id = person.id if person.id and person.id not in self._by_id else self._make_id(person)
        new = _Person(new_id, person.place, person.name, person.country, person.wikidata, [person.name], [])
        for alias in person.aliases:
            _add_name(new, alias)
        for role in person.roles:
            _add_role(new, role)
        self._remember(new)

    def _make_id(self, person: ImportedPerson) -> str:
        slug = make_slug(person.name)
        slug = slug if len(slug) >= 3 else person.wikidata.lower() or "person"
        if slug not in self._by_id and slug != ALL_KEYWORD:
            return slug
        number = self._last_number.get(slug, 1) + 1
        while f"{slug}-{number}" in self._by_id:
            number += 1
        self._last_number[slug] = number
        return f"{slug}-{number}"

    def _merge(self, known: _Person, person: ImportedPerson) -> None:
        first_place, known.place = known.place, known.place or person.place
        is_changed = False
        for name in (person.name, *person.aliases):
            if _add_name(known, name):
                self._by_name[fold_words(name)].append(known)
                is_changed = True
        for role in person.roles:
            is_changed |= _add_role(known, role)
        if person.country and not known.country:
            known.country, is_changed = person.country, True
        elif person.country and find_country(person.country) != find_country(known.country):
            self._note(person, f"{known.id} has the country {known.country}, which is kept, not {person.country}")
        if person.wikidata and not known.wikidata:
            known.wikidata, is_changed = person.wikidata, True
            self._by_wikidata[person.wikidata] = known
        if first_place and not is_changed:
            self._note(person, f"repeats {person.name} of {first_place} and adds nothing")

    def _remember(self, person: _Person) -> None:
        self.people.append(person)
        self._by_id[person.id] = person
        if person.wikidata:
            self._by_wikidata.setdefault(person.wikidata, person)
        for words in dict.fromkeys(map(fold_words, person.names)):
            self._by_name[words].append(person)

    def _note(self, person: ImportedPerson, message: str, *, is_left_out: bool = False) -> None:
        self.notes.append(ImportNote(person.place, message, is_left_out))


def _add_name(person: _Person, name: str) -> bool:
    """Add a name to a person, unless an equal name is known. Return whether the name was added.

    Names are equal if they differ only in capitals. If the added name is in ASCII, diacritics and punctuation do not
    count either.
    """
    words = fold_words(name)
    for known in person.names:
        if known.casefold() == name.casefold() or (name.isascii() and fold_words(known) == words):
            return False
    person.names.append(name)
    return True


def _add_role(person: _Person, role: Role) -> bool:
    """Add a role to a person.

    If the role is known without a date, add only the date. Return whether anything was added.
    """
    title = fold_words(role.title)
    for index, known in enumerate(person.roles):
        if fold_words(known.title) != title or not _is_same_term(known, role):
            continue
        merged = replace(known, from_on=known.from_on or role.from_on, until_on=known.until_on or role.until_on)
        if merged == known or (merged.from_on and merged.until_on and merged.from_on >= merged.until_on):
            return False
        person.roles[index] = merged
        if person.official and index < len(person.official.roles):
            person.new_dates[index] = merged
        return True
    person.roles.append(role)
    return True


def _is_same_term(left: Role, right: Role) -> bool:
    """Return whether two roles with the same title may be the same term of office, to judge by their dates.

    Dates may differ by ``MAX_DAYS_APART``. Unknown dates are ignored.
    """
    for first, second in ((left.from_on, right.from_on), (left.until_on, right.until_on)):
        if first and second and abs((first - second).days) > MAX_DAYS_APART:
            return False
    starts_after = left.until_on and right.from_on and right.from_on >= left.until_on
    ends_before = right.until_on and left.from_on and left.from_on >= right.until_on
    return not (starts_after or ends_before)
