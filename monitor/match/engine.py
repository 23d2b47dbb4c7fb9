"""The watch engine's door: a watch list is compiled once, then each article is screened in one pass."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from monitor.domain.article import Article
from monitor.domain.errors import QueryError
from monitor.domain.mention import Findings, MatchForm, Mention, NearMiss, RuleHit
from monitor.domain.watchlist import Rule, Watchlist
from monitor.match.article_text import NormalizedArticle, normalize_article
from monitor.match.candidates import find_inflected_names, is_inflecting_language
from monitor.match.decisions.context import AcceptedCandidate, MatchContext
from monitor.match.decisions.full_names import decide_full_names, find_phonetic_names, find_typos
from monitor.match.decisions.native_names import (
    decide_han_names_by_position,
    decide_korean_names_by_position,
    decide_native_short_names,
    decide_positions,
)
from monitor.match.decisions.short_names import decide_short_names, list_short_candidates
from monitor.match.names.index import NameIndex
from monitor.match.query.evaluate import CompiledQuery, compile_query, evaluate_query
from monitor.match.rules import _drop_position_spans, _is_counted, _is_rule_applicable, build_passages
from monitor.match.types import CandidateKind, Span


def compile_watchlist(watchlist: Watchlist) -> "Matcher":
    """Make a watcher. Raises ``QueryError`` naming the rule whose query cannot be read."""
    queries: dict[str, CompiledQuery] = {}
    ids = [official.id for official in watchlist.officials]
    for rule in watchlist.rules:
        if not rule.query:
            continue
        try:
            queries[rule.id] = compile_query(rule.query, ids, watchlist.synonyms)
        except QueryError as error:
            raise QueryError(f"rule {rule.id}: {error.message}", error.position, error.expected) from error
    return Matcher(watchlist, queries)


class Matcher:
    """A compiled watch list; screening an article leaves nothing behind that a later one could notice."""

    def __init__(self, watchlist: Watchlist, queries: dict[str, CompiledQuery]) -> None:
        self._rules, self._queries = watchlist.rules, queries
        needed = {
            query: sorted(compiled.required_literals)
            for query, compiled in queries.items()
            if compiled.required_literals is not None
        }
        self._name_index = NameIndex(watchlist.officials, sorted({word for words in needed.values() for word in words}))
        self._unfiltered_rule_ids = frozenset(
            rule.id for rule in watchlist.rules if rule.query and rule.id not in needed
        )
        asking = {who for rule in watchlist.rules if rule.match_positions for who in rule.officials}
        self._position_official_ids = tuple(
            index for index, official in enumerate(watchlist.officials) if official.id in asking or "all" in asking
        )
        everybody = frozenset(official.id for official in watchlist.officials)
        self._rule_officials = {
            rule.id: everybody if "all" in rule.officials else frozenset(rule.officials) for rule in watchlist.rules
        }

    def match(self, article: Article, source_id: str = "", seen_at: datetime | None = None) -> Findings:
        """Find who and what is watched in an article, and the rules that it satisfies.

        ``source_id`` is what rules filter by; ``seen_at`` stands in for a missing date of publication.
        """
        page = normalize_article(article)
        hits = self._name_index.scan(page)
        if is_inflecting_language(article.language):
            find_inflected_names(self._name_index, page, article.language, hits)
        if (
            not hits.kinds & ~CandidateKind.COUNTRY_WORD
            and not self._unfiltered_rule_ids
            and not self._position_official_ids
        ):
            return Findings()
        when = article.published_at or seen_at
        search = MatchContext(self._name_index, page, hits, when.date() if when else None, article.language)
        if hits.full_names or hits.native_names:
            decide_full_names(search, hits)
        places = list_short_candidates(search, hits)
        if hits.first_names:
            find_typos(search, hits)
        if self._name_index.has_phonetic_names and (
            hits.kinds & (CandidateKind.PHONETIC_COUNTRY_WORD | CandidateKind.PHONETIC) or search.first_accepted_at
        ):
            places += find_phonetic_names(search)
        if places:
            decide_short_names(search, places)
        if hits.native_short_names and search.accepted:
            decide_native_short_names(search, hits)
        if hits.native_names and search.accepted:
            decide_han_names_by_position(search)
            decide_korean_names_by_position(search)
        if self._position_official_ids:
            decide_positions(search, self._position_official_ids)
        return self._build_findings(search, article, source_id, hits.kinds)

    def _build_findings(self, context: MatchContext, article: Article, source_id: str, kinds: int) -> Findings:
        """Put what was found into the words of the domain, and judge the rules."""
        page, officials = context.article_text, self._name_index.officials
        found = _drop_nested(context.accepted)
        mentions = tuple(
            Mention(
                officials[one.official_index].id,
                page.folded.original_slice(one.start, one.end),
                *page.locate_in_region(one.start, one.end),
                one.form,
                one.confidence,
                one.reason,
            )
            for one in found
        )
        missed = tuple(
            NearMiss(
                officials[one.official_index].id,
                page.folded.original_slice(one.start, one.end),
                *page.locate_in_region(one.start, one.end),
                one.reason,
            )
            for one in sorted(
                set(context.rejected), key=lambda one: (one.start, one.official_index, one.end, one.reason)
            )
        )
        spans: dict[str, list[Span]] = defaultdict(list)
        posts: set[Span] = set()
        for one in found:
            spans[officials[one.official_index].id].append((one.start, one.end))
            if one.form is MatchForm.POSITION:
                posts.add((one.start, one.end))
        if not spans and not kinds & CandidateKind.QUERY_LITERAL and not self._unfiltered_rule_ids:
            return Findings(mentions, (), missed)
        asked = self._queries if kinds & CandidateKind.QUERY_LITERAL else self._unfiltered_rule_ids
        hits = (
            self._evaluate_rule(
                rule,
                page,
                article,
                _drop_position_spans(spans, posts) if posts and not rule.match_positions else spans,
                rule.id in asked,
            )
            for rule in self._rules
            if _is_rule_applicable(rule, article, source_id)
        )
        return Findings(mentions, tuple(hit for hit in hits if hit is not None), missed)

    def _evaluate_rule(
        self,
        rule: Rule,
        article_text: NormalizedArticle,
        article: Article,
        spans: dict[str, list[Span]],
        can_satisfy_query: bool,
    ) -> RuleHit | None:
        """Return the hit of a rule, if it is one; ``ask`` tells whether its query can be satisfied at all."""
        places: list[Span] = []
        who: list[str] = []
        for official_id in filter(self._rule_officials[rule.id].__contains__, spans):
            counted = [span for span in spans[official_id] if _is_counted(rule, article_text, span)]
            places += counted
            who += [official_id] * bool(counted)
        if can_satisfy_query:
            satisfied = evaluate_query(self._queries[rule.id], article_text, lambda who: spans.get(who, []))
            places += [span for span in satisfied or () if _is_counted(rule, article_text, span)]
        if not places:
            return None
        who.sort(key=lambda official_id: spans[official_id])
        return RuleHit(rule.id, tuple(who), build_passages(article, article_text, places))


def _drop_nested(accepted: Iterable[AcceptedCandidate]) -> list[AcceptedCandidate]:
    """Return mentions in their order, without those that lie inside a longer one."""
    kept: list[AcceptedCandidate] = []
    for one in sorted(set(accepted), key=lambda one: (one.start, -one.end, one.official_index)):
        if not kept or one.start >= kept[-1].end or (one.start, one.end) == (kept[-1].start, kept[-1].end):
            kept.append(one)
    return kept
