"""Page layout: converts an HTML tree to flat lists of boxes and text runs in document order.

A box is a block-level element, and a text run is a piece of text in it, usually a paragraph. All later steps of the
extraction use these lists. The tree is walked once and without recursion, so deep nesting is cheap. Oversized and
excessively nested pages are cut before parsing, because the time that the parser Lexbor needs grows with the square of
the nesting depth: 20,000 open elements take one second, 200,000 take two minutes.
"""

import re
import unicodedata
from dataclasses import dataclass, field
from functools import lru_cache

from selectolax.lexbor import LexborNode

from monitor.extract.box_names import NAMES_CACHED
from monitor.extract.line_breaks import SENTENCE_END_CHARS, is_broken_sentence, join_pieces
from monitor.extract.line_classifier import is_byline, is_credit, is_rights_notice, is_sentence

_SKIPPED_TAG_NAMES = (
    "script style noscript template svg math iframe object embed applet canvas map select option datalist textarea "
    "input button progress meter audio video source track head title link meta base nav menu dialog rt rp rtc"
)
SKIPPED_TAGS = frozenset(_SKIPPED_TAG_NAMES.split())
_INLINE_TAG_NAMES = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark nobr picture q rb "
    "ruby s samp small span strike strong sub sup time tt u var wbr"
)
INLINE_TAGS = frozenset(_INLINE_TAG_NAMES.split())
_HINT_ATTRIBUTES = ("class", "id", "role", "type", "itemprop", "data-testid", "data-component")
_SCREEN_READER_NAMES = (
    r"sr-only|visually-?hidden|screen-?reader(?:-text)?|off-?screen|assistive-text|element-invisible|display-none"
)
_HIDING_CLASSES = frozenset(["hidden", "d-none", "hide", "is-hidden", "u-hidden", "uk-hidden", "invisible", "noshow"])
_HIDING_PARTS = ("hid", "none", "screen", "sr-only", "assistive", "invisible", "noshow")
"""Parts of class names, for a quick test: every class that hides an element contains at least one of them."""
_SHOWING_CLASS = re.compile(
    r"(?:xs|sm|md|lg|xl|xxl|2xl|print|tablet|desktop|mobile)[:@-](?:d-)?(?:block|flex|grid|inline|table|visible)"
)
"""Pattern for a class that shows an element on some screens only, as in ``hidden md:block`` and ``d-none
d-lg-block``."""
_SCREEN_READER_CLASS = re.compile(rf"(?:^|[\s_-])(?:{_SCREEN_READER_NAMES})(?=$|[\s_-])")
_POP_UP_CLASS = re.compile(
    r"(?:^|[\s_-])(?:tooltip|popover|pop-?up|hover-?card|rollover)[\w-]*(?:text|content|block|body|inner|box)\b",
    re.IGNORECASE,
)
_CREDIT_CLASS = re.compile(
    r"(?:^|[\s_-])(?:attribution|credits?|copyright|caption|(?:photo|image|picture|img)[_-]?(?:credit|caption|source|descr?(?:iption)?))(?=$|[\s_-])",
    re.IGNORECASE,
)
_DATE_CLASS = re.compile(r"(?:^|[\s_-])(?:date(?:-?time)?|pub-?date|counter|views|hits)(?=$|[\s_-])", re.IGNORECASE)
_HIDING_STYLE = re.compile(
    r"(?:^|;)(?:display:none|visibility:(?:hidden|collapse)|opacity:0(?:\.0*)?(?=$|[;!])|font-size:0(?:px|em|rem|pt|%)?(?=$|[;!])|clip:rect\([01]|"
    r"(?:left|right|top|bottom|text-indent|margin-(?:left|top|right)):-\d{3,}|clip-path:inset\((?:50|100)%|"
    r"transform:translate[xy3d]*\(-\d{3,}|(?:max-)?height:0(?:px)?;(?=.*overflow:hidden)|"
    r"overflow:hidden;(?=(?:.*;)?(?:max-)?height:0(?:px)?(?:;|$)))"
)
_HIDING_ATTRIBUTES = frozenset(("hidden", "style", "class", "aria-hidden"))
_CREDIT_TAGS = frozenset(("span", "small", "i", "em", "font", "cite"))
_MAX_CREDIT_CHARS = 60
_SENTENCE_END = re.compile(r"[^\W\d_A-Z]{2}[.!?…][\"'”’»)]*$")  # not the end of an abbreviation of single letters
_MAX_END_CHARS = 8
_BREAK_CLASS = re.compile(r"(?:^|\s)(?:br|line-?break)(?:\s|$)")
_MAX_DECORATION_CHARS = 3  # characters; a shorter text with aria-hidden is a drop cap or a sign, which readers see
_TITLE_TAGS = frozenset(("h1", "h2", "h3"))
_BOLD_TAGS = frozenset(("b", "strong"))
_RUBY_READING_TAGS = frozenset(("rt", "rp", "rtc"))  # the pronunciation of the characters, not text
_INVISIBLE_CHARS = re.compile("[\u00ad\u200b\u200e\u200f\u202a-\u202e\u2060\ufeff]+")
_CONTROL_CHARS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")


