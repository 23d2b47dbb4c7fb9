"""The watch engine's door: a watch list is compiled once, then each article is screened in one pass."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

from monitor.domain.article import Article
from monitor.domain.errors import QueryError
from monitor.domain.mention import Findings, Form, Mention, NearMiss, Passage, RuleHit
from monitor.domain.rule import Rule, Watch
from monitor.match.endings import find_inflected, is_inflected
from monitor.match.evaluate import Compiled, Span, compile_query, evaluate
from monitor.match.finder import find_slips, find_variants, find_wholes
from monitor.match.hits import Kind
from monitor.match.page import Page, lay_out
from monitor.match.parts import find_by_korean_post, find_by_post, find_native_parts
from monitor.match.roles import find_roles
from monitor.match.roster import Roster
from monitor.match.search import Found, Search
from monitor.match.shorts import find_shorts, short_places
from monitor.text.tokens import sentence

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
    """A compiled watch list; screening an article leaves nothing behind that a later one could notice."""

    def __init__(self, watch: Watch, queries: dict[str, Compiled]) -> None:
        self._rules, self._queries = watch.rules, queries
        needed = {query: sorted(compiled.needs) for query, compiled in queries.items() if compiled.needs is not None}
        self._roster = Roster(watch.officials, sorted({word for words in needed.values() for word in words}))
        self._always = frozenset(rule.id for rule in watch.rules if rule.query and rule.id not in needed)
        asking = {who for rule in watch.rules if rule.roles for who in rule.officials}
        self._asked = tuple(
            index for index, official in enumerate(watch.officials) if official.id in asking or "all" in asking
        )
        everybody = frozenset(official.id for official in watch.officials)
        self._people = {
            rule.id: everybody if "all" in rule.officials else frozenset(rule.officials) for rule in watch.rules
        }

    def screen(self, article: Article, source_id: str = "", seen_at: datetime | None = None) -> Findings:
        """Find who and what is watched in an article, and the rules that it satisfies.

        ``source_id`` is what rules filter by; ``seen_at`` stands in for a missing date of publication.
        """
        page = lay_out(article)
        hits = self._roster.scan(page)
        if is_inflected(article.language):
            find_inflected(self._roster, page, article.language, hits)
        if not hits.kinds & ~Kind.LAND and not self._always and not self._asked:
            return Findings()
        when = article.published_at or seen_at
        search = Search(self._roster, page, hits, when.date() if when else None, article.language)
        if hits.wholes or hits.natives:
            find_wholes(search, hits)
        places = short_places(search, hits)
        if hits.firsts:
            find_slips(search, hits)
        if self._roster.listens and (hits.kinds & (Kind.COUNTRY | Kind.HEARD) or search.named):
            places += find_variants(search)
        if places:
            find_shorts(search, places)
        if hits.parts and search.found:
            find_native_parts(search, hits)
        if hits.natives and search.found:
            find_by_post(search)
            find_by_korean_post(search)
        if self._asked:
            find_roles(search, self._asked)
        return self._conclude(search, article, source_id, hits.kinds)

    def _conclude(self, search: Search, article: Article, source_id: str, kinds: int) -> Findings:
        """Put what was found into the words of the domain, and judge the rules."""
        page, officials = search.page, self._roster.officials
        found = _uncovered(search.found)
        mentions = tuple(
            Mention(
                officials[one.owner].id,
                page.folded.slice(one.start, one.end),
                *page.place(one.start, one.end),
                one.form,
                one.confidence,
                one.reason,
            )
            for one in found
        )
        missed = tuple(
            NearMiss(
                officials[one.owner].id,
                page.folded.slice(one.start, one.end),
                *page.place(one.start, one.end),
                one.reason,
            )
            for one in sorted(set(search.missed), key=lambda one: (one.start, one.owner, one.end, one.reason))
        )
        spans: dict[str, list[Span]] = defaultdict(list)
        posts: set[Span] = set()
        for one in found:
            spans[officials[one.owner].id].append((one.start, one.end))
            if one.form is Form.ROLE:
                posts.add((one.start, one.end))
        if not spans and not kinds & Kind.LITERAL and not self._always:
            return Findings(mentions, (), missed)
        asked = self._queries if kinds & Kind.LITERAL else self._always
        hits = (
            self._judge(
                rule, page, article, _named(spans, posts) if posts and not rule.roles else spans, rule.id in asked
            )
            for rule in self._rules
            if _admits(rule, article, source_id)
        )
        return Findings(mentions, tuple(hit for hit in hits if hit is not None), missed)

    def _judge(
        self, rule: Rule, page: Page, article: Article, spans: dict[str, list[Span]], ask: bool
    ) -> RuleHit | None:
        """Return the hit of a rule, if it is one; ``ask`` tells whether its query can be satisfied at all."""
        places: list[Span] = []
        who: list[str] = []
        for official_id in filter(self._people[rule.id].__contains__, spans):
            counted = [span for span in spans[official_id] if _counts(rule, page, span)]
            places += counted
            who += [official_id] * bool(counted)
        if ask:
            satisfied = evaluate(self._queries[rule.id], page, lambda who: spans.get(who, []))
            places += [span for span in satisfied or () if _counts(rule, page, span)]
        if not places:
            return None
        who.sort(key=lambda official_id: spans[official_id])
        return RuleHit(rule.id, tuple(who), passages(article, page, places))


def _uncovered(found: Iterable[Found]) -> list[Found]:
    """Return mentions in their order, without those that lie inside a longer one."""
    kept: list[Found] = []
    for one in sorted(set(found), key=lambda one: (one.start, -one.end, one.owner)):
        if not kept or one.start >= kept[-1].end or (one.start, one.end) == (kept[-1].start, kept[-1].end):
            kept.append(one)
    return kept


def _named(spans: dict[str, list[Span]], posts: set[Span]) -> dict[str, list[Span]]:
    """Return places without those of posts alone, which only rules that ask for them count."""
    return {who: kept for who, places in spans.items() if (kept := [one for one in places if one not in posts])}


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
        if len(found) >= MAX_PASSAGES and not any(
            one[0] is region and one[1] <= start and end <= one[2] for one in found
        ):
            continue
        found.setdefault((region, *sentence(texts[region], start, end)), []).append((start, end))
    return tuple(
        Passage(texts[region][start:end], region, start, end, tuple(sorted(set(marks))))  # type: ignore[index,arg-type] # keys are regions
        for (region, start, end), marks in list(found.items())[:MAX_PASSAGES]
    )
