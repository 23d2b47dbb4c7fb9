"""Attempts to match an article (find officials and rules in it) or to group it (assign it to a story).

An attempt is counted before it begins. If an article crashes the program, it is therefore abandoned after some
attempts, and does not crash the program again and again.

The table has a row for an article only while the article is being processed, waits for its next attempt, or is
abandoned. A step that succeeds deletes the row in the transaction that stores the result.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, exists, func, or_, select, update

from monitor.domain.article import ArticleAttempt, Stage, StoredArticle
from monitor.domain.read_models import AbandonedArticle
from monitor.store.connections import Connections
from monitor.store.core_tables import ARTICLE, ARTICLE_ATTEMPT, SOURCE
from monitor.store.damaged_rows import read_rows
from monitor.store.row_mapping import IS_IN_PROGRESS, insert_rows, select_stored_articles, stored_article_from_row

MAX_FAILED_ATTEMPTS = 2
"""Number of failed attempts after which an article is abandoned, which means that it is not tried again.

It is greater than 1, because the cause of a failure may be a temporary lack of memory.
"""
MAX_INTERRUPTED_ATTEMPTS = 6
"""Number of attempts that began and never ended, after which an article is abandoned.

It is higher than ``MAX_FAILED_ATTEMPTS``, because a process that is killed for another reason interrupts every article
that it works on.
"""
_IS_OPEN = ARTICLE_ATTEMPT.c.abandoned_at.is_(None)
_IS_WAITING = or_(ARTICLE_ATTEMPT.c.attempts == 0, ARTICLE_ATTEMPT.c.error != "")
_NEXT_STAGE = {Stage.EXTRACTED: Stage.MATCHED, Stage.MATCHED: Stage.GROUPED}
_FAILED_STEP = {Stage.EXTRACTED: "matched", Stage.MATCHED: "grouped"}


class AttemptStore:
    """Store of the attempts to match articles (find officials in them) and to group them into stories.

    Every method is one transaction.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def claim_unmatched(self, limit: int, max_chars: int) -> tuple[list[StoredArticle], int]:
        """Return short articles to match now, oldest first, and the number of long articles that must wait.

        The next ``limit`` articles that are not matched yet, and that have no attempt, are read. The ones with at most
        ``max_chars`` characters are returned, and an attempt is counted for each. Longer articles are matched later,
        one at a time: the method ``waiting`` returns them, and ``begin`` counts their attempt.
        """
        fresh = select_stored_articles().where(
            ARTICLE.c.stage == str(Stage.EXTRACTED),
            IS_IN_PROGRESS,
            ~exists().where(ARTICLE_ATTEMPT.c.article_id == ARTICLE.c.id),
        )
        with self._connections.read_transaction() as connection:
            rows = connection.execute(fresh.order_by(ARTICLE.c.id).limit(limit))
            claimed = read_rows(ARTICLE, rows, stored_article_from_row)
        short = [stored for stored in claimed if stored.article.text_length <= max_chars]
        if claimed:
            counts = dict.fromkeys((stored.id for stored in claimed), 0) | {stored.id: 1 for stored in short}
            with self._connections.write_transaction() as connection:
                _insert_attempts(connection, counts)
        return short, len(claimed) - len(short)

    def mark_interrupted(self) -> None:
        """Mark as interrupted each attempt that began but did not end.

        The articles then wait to be processed one at a time (see ``waiting``). Call this only while no article is being
        matched or grouped.
        """
        begun = (ARTICLE_ATTEMPT.c.attempts > 0, ARTICLE_ATTEMPT.c.error == "")
        with self._connections.write_transaction() as connection:
            connection.execute(update(ARTICLE_ATTEMPT).where(*begun).values(error="the attempt was interrupted"))

    def waiting(self, stage: Stage) -> list[ArticleAttempt]:
        """Return the articles to process next, one for each source. Each of them is processed alone, not in a batch.

        An article is processed alone after a failed or interrupted attempt, or if its text is long. Of the articles of
        a source that wait at ``stage`` for this, the one with the lowest id is returned.
        """
        number = func.min(ARTICLE.c.id)
        query = (
            select(ARTICLE.c.source_id, number.label("id"))
            .join_from(ARTICLE_ATTEMPT, ARTICLE)
            .where(ARTICLE.c.stage == str(stage), _IS_OPEN, _IS_WAITING)
            .group_by(ARTICLE.c.source_id)
            .order_by(number)
        )
        with self._connections.read_transaction() as connection:
            return [ArticleAttempt(row.id, row.source_id) for row in connection.execute(query)]

    def begin(self, article_id: int, stage: Stage, now: datetime) -> StoredArticle | None:
        """Count an attempt to process an article, and return the article.

        The result is None if the article has already left ``stage`` or is abandoned. If more than
        ``MAX_INTERRUPTED_ATTEMPTS`` attempts have begun, this call abandons the article, and the result is also None.
        """
        with self._connections.write_transaction() as connection:
            query = select_stored_articles().where(ARTICLE.c.id == article_id, ARTICLE.c.stage == str(stage))
            row = connection.execute(query).first()
            begun = connection.execute(
                update(ARTICLE_ATTEMPT)
                .where(ARTICLE_ATTEMPT.c.article_id == article_id, _IS_OPEN)
                .values(attempts=ARTICLE_ATTEMPT.c.attempts + 1)
                .returning(ARTICLE_ATTEMPT.c.attempts)
            ).scalar()
            if row is None or begun is None:
                delete_attempts(connection, [article_id])
                return None
            stored = stored_article_from_row(row)
            if begun > MAX_INTERRUPTED_ATTEMPTS:
                _abandon(connection, stored, f"{begun - 1} attempts were interrupted", now)
                return None
        return stored

    def begin_grouping(self, article_ids: Sequence[int]) -> None:
        """Record that an attempt to group a batch of articles begins, by counting one attempt for each article.

        An article that already has a recorded attempt is left unchanged.
        """
        with self._connections.write_transaction() as connection:
            _insert_attempts(connection, dict.fromkeys(article_ids, 1))

    def record_failure(self, stored: StoredArticle, error: str, now: datetime) -> bool:
        """Record why an attempt to process an article failed. Return True if the article is now abandoned.

        An article is abandoned, which means that it is not tried again, after ``MAX_FAILED_ATTEMPTS`` failed attempts.
        """
        with self._connections.write_transaction() as connection:
            failed = update(ARTICLE_ATTEMPT).where(_is_among([stored.id])).values(error=error)
            attempts = connection.execute(failed.returning(ARTICLE_ATTEMPT.c.attempts)).scalar()
            if attempts is None or attempts < MAX_FAILED_ATTEMPTS:
                return False
            _abandon(connection, stored, error, now)
        return True

    def release(self, article_ids: Sequence[int]) -> None:
        """Subtract one attempt from each article, because the attempt ended for a reason outside the article.

        Such a reason is a stop of the program or an error of the database. An article whose only attempt is subtracted
        counts as never tried, unless an error is recorded.
        """
        count = ARTICLE_ATTEMPT.c.attempts
        open_ones = (_is_among(article_ids), _IS_OPEN)
        with self._connections.write_transaction() as connection:
            connection.execute(delete(ARTICLE_ATTEMPT).where(*open_ones, count <= 1, ARTICLE_ATTEMPT.c.error == ""))
            connection.execute(update(ARTICLE_ATTEMPT).where(*open_ones).values(attempts=count - 1))

    def find_abandonment(self, article_id: int) -> str:
        """Return the reason why an article was abandoned (is not tried again), or an empty string if it was not."""
        is_abandoned = ARTICLE_ATTEMPT.c.abandoned_at.is_not(None)
        query = select(ARTICLE_ATTEMPT.c.error).where(_is_among([article_id]), is_abandoned)
        with self._connections.read_transaction() as connection:
            return connection.execute(query).scalar() or ""

    def list_abandoned(self, since_at: datetime) -> list[AbandonedArticle]:
        """Return at most 100 articles that were abandoned since ``since_at``, ordered by source.

        An abandoned article is not tried again, because several attempts to match or group it failed.
        """
        columns = (ARTICLE.c.id, ARTICLE.c.source_id, SOURCE.c.name, ARTICLE.c.title, ARTICLE.c.url)
        query = (
            select(*columns, ARTICLE_ATTEMPT.c.error, ARTICLE_ATTEMPT.c.abandoned_at)
            .join_from(ARTICLE_ATTEMPT, ARTICLE)
            .join(SOURCE, ARTICLE.c.source_id == SOURCE.c.id)
            .where(ARTICLE_ATTEMPT.c.abandoned_at >= since_at)
            .order_by(ARTICLE.c.source_id, ARTICLE.c.id)
        )
        with self._connections.read_transaction() as connection:
            return [AbandonedArticle(*row) for row in connection.execute(query.limit(100))]


