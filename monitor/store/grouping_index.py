"""Who has a print or a term: read for a whole batch at once, answered from memory, written at its end.

The shelf of grouping in the database: prints, terms and open stories, every look-up bounded.

One shelf serves one batch: it reads what a batch needs in few queries, answers from what it read and what came since,
and writes all that changed at the end, a statement for each table. Article by article the same statements
would cost more than all the rest of grouping.

A print has eight places and a term thirty-two; a newcomer takes the place its number falls on, so that ten thousand
articles made from one template leave eight, and no look-up grows with their number.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any, Generic, TypeVar
from zlib import crc32

from sqlalchemy import Connection

from monitor.domain.article import Stage
from monitor.domain.grouping import Placement, StoryCentroid
from monitor.store.column_types import UtcDateTime

Owner = TypeVar("Owner", int, str)


@dataclass(frozen=True, slots=True)
class RawExecutor:
    """Statements past the compiler, whose work would cost more than the engine's; "?" marks a value on both engines."""

    connection: Connection

    def execute(self, statement: str, values: Sequence[Any]) -> Any:
        """Run a statement, or one for each of a list of tuples."""
        if self.connection.dialect.name != "sqlite":
            statement = statement.replace("?", "%s")
        return self.connection.exec_driver_sql(statement, values)

    def select_in(self, query: str, keys: list[Any]) -> Sequence[Any]:
        """Return the rows whose key is among these, however many they are."""
        if not keys:
            return ()
        if self.connection.dialect.name == "sqlite":
            found = self.execute(f"{query.format('json_each(?) CROSS JOIN')} = value", (json.dumps(keys),))
        else:
            found = self.execute(f"{query.format('')} = ANY(?)", (keys,))
        rows: Sequence[Any] = found.all()
        return rows


@dataclass(frozen=True, slots=True)
class PostingListCache(Generic[Owner]):
    """Who has a print or a term, place by place: as it was read, and as it was changed since."""

    executor: RawExecutor
    query: str
    cached: dict[int, dict[int, Owner] | None] = field(default_factory=dict)
    pending_writes: list[tuple[int, int, Owner]] = field(default_factory=list)

    def prefetch(self, keys: Iterable[int]) -> None:
        """Read the keys that were not read yet."""
        missing = [key for key in dict.fromkeys(keys) if key not in self.cached]
        self.cached.update(dict.fromkeys(missing))
        for key, place, owner in self.executor.select_in(self.query, missing):
            if places := self.cached[key]:
                places[place] = owner
            else:
                self.cached[key] = {place: owner}

    def get_slots(self, keys: Sequence[int]) -> list[dict[int, Owner] | None]:
        """Return the places of each key, None for one that nobody has."""
        try:
            return [self.cached[key] for key in keys]
        except KeyError:  # one was not foreseen
            self.prefetch(keys)
            return [self.cached[key] for key in keys]

    def add(self, keys: Sequence[int], slot: int, owner: Owner) -> None:
        """Let an owner take its place at some keys."""
        alone = {slot: owner}  # one for all the keys that nobody had, so what is there is never changed but replaced
        for key, places in zip(keys, self.get_slots(keys), strict=True):
            if places is None:
                self.cached[key] = alone
            elif places.get(slot) == owner:
                continue
            else:
                self.cached[key] = places | alone
            self.pending_writes.append((key, slot, owner))

    def flush(self, statement: str) -> None:
        """Write what was added, in its order: where two took one place, the later one has it."""
        if self.pending_writes:
            self.executor.execute(statement, self.pending_writes)


FINGERPRINT_SLOTS, TERM_SLOTS = 8, 32
MonthDays = frozenset[tuple[int, int]]


