"""Screening: every article once, and one that cannot be screened stops nothing."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime

import pytest
from support.fakes import NOON, FakeArticles, FakeClock, FakeDatabase

from monitor.domain.article import Article, StoredArticle
from monitor.domain.mention import Findings, RuleHit
from monitor.pipeline.match_articles import BATCH_SIZE, MatchingResult, MatchingStep

STORED = [StoredArticle(n, "daily", Article(url=f"http://daily.example/{n}", title=f"t{n}"), NOON) for n in range(3)]


class Watcher:
    """Finds one hit in every article but one, where it breaks."""

    def match(self, article: Article, source_id: str = "") -> Findings:
        """Look."""
        if article.title == "t1":
            raise RuntimeError("odd text")
        return Findings(hits=(RuleHit("r", (), ()),))


def test_one_broken_article_is_recorded_and_the_others_are_screened() -> None:
    """The guard stands around each article, not around the batch."""
    articles = FakeArticles(waiting=list(STORED))
    done = asyncio.run(MatchingStep(FakeDatabase(articles=articles), Watcher(), FakeClock()).run_all())
    assert done == MatchingResult(article_count=3, hit_count=2, failed_count=1)
    assert [stored.id for stored, _ in articles.findings] == [0, 2]
    assert articles.given_up == [(STORED[1], "RuntimeError: odd text")]


class Broken:
    """A watch engine that cannot be made when it is needed."""

    @property
    def match(self) -> Callable[..., Findings]:
        """Fail."""
        raise RuntimeError("no engine")


def test_no_article_is_at_fault_when_the_engine_cannot_be_made() -> None:
    """The pass fails, and what waits is screened by the next one."""
    articles = FakeArticles(waiting=list(STORED))
    with pytest.raises(RuntimeError, match="no engine"):
        asyncio.run(MatchingStep(FakeDatabase(articles=articles), Broken(), FakeClock()).run_all())
    assert articles.given_up == []


def test_without_articles_no_engine_is_made() -> None:
    """Many a pass brings none, and to compile the names of thousands takes seconds."""
    assert (
        asyncio.run(MatchingStep(FakeDatabase(articles=FakeArticles()), Broken(), FakeClock()).run_all())
        == MatchingResult()
    )


class Stream(FakeArticles):
    """While a batch is screened, the next articles come in."""

    def save_findings(self, findings: Sequence[tuple[StoredArticle, Findings]], now: datetime) -> int:
        """Let as many come in as were screened, a thousand times."""
        if len(self.findings) < 1000 * len(findings):
            self.waiting += [stored for stored, _ in findings]
        return super().save_findings(findings, now)


@pytest.mark.parametrize(("waiting", "screened"), [(2, 2), (BATCH_SIZE, 3 * BATCH_SIZE)])
def test_a_steady_stream_does_not_hold_up_what_is_to_be_told(waiting: int, screened: int) -> None:
    """What comes while it works waits for the next time, and of a flood only enough is screened at once."""
    articles = Stream(waiting=[STORED[0]] * waiting)
    screener = MatchingStep(FakeDatabase(articles=articles), Watcher(), FakeClock())
    assert asyncio.run(screener.run_all(2 * BATCH_SIZE + 1)).article_count == screened
