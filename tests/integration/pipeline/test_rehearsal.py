"""A rehearsal counts what edited rules would add and lose, and ends in time."""

from datetime import datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from support.rows import NOW, draft, screened
from support.stores import open_database

from monitor.domain.values import replace
from monitor.domain.watchlist import Official, Rule, Watchlist
from monitor.pipeline import rehearsal
from monitor.pipeline.rehearsal import iter_articles, rehearse

WATCHLIST = Watchlist(
    (Official("somebody", "Some Body"),), (Rule("rule", ("somebody",)), Rule("rivers", query="river"))
)


def test_a_rehearsal_counts_new_and_lost_hits(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    screened(database, draft("a", body="Some Body spoke about the river."), draft("b", body="A bridge was opened."))
    result = rehearse(database, WATCHLIST, NOW - timedelta(days=30), lambda: 0.0)
    assert [(one.rule, one.new_count) for one in result.changed if one.new_count] == [("rivers", 1)]
    assert result.article_count == 2
    assert result.is_complete
    lost = rehearse(database, replace(WATCHLIST, rules=()), NOW - timedelta(days=30), lambda: 0.0)
    assert [one.rule for one in lost.changed if one.lost_count] == ["rule"]
    database.close()


def test_a_rehearsal_that_takes_too_long_is_cut_off_at_the_newest_articles(tmp_path: Path) -> None:
    database = open_database(tmp_path)
    screened(database, draft("a"), draft("b"))
    seconds = count(step=6)
    result = rehearse(database, WATCHLIST, NOW - timedelta(days=30), lambda: float(next(seconds)), max_seconds=10)
    assert (result.article_count, result.is_complete) == (1, False)
    database.close()


@pytest.mark.parametrize("since_at", [None, NOW - timedelta(days=30)])
def test_each_article_is_tried_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, since_at: datetime | None) -> None:
    """Also if more articles than one query reads were stored at once, or an older one was stored later."""
    monkeypatch.setattr(rehearsal, "PAGE_SIZE", 2)
    database = open_database(tmp_path)
    for number, (size, days) in enumerate([(5, 0), (3, 2), (3, 1)]):
        screened(database, *(draft(f"{number}-{one}") for one in range(size)), now=NOW - timedelta(days=days))
    assert sorted(one.id for one in iter_articles(database, since_at)) == list(range(1, 12))
    database.close()
