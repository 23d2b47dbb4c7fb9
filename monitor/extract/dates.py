"""Publication time and modification time of a page.

A time is read from the metadata. Without one, it is read from the dates that are printed around the article, and then
from the URL. Dates of other articles (related news, lists, comments) are ignored. For a date without a time zone,
``text/time_zones.py`` determines the zone.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.extract.main_content import PageAnalysis
from monitor.extract.metadata import PageMetadata, parse_lenient_json
from monitor.extract.printed_dates import (
    MAX_DATE_LINE_CHARS,
    OwnElements,
    list_datelines,
    list_texts_after_body,
    list_texts_near_title,
)
from monitor.text.dates import ParsedDate, infer_day_first, parse_date, parse_date_details
from monitor.text.time_zones import LocalTime, day_first_of_language

_MAX_FEED_TIME_DIFFERENCE = timedelta(
    hours=36
)  # a page's time without a zone is the feed's time if it is that near to it
_MAX_PRINTED_DATE_DIFFERENCE = timedelta(days=7)
"""Maximum difference between a date that the page only prints and the date in the feed. With a larger difference, the
printed date is the date of an event or of another article. Dates in metadata may differ more, because feeds list old
articles again."""
_URL_DATE = re.compile(
    r"/(?:[a-z]{1,4}(?=\d{8}_))?((?:19|20)\d\d)(?:([/-])(0?[1-9]|1[0-2]|[a-z]{3})\2(0?[1-9]|[12]\d|3[01])"
    r"|/?(0[1-9]|1[0-2])/?(0[1-9]|[12]\d|3[01]))(?!\d)"
)
"""Date in the path of a URL: /2026/02/14/, /2026/feb/14/, /2026-02-14-title, /20260214/, /t20260214_1."""
_SCRIPT_DATE = re.compile(
    r"[\"'](?:date_?published|published_?(?:at|date|time|on)|publish_?(?:ed)?_?date|publication_?date|"
    r"first_?published(?:_?(?:at|date))?)[\"']\s*:\s*[\"']([^\"'\\<>]{8,40})[\"']",
    re.IGNORECASE,
)
"""Date of publication in a script's data, where JSON-LD is missing or broken."""
_ISO_DATE = re.compile(r"\d{4}-\d\d-\d\d")
LocatedStamp = tuple[ParsedDate, str]


def find_published(
    tree: LexborHTMLParser,
    page: PageAnalysis,
    metadata: PageMetadata,
    local_time: LocalTime,
    url: str,
    feed_published_at: datetime | None,
) -> tuple[datetime | None, str]:
    """Return the publication time, in the time zone of the page, and where it was found, such as "metadata" or "URL".

    The most trusted full date is used. If it has no time of day, the time of a less trusted text with the same date is
    used. The feed's time is used instead in two cases:

    - The page's time has no hour or no reliable zone, and both times are within 36 hours.
    - The date is only printed on the page, and differs from the feed's date by more than a week.
    """
    best: LocatedStamp | None = None
    for stamp, where in _iter_stamps(tree, page, metadata, local_time, url):
        if best is None or (stamp.has_time and stamp.instant.date() == best[0].instant.date()):
            best = stamp, where
        if best[0].has_time:
            break
    if best is None:
        return feed_published_at, "feed" if feed_published_at else "nothing"
    if feed_published_at and _is_feed_time_better(best, feed_published_at, local_time):
        return feed_published_at, "feed"
    return best[0].instant, best[1]


def _is_feed_time_better(best: LocatedStamp, feed_published_at: datetime, local_time: LocalTime) -> bool:
    stamp, where = best
    difference = abs(stamp.instant - feed_published_at)
    if where not in _STATED_PLACES and difference > _MAX_PRINTED_DATE_DIFFERENCE:
        return True
    is_exact = stamp.has_zone or (local_time.is_configured and stamp.has_time)
    return not is_exact and difference < _MAX_FEED_TIME_DIFFERENCE


_STATED_PLACES = frozenset({"metadata", "microdata"})
"""Places where the page explicitly states the date of publication."""


def find_modified(
    tree: LexborHTMLParser,
    page: PageAnalysis,
    metadata: PageMetadata,
    local_time: LocalTime,
    published: datetime | None,
) -> datetime | None:
    """Return the time of the last change of the article.

    Return None if the page does not state a change after the publication time.
    """
    for text in _iter_modified_texts(tree, page, metadata):
        moment = parse_date(text, local_time)
        if moment is not None and (published is None or moment >= published - timedelta(minutes=1)):
            return moment
    return None


