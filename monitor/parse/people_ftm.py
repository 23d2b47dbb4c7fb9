"""People in FollowTheMoney entities, which OpenSanctions publishes: the schemas Person, Occupancy and Position."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from monitor.domain.imported_people import ImportItem
from monitor.parse.person_draft import PersonDraft
from monitor.text.fold import fold_key
from monitor.text.person_values import find_wikidata_id, shorten

Entity = dict[str, Any]


def is_ftm_entity(entity: Entity) -> bool:
    """Return whether a JSON object is an entity of FollowTheMoney."""
    return isinstance(entity.get("schema"), str) and isinstance(entity.get("properties"), dict)


class FtmPeople:
    """Collector of the people in a file of FollowTheMoney entities.

    A person's posts are in the entity of the person, or in separate entities (Occupancy). Separate entities are read in
    a second pass over the file.
    """

    def __init__(self, is_wanted: Callable[[Iterable[str]], bool]) -> None:
        self._is_wanted = is_wanted
        self._drafts: dict[str, PersonDraft] = {}
        self._free_posts: dict[str, list[str]] = {}
        self._occupancies: dict[str, list[tuple[str, str, str]]] = {}
        self._positions: dict[str, str] = {}
        self.has_separate_posts = False

    @property
    def count(self) -> int:
        """Number of people that were read."""
        return len(self._drafts)

    def add(self, entity: Entity, place: str) -> None:
        """Add a person, or the title of a position. Other entities are ignored."""
        if entity["schema"] == "Position":
            self._positions[str(entity.get("id"))] = _find_caption(entity)
        elif entity["schema"] == "Occupancy":
            self.has_separate_posts = True
        elif entity["schema"] == "Person":
            self._add_person(entity, place)

    def add_post(self, entity: Entity) -> None:
        """Add a post (an Occupancy entity) to a person who was added before. Other entities are ignored."""
        if is_ftm_entity(entity) and entity["schema"] == "Occupancy":
            for holder in _texts(entity, "holder"):
                if holder in self._drafts:
                    self._add_occupancy(holder, entity)

    def finish(self) -> Iterator[ImportItem]:
        """Yield all people, with the notes on values that are not imported."""
        for key, draft in self._drafts.items():
            occupancies = self._occupancies.get(key, ())
            for post, start, end in occupancies:
                draft.add_role(self._positions.get(post, post), start, end)
            for post in self._free_posts.get(key, ()) if not occupancies else ():
                draft.add_role(post)
            yield from draft.finish()

    def _add_person(self, entity: Entity, place: str) -> None:
        countries = [one for key in ("nationality", "citizenship", "country") for one in _texts(entity, key)]
        if not self._is_wanted(countries):
            return
        key = str(entity.get("id") or place)
        draft = PersonDraft(f"{place} ({key})" if entity.get("id") else place)
        names = list(dict.fromkeys([*_texts(entity, "name"), *filter(None, [entity.get("caption")])]))
        draft.name = choose_name(_find_caption(entity), [name for name in names if isinstance(name, str)])
        draft.add_aliases(one for field in ("name", "alias", "previousName") for one in _texts(entity, field))
        draft.country = countries[0] if countries else ""
        if len({one.lower() for one in countries}) > 1:
            draft.add_note(
                f"has several countries, {shorten('; '.join(dict.fromkeys(countries)))}; the first is imported"
            )
        ids = (find_wikidata_id(one) for one in (*_texts(entity, "wikidataId"), key))
        draft.wikidata = next(filter(None, ids), "")
        self._drafts[key] = draft
        self._free_posts[key] = _texts(entity, "position")
        for occupancy in _entities(entity, "positionOccupancies"):
            self._add_occupancy(key, occupancy)

    def _add_occupancy(self, holder: str, occupancy: Entity) -> None:
        starts, ends = _texts(occupancy, "startDate"), _texts(occupancy, "endDate")
        for nested in _entities(occupancy, "post"):
            self._positions[str(nested.get("id"))] = _find_caption(nested)
        posts = [*_texts(occupancy, "post"), *(str(one.get("id")) for one in _entities(occupancy, "post"))]
        found = self._occupancies.setdefault(holder, [])
        found += [(post, min(starts, default=""), max(ends, default="")) for post in posts]


def choose_name(preferred: str, names: Iterable[str]) -> str:
    """Choose the spelling of a person's name for the configuration, if possible in Latin letters and with diacritics.

    The first name in Latin letters is taken: ``preferred``, or else one of ``names``. Names that differ from it only in
    diacritics or capitals are other spellings of it. The spelling with the most letters outside ASCII is returned, but
    never one in capitals only if there is another. If no name is in Latin letters, ``preferred`` is returned.
    """
    latin = [name for name in (preferred, *names) if name and is_latin(name)]
    if not latin:
        return preferred or next(iter(names), "")
    same = [name for name in latin if fold_key(name) == fold_key(latin[0]) and not name.isupper()]
    return max(same, key=lambda name: sum(not char.isascii() for char in name), default=latin[0])


def is_latin(text: str) -> bool:
    """Return whether all letters of a text are Latin letters, with or without diacritics."""
    return all(char.isascii() or not char.isalpha() for char in fold_key(text))


def _find_caption(entity: Entity) -> str:
    caption, names = entity.get("caption"), _texts(entity, "name")
    return caption if isinstance(caption, str) and caption in names else next(iter(names), "")


def _values(entity: Entity, key: str) -> list[Any]:
    properties = entity.get("properties")
    found = properties.get(key) if isinstance(properties, dict) else None
    return found if isinstance(found, list) else [] if found is None else [found]


def _texts(entity: Entity, key: str) -> list[str]:
    return [value for value in _values(entity, key) if isinstance(value, str)]


def _entities(entity: Entity, key: str) -> list[Entity]:
    return [value for value in _values(entity, key) if isinstance(value, dict)]
