"""The watch engine's door: a watch list is compiled once, then each article is screened in one pass."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import ahocorasick_rs

from monitor.domain.article import Article
from monitor.domain.errors import QueryError
from monitor.domain.mention import Findings, Form, Mention, Passage, RuleHit
from monitor.domain.rule import Rule, Watch
from monitor.match.evaluate import Compiled, Span, compile_query, evaluate
from monitor.match.names import name_forms
from monitor.match.page import Page, lay_out
from monitor.text.fold import fold_key
from monitor.text.tokens import is_word, sentence

MAX_PASSAGES = 5


def compile_watch(watch: Watch) -> "Watcher":
    """Make a watcher. Raises ``QueryError`` naming the rule whose query cannot be read."""
    queries: dict[str, Compiled] = {}
    ids = [official.id for official in watch.officials]
    for rule in watch.rules:
        if not rule.query:
            continue
        try:
            queries[rule.id] = compile_query(rule.query, ids, watch.synonyms)
        except QueryError as error:
            raise QueryError(f"rule {rule.id}: {error.message}", error.position, error.expected) from error
    return Watcher(watch, queries)


class Watcher:
    """A compiled watch list. Screening changes nothing in it: one may serve several threads."""

    def __init__(self, watch: Watch, queries: dict[str, Compiled]) -> None:
        self._rules, self._queries = watch.rules, queries
        owners: dict[str, list[str]] = defaultdict(list)
        for official in watch.officials:
            for form in name_forms(official):
                owners[" ".join(fold_key(form.text).replace("-", " ").split())].append(official.id)
        self._names, self._owners = list(owners), list(owners.values())
        self._automaton = ahocorasick_rs.AhoCorasick(self._names)

    def screen(self, article: Article, source_id: str = "", seen_at: datetime | None = None) -> Findings:
        """Find who and what is watched in an article, and the rules that it satisfies.

        ``source_id`` is what rules filter by; ``seen_at`` stands in for a missing date of publication.
        """
        _ = article.published_at or seen_at
        page = lay_out(article)
        found = self._find(page)
        mentions = tuple(
            Mention(who, page.folded.slice(start, end), *page.place(start, end), Form.FULL, 1.0, "full name")
            for who, (start, end) in found
        )
        hits = tuple(
            hit
            for rule in self._rules
            if _admits(rule, article, source_id) and (hit := self._judge(rule, page, article, found)) is not None
        )
        return Findings(mentions, hits)

    def _find(self, page: Page) -> list[tuple[str, Span]]:
        found: list[tuple[str, Span]] = []
        for index, start, end in self._automaton.find_matches_as_indexes(page.flat, overlapping=True):
            if is_word(page.flat, start, end):
                found += [(owner, (start, end)) for owner in self._owners[index]]
        return found

    def _judge(self, rule: Rule, page: Page, article: Article, found: Sequence[tuple[str, Span]]) -> RuleHit | None:
        spans: list[Span] = []
        who: list[str] = []
        for official_id, span in found:
            if official_id in rule.officials and _counts(rule, page, span):
                spans.append(span)
                who.append(official_id)
        if rule.query:
            places = evaluate(self._queries[rule.id], page, lambda who: [span for one, span in found if one == who])
            spans += [span for span in places or () if _counts(rule, page, span)]
        if not spans:
            return None
        return RuleHit(rule.id, tuple(dict.fromkeys(who)), passages(article, page, spans))


def _admits(rule: Rule, article: Article, source_id: str) -> bool:
    """Tell whether a rule wants to hear of this source and language at all."""
    if rule.sources and source_id and source_id not in rule.sources:
        return False
    return not rule.languages or article.language.partition("-")[0].lower() in rule.languages


def _counts(rule: Rule, page: Page, span: Span) -> bool:
    return not rule.regions or page.region(span[0]) in rule.regions


def passages(article: Article, page: Page, spans: Iterable[Span]) -> tuple[Passage, ...]:
    """Return the sentences around the places, each once, with the places in it marked."""
    texts = dict(article.regions())
    found: dict[tuple[object, int, int], list[Span]] = {}
    for span in sorted(spans):
        region, start, end = page.place(*span)
        found.setdefault((region, *sentence(texts[region], start, end)), []).append((start, end))
    return tuple(
        Passage(texts[region][start:end], region, start, end, tuple(sorted(set(marks))))  # type: ignore[index,arg-type] # keys are regions
        for (region, start, end), marks in list(found.items())[:MAX_PASSAGES]
    )
