"""Publication and modification times of a page, and the time zone of its source.

Times come from the metadata, else from dates printed near the headline. The zone is the configured one, else that of
the source's country, else that of the country in the page's domain. Only countries with one time zone, or where nearly
all outlets use the same one, are listed: a wrong zone is worse than none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser

from monitor.domain.source import Source
from monitor.extract.main_content import PageAnalysis
from monitor.extract.metadata import PageMetadata
from monitor.language.load import language_data, page_phrases
from monitor.text.dates import ParsedDate, infer_day_first, parse_date, parse_date_details
from monitor.text.fold import fold_key


@cache
def _zones_by_domain() -> dict[str, str]:
    """Return the time zone of each country that has one, by its top-level domain."""
    return {country.domain: country.time_zone for country in language_data().countries if country.time_zone}


@cache
def _zones_by_name() -> dict[str, str]:
    """Return the time zone of each country that has one, by each of its unambiguous names."""
    zones = {}
    for country in language_data().countries:
        for name in set(country.names) - set(country.ambiguous):
            if country.time_zone:
                zones[_country_key(name)] = country.time_zone
    return zones


def _country_key(name: str) -> str:
    return fold_key(name).replace(" ", "").replace("-", "")


def find_source_timezone(source: Source | None, url: str) -> tzinfo | None:
    """Return the time zone for a source's dates without an offset, or None if it is unknown."""
    country = _country_key(source.country) if source else ""
    try:
        code = (urlsplit(url).hostname or "").rpartition(".")[2]
    except ValueError:
        code = ""
    name = (
        (source.timezone if source else "")
        or _zones_by_name().get(country)
        or _zones_by_domain().get(country)
        or _zones_by_domain().get(code)
    )
    return ZoneInfo(name) if name else None


_MAX_TITLE_DISTANCE_RUNS = 12  # runs before and after the headline in which a date is the article's
_MAX_DATE_LINE_CHARS = 120  # characters: a date in a longer run is part of the text
_MAX_FOOTER_DATE_CHARS = 30  # characters: further down only a line that is little more than a date counts
_MAX_FEED_TIME_DIFFERENCE = timedelta(
    hours=36
)  # a page's time without a zone is the feed's time if it is that near to it
LocatedStamp = tuple[ParsedDate, str]