def delete_attempts(connection: Connection, article_ids: Collection[int]) -> None:
    """Delete the records of attempts to process articles, after a pipeline step has finished these articles.

    The caller opens the transaction.
    """
    connection.execute(delete(ARTICLE_ATTEMPT).where(_is_among(article_ids)))


def _is_among(article_ids: Collection[int]) -> ColumnElement[bool]:
    return ARTICLE_ATTEMPT.c.article_id.in_(article_ids)


def _insert_attempts(connection: Connection, counts: dict[int, int]) -> None:
    rows = [
        {"article_id": number, "attempts": count, "error": "", "abandoned_at": None} for number, count in counts.items()
    ]
    insert_rows(connection, ARTICLE_ATTEMPT, rows, skip_existing=True)


def _abandon(connection: Connection, stored: StoredArticle, error: str, now: datetime) -> None:
    """Record that there is no further attempt to process an article, and move it to the next stage without a result.

    An article that could not be matched is also quarantined, which means that it is not reported.
    """
    connection.execute(update(ARTICLE_ATTEMPT).where(_is_among([stored.id])).values(error=error, abandoned_at=now))
    values: dict[str, object] = {"stage": str(_NEXT_STAGE[stored.stage]), "last_error": error}
    if stored.stage is Stage.EXTRACTED:
        values |= {
            "is_alertable": False,
            "quarantine_reason": f"not {_FAILED_STEP[stored.stage]} in {MAX_FAILED_ATTEMPTS} attempts",
        }
    connection.execute(update(ARTICLE).where(ARTICLE.c.id == stored.id).values(**values))
