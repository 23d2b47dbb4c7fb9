"""Press review as a Word document, with Word's own styles and fields, so that Word can edit and update it.

python-docx cannot add links, fields or bookmarks, so they are built from their XML elements (ECMA-376, part 1, chapter
17).
"""

from collections.abc import Collection, Iterable
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_COLOR_INDEX, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Pt, RGBColor
from docx.text.paragraph import Paragraph
from docx.text.run import Run

from monitor.digest.views import (
    DigestView,
    DuplicateView,
    ItemView,
    PassageView,
    StoryView,
    TextPiece,
    is_right_to_left,
)

LATIN_FONT, EAST_ASIAN_FONT, COMPLEX_FONT = "Calibri", "Microsoft YaHei", "Leelawadee UI"
"""Fonts that Word on Windows has, for Latin, East Asian and complex scripts.

Leelawadee UI has Lao, Thai and Khmer. Other programs replace a font that they do not have.
"""
GREY = RGBColor(0x55, 0x55, 0x55)
PAGE_WIDTH, PAGE_HEIGHT, MARGIN = Cm(21), Cm(29.7), Cm(2.2)
MAX_BOOKMARK_CHARS = 40  # Word ignores bookmarks with longer names


def build_document(view: DigestView) -> bytes:
    """Build the Word document of a digest, and return it as the bytes of a .docx file."""
    return _Writer(view).build()


