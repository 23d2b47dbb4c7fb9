"""Press review: a digest as Markdown, PDF and Word document, to pass on."""

import re
import sys
from io import BytesIO
from typing import Any

import pypdfium2
import pytest
from docx import Document
from docx.oxml.ns import qn
from hypothesis import given, settings
from hypothesis import strategies as st
from support.sample_digest import HAI, copies, item, passage, sample

from monitor.digest.press_review import build_docx, build_pdf, render_markdown
from monitor.digest.templating import ZERO_WIDTH_SPACE, mark_breaks
from monitor.domain.digest import Digest, DigestStory
from monitor.domain.errors import UsageError
from monitor.domain.values import replace

ARABIC = DigestStory(
    "s1",
    "x",
    ("hai",),
    (item(9, "الأهرام", "الوزير يفتتح الميناء", passage("قال الوزير آدا إن الميناء مفتوح.", "آدا"), language="ar"),),
)


def long_digest(stories: int = 6) -> Digest:
    """Return a digest that fills several pages, with passages in several scripts."""
    first, *others = sample().stories
    texts = tuple(passage(f"Bộ trưởng Trần Minh Hải, {n}: {'lời ' * 60}", "Trần Minh Hải") for n in range(6))
    many = [
        replace(first, id=f"s{n + 2}", items=(replace(first.items[0], title=f"Headline number {n}", passages=texts),))
        for n in range(stories)
    ]
    return replace(sample(), stories=(ARABIC, *many, *others))


@pytest.fixture(scope="module")
def pages() -> list[str]:
    """Return the text of each page of the PDF document of a long digest."""
    document = pypdfium2.PdfDocument(build_pdf(long_digest()))
    return [page.get_textpage().get_text_bounded() for page in document]


def test_the_contents_have_the_pages_of_the_headlines(pages: list[str]) -> None:
    """Each headline is on the page that its line in the contents names."""
    listed = re.findall(r"Headline number (\d+)[ .]+(\d+)", pages[0])
    assert [number for number, _ in listed] == [str(n) for n in range(6)]
    assert len({page for _, page in listed}) > 1
    for number, page in listed:
        assert re.search(rf"Headline number {number}\s", pages[int(page) - 1])


def test_every_page_has_its_number_and_the_digest(pages: list[str]) -> None:
    """Pages that are passed on separately can be put together again."""
    for number, page in enumerate(pages, 1):
        assert f"{number} / {len(pages)}" in page
        assert "Morning" in page
        assert " – Tue 5 May, 07:00" in page


def test_a_story_has_outlet_date_passages_and_its_address(pages: list[str]) -> None:
    """All addresses are spelled out for paper, also the ones of copies in other outlets."""
    text = " ".join(" ".join(pages).split())
    for part in (
        "Coast Courier · Tue 5 May, 04:00 · 6 outlets · with Somphone Vongdara",
        "Bộ trưởng Trần Minh Hải, 5: lời",
        "https://news.example/2026/05/1",
        "Radio Delta",
        "https://3.example/copy",
        "Text changed: The quota falls by 18 per cent",
        "ທ່ານ ສົມພອນ ວົງດາລາ",
        "Coverage: 41 of 43 sources read",
    ):
        assert part in text.replace(ZERO_WIDTH_SPACE, ""), part


def test_a_pdf_loads_nothing_and_runs_nothing() -> None:
    """Markup in a headline is text."""
    title = "<img src=https://evil.example/x.png><style>*{display:none}</style> </title>"
    story = DigestStory("s1", title, ("hai",), (item(1, title, title, passage(f"{title} Hải", "Hải")),))
    digest = replace(sample(), stories=(story,), title=title, officials=(replace(HAI, name=title),))
    (first, *_) = pypdfium2.PdfDocument(build_pdf(digest))
    assert "<img src=https://evil.example/x.png>" in first.get_textpage().get_text_bounded().replace("\r\n", "")


def paragraphs(data: bytes) -> list[Any]:
    """Return the paragraphs of a Word document."""
    return list(Document(BytesIO(data)).paragraphs)


