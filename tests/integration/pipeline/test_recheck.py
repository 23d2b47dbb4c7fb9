"""Recheck step: reported changes, stored versions, and ignored changes."""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from support.fakes import NOON, FakeClock, FakeFetcher, InlineProcessPool

from monitor.domain.article import Article, NewArticle, Stage
from monitor.domain.digest import Digest, DigestPlan, ReportableHit, Window
from monitor.domain.fetch_result import Failed, Fetched, FetchResult, Gone
from monitor.domain.mention import ChangePlace, HitKind, TextChange
from monitor.domain.revision import CONFIRM_MISSING_AFTER, next_recheck_at
from monitor.domain.source import Source
from monitor.domain.watchlist import Official, Rule, Watchlist
from monitor.extract.extractor import extract_page
from monitor.match.engine import compile_watchlist
from monitor.pipeline.bounded_matching import BoundedMatcher
from monitor.pipeline.recheck import Rechecker, RecheckOutcome, RecheckResult
from monitor.store.core_tables import RECHECK
from monitor.store.database import Database

URL = "http://daily.example/bridge"
OFFICIAL = Official("phan-van-giang", "Phan Văn Giang", "Vietnam")
FILLER = "The ministry said that work on the road had begun in the spring and would be over before the rains. "
SENTENCE = "General Phan Van Giang opened the bridge with 300 soldiers on Monday."

TITLE, AROUND = "Bridge opened in the north", "the sentence around a mention changed"


def page(title: str = TITLE, sentence: str = SENTENCE, more: str = "") -> bytes:
    """Write a page as an outlet would."""
    paragraphs = "".join(f"<p>{text}</p>" for text in (sentence, *([FILLER * 2] * 5), more) if text)
    article = f"<article><h1>{title}</h1>{paragraphs}</article>"
    return f"<html><head><title>{title}</title></head><body>{article}</body></html>".encode()


@dataclass(frozen=True)
class Rechecks:
    """Result of a recheck, and what is stored after it."""

    result: RecheckResult
    versions: int
    events: list[ReportableHit]
    due_at: datetime | None
    missing_count: int


def store_article(database: Database, article: Article, rule: Rule, *, versions: int = 0) -> None:
    """Store an article that was found and reported an hour ago."""
    found_at = NOON - timedelta(hours=1)
    database.sources.register([Source("daily", "Daily", feed="http://daily.example/rss")], found_at)
    (lease,) = database.sources.lease_due(found_at, 1, NOON)
    new_article = NewArticle(("guid:1",), article, is_alertable=True, stage=Stage.LISTED)
    database.articles.commit_poll(lease, lease.poll_state, [new_article], found_at)
    (pending,) = database.articles.lease_pages(found_at, 1, NOON)
    database.articles.save_page(pending, article, answer(page()))
    (stored,) = database.articles.unmatched(5)
    findings = compile_watchlist(Watchlist((OFFICIAL,), (rule,))).match(article)
    database.findings.save([(stored, findings)], found_at)
    (hit,) = database.digests.undelivered_hits(plan(rule), NOON)
    database.digests.commit_digest(Digest("urgent", "", Window(found_at, NOON), NOON, "UTC"), (), [hit.id])
    with database._connections.write_transaction() as connection:
        connection.exec_driver_sql(f"UPDATE article SET version_count = {versions}")


def plan(rule: Rule) -> DigestPlan:
    return DigestPlan("urgent", (rule.id,), at="immediately")


def run(database: Database, outcome: FetchResult, rule: Rule, *, now: datetime = NOON) -> Rechecks:
    """Recheck the article, for whose page the server gives this response."""
    matcher = compile_watchlist(Watchlist((OFFICIAL,), (rule,)))
    fetcher = FakeFetcher({URL: outcome})
    rechecker = Rechecker(database, fetcher, InlineProcessPool(), BoundedMatcher(matcher), (rule,), FakeClock(now))
    [result] = asyncio.run(rechecker.run_due({}))
    with database._connections.read_transaction() as connection:
        row: Any = connection.execute(select(RECHECK)).one()
    versions = len(database.queries.list_versions(1))
    events = database.digests.undelivered_hits(plan(rule), now + timedelta(minutes=1))
    return Rechecks(result, versions, events, row.due_at, row.missing_count)


