"""A small installation for tests of feedback: two officials, one digest, and the steps from an article to a digest."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from support.fakes import FakeClock

from monitor.domain.article import Article, NewArticle, Stage
from monitor.domain.channels import FolderChannel
from monitor.domain.configuration import Configuration, Settings
from monitor.domain.digest import Digest, DigestPlan
from monitor.domain.feedback import Way
from monitor.domain.read_models import ArticleFilter
from monitor.domain.secret import Secret
from monitor.domain.source import Source
from monitor.domain.values import replace
from monitor.domain.watchlist import Official, Rule, Watchlist
from monitor.feedback.service import Actor, FeedbackService
from monitor.match.engine import compile_watchlist
from monitor.pipeline.bounded_matching import BoundedMatcher
from monitor.pipeline.compose_digests import DigestComposer
from monitor.pipeline.group import GroupingStep
from monitor.pipeline.match_articles import MatchingStep
from monitor.pipeline.rescreen import RescreenStep
from monitor.schedule.digest_times import CronDigestSchedule
from monitor.store.database import Database

ADA = Official("ada", "Ada Lovell", country="United Kingdom")
BEN = Official("ben", "Ben Harcastle", country="United Kingdom")
WATCHLIST = Watchlist((ADA, BEN), (Rule("people", ("ada", "ben")),))
PLAN = DigestPlan("morning", ("people",), at="immediately", channels=("outbox",))
OUTLETS = ("times", "post", "echo")
HARBOUR = (
    "Ada Lovell opened the new harbour of Northport on Monday. Lovell said that the port would take forty ships a day, "
    "twice as many as before. The mayor thanked the workers, who had built the two piers in less than three years. "
    "Fishermen complained that their boats had to leave the old quay."
)
ORCHARD = (
    "Apples will be scarce this autumn, growers in the valley told a meeting on Tuesday. Ben Harcastle blamed the "
    "frost of April, which killed the blossom of the early sorts. Prices in the shops have risen by a fifth since July."
)


class FeedbackDesk:
    """Stores articles and runs the steps; ``configuration`` can be replaced."""

    def __init__(self, database: Database, watchlist: Watchlist = WATCHLIST, plan: DigestPlan = PLAN) -> None:
        self.database, self.clock, self.plan = database, FakeClock(), plan
        self.count = 0
        self.configure(watchlist)
        database.sources.register(
            [Source(one, one.title(), feed=f"https://{one}.example/rss") for one in OUTLETS], self.now
        )

    @property
    def now(self) -> Any:
        """The current time of the test."""
        return self.clock.now

    def configure(self, watchlist: Watchlist) -> None:
        """Use another watchlist from now on."""
        channels = (FolderChannel("outbox", "/nowhere"),)
        self.configuration = Configuration(
            Settings(Secret("sqlite://")), watchlist=watchlist, channels=channels, digests=(self.plan,)
        )
        self.matcher = BoundedMatcher(compile_watchlist(watchlist))
        self.service = FeedbackService(self.database, self.matcher, watchlist, self.clock)
        self.restart()

    def restart(self) -> None:
        """Build the steps again, as after a restart of the program."""
        self.composer = DigestComposer(self.database, CronDigestSchedule(), self.clock)
        self.grouping = GroupingStep(self.database, self.clock)

    def store(self, body: str, title: str = "The harbour of Northport", outlet: str = "times") -> None:
        """Store an article that is not matched yet."""
        self.count += 1
        now = self.now
        (lease,) = self.database.sources.lease_due(now, 1, now + timedelta(minutes=5), only={outlet})
        url = f"https://{outlet}.example/{self.count}"
        article = Article(url, title=title, body=body, language="en", published_at=now)
        new = NewArticle((f"guid:{self.count}",), article, is_alertable=True, stage=Stage.EXTRACTED)
        state = replace(lease.poll_state, next_poll_at=now)
        self.database.articles.commit_poll(lease, state, [new], now)
        self.clock.advance(timedelta(minutes=1))

    def process(self) -> None:
        """Match, group and screen again what waits."""
        self.match()
        asyncio.run(self.grouping.run_all())
        asyncio.run(RescreenStep(self.database, self.matcher, self.clock).run_all())

    def match(self) -> None:
        """Match what waits, and do nothing else."""
        asyncio.run(MatchingStep(self.database, self.matcher, self.clock).run_all())

    def add(self, body: str = HARBOUR, title: str = "The harbour of Northport", outlet: str = "times") -> int:
        """Store, match and group an article; return its id."""
        self.store(body, title, outlet)
        self.process()
        return self.database.queries.list_articles(ArticleFilter(limit=1))[0].id

    def actor(self, login: str = "ann") -> Actor:
        """Return a reader."""
        return asyncio.run(self.service.get_actor(login, Way.CLI))

    def reject(self, article_id: int, official: str = "ada", **more: Any) -> Any:
        """Give a verdict."""
        self.clock.advance(timedelta(seconds=1))
        return asyncio.run(self.service.reject(article_id, official, self.actor(), **more))

    def confirm(self, article_id: int, official: str, written: str) -> Any:
        """Give a verdict."""
        self.clock.advance(timedelta(seconds=1))
        return asyncio.run(self.service.confirm(article_id, official, written, self.actor()))

    def undo(self, change_id: int) -> Any:
        """Undo a change."""
        self.clock.advance(timedelta(seconds=1))
        return asyncio.run(self.service.undo(change_id, self.actor()))

    def compose(self, after: timedelta = timedelta(hours=1)) -> list[Digest]:
        """Compose what is due after a time."""
        self.clock.advance(after)
        return asyncio.run(self.composer.run_due(self.configuration))

    def waiting(self) -> set[tuple[int, tuple[str, ...]]]:
        """Return the articles, with the officials, that the next digest reports."""
        found = self.database.digests.undelivered_hits(PLAN, self.now + timedelta(days=1))
        return {(hit.article_id, hit.official_ids) for hit in found}

    def state(self) -> dict[str, Any]:
        """Return everything that a verdict may change, except the record of the changes."""
        articles = self.database.queries.list_articles(ArticleFilter(limit=1000))
        return {
            "findings": {one.id: self.database.queries.get_findings(one.id) for one in articles},
            "waiting": self.waiting(),
            "verdicts": self.database.feedback.list_verdicts(),
        }


def reported(digests: Sequence[Digest]) -> list[int]:
    """Return the articles of digests, also the ones listed below another with the same text."""
    return sorted(
        number
        for digest in digests
        for story in digest.stories
        for number in (*(one.article_id for one in story.items), *(one.article_id for one in story.also_in))
    )


def notices(digests: Sequence[Digest]) -> list[str]:
    """Return the notices of digests that take something back."""
    return [text for digest in digests for text in digest.notices if text.startswith("Taken back")]
