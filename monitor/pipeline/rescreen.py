"""Screening again of stored articles: after a verdict of a reader, and after a change of rules or officials."""

import asyncio
from collections.abc import Mapping, Sequence

from monitor.domain.article import StoredArticle
from monitor.domain.errors import StoreError
from monitor.domain.feedback import RescreenResult, Verdict
from monitor.domain.mention import Findings
from monitor.domain.ports import Clock
from monitor.pipeline.bounded_matching import BoundedMatcher
from monitor.store.database import Database

QUEUE_BATCH_SIZE = 100
_MAX_CONFLICTS = 5
"""Batches that may be screened in vain because a verdict or a new version came in between; the next pass goes on."""


async def screen_again(
    matcher: BoundedMatcher, articles: Sequence[StoredArticle], verdicts: Mapping[int, Sequence[Verdict]]
) -> list[tuple[StoredArticle, Findings]]:
    """Return the findings of articles with the verdicts that count in each.

    An article whose matching fails keeps the findings that it has, and is left out.
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
    """Screens again the articles that grouping has joined to a text or story with a verdict.

    It runs after grouping and before digests are composed: the hits of waiting articles are not reported.
    """

    def __init__(self, database: Database, matcher: BoundedMatcher, clock: Clock) -> None:
        self._database, self._matcher, self._clock = database, matcher, clock

    async def run_all(self) -> RescreenResult:
        """Screen all waiting articles again."""
        total, conflicts, feedback = RescreenResult(), 0, self._database.feedback
        while conflicts < _MAX_CONFLICTS:
            basis = await self._database.read(feedback.load_rescreen_queue, QUEUE_BATCH_SIZE)
            if not basis.articles:
                break
            findings = await screen_again(self._matcher, basis.articles, basis.verdicts)
            result = await self._database.run(feedback.save_rescreened, basis, findings, self._clock())
            total += result or RescreenResult()
            conflicts += result is None
        return total