def recheck(database: Database, outcome: FetchResult, *, changes: bool = False, versions: int = 0) -> Rechecks:
    """Recheck an article that was reported an hour ago."""
    rule = Rule("giang", officials=(OFFICIAL.id,), report_edits=changes)
    store_article(database, extract_page(page(), URL, "text/html"), rule, versions=versions)
    return run(database, outcome, rule)


def answer(body: bytes) -> Fetched:
    """Answer with a page."""
    return Fetched(URL, 200, (), body, "text/html")


def test_an_unchanged_page_changes_nothing(database: Database) -> None:
    """Nothing is reported, and the next recheck is scheduled."""
    seen = recheck(database, answer(page()))
    assert (seen.result.outcome, seen.versions, seen.events) == (RecheckOutcome.SAME, 0, [])
    assert (seen.due_at, seen.missing_count) == (NOON - timedelta(hours=1) + timedelta(hours=6), 0)


@pytest.mark.parametrize(
    ("body", "kind", "note"),
    [
        (page(title="Bridge closed in the north"), HitKind.UPDATE, f"the headline changed, before: “{TITLE}”"),
        (page(sentence=SENTENCE.replace("300", "500")), HitKind.UPDATE, f"{AROUND}, before: “{SENTENCE}”"),
        (page(sentence=SENTENCE.replace("opened", "inspected")), HitKind.UPDATE, f"{AROUND}, before: “{SENTENCE}”"),
        (
            page(sentence="The bridge was opened on Monday."),
            HitKind.UPDATE,
            f"it no longer satisfies the rule, before: “{SENTENCE}”",
        ),
        (page(more="General Giang also cut a ribbon."), HitKind.UPDATE, "a further sentence was added"),
        (
            page(more="Correction: the bridge is in the south."),
            HitKind.CORRECTION,
            "the text has a correction notice",
        ),
    ],
)
def test_relevant_changes_are_reported(database: Database, body: bytes, kind: HitKind, note: str) -> None:
    """A changed headline, sentence, figure or mention, and a correction, are reported with the reason."""
    seen = recheck(database, answer(body))
    assert seen.result.outcome is RecheckOutcome.REPORTED
    [event] = seen.events
    assert (event.kind, event.note, event.rule_id, seen.versions) == (kind, note, "giang", 1)


def test_a_change_has_the_texts_before_and_after_it(database: Database) -> None:
    """Headline and sentence are pairs; the notice of the outlet is quoted."""
    opened = SENTENCE.replace("300", "500")
    body = page("Bridge closed in the north", opened, "Correction: 500 soldiers opened the bridge, not 300.")
    (event,) = recheck(database, answer(body)).events
    assert event.changes == (
        TextChange(ChangePlace.HEADLINE, TITLE, "Bridge closed in the north"),
        TextChange(ChangePlace.PASSAGE, SENTENCE, opened),
        TextChange(ChangePlace.NOTICE, "", "Correction: 500 soldiers opened the bridge, not 300."),
    )


