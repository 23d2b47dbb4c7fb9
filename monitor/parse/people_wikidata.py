"""People in Wikidata items: labels, citizenship (P27), native name (P1559), and posts (P39) with dates."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from monitor.domain.imported_people import ImportItem
from monitor.language.load import language_data
from monitor.parse.people_ftm import choose_name, is_latin
from monitor.parse.person_draft import PersonDraft
from monitor.text.person_values import find_wikidata_id

Entity = dict[str, Any]
_HUMAN = "Q5"
_IS_A, _CITIZENSHIP, _POST, _NATIVE_NAME = "P31", "P27", "P39", "P1559"
_START, _END = "P580", "P582"
_YEAR, _MONTH, _DAY = 9, 10, 11  # precision of a time in Wikidata
_NEUTRAL_LANGUAGES = ("en", "mul")


def is_wikidata_item(entity: Entity) -> bool:
    """Return whether a JSON object is a Wikidata item."""
    return bool(find_wikidata_id(str(entity.get("id", "")))) and isinstance(entity.get("labels"), dict | list)


class WikidataPeople:
    """Collector of the people in a file of Wikidata items.

    The item of a person refers to a post only by its id. The title of the post is in another item, which follows.
    """

    def __init__(self) -> None:
        self._people: dict[str, tuple[PersonDraft, list[tuple[str, str, str]]]] = {}
        self._titles: dict[str, str] = {}
        self.missing_posts: set[str] = set()

    @property
    def count(self) -> int:
        """Number of people that were read."""
        return len(self._people)

    def add(self, item: Entity, place: str, is_wanted: Callable[[Iterable[str]], bool]) -> bool:
        """Add the person in an item, if ``is_wanted`` returns true for the person's countries.

        Return whether the item is a person.
        """
        if _HUMAN not in (value.get("id") for value in _values(item, _IS_A) if isinstance(value, dict)):
            return False
        countries = [str(value.get("id")) for value in _values(item, _CITIZENSHIP) if isinstance(value, dict)]
        if is_wanted(countries):
            draft = PersonDraft(f"{place} ({item['id']})" if place != item["id"] else place)
            draft.wikidata, draft.country = item["id"], countries[0] if countries else ""
            _read_names(draft, item, _find_home_language(draft.country))
            posts = [
                (str(value["id"]), _read_time(draft, claim, _START), _read_time(draft, claim, _END))
                for claim, value in _claims(item, _POST)
                if isinstance(value, dict) and value.get("id")
            ]
            self._people[item["id"]] = draft, posts
            self.missing_posts |= {post for post, _, _ in posts} - self._titles.keys()
        return True

    def add_post(self, item: Entity) -> None:
        """Add the title of a post from its item. Items that are not a post of one of the people are ignored."""
        if (key := item.get("id")) in self.missing_posts and is_wikidata_item(item):
            labels = _read_labels(item)
            title = next((labels[one] for one in (*_NEUTRAL_LANGUAGES, *labels) if one in labels), "")
            self._titles[str(key)] = title[:1].upper() + title[1:]
            self.missing_posts.discard(str(key))

    def finish(self) -> Iterator[ImportItem]:
        """Yield all people, with the notes on values that are not imported."""
        for draft, posts in self._people.values():
            for post, start, end in posts:
                if title := self._titles.get(post):
                    draft.add_role(title, start, end)
                else:
                    draft.add_note(f"the title of the post {post} is not known and the post is left out")
            yield from draft.finish()


def _read_names(draft: PersonDraft, item: Entity, home: str) -> None:
    """Read the name and the aliases of a person from an item.

    Aliases are the names in the native language, in the language of the country (``home``), in English, and in scripts
    other than Latin.
    """
    labels, aliases = _read_labels(item), item.get("aliases")
    native = [str(value.get("text")) for value in _values(item, _NATIVE_NAME) if isinstance(value, dict)]
    neutral = [labels[one] for one in (home, *_NEUTRAL_LANGUAGES) if one in labels]
    draft.name = choose_name(next(iter(native), ""), [*neutral, *labels.values()])
    known = language_data().languages
    foreign = [text for code, text in labels.items() if code.partition("-")[0] in known and not is_latin(text)]
    others = [
        str(one.get("value"))
        for code in (home, *_NEUTRAL_LANGUAGES)
        for one in (aliases.get(code, ()) if isinstance(aliases, dict) else ())
        if isinstance(one, dict)
    ]
    draft.add_aliases([*native, *neutral, *others, *foreign])


@cache
def _home_languages() -> dict[str, str]:
    return {country.wikidata: country.home_of for country in language_data().countries if country.home_of}


def _find_home_language(country: str) -> str:
    """Return the code of the language whose home is the country with this Wikidata id, or an empty string.

    A title without a country, in a text in this language, belongs to this country.
    """
    return _home_languages().get(country, "")


def _read_labels(item: Entity) -> dict[str, str]:
    labels = item.get("labels")
    found = labels.items() if isinstance(labels, dict) else ()
    return {code: one["value"] for code, one in found if isinstance(one, dict) and isinstance(one.get("value"), str)}


def _claims(item: Entity, name: str) -> list[tuple[Entity, Any]]:
    """Return the statements of an item about a property, each with its value.

    Preferred statements come first. Deprecated statements are left out.
    """
    claims = item.get("claims")
    given = claims.get(name) if isinstance(claims, dict) else None
    valid = [one for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    kept = [(one, _read_value(one.get("mainsnak"))) for one in valid if one.get("rank") != "deprecated"]
    return sorted(
        ((claim, value) for claim, value in kept if value is not None),
        key=lambda pair: pair[0].get("rank") != "preferred",
    )


def _values(item: Entity, name: str) -> list[Any]:
    """Return the values of an item for a property, such as its countries, the current values first.

    A value is current if its statement has no end date.
    """
    claims = _claims(item, name)
    return [value for claim, value in sorted(claims, key=lambda pair: bool(_read_qualifier(pair[0], _END)))]


def _read_value(snak: Any) -> Any:
    value = snak.get("datavalue") if isinstance(snak, dict) else None
    return value.get("value") if isinstance(value, dict) else None


def _read_qualifier(claim: Entity, name: str) -> Any:
    qualifiers = claim.get("qualifiers")
    found = qualifiers.get(name) if isinstance(qualifiers, dict) else None
    return _read_value(found[0]) if isinstance(found, list) and found else None


def _read_time(draft: PersonDraft, claim: Entity, name: str) -> str:
    """Return the start or end date of a statement, or an empty string if it has none.

    The date is as precise as it is stated, such as 2021-04.
    """
    value = _read_qualifier(claim, name)
    if not isinstance(value, dict):
        return ""
    text, precision = str(value.get("time", "")), value.get("precision")
    length = {_YEAR: 4, _MONTH: 7, _DAY: 10}.get(precision if isinstance(precision, int) else _DAY, 0)
    if not length:
        draft.add_note(f"the date {text} of a post is less exact than a year and is left out")
    return text.lstrip("+")[:length]
