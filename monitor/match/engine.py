"""Matching engine: a watchlist is compiled once, then each article is matched in one pass.

The text is normalized, and all possible names in it are found. Then several steps decide whether these names mean
officials: full names, short names, names in other scripts, and positions without a name. At the end the rules are
evaluated. The steps add their decisions to one record, and change nothing else. The time of each step grows in
proportion to the length of the text (tests/unit/match/test_linear_time.py).
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from monitor.domain.article import Article
from monitor.domain.errors import QueryError
from monitor.domain.feedback import Verdict
from monitor.domain.mention import Findings, MatchForm, Mention, NearMiss
from monitor.domain.watchlist import Watchlist
from monitor.match.article_text import NormalizedArticle, SurroundingText, normalize_article
from monitor.match.candidates import (
    find_candidates,
    find_phonetic_candidates,
    find_phonetic_short_names,
    list_short_name_candidates,
)
from monitor.match.context import AcceptedCandidate, ArticleFacts, MatchContext, RejectedCandidate
from monitor.match.decisions.full_names import (
    decide_full_names,
    decide_phonetic_names,
    decide_syllabic_typos,
    decide_typos,
)
from monitor.match.decisions.lone_names import LoneName, decide_lone_names, list_lone_names
from monitor.match.decisions.native_names import decide_native_parts, decide_positions
from monitor.match.decisions.short_names import decide_short_names
from monitor.match.decisions.unspaced_names import decide_unspaced_titled_names
from monitor.match.names.index import NameIndex
from monitor.match.printed_letters import list_look_alikes
from monitor.match.query.evaluate import CompiledQuery, compile_query
from monitor.match.rules import RuleEvaluator
from monitor.match.types import CandidateKind, Candidates, Span
from monitor.match.verdicts import ArticleVerdicts
from monitor.match.vocabulary import find_country_key


def compile_watchlist(watchlist: Watchlist) -> "Matcher":
    """Compile a watchlist into a matcher for articles. Raises ``QueryError`` if a query of a rule is not valid."""
    queries = _compile_queries(watchlist, {rule.id: rule.query for rule in watchlist.rules if rule.query})
    exclusions = _compile_queries(watchlist, {rule.id: rule.exclude for rule in watchlist.rules if rule.exclude})
    return Matcher(watchlist, queries, exclusions)


def _compile_queries(watchlist: Watchlist, texts: Mapping[str, str]) -> dict[str, CompiledQuery]:
    """Compile one query for each rule. ``texts`` maps the id of the rule to the text of the query."""
    ids = [official.id for official in watchlist.officials]
    queries: dict[str, CompiledQuery] = {}
    for rule_id, text in texts.items():
        try:
            queries[rule_id] = compile_query(text, ids, watchlist.synonyms)
        except QueryError as error:
            raise QueryError(f"rule {rule_id}: {error.message}", error.position, error.expected) from error
    return queries


class Matcher:
    """A compiled watchlist, which matches articles. The result for an article does not depend on earlier articles."""

    def __init__(
        self, watchlist: Watchlist, queries: dict[str, CompiledQuery], exclusions: dict[str, CompiledQuery]
    ) -> None:
        """Prepare the matcher.

        ``queries`` maps the id of a rule to its compiled query, which articles must satisfy. ``exclusions`` maps it to
        the compiled query that articles must not satisfy.
        """
        self._rules = RuleEvaluator(watchlist, queries, exclusions)
        literals = {word for words in self._rules.required_literals.values() for word in words}
        self._name_index = NameIndex(watchlist.officials, sorted(literals))
        position_ids = {one for rule in watchlist.rules if rule.match_positions for one in rule.officials}
        self._position_officials: defaultdict[str, list[int]] = defaultdict(list)
        for index, official in enumerate(watchlist.officials):
            if official.id in position_ids or "all" in position_ids:
                self._position_officials[find_country_key(official.country)].append(index)

    def match(
        self,
        article: Article,
        source_id: str = "",
        seen_at: datetime | None = None,
        verdicts: Sequence[Verdict] = (),
    ) -> Findings:
        """Find the officials that an article mentions, evaluate the rules, and return the findings.

        The findings are mentions, near misses (names that were rejected) and hits (rules that the article satisfies).

        - ``source_id`` is the source of the article, because a rule may select sources.
        - ``seen_at`` is the time when the article was found. It is used if the article has no date of publication.
        - ``verdicts`` are the statements of readers on names in the article: a name means an official, or it does not.
        """
        facts, candidates, context = self._decide_known_names(article, seen_at, verdicts)
        if not candidates.kinds & ~(CandidateKind.COUNTRY_WORD | CandidateKind.LISTED_NAME) and not (
            verdicts or context.accepted or self._rules.always_evaluated or self._position_officials
        ):
            return Findings()
        if candidates.short_names or candidates.native_short_names:
            decide_lone_names(facts, candidates, context)
        if self._position_officials:
            decide_positions(facts, self._position_officials, context)
        return self._build_findings(facts, candidates, context, article, source_id)

    def list_lone_names(self, article: Article) -> list[LoneName]:
        """Return the lone names in an article, with the evidence for and against each.

        A lone name is a part of an official's name in an article without the full name. ``bench/fit_weights.py`` fits
        the weights of the evidence with this method.
        """
        facts, candidates, context = self._decide_known_names(article, None, ())
        return list_lone_names(facts, candidates, context)

    def official_id(self, official_index: int) -> str:
        """Return the id of the official with a given index in the watchlist."""
        return self._name_index.officials[official_index].id

    def _decide_known_names(
        self, article: Article, seen_at: datetime | None, verdicts: Sequence[Verdict]
    ) -> tuple[ArticleFacts, Candidates, MatchContext]:
        """Decide which officials the names in an article mean, except for lone names and positions without a name.

        A lone name is a part of an official's name in an article without the full name. Return the facts about the
        article, its candidates (possible names), and the record of the decisions.
        """
        text = normalize_article(article)
        candidates = find_candidates(self._name_index, text, article.language)
        published_at = article.published_at or seen_at
        facts = ArticleFacts(
            self._name_index,
            text,
            SurroundingText(text, candidates.genitive_ends, article.language),
            published_at.date() if published_at else None,
            article.language,
            candidates.countries,
        )
        context = MatchContext(self._prepare_verdicts(verdicts, text) if verdicts else None)
        self._decide_names(facts, candidates, context)
        decide_native_parts(facts, candidates, context)
        decide_unspaced_titled_names(facts, candidates, context)
        return facts, candidates, context

    def _prepare_verdicts(self, verdicts: Sequence[Verdict], text: NormalizedArticle) -> ArticleVerdicts:
        indexes = {official.id: index for index, official in enumerate(self._name_index.officials)}
        return ArticleVerdicts(verdicts, indexes, text)

    def _decide_names(self, facts: ArticleFacts, candidates: Candidates, context: MatchContext) -> None:
        """Record the names that readers have confirmed, then decide which officials the full and short names mean.

        Short names in scripts other than Latin are decided later.
        """
        context.apply_confirmed_places()
        if candidates.full_names or candidates.native_names:
            decide_full_names(facts, candidates, context)
        short_names = list_short_name_candidates(facts, candidates)
        if candidates.first_names:
            decide_typos(facts, candidates, context)
        decide_syllabic_typos(facts, context)
        if self._name_index.has_phonetic_names and (
            candidates.kinds & (CandidateKind.PHONETIC_COUNTRY_WORD | CandidateKind.PHONETIC) or context.accepted
        ):
            phonetic = find_phonetic_candidates(facts, context.claimed_spans)
            decide_phonetic_names(facts, phonetic, context)
            short_names += find_phonetic_short_names(facts, phonetic.single_words, context.first_accepted_at)
        if short_names:
            decide_short_names(facts, short_names, context)

    def _build_findings(
        self, facts: ArticleFacts, candidates: Candidates, context: MatchContext, article: Article, source_id: str
    ) -> Findings:
        """Evaluate the rules, and return the mentions, near misses (rejected names) and hits (satisfied rules).

        Their offsets count from the start of a region, which is a part of the article, such as its title or body.
        """
        officials = self._name_index.officials
        accepted = _drop_nested(context.accepted) if context.accepted else []
        spans: dict[str, list[Span]] = defaultdict(list)
        for one in accepted:
            spans[officials[one.official_index].id].append((one.start, one.end))
        hits = self._rules.evaluate(
            article,
            facts.article_text,
            source_id,
            spans,
            {(one.start, one.end) for one in accepted if one.form is MatchForm.POSITION},
            has_query_literal=bool(candidates.kinds & CandidateKind.QUERY_LITERAL),
        )
        mentions = tuple([_to_mention(facts, one) for one in _limit_mentions(accepted)])
        return Findings(mentions, hits, _list_near_misses(facts, context.rejected) if context.rejected else ())


MAX_MENTIONS = 2_000
"""Maximum number of mentions kept for one article, because each is a database row. A long report has fewer than 200."""


def _limit_mentions(accepted: list[AcceptedCandidate]) -> list[AcceptedCandidate]:
    """Return the first ``MAX_MENTIONS`` accepted names, and one more name for each official who is not among them."""
    if len(accepted) <= MAX_MENTIONS:
        return accepted
    seen: set[int] = set()
    kept: list[AcceptedCandidate] = []
    for one in accepted:
        if len(kept) < MAX_MENTIONS or one.official_index not in seen:
            kept.append(one)
            seen.add(one.official_index)
    return kept


def _to_mention(facts: ArticleFacts, accepted: AcceptedCandidate) -> Mention:
    """Convert an accepted name to a mention, whose offsets count from the start of its region (such as the body)."""
    text, (official_index, start, end, form, confidence, reason) = facts.article_text, accepted
    printed = text.folded.original_slice(start, end)
    if text.has_look_alikes and (letters := list_look_alikes(printed, is_latin=text.cased[start].isascii())):
        reason = f"{reason}; letters of another script that look alike: {', '.join(letters)}"
    return Mention(
        facts.name_index.officials[official_index].id,
        printed,
        *text.locate_in_region(start, end),
        form,
        confidence,
        reason,
    )


def _list_near_misses(facts: ArticleFacts, rejected: Iterable[RejectedCandidate]) -> tuple[NearMiss, ...]:
    """Convert rejected names to near misses, which are shown to the user.

    They are in the order of the text and without duplicates.
    """
    text, officials = facts.article_text, facts.name_index.officials
    in_order = sorted(set(rejected), key=lambda one: (one.start, one.official_index, one.end, one.reason))
    return tuple(
        NearMiss(
            officials[one.official_index].id,
            text.folded.original_slice(one.start, one.end),
            *text.locate_in_region(one.start, one.end),
            one.reason,
        )
        for one in in_order
    )


def _drop_nested(accepted: Iterable[AcceptedCandidate]) -> list[AcceptedCandidate]:
    """Return the accepted names in the order of the text, without names that are inside longer ones."""
    kept: list[AcceptedCandidate] = []
    for one in sorted(set(accepted), key=lambda one: (one.start, -one.end, one.official_index)):
        if not kept or one.start >= kept[-1].end or (one.start, one.end) == (kept[-1].start, kept[-1].end):
            kept.append(one)
    return kept
