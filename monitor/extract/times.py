"""When an article was published and changed: what the metadata say, else what is printed beside the headline."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from selectolax.lexbor import LexborHTMLParser

from monitor.extract.body import Page
from monitor.extract.metadata import Metadata
from monitor.text.dates import Stamp, day_order, parse_date, read_stamp

_CHANGED = re.compile(
    r"updat|modif|aktualis|cập nhật|mis à jour|actualiz|atualiz|aggiorn|diperbarui|обновл|更新|แก้ไข", re.IGNORECASE
)
_NEAR = 12  # runs before and after the headline in which a date is the article's
_LINE = 120  # characters: a date in a longer run is part of the text
_LABEL = 30  # characters: further down only a line that is little more than a date counts
_SAME = timedelta(hours=36)  # a page's time without a zone is the feed's time if it is that near to it
Where = tuple[Stamp, str]


@dataclass(frozen=True, slots=True)
class Clock:
    """The zone of dates that name none, and whether the user said so rather than the country."""

    zone: tzinfo | None
    is_sure: bool


def find_published(
    tree: LexborHTMLParser, page: Page, metadata: Metadata, clock: Clock, listed: datetime | None
) -> tuple[datetime | None, str]:
    """Return the time of publication in the zone the page tells it in, and where it stood.

    The first place that names a whole date wins; one without a time of day is made exact by the next that has it. A
    time without hour or without a sure zone gives way to ``listed``, the feed's own, if both mean the same moment.
    """
    best: Where | None = None
    for stamp, where in _stamps(tree, page, metadata, clock.zone):
        if best is None or (stamp.has_time and stamp.moment.date() == best[0].moment.date()):
            best = stamp, where
        if best[0].has_time:
            break
    if best is None:
        return listed, "feed" if listed else "nothing"
    exact = best[0].has_zone or (clock.is_sure and best[0].has_time)
    if listed and not exact and abs(best[0].moment - listed) < _SAME:
        return listed, "feed"
    return best[0].moment, best[1]


def find_modified(
    tree: LexborHTMLParser, metadata: Metadata, zone: tzinfo | None, published: datetime | None
) -> datetime | None:
    """Return when the article was last changed, unless that is before it was published."""
    for text in [*metadata.modified, *_marked(tree, "dateModified")]:
        moment = parse_date(text, zone)
        if moment is not None:
            return moment if published is None or moment >= published - timedelta(minutes=1) else None
    return None


def _stamps(tree: LexborHTMLParser, page: Page, metadata: Metadata, zone: tzinfo | None) -> Iterator[Where]:
    """Yield the dates of the page in the order of trust."""
    order = day_order([run.text for run in page.layout.runs if len(run.text) < _LINE])
    for text, where in _places(tree, page, metadata):
        stamp = read_stamp(text, zone, order)
        if stamp is not None:
            yield stamp, where


def _places(tree: LexborHTMLParser, page: Page, metadata: Metadata) -> Iterator[tuple[str, str]]:
    """Yield the texts in which a date may stand; the later places are only looked at when asked for."""
    yield from ((text, "metadata") for text in metadata.published)
    yield from ((text, "microdata") for text in _marked(tree, "datePublished"))
    yield from ((text, "time element") for text in _times(tree, page))
    yield from ((text, "beside the headline") for text in _beside(page))
    yield from ((text, "below the text") for text in _below(page))


def _marked(tree: LexborHTMLParser, prop: str) -> list[str]:
    found = []
    for node in tree.css(f'[itemprop~="{prop}"]')[:3]:
        attributes = node.attributes
        found.append(attributes.get("content") or attributes.get("datetime") or node.text(separator=" "))
    return found


def _times(tree: LexborHTMLParser, page: Page) -> list[str]:
    """Return the time element of the article's own surroundings, one of a change only if there is no other."""
    around = page.layout.boxes[page.around].node if page.layout.boxes else tree.root
    if around is None:
        return []
    found = []
    for node in around.css("time")[:8]:
        text = node.text(separator=" ")
        said = node.attributes.get("datetime") or text
        beside = (node.parent.text(separator=" ") if node.parent is not None else "")[:_LINE]
        mark = f"{node.attributes.get('class') or ''} {text} {beside}"
        found.append((_CHANGED.search(mark) is not None, said))
    return [said for _, said in sorted(found, key=lambda pair: pair[0])][:1]


def _beside(page: Page) -> list[str]:
    """List short runs near the headline, nearest first, those of changes last."""
    if page.title_at < 0:
        return []
    runs = page.layout.runs
    here = range(max(0, page.title_at - _NEAR // 3), min(len(runs), page.title_at + _NEAR + 1))
    near = [at for at in here if len(runs[at].text) < _LINE and page.fate[at] not in {"", "caption", "standfirst"}]
    near.sort(key=lambda at: (_CHANGED.search(runs[at].text) is not None, abs(at - page.title_at)))
    return [runs[at].text for at in near]


def _below(page: Page) -> list[str]:
    """List lines after the text that are little more than a date."""
    if not page.layout.boxes:
        return []
    around = page.layout.boxes[page.around]
    after = [
        run.text
        for at, run in enumerate(page.layout.runs[page.title_at + 1 : around.end], page.title_at + 1)
        if len(run.text) < _LABEL and page.fate[at] and not page.fate[at].startswith(("teasers", "furniture"))
    ]
    return after[:20]


def in_utc(moment: datetime | None) -> datetime | None:
    """Return the same instant by the clock of UTC."""
    return moment.astimezone(UTC) if moment else None
