"""Printed dates: finds elements and lines around an article that may contain its date.

Elements and lines of other articles on the page are excluded.
"""

import re
from functools import cache
from operator import itemgetter

from selectolax.lexbor import LexborHTMLParser, LexborNode

from monitor.extract.box_names import BOILERPLATE_NAMES, LINK_LIST_NAMES, SMALL_PRINT_NAMES, split_camel_case
from monitor.extract.dom_blocks import TextRun
from monitor.extract.main_content import HEADING_TAGS, PageAnalysis
from monitor.language.load import page_phrases

_MAX_TITLE_DISTANCE_RUNS = 12  # runs before and after the headline in which a date is the article's
MAX_DATE_LINE_CHARS = 120  # characters: a date in a longer run is part of the text
_MAX_FOOTER_DATE_CHARS = 30  # characters: further down only a line that is little more than a date counts
_DATE_NAMES = re.compile(
    r"(?:^|[\s_:-])(?:date|dates|datetime|time|timestamp|pub-?date|published|publish-?(?:date|time)|posted(?:-on)?|"
    r"datum|fecha|ngay|thoi-?gian|tanggal|data|created|(?:post|entry|article)?-?meta(?:data)?|byline|submitted)"
    r"(?=$|[\s_:-])"
)
"""Pattern for the classes of elements that contain a date."""
_DATE_ATTRIBUTES = ("data-date", "data-datetime", "data-timestamp", "data-time", "data-published", "title")
_DATE_SELECTOR = ", ".join(
    f'[class*="{part}" i]'
    for part in ("dat", "time", "publish", "posted", "fecha", "ngay", "created", "meta", "byline", "submitted")
) + "".join(f", [{name}]" for name in _DATE_ATTRIBUTES[:-1])
_NEUTRAL_NAMES = re.compile(
    r"[\s_:-]*(?:share|sharing|social|tool|print|follow|votes?|rating|addtoany|teilen|compartir|aside|"
    r"side-?bar|rail|nav|footer)"
)
"""Pattern for the beginning of a class or id of boilerplate boxes that may nevertheless contain the article's date, for
example next to buttons."""
_HEADINGS = ",".join(sorted(HEADING_TAGS))
_MIN_HEADLINE_CHARS = 20  # characters: links to authors and sections are shorter
_MIN_LONG_HEADLINE_CHARS = 40  # characters: in a box of any kind, a shorter link may name the author or a section
_TODAY_NAMES = re.compile(
    r"(?:^|[\s_-])(?:current-?(?:date|time)|today|date-?today|clock|weather|date-?now)(?=$|[\s_-])"
)
"""Pattern for the class or id of elements that show the current date."""
_MAX_DETAIL_CHARS = 60  # characters: a list item with more is more than the date of the article
_MAX_ELEMENTS = 12  # elements of one kind that are examined; a page with more is a list
_DATELINE = re.compile(r"(.{6,60}?)\s?[-\u2013\u2014]{1,2}\s")


@cache
def _modified_pattern() -> re.Pattern[str]:
    """Return the pattern of words that introduce the time of the last change of an article, such as "updated"."""
    return re.compile("|".join(page_phrases("modified")), re.IGNORECASE)


