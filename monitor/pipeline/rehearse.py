"""Rehearsal: what edited rules would have told of the articles kept, beside what the running rules did tell."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from monitor.domain.article import Article, Stored
from monitor.domain.mention import Findings, RuleHit

MAX_EXAMPLES = 5


class Screening(Protocol):
    """A compiled watch list."""

    def screen(self, article: Article, source_id: str = "", seen_at: datetime | None = None) -> Findings:
        """Find who and what is watched in an article."""
        ...


@dataclass(frozen=True, slots=True)
class Example:
    """One article that a rule would newly tell, or would no longer tell, with the passage that proves it."""

    article: int
    title: str
    url: str
    first_seen_at: datetime
    passage: str = ""


@dataclass(slots=True)
class Rehearsed:
    """What one rule would have done: hits in all and a day, and how they differ from what was told."""

    rule: str
    hits: int = 0
    new: int = 0
    lost: int = 0
    days: Counter[date] = field(default_factory=Counter)
    new_examples: list[Example] = field(default_factory=list)
    lost_examples: list[Example] = field(default_factory=list)


def rehearse(
    watcher: Screening, rules: Iterable[str], articles: Iterable[Stored], told: Mapping[int, frozenset[str]]
) -> list[Rehearsed]:
    """Screen articles anew and compare with the rules that each was a hit of.

    ``told`` gives the ids of the rules by article; ``rules`` are those of the edited configuration, in its order. A
    rule that is no longer there loses all its hits. What was there before the source was watched counts for neither.
    """
    results = {rule: Rehearsed(rule) for rule in rules}
    for stored in articles:
        before = told.get(stored.id, frozenset())
        hits: dict[str, RuleHit] = {}
        if stored.news:
            findings = watcher.screen(stored.article, stored.source_id, stored.first_seen_at)
            hits = {hit.rule_id: hit for hit in findings.hits}
        for rule, hit in hits.items():
            _count(results.setdefault(rule, Rehearsed(rule)), stored, hit, known=rule in before)
        for rule in before - hits.keys():
            result = results.setdefault(rule, Rehearsed(rule))
            result.lost += 1
            _show(result.lost_examples, stored, "")
    return list(results.values())


def _count(result: Rehearsed, stored: Stored, hit: RuleHit, *, known: bool) -> None:
    result.hits += 1
    result.days[stored.first_seen_at.date()] += 1
    if not known:
        result.new += 1
        _show(result.new_examples, stored, hit.passages[0].text if hit.passages else "")


def _show(examples: list[Example], stored: Stored, passage: str) -> None:
    if len(examples) < MAX_EXAMPLES:
        article = stored.article
        examples.append(Example(stored.id, article.title, article.url, stored.first_seen_at, passage))
