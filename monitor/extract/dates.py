"""Publication and modification times of a page, and the time zone of its source.

Times come from the metadata, else from dates printed near the headline. The zone is the configured one, else that of
the source's country, else that of the country in the page's domain. Only countries with one time zone, or where nearly
all outlets use the same one, are listed: a wrong zone is worse than none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from selectolax.lexbor import LexborHTMLParser

from monitor.domain.source import Source
from monitor.extract.main_content import PageAnalysis
from monitor.extract.metadata import PageMetadata
from monitor.text.dates import ParsedDate, infer_day_first, parse_date, parse_date_details

_COUNTRY_ZONES = """
vn Asia/Ho_Chi_Minh vietnam
la Asia/Vientiane laos,lao
kh Asia/Phnom_Penh cambodia
th Asia/Bangkok thailand
mm Asia/Yangon myanmar,burma
my Asia/Kuala_Lumpur malaysia
sg Asia/Singapore singapore
bn Asia/Brunei brunei
ph Asia/Manila philippines
tl Asia/Dili timor-leste
id Asia/Jakarta indonesia
cn Asia/Shanghai china
hk Asia/Hong_Kong hongkong
tw Asia/Taipei taiwan
jp Asia/Tokyo japan
kr Asia/Seoul southkorea,korea
kp Asia/Pyongyang northkorea
in Asia/Kolkata india
pk Asia/Karachi pakistan
bd Asia/Dhaka bangladesh
lk Asia/Colombo srilanka
np Asia/Kathmandu nepal
ir Asia/Tehran iran
il Asia/Jerusalem israel
ae Asia/Dubai unitedarabemirates
sa Asia/Riyadh saudiarabia
tr Europe/Istanbul turkey,türkiye
uk Europe/London unitedkingdom,britain,greatbritain
ie Europe/Dublin ireland
fr Europe/Paris france
de Europe/Berlin germany
at Europe/Vienna austria
ch Europe/Zurich switzerland
li Europe/Zurich liechtenstein
it Europe/Rome italy
es Europe/Madrid spain
nl Europe/Amsterdam netherlands
be Europe/Brussels belgium
lu Europe/Luxembourg luxembourg
dk Europe/Copenhagen denmark
no Europe/Oslo norway
se Europe/Stockholm sweden
fi Europe/Helsinki finland
pl Europe/Warsaw poland
cz Europe/Prague czechia,czechrepublic
sk Europe/Bratislava slovakia
hu Europe/Budapest hungary
ro Europe/Bucharest romania
bg Europe/Sofia bulgaria
gr Europe/Athens greece
ua Europe/Kyiv ukraine
is Atlantic/Reykjavik iceland
eg Africa/Cairo egypt
za Africa/Johannesburg southafrica
ke Africa/Nairobi kenya
tz Africa/Dar_es_Salaam tanzania
ng Africa/Lagos nigeria
nz Pacific/Auckland newzealand
"""
_ZONE_BY_COUNTRY_CODE = {row.split()[0]: row.split()[1] for row in _COUNTRY_ZONES.split("\n") if row}
_ZONE_BY_COUNTRY_NAME = {
    name: row.split()[1] for row in _COUNTRY_ZONES.split("\n") if row for name in row.split()[2].split(",")
}


def find_source_timezone(source: Source | None, url: str) -> tzinfo | None:
    """Return the time zone for a source's dates without an offset, or None if it is unknown."""
    country = "".join(source.country.lower().split()) if source else ""
    try:
        code = (urlsplit(url).hostname or "").rpartition(".")[2]
    except ValueError:
        code = ""
    name = (
        (source.timezone if source else "")
        or _ZONE_BY_COUNTRY_NAME.get(country)
        or _ZONE_BY_COUNTRY_CODE.get(country)
        or _ZONE_BY_COUNTRY_CODE.get(code)
    )
    return ZoneInfo(name) if name else None


_MODIFIED_WORDS = re.compile(
    r"updat|modif|aktualis|cập nhật|mis à jour|actualiz|atualiz|aggiorn|diperbarui|обновл|更新|แก้ไข", re.IGNORECASE
)
_MAX_TITLE_DISTANCE_RUNS = 12  # text runs around the headline in which a date belongs to the article
_MAX_DATE_LINE_CHARS = 120  # characters; a date in a longer text run is part of the text
_MAX_FOOTER_DATE_CHARS = 30  # characters; below the text only a line that is little more than a date counts
# A page time without a zone within this difference is taken to be the feed's time.
_MAX_FEED_TIME_DIFFERENCE = timedelta(hours=36)
LocatedStamp = tuple[ParsedDate, str]


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
        context = f"{node.attributes.get('class') or ''} {text} {parent_text}"
        found.append((_MODIFIED_WORDS.search(context) is not None, value))
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
    near.sort(key=lambda at: (_MODIFIED_WORDS.search(runs[at].text) is not None, abs(at - page.title_run_index)))
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