class OwnElements:
    """Finder of the elements, such as dates and bylines, that belong to the article itself.

    Elements in related news, lists, comments and other articles on the page are excluded.
    """

    def __init__(self, tree: LexborHTMLParser, page: PageAnalysis) -> None:
        boxes = page.layout.boxes
        self._tree = tree
        self._box = boxes[page.article_box_index].node if boxes else tree.root
        innermost = [page.root_box_index] if boxes else []
        if page.title_run_index >= 0:
            innermost.append(page.layout.runs[page.title_run_index].box_index)
        first = next((at for at, reason in enumerate(page.rejection_reasons) if not reason), -1)
        if first >= 0:  # the article may be an element within the box of the text
            innermost.append(page.layout.runs[first].box_index)
        self._around_article = {boxes[0].node.mem_id} if boxes else set[int]()
        whole_page = filter(None, (tree.root, tree.head, tree.body))  # their names are the site's
        self._around_article |= {node.mem_id for node in whole_page}
        self._is_article_known = False
        self._judged: dict[int, bool] = {}
        for inner in innermost:
            index = inner
            while index > 0:
                self._around_article.add(boxes[index].node.mem_id)
                self._is_article_known |= boxes[index].tag == "article"
                index = boxes[index].parent_index

    def list_microdata(self, item_property: str) -> list[str]:
        """Return the values of a microdata property of the article, such as "datePublished"."""
        return [read_value(node) for node in self.select(f'[itemprop~="{item_property}"]')]

    def list_times(self) -> list[str]:
        """Return a list with the value of the first ``time`` element of the article; empty if there is none.

        A modification time is used only if there is no other time.
        """
        found: list[tuple[bool, str]] = []
        for node in self.select("time", self._box):
            text = node.text(separator=" ")
            parent_text = (node.parent.text(separator=" ") if node.parent is not None else "")[:MAX_DATE_LINE_CHARS]
            mark = f"{node.attributes.get('class') or ''} {text} {parent_text}"
            found.append((_modified_pattern().search(mark) is not None, node.attributes.get("datetime") or text))
        return [value for _, value in sorted(found, key=lambda pair: pair[0])][:1]

    def list_dates(self) -> list[str]:
        """Return texts that may be the date of the article, from elements whose class or attributes indicate a date.

        Texts about a modification come last.
        """
        found: list[tuple[bool, str]] = []
        for node in self.select(_DATE_SELECTOR, self._box):
            name = split_camel_case(node.attributes.get("class") or "")
            stated = [value for key in _DATE_ATTRIBUTES if (value := node.attributes.get(key))]
            is_named = _DATE_NAMES.search(name) is not None
            texts = (*stated, *([node.text(separator=" ", strip=True)] if is_named else ()))
            found += (
                (_modified_pattern().search(f"{name} {text}") is not None, text)
                for text in texts
                if len(text) < MAX_DATE_LINE_CHARS
            )
        return [text for _, text in sorted(found, key=lambda pair: pair[0])]

    def select(self, selector: str, root: LexborNode | None = None) -> list[LexborNode]:
        """Return the elements of the article that match a CSS selector, but only the first ``_MAX_ELEMENTS``.

        The elements in ``root`` are searched. If ``root`` is None, the whole page is searched.
        """
        root = root or self._tree.root
        if root is None:
            return []
        return [node for node in root.css(selector)[: 4 * _MAX_ELEMENTS] if self.is_own(node)][:_MAX_ELEMENTS]

    def is_own(self, element: LexborNode) -> bool:
        """Return whether an element belongs to the article.

        An element does not belong to the article if it is in a box that lists other articles or comments. A box that
        also contains the article itself is not such a box.
        """
        node: LexborNode | None = element
        while node is not None and node.mem_id not in self._around_article:
            if node.mem_id not in self._judged:
                self._judged[node.mem_id] = _is_of_other_articles(node, is_article_known=self._is_article_known)
            if self._judged[node.mem_id]:
                return False
            node = node.parent
        return True


def _is_of_other_articles(node: LexborNode, *, is_article_known: bool) -> bool:
    """Return whether a box lists other articles or comments. The box must not contain this article.

    If ``is_article_known`` is true, this article has an ``article`` element. Any other ``article`` element is then a
    different article.
    """
    tag, attributes = node.tag or "", node.attributes
    name = split_camel_case(f"{attributes.get('class') or ''} {attributes.get('id') or ''}")
    if any(not _NEUTRAL_NAMES.match(found.group()) for found in BOILERPLATE_NAMES.finditer(name)):
        return True
    if tag == "article":
        return is_article_known or (node.css_first("h1") is None and _names_article(node))
    if tag == "li":
        return len(node.text(strip=True)) > _MAX_DETAIL_CHARS or _names_article(node)
    if _TODAY_NAMES.search(name):
        return True
    lists_links = tag in {"aside", "nav"} or (tag not in {"ul", "ol"} and LINK_LIST_NAMES.search(name) is not None)
    return _names_article(node, _MIN_HEADLINE_CHARS if lists_links else _MIN_LONG_HEADLINE_CHARS)


