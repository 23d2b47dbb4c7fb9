"""Matching of articles with limits on time and memory.

Short texts are matched in this process. Long texts, and texts that failed before, are matched in a worker process that
can be killed. The worker process compiles the watchlist once for each configuration. The watchlist is therefore not
sent with each article.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from itertools import count
from typing import Protocol

from msgspec import Struct

from monitor.domain.article import Article, StoredArticle
from monitor.domain.feedback import Verdict
from monitor.domain.mention import Findings
from monitor.domain.ports import ProcessPool
from monitor.domain.watchlist import Watchlist

MAX_INLINE_CHARS = 20_000
"""Maximum number of characters of an article that is matched in this process.

The time is in proportion to the length: 2 ms for an ordinary article of 5,000 characters, 120 ms for the worst text of
this length (measured on one core of a small server). A call in a worker process costs 2 ms more, and longer articles
are rare.
"""
MAX_LOGGED_ARTICLES = 20
"""Maximum number of articles with hits (satisfied rules) that are logged one by one after a batch.

A first poll may find hundreds.
"""
_numbers = count()
log = logging.getLogger(__name__)


def new_key() -> int:
    """Return a new number that identifies a watchlist in messages to worker processes."""
    return next(_numbers)


class MatchingResult(Struct, frozen=True):
    """Result of matching several articles: the numbers of articles that were processed, of new hits, and of failures.

    A hit is one match of a rule in an article. A failure is an article that was abandoned after several attempts.
    """

    article_count: int = 0
    hit_count: int = 0
    failed_count: int = 0

    def __add__(self, other: "MatchingResult") -> "MatchingResult":
        """Return the sums of the numbers in two results."""
        return MatchingResult(
            self.article_count + other.article_count,
            self.hit_count + other.hit_count,
            self.failed_count + other.failed_count,
        )


class ArticleMatcher(Protocol):
    """Protocol of an object that matches articles with a compiled watchlist (``match/engine.py``)."""

    def match(
        self,
        article: Article,
        source_id: str = "",
        seen_at: datetime | None = None,
        verdicts: Sequence[Verdict] = (),
    ) -> Findings:
        """Return the findings in one article: mentions of officials, satisfied rules (hits), and rejected names.

        ``seen_at`` is used if the article has no date. ``verdicts`` are statements of readers on names in the article.
        """
        ...


class BoundedMatcher:
    """Matcher that does not block the event loop for long.

    Long articles are matched in the process pool. Without a process pool, all articles are matched in this process.
    """

    def __init__(
        self, matcher: ArticleMatcher, watchlist: Watchlist | None = None, process_pool: ProcessPool | None = None
    ) -> None:
        self._matcher, self._watchlist, self._process_pool = matcher, watchlist, process_pool
        self._key = new_key()

    def compile(self) -> None:
        """Compile the watchlist if it is not compiled yet.

        Call this before articles are matched, so that an error in the watchlist does not count as a failure of an
        article.
        """
        _ = self._matcher.match

    async def match(
        self,
        article: Article,
        source_id: str = "",
        seen_at: datetime | None = None,
        verdicts: Sequence[Verdict] = (),
        *,
        is_isolated: bool = False,
    ) -> Findings:
        """Match an article, and return its findings: mentions of officials, satisfied rules, and rejected names.

        ``seen_at`` is used if the article has no date. ``verdicts`` are statements of readers on names in the article.
        If ``is_isolated`` is true, even a short article is matched in a worker process. Raises every error that
        matching raises, and ``WorkerKilled`` if the worker process exceeds a limit of time or memory.
        """
        if self._process_pool is None or (article.text_length <= MAX_INLINE_CHARS and not is_isolated):
            return self._matcher.match(article, source_id, seen_at, verdicts)
        arguments = (article, source_id, seen_at, tuple(verdicts))
        findings = await self._process_pool.run(match_in_worker, self._key, None, *arguments)
        if findings is None:
            findings = await self._process_pool.run(match_in_worker, self._key, self._watchlist, *arguments)
        if findings is None:
            raise RuntimeError("the worker process has no watchlist; give one to BoundedMatcher")
        return findings

    async def match_stored(
        self, stored: StoredArticle, verdicts: Sequence[Verdict] = (), *, is_isolated: bool = False
    ) -> Findings:
        """Match a stored article, and return its findings.

        If the article has no date, the time when it was first seen is used.
        """
        return await self.match(
            stored.article, stored.source_id, stored.first_seen_at, verdicts, is_isolated=is_isolated
        )


_compiled: dict[int, ArticleMatcher] = {}
"""Cache of a worker process, with at most one item: the key of the current watchlist, and its compiled matcher."""


def match_in_worker(
    key: int,
    watchlist: Watchlist | None,
    article: Article,
    source_id: str,
    seen_at: datetime | None,
    verdicts: tuple[Verdict, ...],
) -> Findings | None:
    """Match an article in a worker process, and return its findings.

    ``key`` identifies the watchlist (officials and rules). If ``watchlist`` is None, and this process has not received
    the watchlist before, the result is None. The caller must then call again with the watchlist.
    """
    matcher = compile_in_worker(key, watchlist)
    return matcher.match(article, source_id, seen_at, verdicts) if matcher else None


def compile_in_worker(key: int, watchlist: Watchlist | None) -> ArticleMatcher | None:
    """Return the matcher for a watchlist (officials and rules). If this process does not have it yet, compile it.

    ``key`` identifies the watchlist. If ``watchlist`` is None, and this process has not compiled the watchlist before,
    the result is None.
    """
    if key not in _compiled:
        if watchlist is None:
            return None
        from monitor.match.engine import compile_watchlist

        _compiled.clear()
        _compiled[key] = compile_watchlist(watchlist)
    return _compiled[key]


def log_hits(found: Sequence[tuple[StoredArticle, Findings]]) -> None:
    """Log each article that satisfies a rule, up to ``MAX_LOGGED_ARTICLES``, then the number of further articles."""
    for stored, findings in found[:MAX_LOGGED_ARTICLES]:
        officials = dict.fromkeys(one for hit in findings.hits for one in hit.official_ids)
        log.info(
            "found",
            extra={
                "article": stored.id,
                "source": stored.source_id,
                "rules": [hit.rule_id for hit in findings.hits],
                "officials": [*officials],
                "title": stored.article.title,
            },
        )
    if len(found) > MAX_LOGGED_ARTICLES:
        log.info("found more", extra={"articles": len(found) - MAX_LOGGED_ARTICLES})
