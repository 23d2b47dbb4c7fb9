"""What the user says of a source's pages wins over what the extractor would find."""

from collections.abc import Iterable
from datetime import UTC, datetime, tzinfo

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from monitor.domain.source import Selectors
from monitor.extract.blocks import tidy
from monitor.extract.body import Page
from monitor.text.dates import read_stamp

_VALUES = ("content", "datetime", "title")


def remove(tree: LexborHTMLParser, selectors: Iterable[str]) -> None:
    """Take out of the tree what the user wants gone."""
    for selector in selectors:
        for node in _find(tree, selector):
            node.decompose()


def select_texts(tree: LexborHTMLParser, selector: str) -> list[str]:
    """Return the texts of all matches, a meta tag's content included."""
    texts = (tidy(node.attributes.get("content") or node.text(separator=" ")) for node in _find(tree, selector))
    return [text for text in texts if text]


def select_date(tree: LexborHTMLParser, selectors: Selectors, zone: tzinfo | None) -> datetime | None:
    """Return the first match that is a date, read by the user's format if there is one."""
    for node in _find(tree, selectors.published):
        attributes = node.attributes
        for text in (*map(attributes.get, _VALUES), node.text(separator=" ")):
            moment = _read(tidy(text or ""), selectors.published_format, zone)
            if moment is not None:
                return moment
    return None


def select_body(tree: LexborHTMLParser, page: Page, selector: str) -> bool:
    """Make the matches the article's only boxes; False if there is none with text in it."""
    wanted = {node.mem_id for node in _find(tree, selector)}
    boxes = page.layout.boxes
    chosen = [box for box in boxes if box.node.mem_id in wanted and box.end > box.start]
    if not chosen:
        return False
    page.fate[:] = ["outside the selector"] * len(page.fate)
    for box in chosen:
        page.fate[box.start : box.end] = [""] * (box.end - box.start)
    page.root = boxes.index(chosen[0]) if len(chosen) == 1 else 0
    page.selected = True
    page.recount()
    return True


def _find(tree: LexborHTMLParser, selector: str) -> list[LexborNode]:
    """Return the matches; a selector that cannot be read matches nothing (``monitor check`` says so)."""
    if not selector:
        return []
    try:
        return tree.css(selector)
    except (SelectolaxError, ValueError):
        return []


def _read(text: str, form: str, zone: tzinfo | None) -> datetime | None:
    if not form:
        stamp = read_stamp(text, zone)
        return stamp.moment if stamp else None
    try:
        moment = datetime.strptime(text, form)  # noqa: DTZ007 - the zone is added when the format has none
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=zone or UTC)