class _Paragraph(Paragraph):
    """Paragraph of python-docx, with methods that add links, fields and bookmarks as XML elements."""

    def __init__(self, root: Any, document: Any, style: str = "") -> None:
        """Append a paragraph to the element ``root``.

        In the body of a document, it is inserted before the section properties, which must be the last element.
        """
        self.root = OxmlElement("w:p")
        _insert_before(root, self.root, {qn("w:sectPr")})
        super().__init__(self.root, document)
        if style:
            self.style = style

    def add_pieces(self, pieces: Iterable[TextPiece]) -> None:
        """Add pieces of text, and highlight matched names."""
        for text, is_marked in pieces:
            run = self.add_run(text)
            if is_marked:
                run.font.highlight_color = WD_COLOR_INDEX.YELLOW

    def add_external_link(self, url: str) -> None:
        """Add a link to a URL, with the URL itself as its text."""
        link = OxmlElement("w:hyperlink")
        link.set(qn("r:id"), self.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
        self._append_link(link, url).font.size = Pt(8)

    def add_internal_link(self, text: str, anchor: str) -> None:
        """Add a link that shows ``text`` and leads to the bookmark for ``anchor`` in this document."""
        link = OxmlElement("w:hyperlink")
        link.set(qn("w:anchor"), _bookmark_name(anchor))
        self._append_link(link, text)

    def add_field(self, instruction: str, text: str) -> None:
        """Add a field whose value Word computes. ``text`` is shown until Word has computed the value."""
        field = OxmlElement("w:fldSimple")
        field.set(qn("w:instr"), instruction)
        field.set(qn("w:dirty"), "true")
        self.root.append(field)
        self._append_run(field, text)

    def add_bookmark(self, anchor: str, number: int) -> None:
        """Add a bookmark for ``anchor`` to the paragraph. ``number`` must be unique in the document."""
        start, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
        for element in (start, end):
            element.set(qn("w:id"), str(number))
        start.set(qn("w:name"), _bookmark_name(anchor))
        self.root.extend((start, end))

    def set_right_to_left(self) -> None:
        """Set the direction of the paragraph and all its text to right to left."""
        self.paragraph_format.widow_control = True  # creates the properties of the paragraph if they are missing
        properties = next(child for child in self.root if child.tag == qn("w:pPr"))
        _insert_before(properties, OxmlElement("w:bidi"), _AFTER_BIDI)
        for run in self.runs:
            run.font.rtl = True
            run.font.complex_script = True

    def _append_link(self, link: Any, text: str) -> Run:
        self.root.append(link)
        run = self._append_run(link, text)
        run.font.color.rgb = RGBColor(0x0A, 0x5A, 0x8C)
        return run

    def _append_run(self, parent: Any, text: str) -> Run:
        element: Any = OxmlElement("w:r")
        parent.append(element)
        run = Run(element, self)
        run.text = text
        return run


def _insert_before(parent: Any, element: Any, tags: Collection[str]) -> None:
    """Insert ``element`` into ``parent`` before the first child with one of these tags.

    Without such a child, it is added at the end.
    """
    following = next((child for child in parent if child.tag in tags), None)
    if following is None:
        parent.append(element)
    else:
        following.addprevious(element)


_AFTER_UPDATE_FIELDS = {
    qn(f"w:{name}") for name in ("hdrShapeDefaults", "footnotePr", "endnotePr", "compat", "rsids", "themeFontLang")
}
_AFTER_BIDI = {
    qn(f"w:{name}") for name in ("adjustRightInd", "snapToGrid", "spacing", "ind", "contextualSpacing", "jc", "rPr")
}
"""Word requires a fixed order of elements. These are the tags of the elements that must follow ``w:bidi`` in the
properties of a paragraph.

``_AFTER_UPDATE_FIELDS`` are the tags of the elements that must follow ``w:updateFields`` in the settings.
"""


class _Writer:
    """Builder of the Word document of one digest."""

    def __init__(self, view: DigestView) -> None:
        self._view = view
        self._document: Any = Document()
        self._bookmark_count = 0

    def build(self) -> bytes:
        view = self._view
        self._prepare()
        self._add(view.title, "Title")
        self._add(f"Press review, {view.period} ({view.timezone})")
        self._add(view.summary)
        if view.sections:
            self._add_contents()
        for number, section in enumerate(view.sections):
            heading = self._add(section.name, "Heading 1")
            heading.paragraph_format.page_break_before = number == 0
            self._bookmark(heading, section.anchor)
            if section.position:
                self._add(section.position, is_grey=True)
            for story in section.stories:
                self._add_story(story)
            if section.also_in:
                paragraph = self._add("Also in:", is_grey=True)
                for link in section.also_in:
                    paragraph.add_run(" ")
                    paragraph.add_internal_link(link.title, link.anchor)
        if view.hidden_article_count:
            self._add(f"{view.hidden_article_count} more articles are not shown.", is_grey=True)
        coverage = " ".join(part for part in (f"Coverage: {view.coverage.summary}.", view.coverage.warning) if part)
        self._add(f"{coverage} Composed {view.composed_at} ({view.timezone}).", is_grey=True)
        file = BytesIO()
        self._document.save(file)
        return file.getvalue()

    def _prepare(self) -> None:
        """Set the fonts, margins, header and page numbers of the document.

        A setting makes Word update all fields when it opens the file, so that the contents show the right page numbers.
        """
        document, view = self._document, self._view
        for name in ("Normal", "Title", "Heading 1", "Heading 2", "Heading 3"):
            _set_fonts(document.styles[name])
        document.styles["Normal"].paragraph_format.space_after = Pt(4)
        document.core_properties.title = f"{view.title}: press review"
        document.core_properties.author = "monitor"
        (section,) = document.sections
        section.page_width, section.page_height = PAGE_WIDTH, PAGE_HEIGHT
        section.left_margin = section.right_margin = MARGIN
        section.header.is_linked_to_previous = section.footer.is_linked_to_previous = False
        section.header.paragraphs[0].add_run(f"{view.title}, {view.period}").font.size = Pt(8)
        footer = _Paragraph(section.footer.part.element, section.footer)
        footer.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
        footer.add_field("PAGE", "1")
        footer.add_run(" / ")
        footer.add_field("NUMPAGES", "1")
        update = OxmlElement("w:updateFields")
        update.set(qn("w:val"), "true")
        _insert_before(document.settings.element, update, _AFTER_UPDATE_FIELDS)

    def _add_contents(self) -> None:
        """Add the table of contents: the headlines by section, each with a link and its page number."""
        self._add("Contents", "Heading 1")
        for section in self._view.sections:
            name = self._add(section.name)
            name.paragraph_format.keep_with_next = True
            for run in name.runs:
                run.bold = True
            for story in section.stories:
                entry = self._add("")
                entry.paragraph_format.left_indent = Cm(0.5)
                entry.paragraph_format.tab_stops.add_tab_stop(
                    PAGE_WIDTH - 2 * MARGIN, WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS
                )
                entry.add_internal_link(story.lead.title, story.anchor)
                entry.add_run("\t")
                entry.add_field(f"PAGEREF {_bookmark_name(story.anchor)} \\h", "")

    def _add_story(self, story: StoryView) -> None:
        lead = story.lead
        self._bookmark(self._add_headline(lead, "Heading 2"), story.anchor)
        others = f"with {', '.join(story.other_officials)}" if story.other_officials else ""
        self._add_item(lead, story.outlet_label, others)
        for item in story.reports:
            self._add_headline(item, "Heading 3")
            self._add_item(item)
        if story.also_in:
            self._add("The same text:", is_grey=True).paragraph_format.keep_with_next = True
            for copy in story.also_in:
                self._add_duplicate(copy)

    def _add_headline(self, item: ItemView, style: str) -> _Paragraph:
        paragraph = self._add("", style)
        paragraph.add_pieces([(f"{item.label}: ", False)] if item.label else [])
        paragraph.add_pieces(item.pieces)
        if item.is_rtl:
            paragraph.set_right_to_left()
        return paragraph

    def _add_item(self, item: ItemView, *more: str) -> None:
        """Add an article below its headline: outlet and time, changes, passages and address."""
        source = self._add("")
        source.paragraph_format.keep_with_next = True
        source.add_run(item.outlet).bold = True
        parts = (item.time, item.language_name, item.extent_note, *more)
        source.add_run("".join(f" · {part}" for part in parts if part)).font.color.rgb = GREY
        if item.note:
            self._add(item.note)
        for change in item.changes:
            self._add(f"{change.label}:", is_grey=True).paragraph_format.keep_with_next = True
            if change.before:
                self._add(change.before).runs[0].font.strike = True
            if change.after:
                self._add(change.after)
        if item.translation:
            self._add(f"Machine translation: {item.translation}", is_grey=True)
        for passage in item.passages:
            self._add_passage(passage)
            if passage.translation:
                self._add(f"Machine translation: {passage.translation}", is_grey=True)
        if item.url:
            self._add("").add_external_link(item.url)

    def _add_passage(self, passage: PassageView) -> None:
        paragraph = self._add("")
        paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = Cm(0.6)
        paragraph.paragraph_format.keep_together = True
        if passage.region_label:
            paragraph.add_run(f"({passage.region_label}) ").font.color.rgb = GREY
        paragraph.add_pieces(passage.pieces)
        if passage.is_rtl:
            paragraph.set_right_to_left()

    def _add_duplicate(self, copy: DuplicateView) -> None:
        paragraph = self._add("", "List Bullet")
        paragraph.add_run(copy.outlet).bold = True
        paragraph.add_run(f": {copy.title} " if copy.title else " ")
        if copy.url:
            paragraph.add_external_link(copy.url)

    def _add(self, text: str, style: str = "", *, is_grey: bool = False) -> _Paragraph:
        """Add a paragraph at the end of the document."""
        paragraph = _Paragraph(self._document.element.body, self._document, style)
        if text:
            run = paragraph.add_run(text)
            if is_grey:
                run.font.color.rgb = GREY
            if is_right_to_left(text):
                paragraph.set_right_to_left()
        return paragraph

    def _bookmark(self, paragraph: _Paragraph, anchor: str) -> None:
        paragraph.add_bookmark(anchor, self._bookmark_count)
        self._bookmark_count += 1


def _bookmark_name(anchor: str) -> str:
    """Convert an anchor to a name that Word accepts for a bookmark.

    Such a name consists of letters, digits and underscores, begins with a letter, and has at most 40 characters.
    """
    return f"a_{anchor.replace('-', '_')}"[:MAX_BOOKMARK_CHARS]


def _set_fonts(style: Any) -> None:
    """Set the fonts of a style for all scripts.

    The theme's fonts are removed from the style, because Word would prefer them.
    """
    style.font.name = LATIN_FONT
    fonts = style.element.rPr.rFonts
    for name in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
        fonts.attrib.pop(qn(f"w:{name}"), None)
    fonts.set(qn("w:eastAsia"), EAST_ASIAN_FONT)
    fonts.set(qn("w:cs"), COMPLEX_FONT)
