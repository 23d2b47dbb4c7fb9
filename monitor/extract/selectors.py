"""CSS selectors that the user has configured for a source. Texts that they match replace the extractor's results."""

from collections.abc import Iterable
from datetime import UTC, datetime

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from monitor.domain.source import DateSelector
from monitor.extract.dom_blocks import normalize_spacing, survey_dom
from monitor.extract.main_content import PageAnalysis
from monitor.text.dates import parse_date_details
from monitor.text.time_zones import LocalTime

_VALUE_ATTRIBUTES = ("content", "datetime", "title")


def remove_selected(tree: LexborHTMLParser, selectors: Iterable[str]) -> None:
    """Remove all nodes from the tree that match one of the selectors."""
    for selector in selectors:
        for node in _find_nodes(tree, selector):
            node.decompose()


def select_texts(tree: LexborHTMLParser, selector: str) -> list[str]:
    """Return the texts of all nodes that match a selector. The text of a meta tag is its attribute ``content``."""
    texts = (
        normalize_spacing(node.attributes.get("content") or " ".join(run.text for run in survey_dom(node).runs))
        for node in _find_nodes(tree, selector)
    )
    return [text for text in texts if text]


def select_date(tree: LexborHTMLParser, published: DateSelector, local_time: LocalTime) -> datetime | None:
    """Return the date in the first matching node that has a valid date, or None if there is none.

    If the user has configured a format, the date must have this format.
    """
    for node in _find_nodes(tree, published.selector):
        attributes = node.attributes
        for text in (*map(attributes.get, _VALUE_ATTRIBUTES), node.text(separator=" ")):
            moment = _parse_selected_date(normalize_spacing(text or ""), published.format, local_time)
            if moment is not None:
                return moment
    return None


def select_body(tree: LexborHTMLParser, page: PageAnalysis, selector: str) -> bool:
    """Make the boxes that match the user's selector the body of the article, and reject all other text runs.

    If no matching box contains text, nothing is changed and False is returned.
    """
    wanted = {node.mem_id for node in _find_nodes(tree, selector)}
    boxes = page.layout.boxes
    chosen = [box for box in boxes if box.node.mem_id in wanted and box.run_end > box.run_start]
    if not chosen:
        return False
    page.rejection_reasons[:] = ["outside the selector"] * len(page.rejection_reasons)
    for box in chosen:
        page.rejection_reasons[box.run_start : box.run_end] = [""] * (box.run_end - box.run_start)
    page.root_box_index = boxes.index(chosen[0]) if len(chosen) == 1 else 0
    page.is_body_selected = True
    page.update_prose_sums()
    return True


def _find_nodes(tree: LexborHTMLParser, selector: str) -> list[LexborNode]:
    """Return the nodes that match a selector. An invalid selector matches nothing; ``monitor check`` reports it."""
    if not selector:
        return []
    try:
        return tree.css(selector)
    except (SelectolaxError, ValueError):
        return []


def _parse_selected_date(text: str, date_format: str, local_time: LocalTime) -> datetime | None:
    if not date_format:
        stamp = parse_date_details(text, local_time)
        return stamp.instant if stamp else None
    try:
        moment = datetime.strptime(text, date_format)  # noqa: DTZ007 - the zone is added when the format has none
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=local_time.zone or UTC)
