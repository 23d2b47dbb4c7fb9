"""Search in stored articles with a query in the language of the rules. The newest articles are first.

The result is returned in parts, and the cost of each part is limited. The words that must be in an article are found in
the full-text index. If the query asks for more than words, such as a distance, a region or a regular expression, it is
evaluated on the articles with these words.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.domain.article import StoredArticle
from monitor.domain.desk_models import ArticleLine
from monitor.domain.errors import QueryError
from monitor.domain.mention import Passage
from monitor.domain.read_models import ArticleFilter
from monitor.domain.values import replace
from monitor.match.article_text import NormalizedArticle, normalize_article
from monitor.match.query.evaluate import CompiledQuery, compile_query, evaluate_query, find_term
from monitor.match.query.parser import And, Near, Node, Not, OfficialTerm, Or, Regex, TextTerm, Within
from monitor.match.rules import build_passages
from monitor.match.types import Span
from monitor.store.database import Database
from monitor.store.full_text import IndexAll, IndexAny, IndexQuery, make_search_term
from monitor.text.fold import fold_key

MAX_CANDIDATES, CANDIDATE_BATCH, MAX_EVALUATED = 2_000, 500, 300
"""Limits for one part of the results, which together bound the time of one request.

- ``MAX_CANDIDATES`` is the number of articles that are read from an index.
- ``CANDIDATE_BATCH`` is the number of articles that one statement of the database reads from it.
- ``MAX_EVALUATED`` is the number of articles on whose texts the user's query is evaluated.
"""

PROBE_BATCH, PROBE_COST = 100, 10
"""There are two ways to search for words in the articles of an official, rule or source: look up the words in each of
these articles, or find all articles with the words and filter them.

``PROBE_BATCH`` is the number of articles in which words are looked up at once. ``PROBE_COST`` is the cost of one
look-up, divided by the cost of filtering one article (measured: 50 and 5 microseconds among 500,000 articles).
"""

MAX_SCANNED = 200_000
"""Maximum number of articles that a search without a query reads for one part of its results."""

MAX_SCAN_PERIOD = timedelta(days=7)
"""Longest period of a search whose query has no word that every result must contain.