@pytest.mark.parametrize(
    ("title", "more", "kind"),
    [
        (f"Withdrawn: {TITLE}", "", HitKind.WITHDRAWN),
        (f"[RETRACTED] {TITLE}", "", HitKind.WITHDRAWN),
        (TITLE, "This story has been withdrawn because it could not be confirmed.", HitKind.WITHDRAWN),
        (TITLE, "Bài viết này đã được gỡ bỏ. Đính chính: cầu ở phía nam.", HitKind.WITHDRAWN),
        (TITLE, "本文已被撤回。", HitKind.WITHDRAWN),
        (TITLE, "ຂໍຖອນຂ່າວນີ້ເນື່ອງຈາກຂໍ້ມູນບໍ່ຖືກຕ້ອງ.", HitKind.WITHDRAWN),
        ("Troops withdrawn from the north", "The general retracted his statement of Monday.", HitKind.UPDATE),
        (f"Corrected: {TITLE}", "", HitKind.CORRECTION),
    ],
)
def test_an_article_that_its_outlet_withdraws_is_called_withdrawn(
    database: Database, title: str, more: str, kind: HitKind
) -> None:
    """The label may be in the headline or in a sentence about the article; troops can be withdrawn, too."""
    (event,) = recheck(database, answer(page(title, more=more))).events
    assert event.kind is kind


def test_other_edits_are_stored_as_a_version(database: Database) -> None:
    """An edit far from any mention is stored and not reported."""
    seen = recheck(database, answer(page(more="The governor thanked the engineers.")))
    assert (seen.result.outcome, seen.versions, seen.events) == (RecheckOutcome.CHANGED, 1, [])


def test_a_rule_may_report_every_edit(database: Database) -> None:
    """With report_edits an edit far from any mention is reported."""
    seen = recheck(database, answer(page(more="The governor thanked the engineers.")), changes=True)
    assert [event.note for event in seen.events] == [
        "text changed (0 sentences removed, 1 added), not disclosed by the page"
    ]


def test_a_page_that_changes_constantly_is_ignored(database: Database) -> None:
    """After 24 versions no further one is stored."""
    seen = recheck(database, answer(page(more="The governor thanked the engineers.")), versions=24)
    assert (seen.result.outcome, seen.versions) == (RecheckOutcome.SAME, 0)


@pytest.mark.parametrize("outcome", [Gone("410"), Failed("not found", status=404)])
def test_a_page_is_withdrawn_if_it_is_missing_twice(database: Database, outcome: FetchResult) -> None:
    """Servers respond 404 for short periods, so the first time only schedules a second recheck."""
    seen = recheck(database, outcome)
    assert (seen.result.outcome, seen.events) == (RecheckOutcome.MISSING, [])
    assert (seen.due_at, seen.missing_count) == (NOON + CONFIRM_MISSING_AFTER, 1)
    seen = run(database, outcome, Rule("giang", officials=(OFFICIAL.id,)), now=NOON + CONFIRM_MISSING_AFTER)
    assert seen.result.outcome is RecheckOutcome.WITHDRAWN
    assert [event.kind for event in seen.events] == [HitKind.WITHDRAWN]


@pytest.mark.parametrize("outcome", [Failed("timed out"), answer(b"<html><body>Log in</body></html>")])
def test_an_unreadable_page_changes_nothing(database: Database, outcome: FetchResult) -> None:
    """A login page or an unreachable server is not an edit."""
    seen = recheck(database, outcome)
    assert seen.result.outcome in {RecheckOutcome.UNREADABLE, RecheckOutcome.SAME}
    assert (seen.versions, seen.events) == (0, [])


def test_a_changed_time_or_counter_far_from_any_mention_is_ignored(database: Database) -> None:
    """Text that changes on every visit is not stored as a version."""
    rule = Rule("giang", officials=(OFFICIAL.id,), report_edits=True)
    store_article(database, extract_page(page(more="Updated 12:04 1,204 views"), URL, "text/html"), rule)
    seen = run(database, answer(page(more="Updated 13:37 2,377 views")), rule)
    assert (seen.result.outcome, seen.versions, seen.events) == (RecheckOutcome.SAME, 0, [])


def test_rechecks_are_spaced_over_a_week() -> None:
    """After an hour, six hours, a day, three days and a week; then never again."""
    begun, times = NOON, []
    now: datetime | None = NOON
    while now is not None and (now := next_recheck_at(begun, now)):
        times.append(now - begun)
    assert times == [timedelta(hours=1), timedelta(hours=6), timedelta(days=1), timedelta(days=3), timedelta(days=7)]
