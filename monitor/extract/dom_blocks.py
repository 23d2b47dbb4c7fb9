"""The words by which pages name their own parts, in classes, ids and roles.

They are English over most of the world, with local words beside them; no outlet is named here.

A page as a flat list of its boxes and text runs, in document order: everything later steps look at.

One walk over the Lexbor tree, without recursion, so that nesting costs nothing but its own nodes.

Pages whose shape is an attack or an accident are cut before the parser sees them.

Lexbor's time grows with the square of the nesting: 20,000 open boxes take a second, 200,000 take two minutes.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from selectolax.lexbor import LexborNode

_CAMEL_CASE_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def _compile_names(words: str) -> re.Pattern[str]:
    """Match any of the words as a whole part of a class name, between spaces, hyphens, underscores or colons."""
    return re.compile(rf"(?:^|[\s_:-])(?:{'|'.join(words.split())})(?=$|[\s_:-])")


BOILERPLATE_NAMES = _compile_names(r"""
pay-?wall-?(?:box|message|banner|prompt|notice|cta|overlay|modal|teaser|offer|container-?offer)
relat(?:ed|ion|ions|os) relacionad[oa]s? recommend(?:ed|ations?|er)? recirc\w* read-?(?:more|also|next) also-?read
more-?(?:news|stories|from|on|in|articles|links|info) see-?also most-?(?:read|viewed|popular|recent) up-?next
next-?(?:article|story|post) prev(?:ious)?-?(?:article|story|post) other-?news similar suggest(?:ed|ions?) you-?may
share shares sharing sharebar sharetools? share-?\w* addtoany social socials socialmedia social-?\w+ follow(?:-?us)?
newsletters? subscri(?:be|ption|bers?) sign-?up signin login log-?in register registration promos? promotions?
promobox advert\w* ads? adbox adslot adunit ad-?(?:container|wrapper|block|slot|label|banner) sponsor(?:ed|s)?
commercial affiliate comments? comment-?\w+ disqus respond reactions? breadcrumbs? crumbs? cookies? cookie-?\w+
consent gdpr onetrust privacy sidebar side-?bar rail aside footer site-?(?:header|footer|nav) masthead nav navi
navigation navbar menu toolbar tools taglist tag-?(?:list|cloud|links|wrap\w*|container) keywords outbrain taboola
widget-?area banners? copyright legal disclaimer print-?(?:only|button) pager pagination paginator rating votes?
poll quiz modal popup overlay tooltip skip-?link jump-?links? toc table-of-contents feedback contact-?(?:us|form)
donat(?:e|ion) support-?us callout-?(?:box|newsletter) inline-?(?:promo|newsletter|related) story-?package linkbox
link-?(?:box|list) player video-?(?:player|caption|playlist|js) carousel slider slideshow-?nav livestream
apps?-?(?:download|promo|store) download-?app unshown-box lien-?quan
tin-?(?:lien-?quan|khac|moi|cung-?chuyen-?muc|doc-?nhieu) doc-?(?:nhieu|them) xem-?them binh-?luan chia-?se
quang-?cao baca-?juga terkait terpopuler werbung anzeigen? mehr-?zum-?thema verwandte teilen kommentare?
empfehlungen publicidad compartir comentarios publicite partage commentaires reklame? reklama annons
""")
"""Boxes that never belong to the article, unless they hold most of the page."""
LINK_LIST_NAMES = _compile_names(r"""
teasers? teaser-?\w+ tags? topics? latest(?:-?news)? trending popular hot-?news more similar stories headlines list
links? card cards
""")
"""Boxes that are furniture when they are full of links."""
SMALL_PRINT_NAMES = _compile_names(r"""
by-?lines? authors? author-?\w+ contributors? journalist writer reporter meta metadata post-?meta entry-?meta
article-?meta date-?line date dates dateline datetime timestamps? time pub-?date published publish-?date updated
credits? copyrights? source provider kicker eyebrow overline section-?(?:name|label|title) category categories
header head top-?bar info label badge counter views duration reading-?time readtime headline title post-?title
entry-?title article-?title subscriber trust policy correction-?link report-?(?:a-?)?(?:typo|error)
""")
"""Boxes whose short lines say who, when and where, rather than what."""
CAPTION_NAMES = _compile_names(r"""
(?:fig|img|image|photo|picture|media|video|wp)-?caption\w* captions? caption-?\w+ cutline legend legende
bildunterschrift chu-?thich image-?(?:desc\w*|credit|text|info) photo-?(?:desc\w*|credit|text)
picture-?(?:desc\w*|credit|text) pie-?de-?foto
""")
"""Boxes of what is written under pictures."""
PICTURE_NAMES = _compile_names(r"""
images? img photos? pictures? pics? gallery thumb(?:nail)? media bild foto inline-image content-?image hero
""")
"""Boxes around a picture and its caption."""
STANDFIRST_NAMES = _compile_names(r"""
standfirst sapo lead lede leads intro introduction vorspann deck dek summary excerpt abstract sub-?head(?:line|ing)?
sub-?title subtitulo bajada entradilla chapo chapeau ingress manchet perex strapline stand-?first description desc
preamble
""")
"""Boxes of the summary between headline and text."""
BODY_NAMES = _compile_names(r"""
article-?(?:body|content|text|detail|main|inner) articlebody story-?(?:body|content|text) storybody
post-?(?:body|content|text) entry-?(?:content|body|text) news-?(?:body|content|text|detail)
detail-?(?:content|body|text) content-?(?:body|detail|text) body-?(?:content|copy|text) main-?(?:content|text)
maincontent paragraphs? rich-?text text-?body wysiwyg fck-?detail noi-?dung cms-?body articletext
""")
"""Boxes of the text itself."""
PAYWALL_NAMES = _compile_names(r"""
pay-?wall\w* piano reg-?wall meter(?:ed)?-?wall premium-?(?:only|content|teaser|wall)?
subscribers?-?(?:only|content|wall)
abo-?(?:box|wall|only)? plus-?(?:only|wall|teaser) locked(?:-content)? article-?(?:locked|restricted) gated(?:-content)?
""")
"""Boxes of what asks for money, or that hold what is only for those who paid."""


def split_camel_case(hint: str) -> str:
    """Take camel humps apart, so that ``relatedArticles`` reads like ``related-articles``."""
    return hint if hint.islower() else _CAMEL_CASE_BOUNDARY.sub("-", hint).lower()


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


_MAX_HTML_CHARS = 5_000_000  # characters
_MIN_CHECKED_TAGS = 15_000  # tags from which the nesting is worth a look
_MAX_NESTING_DEPTH = 2_500
_HTML_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)")
_VOID_TAG_NAMES = "area base br col embed hr img input link meta source track wbr path"
_IMPLICITLY_CLOSED_TAG_NAMES = "p li dt dd option tr td th html head body"
_NON_NESTING_TAGS = frozenset(
    _VOID_TAG_NAMES.split() + _IMPLICITLY_CLOSED_TAG_NAMES.split()
)  # without content, or closed by the next of their kind


def limit_html(html: str) -> str:
    """Return the page up to a sane length and nesting."""
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
