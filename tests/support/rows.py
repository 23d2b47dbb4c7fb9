"""Small sources, articles and findings for the tests of the store."""

from datetime import UTC, datetime, timedelta

from monitor.domain.article import Article, NewArticle, Region, Stage, StoredArticle
from monitor.domain.delivery import Message, RenderedDigest
from monitor.domain.digest import (
    Coverage,
    Digest,
    DigestItem,
    DigestPlan,
    DigestStory,
    DuplicateItem,
    SourceProblem,
    Window,
)
from monitor.domain.mention import Findings, MatchForm, Mention, NearMiss, Passage, RuleHit
from monitor.domain.poll_state import Lease, SourceState
from monitor.domain.source import Source
from monitor.store.database import Database

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def source(name: str = "times", url: str = "https://times.example/rss") -> Source:
    return Source(name, name.title(), feed=url)


def draft(
    name: str, *, stage: Stage = Stage.EXTRACTED, news: bool = True, body: str = "", keys: tuple[str, ...] = ()
) -> NewArticle:
    article = Article(f"https://times.example/{name}", title=f"About {name}", body=body or f"Words of {name}.")
    return NewArticle(keys or (f"guid:{name}",), article, news, stage)


def leased(database: Database, name: str = "times", now: datetime = NOW) -> Lease:
    (lease,) = database.sources.lease_due(now, 1, now + 5 * MINUTE, only={name})
    return lease


def kept(database: Database, *drafts: NewArticle, name: str = "times", now: datetime = NOW) -> list[StoredArticle]:
    """Register the source if necessary, store the articles, and return the articles to match."""
    if name not in database.sources.load_poll_states():
        database.sources.register([source(name, f"https://{name}.example/rss")], now)
    lease = leased(database, name, now)
    database.articles.commit_poll(lease, lease.poll_state, drafts, now)
    return database.articles.unmatched(1000)


def found(*rules: str, official: str = "somebody", text: str = "Some Body") -> Findings:
    passage = Passage(f"{text} spoke.", Region.BODY, 0, len(text) + 7, ((0, len(text)),))
    return Findings(
        mentions=(Mention(official, text, Region.BODY, 0, len(text), MatchForm.FULL, 0.9, "full name"),),
        hits=tuple(RuleHit(rule, (official,), (passage,)) for rule in rules),
        near_misses=(NearMiss("other", "Other", Region.BODY, 3, 8, "a street"),),
    )


def screened(
    database: Database, *drafts: NewArticle, rules: tuple[str, ...] = ("rule",), now: datetime = NOW
) -> list[StoredArticle]:
    """Store articles and give each a hit of each rule."""
    stored = kept(database, *drafts, now=now)
    database.findings.save([(one, found(*rules)) for one in stored], now)
    return stored


def plan(name: str, *rules: str) -> DigestPlan:
    return DigestPlan(name, rules or ("rule",), at="immediately", channels=("desk",))


def digest(name: str, start: datetime = NOW - timedelta(days=1), end: datetime = NOW) -> Digest:
    passage = Passage("Some Body spoke.", Region.BODY, 0, 16, ((0, 9),))
    item = DigestItem(1, "https://x", "A", "times", "Times", None, NOW, "en", ("rule",), ("somebody",), (passage,))
    story = DigestStory("s1", "A", ("somebody",), (item,), (DuplicateItem(2, "https://y", "B", "Post", "vi"),))
    coverage = Coverage(2, 1, 5, (SourceProblem("post", "Post", SourceState.GAP, "no overlap", NOW),))
    window = Window(start, end)
    return Digest(name, name.title(), window, NOW, "UTC", stories=(story,), coverage=coverage, notices=("x",))


def message(key: str, *, target: str = "desk@example.org", channel: str = "desk", name: str = "one") -> Message:
    rendered = RenderedDigest("Subject", "text", "<p>html</p>", "{}", ("<a@b>",))
    return Message(key, name, channel, target, rendered, NOW)
