"""Grouping index in the database: articles by fingerprint, stories by term, and story centroids.

One index serves one batch. It reads what the batch needs in few queries, answers from its cache, and writes all changes
at the end with one statement per table. The same statements per article would take longer than the rest of grouping.

A fingerprint has ``FINGERPRINT_SLOTS`` slots and a term ``TERM_SLOTS``. A new article or story uses the slot given by
its id, so thousands of articles made from one template share few slots, and no lookup grows with their number.
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
    """Runs statements without SQLAlchemy's compiler, which would take longer than the engine; `?` marks a value."""

    connection: Connection

    def execute(self, statement: str, values: Sequence[Any]) -> Any:
        """Run a statement once with a tuple of values, or once per tuple of a list."""
        if self.connection.dialect.name != "sqlite":
            statement = statement.replace("?", "%s")
        return self.connection.exec_driver_sql(statement, values)

    def select_in(self, query: str, keys: list[Any]) -> Sequence[Any]:
        """Return the rows whose key is among ``keys``. ``query`` ends with the key column and has a {} after FROM."""
        if not keys:
            return ()
        if self.connection.dialect.name == "sqlite":
            statement = f"{query.format('json_each(?) AS wanted CROSS JOIN')} = wanted.value"
            found = self.execute(statement, (json.dumps(keys),))
        else:
            found = self.execute(f"{query.format('')} = ANY(?)", (keys,))
        rows: Sequence[Any] = found.all()
        return rows


@dataclass(frozen=True, slots=True)
class PostingListCache(Generic[Owner]):
    """Posting lists (owner by slot, per key), as read from the database and changed since."""

    executor: RawExecutor
    query: str
    cached: dict[int, dict[int, Owner] | None] = field(default_factory=dict)
    pending_writes: list[tuple[int, int, Owner]] = field(default_factory=list)

    def prefetch(self, keys: Iterable[int]) -> None:
        """Read the keys that are not cached."""
        missing = [key for key in dict.fromkeys(keys) if key not in self.cached]
        self.cached.update(dict.fromkeys(missing))
        for key, slot, owner in self.executor.select_in(self.query, missing):
            if owners := self.cached[key]:
                owners[slot] = owner
            else:
                self.cached[key] = {slot: owner}

    def get_slots(self, keys: Sequence[int]) -> list[dict[int, Owner] | None]:
        """Return the owners by slot of each key; None for a key without owners."""
        try:
            return [self.cached[key] for key in keys]
        except KeyError:  # a key was not prefetched
            self.prefetch(keys)
            return [self.cached[key] for key in keys]

    def add(self, keys: Sequence[int], slot: int, owner: Owner) -> None:
        """Put an owner into its slot of each key."""
        only = {slot: owner}  # shared by all keys without owners; therefore entries are replaced, never changed
        for key, owners in zip(keys, self.get_slots(keys), strict=True):
            if owners is None:
                self.cached[key] = only
            elif owners.get(slot) == owner:
                continue
            else:
                self.cached[key] = owners | only
            self.pending_writes.append((key, slot, owner))

    def flush(self, statement: str) -> None:
        """Write the additions in order; if two used one slot, the later one remains."""
        if self.pending_writes:
            self.executor.execute(statement, self.pending_writes)


FINGERPRINT_SLOTS, TERM_SLOTS = 8, 32
MonthDays = frozenset[tuple[int, int]]


