"""Embedded text: the article in JSON-LD, page data or ``<noscript>``, for pages that need scripts to show it.

Page data are JSON objects in scripts, from which the browser builds the page.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.extract.dom_blocks import PageLayout, limit_html, normalize_spacing, survey_dom
from monitor.extract.line_classifier import is_sentence
from monitor.extract.main_content import alnum_key, measure_weight
from monitor.extract.metadata import PageMetadata
from monitor.extract.page_data import find_titled_objects

MIN_ARTICLE_WEIGHT = 200  # weight of two sentences; a page that shows less has no article
_MIN_PARAGRAPH_WEIGHT = 40  # weight; shorter strings of page data are labels
_MIN_LENGTH_RATIO = 2  # an embedded text this many times longer is not a copy of what the page shows
_MAX_NESTING = 12  # levels of blocks and their parts
_TEXT_KEY_NAMES = (
    "body bodyhtml bodytext articlebody articlecontent articletext content contents contenthtml contentbody html text "
    "value paragraphs paragraph blocks elements components children story storybody fulltext maincontent data items "
    "contentelements rendered model markup"
)
_TEXT_KEYS = frozenset(_TEXT_KEY_NAMES.split())


def read_noscript(tree: LexborHTMLParser) -> PageLayout | None:
    """Return the layout of the longest ``<noscript>`` in the body, or None if all are too short for an article."""
    nodes = [node for node in tree.css("body noscript") if len(node.text() or "") >= MIN_ARTICLE_WEIGHT]
    if not nodes:
        return None
    return _survey_markup(max(nodes, key=lambda node: len(node.text() or "")))


def _survey_markup(node: LexborNode) -> PageLayout:
    """Return the layout of an HTML node: its text runs and boxes.

    If the text of the node is itself HTML, this HTML is parsed.
    """
    text = node.text() or ""
    inner = LexborHTMLParser(limit_html(text)).body if "</" in text else None
    return survey_dom(node if inner is None else inner)


def find_embedded_text(
    tree: LexborHTMLParser, metadata: PageMetadata, heading: str, text: str
) -> tuple[list[str], str]:
    """Find the article in the JSON-LD or page data of a page whose visible text is not the article.

    Return its paragraphs, and a description of where it was found. Both are empty if ``text``, the visible text, may be
    the article, or if nothing better is found. An embedded text is used only under these conditions:

    - It is at least twice as long as the visible text.
    - If it is in JSON-LD, it shares no line with the visible text. If the page shows a ``heading``, the headline in the
      JSON-LD is the same.
    - If it is in page data, the visible text is too short for an article.
    """
    weight = measure_weight(text)
    claimed = _split_paragraphs(metadata.body)
    is_same_title = not heading or alnum_key(metadata.headlines.get("json-ld", "")) == alnum_key(heading)
    if is_same_title and _is_longer(claimed, weight) and not _shares_line(claimed, text):
        return claimed, "json-ld articleBody: the page does not show it"
    if weight < MIN_ARTICLE_WEIGHT:
        data = read_page_data(tree, metadata)
        if _is_longer(data, weight) and sum(map(measure_weight, data)) >= MIN_ARTICLE_WEIGHT:
            return data, "page data: the page shows no article"
    return [], ""


def _is_longer(paragraphs: list[str], weight: int) -> bool:
    return sum(map(measure_weight, paragraphs)) >= max(_MIN_PARAGRAPH_WEIGHT, _MIN_LENGTH_RATIO * weight)


def _shares_line(paragraphs: list[str], text: str) -> bool:
    """Return whether at least one line of a text is also in the paragraphs. Short lines are ignored."""
    whole = alnum_key(" ".join(paragraphs))
    keys = map(alnum_key, text.split("\n"))
    return any(key in whole for key in keys if len(key) >= _MIN_PARAGRAPH_WEIGHT // 2)


def read_page_data(tree: LexborHTMLParser, metadata: PageMetadata) -> list[str]:
    """Return the paragraphs of the article in the page data, or an empty list.

    The article is the object whose title is a headline in the metadata.
    """
    best: list[str] = []
    for node, root in find_titled_objects(tree, list(metadata.headlines.values())):
        paragraphs = list(dict.fromkeys(_collect_paragraphs(node, root, 0)))
        if sum(map(measure_weight, paragraphs)) > sum(map(measure_weight, best)):
            best = paragraphs
    return best


def _collect_paragraphs(value: Any, root: Any, depth: int) -> Iterator[str]:
    """Yield the paragraphs in the text fields of a JSON value, in order. Short labels and codes are left out.

    ``root`` is the JSON document that contains ``value``.
    """
    if depth > _MAX_NESTING:
        return
    if isinstance(value, dict):
        for key, inner in _follow_reference(value, root).items():
            if key.lower().replace("_", "") in _TEXT_KEYS:
                yield from _collect_paragraphs(inner, root, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _collect_paragraphs(inner, root, depth + 1)
    elif isinstance(value, str) and measure_weight(value) >= _MIN_PARAGRAPH_WEIGHT and "://" not in value[:12]:
        for text in _split_paragraphs(value):
            if measure_weight(text) >= _MIN_PARAGRAPH_WEIGHT or is_sentence(text):
                yield text


def _follow_reference(value: dict[str, Any], root: Any) -> dict[str, Any]:
    """Return the object that a JSON object refers to: its field ``__ref`` is a key of ``root``, the whole document.

    An object without ``__ref`` is returned itself. If ``root`` has no such key, the result is empty.
    """
    reference = value.get("__ref")
    found = root.get(reference) if isinstance(reference, str) and isinstance(root, dict) else value
    return found if isinstance(found, dict) else {}


_SCRIPT_ROOTS = (
    "#root, #app, #__next, #__nuxt, #___gatsby, #application, #app-root, #react-root, #svelte, #q-app, app-root, "
    "[data-reactroot], [ng-app], [ng-version]"
)
_MAX_SHELL_WEIGHT = 60  # weight of the text of a page that scripts fill; more is a page of its own
_NAMES_JAVASCRIPT = re.compile(r"java\s?script|\bJS\b", re.IGNORECASE)


def is_made_by_scripts(tree: LexborHTMLParser, text: str) -> bool:
    """Return whether a page without an article would probably show one after its scripts have run.

    ``text`` is the visible text of the page.
    """
    roots = tree.css(_SCRIPT_ROOTS)
    if roots and sum(measure_weight(node.text(strip=True)) for node in roots) < _MAX_SHELL_WEIGHT:
        return tree.css_first("script:not([type*=json])") is not None
    weight = measure_weight(text)
    if weight >= MIN_ARTICLE_WEIGHT or tree.css_first("script[src], script[type=module]") is None:
        return False
    return weight < _MAX_SHELL_WEIGHT or any(
        _NAMES_JAVASCRIPT.search(node.text() or "") for node in tree.css("noscript")
    )


def _split_paragraphs(text: str) -> list[str]:
    """Split a text, which may be plain text or HTML, into paragraphs."""
    if "&lt;" in text:
        text = text.replace("&lt;", "<").replace("&gt;", ">")
    if "<" not in text:
        return [line for line in map(normalize_spacing, unescape(text).splitlines()) if line]
    root = LexborHTMLParser(limit_html(text)).body
    return [run.text for run in survey_dom(root).runs] if root is not None else []
