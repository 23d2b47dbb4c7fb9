"""Embedded text: the article in JSON-LD, page data or ``<noscript>``, for pages that show it only after scripts ran.

Page data are JSON objects in scripts.
"""

import re
from collections.abc import Iterator
from html import unescape
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.extract.dom_blocks import PageLayout, limit_html, normalize_spacing, survey_dom
from monitor.extract.line_classifier import is_sentence
from monitor.extract.main_content import alnum_key, measure_weight
from monitor.extract.metadata import PageMetadata, iter_json_objects, parse_lenient_json

MIN_ARTICLE_WEIGHT = 200  # weight of two sentences; a page that shows less has no article
_MIN_PARAGRAPH_WEIGHT = 40  # weight; shorter strings of page data are labels
_MIN_LENGTH_RATIO = 2  # an embedded text this many times longer is not a copy of what the page shows
_MAX_SCRIPTS = 40  # scripts per page that are searched for data
_MAX_NESTING = 12  # levels of blocks and their parts
_TITLE_KEYS = frozenset(["title", "headline", "name", "heading", "seotitle"])
_TEXT_KEY_NAMES = (
    "body bodyhtml bodytext articlebody articlecontent articletext content contents contenthtml contentbody html text "
    "value paragraphs paragraph blocks elements components children story storybody fulltext maincontent data items "
    "rendered model markup"
)
_TEXT_KEYS = frozenset(_TEXT_KEY_NAMES.split())
_DATA_SCRIPT = re.compile(r"^\s*(?:(?:window|self|var|let|const)[.\s\[\"'\w\]]*=\s*)(?=\{)")
_PAGE_DATA = 'script[type="application/json"], script[id*="DATA"], script[id*="state" i], script:not([type]):not([src])'


def read_noscript(tree: LexborHTMLParser) -> PageLayout | None:
    """Return the layout of the longest ``<noscript>`` in the body, or None if all are shorter than an article."""
    nodes = [node for node in tree.css("body noscript") if len(node.text() or "") >= MIN_ARTICLE_WEIGHT]
    if not nodes:
        return None
    return _survey_markup(max(nodes, key=lambda node: len(node.text() or "")))


def _survey_markup(node: LexborNode) -> PageLayout:
    """Return the layout of a node. If the text of the node is itself HTML, the text is parsed."""
    text = node.text() or ""
    inner = LexborHTMLParser(limit_html(text)).body if "</" in text else None
    return survey_dom(node if inner is None else inner)


def find_embedded_text(
    tree: LexborHTMLParser, metadata: PageMetadata, heading: str, text: str
) -> tuple[list[str], str]:
    """Return the paragraphs of the article in JSON-LD or page data, and a description of the place.

    Both are empty if ``text``, the visible text of the page, may be the article. It may not if the embedded text is at
    least twice as long and shares no paragraph with it. Page data are used only if the visible text is too short for an
    article. JSON-LD is also used against a longer text, such as the imprint of a page; if the page shows a ``heading``,
    the JSON-LD must have the same headline.
    """
    weight = measure_weight(text)
    lines = [key for line in text.split("\n") if len(key := alnum_key(line)) >= _MIN_PARAGRAPH_WEIGHT // 2]
    claimed = _split_paragraphs(metadata.body)
    is_same_title = not heading or alnum_key(metadata.headlines.get("json-ld", "")) == alnum_key(heading)
    if is_same_title and _is_longer(claimed, weight) and not _shares_line(claimed, lines):
        return claimed, "json-ld articleBody: the page does not show it"
    if weight < MIN_ARTICLE_WEIGHT:
        data = read_page_data(tree, metadata)
        if _is_longer(data, weight) and sum(map(measure_weight, data)) >= MIN_ARTICLE_WEIGHT:
            return data, "page data: the page shows no article"
    return [], ""


def _is_longer(paragraphs: list[str], weight: int) -> bool:
    return sum(map(measure_weight, paragraphs)) >= max(_MIN_PARAGRAPH_WEIGHT, _MIN_LENGTH_RATIO * weight)


def _shares_line(paragraphs: list[str], line_keys: list[str]) -> bool:
    whole = alnum_key(" ".join(paragraphs))
    return any(key in whole for key in line_keys)


def read_page_data(tree: LexborHTMLParser, metadata: PageMetadata) -> list[str]:
    """Return the paragraphs of the article in the page's JSON data, or an empty list.

    The object with the article is found by its title, which must be a headline in the metadata.
    """
    titles = {key for title in metadata.headlines.values() if len(key := alnum_key(title)) > 5}
    best: list[str] = []
    for script in tree.css(_PAGE_DATA)[:_MAX_SCRIPTS]:
        text = script.text() or ""
        if len(text) < MIN_ARTICLE_WEIGHT or not (text.lstrip().startswith("{") or _DATA_SCRIPT.match(text)):
            continue
        for node in iter_json_objects(parse_lenient_json(_DATA_SCRIPT.sub("", text, count=1))):
            if _has_title(node, titles):
                paragraphs = list(dict.fromkeys(_collect_paragraphs(node, 0)))
                if sum(map(measure_weight, paragraphs)) > sum(map(measure_weight, best)):
                    best = paragraphs
    return best


def _has_title(node: dict[str, Any], titles: set[str]) -> bool:
    """Return whether a title field of a JSON object is a title of the page, or one begins with the other.

    ``titles`` are the titles of the page, without punctuation.
    """
    for key, value in node.items():
        if key.lower() not in _TITLE_KEYS:
            continue
        text = value.get("rendered") if isinstance(value, dict) else value
        own = alnum_key(text) if isinstance(text, str) else ""
        if len(own) > 5 and any(title.startswith(own) or own.startswith(title) for title in titles):
            return True
    return False


def _collect_paragraphs(value: Any, depth: int) -> Iterator[str]:
    """Yield the paragraphs in the text fields of a JSON value, in order; short labels and codes are omitted."""
    if depth > _MAX_NESTING:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            if key.lower() in _TEXT_KEYS:
                yield from _collect_paragraphs(inner, depth + 1)
    elif isinstance(value, list):
        for inner in value:
            yield from _collect_paragraphs(inner, depth + 1)
    elif isinstance(value, str) and measure_weight(value) >= _MIN_PARAGRAPH_WEIGHT and "://" not in value[:12]:
        for text in _split_paragraphs(value):
            if measure_weight(text) >= _MIN_PARAGRAPH_WEIGHT or is_sentence(text):
                yield text


_SCRIPT_ROOTS = (
    "#root, #app, #__next, #__nuxt, #___gatsby, #application, #app-root, #react-root, #svelte, #q-app, app-root, "
    "[data-reactroot], [ng-app], [ng-version]"
)
_MAX_SHELL_WEIGHT = 60  # weight of the text of a page that scripts fill; more is a page of its own
_NAMES_JAVASCRIPT = re.compile(r"java\s?script|\bJS\b", re.IGNORECASE)


def is_made_by_scripts(tree: LexborHTMLParser, text: str) -> bool:
    """Return whether a page that has no article would probably show an article after its scripts ran.

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
    """Return the paragraphs of plain text or HTML."""
    if "&lt;" in text:
        text = text.replace("&lt;", "<").replace("&gt;", ">")
    if "<" not in text:
        return [line for line in map(normalize_spacing, unescape(text).splitlines()) if line]
    root = LexborHTMLParser(limit_html(text)).body
    return [run.text for run in survey_dom(root).runs] if root is not None else []
