"""Matching step: every article is matched once, and an error in one article stops no other."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from itertools import count

import pytest
from support.fakes import NOON, FakeClock
from support.rows import draft, kept

from monitor.domain.article import Article
from monitor.domain.feedback import Verdict
from monitor.domain.mention import Findings, RuleHit
from monitor.domain.read_models import ArticleFilter
from monitor.pipeline.bounded_matching import BoundedMatcher, MatchingResult
from monitor.pipeline.match_articles import BATCH_SIZE, MatchingStep
from monitor.store.database import Database


class HitMatcher:
    """Matcher that finds a hit in every article, and raises for one title."""

    def match(
        self,
        article: Article,
        source_id: str = "",
        seen_at: datetime | None = None,
        verdicts: Sequence[Verdict] = (),
    ) -> Findings:
        """Return one hit."""
        if article.title == "About bad":
            raise RuntimeError("unexpected text")
        return Findings(hits=(RuleHit("r", (), ()),))


class UncompiledMatcher:
    """Matcher whose compilation fails."""

    @property
    def match(self) -> Callable[..., Findings]:
        """Raise an error."""
        raise RuntimeError("cannot be compiled")


class StreamMatcher(HitMatcher):
    """Matcher during whose work one further article arrives per article."""

    def __init__(self, database: Database) -> None:
        self.database, self.numbers = database, count(1)

    def match(
        self,
        article: Article,
        source_id: str = "",
        seen_at: datetime | None = None,
        verdicts: Sequence[Verdict] = (),
    ) -> Findings:
        """Store a further article and return one hit."""
        kept(self.database, draft(f"later-{next(self.numbers)}"), now=NOON)
        return super().match(article, source_id, seen_at)


def last_errors(database: Database) -> list[str]:
    """Return the errors stored with articles."""
    with database._connections.read_transaction() as connection:
        return [*connection.exec_driver_sql("SELECT last_error FROM article WHERE last_error != ''").scalars()]


def test_an_error_in_one_article_is_stored_and_the_others_are_matched(database: Database) -> None:
    """The error is stored with its article, which is not matched again."""
    kept(database, draft("one"), draft("bad"), draft("two"), now=NOON)
    result = asyncio.run(MatchingStep(database, BoundedMatcher(HitMatcher()), FakeClock()).run_all())
    assert result == MatchingResult(article_count=3, hit_count=2, failed_count=1)
    hits = database.queries.list_hits(ArticleFilter())
    assert sorted(hit.title for hit in hits) == ["About one", "About two"]
    assert last_errors(database) == ["RuntimeError: unexpected text"]
    assert database.articles.unmatched(10) == []


def test_articles_are_unchanged_if_the_watchlist_cannot_be_compiled(database: Database) -> None:
    """The pass fails, and the next one matches the waiting articles."""
    kept(database, draft("one"), now=NOON)
    with pytest.raises(RuntimeError, match="cannot be compiled"):
        asyncio.run(MatchingStep(database, BoundedMatcher(UncompiledMatcher()), FakeClock()).run_all())
    assert last_errors(database) == []
    assert len(database.articles.unmatched(10)) == 1


def test_the_watchlist_is_not_compiled_without_articles(database: Database) -> None:
    """Compiling thousands of names takes seconds, and many passes have no article."""
    assert (
        asyncio.run(MatchingStep(database, BoundedMatcher(UncompiledMatcher()), FakeClock()).run_all())
        == MatchingResult()
    )


@pytest.mark.parametrize(("waiting", "matched"), [(2, 2), (BATCH_SIZE, 3 * BATCH_SIZE)])
def test_a_steady_stream_of_articles_does_not_delay_alerts(database: Database, waiting: int, matched: int) -> None:
    """Articles that arrive during a run wait for the next one, and a run ends after the maximum."""
    kept(database, *(draft(f"first-{number}") for number in range(waiting)), now=NOON)
    step = MatchingStep(database, BoundedMatcher(StreamMatcher(database)), FakeClock())
    assert asyncio.run(step.run_all(2 * BATCH_SIZE + 1)).article_count == matched