_UTC_DATETIME = UtcDateTime()
_SELECT_FINGERPRINTS = "SELECT print, place, article_id FROM {} fingerprint WHERE print"
_SELECT_TERMS = "SELECT term, place, story_id FROM {} term WHERE term"
_SELECT_CENTROIDS = (
    "SELECT story_id, terms, weights, names, days, size, first_at, last_at FROM {} cluster WHERE story_id"
)
_SELECT_ARTICLE = (
    "SELECT story_id, copy_of, published_at, first_seen_at, title, body "
    "FROM article JOIN content ON article_id = id WHERE id = ?"
)
_UPSERT_FINGERPRINT = (
    "INSERT INTO fingerprint (print, place, article_id) VALUES (?, ?, ?) "
    "ON CONFLICT (print, place) DO UPDATE SET article_id = excluded.article_id"
)
_UPSERT_TERM = (
    "INSERT INTO term (term, place, story_id) VALUES (?, ?, ?) "
    "ON CONFLICT (term, place) DO UPDATE SET story_id = excluded.story_id"
)
_UPSERT_CENTROID = (
    "INSERT INTO cluster (story_id, terms, weights, names, days, size, first_at, last_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (story_id) DO UPDATE SET terms = excluded.terms, weights = excluded.weights, names = excluded.names, "
    "days = excluded.days, size = excluded.size, first_at = excluded.first_at, last_at = excluded.last_at"
)
_UPSERT_STORY = (
    "INSERT INTO story (id, title, first_seen_at, last_seen_at, merged_into) "
    "SELECT ?, title, first_seen_at, first_seen_at, '' FROM article WHERE id = ? "
    "ON CONFLICT (id) DO UPDATE SET last_seen_at = "
    "CASE WHEN excluded.last_seen_at > story.last_seen_at THEN excluded.last_seen_at ELSE story.last_seen_at END"
)
_UPDATE_ARTICLE = "UPDATE article SET story_id = ?, copy_of = ?, stage = ? WHERE id = ?"
_MERGE_STATEMENTS = (  # in the words of the partial indexes
    ("UPDATE article SET story_id = ? WHERE story_id = ? AND story_id != ''", ("older", "younger")),
    ("UPDATE story SET merged_into = ? WHERE id = ?", ("older", "younger")),
    ("UPDATE story SET merged_into = ? WHERE merged_into = ? AND merged_into != ''", ("older", "younger")),
    ("DELETE FROM cluster WHERE story_id = ?", ("younger",)),
)


