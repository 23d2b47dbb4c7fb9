"""Matching step: finds watched officials and satisfied rules in stored articles. Also tests edited rules on them."""

import asyncio
import contextlib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from math import inf

from msgspec import Struct

from monitor.domain.article import Stage, StoredArticle
from monitor.domain.errors import MonitorError, StoreError
from monitor.domain.feedback import Verdict, VerdictIndex
from monitor.domain.mention import Findings, RuleHit
from monitor.domain.ports import Clock
from monitor.domain.values import replace
from monitor.pipeline.bounded_matching import MAX_INLINE_CHARS, ArticleMatcher, BoundedMatcher, MatchingResult, log_hits
from monitor.store.database import Database

MAX_EXAMPLES = 5


class BacktestExample(Struct, frozen=True):
    """Article that shows the effect of an edited rule: the rule would newly report it, or no longer report it.

    ``passage`` is the text that satisfies the rule.
    """

    article: int
    title: str
    url: str
    first_seen_at: datetime
    passage: str = ""


@dataclass(slots=True)
class RuleBacktest:
    """Result of a backtest, the test of an edited rule on stored articles.

    - ``hit_count`` is the number of hits (articles that satisfy the edited rule).
    - ``hits_by_day`` is the number of hits for each day.
    - ``new_count`` is the number of articles that the rule has not reported before the edit, but would report now.
    - ``lost_count`` is the number of articles that the rule has reported, but would no longer report.
    - ``new_examples`` and ``lost_examples`` are some of these articles.
    """

    rule: str
    hit_count: int = 0
    new_count: int = 0
    lost_count: int = 0
    hits_by_day: Counter[date] = field(default_factory=Counter)
    new_examples: list[BacktestExample] = field(default_factory=list)
    lost_examples: list[BacktestExample] = field(default_factory=list)


def backtest(
    matcher: ArticleMatcher,
    rule_ids: Iterable[str],
    articles: Iterable[StoredArticle],
    reported_rules: Mapping[int, frozenset[str]],
    verdicts: VerdictIndex | None = None,
    on_new: Callable[[StoredArticle, Findings], object] | None = None,
) -> list[RuleBacktest]:
    """Match stored articles with edited rules, and compare the results with what was reported before.

    - ``rule_ids`` are the edited rules, in the order of the results.
    - ``reported_rules`` maps the id of each reported article to the ids of the rules that reported it.
    - ``on_new`` is called with each article that a rule would newly report.

    A removed rule loses all its hits. An article is not matched if it was published before its source was added.
    """
    results = {rule: RuleBacktest(rule) for rule in rule_ids}
    for stored in articles:
        before = reported_rules.get(stored.id, frozenset())
        hits: dict[str, RuleHit] = {}
        if stored.is_alertable:
            counting = verdicts.find(stored) if verdicts else ()
            findings = matcher.match(stored.article, stored.source_id, stored.first_seen_at, counting)
            hits = {hit.rule_id: hit for hit in findings.hits}
            if on_new and hits.keys() - before:
                on_new(stored, findings)
        for rule, hit in hits.items():
            _count_hit(results.setdefault(rule, RuleBacktest(rule)), stored, hit, is_reported=rule in before)
        for rule in before - hits.keys():
            result = results.setdefault(rule, RuleBacktest(rule))
            result.lost_count += 1
            _add_example(result.lost_examples, stored, "")
    return list(results.values())


def _count_hit(result: RuleBacktest, stored: StoredArticle, hit: RuleHit, *, is_reported: bool) -> None:
    result.hit_count += 1
    result.hits_by_day[stored.first_seen_at.date()] += 1
    if not is_reported:
        result.new_count += 1
        _add_example(result.new_examples, stored, hit.passages[0].text if hit.passages else "")


def _add_example(examples: list[BacktestExample], stored: StoredArticle, passage: str) -> None:
    if len(examples) < MAX_EXAMPLES:
        article = stored.article
        examples.append(BacktestExample(stored.id, article.title, article.url, stored.first_seen_at, passage))


BATCH_SIZE = 64


