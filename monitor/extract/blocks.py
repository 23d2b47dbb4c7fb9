"""A page as a flat list of its boxes and text runs, in document order: everything later steps look at.

One walk over the Lexbor tree, without recursion, so that nesting costs nothing but its own nodes.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

_SKIPPED = (
    "script style noscript template svg math iframe object embed applet canvas map select option datalist textarea "
    "input button progress meter audio video source track head title link meta base nav menu dialog"
)
SKIPPED = frozenset(_SKIPPED.split())
_INLINE = (
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd label mark nobr picture q rb rp rt rtc "
    "ruby s samp small span strike strong sub sup time tt u var wbr"
)
INLINE = frozenset(_INLINE.split())
_MARKS = ("class", "id", "role", "itemprop", "data-testid", "data-component")
UNSHOWN = "unshown-box"
"""Marks a box that the page hides: mostly menus and dialogs, sometimes the article until a script shows it."""
_UNSEEN = re.compile(
    r"(?:^|[\s_-])(?:sr-only|visually-?hidden|screen-?reader(?:-text)?|offscreen|assistive-text|"
    r"(?:tooltip|popover|pop-?up|hover-?card|rollover)[\w-]*(?:text|content|block|body|inner|box))\b",
    re.IGNORECASE,
)
_HEADED = frozenset(("h1", "h2", "h3"))
_INVISIBLE = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff\u200e\u200f\u202a\u202b\u202c\u202d\u202e"))
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_CLOSED = tuple('.!?:;…。！？：；।။។៖”"»)」』')


@dataclass(slots=True)
class Box:
    """A block-level element. ``mark`` is its class, id, role and the like in one line."""

    node: LexborNode
    tag: str
    parent: int
    mark: str
    start: int
    end: int = 0
    last: int = 0


@dataclass(slots=True)
class Run:
    """Text that the page sets without a break. ``box`` is the index of the innermost box around it."""

    text: str
    box: int
    link_chars: int


@dataclass(slots=True)
class Layout:
    """Boxes and runs of one page: ``runs[box.start:box.end]`` lie in a box, ``boxes[i:box.last]`` are its subtree.

    ``pictures`` holds for each the box it stands in and the index of the run that follows or surrounds it.
    """

    boxes: list[Box] = field(default_factory=list)
    runs: list[Run] = field(default_factory=list)
    pictures: list[tuple[int, int]] = field(default_factory=list)


def tidy(text: str) -> str:
    """Return text in NFC with one space between words, without controls and invisible characters."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    text = " ".join(text.split())
    if text.isascii() and text.isprintable():
        return text
    text = " ".join(_CONTROL.sub(" ", text).translate(_INVISIBLE).split())
    return unicodedata.normalize("NFC", text)


class _Writer:
    """Gathers the pieces of the run being read."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.box = 0
        self.breaks = 0
        self.in_link = 0
        self._clear()

    def _clear(self) -> None:
        self.pieces: list[str] = []
        self.link_chars = 0

    def add(self, text: str) -> None:
        """Take a text node in; a single break in mid-sentence is a space."""
        if text.isspace():
            if self.pieces:
                self.pieces.append(" ")
            return
        if self.breaks:
            before = "".join(self.pieces[-3:]).rstrip()
            if self.breaks > 1 or before.endswith(_CLOSED) or not text.lstrip()[:1].islower():
                self.flush()
            else:
                self.pieces.append(" ")
            self.breaks = 0
        self.pieces.append(text)
        if self.in_link:
            self.link_chars += len(text.strip())

    def flush(self) -> None:
        """End the run."""
        if self.pieces:
            text = tidy("".join(self.pieces))
            if text:
                self.layout.runs.append(Run(text, self.box, self.link_chars))
            self._clear()
        self.breaks = 0


def survey(root: LexborNode, limit: int = 60_000) -> Layout:
    """Walk a subtree; beyond ``limit`` elements the rest of the page is not looked at."""
    layout = Layout([Box(root, root.tag or "", -1, _mark(root.attributes), 0)])
    writer = _Writer(layout)
    trail: list[tuple[LexborNode, str]] = []
    node = root.first_child
    while True:
        if node is None:
            if not trail:
                break
            node, tag = trail.pop()
            _leave(layout, writer, tag)
            node = node.next
            continue
        if node.is_text_node:
            writer.add(node.text_content or "")
        elif node.is_element_node and limit > 0:
            limit -= 1
            tag = node.tag or ""
            child = node.first_child
            if tag == "br":
                writer.breaks += 1
            elif child is None:
                _pass(layout, writer, node, tag)
            elif tag not in SKIPPED and _enter(layout, writer, node, tag):
                trail.append((node, tag))
                node = child
                continue
        node = node.next
    writer.flush()
    layout.boxes[0].end = len(layout.runs)
    layout.boxes[0].last = len(layout.boxes)
    return layout


def _pass(layout: Layout, writer: _Writer, node: LexborNode, tag: str) -> None:
    """Take note of an element without content."""
    if tag == "img":
        if "emoji" not in (node.attributes.get("class") or ""):
            layout.pictures.append((writer.box, len(layout.runs)))
    elif tag not in INLINE and writer.pieces:
        writer.flush()


def _enter(layout: Layout, writer: _Writer, node: LexborNode, tag: str) -> bool:
    """Open an element; False if it is not shown."""
    if tag in INLINE:
        if tag == "span" and _UNSEEN.search(node.attributes.get("class") or ""):
            if layout.boxes[writer.box].tag in _HEADED:
                writer.pieces.append(" ")  # it mostly holds a colon, for those who listen
            return False
        if tag == "a":
            writer.in_link += 1
        return True
    attributes = node.attributes
    mark = _mark(attributes) if attributes else ""
    if attributes:
        style = attributes.get("style")
        if "hidden" in attributes or (style and "display:none" in style.replace(" ", "").lower()):
            mark = f"{mark} {UNSHOWN}"
    if writer.pieces:
        writer.flush()
    writer.breaks = 0
    layout.boxes.append(Box(node, tag, writer.box, mark, len(layout.runs)))
    writer.box = len(layout.boxes) - 1
    return True


def _leave(layout: Layout, writer: _Writer, tag: str) -> None:
    if tag == "a":
        writer.in_link -= 1
    elif tag not in INLINE:
        if writer.pieces:
            writer.flush()
        writer.breaks = 0
        box = layout.boxes[writer.box]
        box.end, box.last = len(layout.runs), len(layout.boxes)
        writer.box = box.parent


def _mark(attributes: dict[str, str | None]) -> str:
    return " ".join([attributes[name] or "" for name in _MARKS if name in attributes])