@dataclass(slots=True)
class LayoutBox:
    """A block-level element of a page.

    ``hint`` has its class, id, role and similar attributes in one line. ``is_hidden`` is true if the page hides the
    box, or a box around it.
    """

    node: LexborNode
    tag: str
    parent_index: int
    hint: str
    run_start: int
    is_hidden: bool = False
    run_end: int = 0
    subtree_end: int = 0


@dataclass(slots=True)
class TextRun:
    """A piece of text in a box that is not interrupted by block elements, usually one paragraph.

    ``box_index`` is the index of the innermost box around the text. ``link_chars`` is the number of its characters that
    are in links.
    """

    text: str
    box_index: int
    link_chars: int


@dataclass(slots=True)
class PageLayout:
    """The boxes, text runs and pictures of one page.

    A box contains ``runs[box.run_start:box.run_end]``. The box with index i and its descendants are
    ``boxes[i:box.subtree_end]``. ``pictures`` has a pair for each picture: the index of its box, and the index of the
    text run that follows it.
    """

    boxes: list[LayoutBox] = field(default_factory=list)
    runs: list[TextRun] = field(default_factory=list)
    pictures: list[tuple[int, int]] = field(default_factory=list)


def normalize_spacing(text: str) -> str:
    """Normalize a text to NFC and single spaces, without line breaks, control characters and invisible characters."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    text = " ".join(text.split())
    if text.isascii() and text.isprintable():
        return text
    if _CONTROL_CHARS.search(text) or _INVISIBLE_CHARS.search(text):
        text = " ".join(_INVISIBLE_CHARS.sub("", _CONTROL_CHARS.sub(" ", text)).split())
    return unicodedata.normalize("NFC", text)


class _RunBuilder:
    """Builder of the current text run during the walk over the tree.

    ``lines`` holds the lines of the run; a single ``<br>`` ends a line. Each line is a tuple of its text, the number of
    its characters that are in links, and whether all of it is bold.
    """

    def __init__(self, layout: PageLayout) -> None:
        self.layout = layout
        self.box_index = 0
        self.break_count = 0
        self.link_depth = 0
        self.bold_depth = 0
        self.lines: list[tuple[str, int, bool]] = []
        self._reset()

    def _reset(self) -> None:
        self.pieces: list[str] = []
        self.link_chars = 0
        self.is_bold = True

    def add_text(self, text: str) -> None:
        """Add a text node to the current run.

        If a single ``<br>`` precedes the text, a new line of the run begins. If several precede it, a new run begins.
        """
        if text.isspace():
            if self.pieces:
                self.pieces.append(" ")
            return
        if self.break_count:
            if self.break_count > 1:
                self.flush()
            else:
                self._end_line()
            self.break_count = 0
        if self.pieces and text[0].isupper() and _SENTENCE_END.search(self.pieces[-1][-_MAX_END_CHARS:]):
            self.pieces.append(" ")  # the page shows the elements apart
        self.pieces.append(text)
        if self.link_depth:
            self.link_chars += len(text.strip())
        if not self.bold_depth:
            self.is_bold = False

    def _end_line(self) -> None:
        text = normalize_spacing("".join(self.pieces))
        if text:
            self.lines.append((text, self.link_chars, self.is_bold))
        self._reset()

    def flush(self) -> None:
        """Finish the current run and store its text, if it has any.

        A line that continues the sentence of the line before it is joined to that line. Every other line is stored as a
        run of its own.
        """
        self._end_line()
        self.break_count = 0
        if not self.lines:
            return
        lines, self.lines = self.lines, []
        ends = [text.endswith(SENTENCE_END_CHARS) for text, _, _ in lines]
        is_heading = self.layout.boxes[self.box_index].tag in _TITLE_TAGS
        run, was_bold = TextRun(lines[0][0], self.box_index, lines[0][1]), lines[0][2]
        for at, (text, link_chars, is_bold) in enumerate(lines[1:], 1):
            has_end = is_heading or (was_bold == is_bold and any(ends[at:]))
            is_byline_below = was_bold != is_bold and is_byline(text)
            if is_broken_sentence(run.text, text, has_end) and not is_byline_below:
                run.text = join_pieces(run.text, text)
                run.link_chars += link_chars
            else:
                self.layout.runs.append(run)
                run = TextRun(text, self.box_index, link_chars)
            was_bold = is_bold
        self.layout.runs.append(run)


def survey_dom(root: LexborNode, max_elements: int = 60_000) -> PageLayout:
    """Convert the HTML tree below ``root`` to its layout: boxes, text runs and pictures.

    Elements after the first ``max_elements`` are ignored.
    """
    layout = PageLayout([LayoutBox(root, root.tag or "", -1, _join_hints(root.attributes), 0)])
    builder = _RunBuilder(layout)
    open_elements: list[tuple[LexborNode, str]] = []
    node = root.first_child
    while True:
        if node is None:
            if not open_elements:
                break
            node, tag = open_elements.pop()
            _leave_element(layout, builder, tag)
            node = node.next
            continue
        if node.is_text_node:
            builder.add_text(node.text_content or "")
        elif node.is_element_node and max_elements > 0:
            max_elements -= 1
            tag = node.tag or ""
            child = node.first_child
            if tag == "br":
                builder.break_count += 1
            elif child is None:
                _visit_empty_element(layout, builder, node, tag)
            elif tag not in SKIPPED_TAGS and (opened := _enter_element(layout, builder, node, tag)):
                open_elements.append((node, opened))
                node = child
                continue
        node = node.next
    builder.flush()
    layout.boxes[0].run_end = len(layout.runs)
    layout.boxes[0].subtree_end = len(layout.boxes)
    return layout


def _visit_empty_element(layout: PageLayout, builder: _RunBuilder, node: LexborNode, tag: str) -> None:
    """Process an element without content: record a picture, or end the line or text run at a break or a block."""
    if tag == "img":
        if "emoji" not in (node.attributes.get("class") or ""):
            if builder.break_count > 1:  # the paragraph above the picture has ended
                builder.flush()
            layout.pictures.append((builder.box_index, len(layout.runs)))
    elif tag not in INLINE_TAGS and tag not in _RUBY_READING_TAGS and builder.pieces:
        builder.flush()
    elif tag == "span" and _BREAK_CLASS.search(node.attributes.get("class") or ""):
        builder.break_count += 1


def _enter_element(layout: PageLayout, builder: _RunBuilder, node: LexborNode, tag: str) -> str:
    """Begin an element during the walk; return its tag, or an empty string if the page hides the element.

    A picture credit at the start of a paragraph is treated as a caption, and the tag "figcaption" is returned, so that
    the credit does not become part of the paragraph. For the same reason, a date before the text is treated as a block.
    """
    attributes = node.attributes
    may_be_hidden = not _HIDING_ATTRIBUTES.isdisjoint(attributes)  # a quick test: most elements have none of these
    if tag in INLINE_TAGS:
        if may_be_hidden and _is_inline_hidden(node, tag, attributes):
            if layout.boxes[builder.box_index].tag in _TITLE_TAGS:
                builder.pieces.append(" ")  # it usually holds a colon for screen readers
            return ""
        if tag == "a":
            builder.link_depth += 1
            return tag
        is_inside_line = bool(builder.pieces) and not builder.break_count
        classes = attributes.get("class") or ""
        if not is_inside_line and _is_leading_credit(node, tag, classes):
            tag = "figcaption"
        elif not is_inside_line and _is_leading_date(layout.boxes[builder.box_index].tag, classes):
            tag = "div"
        else:
            builder.bold_depth += tag in _BOLD_TAGS
            return tag
    hint = _join_hints(attributes) if attributes else ""
    if builder.pieces or builder.lines:
        builder.flush()
    builder.break_count = 0
    is_hidden = layout.boxes[builder.box_index].is_hidden or (
        may_be_hidden and (_is_hidden(attributes) or attributes.get("aria-hidden") == "true")
    )
    layout.boxes.append(LayoutBox(node, tag, builder.box_index, hint, len(layout.runs), is_hidden))
    builder.box_index = len(layout.boxes) - 1
    return tag


def _is_leading_credit(node: LexborNode, tag: str, classes: str) -> bool:
    """Return whether an inline element at the start of a paragraph is a picture credit, and not part of the text.

    A picture credit names the photographer or the agency of a picture.
    """
    if classes and _CREDIT_CLASS.search(classes):
        return True
    if tag not in _CREDIT_TAGS or node.first_child is None:
        return False
    text = normalize_spacing(node.text() or "") if tag != "span" or node.first_child.is_text_node else ""
    return 0 < len(text) <= _MAX_CREDIT_CHARS and is_credit(text) and not (is_sentence(text) or is_rights_notice(text))


def _is_leading_date(tag_around: str, classes: str) -> bool:
    """Return whether the classes of an inline element at the start of a box mean a date or a number of readers."""
    return bool(classes) and tag_around == "div" and _DATE_CLASS.search(classes) is not None


def _is_hidden(attributes: dict[str, str | None]) -> bool:
    """Return whether the attributes of an element hide it.

    Text that the search function of a browser makes visible (``hidden=until-found``) is not hidden.
    """
    if "hidden" in attributes and attributes["hidden"] != "until-found":
        return True
    style, classes = attributes.get("style"), attributes.get("class")
    return bool(style and _is_hiding_style(style)) or bool(classes and _is_hiding_class(classes))


@lru_cache(maxsize=NAMES_CACHED)
def _is_hiding_style(style: str) -> bool:
    return _HIDING_STYLE.search(style.replace(" ", "").lower()) is not None


@lru_cache(maxsize=NAMES_CACHED)
def _is_hiding_class(classes: str) -> bool:
    lower = classes.lower()
    if not any(map(lower.__contains__, _HIDING_PARTS)):
        return False
    if _SCREEN_READER_CLASS.search(lower):
        return True
    return not _HIDING_CLASSES.isdisjoint(lower.split()) and not _SHOWING_CLASS.search(lower)


def _is_inline_hidden(node: LexborNode, tag: str, attributes: dict[str, str | None]) -> bool:
    """Return whether the page hides an inline element, or shows it only to screen readers or as a pop-up."""
    if _is_hidden(attributes):
        return True
    if (
        "aria-hidden" in attributes
        and attributes["aria-hidden"] == "true"
        and len(node.text(strip=True)) > _MAX_DECORATION_CHARS
    ):
        return True
    return tag == "span" and _POP_UP_CLASS.search(attributes.get("class") or "") is not None


def _leave_element(layout: PageLayout, builder: _RunBuilder, tag: str) -> None:
    if tag == "a":
        builder.link_depth -= 1
    elif tag in _BOLD_TAGS:
        builder.bold_depth -= 1
    elif tag not in INLINE_TAGS:
        if builder.pieces or builder.lines:
            builder.flush()
        builder.break_count = 0
        box = layout.boxes[builder.box_index]
        box.run_end, box.subtree_end = len(layout.runs), len(layout.boxes)
        builder.box_index = box.parent_index


def _join_hints(attributes: dict[str, str | None]) -> str:
    return " ".join([attributes[name] or "" for name in _HINT_ATTRIBUTES if name in attributes])


_MAX_HTML_CHARS = 5_000_000
_MIN_CHECKED_TAGS = 15_000  # pages with fewer tags cannot be nested deeply enough to be slow
_MAX_NESTING_DEPTH = 2_500
_HTML_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
_VOID_TAG_NAMES = "area base br col embed hr img input link meta source track wbr path"
_IMPLICITLY_CLOSED_TAG_NAMES = "p li dt dd option tr td th html head body"
# Elements without content, or closed implicitly by the next element of the same kind.
_NON_NESTING_TAGS = frozenset(_VOID_TAG_NAMES.split() + _IMPLICITLY_CLOSED_TAG_NAMES.split())


def limit_html(html: str) -> str:
    """Truncate HTML at 5,000,000 characters, and before the first tag that is nested too deeply."""
    html = html[:_MAX_HTML_CHARS]
    if html.count("<") < _MIN_CHECKED_TAGS:
        return html
    depth = 0
    for tag in _HTML_TAG.finditer(html):
        if tag[2].lower() in _NON_NESTING_TAGS:
            continue
        depth = depth + 1 if not tag[1] else max(0, depth - 1)
        if depth > _MAX_NESTING_DEPTH:
            return html[: tag.start()]
    return html
