"""How much of an article is about somebody: headline before opening before the rest."""

from collections.abc import Iterable
from enum import IntEnum

from monitor.domain.article import Article, Region
from monitor.domain.digest import ReportableHit

MAX_OPENING_CHARS = 300  # characters: where a first paragraph ends if the text has no paragraphs


class Prominence(IntEnum):
    """Where the most prominent mention stands."""

    BODY = 1
    OPENING = 2
    HEADLINE = 3


def rank_offset(article: Article, region: Region, start: int) -> Prominence:
    """Rank one place in an article; the dateline and captions count as the body's rest."""
    if region is Region.TITLE:
        return Prominence.HEADLINE
    if region is Region.STANDFIRST:
        return Prominence.OPENING
    opening = article.body.find("\n")
    if region is Region.BODY and start < (opening if 0 < opening < MAX_OPENING_CHARS else MAX_OPENING_CHARS):
        return Prominence.OPENING
    return Prominence.BODY


def rank_officials(records: Iterable[ReportableHit]) -> dict[str, tuple[Prominence, int]]:
    """Rank the officials of one article's hits, each with how early the mention stands (negative, for sorting).

    An official without a stored mention is ranked by the hit's passages.
    """
    best: dict[str, tuple[Prominence, int]] = {}
    for record in records:
        named = {mention.official_id for mention in record.mentions}
        places = [(m.official_id, m.region, m.start) for m in record.mentions if m.official_id in record.official_ids]
        places += [(o, p.region, p.start) for o in record.official_ids if o not in named for p in record.passages]
        for official, region, start in places:
            found = rank_offset(record.article, region, start), -start
            best[official] = max(found, best.get(official, found))
        for official in record.official_ids:
            best.setdefault(official, (Prominence.BODY, 0))
    return best


def rank_article(records: Iterable[ReportableHit]) -> Prominence:
    """Rank an article by its most prominent passage, officials or not."""
    ranks = [
        rank_offset(record.article, passage.region, passage.start) for record in records for passage in record.passages
    ]
    return max(ranks, default=Prominence.BODY)