The full-text index cannot be used for such a query.
"""


class FoundArticle(Struct, frozen=True):
    """Result of a search: an article, the passages that satisfy the query, and the officials that the article names."""

    line: ArticleLine
    passages: tuple[Passage, ...] = ()
    official_ids: tuple[str, ...] = ()


class SearchCounts(Struct, frozen=True):
    """Numbers of the candidates of a search, by day (YYYY-MM-DD), source, language and official.

    Candidates are the articles that pass the filter and contain the words that the query requires. ``size`` is their
    total number.
    """

    size: int = 0
    days: tuple[tuple[str, int], ...] = ()
    sources: tuple[tuple[str, int], ...] = ()
    languages: tuple[tuple[str, int], ...] = ()
    officials: tuple[tuple[str, int], ...] = ()


class SearchPart(Struct, frozen=True):
    """One part of the results of a search.

    - ``found`` are the results, and ``counts`` are numbers of the articles that may satisfy the search.
    - ``looked_at`` is the number of articles that were examined because they have the words of the query.
    - ``next_id`` is the ``before_id`` of the request for the next part. It is None after the last part.
    """

    found: tuple[FoundArticle, ...]
    looked_at: int
    next_id: int | None
    counts: SearchCounts


class SearchRequest(Struct, frozen=True):
    """Parameters of a search.

    - ``query`` is the compiled query. If it is None, all articles that the filter selects are results.
    - ``wanted`` is the filter. Its ``limit`` is the maximum number of results in one part.
    - ``before_id`` is given for all parts but the first. Only articles with a lower id are searched.
    """

    query: CompiledQuery | None
    wanted: ArticleFilter
    zone: ZoneInfo
    before_id: int | None = None


def compile_search(text: str, official_ids: Sequence[str], synonyms: Sequence[Sequence[str]] = ()) -> CompiledQuery:
    """Compile a search query. Raises ``QueryError`` with the position of the error in the query."""
    return compile_query(text, official_ids, synonyms)


def search_articles(database: Database, request: SearchRequest) -> SearchPart:
    """Return one part of the results of a search.

    If no word of the query is certain to occur in the results, every article of the period must be read. Raises
    ``QueryError`` if the period is too long for this.
    """
    if request.query is None:
        return _list_articles(database, request)
    needed = to_index_query(request.query.root)
    if needed is None:
        return _scan_articles(database, request, request.query)
    lines, looked_at, exhausted_id = _read_newest(database, request, needed)
    return _evaluate(database, request, request.query, lines, looked_at, exhausted_id)


def _read_newest(
    database: Database, request: SearchRequest, needed: IndexQuery | None
) -> tuple[list[ArticleLine], int, int | None]:
    """Return the newest articles that the filter selects and that contain the words ``needed``, and two numbers.

    The first number is how many articles were examined. The second is the id below which the next part of the results
    begins, or None if no articles remain.
    """
    wanted, before_id = request.wanted, request.before_id
    if before_id is None and wanted.until_at:
        before_id = database.desk.first_id_since(wanted.until_at)
    lines: list[ArticleLine] = []
    looked_at = read = 0
    while read < MAX_CANDIDATES:
        batch = _find_candidates(database, needed, wanted, before_id)
        before_id = batch.continue_id
        looked_at += len(batch.ids)
        read += batch.size
        lines += database.desk.filter_lines(batch.ids, wanted)
        if before_id is None or _is_too_old(database, before_id, wanted.since_at):
            return lines, looked_at, None
        if batch.is_probed and len(lines) >= MAX_EVALUATED:
            break
    return lines, looked_at, before_id


class _Batch(NamedTuple):
    """A batch of candidates, the articles that may satisfy a search.

    - ``ids`` are the ids of the candidates.
    - ``size`` is the number of articles that were read to find them.
    - ``continue_id`` is the id below which the next batch begins, or None after the last batch.
    - ``is_probed`` is true if the articles were read from the index of officials, rules or sources, and the words were
      then looked up in each article.
    """

    ids: Sequence[int]
    size: int
    continue_id: int | None
    is_probed: bool = False


def _find_candidates(
    database: Database, needed: IndexQuery | None, wanted: ArticleFilter, before_id: int | None
) -> _Batch:
    """Return the next candidates below ``before_id``: articles that can satisfy a filter and contain certain words.

    Two indexes can find them: the index of words, and the index of officials, rules or sources. The newest articles of
    each index are read. The index with fewer articles in the same period is used, because fewer articles must then be
    examined. Thus the cost does not depend on the size of the archive.
    """
    selected = database.desk.list_selected_ids(wanted, CANDIDATE_BATCH, before_id)
    is_rare = selected is not None and len(selected) < CANDIDATE_BATCH
    if needed is None:
        found = selected or []
        return _Batch(found, CANDIDATE_BATCH, None if is_rare else found[-1])
    if selected is None or not is_rare:
        ids = database.desk.find_candidates(needed, CANDIDATE_BATCH, before_id)
        if len(ids) < CANDIDATE_BATCH:
            return _Batch(ids, len(ids), None)
        newest_id = max(ids[0], selected[0] if selected else 0)
        if selected is None or (newest_id - ids[-1]) * PROBE_COST > newest_id - selected[-1]:
            return _Batch(ids, len(ids), ids[-1])
    probed = selected[:PROBE_BATCH]
    continue_id = None if is_rare and len(probed) == len(selected) else probed[-1]
    return _Batch(database.desk.filter_candidates(needed, probed), len(probed), continue_id, is_probed=True)


def _is_too_old(database: Database, article_id: int, since_at: datetime | None) -> bool:
    """Return whether an article was first seen before ``since_at``.

    A search examines the newest candidates first, so it can stop at the first candidate that is too old.
    """
    if since_at is None:
        return False
    oldest = database.desk.load_lines([article_id]).get(article_id)
    return oldest is not None and oldest.first_seen_at < since_at


def _list_articles(database: Database, request: SearchRequest) -> SearchPart:
    """Return one part of the results of a search without a query: the newest articles that the filter selects."""
    limit, wanted = request.wanted.limit, request.wanted
    if wanted.official_id or wanted.rule_id:
        lines, looked_at, next_id = _read_newest(database, request, None)
    else:
        newest_id = request.before_id or database.desk.newest_article_id() + 1
        min_id = max(0, newest_id - MAX_SCANNED)
        lines = database.desk.list_lines(replace(wanted, limit=MAX_CANDIDATES), newest_id, min_id)
        looked_at, next_id = len(lines), min_id or None
    officials = database.desk.list_officials_of([line.id for line in lines[:limit]])
    return SearchPart(
        tuple(FoundArticle(line, (), officials.get(line.id, ())) for line in lines[:limit]),
        looked_at,
        lines[limit - 1].id if len(lines) > limit else next_id,
        _count(database, lines, request.zone),
    )


def _scan_articles(database: Database, request: SearchRequest, query: CompiledQuery) -> SearchPart:
    """Evaluate a query on all articles of a short period.

    This is for a query without a word that must occur in every result. Raises ``QueryError`` if the period is longer
    than ``MAX_SCAN_PERIOD``.
    """
    since_at, until_at = request.wanted.since_at, request.wanted.until_at
    if since_at is None or (until_at is not None and until_at - since_at > MAX_SCAN_PERIOD):
        raise QueryError(
            "the query has no word that every result must contain, so that all articles would have to be read",
            0,
            "such a word, or a period of at most 7 days; to find all articles on a person, filter by official",
        )
    lines = database.desk.list_lines(replace(request.wanted, limit=MAX_EVALUATED), request.before_id)
    exhausted_id = lines[-1].id if len(lines) == MAX_EVALUATED else None
    return _evaluate(database, request, query, lines, len(lines), exhausted_id)


def _evaluate(
    database: Database,
    request: SearchRequest,
    query: CompiledQuery,
    lines: Sequence[ArticleLine],
    looked_at: int,
    exhausted_id: int | None,
) -> SearchPart:
    """Evaluate a query on the articles in ``lines``, and return the ones that satisfy it.

    Evaluation stops when enough articles are found or too many texts were evaluated.

    - ``looked_at`` is the number of articles that the search has examined so far, including ``lines``.
    - ``exhausted_id`` is the id below which the search continues if all of ``lines`` are evaluated. It is None if the
      search then ends.
    """
    found: list[FoundArticle] = []
    limit = request.wanted.limit
    evaluated, next_id = 0, exhausted_id
    for start in range(0, len(lines), limit):
        batch = lines[start : start + limit]
        texts = {stored.id: stored for stored in database.queries.load_articles([line.id for line in batch])}
        mentions = database.desk.load_mentions([line.id for line in batch])
        for line in batch:
            evaluated += 1
            named = mentions.get(line.id, [])
            passages = _find_passages(query, texts[line.id], named) if line.id in texts else None
            if passages is not None:
                found.append(FoundArticle(line, passages, tuple(dict.fromkeys(one for one, _ in named))))
            if len(found) == limit or evaluated == MAX_EVALUATED:
                is_last = line is lines[-1]
                next_id = exhausted_id if is_last else line.id
                return SearchPart(tuple(found), looked_at, next_id, _count(database, lines, request.zone))
    return SearchPart(tuple(found), looked_at, next_id, _count(database, lines, request.zone))


def _find_passages(
    query: CompiledQuery, stored: StoredArticle, mentions: Sequence[tuple[str, str]]
) -> tuple[Passage, ...] | None:
    """Return the passages of an article that satisfy a query, or None if the article does not satisfy it.

    ``mentions`` are the mentions of officials in the article, each as official id and text.
    """
    article_text = normalize_article(stored.article)
    spans = evaluate_query(query, article_text, _mention_finder(article_text, mentions))
    return None if spans is None else build_passages(stored.article, article_text, spans)


def _mention_finder(
    article_text: NormalizedArticle, mentions: Sequence[tuple[str, str]]
) -> Callable[[str], list[Span]]:
    """Return a function that gets the id of an official and returns where an article mentions the official.

    The places are start and end offsets. The function finds them by searching for the texts of the stored mentions,
    which are given as pairs of an official's id and a text.
    """

    def find(official_id: str) -> list[Span]:
        texts = {fold_key(text) for named, text in mentions if named == official_id}
        spans = [find_term(TextTerm(text), article_text, article_text.unhyphenated) for text in texts]
        return sorted({span for some in spans for span in some})

    return find


def _count(database: Database, lines: Sequence[ArticleLine], zone: ZoneInfo) -> SearchCounts:
    days = Counter(f"{line.first_seen_at.astimezone(zone):%Y-%m-%d}" for line in lines)
    officials: Counter[str] = Counter()
    for named in database.desk.list_officials_of([line.id for line in lines]).values():
        officials.update(named)
    return SearchCounts(
        size=len(lines),
        days=tuple(sorted(days.items())),
        sources=tuple(Counter(line.source_id for line in lines).most_common(12)),
        languages=tuple(Counter(line.language for line in lines if line.language).most_common(12)),
        officials=tuple(officials.most_common(12)),
    )


def to_index_query(node: Node) -> IndexQuery | None:
    """Return a condition for the full-text index that is true for every text that satisfies a query (``node``).

    The result is None if no word is certain to occur in such a text.
    """
    match node:
        case TextTerm(text, is_prefix, is_exact):
            return make_search_term(fold_key(text) if is_exact else text, is_prefix=is_prefix)
        case And(parts):
            return _join_all([to_index_query(part) for part in parts])
        case Near(left, right, _):
            return _join_all([to_index_query(left), to_index_query(right)])
        case Within(_, part):
            return to_index_query(part)
        case Or(parts):
            each = [to_index_query(part) for part in parts]
            known = tuple(part for part in each if part is not None)
            return IndexAny(known) if len(known) == len(each) else None
        case Not() | Regex() | OfficialTerm():
            return None


def _join_all(parts: Sequence[IndexQuery | None]) -> IndexQuery | None:
    known = tuple(part for part in parts if part is not None)
    return known[0] if len(known) == 1 else IndexAll(known) if known else None