def test_a_word_document_has_headings_links_and_page_numbers() -> None:
    """Persons and headlines are headings; contents refer to the page of each headline, which Word computes."""
    data = build_docx(long_digest(3))
    found = paragraphs(data)
    headings = [(one.style.name, one.text) for one in found if one.style.name.startswith("Heading")]
    assert headings[:3] == [
        ("Heading 1", "Contents"),
        ("Heading 1", "Trần Minh Hải"),
        ("Heading 2", "الوزير يفتتح الميناء"),
    ]
    assert ("Heading 2", "Correction: Fishing quota for 2026 to fall by 8 per cent") in headings
    links = {link.address for one in found for link in one.hyperlinks if link.address}
    assert {"https://news.example/2026/05/1", "https://4.example/copy"} <= links
    document: Any = Document(BytesIO(data))
    body = document.element.body
    bookmarks = {one.get(qn("w:name")) for one in body.iter(qn("w:bookmarkStart"))}
    fields = [one.get(qn("w:instr")) for one in body.iter(qn("w:fldSimple"))]
    assert len(fields) == 7
    assert {field.split()[1] for field in fields} <= bookmarks
    anchors = {one.get(qn("w:anchor")) for one in body.iter(qn("w:hyperlink"))} - {None}
    assert anchors <= bookmarks
    footer = document.sections[0].footer.part.element
    assert [one.get(qn("w:instr")) for one in footer.iter(qn("w:fldSimple"))] == ["PAGE", "NUMPAGES"]
    assert document.settings.element.find(qn("w:updateFields")) is not None


def test_names_are_marked_and_arabic_runs_from_right_to_left_in_word() -> None:
    """The direction belongs to the paragraph and to its text."""
    found = paragraphs(build_docx(replace(sample(), stories=(ARABIC, *sample().stories))))
    (quote,) = [one for one in found if one.text.startswith("قال")]
    assert [run.text for run in quote.runs if run.font.highlight_color] == ["آدا"]
    assert all(run.font.rtl for run in quote.runs)
    assert "<w:bidi/>" in quote.paragraph_format.element.xml
    (latin,) = [one for one in found if one.text.startswith("Minister of Maritime Affairs Trần")]
    assert not any(run.font.rtl for run in latin.runs)


@settings(max_examples=10)
@given(st.text(alphabet=st.characters(), min_size=1, max_size=60))
def test_any_text_can_be_passed_on(text: str) -> None:
    """No character of a feed makes a document that cannot be opened."""
    words = replace(passage("A text about Ada.", "Ada"), text=text, end=len(text), highlights=((0, 3),))
    story = DigestStory(text, text, ("hai",), (item(1, text, text, words, note=text, language=text),), copies(text))
    digest = replace(sample(), stories=(story,), officials=(replace(HAI, name=text, position=text),), title=text)
    assert paragraphs(build_docx(digest))
    render_markdown(digest).encode()


def test_markdown_has_links_marks_and_literal_foreign_text() -> None:
    """Syntax of Markdown and HTML in an article is escaped."""
    title = "# [Ada](https://evil.example) *won* <script>"
    story = DigestStory("s1", title, ("hai",), (item(1, "Out_let", title, passage("So *Ada* said", "Ada")),))
    text = render_markdown(replace(sample(), stories=(story,)))
    escaped = r"\# \[Ada\](https://evil.example) \*won\* &lt;script>"
    assert f'### <a id="s1"></a>{escaped}\n\n**Out\\_let**, Tue 5 May, 04:00\n\n> So \\***Ada**\\* said\n' in text
    assert f"  - [{escaped}](#s1)" in text
    assert "<https://news.example/2026/05/1>" in text


def test_lao_may_break_between_syllables_only() -> None:
    """WeasyPrint has no dictionary of Lao, and would break lines within a syllable."""
    text = "ສາທາລະນະລັດປະຊາຊົນຈີນແລະຄວາມເຂົ້າໃຈ 12"
    marked = str(mark_breaks(text))
    assert marked.split(ZERO_WIDTH_SPACE) == [
        *("ສາ", "ທາ", "ລະ", "ນະ", "ລັດ", "ປະ", "ຊາ", "ຊົນ", "ຈີນ", "ແລະຄວາມ", "ເຂົ້າ", "ໃຈ 12"),
    ]
    assert str(mark_breaks("Việt Nam 董军 <b>")) == "Việt Nam 董军 &lt;b&gt;"


@pytest.mark.parametrize(("module", "build"), [("weasyprint", build_pdf), ("docx", build_docx)])
def test_a_missing_extra_is_named(monkeypatch: pytest.MonkeyPatch, module: str, build: Any) -> None:
    """The error has the command that installs it."""
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "monitor.digest.press_docx", raising=False)
    with pytest.raises(UsageError, match=r"pip install 'monitor\[press\]'"):
        build(sample())