def _names_article(node: LexborNode, min_chars: int = _MIN_HEADLINE_CHARS) -> bool:
    """Return whether a box contains the headline of another article.

    A headline is a long enough link, or a heading that is a link.
    """
    return any(
        len(link.text(strip=True)) >= min_chars or link.css_first(_HEADINGS) is not None for link in node.css("a[href]")
    ) or any(heading.css_first("a[href]") is not None for heading in node.css(_HEADINGS))


def read_value(node: LexborNode) -> str:
    """Return the value of a microdata property.

    The value is the attribute ``content`` or ``datetime`` of the element. Without these attributes, it is the element's
    text.
    """
    attributes = node.attributes
    return attributes.get("content") or attributes.get("datetime") or node.text(separator=" ")


_REASONS_OF_LISTS = ("teasers", "links", "aside")
"""If the rejection reason of a text begins with one of these, the text is in a list of other articles."""


def list_texts_near_title(page: PageAnalysis, elements: OwnElements) -> list[str]:
    """Return short lines near the headline, or parts of them, that may contain the date; the nearest come first.

    Lines above the headline come later, because they may have today's date. Texts about an update come last.
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
        ((is_modified, at < article_box.run_start, at < title, abs(at - title)), part)
        for at in indexes
        if len(runs[at].text) < MAX_DATE_LINE_CHARS
        and _may_date_article(page, at)
        and elements.is_own(page.layout.boxes[runs[at].box_index].node)
        for is_modified, part in _split_at_updates(_JOINED_WORDS.sub(" ", runs[at].text))
    ]
    return [part for _rank, part in sorted(parts, key=itemgetter(0))]


def _may_date_article(page: PageAnalysis, run_index: int) -> bool:
    """Return whether a line near the headline may contain the date of the article.

    Lines in the text of the article, in captions and in lists of other articles are excluded.
    """
    reason = page.rejection_reasons[run_index]
    if reason in {"", "caption", "standfirst"} or reason.startswith(_REASONS_OF_LISTS):
        return False
    name = reason.removeprefix("boilerplate: ")
    return (name == reason or _NEUTRAL_NAMES.match(name) is not None) and not _is_linked_headline(
        page.layout.runs[run_index]
    )


def _split_at_updates(text: str) -> list[tuple[bool, str]]:
    """Split a line into parts, and return a pair for each part: a flag and the part.

    The flag is true if the part is about an update. A line without words such as "updated" is returned as one part.
    """
    if not _modified_pattern().search(text):
        return [(False, text)]
    parts = _PART_ENDS.split(text)
    split = [piece for part in parts for piece in _cut_before_update(part)]
    return [(_modified_pattern().search(piece) is not None, piece) for piece in split]


def _cut_before_update(part: str) -> tuple[str, ...]:
    found = _modified_pattern().search(part)
    return (part[: found.start()], part[found.start() :]) if found else (part,)


_JOINED_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])")
"""Ends of words that the page shows apart, although its text has no space between them: "2 min readMay 4, 2026"."""
_PART_ENDS = re.compile(r"\s[|•·/–-]\s|[;,]\s+(?=[^\W\d])")
"""Pattern of the separators of the parts of a line: signs between spaces, and commas or semicolons before a word."""


def list_texts_after_body(page: PageAnalysis, elements: OwnElements) -> list[str]:
    """Return short lines below the text of the article that may contain its date.

    Lines in lists of other articles are excluded. Longer lines are included if the class or id of their box indicates a
    byline or date.
    """
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
            or (len(run.text) < MAX_DATE_LINE_CHARS and _is_small_print(page, run))
        )
        and page.rejection_reasons[at]
        and not page.rejection_reasons[at].startswith(("teasers", "boilerplate", "caption", "standfirst", "other"))
        and not _is_linked_headline(run)
        and elements.is_own(page.layout.boxes[run.box_index].node)
    ]
    return after[:20]


def list_datelines(page: PageAnalysis) -> list[str]:
    """Return the texts at the start and end of the article's body that may contain the date.

    These are the text before a dash (`BONN, 12 May 2026 -`), and the last paragraph if it is short.
    """
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
    """Return whether the class or id of the box around a text run indicates a byline or a line with the date."""
    return bool(SMALL_PRINT_NAMES.search(page.box_hints[run.box_index]))
