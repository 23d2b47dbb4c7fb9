"""Digests: when they are composed, what they contain, and what is stored with them."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from itertools import chain, count, pairwise

import pytest
from sqlalchemy import Engine, event
from support.factories import NOW, ONCE, hit, message, watch
from support.fakes import FakeClock

from monitor.domain.article import Article, NewArticle, Region, Stage
from monitor.domain.configuration import Configuration
from monitor.domain.delivery import Delivery, Retry
from monitor.domain.digest import Digest, DigestPlan, QuietHours, Window
from monitor.domain.mention import Findings, MatchForm, Mention, NearMiss, Passage, RuleHit
from monitor.domain.poll_state import SourceState
from monitor.domain.read_models import DigestSummary
from monitor.domain.source import Source
from monitor.domain.source_health import SourceDiagnosis, notice_due, with_diagnosis, with_notice
from monitor.domain.values import replace
from monitor.insight.notices import InsightNotices
from monitor.pipeline.compose_digests import DigestComposer
from monitor.schedule.digest_times import CronDigestSchedule
from monitor.store.database import Database

DAILY = DigestPlan("morning", ("people",), at=time(7), channels=("outbox",), timezone="Asia/Vientiane")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FINDINGS = Findings(
    hits=(RuleHit("people", ("ada-example",), (Passage("Ada Example spoke.", Region.BODY, 0, 18, ((0, 11),)),)),)
)
QUIET_FINDINGS = Findings(near_misses=(NearMiss("ada-example", "Example", Region.BODY, 0, 7, "no title"),))


@dataclass
class Installation:
    """Digest composer on a database, with a clock, a source that yields hits, and further sources with problems."""

    database: Database
    configuration: Configuration
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOW))
    sources: dict[str, Source] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.serial = count(1)
        self.restart()
        self.register("daily")

    def restart(self) -> None:
        """Start a new composer, which remembers nothing."""
        self.composer = DigestComposer(self.database, CronDigestSchedule(), self.clock)

    def run(self, after: timedelta = timedelta(0)) -> list[Digest]:
        """Advance the clock and compose what is due."""
        self.clock.advance(after)
        return asyncio.run(self.composer.run_due(self.configuration))

    def register(self, *names: str) -> None:
        """Configure further sources."""
        self.sources |= {name: Source(name, name, feed=f"https://{name}.example/rss") for name in names}
        self.database.sources.register(list(self.sources.values()), self.clock.now)

    def poll(self, name: str, state: SourceState, failures: float = 1.0) -> None:
        """Store a poll that leaves a source in this state."""
        if name not in self.sources:
            self.register(name)
        now = self.clock.now
        (lease,) = self.database.sources.lease_due(now, 1, now + HOUR, only={name})
        poll_state = replace(lease.poll_state, failures=failures, last_success_at=now)
        poll_state = with_diagnosis(poll_state, SourceDiagnosis(state, "as configured by the test"), now)
        self.database.sources.record_poll(lease, with_notice(poll_state, notice_due(poll_state, now), now))

    def store(self, *articles: NewArticle, findings: Findings, found_at: datetime, name: str = "daily") -> None:
        """Store articles of a source with their findings."""
        (lease,) = self.database.sources.lease_due(found_at, 1, found_at + HOUR, only={name})
        self.database.articles.commit_poll(lease, lease.poll_state, articles, found_at)
        stored = self.database.articles.unmatched(len(articles))
        self.database.findings.save([(one, findings) for one in stored], found_at)

    def find(self, *numbers: int, found_at: datetime | None = None) -> None:
        """Store articles titled with these numbers, each with a hit."""
        passage = Passage("Ada Example spoke.", Region.BODY, 0, 18, ((0, 11),))
        findings = Findings(hits=(RuleHit("people", ("ada-example",), (passage,)),))
        articles = [self.new_article(str(number)) for number in numbers]
        self.store(*articles, findings=findings, found_at=found_at or self.clock.now - timedelta(seconds=1))

    def find_every_second(self, number: int) -> None:
        """Store articles titled from 1, with hits found after half a second and every second after that."""
        passage = Passage("Ada Example spoke.", Region.BODY, 0, 18, ((0, 11),))
        findings = Findings(hits=(RuleHit("people", ("ada-example",), (passage,)),))
        now = self.clock.now
        (lease,) = self.database.sources.lease_due(now, 1, now + HOUR, only={"daily"})
        new = [self.new_article(str(one)) for one in range(1, number + 1)]
        self.database.articles.commit_poll(lease, lease.poll_state, new, now)
        for seconds, stored in enumerate(self.database.articles.unmatched(number)):
            self.database.findings.save([(stored, findings)], now + timedelta(seconds=seconds + 0.5))

    def miss(self) -> None:
        """Store an article with a near miss of an official."""
        self.store(self.new_article("A title"), findings=QUIET_FINDINGS, found_at=self.clock.now - HOUR)

    def quarantine(self, name: str, reason: str, number: int) -> None:
        """Store quarantined articles of a source."""
        old = replace(self.new_article("old"), is_alertable=False, quarantine_reason=reason)
        new = [replace(old, entry_keys=(f"guid:{next(self.serial)}",)) for _ in range(number)]
        self.store(*new, findings=Findings(), found_at=self.clock.now, name=name)

    def new_article(self, title: str) -> NewArticle:
        """Make an article with a key of its own."""
        number = next(self.serial)
        article = Article(f"https://daily.example/{number}", title=title, body="Ada Example spoke.")
        return NewArticle((f"guid:{number}",), article, is_alertable=True, stage=Stage.EXTRACTED)

    def deliveries(self) -> list[Delivery]:
        """Return all deliveries, oldest first."""
        return self.database.deliveries.list_deliveries(limit=10_000)[::-1]

    def digests(self) -> list[DigestSummary]:
        """Return all stored digests, oldest first."""
        return self.database.deliveries.list_digests(limit=10_000)[::-1]


def articles(digests: list[Digest]) -> list[list[int]]:
    """Return the numbers of the articles in each digest."""
    return [[int(item.title) for story in digest.stories for item in story.items] for digest in digests]


def test_a_digest_leaves_out_other_languages_and_muted_stories(database: Database) -> None:
    """A text of an unknown language is kept; what is left out is not reported later."""
    installation = Installation(database, watch(replace(ONCE, languages=("de",))))
    for number, language in enumerate(("de", "de-AT", "en", ""), 1):
        new = installation.new_article(str(number))
        new = replace(new, article=replace(new.article, language=language))
        installation.store(new, findings=FINDINGS, found_at=installation.clock.now - timedelta(seconds=1))
    (digest,) = installation.run()
    assert sorted(number for numbers in articles([digest]) for number in numbers) == [1, 2, 4]
    everybody = Installation(database, watch(ONCE))
    assert everybody.run(timedelta(seconds=1)) == []
    assert not DigestPlan("x", ("people",), muted=("s1",)).accepts(replace(hit(1), story_id="s1"))
    assert DigestPlan("x", ("people",), muted=("s1",)).accepts(replace(hit(1), story_id="s2"))


def test_an_immediate_digest_reports_a_hit_once(database: Database) -> None:
    """The next run after a hit reports it; the run after that has nothing to report."""
    installation = Installation(database, watch(ONCE))
    installation.find(1)
    assert articles(installation.run()) == [[1]]
    assert installation.run(timedelta(seconds=1)) == []
    installation.find(2)
    assert articles(installation.run(timedelta(seconds=1))) == [[2]]
    assert len(installation.deliveries()) == 2


def test_a_scheduled_digest_reports_unusual_attention(database: Database) -> None:
    """An article a day, then nine: the digest of that day reports it; one sent at once does not."""
    mention = Mention("ada-example", "Ada Example", Region.BODY, 0, 11, MatchForm.FULL, 0.9, "full name")
    named = replace(FINDINGS, mentions=(mention,))
    installation = Installation(database, watch(DAILY), FakeClock(datetime(2026, 5, 30, 12, tzinfo=UTC)))
    notices = InsightNotices(database)
    composer = DigestComposer(database, CronDigestSchedule(), installation.clock, notice_source=notices)
    asyncio.run(composer.run_due(installation.configuration))
    for day in range(25):
        new = [installation.new_article(str(number)) for number in range(9 if day == 24 else 1)]
        found_at = datetime(2026, 5, 6, 20, tzinfo=UTC) + day * DAY
        installation.store(*new, findings=named, found_at=found_at)
    installation.clock.advance(datetime(2026, 5, 31, 0, 0, 1, tzinfo=UTC) - installation.clock.now)
    (digest,) = asyncio.run(composer.run_due(installation.configuration))
    assert "Ada Example: 9 stories in 24 hours, usually 1." in digest.notices
    at_once = asyncio.run(composer.preview(ONCE, installation.configuration))[0]
    assert at_once.stories
    assert not any("usually" in notice for notice in at_once.notices)


def test_a_rule_for_spikes_reports_only_in_a_spike(database: Database) -> None:
    """An article a day is not reported; with nine in a day, these nine are reported."""
    mention = Mention("ada-example", "Ada Example", Region.BODY, 0, 11, MatchForm.FULL, 0.9, "full name")
    watched = watch(ONCE)
    rule = replace(watched.watchlist.rules[0], spike=True)
    watched = replace(watched, watchlist=replace(watched.watchlist, rules=(rule,)))
    installation = Installation(database, watched, FakeClock(datetime(2026, 5, 6, 12, tzinfo=UTC)))
    notices = InsightNotices(database)
    composer = DigestComposer(database, CronDigestSchedule(), installation.clock, notice_source=notices)
    sent = []
    for day in range(25):
        new = [installation.new_article(str(100 * day + number)) for number in range(9 if day == 24 else 1)]
        installation.store(*new, findings=replace(FINDINGS, mentions=(mention,)), found_at=installation.clock.now)
        installation.clock.advance(timedelta(seconds=1))
        sent += asyncio.run(composer.run_due(watched))
        installation.clock.advance(DAY - timedelta(seconds=1))
    assert [sorted(numbers) for numbers in articles(sent)] == [list(range(2400, 2409))]


def test_spikes_are_counted_once_in_an_interval_for_each_digest(database: Database) -> None:
    """Several immediate digests about other officials ask every second, in turn."""
    notices = InsightNotices(database)
    queries: list[int] = []

    def ask(seconds: int) -> int:
        def record(*_: object) -> None:
            queries.append(seconds)

        event.listen(Engine, "before_cursor_execute", record)
        for officials in ({"ada-example"}, {"ben-example"}, {"ada-example", "ben-example"}):
            asyncio.run(notices.find_spikes(officials, NOW + timedelta(seconds=seconds)))
        event.remove(Engine, "before_cursor_execute", record)
        return queries.count(seconds)

    assert ask(0) > 0
    assert [ask(second) for second in (1, 2, 59)] == [0, 0, 0]
    assert ask(3_600) == ask(7_200) > 0


def test_windows_follow_without_a_gap(database: Database) -> None:
    """Each window starts at the end of the last one, so that no hit falls between two."""
    installation = Installation(database, watch(DAILY), FakeClock(datetime(2026, 5, 3, 20, tzinfo=UTC)))
    for number in range(1, 200):
        installation.find(number)
        installation.run(HOUR)
    windows = sorted((digest.start_at, digest.end_at) for digest in installation.digests())
    assert all(end == start for (_, end), (start, _) in pairwise(windows[1:]))  # the first one opens the digest
    stored = [database.deliveries.get_digest(digest.id) for digest in installation.digests()]
    reported = [number for numbers in articles(stored) for number in numbers]
    assert sorted(reported) == list(range(1, len(reported) + 1))
    assert len(reported) > 150


def test_a_new_digest_waits_for_its_next_scheduled_time(database: Database) -> None:
    """A digest for 7:00 created at 10:00 is first sent the next day, with the hits found since."""
    installation = Installation(database, watch(DAILY), FakeClock(datetime(2026, 5, 4, 3, tzinfo=UTC)))
    installation.find(1)
    assert installation.run() == []
    installation.restart()
    digests = installation.run(21 * HOUR + timedelta(seconds=2))
    assert articles(digests) == [[1]]
    assert not digests[0].is_overdue
    assert digests[0].window.end_at == datetime(2026, 5, 5, 0, tzinfo=UTC)


def test_the_first_window_starts_at_the_backfill(database: Database) -> None:
    """The first window and its coverage start at the backfill; the second follows it."""
    start = datetime(2026, 5, 4, 3, tzinfo=UTC)
    installation = Installation(database, watch(DAILY), FakeClock(start))
    assert installation.run() == []
    shown, _ = asyncio.run(installation.composer.preview(DAILY, installation.configuration))
    assert shown.window.start_at == start - installation.configuration.settings.backfill
    installation.find(1)
    (first,) = installation.run(21 * HOUR + timedelta(seconds=2))
    assert first.window.start_at == start - installation.configuration.settings.backfill
    installation.find(2)
    (second,) = installation.run(DAY)
    assert second.window.start_at == first.window.end_at


def test_a_new_digest_does_not_report_hits_before_the_backfill(database: Database) -> None:
    """A digest created today does not report hits older than the backfill."""
    installation = Installation(database, watch(ONCE))
    installation.find(1, found_at=NOW - 30 * DAY)
    installation.find(2, found_at=NOW - HOUR)
    digests = installation.run()
    assert articles(digests) == [[2]]
    assert not digests[0].is_overdue


def test_one_overdue_digest_reports_everything_after_an_outage(database: Database) -> None:
    """After four days without a run, one digest marked as overdue reports all days."""
    installation = Installation(database, watch(DAILY))
    installation.run()
    for number in range(1, 5):
        installation.find(number)
        installation.clock.advance(DAY)
    installation.restart()
    installation.clock.advance(2 * HOUR)
    installation.find(5)
    digests = installation.run()
    assert articles(digests) == [[5, 4, 3, 2, 1]]
    assert digests[0].is_overdue
    assert installation.run(timedelta(seconds=1)) == []


def test_an_immediate_digest_after_an_outage_is_marked_overdue(database: Database) -> None:
    """A hit that could have been reported over five minutes earlier is overdue; quiet hours do not count."""
    quiet = replace(ONCE, id="held", quiet_hours=QuietHours(time(22), time(6)))
    clock = FakeClock(datetime(2026, 5, 4, 14, tzinfo=UTC))  # 21:00 in Vientiane
    installation = Installation(database, watch(ONCE, quiet), clock)
    installation.run()
    installation.clock.advance(2 * HOUR)
    installation.find(1)
    installation.clock.advance(HOUR)
    assert [(digest.plan_id, digest.is_overdue) for digest in installation.run()] == [("urgent", True)]
    assert [(digest.plan_id, digest.is_overdue) for digest in installation.run(6 * HOUR)] == [("held", False)]


def test_an_empty_digest_is_sent_if_configured(database: Database) -> None:
    """With send_when_empty a digest without hits is sent with its coverage; otherwise nothing is sent."""
    quiet = replace(DAILY, id="quiet", send_when_empty=True)
    installation = Installation(database, watch(DAILY, quiet), FakeClock(NOW + HOUR))
    installation.run()
    for name in ("daily", "kpl", "vna"):
        installation.poll(name, SourceState.OK)
    digests = installation.run(DAY)
    assert [digest.plan_id for digest in digests] == ["quiet"]
    assert digests[0].coverage.read_count == 3
    assert len(installation.deliveries()) == 1


def test_a_blocked_source_is_reported_daily_until_it_recovers(database: Database) -> None:
    """Without hits, a digest still reports a blocked source, repeats it daily, and reports its recovery."""
    installation = Installation(database, watch(DAILY))
    installation.run()
    installation.poll("kpl", SourceState.BLOCKED)
    reported = [installation.run(DAY)]
    installation.poll("kpl", SourceState.BLOCKED)
    reported.append(installation.run(DAY))
    installation.poll("kpl", SourceState.OK)
    reported += [installation.run(DAY), installation.run(DAY)]
    assert [len(digests) for digests in reported] == [1, 1, 1, 0]
    assert reported[2][0].notices[0].startswith("kpl is read again")


def test_a_single_failure_and_a_moved_source_are_not_repeated(database: Database) -> None:
    """A single failure is not reported; a source read at its new address is reported once."""
    installation = Installation(database, watch(DAILY))
    installation.run()
    installation.poll("kpl", SourceState.FAILING, failures=0.25)
    reported = [installation.run(DAY)]
    for _ in range(3):
        installation.poll("vna", SourceState.MOVED)
        reported.append(installation.run(DAY))
    assert [len(digests) for digests in reported] == [0, 1, 0, 0]


def test_a_channel_without_a_scheduled_digest_gets_source_notices(database: Database) -> None:
    """Changes within minutes share one message, and there is at most one per hour."""
    installation = Installation(database, watch(ONCE))
    installation.run()
    installation.clock.advance(HOUR)
    installation.poll("kpl", SourceState.BLOCKED)
    installation.poll("vna", SourceState.GONE)
    first = installation.run(timedelta(minutes=6))
    installation.poll("kpl", SourceState.OK)
    soon = [installation.run(timedelta(minutes=6)) for _ in range(9)]
    later = [digests for _ in range(5) if (digests := installation.run(timedelta(minutes=6)))]
    assert [len(first), sum(map(len, soon)), len(later)] == [1, 0, 1]
    assert later[0][0].notices[0].startswith("kpl is read again")
    assert [delivery.message.target for delivery in installation.deliveries()] == ["/nowhere"] * 2
    assert installation.run(3 * HOUR) == []


def test_a_channel_with_a_scheduled_digest_gets_source_notices_there(database: Database) -> None:
    """A channel with a scheduled digest gets no immediate message about a source."""
    installation = Installation(database, watch(ONCE, DAILY))
    installation.run()
    installation.clock.advance(HOUR)
    installation.poll("kpl", SourceState.BLOCKED)
    reported = list(chain(*(installation.run(timedelta(minutes=6)) for _ in range(250))))
    assert [digest.plan_id for digest in reported] == ["morning"]


def test_quiet_hours_delay_a_notice_about_a_source(database: Database) -> None:
    """An immediate digest in quiet hours reports no problem of a source."""
    installation = Installation(database, watch(replace(ONCE, quiet_hours=QuietHours(time(0), time(23, 59)))))
    installation.run()
    installation.clock.advance(HOUR)
    installation.poll("kpl", SourceState.BLOCKED)
    assert [installation.run(timedelta(minutes=6)) for _ in range(20)] == [[]] * 20


def test_quarantined_articles_are_reported_in_the_next_digest_only(database: Database) -> None:
    """Quarantined articles add a notice to the next digest but do not cause one; old articles are omitted."""
    installation = Installation(database, watch(DAILY))
    installation.run()
    installation.register("kpl")
    installation.clock.advance(HOUR)
    installation.quarantine("kpl", "dug up with many others", 30)
    installation.quarantine("kpl", "published before the source was watched", 2)
    assert installation.run(DAY) == []
    installation.quarantine("kpl", "dug up with many others", 30)
    installation.quarantine("kpl", "published before the source was watched", 2)
    installation.find(1)
    (digest,) = installation.run(DAY)
    assert [notice.partition(" (")[0] for notice in digest.notices] == ["kpl: 30 articles were quarantined"]


def test_a_failed_delivery_is_mentioned_in_the_next_digest(database: Database) -> None:
    """The notice has neither address nor error nor command, which are for the operator."""
    installation = Installation(database, watch(ONCE))
    installation.run()
    other = Digest("other", "Other", Window(NOW - DAY, NOW), NOW, "UTC")
    database.digests.commit_digest(other, [message(9)], ())
    (delivery,) = database.deliveries.lease_deliveries(NOW, 1, NOW + HOUR)
    database.deliveries.record_result(delivery, Retry("HTTP 500"), NOW, None)
    installation.clock.advance(timedelta(seconds=2))
    installation.find(1)
    assert installation.run()[0].notices == ("One recipient could not be reached.",)


def test_the_digest_its_deliveries_and_its_marks_are_one_transaction(database: Database) -> None:
    """A second commit of the same window writes nothing: no delivery, no mark."""
    installation = Installation(database, watch(ONCE))
    installation.find(1)
    (digest,) = installation.run()
    installation.find(2)
    (second,) = database.digests.undelivered_hits(ONCE, installation.clock.now)
    before = installation.deliveries(), installation.digests()
    assert not database.digests.commit_digest(digest, [message()], [second.id])
    assert (installation.deliveries(), installation.digests()) == before
    assert database.digests.undelivered_hits(ONCE, installation.clock.now) == [second]


def test_many_hits_become_few_messages_and_none_is_lost(database: Database) -> None:
    """900 hits, one per second, are reported by fewer and fewer messages with more and more hits."""
    installation = Installation(database, watch(ONCE))
    installation.find_every_second(900)
    digests = []
    for _ in range(900):
        digests += installation.run(timedelta(seconds=1))
    assert len(digests) < 110
    digests += installation.run(timedelta(minutes=10))
    shown = [number for numbers in articles(digests) for number in numbers]
    assert sorted(shown) == list(range(1, 901))
    assert [len(numbers) for numbers in articles(digests[:12])] == [1] * 12


def test_ordinary_alerts_are_not_delayed(database: Database) -> None:
    """Thirty alerts in ten minutes are each sent within five seconds of the hit."""
    installation = Installation(database, watch(ONCE))
    for number in range(1, 31):
        installation.find(number)
        reported = [installation.run(timedelta(seconds=1)) for _ in range(5)]
        assert sum(map(len, reported)) == 1
        installation.clock.advance(timedelta(seconds=15))


@pytest.mark.parametrize(
    "start", [datetime(2026, 3, 28, 22, tzinfo=UTC), datetime(2026, 10, 24, 22, tzinfo=UTC)], ids=["spring", "autumn"]
)
def test_a_daily_digest_is_sent_once_when_the_clocks_change(start: datetime, database: Database) -> None:
    """Checks every seven minutes through both nights with a change send one digest a day."""
    plan = replace(DAILY, timezone="Europe/Berlin", at=time(2, 30), send_when_empty=True)
    installation = Installation(database, watch(plan), FakeClock(start))
    assert sum(len(installation.run(timedelta(minutes=7))) for _ in range(60)) == 1


def test_a_jumping_clock_loses_and_repeats_no_hit(database: Database) -> None:
    """After a day forward and back, the digest of the real day is still sent, and no hit is lost or repeated."""
    installation = Installation(database, watch(replace(DAILY, send_when_empty=True), ONCE))
    installation.run()
    reported = []
    for jump, number in ((DAY, 1), (-DAY, 2), (timedelta(seconds=1), 3), (timedelta(seconds=1), 4)):
        installation.clock.advance(jump)
        installation.find(number)
        reported += installation.run()
    urgent = [
        numbers for digest, numbers in zip(reported, articles(reported), strict=True) if digest.plan_id == "urgent"
    ]
    assert sorted(chain(*urgent)) == [1, 2, 3, 4]
    assert len(reported) <= 6
    assert [digest.plan_id for digest in installation.run(DAY)] == ["morning"]


def test_an_error_in_one_digest_does_not_stop_the_others(database: Database) -> None:
    """An error in one plan is logged, and the other plan is reported."""
    broken = replace(ONCE, id="broken", timezone="Nowhere/Atlantis")
    installation = Installation(database, watch(broken, ONCE))
    installation.find(1)
    assert [digest.plan_id for digest in installation.run()] == ["urgent"]


def test_a_preview_stores_nothing_and_sending_marks_hits_as_reported(database: Database) -> None:
    """Previews may be repeated; sending marks the hits, and sending with a start time reports them again."""
    installation = Installation(database, watch(DAILY))
    installation.run()
    installation.find(1)
    installation.clock.advance(HOUR)
    ask = installation.composer.preview(DAILY, installation.configuration)
    digest, hits = asyncio.run(ask)
    assert articles([digest]) == [[1]]
    assert (len(hits), installation.deliveries()) == (1, [])
    asyncio.run(installation.composer.send_now(DAILY, installation.configuration))
    assert len(installation.deliveries()) == 1
    digest, _ = asyncio.run(installation.composer.preview(DAILY, installation.configuration))
    assert digest.stories == ()
    asyncio.run(installation.composer.send_now(DAILY, installation.configuration, since=NOW - 2 * DAY))
    assert len(installation.deliveries()) == 2


def test_a_digest_of_the_last_hour_leaves_older_hits_undelivered(database: Database) -> None:
    """A digest sent by hand for a part of the hits marks none of them as reported."""
    installation = Installation(database, watch(DAILY))
    installation.run()
    installation.find(1)
    installation.clock.advance(3 * HOUR)
    installation.find(2)
    since = installation.clock.now - HOUR
    digest, _ = asyncio.run(installation.composer.send_now(DAILY, installation.configuration, since))
    assert articles([digest]) == [[2]]
    installation.clock.advance(DAY)
    assert sorted(chain(*articles(installation.run()))) == [1, 2]


def test_the_first_digest_sent_by_hand_starts_at_the_backfill(database: Database) -> None:
    """Preview and digest start at the backfill, and the next digest reports nothing older either."""
    installation = Installation(database, watch(DAILY))
    installation.find(1, found_at=NOW - 30 * DAY)
    installation.find(2, found_at=NOW - HOUR)
    shown, _ = asyncio.run(installation.composer.preview(DAILY, installation.configuration))
    sent, _ = asyncio.run(installation.composer.send_now(DAILY, installation.configuration))
    assert articles([shown, sent]) == [[2], [2]]
    assert installation.run(DAY + HOUR) == []


def test_near_misses_are_reported_weekly_in_a_digest_with_hits(database: Database) -> None:
    """The notice appears once a week and does not cause a digest."""
    installation = Installation(database, watch(DAILY))
    quiet: list[Digest] = []
    for number in range(8 * 24):
        if number % 24 == 0:
            installation.miss()
        quiet += installation.run(HOUR)
    assert quiet == []
    lines: list[str] = []
    for number in range(14 * 24):
        if number % 24 == 0:
            installation.find(number + 1)
            installation.miss()
        lines += [notice for digest in installation.run(HOUR) for notice in digest.notices]
    assert len([line for line in lines if "Not counted last week" in line]) == 2
