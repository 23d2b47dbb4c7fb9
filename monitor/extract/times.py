"""When an article was published and changed: what the metadata say, else what is printed beside the headline."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from selectolax.lexbor import LexborHTMLParser

from monitor.extract.body import Page
from monitor.extract.metadata import Metadata
from monitor.text.dates import day_order, parse_date

_CHANGED = re.compile(
    r"updat|modif|aktualis|cập nhật|mis à jour|actualiz|atualiz|aggiorn|diperbarui|обновл|更新|แก้ไข", re.IGNORECASE
)
_NEAR = 12  # runs before and after the headline in which a date is the article's
_SAME_DAY = timedelta(hours=26)  # a day, and the most that two zones of one region differ
_ELSEWHERE = timezone(timedelta(hours=3))
_LINE = 120  # characters: a date in a longer run is part of the text


def find_published(
    tree: LexborHTMLParser, page: Page, metadata: Metadata, zone: tzinfo | None, listed: datetime | None = None
) -> tuple[datetime | None, str]:
    """Return the time of publication and where it stood; the first source that names a whole date wins.

    ``listed`` is the feed's instant: it stands for a time of the same day that the page tells without zone or hour.
    """
    order = day_order([run.text for run in page.layout.runs if len(run.text) < _LINE])
    for texts, where in (
        (metadata.published, "metadata"),
        (_marked(tree, "datePublished"), "microdata"),
        (_times(tree, page), "time element"),
        (_printed(page), "beside the headline"),
    ):
        for text in texts:
            moment = parse_date(text, zone, order) if text else None
            if moment is not None:
                if listed and abs(moment - listed) < _SAME_DAY and _is_vague(text, moment, zone):
                    return listed, "feed"
                return moment, where
    return None, "nothing"


def _is_vague(text: str, moment: datetime, zone: tzinfo | None) -> bool:
    """Tell whether a text leaves open which instant it means: it names no hour, or no zone while we know of none."""
    local = moment.astimezone(zone or UTC)
    if (local.hour, local.minute) == (0, 0):
        return True
    return zone is None and parse_date(text, _ELSEWHERE) != parse_date(text, UTC)


def find_modified(
    tree: LexborHTMLParser, metadata: Metadata, zone: tzinfo | None, published: datetime | None
) -> datetime | None:
    """Return when the article was last changed, unless that is before it was published."""
    for text in [*metadata.modified, *_marked(tree, "dateModified")]:
        moment = parse_date(text, zone)
        if moment is not None:
            return moment if published is None or moment >= published - timedelta(minutes=1) else None
    return None


def _marked(tree: LexborHTMLParser, prop: str) -> list[str]:
    found = []
    for node in tree.css(f'[itemprop~="{prop}"]')[:3]:
        attributes = node.attributes
        found.append(attributes.get("content") or attributes.get("datetime") or node.text(separator=" "))
    return found


def _times(tree: LexborHTMLParser, page: Page) -> list[str]:
    """List the time elements of the article's own surroundings, those of changes last."""
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


def _printed(page: Page) -> list[str]:
    """List short runs near the headline, nearest first, then short ones after the text."""
    if page.title_at < 0:
        return []
    runs = page.layout.runs
    near = [
        at
        for at in range(max(0, page.title_at - _NEAR // 3), min(len(runs), page.title_at + _NEAR + 1))
        if len(runs[at].text) < _LINE
    ]
    near.sort(key=lambda at: (_CHANGED.search(runs[at].text) is not None, abs(at - page.title_at)))
    root = page.layout.boxes[page.around]
    after = [
        at
        for at in range(page.title_at + _NEAR + 1, root.end)
        if len(runs[at].text) < 30 and not page.fate[at].startswith("teaser")
    ]
    return [runs[at].text for at in near + after[:20]]