_UTC_DATETIME = UtcDateTime()
_SELECT_FINGERPRINTS = "SELECT fingerprint.value, slot, article_id FROM {} fingerprint WHERE fingerprint.value"
_SELECT_TERMS = "SELECT term, slot, story_id FROM {} story_term WHERE term"
_CENTROID_COLUMNS = "story_id, terms, weights, name_flags, days, size, first_article_at, last_article_at"
_SELECT_CENTROIDS = f"SELECT {_CENTROID_COLUMNS} FROM {{}} story_centroid WHERE story_id"  # noqa: S608 - constants
_SELECT_ARTICLE = (
    "SELECT story_id, duplicate_of, published_at, first_seen_at, title, body "
    "FROM article JOIN article_text ON article_id = id WHERE id = ?"
)
_UPSERT_FINGERPRINT = (
    "INSERT INTO fingerprint (value, slot, article_id) VALUES (?, ?, ?) "
    "ON CONFLICT (value, slot) DO UPDATE SET article_id = excluded.article_id"
)
_UPSERT_TERM = (
    "INSERT INTO story_term (term, slot, story_id) VALUES (?, ?, ?) "
    "ON CONFLICT (term, slot) DO UPDATE SET story_id = excluded.story_id"
)
_UPSERT_CENTROID = (
    f"INSERT INTO story_centroid ({_CENTROID_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?) "  # noqa: S608 - constants
    "ON CONFLICT (story_id) DO UPDATE SET terms = excluded.terms, weights = excluded.weights, "
    "name_flags = excluded.name_flags, days = excluded.days, size = excluded.size, "
    "first_article_at = excluded.first_article_at, last_article_at = excluded.last_article_at"
)
_UPSERT_STORY = (
    "INSERT INTO story (id, title, first_seen_at, last_seen_at, merged_into) "
    "SELECT ?, title, first_seen_at, first_seen_at, '' FROM article WHERE id = ? "
    "ON CONFLICT (id) DO UPDATE SET last_seen_at = "
    "CASE WHEN excluded.last_seen_at > story.last_seen_at THEN excluded.last_seen_at ELSE story.last_seen_at END"
)
_UPDATE_ARTICLE = "UPDATE article SET story_id = ?, duplicate_of = ?, stage = ? WHERE id = ?"
_MERGE_STATEMENTS = (  # with the same conditions as the partial indexes, else the indexes are not used
    ("UPDATE article SET story_id = ? WHERE story_id = ? AND story_id != ''", ("older", "younger")),
    ("UPDATE story SET merged_into = ? WHERE id = ?", ("older", "younger")),
    ("UPDATE story SET merged_into = ? WHERE merged_into = ? AND merged_into != ''", ("older", "younger")),
    ("DELETE FROM story_centroid WHERE story_id = ?", ("younger",)),
)


