"""Publication and modification times of a page.

Times come from the metadata, else from dates printed around the article, else from the URL. Dates of other articles
(related news, lists, comments) never count. See ``text/time_zones.py`` for the zone of a date that names none.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from operator import itemgetter
from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.extract.dom_blocks import BOILERPLATE_NAMES, LINK_LIST_NAMES, SMALL_PRINT_NAMES, TextRun, split_camel_case
from monitor.extract.main_content import HEADING_TAGS, PageAnalysis
from monitor.extract.metadata import PageMetadata
from monitor.language.load import page_phrases
from monitor.text.dates import ParsedDate, infer_day_first, parse_date, parse_date_details
from monitor.text.time_zones import LocalTime, day_first_of_language

_MAX_TITLE_DISTANCE_RUNS = 12  # runs before and after the headline in which a date is the article's
_MAX_DATE_LINE_CHARS = 120  # characters: a date in a longer run is part of the text
_MAX_FOOTER_DATE_CHARS = 30  # characters: further down only a line that is little more than a date counts
_MAX_FEED_TIME_DIFFERENCE = timedelta(
    hours=36
)  # a page's time without a zone is the feed's time if it is that near to it
_MAX_PRINTED_DATE_DIFFERENCE = timedelta(days=7)
"""A date that the page only prints must be that near to the feed's: further away it is that of an event or of another
article. Metadata count at any distance, because feeds list old articles again."""
_DATE_NAMES = re.compile(
    r"(?:^|[\s_:-])(?:date|dates|datetime|time|timestamp|pub-?date|published|publish-?(?:date|time)|posted(?:-on)?|"
    r"datum|fecha|ngay|thoi-?gian|tanggal|data|created|(?:post|entry|article)?-?meta(?:data)?|byline|submitted)"
    r"(?=$|[\s_:-])"
)
"""Names of elements that contain a date."""
_DATE_ATTRIBUTES = ("data-date", "data-datetime", "data-timestamp", "data-time", "data-published", "title")
_DATE_SELECTOR = ", ".join(
    f'[class*="{part}" i]'
    for part in ("dat", "time", "publish", "posted", "fecha", "ngay", "created", "meta", "byline", "submitted")
) + "".join(f", [{name}]" for name in _DATE_ATTRIBUTES[:-1])
_NEUTRAL_NAMES = re.compile(
    r"[\s_:-]*(?:share|sharing|social|tool|print|follow|votes?|rating|addtoany|teilen|copyright|legal|compartir|aside|"
    r"side-?bar|rail|nav|footer)"
)
"""Beginnings of names of boxes that are boilerplate but may contain the article's date next to buttons."""
_HEADINGS = ",".join(sorted(HEADING_TAGS))
_MIN_HEADLINE_CHARS = 20  # characters: links to authors and sections are shorter
_MAX_DETAIL_CHARS = 60  # characters: a list item with more is more than the date of the article
_MAX_ELEMENTS = 12  # elements of one kind that are looked at; a page with more is a list
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
_DATELINE = re.compile(r"(.{6,60}?)\s?[-\u2013\u2014]{1,2}\s")
LocatedStamp = tuple[ParsedDate, str]


@cache
def _modified_pattern() -> re.Pattern[str]:
    """Return the pattern of words before the time of a change."""
    return re.compile("|".join(page_phrases("modified")), re.IGNORECASE)


