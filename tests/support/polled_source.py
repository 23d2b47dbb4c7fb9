"""A source that is polled repeatedly through the pure stages and a real store, entry by entry."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

from support.stores import open_database

from monitor.domain.article import NewArticle
from monitor.domain.fetch_result import Fetched
from monitor.domain.source import Entry, Feed, Source, TextOrigin
from monitor.domain.values import replace
from monitor.pipeline.build_articles import build_aliases, build_articles
from monitor.pipeline.feed_documents import FetchedFeed, ParsedFeed, PollAttempt
from monitor.pipeline.poll_plan import PollPlan, keys_to_look_up, plan_poll
from monitor.store.database import Database
from monitor.stories.identity import assign_entry_keys, drop_build_time

_NUMBERS = count()


class PolledSource:
    """A source of a database that is polled with given entries."""

    def __init__(self, database: Database, start_at: datetime, home: str = "https://daily.example/") -> None:
        """Register a source that was never polled."""
        self.database, self.now, self.home = database, start_at, home
        self.source = Source(f"s{next(_NUMBERS)}", "Daily", feed=f"{home}rss", text_from=TextOrigin.FEED)
        database.sources.register([self.source], start_at)
        self.plan: PollPlan | None = None
        self.stored_count = 0

    def poll(self, *entries: Entry, after: timedelta = timedelta(minutes=30)) -> list[str]:
        """Poll a document, store what is new, and return the titles of the articles that alert."""
        self.now += after
        (lease,) = self.database.sources.lease_due(self.now, 1, self.now + after, {self.source.id})
        feed = drop_build_time(Feed(entries, url=self.home))
        document = FetchedFeed(Fetched(self.source.url, 200, (), b""), "", ParsedFeed(feed), assign_entry_keys(feed))
        attempt = PollAttempt(replace(lease.poll_state, polls=lease.poll_state.polls + 1), document)
        known = self.database.articles.known_articles(self.source.id, keys_to_look_up(attempt))
        plan = plan_poll(self.source, attempt, known, timedelta(days=1), self.now)
        built = build_articles([one.entry for one in plan.new_entries], self.source)
        new = [
            NewArticle(one.keys, article, one.is_alertable, stage, one.quarantine_reason, "", one.evidence_keys)
            for one, (article, stage, _) in zip(plan.new_entries, built, strict=True)
        ]
        articles = [*new, *build_aliases(plan.alias_entries)]
        changed = plan.changed_article_ids
        self.stored_count = len(self.database.articles.commit_poll(lease, plan.poll_state, articles, self.now, changed))
        self.plan = plan
        assert self.stored_count == len(plan.new_entries), "the store keeps every article that is planned as new"
        assert plan.poll_state.counts.unaccounted == 0, "every entry has a decision"
        return [one.entry.title for one in plan.new_entries if one.is_alertable]


@contextmanager
def temporary_database() -> Iterator[Database]:
    """Open a database that is deleted afterwards."""
    with TemporaryDirectory() as folder:
        database = open_database(Path(folder))
        yield database
        database.close()
