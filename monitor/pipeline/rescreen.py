"""Rescreen step: matches stored articles again, after a verdict of a reader or an edit of rules or officials."""

import asyncio
import json
import logging
from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import sha256

from msgspec.structs import asdict

from monitor.domain.article import StoredArticle
from monitor.domain.configuration import Configuration
from monitor.domain.errors import StoreError
from monitor.domain.feedback import RescreenResult, Verdict
from monitor.domain.mention import Findings
from monitor.domain.ports import Clock
from monitor.domain.values import replace
from monitor.domain.watchlist import Examples, Watchlist
from monitor.pipeline.bounded_matching import BoundedMatcher
from monitor.store.database import Database

log = logging.getLogger(__name__)
QUEUE_BATCH_SIZE = 100
MAX_BATCHES = 5
"""Maximum number of batches of articles that one run matches again, so that a long queue does not delay other articles.

The articles that still wait are not reported before they are matched again.
"""
MAX_WAITING_ARTICLES = 20_000
MAX_WAITING_AGE = timedelta(days=7)
WATCHLIST_KEY = "screened_watchlist"
"""Key under which a hash of the watchlist is stored.

If the hash of the present watchlist differs, the articles that the next digests may report are matched again.
"""
RESCREEN_KEY = "last_rescreen"
"""Key under which the result of the last rescreen is stored as JSON.

In a rescreen, stored articles are matched again because rules or officials were edited.
"""


async def screen_again(
    matcher: BoundedMatcher, articles: Sequence[StoredArticle], verdicts: Mapping[int, Sequence[Verdict]]
) -> list[tuple[StoredArticle, Findings]]:
    """Match articles again, and return their findings.

    ``verdicts`` are the statements of readers on names in the articles. An article whose matching fails is left out of
    the result, so it keeps its stored findings.
    """
    findings: list[tuple[StoredArticle, Findings]] = []
    for stored in articles:
        try:
            findings.append((stored, await matcher.match_stored(stored, verdicts.get(stored.id, ()))))
        except (asyncio.CancelledError, StoreError):
            raise
        except Exception:  # noqa: BLE001, S112 - `MatchingStep` has stored what is wrong with an article
            continue
        await asyncio.sleep(0)
    return findings


class RescreenStep:
    """Step that matches certain articles again. Until this is done, these articles are not reported.

    An article is matched again if grouping has joined it to a text or story on which a reader has given a verdict.
    After an edit of rules or officials, the articles that the next digests may report are matched again once. The step
    runs after grouping and before digests are composed.
    """

    def __init__(
        self, database: Database, matcher: BoundedMatcher, clock: Clock, configuration: Configuration | None = None
    ) -> None:
        self._database, self._matcher, self._clock = database, matcher, clock
        self._configuration = configuration
        self._edit_result: RescreenResult | None = None

    async def run_all(self) -> RescreenResult:
        """Match waiting articles again, in at most ``MAX_BATCHES`` batches, and return what has changed.

        If officials or rules were edited, the articles that the next digests may report are first added to the waiting
        ones.
        """
        if self._configuration:
            await self._request_after_edit(self._configuration)
            self._configuration = None
        total, feedback = RescreenResult(), self._database.feedback
        for _batch in range(MAX_BATCHES):
            basis = await self._database.read(feedback.load_rescreen_queue, QUEUE_BATCH_SIZE)
            if not basis.waiting_ids:
                await self._finish_edit(total)
                return total
            findings = await screen_again(self._matcher, basis.articles, basis.verdicts)
            result = await self._database.run(feedback.save_rescreened, basis, findings, self._clock())
            total += result or RescreenResult()
        if self._edit_result is not None:
            self._edit_result += total
        return total

    async def _request_after_edit(self, configuration: Configuration) -> None:
        """If officials or rules were edited since the last run, record which articles must be matched again.

        These are the articles that the next digests may report: at most ``MAX_WAITING_ARTICLES`` with hits that are not
        reported yet, and as many that were first seen in the last days.
        """
        key_values, now = self._database.key_values, self._clock()
        present = await asyncio.to_thread(hash_watchlist, configuration.watchlist)
        before = await self._database.read(key_values.get, WATCHLIST_KEY)
        if before == present:
            return
        if before:
            scheduled = [plan.id for plan in configuration.digests if not plan.schedule.is_immediate]
            request = self._database.feedback.request_waiting
            count = await self._database.run(request, scheduled, now - MAX_WAITING_AGE, MAX_WAITING_ARTICLES)
            log.info("rules or officials edited, matching waiting articles again: %d", count)
            self._edit_result = RescreenResult()
        await self._database.run(key_values.set, WATCHLIST_KEY, present, now)

    async def _finish_edit(self, last: RescreenResult) -> None:
        if self._edit_result is None:
            return
        result, self._edit_result, now = self._edit_result + last, None, self._clock()
        log.info(
            "waiting articles matched again: %d articles, %d hits withdrawn, %d added, %d changed",
            result.articles,
            result.withdrawn,
            result.added,
            result.changed,
        )
        record = json.dumps({"at": now.isoformat(), **asdict(result)})
        await self._database.run(self._database.key_values.set, RESCREEN_KEY, record, now)


def hash_watchlist(watchlist: Watchlist) -> str:
    """Return the hash of all settings of the watchlist that influence the findings in an article.

    The examples in the configuration are not included, because only `monitor check` uses them.
    """
    officials = tuple(replace(official, examples=Examples()) for official in watchlist.officials)
    rules = tuple(replace(rule, examples=Examples()) for rule in watchlist.rules)
    return sha256(repr(Watchlist(officials, rules, watchlist.synonyms)).encode()).hexdigest()