class DatabaseGroupingIndex:
    """``GroupingIndex`` in the database, for one batch inside one write transaction; ``flush`` writes all changes."""

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
        """Load the articles of these fingerprints in one query."""
        self._fingerprints.prefetch(fingerprints)

    def prefetch_similar_stories(self, term_lists: Sequence[Sequence[int]], limit: int) -> None:
        """Load the stories of these terms in one query, and the centroids of the most similar ones in another."""
        self._terms.prefetch(chain.from_iterable(term_lists))
        story_ids = (story_id for terms in term_lists for story_id in self._rank_stories(terms, limit))
        self._load_centroids(dict.fromkeys(story_ids))

    def articles_with(self, fingerprints: Sequence[int]) -> Mapping[int, int]:
        """Return the number of shared fingerprints by article id."""
        found = [owners for owners in self._fingerprints.get_slots(fingerprints) if owners]
        return Counter(chain.from_iterable(owners.values() for owners in found)) if found else {}

    def article_text(self, article_id: int) -> tuple[str, str]:
        """Return title and body of an article, or empty texts if it was deleted."""
        if article_id not in self._texts:
            self._load_article(article_id)
        return self._texts.pop(article_id, ("", ""))

    def add_fingerprints(self, article_id: int, fingerprints: Sequence[int]) -> None:
        """Add an article to the index under its fingerprints."""
        self._fingerprints.add(fingerprints, article_id % FINGERPRINT_SLOTS, article_id)

    def get_placement(self, article_id: int) -> Placement | None:
        """Return the placement of an article with merged stories resolved, or None if the article was deleted."""
        if article_id not in self._placements:
            self._load_article(article_id)
        placement = self._placements[article_id]
        return replace(placement, story_id=self._resolve_story(placement.story_id)) if placement else None

    def _load_article(self, article_id: int) -> None:
        row = self._executor.execute(_SELECT_ARTICLE, (article_id,)).first()
        self._placements.setdefault(article_id, None)
        if row is None:
            return
        story_id, duplicate_of, published_at, first_seen_at, title, body = row
        self._texts[article_id] = title, body
        if story_id and self._placements[article_id] is None:
            at = _to_datetime(published_at) or _to_datetime(first_seen_at)
            self._placements[article_id] = Placement(article_id, story_id, duplicate_of, at)

    def place(self, placement: Placement) -> None:
        """Record the placement of an article; ``flush`` writes it, and the story if it is new."""
        self._placements[placement.article_id] = placement
        self._new_placements.append(placement)

    def similar_stories(self, terms: Sequence[int], limit: int) -> Sequence[StoryCentroid]:
        """Return the open stories that share most of these terms."""
        story_ids = self._rank_stories(terms, limit)
        self._load_centroids(story_ids)
        return [centroid for centroid in map(self._centroids.get, story_ids) if centroid]

    def _rank_stories(self, terms: Sequence[int], limit: int) -> list[str]:
        shared: dict[str, int] = {}
        for weight, owners in zip(range(len(terms), 0, -1), self._terms.get_slots(terms), strict=True):
            for story_id in owners.values() if owners else ():
                shared[story_id] = shared.get(story_id, 0) + weight
        return sorted(sorted(shared), key=shared.__getitem__, reverse=True)[:limit]

    def _load_centroids(self, story_ids: Iterable[str]) -> None:
        missing = [story_id for story_id in story_ids if story_id not in self._centroids]
        self._centroids.update(dict.fromkeys(missing))
        for row in self._executor.select_in(_SELECT_CENTROIDS, missing):
            story_id, terms, weights, name_flags, days, size, first_article_at, last_article_at = row
            self._centroids[story_id] = StoryCentroid(
                story_id,
                bytes(terms),
                bytes(weights),
                bytes(name_flags),
                _parse_days(days),
                size,
                _to_datetime(first_article_at),
                _to_datetime(last_article_at),
            )

    def save_centroid(self, centroid: StoryCentroid, terms: Sequence[int]) -> None:
        """Record the new centroid of a story and index it under these terms."""
        self._centroids[centroid.id] = centroid
        self._changed_centroids[centroid.id] = centroid
        self._terms.add(terms, crc32(centroid.id.encode()) % TERM_SLOTS, centroid.id)

    @property
    def merged_stories(self) -> Mapping[str, str]:
        """The stories that this batch has merged, each with the id of the story that absorbed it."""
        return self._merged_into

    def merge(self, younger: str, older: str) -> None:
        """Merge the younger story into the older one; the younger id remains resolvable."""
        self._merged_into[younger] = older
        self._centroids[younger] = None
        self._changed_centroids.pop(younger, None)

    def _resolve_story(self, story_id: str) -> str:
        while story_id in self._merged_into:
            story_id = self._merged_into[story_id]
        return story_id

    def flush(self) -> None:
        """Write all changes; called once, at the end of the batch."""
        if self._new_placements:
            stories = [(one.story_id, one.article_id) for one in self._new_placements]
            self._executor.execute(_UPSERT_STORY, stories)
            stage = str(Stage.GROUPED)
            articles = [(one.story_id, one.duplicate_of, stage, one.article_id) for one in self._new_placements]
            self._executor.execute(_UPDATE_ARTICLE, articles)
        for younger, older in self._merged_into.items():
            story_ids = {"younger": younger, "older": older}
            for statement, parameters in _MERGE_STATEMENTS:
                self._executor.execute(statement, tuple(story_ids[name] for name in parameters))
        if self._changed_centroids:
            centroids = [self._centroid_row(centroid) for centroid in self._changed_centroids.values()]
            self._executor.execute(_UPSERT_CENTROID, centroids)
        self._fingerprints.flush(_UPSERT_FINGERPRINT)
        self._terms.flush(_UPSERT_TERM)

    def _centroid_row(self, centroid: StoryCentroid) -> tuple[Any, ...]:
        dialect = self._executor.connection.dialect
        first_article_at, last_article_at = (
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
            first_article_at,
            last_article_at,
        )


def _to_datetime(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


@lru_cache(1024)
def _parse_days(packed: str) -> MonthDays:
    """Parse the days of a centroid; cached because the stories of one day mention much the same days."""
    return frozenset((month, day) for month, day in json.loads(packed))
