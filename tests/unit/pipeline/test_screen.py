"""Screening: every article once, and one that cannot be screened stops nothing."""

import asyncio

from fakes import NOON, FakeArticles, FakeClock, FakeDatabase

from monitor.domain.article import Article, Stored
from monitor.domain.mention import Findings, RuleHit
from monitor.pipeline.screen import Screener, Screening

STORED = [Stored(n, "daily", Article(url=f"http://daily.example/{n}", title=f"t{n}"), NOON) for n in range(3)]


class Watcher:
    """Finds one hit in every article but one, where it breaks."""

    def screen(self, article: Article, source_id: str = "") -> Findings:
        """Look."""
        if article.title == "t1":
            raise RuntimeError("odd text")
        return Findings(hits=(RuleHit("r", (), ()),))


def test_one_broken_article_is_recorded_and_the_others_are_screened() -> None:
    """The guard stands around each article, not around the batch."""
    articles = FakeArticles(waiting=list(STORED))
    done = asyncio.run(Screener(FakeDatabase(articles=articles), Watcher(), FakeClock()).drain())
    assert done == Screening(articles=3, hits=2, failed=1)
    assert [stored.id for stored, _ in articles.findings] == [0, 2]
    assert articles.given_up == [(STORED[1], "RuntimeError: odd text")]