class MatchingStep:
    """Step that matches stored articles in batches, in the order of their ids.

    Long articles, and articles whose first attempt failed, are matched one at a time in a background task. The next
    article is taken from the source that has used the least time so far, so that many long texts of one source do not
    delay other sources.
    """

    def __init__(self, database: Database, matcher: BoundedMatcher, clock: Clock) -> None:
        self._database, self._matcher, self._clock = database, matcher, clock
        self._used_seconds: defaultdict[str, float] = defaultdict(float)
        self._isolated_task: asyncio.Task[None] | None = None
        self._isolated_result = MatchingResult()
        self._has_waiting = False
        self._has_interrupted = True  # an earlier process may have left interrupted attempts

    async def run_batch(self, limit: int = BATCH_SIZE) -> MatchingResult:
        """Match one batch of waiting articles, and return the numbers of articles and of hits (satisfied rules).

        Long articles of the batch are counted too, but are matched later in the background. If the number of articles
        is less than ``limit``, no further article is waiting.
        """
        attempts = self._database.attempts
        if self._has_interrupted:
            await self._database.run(attempts.mark_interrupted)
            self._has_interrupted, self._has_waiting = False, True
        batch, waiting_count = await self._database.run(attempts.claim_unmatched, limit, MAX_INLINE_CHARS)
        result = MatchingResult()
        try:
            if batch:
                self._matcher.compile()
                result = await self._match_batch(batch)
        except BaseException:
            # no article caused this: the program stops, or the watchlist or the database fails
            await self._release([stored.id for stored in batch])
            raise
        self._has_waiting = self._has_waiting or waiting_count > 0
        self._start_isolated()
        return replace(result, article_count=len(batch) + waiting_count)

    async def run_all(self, max_articles: float = inf) -> MatchingResult:
        """Match waiting articles until none is left or ``max_articles`` is reached.

        Without a maximum, the function also waits for the articles that are matched in the background.
        """
        total = batch = await self.run_batch()
        while batch.article_count == BATCH_SIZE and total.article_count < max_articles:
            batch = await self.run_batch()
            total += batch
        if max_articles == inf and self._isolated_task:
            await self._isolated_task
        isolated, self._isolated_result = self._isolated_result, MatchingResult()
        return total + isolated

    async def aclose(self) -> None:
        """Stop matching in the background. The article that was being matched is attempted again later."""
        if self._isolated_task:
            self._isolated_task.cancel()
            await asyncio.gather(self._isolated_task, return_exceptions=True)

    async def _match_batch(self, batch: Sequence[StoredArticle]) -> MatchingResult:
        found: list[tuple[StoredArticle, Findings]] = []
        failed_count = 0
        verdicts = await self._load_verdicts(batch)
        for stored in batch:
            try:
                found.append((stored, await self._matcher.match_stored(stored, verdicts.get(stored.id, ()))))
            except Exception as error:  # noqa: BLE001 - an error in one article is stored with it and stops no other
                failed_count += await self._record_failure(stored, error)
            await asyncio.sleep(0)
        return MatchingResult(len(batch), await self._store_findings(found), failed_count)

    async def _load_verdicts(self, batch: Sequence[StoredArticle]) -> Mapping[int, tuple[Verdict, ...]]:
        """Return a dictionary that maps the ids of articles to the verdicts of readers that apply to the articles.

        A verdict states that a name means an official, or does not. Only an article that already belongs to a story can
        have verdicts. Most articles that are matched have no story yet; one that was released from quarantine, where
        articles are stored without a report, has one.
        """
        known = [stored for stored in batch if stored.story_id]
        return await self._database.read(self._database.feedback.load_verdicts, known) if known else {}

    def _start_isolated(self) -> None:
        """Start the background task that matches articles one at a time, unless it already runs or no article waits.

        If the task has ended with an error, this error is raised.
        """
        if self._isolated_task and self._isolated_task.done():
            task, self._isolated_task = self._isolated_task, None
            self._has_interrupted = self._has_interrupted or task.exception() is not None
            task.result()
        if self._has_waiting and self._isolated_task is None:
            self._has_waiting = False
            self._isolated_task = asyncio.create_task(self._match_waiting())

    async def _match_waiting(self) -> None:
        """Match long articles, and articles whose first attempt failed, one at a time until none is left.

        The next article is always taken from the source for which the least time has been used so far.
        """
        loop = asyncio.get_running_loop()
        while waiting := await self._database.run(self._database.attempts.waiting, Stage.EXTRACTED):
            first = min(waiting, key=lambda one: (self._used_seconds[one.source_id], one.article_id))
            began = loop.time()
            await self._match_isolated(first.article_id)
            self._used_seconds[first.source_id] += loop.time() - began

    async def _match_isolated(self, article_id: int) -> None:
        """Match one article in a worker process. The attempt is counted before the article is matched."""
        self._matcher.compile()
        begin = self._database.attempts.begin
        stored = await self._database.run(begin, article_id, Stage.EXTRACTED, self._clock())
        if stored is None:
            return
        try:
            verdicts = await self._load_verdicts([stored])
            findings = await self._matcher.match_stored(stored, verdicts.get(article_id, ()), is_isolated=True)
            hit_count = await self._store_findings([(stored, findings)])
            self._isolated_result += MatchingResult(hit_count=hit_count)
        except (asyncio.CancelledError, StoreError):
            await self._release([article_id])
            raise
        except Exception as error:  # noqa: BLE001 - an error in one article is stored with it and stops no other
            failed_count = await self._record_failure(stored, error)
            self._isolated_result += MatchingResult(failed_count=failed_count)

    async def _record_failure(self, stored: StoredArticle, error: Exception) -> int:
        """Record why an attempt to match an article failed, and return the number of abandoned articles.

        The number is 1 if the article is abandoned, and 0 if it is tried again.
        """
        self._has_waiting = True
        reason = str(error) if isinstance(error, MonitorError) else f"{type(error).__name__}: {error}"
        return int(await self._database.run(self._database.attempts.record_failure, stored, reason, self._clock()))

    async def _release(self, article_ids: Sequence[int]) -> None:
        """Undo the counting of the last attempt to match the given articles.

        This attempt ended for a reason that has nothing to do with the articles, such as a stop of the program. If the
        database fails, the attempt remains counted, as an interrupted attempt.
        """
        self._has_waiting = True
        with contextlib.suppress(StoreError):
            await self._database.run(self._database.attempts.release, article_ids)

    async def _store_findings(self, findings: Sequence[tuple[StoredArticle, Findings]]) -> int:
        if not findings:
            return 0
        hit_count = await self._database.run(self._database.findings.save, findings, self._clock())
        if hit_count:
            log_hits([one for one in findings if one[1].hits])
        return hit_count
