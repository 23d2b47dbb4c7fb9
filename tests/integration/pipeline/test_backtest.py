"""Backtest: new and lost hits of edited rules on stored articles."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from monitor.domain.article import Article, Region, StoredArticle
from monitor.domain.feedback import Verdict
from monitor.domain.mention import Findings, Passage, RuleHit
from monitor.pipeline.match_articles import MAX_EXAMPLES, backtest

START = datetime(2026, 5, 5, 12, tzinfo=UTC)


class Words:
    """A watch list of one rule: the article's body holds the word."""

    def __init__(self, word: str) -> None:
        self.word = word

    def match(
        self,
        article: Article,
        source_id: str = "",
        seen_at: datetime | None = None,
        verdicts: Sequence[Verdict] = (),
    ) -> Findings:
        if self.word not in article.body:
            return Findings()
        return Findings(hits=(RuleHit("r", (), (Passage(self.word, Region.BODY, 0, 1),)),))


def kept(number: int, body: str, *, news: bool = True) -> StoredArticle:
    return StoredArticle(
        number, "s", Article(url=f"u{number}", title=body, body=body), START + timedelta(days=number), news
    )


def test_new_lost_and_unchanged_hits_are_counted() -> None:
    """A reported hit that stays is neither new nor lost; each difference has its article."""
    articles = [kept(0, "border"), kept(1, "border talks"), kept(2, "rain")]
    (result,) = backtest(Words("border"), ["r"], articles, {1: frozenset({"r"}), 2: frozenset({"r"})})
    assert (result.hit_count, result.new_count, result.lost_count) == (2, 1, 1)
    assert [one.article for one in result.new_examples] == [0]
    assert [one.article for one in result.lost_examples] == [2]
    assert result.new_examples[0].passage == "border"
    assert sum(result.hits_by_day.values()) == 2


def test_a_removed_rule_loses_all_hits() -> None:
    """The hits of a rule that is no longer configured are lost."""
    results = {one.rule: one for one in backtest(Words("x"), ["r"], [kept(0, "border")], {0: frozenset({"old"})})}
    assert (results["old"].lost_count, results["r"].hit_count) == (1, 0)


def test_articles_from_before_the_source_was_added_are_ignored() -> None:
    """They are neither new nor lost hits."""
    (result,) = backtest(Words("border"), ["r"], [kept(0, "border", news=False)], {})
    assert (result.hit_count, result.new_count) == (0, 0)


def test_examples_are_limited() -> None:
    """All hits are counted, and a few are shown."""
    (result,) = backtest(Words("a"), ["r"], [kept(number, "a") for number in range(20)], {})
    assert (result.new_count, len(result.new_examples)) == (20, MAX_EXAMPLES)