def find_published(
    tree: LexborHTMLParser,
    page: PageAnalysis,
    metadata: PageMetadata,
    local_time: LocalTime,
    url: str,
    feed_published_at: datetime | None,
) -> tuple[datetime | None, str]:
    """Return the publication time, in the time zone the page uses, and where it was found.

    The first place with a full date wins; if it has no time of day, a later place with the same date adds it. A time
    without hour or without a reliable zone is replaced by the feed's time if both are within 36 hours; a date that is
    only printed is replaced by it if they are more than a week apart.
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
"""Places where the page names a date as the date of publication."""


def find_modified(
    tree: LexborHTMLParser, metadata: PageMetadata, local_time: LocalTime, published: datetime | None
) -> datetime | None:
    """Return the time of the last change, or None if it is missing or before the publication time."""
    values = [_read_value(node) for node in tree.css('[itemprop~="dateModified"]')[:3]]
    for text in [*metadata.modified, *values]:
        moment = parse_date(text, local_time)
        if moment is not None:
            return moment if published is None or moment >= published - timedelta(minutes=1) else None
    return None


def _iter_stamps(
    tree: LexborHTMLParser, page: PageAnalysis, metadata: PageMetadata, local_time: LocalTime, url: str
) -> Iterator[LocatedStamp]:
    """Yield the page's dates, most trusted first."""
    order = infer_day_first([run.text for run in page.layout.runs if len(run.text) < _MAX_DATE_LINE_CHARS])
    if order is None and local_time.day_first is None:
        order = day_first_of_language(metadata.languages[0] if metadata.languages else "")
    below: list[LocatedStamp] = []
    for text, where in _iter_date_texts(tree, page, metadata, url):
        stamp = parse_date_details(text, local_time, order)
        if stamp is not None and where == "below the text":
            below.append((stamp, where))
        elif stamp is not None:
            yield stamp, where
    if len({stamp.instant.date() for stamp, _where in below}) == 1:  # several dates are of other articles
        yield from below


def _iter_date_texts(
    tree: LexborHTMLParser, page: PageAnalysis, metadata: PageMetadata, url: str
) -> Iterator[tuple[str, str]]:
    """Yield texts that may contain a date, with their origin; later places are searched only when requested."""
    yield from ((text, "metadata") for text in metadata.published)
    elements = _OwnElements(tree, page)
    yield from ((text, "microdata") for text in elements.list_microdata("datePublished"))
    yield from ((text, "time element") for text in elements.list_times())
    yield from ((text, "near the headline") for text in _list_texts_near_title(page))
    yield from ((text, "URL") for text in _list_url_dates(url))
    yield from ((text, "script") for text in _list_script_dates(tree))
    yield from ((text, "date element") for text in elements.list_dates())
    yield from ((text, "below the text") for text in _list_texts_after_body(page, elements))
    yield from ((text, "dateline") for text in _list_datelines(page))


def _list_url_dates(url: str) -> list[str]:
    """List the date in the path of a URL, if it has one."""
    try:
        match = _URL_DATE.search(urlsplit(url).path)
    except ValueError:
        return []
    if not match:
        return []
    year, month, day = match[1], match[3] or match[5], match[4] or match[6]
    return [f"{year}-{month}-{day}" if month.isdigit() else f"{day} {month} {year}"]


def _list_script_dates(tree: LexborHTMLParser) -> list[str]:
    """List the dates of publication in the data of scripts; none if they differ, as where a script lists teasers."""
    found = [text for script in tree.css("script") for text in _SCRIPT_DATE.findall(script.text() or "")]
    return found[:1] if len({text[: len("2026-02-14")] for text in found}) == 1 else []


