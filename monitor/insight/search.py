"""Search of the archive, with queries in the syntax of rules: results, counts, and rules made from a search."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from monitor.domain.article import Region
from monitor.domain.desk_models import ArticleLine
from monitor.domain.errors import UsageError
from monitor.domain.read_models import ArticleFilter
from monitor.domain.source import Source
from monitor.domain.value_parsers import parse_date, parse_duration
from monitor.domain.values import replace
from monitor.match.query.evaluate import CompiledQuery
from monitor.match.query.parser import Or, Within
from monitor.pipeline.search import FoundArticle, SearchRequest, search_articles
from monitor.store.database import Database

MAX_LOOKED_AT = 20_000
"""Maximum number of results that are read to count them, or to sort them by anything but age."""

PART_SIZE = 300
MAX_PARTS = 50
"""Maximum number of parts of the archive that are searched for one page of results. A part has up to 2,000 candidates.

Without this limit, a search for a common word, restricted to a language with few articles, would read the whole
archive.
"""
SORTS: Mapping[str, Callable[[ArticleLine], tuple[object, ...]]] = {
    "newest": lambda line: (-line.id,),
    "oldest": lambda line: (line.id,),
    "outlet": lambda line: (line.outlet.casefold(), -line.id),
    "published": lambda line: (-line.dated_at.timestamp(), -line.id),
}
COUNTS = ("day", "source", "official", "language")
_QUOTED_OR_MINUS = re.compile(r'"[^"]*"|“[^”]*”|/(?:[^/\\]|\\.)+/|(?:(?<=\s)|(?<=\()|^)-(?=["“\w(=@])')


class Search(Struct, frozen=True):
    """A search of the archive: the text of the query, a filter, and the regions in which the query must match.

    Regions are parts of an article, such as the headline. If ``before_id`` is given, only articles with a lower id are
    searched.
    """

    text: str
    wanted: ArticleFilter
    regions: tuple[Region, ...] = ()
    before_id: int | None = None


class SearchResult(Struct, frozen=True):
    """Results of a search.

    If more results may follow, the next search continues below the id ``next_id``. Otherwise ``next_id`` is None.
    """

    found: tuple[FoundArticle, ...]
    next_id: int | None

    @property
    def is_complete(self) -> bool:
        """True if every article that satisfies the search was found."""
        return self.next_id is None


def parse_moment(text: str, zone: ZoneInfo, now: datetime, *, is_end: bool = False) -> datetime | None:
    """Return the time that a text states: a date (YYYY-MM-DD), or a duration such as 7d, counted back from ``now``.

    A date means the beginning of the day in ``zone``, or its end if ``is_end`` is true. An empty text gives None.
    Raises ``UsageError`` for any other text.
    """
    if not text:
        return None
    try:
        day = parse_date(text)
    except ValueError:
        try:
            return now - parse_duration(text)
        except ValueError:
            raise UsageError(
                f"{text[:40]!r} is not a date; write it such as 2026-11-30, or a length such as 7d"
            ) from None
    start = datetime.combine(day, time(), zone) + timedelta(days=int(is_end))
    return start.astimezone(UTC)


def read_minus_as_not(text: str) -> str:
    """Replace each minus before a word of a query by NOT. Many users know this minus from other search engines."""
    return _QUOTED_OR_MINUS.sub(lambda found: "NOT " if found.group() == "-" else found.group(), text)


def parse_regions(names: Iterable[str]) -> tuple[Region, ...]:
    """Return the regions (parts of an article, such as the headline) with these names.

    Raises ``UsageError`` with the valid names if a name is unknown.
    """
    known = {region.value: region for region in Region}
    for name in names:
        if name not in known:
            raise UsageError(f"--region {name!r} is not one of {', '.join(known)}")
    return tuple(known[name] for name in names)


def sources_of_group(sources: Iterable[Source], group: str) -> tuple[str, ...]:
    """Return the ids of the sources in a group. Raises ``UsageError`` if the group has no source."""
    sources = list(sources)
    ids = tuple(source.id for source in sources if group in source.groups)
    if not ids:
        groups = sorted({name for source in sources for name in source.groups})
        raise UsageError(f"no source is in the group {group!r}; groups are: {', '.join(groups) or 'none'}")
    return ids


def limit_to_regions(query: CompiledQuery, regions: Sequence[Region]) -> CompiledQuery:
    """Return a query that must match within one of these regions (parts of an article, such as the headline).

    If no regions are given, the query is returned unchanged.
    """
    if not regions:
        return query
    parts = tuple(Within(region, query.root) for region in regions)
    return replace(query, root=parts[0] if len(parts) == 1 else Or(parts))


def find_articles(
    database: Database,
    search: Search,
    query: CompiledQuery | None,
    zone: ZoneInfo,
    limit: int,
    sort: str = "newest",
    max_parts: int | None = None,
) -> SearchResult:
    """Return at most ``limit`` results of a search, sorted by ``sort``.

    If ``sort`` is "newest", the search stops after ``limit`` results. For any other order, it reads about
    ``MAX_LOOKED_AT`` of the newest results, and sorts them.

    The archive is searched in parts. After ``max_parts`` parts, the search stops and returns the results so far, with
    the ``next_id`` from which it can be continued. Raises ``QueryError`` if the query would have to read every article.
    """
    found: list[FoundArticle] = []
    next_id: int | None = search.before_id
    part_size = min(limit, PART_SIZE) if sort == "newest" else PART_SIZE
    for number, (part, continue_id) in enumerate(iterate_parts(database, search, query, zone, part_size), 1):
        next_id = continue_id
        found += part
        if number == max_parts:
            break
        if len(found) >= (limit if sort == "newest" else MAX_LOOKED_AT):
            break
    if sort != "newest":
        found.sort(key=lambda one: SORTS[sort](one.line))
    if len(found) > limit:
        next_id = found[limit - 1].line.id
    return SearchResult(tuple(found[:limit]), next_id)


def iterate_parts(
    database: Database, search: Search, query: CompiledQuery | None, zone: ZoneInfo, part_size: int = PART_SIZE
) -> Iterator[tuple[tuple[FoundArticle, ...], int | None]]:
    """Yield the results of a search in parts, newest first, each part with the id below which the next part begins.

    A part has at most ``part_size`` results. The id is None for the last part.
    """
    before_id = search.before_id
    wanted = replace(search.wanted, limit=part_size)
    while True:
        part = search_articles(database, SearchRequest(query, wanted, zone, before_id))
        yield part.found, part.next_id
        if part.next_id is None or part.next_id == before_id:
            return
        before_id = part.next_id


def count_articles(
    database: Database, search: Search, query: CompiledQuery | None, zone: ZoneInfo, by: str
) -> tuple[tuple[tuple[str, int], ...], bool]:
    """Count the results of a search by day, source, official or language.

    Return the counts, and whether all are counted. Counts by day are in the order of the days; all other counts begin
    with the largest. Only about ``MAX_LOOKED_AT`` of the newest results are counted.
    """
    counts: Counter[str] = Counter()
    total, is_complete = 0, True
    for part, next_id in iterate_parts(database, search, query, zone):
        total += len(part)
        for one in part:
            counts.update(_keys(one, by, zone))
        if total >= MAX_LOOKED_AT and next_id is not None:
            is_complete = False
            break
    order = sorted(counts.items()) if by == "day" else counts.most_common()
    return tuple(order), is_complete


def _keys(one: FoundArticle, by: str, zone: ZoneInfo) -> tuple[str, ...]:
    if by == "day":
        return (f"{one.line.first_seen_at.astimezone(zone):%Y-%m-%d}",)
    if by == "official":
        return one.official_ids
    return (one.line.source_id if by == "source" else one.line.language or "unknown",)


def make_rule(search: Search, group: str) -> dict[str, Any]:
    """Return a rule that reports the same articles as a search, as the keys and values to write in sources.yaml.

    The period of the search is ignored. ``group`` limits the rule to a group of sources. Raises ``UsageError`` if a
    rule cannot express the search.
    """
    wanted = search.wanted
    if wanted.rule_id:
        raise UsageError("a rule cannot use the hits of another rule; leave --rule out with --save-rule")
    rule: dict[str, Any] = {}
    if search.text and wanted.official_id:
        rule["query"] = f"@{wanted.official_id} ({search.text})"
    elif search.text:
        rule["query"] = search.text
    elif wanted.official_id:
        rule["officials"] = [wanted.official_id]
    else:
        raise UsageError("a rule needs a query or --official")
    if wanted.source_id:
        rule["sources"] = [wanted.source_id]
    if group:
        rule["groups"] = [group]
    if wanted.language:
        rule["languages"] = [wanted.language]
    if search.regions:
        rule["regions"] = [region.value for region in search.regions]
    return rule