def _iter_modified_texts(tree: LexborHTMLParser, page: PageAnalysis, metadata: PageMetadata) -> Iterator[str]:
    """Yield the texts about the last change: first the texts in the metadata, then the texts in the microdata.

    The microdata are read only if the caller needs more texts.
    """
    yield from metadata.modified
    yield from OwnElements(tree, page).list_microdata("dateModified")


def _iter_stamps(
    tree: LexborHTMLParser, page: PageAnalysis, metadata: PageMetadata, local_time: LocalTime, url: str
) -> Iterator[LocatedStamp]:
    """Yield the dates of the page with the places where they were found, the most trusted first."""
    order: bool | None = None
    is_order_known = False
    below: list[LocatedStamp] = []
    for text, where in _iter_date_texts(tree, page, metadata, url):
        if not is_order_known and not _ISO_DATE.match(text):
            order, is_order_known = _infer_order(page, metadata, local_time), True
        stamp = parse_date_details(text, local_time, order)
        if stamp is not None and where == "below the text":
            below.append((stamp, where))
        elif stamp is not None:
            yield stamp, where
    if len({stamp.instant.date() for stamp, _where in below}) == 1:  # several dates are of other articles
        yield from below


def _infer_order(page: PageAnalysis, metadata: PageMetadata, local_time: LocalTime) -> bool | None:
    """Return whether the day precedes the month in numeric dates of a page; None if this is unknown."""
    order = infer_day_first([run.text for run in page.layout.runs if len(run.text) < MAX_DATE_LINE_CHARS])
    if order is None and local_time.day_first is None:
        order = day_first_of_language(metadata.languages[0] if metadata.languages else "")
    return order


def _iter_date_texts(
    tree: LexborHTMLParser, page: PageAnalysis, metadata: PageMetadata, url: str
) -> Iterator[tuple[str, str]]:
    """Yield texts that may contain a date, the most trusted first, each with a description of where it was found.

    The page is searched step by step, each time the caller requests the next text.
    """
    yield from ((text, "metadata") for text in metadata.published)
    elements = OwnElements(tree, page)
    yield from ((text, "microdata") for text in elements.list_microdata("datePublished"))
    yield from ((text, "time element") for text in elements.list_times())
    yield from ((text, "near the headline") for text in list_texts_near_title(page, elements))
    yield from ((text, "URL") for text in _list_url_dates(url))
    yield from ((text, "script") for text in _list_script_dates(tree))
    yield from ((text, "date element") for text in elements.list_dates())
    yield from ((text, "below the text") for text in list_texts_after_body(page, elements))
    yield from ((text, "dateline") for text in list_datelines(page))


def _list_url_dates(url: str) -> list[str]:
    """Return a list with the date in the path of a URL, or an empty list if the path has none."""
    try:
        match = _URL_DATE.search(urlsplit(url).path)
    except ValueError:
        return []
    if not match:
        return []
    year, month, day = match[1], match[3] or match[5], match[4] or match[6]
    return [f"{year}-{month}-{day}" if month.isdecimal() else f"{day} {month} {year}"]


def _list_script_dates(tree: LexborHTMLParser) -> list[str]:
    """Return a list with the publication date in the scripts of a page, or an empty list if they have none.

    If the scripts have dates of several days, the list is empty, because they may be the dates of other articles.
    """
    scripts = [(script, script.text() or "") for script in tree.css("script")]
    found = [
        text for script, code in scripts if not _is_valid_json_ld(script, code) for text in _SCRIPT_DATE.findall(code)
    ]
    return found[:1] if len({text[: len("2026-02-14")] for text in found}) == 1 else []


def _is_valid_json_ld(script: LexborNode, code: str) -> bool:
    """Return whether a script is valid JSON-LD that states a date.

    Its date need not be searched for again, because it has already been read as metadata.
    """
    is_json_ld = "ld+json" in (script.attributes.get("type") or "").lower()
    return is_json_ld and _SCRIPT_DATE.search(code) is not None and parse_lenient_json(code) is not None


def to_utc(moment: datetime | None) -> datetime | None:
    """Convert a time to UTC; None remains None."""
    return moment.astimezone(UTC) if moment else None
