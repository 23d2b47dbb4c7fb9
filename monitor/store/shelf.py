"""The shelf of grouping in the database: prints, terms and open stories, every look-up bounded.

One shelf serves one batch: it reads what a batch needs in few queries, answers from what it read and what came since,
and writes all that changed at the end, a statement for each table. Article by article the same statements
would cost more than all the rest of grouping.

A print has eight places and a term thirty-two; a newcomer takes the place its number falls on, so that ten thousand
articles made from one template leave eight, and no look-up grows with their number.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from itertools import chain
from typing import Any
from zlib import crc32

from sqlalchemy import Connection

from monitor.domain.article import Stage
from monitor.domain.grouping import Cluster, Member
from monitor.store.columns import Moment
from monitor.store.postings import Driver, Postings

PRINT_PLACES, TERM_PLACES = 8, 32
Days = frozenset[tuple[int, int]]


_MOMENT = Moment()
_OWNERS = "SELECT print, place, article_id FROM {} fingerprint WHERE print"
_NEAR = "SELECT term, place, story_id FROM {} term WHERE term"
_CENTRES = "SELECT story_id, terms, weights, names, days, size, first_at, last_at FROM {} cluster WHERE story_id"
_ARTICLE = (
    "SELECT story_id, copy_of, published_at, first_seen_at, title, body "
    "FROM article JOIN content ON article_id = id WHERE id = ?"
)
_POST = (
    "INSERT INTO fingerprint (print, place, article_id) VALUES (?, ?, ?) "
    "ON CONFLICT (print, place) DO UPDATE SET article_id = excluded.article_id"
)
_NAME = (
    "INSERT INTO term (term, place, story_id) VALUES (?, ?, ?) "
    "ON CONFLICT (term, place) DO UPDATE SET story_id = excluded.story_id"
)
_KEEP = (
    "INSERT INTO cluster (story_id, terms, weights, names, days, size, first_at, last_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) "
    "ON CONFLICT (story_id) DO UPDATE SET terms = excluded.terms, weights = excluded.weights, names = excluded.names, "
    "days = excluded.days, size = excluded.size, first_at = excluded.first_at, last_at = excluded.last_at"
)
_STORY = (
    "INSERT INTO story (id, title, first_seen_at, last_seen_at, merged_into) "
    "SELECT ?, title, first_seen_at, first_seen_at, '' FROM article WHERE id = ? "
    "ON CONFLICT (id) DO UPDATE SET last_seen_at = "
    "CASE WHEN excluded.last_seen_at > story.last_seen_at THEN excluded.last_seen_at ELSE story.last_seen_at END"
)
_PUT = "UPDATE article SET story_id = ?, copy_of = ?, stage = ? WHERE id = ?"
_MERGE = (  # in the words of the partial indexes
    ("UPDATE article SET story_id = ? WHERE story_id = ? AND story_id != ''", ("older", "younger")),
    ("UPDATE story SET merged_into = ? WHERE id = ?", ("older", "younger")),
    ("UPDATE story SET merged_into = ? WHERE merged_into = ? AND merged_into != ''", ("older", "younger")),
    ("DELETE FROM cluster WHERE story_id = ?", ("younger",)),
)


class SqlShelf:
    """The ``Shelf`` of ``domain/grouping.py``, inside one write transaction, which ``write`` completes."""

    def __init__(self, connection: Connection) -> None:
        self._driver = Driver(connection)
        self._prints: Postings[int] = Postings(self._driver, _OWNERS)
        self._terms: Postings[str] = Postings(self._driver, _NEAR)
        self._texts: dict[int, tuple[str, str]] = {}
        self._members: dict[int, Member | None] = {}
        self._put: list[Member] = []
        self._clusters: dict[str, Cluster | None] = {}
        self._kept: dict[str, Cluster] = {}
        self._merged: dict[str, str] = {}

    def foresee_prints(self, prints: Iterable[int]) -> None:
        """Read who has these prints, in one query."""
        self._prints.fetch(prints)

    def foresee_near(self, several: Sequence[Sequence[int]], limit: int) -> None:
        """Read which stories have these terms in one query, and the stories that ``near`` will name in another."""
        self._terms.fetch(chain.from_iterable(several))
        self._open(dict.fromkeys(name for terms in several for name in self._ranked(terms, limit)))

    def owners(self, prints: Sequence[int]) -> Mapping[int, int]:
        """Return articles that have some of these prints, with how many."""
        found = [places for places in self._prints.at(prints) if places]
        return Counter(chain.from_iterable(places.values() for places in found)) if found else {}

    def text(self, number: int) -> tuple[str, str]:
        """Return title and body of an article."""
        if number not in self._texts:
            self._look(number)
        return self._texts.pop(number, ("", ""))

    def post(self, number: int, prints: Sequence[int]) -> None:
        """Make an article findable by its prints."""
        self._prints.add(prints, number % PRINT_PLACES, number)

    def member(self, number: int) -> Member | None:
        """Return an article as it was placed."""
        if number not in self._members:
            self._look(number)
        member = self._members[number]
        return replace(member, story=self._resolve(member.story)) if member else None

    def _look(self, number: int) -> None:
        row = self._driver.run(_ARTICLE, (number,)).first()
        self._members.setdefault(number, None)
        if row is None:
            return
        story, copy_of, published_at, first_seen_at, title, body = row
        self._texts[number] = title, body
        if story and self._members[number] is None:
            at = _moment(published_at) or _moment(first_seen_at)
            self._members[number] = Member(number, story, copy_of, at)

    def put(self, member: Member) -> None:
        """Remember where an article was placed; ``write`` writes it into its row, and its story if it is new."""
        self._members[member.number] = member
        self._put.append(member)

    def near(self, terms: Sequence[int], limit: int) -> Sequence[Cluster]:
        """Return the open stories that share most of these terms."""
        names = self._ranked(terms, limit)
        self._open(names)
        return [cluster for cluster in map(self._clusters.get, names) if cluster]

    def _ranked(self, terms: Sequence[int], limit: int) -> list[str]:
        shared: dict[str, int] = {}
        for value, places in zip(range(len(terms), 0, -1), self._terms.at(terms), strict=True):
            for story in places.values() if places else ():
                shared[story] = shared.get(story, 0) + value
        return sorted(sorted(shared), key=shared.__getitem__, reverse=True)[:limit]

    def _open(self, names: Iterable[str]) -> None:
        missing = [name for name in names if name not in self._clusters]
        self._clusters.update(dict.fromkeys(missing))
        for name, terms, weights, flags, days, size, first_at, last_at in self._driver.among(_CENTRES, missing):
            self._clusters[name] = Cluster(
                name, bytes(terms), bytes(weights), bytes(flags), _days(days), size, _moment(first_at), _moment(last_at)
            )

    def keep(self, cluster: Cluster, terms: Sequence[int]) -> None:
        """Store a story's new centre and make it findable by these terms."""
        self._clusters[cluster.id] = cluster
        self._kept[cluster.id] = cluster
        self._terms.add(terms, crc32(cluster.id.encode()) % TERM_PLACES, cluster.id)

    def merge(self, younger: str, older: str) -> None:
        """Let the older story take over the younger one's articles; its id goes on leading there."""
        self._merged[younger] = older
        self._clusters[younger] = None
        self._kept.pop(younger, None)

    def _resolve(self, story: str) -> str:
        while story in self._merged:
            story = self._merged[story]
        return story

    def write(self) -> None:
        """Write all that changed; to be called once, at the end of the batch."""
        if self._put:
            self._driver.run(_STORY, [(member.story, member.number) for member in self._put])
            stage = str(Stage.GROUPED)
            self._driver.run(_PUT, [(one.story, one.copy_of, stage, one.number) for one in self._put])
        for younger, older in self._merged.items():
            names = {"younger": younger, "older": older}
            for statement, places in _MERGE:
                self._driver.run(statement, tuple(names[place] for place in places))
        if self._kept:
            self._driver.run(_KEEP, [self._row(cluster) for cluster in self._kept.values()])
        self._prints.write(_POST)
        self._terms.write(_NAME)

    def _row(self, cluster: Cluster) -> tuple[Any, ...]:
        dialect = self._driver.connection.dialect
        first_at, last_at = (_MOMENT.process_bind_param(at, dialect) for at in (cluster.first_at, cluster.last_at))
        days = json.dumps(sorted(cluster.days))
        return cluster.id, cluster.terms, cluster.weights, cluster.names, days, cluster.size, first_at, last_at


def _moment(value: Any) -> datetime | None:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


@lru_cache(1024)
def _days(packed: str) -> Days:
    """Read days; most stories of one day have the same ones."""
    return frozenset((month, day) for month, day in json.loads(packed))