class _OwnElements:
    """Elements with dates of the article itself, without those in related news, lists, comments and other articles."""

    def __init__(self, tree: LexborHTMLParser, page: PageAnalysis) -> None:
        boxes = page.layout.boxes
        self._tree = tree
        self._box = boxes[page.article_box_index].node if boxes else tree.root
        innermost = [page.root_box_index] if boxes else []
        if page.title_run_index >= 0:
            innermost.append(page.layout.runs[page.title_run_index].box_index)
        self._around_article = {boxes[0].node.mem_id} if boxes else set[int]()
        self._is_article_known = False
        self._judged: dict[int, bool] = {}
        for inner in innermost:
            index = inner
            while index > 0:
                self._around_article.add(boxes[index].node.mem_id)
                self._is_article_known |= boxes[index].tag == "article"
                index = boxes[index].parent_index

    def list_microdata(self, item_property: str) -> list[str]:
        """List the values of a property of the article."""
        return [_read_value(node) for node in self._select(f'[itemprop~="{item_property}"]', self._tree.root)]

    def list_times(self) -> list[str]:
        """Return the value of the best ``time`` element around the article; modification times are used last."""
        found: list[tuple[bool, str]] = []
        for node in self._select("time", self._box):
            text = node.text(separator=" ")
            parent_text = (node.parent.text(separator=" ") if node.parent is not None else "")[:_MAX_DATE_LINE_CHARS]
            mark = f"{node.attributes.get('class') or ''} {text} {parent_text}"
            found.append((_modified_pattern().search(mark) is not None, node.attributes.get("datetime") or text))
        return [value for _, value in sorted(found, key=lambda pair: pair[0])][:1]

    def list_dates(self) -> list[str]:
        """List the texts of elements whose name tells that they contain a date."""
        found: list[tuple[bool, str]] = []
        for node in self._select(_DATE_SELECTOR, self._box):
            name = split_camel_case(node.attributes.get("class") or "")
            stated = [value for key in _DATE_ATTRIBUTES if (value := node.attributes.get(key))]
            is_named = _DATE_NAMES.search(name) is not None
            texts = (*stated, *([node.text(separator=" ", strip=True)] if is_named else ()))
            found += (
                (_modified_pattern().search(f"{name} {text}") is not None, text)
                for text in texts
                if len(text) < _MAX_DATE_LINE_CHARS
            )
        return [text for _, text in sorted(found, key=lambda pair: pair[0])]

    def _select(self, selector: str, root: LexborNode | None) -> list[LexborNode]:
        if root is None:
            return []
        return [node for node in root.css(selector)[: 4 * _MAX_ELEMENTS] if self.is_own(node)][:_MAX_ELEMENTS]

    def is_own(self, element: LexborNode) -> bool:
        """Return whether no box between an element and the article belongs to other articles."""
        node: LexborNode | None = element
        while node is not None and node.mem_id not in self._around_article:
            if node.mem_id not in self._judged:
                self._judged[node.mem_id] = _is_of_other_articles(node, is_article_known=self._is_article_known)
            if self._judged[node.mem_id]:
                return False
            node = node.parent
        return True


def _is_of_other_articles(node: LexborNode, *, is_article_known: bool) -> bool:
    """Return whether a box lists other articles or comments; ``node`` does not contain this article.

    ``is_article_known`` tells that another ``article`` element contains it.
    """
    tag, attributes = node.tag or "", node.attributes
    name = split_camel_case(f"{attributes.get('class') or ''} {attributes.get('id') or ''}")
    if any(not _NEUTRAL_NAMES.match(found.group()) for found in BOILERPLATE_NAMES.finditer(name)):
        return True
    if tag == "article":
        return is_article_known or (node.css_first("h1") is None and _names_article(node))
    if tag == "li":
        return len(node.text(strip=True)) > _MAX_DETAIL_CHARS or _names_article(node)
    lists_links = tag in {"aside", "nav"} or (tag not in {"ul", "ol"} and LINK_LIST_NAMES.search(name) is not None)
    return lists_links and _names_article(node)


def _names_article(node: LexborNode) -> bool:
    """Return whether a box has a link that is long enough for a headline, or a heading with a link."""
    return any(
        len(link.text(strip=True)) >= _MIN_HEADLINE_CHARS or link.css_first(_HEADINGS) is not None
        for link in node.css("a[href]")
    ) or any(heading.css_first("a[href]") is not None for heading in node.css(_HEADINGS))


def _read_value(node: LexborNode) -> str:
    """Return the value of a microdata property: an attribute, else the text."""
    attributes = node.attributes
    return attributes.get("content") or attributes.get("datetime") or node.text(separator=" ")


_REASONS_OF_LISTS = ("teasers", "links", "aside")
"""Beginnings of the reasons for which texts about other articles are rejected."""


