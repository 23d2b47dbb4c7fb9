"""A page as a flat list of its boxes and text runs, in document order: everything later steps look at.

One walk over the Lexbor tree, without recursion, so that nesting costs nothing but its own nodes.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

_SKIPPED_TAG_NAMES = (
    "script style noscript template svg math iframe object embed applet canvas map select option datalist textarea "
    "input button progress meter audio video source track head title link meta base nav menu dialog"
)
SKIPPED_TAGS = frozenset(_SKIPPED_TAG_NAMES.split())
_INLINE_TAG_NAMES = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark nobr picture q rb rp rt rtc "
    "ruby s samp small span strike strong sub sup time tt u var wbr"
)
INLINE_TAGS = frozenset(_INLINE_TAG_NAMES.split())
_HINT_ATTRIBUTES = ("class", "id", "role", "itemprop", "data-testid", "data-component")
HIDDEN_BOX_HINT = "unshown-box"
"""Marks a box that the page hides: mostly menus and dialogs, sometimes the article until a script shows it."""
_SCREEN_READER_CLASS = re.compile(
    r"(?:^|[\s_-])(?:sr-only|visually-?hidden|screen-?reader(?:-text)?|offscreen|assistive-text|"
    r"(?:tooltip|popover|pop-?up|hover-?card|rollover)[\w-]*(?:text|content|block|body|inner|box))\b",
    re.IGNORECASE,
)
_TITLE_TAGS = frozenset(("h1", "h2", "h3"))
_INVISIBLE_CHARS = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e"))
_CONTROL_CHARS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SENTENCE_END_CHARS = tuple('.!?:;…。！？：；।။។៖”"»)」』')


@dataclass(slots=True)
class LayoutBox:
    """A block-level element. ``mark`` is its class, id, role and the like in one line."""

    node: LexborNode
    tag: str
    parent_index: int
    hint: str
    run_start: int
    run_end: int = 0
    subtree_end: int = 0


@dataclass(slots=True)
class TextRun:
    """Text that the page sets without a break. ``box`` is the index of the innermost box around it."""

    text: str
    box_index: int
    link_chars: int


@dataclass(slots=True)
class PageLayout:
    """Boxes and runs of one page: ``runs[box.start:box.end]`` lie in a box, ``boxes[i:box.last]`` are its subtree.

    ``pictures`` holds for each the box it stands in and the index of the run that follows or surrounds it.
    """

    boxes: list[LayoutBox] = field(default_factory=list)
    runs: list[TextRun] = field(default_factory=list)
    pictures: list[tuple[int, int]] = field(default_factory=list)


def normalize_spacing(text: str) -> str:
    """Return text in NFC with one space between words, without controls and invisible characters."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    text = " ".join(text.split())
    if text.isascii() and text.isprintable():
        return text
    text = " ".join(_CONTROL_CHARS.sub(" ", text).translate(_INVISIBLE_CHARS).split())
    return unicodedata.normalize("NFC", text)


class _RunBuilder:
    """Gathers the pieces of the run being read."""

    def __init__(self, layout: PageLayout) -> None:
        self.layout = layout
        self.box_index = 0
        self.break_count = 0
        self.link_depth = 0
        self._reset()

    def _reset(self) -> None:
        self.pieces: list[str] = []
        self.link_chars = 0

    def add_text(self, text: str) -> None:
        """Take a text node in; a single break in mid-sentence is a space."""
        if text.isspace():
            if self.pieces:
                self.pieces.append(" ")
            return
        if self.break_count:
            before = "".join(self.pieces[-3:]).rstrip()
            if self.break_count > 1 or before.endswith(_SENTENCE_END_CHARS) or not text.lstrip()[:1].islower():
                self.flush()
            else:
                self.pieces.append(" ")
            self.break_count = 0
        self.pieces.append(text)
        if self.link_depth:
            self.link_chars += len(text.strip())

    def flush(self) -> None:
        """End the run."""
        if self.pieces:
            text = normalize_spacing("".join(self.pieces))
            if text:
                self.layout.runs.append(TextRun(text, self.box_index, self.link_chars))
            self._reset()
        self.break_count = 0


def survey_dom(root: LexborNode, max_elements: int = 60_000) -> PageLayout:
    """Walk a subtree; beyond ``limit`` elements the rest of the page is not looked at."""
    layout = PageLayout([LayoutBox(root, root.tag or "", -1, _join_hints(root.attributes), 0)])
    writer = _RunBuilder(layout)
    trail: list[tuple[LexborNode, str]] = []
    node = root.first_child
    while True:
        if node is None:
            if not trail:
                break
            node, tag = trail.pop()
            _leave_element(layout, writer, tag)
            node = node.next
            continue
        if node.is_text_node:
            writer.add_text(node.text_content or "")
        elif node.is_element_node and max_elements > 0:
            max_elements -= 1
            tag = node.tag or ""
            child = node.first_child
            if tag == "br":
                writer.break_count += 1
            elif child is None:
                _visit_empty_element(layout, writer, node, tag)
            elif tag not in SKIPPED_TAGS and _enter_element(layout, writer, node, tag):
                trail.append((node, tag))
                node = child
                continue
        node = node.next
    writer.flush()
    layout.boxes[0].run_end = len(layout.runs)
    layout.boxes[0].subtree_end = len(layout.boxes)
    return layout


def _visit_empty_element(layout: PageLayout, writer: _RunBuilder, node: LexborNode, tag: str) -> None:
    """Take note of an element without content."""
    if tag == "img":
        if "emoji" not in (node.attributes.get("class") or ""):
            layout.pictures.append((writer.box_index, len(layout.runs)))
    elif tag not in INLINE_TAGS and writer.pieces:
        writer.flush()


def _enter_element(layout: PageLayout, writer: _RunBuilder, node: LexborNode, tag: str) -> bool:
    """Open an element; False if it is not shown."""
    if tag in INLINE_TAGS:
        if tag == "span" and _SCREEN_READER_CLASS.search(node.attributes.get("class") or ""):
            if layout.boxes[writer.box_index].tag in _TITLE_TAGS:
                writer.pieces.append(" ")  # it mostly holds a colon, for those who listen
            return False
        if tag == "a":
            writer.link_depth += 1
        return True
    attributes = node.attributes
    mark = _join_hints(attributes) if attributes else ""
    if attributes:
        style = attributes.get("style")
        if "hidden" in attributes or (style and "display:none" in style.replace(" ", "").lower()):
            mark = f"{mark} {HIDDEN_BOX_HINT}"
    if writer.pieces:
        writer.flush()
    writer.break_count = 0
    layout.boxes.append(LayoutBox(node, tag, writer.box_index, mark, len(layout.runs)))
    writer.box_index = len(layout.boxes) - 1
    return True


def _leave_element(layout: PageLayout, writer: _RunBuilder, tag: str) -> None:
    if tag == "a":
        writer.link_depth -= 1
    elif tag not in INLINE_TAGS:
        if writer.pieces:
            writer.flush()
        writer.break_count = 0
        box = layout.boxes[writer.box_index]
        box.run_end, box.subtree_end = len(layout.runs), len(layout.boxes)
        writer.box_index = box.parent_index


def _join_hints(attributes: dict[str, str | None]) -> str:
    return " ".join([attributes[name] or "" for name in _HINT_ATTRIBUTES if name in attributes])
