"""Early matching: matches many articles in a worker process before they are stored.

If many articles wait, one call of a worker process builds them, finds officials and satisfied rules in them (matching),
and computes the features by which they are later compared (for grouping). The articles are then stored together with
their findings.

If only a few articles wait, each is stored first, and matched later in the main process. An article may crash the main
process. Each attempt is therefore recorded in the database, so that the same article does not crash the process again
after the restart. Early matching needs no such record, because an article can crash only its worker process. Such an
article is stored as plain text, and matched later like any other article.

The features stay in memory until the grouping step takes them. After a restart, the grouping step computes them from
the stored article instead.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.domain.article import Article, NewArticle, Stage, StoredArticle
from monitor.domain.mention import Findings
from monitor.domain.values import replace
from monitor.domain.watchlist import Watchlist
from monitor.pipeline.bounded_matching import MatchingResult, log_hits, new_key

if TYPE_CHECKING:
    from monitor.stories.fingerprints import ArticleFeatures

MAX_OFFICIALS = 20_000
"""Maximum number of watched officials with which articles are matched early, in worker processes.

Each worker process has to compile the watchlist, and needs 40 microseconds and 4 KB for each official.
"""

MAX_READY_ARTICLES = 5_000
"""Maximum number of articles that are kept in memory for grouping, about 10 KB each.

Further articles are read from the database, and their features are computed again.
"""

MAX_UNGROUPED_ARTICLES = 3_000
"""If at least this number of articles are being built or wait for grouping, polls wait before they build more articles.

They wait only while the grouping step runs. A single poll may exceed the number.
"""


class EarlyMatching:
    """Articles that a worker process has matched early, kept in memory until they are grouped.

    The object also counts these articles and their hits (satisfied rules).
    """

    def __init__(self, watchlist: Watchlist) -> None:
        self.key, self.watchlist = new_key(), watchlist
        self.is_possible = len(watchlist.officials) <= MAX_OFFICIALS
        self.ready: dict[int, StoredArticle] = {}
        self.features: dict[int, ArticleFeatures] = {}
        self._result = MatchingResult()
        self._building_count = 0
        self._is_grouping = False
        self._room_changed = asyncio.Event()

    @contextmanager
    def grouping(self) -> Iterator[None]:
        """Return a context manager in whose block the caller groups articles.

        While the block runs, a poll that would build articles waits if too many articles are not grouped yet.
        """
        self._is_grouping = True
        try:
            yield
        finally:
            self._is_grouping = False
            self._room_changed.set()

    @asynccontextmanager
    async def room_for(self, article_count: int) -> AsyncIterator[None]:
        """Return a context manager in whose block a poll builds and stores ``article_count`` articles.

        If grouping runs, and at least ``MAX_UNGROUPED_ARTICLES`` articles are being built or wait for grouping, the
        context manager first waits until there are fewer.

        A worker process builds articles faster than the main process groups them. Without the wait, more than
        ``MAX_READY_ARTICLES`` articles would wait in a large first pass.
        """
        while self._is_grouping and len(self.ready) + self._building_count >= MAX_UNGROUPED_ARTICLES:
            self._room_changed.clear()
            await self._room_changed.wait()
        self._building_count += article_count
        try:
            yield
        finally:
            self._building_count -= article_count
            self._room_changed.set()

    def add(
        self,
        source_id: str,
        stored: Mapping[int, int],
        articles: Sequence[NewArticle],
        findings: Sequence[Findings | None],
        features: "Sequence[ArticleFeatures | None]",
        now: datetime,
    ) -> None:
        """Count the stored articles of a poll that were already matched during it, and keep them for grouping.

        ``articles`` are the articles of the poll, and ``stored`` maps the position of each stored article in
        ``articles`` to its id. ``findings`` and ``features`` (the data for grouping) have one value for each of
        ``articles``.
        """
        found_hits = list[tuple[StoredArticle, Findings]]()
        for position, (new, found, prepared) in enumerate(zip(articles, findings, features, strict=True)):
            if found is None or position not in stored:
                continue
            self._result += MatchingResult(1, len(found.hits) if new.is_alertable else 0)
            article = StoredArticle(stored[position], source_id, new.article, now, new.is_alertable, Stage.MATCHED)
            if found.hits and new.is_alertable:
                found_hits.append((article, found))
            if prepared and len(self.ready) < MAX_READY_ARTICLES:
                self.ready[article.id], self.features[article.id] = article, prepared
        if found_hits:
            log_hits(found_hits)

    def take_result(self) -> MatchingResult:
        """Return how many articles were matched early since the last call, and how many hits they have.

        Both numbers are then reset to 0. A hit is one match of a rule in an article.
        """
        result, self._result = self._result, MatchingResult()
        return result

    def forget(self, article_ids: Sequence[int]) -> None:
        """Delete articles from memory after they were grouped."""
        for article_id in article_ids:
            self.ready.pop(article_id, None)
            self.features.pop(article_id, None)
        self._room_changed.set()


def with_date(article: Article, first_seen_at: datetime) -> Article:
    """Return the article with a date of publication. If it has none, the time when it was first seen is used."""
    return article if article.published_at else replace(article, published_at=first_seen_at)