def _list_texts_near_title(page: PageAnalysis) -> list[str]:
    """List parts of short lines near the headline, nearest first.

    Lines before the headline and outside the article come later: they may have the date of today. Mentions of updates
    come last.
    """
    if page.title_run_index < 0:
        return []
    runs, title = page.layout.runs, page.title_run_index
    article_box = page.layout.boxes[page.article_box_index]
    indexes = range(
        max(0, title - _MAX_TITLE_DISTANCE_RUNS // 3),
        min(article_box.run_end, title + _MAX_TITLE_DISTANCE_RUNS + 1),
    )
    parts = [
        ((is_modified, at < article_box.run_start, abs(at - title)), part)
        for at in indexes
        if len(runs[at].text) < _MAX_DATE_LINE_CHARS and _may_date_article(page, at)
        for is_modified, part in _split_at_updates(runs[at].text)
    ]
    return [part for _rank, part in sorted(parts, key=itemgetter(0))]


def _may_date_article(page: PageAnalysis, run_index: int) -> bool:
    """Return whether a line near the headline may have the article's date: a line outside the text and all lists."""
    reason = page.rejection_reasons[run_index]
    if reason in {"", "caption", "standfirst"} or reason.startswith(_REASONS_OF_LISTS):
        return False
    name = reason.removeprefix("boilerplate: ")
    return (name == reason or _NEUTRAL_NAMES.match(name) is not None) and not _is_linked_headline(
        page.layout.runs[run_index]
    )


def _split_at_updates(text: str) -> list[tuple[bool, str]]:
    """Return the parts of a line with whether each mentions an update; a line without one is one part."""
    if not _modified_pattern().search(text):
        return [(False, text)]
    parts = _PART_ENDS.split(text)
    split = [piece for part in parts for piece in _cut_before_update(part)]
    return [(_modified_pattern().search(piece) is not None, piece) for piece in split]


def _cut_before_update(part: str) -> tuple[str, ...]:
    found = _modified_pattern().search(part)
    return (part[: found.start()], part[found.start() :]) if found else (part,)


_PART_ENDS = re.compile(r"\s[|•·/–-]\s|[;,]\s+(?=[^\W\d])")
"""Ends of the parts of a line: signs between them, and commas before a word."""


def _list_texts_after_body(page: PageAnalysis, elements: _OwnElements) -> list[str]:
    """List lines after the text that consist of little more than a date."""
    if not page.layout.boxes:
        return []
    article_box = page.layout.boxes[page.article_box_index]
    after = [
        run.text
        for at, run in enumerate(
            page.layout.runs[page.title_run_index + 1 : article_box.run_end], page.title_run_index + 1
        )
        if (
            len(run.text) < _MAX_FOOTER_DATE_CHARS
            or (len(run.text) < _MAX_DATE_LINE_CHARS and _is_small_print(page, run))
        )
        and page.rejection_reasons[at]
        and not page.rejection_reasons[at].startswith(("teasers", "boilerplate"))
        and not _is_linked_headline(run)
        and elements.is_own(page.layout.boxes[run.box_index].node)
    ]
    return after[:20]


def _list_datelines(page: PageAnalysis) -> list[str]:
    """List the beginning of the text before a dash (`BONN, 12 May 2026 -`), and its last line if it is short."""
    body = [
        run.text
        for run, reason in zip(page.layout.runs, page.rejection_reasons, strict=True)
        if not reason and run.text.strip()
    ]
    if not body:
        return []
    found = _DATELINE.match(body[0])
    return [*([found[1]] if found else ()), *(body[-1:] if len(body[-1]) < _MAX_DETAIL_CHARS else ())]


def _is_linked_headline(run: TextRun) -> bool:
    """Return whether a line is mostly a link that is long enough for the headline of another article."""
    return run.link_chars >= _MIN_HEADLINE_CHARS and 2 * run.link_chars > len(run.text)


def _is_small_print(page: PageAnalysis, run: TextRun) -> bool:
    """Return whether the name of a text's box tells that it is a byline or a line with the date."""
    return bool(SMALL_PRINT_NAMES.search(page.box_hints[run.box_index]))


def to_utc(moment: datetime | None) -> datetime | None:
    """Return the same instant in UTC, or None if there is none."""
    return moment.astimezone(UTC) if moment else None