@cache
def _modified_pattern() -> re.Pattern[str]:
    """Return the pattern of words before the time of a change."""
    return re.compile("|".join(page_phrases("modified")), re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class PageTimeZone:
    """Time zone for dates that name none, and whether the user configured it (it is else derived from the country)."""

    zone: tzinfo | None
    is_configured: bool


def find_published(
    tree: LexborHTMLParser,
    page: PageAnalysis,
    metadata: PageMetadata,
    page_zone: PageTimeZone,
    feed_published_at: datetime | None,
) -> tuple[datetime | None, str]:
    """Return the publication time, in the time zone the page uses, and where it was found.

    The first place with a full date wins; if it has no time of day, a later place with the same date adds it. A time
    without hour or without a reliable zone is replaced by the feed's time if both are within 36 hours.
    """
    best: LocatedStamp | None = None
    for stamp, where in _iter_stamps(tree, page, metadata, page_zone.zone):
        if best is None or (stamp.has_time and stamp.instant.date() == best[0].instant.date()):
            best = stamp, where
        if best[0].has_time:
            break
    if best is None:
        return feed_published_at, "feed" if feed_published_at else "nothing"
    exact = best[0].has_zone or (page_zone.is_configured and best[0].has_time)
    if feed_published_at and not exact and abs(best[0].instant - feed_published_at) < _MAX_FEED_TIME_DIFFERENCE:
        return feed_published_at, "feed"
    return best[0].instant, best[1]


def find_modified(
    tree: LexborHTMLParser, metadata: PageMetadata, zone: tzinfo | None, published: datetime | None
) -> datetime | None:
    """Return the time of the last change, or None if it is missing or before the publication time."""
    for text in [*metadata.modified, *_list_microdata_values(tree, "dateModified")]:
        moment = parse_date(text, zone)
        if moment is not None:
            return moment if published is None or moment >= published - timedelta(minutes=1) else None
    return None


def _iter_stamps(
    tree: LexborHTMLParser, page: PageAnalysis, metadata: PageMetadata, zone: tzinfo | None
) -> Iterator[LocatedStamp]:
    """Yield the page's dates, most trusted first."""
    order = infer_day_first([run.text for run in page.layout.runs if len(run.text) < _MAX_DATE_LINE_CHARS])
    for text, where in _iter_date_texts(tree, page, metadata):
        stamp = parse_date_details(text, zone, order)
        if stamp is not None:
            yield stamp, where


def _iter_date_texts(tree: LexborHTMLParser, page: PageAnalysis, metadata: PageMetadata) -> Iterator[tuple[str, str]]:
    """Yield texts that may contain a date, with their origin; later places are searched only when requested."""
    yield from ((text, "metadata") for text in metadata.published)
    yield from ((text, "microdata") for text in _list_microdata_values(tree, "datePublished"))
    yield from ((text, "time element") for text in _list_time_element_values(tree, page))
    yield from ((text, "near the headline") for text in _list_texts_near_title(page))
    yield from ((text, "below the text") for text in _list_texts_after_body(page))


def _list_microdata_values(tree: LexborHTMLParser, item_property: str) -> list[str]:
    found = []
    for node in tree.css(f'[itemprop~="{item_property}"]')[:3]:
        attributes = node.attributes
        found.append(attributes.get("content") or attributes.get("datetime") or node.text(separator=" "))
    return found


def _list_time_element_values(tree: LexborHTMLParser, page: PageAnalysis) -> list[str]:
    """Return the value of the best ``time`` element around the article; modification times are used last."""
    article_node = page.layout.boxes[page.article_box_index].node if page.layout.boxes else tree.root
    if article_node is None:
        return []
    found = []
    for node in article_node.css("time")[:8]:
        text = node.text(separator=" ")
        value = node.attributes.get("datetime") or text
        parent_text = (node.parent.text(separator=" ") if node.parent is not None else "")[:_MAX_DATE_LINE_CHARS]
        mark = f"{node.attributes.get('class') or ''} {text} {parent_text}"
        found.append((_modified_pattern().search(mark) is not None, value))
    return [value for _, value in sorted(found, key=lambda pair: pair[0])][:1]


def _list_texts_near_title(page: PageAnalysis) -> list[str]:
    """List short text runs near the headline, nearest first; mentions of updates come last."""
    if page.title_run_index < 0:
        return []
    runs = page.layout.runs
    indexes = range(
        max(0, page.title_run_index - _MAX_TITLE_DISTANCE_RUNS // 3),
        min(len(runs), page.title_run_index + _MAX_TITLE_DISTANCE_RUNS + 1),
    )
    near = [
        at
        for at in indexes
        if len(runs[at].text) < _MAX_DATE_LINE_CHARS and page.rejection_reasons[at] not in {"", "caption", "standfirst"}
    ]
    near.sort(key=lambda at: (_modified_pattern().search(runs[at].text) is not None, abs(at - page.title_run_index)))
    return [runs[at].text for at in near]


def _list_texts_after_body(page: PageAnalysis) -> list[str]:
    """List lines after the text that consist of little more than a date."""
    if not page.layout.boxes:
        return []
    article_box = page.layout.boxes[page.article_box_index]
    after = [
        run.text
        for at, run in enumerate(
            page.layout.runs[page.title_run_index + 1 : article_box.run_end], page.title_run_index + 1
        )
        if len(run.text) < _MAX_FOOTER_DATE_CHARS
        and page.rejection_reasons[at]
        and not page.rejection_reasons[at].startswith(("teasers", "boilerplate"))
    ]
    return after[:20]


def to_utc(moment: datetime | None) -> datetime | None:
    """Return the same instant in UTC, or None if there is none."""
    return moment.astimezone(UTC) if moment else None