class DatabaseGroupingIndex:
    """The ``Shelf`` of ``domain/grouping.py``, inside one write transaction, which ``write`` completes."""

    def __init__(self, connection: Connection) -> None:
        self._executor = RawExecutor(connection)
        self._fingerprints: PostingListCache[int] = PostingListCache(self._executor, _SELECT_FINGERPRINTS)
        self._terms: PostingListCache[str] = PostingListCache(self._executor, _SELECT_TERMS)
        self._texts: dict[int, tuple[str, str]] = {}
        self._placements: dict[int, Placement | None] = {}
        self._new_placements: list[Placement] = []
        self._centroids: dict[str, StoryCentroid | None] = {}
        self._changed_centroids: dict[str, StoryCentroid] = {}
        self._merged_into: dict[str, str] = {}

    def prefetch_fingerprints(self, fingerprints: Iterable[int]) -> None:
        """Read who has these prints, in one query."""
        self._fingerprints.prefetch(fingerprints)

    def prefetch_similar_stories(self, term_lists: Sequence[Sequence[int]], limit: int) -> None:
        """Read which stories have these terms in one query, and the stories that ``near`` will name in another."""
        self._terms.prefetch(chain.from_iterable(term_lists))
        self._load_centroids(dict.fromkeys(name for terms in term_lists for name in self._rank_stories(terms, limit)))

    def articles_with(self, fingerprints: Sequence[int]) -> Mapping[int, int]:
        """Return articles that have some of these prints, with how many."""
        found = [places for places in self._fingerprints.get_slots(fingerprints) if places]
        return Counter(chain.from_iterable(places.values() for places in found)) if found else {}

    def article_text(self, article_id: int) -> tuple[str, str]:
        """Return title and body of an article."""
        if article_id not in self._texts:
            self._load_article(article_id)
        return self._texts.pop(article_id, ("", ""))

    def add_fingerprints(self, article_id: int, fingerprints: Sequence[int]) -> None:
        """Make an article findable by its prints."""
        self._fingerprints.add(fingerprints, article_id % FINGERPRINT_SLOTS, article_id)

    def get_placement(self, article_id: int) -> Placement | None:
        """Return an article as it was placed."""
        if article_id not in self._placements:
            self._load_article(article_id)
        member = self._placements[article_id]
        return replace(member, story_id=self._resolve_story(member.story_id)) if member else None

    def _load_article(self, article_id: int) -> None:
        row = self._executor.execute(_SELECT_ARTICLE, (article_id,)).first()
        self._placements.setdefault(article_id, None)
        if row is None:
            return
        story, copy_of, published_at, first_seen_at, title, body = row
        self._texts[article_id] = title, body
        if story and self._placements[article_id] is None:
            at = _to_datetime(published_at) or _to_datetime(first_seen_at)
            self._placements[article_id] = Placement(article_id, story, copy_of, at)

    def place(self, placement: Placement) -> None:
        """Remember where an article was placed; ``write`` writes it into its row, and its story if it is new."""
        self._placements[placement.article_id] = placement
        self._new_placements.append(placement)

    def similar_stories(self, terms: Sequence[int], limit: int) -> Sequence[StoryCentroid]:
        """Return the open stories that share most of these terms."""
        names = self._rank_stories(terms, limit)
        self._load_centroids(names)
        return [cluster for cluster in map(self._centroids.get, names) if cluster]

    def _rank_stories(self, terms: Sequence[int], limit: int) -> list[str]:
        shared: dict[str, int] = {}
        for value, places in zip(range(len(terms), 0, -1), self._terms.get_slots(terms), strict=True):
            for story in places.values() if places else ():
                shared[story] = shared.get(story, 0) + value
        return sorted(sorted(shared), key=shared.__getitem__, reverse=True)[:limit]

    def _load_centroids(self, story_ids: Iterable[str]) -> None:
        missing = [name for name in story_ids if name not in self._centroids]
        self._centroids.update(dict.fromkeys(missing))
        for name, terms, weights, flags, days, size, first_at, last_at in self._executor.select_in(
            _SELECT_CENTROIDS, missing
        ):
            self._centroids[name] = StoryCentroid(
                name,
                bytes(terms),
                bytes(weights),
                bytes(flags),
                _parse_days(days),
                size,
                _to_datetime(first_at),
                _to_datetime(last_at),
            )

    def save_centroid(self, centroid: StoryCentroid, terms: Sequence[int]) -> None:
        """Store a story's new centre and make it findable by these terms."""
        self._centroids[centroid.id] = centroid
        self._changed_centroids[centroid.id] = centroid
        self._terms.add(terms, crc32(centroid.id.encode()) % TERM_SLOTS, centroid.id)

    def merge(self, younger: str, older: str) -> None:
        """Let the older story take over the younger one's articles; its id goes on leading there."""
        self._merged_into[younger] = older
        self._centroids[younger] = None
        self._changed_centroids.pop(younger, None)

    def _resolve_story(self, story_id: str) -> str:
        while story_id in self._merged_into:
            story_id = self._merged_into[story_id]
        return story_id

    def flush(self) -> None:
        """Write all that changed; to be called once, at the end of the batch."""
        if self._new_placements:
            self._executor.execute(
                _UPSERT_STORY, [(member.story_id, member.article_id) for member in self._new_placements]
            )
            stage = str(Stage.GROUPED)
            self._executor.execute(
                _UPDATE_ARTICLE,
                [(one.story_id, one.duplicate_of, stage, one.article_id) for one in self._new_placements],
            )
        for younger, older in self._merged_into.items():
            names = {"younger": younger, "older": older}
            for statement, places in _MERGE_STATEMENTS:
                self._executor.execute(statement, tuple(names[place] for place in places))
        if self._changed_centroids:
            self._executor.execute(
                _UPSERT_CENTROID, [self._centroid_row(cluster) for cluster in self._changed_centroids.values()]
            )
        self._fingerprints.flush(_UPSERT_FINGERPRINT)
        self._terms.flush(_UPSERT_TERM)

    def _centroid_row(self, centroid: StoryCentroid) -> tuple[Any, ...]:
        dialect = self._executor.connection.dialect
        first_at, last_at = (
            _UTC_DATETIME.process_bind_param(at, dialect)
            for at in (centroid.first_article_at, centroid.last_article_at)
        )
        days = json.dumps(sorted(centroid.days))
        return (
            centroid.id,
            centroid.terms,
            centroid.weights,
            centroid.name_flags,
            days,
            centroid.size,
            first_at,
            last_at,
        )


def _to_datetime(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


@lru_cache(1024)
def _parse_days(packed: str) -> MonthDays:
    """Read days; most stories of one day have the same ones."""
    return frozenset((month, day) for month, day in json.loads(packed))
