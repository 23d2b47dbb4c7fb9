"""Evaluation of rules on articles. A satisfied rule gives a hit, with passages of the article as proof."""

from collections.abc import Collection, Iterable, Mapping

from monitor.domain.article import Article, Region
from monitor.domain.mention import Passage, RuleHit
from monitor.domain.watchlist import Rule, Watchlist
from monitor.match.article_text import NormalizedArticle
from monitor.match.query.evaluate import CompiledQuery, evaluate_query
from monitor.match.types import Span
from monitor.text.tokens import find_sentence

MAX_PASSAGES = 5
"""Maximum number of passages of one hit. A digest shows only the first ones."""


class RuleEvaluator:
    """The rules of a watchlist, prepared for evaluation on many articles.

    - ``queries`` maps the id of a rule to its compiled ``query``, and ``exclusions`` to its compiled ``exclude``.
    - ``required_literals`` maps the id of a rule to normalized words and phrases. Each article that satisfies the
      rule's query contains at least one of them.
    - ``always_evaluated`` are the ids of the rules with a query for which no such words are known.
    """

    def __init__(
        self,
        watchlist: Watchlist,
        queries: Mapping[str, CompiledQuery],
        exclusions: Mapping[str, CompiledQuery],
    ) -> None:
        self._rules, self._queries, self._exclusions = watchlist.rules, queries, exclusions
        self.required_literals = {
            rule_id: sorted(compiled.required_literals)
            for rule_id, compiled in queries.items()
            if compiled.required_literals is not None
        }
        self.always_evaluated = frozenset(
            rule.id for rule in watchlist.rules if rule.query and rule.id not in self.required_literals
        )
        everybody = frozenset(official.id for official in watchlist.officials)
        self._rule_officials = {
            rule.id: everybody if "all" in rule.officials else frozenset(rule.officials) for rule in watchlist.rules
        }

    def evaluate(
        self,
        article: Article,
        article_text: NormalizedArticle,
        source_id: str,
        mentions: Mapping[str, list[Span]],
        position_spans: Collection[Span],
        *,
        has_query_literal: bool,
    ) -> tuple[RuleHit, ...]:
        """Evaluate all rules on an article, and return a hit for each rule that the article satisfies.

        - ``source_id`` is the source of the article, because a rule may select sources.
        - ``mentions`` maps the id of each mentioned official to the spans of the mentions.
        - ``position_spans`` are the spans of positions without a name, such as "the Lao Defence Minister". Rules that
          do not match positions ignore them.
        - ``has_query_literal`` is False if the article contains none of the words that queries require
          (``required_literals``). Then only the queries without such words (``always_evaluated``) are evaluated.
        """
        if not mentions and not has_query_literal and not self.always_evaluated:
            return ()
        evaluated = self._queries.keys() if has_query_literal else self.always_evaluated
        hits: list[RuleHit] = []
        for rule in self._rules:
            if not _is_rule_applicable(rule, article, source_id):
                continue
            drops_positions = bool(position_spans) and not rule.match_positions
            counted = _drop_spans(mentions, position_spans) if drops_positions else mentions
            hit = self._evaluate_rule(rule, article, article_text, counted, evaluates_query=rule.id in evaluated)
            if hit is not None:
                hits.append(hit)
        return tuple(hits)

    def _evaluate_rule(
        self,
        rule: Rule,
        article: Article,
        article_text: NormalizedArticle,
        mentions: Mapping[str, list[Span]],
        *,
        evaluates_query: bool,
    ) -> RuleHit | None:
        """Return the hit of a rule on an article, or None if the article does not satisfy the rule.

        A hit needs a mention of an official of the rule, or a satisfied query, in a region that the rule selects. The
        query is evaluated only if ``evaluates_query`` is true. An article that satisfies the query under ``exclude``
        gives no hit.
        """
        spans: list[Span] = []
        officials: list[str] = []
        for official_id in filter(self._rule_officials[rule.id].__contains__, mentions):
            counted = [span for span in mentions[official_id] if _is_counted(rule, article_text, span)]
            if counted:
                spans += counted
                officials.append(official_id)

        def find_mentions(official_id: str) -> list[Span]:
            return mentions.get(official_id, [])

        if evaluates_query:
            satisfied = evaluate_query(self._queries[rule.id], article_text, find_mentions)
            spans += [span for span in satisfied or () if _is_counted(rule, article_text, span)]
        if not spans:
            return None
        excluded = self._exclusions.get(rule.id)
        if excluded is not None and evaluate_query(excluded, article_text, find_mentions) is not None:
            return None
        officials.sort(key=lambda official_id: mentions[official_id])
        return RuleHit(rule.id, tuple(officials), build_passages(article, article_text, spans))


def _drop_spans(mentions: Mapping[str, list[Span]], dropped: Collection[Span]) -> Mapping[str, list[Span]]:
    """Return the mentions without the ``dropped`` spans; officials without a remaining span are omitted."""
    return {
        official_id: kept
        for official_id, spans in mentions.items()
        if (kept := [span for span in spans if span not in dropped])
    }


def _is_rule_applicable(rule: Rule, article: Article, source_id: str) -> bool:
    """Return whether a rule selects the source and the language of an article."""
    if rule.sources and source_id and source_id not in rule.sources:
        return False
    return not rule.languages or article.language.partition("-")[0].lower() in rule.languages


def _is_counted(rule: Rule, article_text: NormalizedArticle, span: Span) -> bool:
    """Return whether a span is in a region that the rule selects."""
    return not rule.regions or article_text.region_at(span[0]) in rule.regions


def build_passages(article: Article, article_text: NormalizedArticle, spans: Iterable[Span]) -> tuple[Passage, ...]:
    """Return passages of an article: the sentences that contain the given spans.

    Each sentence is returned once, with all its spans marked. At most ``MAX_PASSAGES`` are returned.
    """
    texts = dict(article.regions())
    found: dict[tuple[Region, int, int], set[Span]] = {}
    for span in sorted(spans):
        region, start, end = article_text.locate_in_region(*span)
        passage = next((one for one in found if one[0] is region and one[1] <= start and end <= one[2]), None)
        if passage is None:
            if len(found) >= MAX_PASSAGES:
                continue
            passage = (region, *find_sentence(texts[region], start, end))
        found.setdefault(passage, set()).add((start, end))
    return tuple(
        Passage(
            texts[region][start:end],
            region,
            start,
            end,
            tuple(sorted(marks)),
            article.find_page(region, min(marks)[0]),
        )
        for (region, start, end), marks in found.items()
    )
