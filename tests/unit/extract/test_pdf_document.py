"""PDF documents: text in reading order, and the reason why a document cannot be read."""

import sys
from contextlib import suppress
from itertools import chain

import pytest
from support.pdf_writer import LINE, Placed, column, write_pdf

from monitor.domain.article import Article, Region
from monitor.domain.errors import PageProblem, UnreadableDocument
from monitor.extract.extractor import explain_page, extract_page
from monitor.extract.pdf_document import MAX_PDF_PAGES, is_pdf, read_pdf

URL = "https://gazette.example/decree-12.pdf"
LEFT = [
    "The minister of defence opened the bridge on Monday",
    "and thanked the engineers who had built it in two",
    "years. The inter-",
    "national loan is paid back over thirty years, said",
    "General Phan Van Giang.",
]
RIGHT = [
    "A second report begins in the right column, beside",
    "the first one, and must not be mixed with it even",
    "if its lines stand at the same height as the lines",
    "of the first column, as they do in many gazettes.",
]
VIETNAMESE = [
    "Chiều 5/3, Đại tướng Phan Văn Giang, Bộ trưởng Bộ Quốc",
    "phòng, đã tiếp đoàn đại biểu quân sự cấp cao Lào.",
]
LAO = ["ທ່ານ ພົນເອກ ຈັນສະໝອນ ຈັນຍາລາດ ລັດຖະມົນຕີກະຊວງປ້ອງກັນ", "ປະເທດ ໄດ້ຕ້ອນຮັບ ແລະ ໂອ້ລົມກັບຄະນະຜູ້ແທນຂັ້ນສູງ."]
ARABIC = "قال وزير الدفاع الأمير خالد بن سلمان إن الاتفاق الموقع في 2026 يعزز التعاون بين البلدين."


PLACEHOLDER = column(
    60, 700, ["Please wait. If this message is not replaced, you can", "upgrade to the latest Adobe Reader."]
)
XFA = "/AcroForm << /Fields [] /XFA (<xdp:xdp xmlns:xdp='http://ns.adobe.com/xdp/'></xdp:xdp>) >> /NeedsRendering true "


def paragraphs(*pages: list[Placed]) -> list[str]:
    return [one.text for one in read_pdf(write_pdf(pages), URL).paragraphs]


def test_lines_are_joined_to_paragraphs() -> None:
    """Over a divided word, until an indent, a gap or a short line ends the paragraph."""
    text = column(60, 700, LEFT)
    indented = [Placed(75, 700 - 5 * LINE, RIGHT[0]), *column(60, 700 - 6 * LINE, RIGHT[1:])]
    first = (
        "The minister of defence opened the bridge on Monday and thanked the engineers who had built it in two years. "
        "The international loan is paid back over thirty years, said General Phan Van Giang."
    )
    assert paragraphs([*text, *indented]) == [first, " ".join(RIGHT)]


@pytest.mark.parametrize("by_rows", [False, True], ids=["column by column", "row by row"])
def test_columns_are_read_one_after_the_other(by_rows: bool) -> None:
    """Whatever the order of the text in the document; a headline over both columns comes first."""
    left, right = column(40, 700, LEFT[:2] + LEFT[3:] + LEFT[:3]), column(310, 700, RIGHT * 2)
    text = [*chain(*zip(left, right, strict=False))] if by_rows else [*left, *right]
    body = " ".join(paragraphs([Placed(40, 760, "A bridge is opened by the minister", 18), *text]))
    assert body.index("said General Phan Van Giang.") < body.index("A second report begins")
    assert " ".join(RIGHT) in body


def test_tables_are_read_row_by_row() -> None:
    """A name stays next to its office."""
    names = ["Phan Văn Giang", "Tô Lâm", "Phạm Minh Chính", "Bùi Thanh Sơn"]
    offices = ["Minister of Defence", "General Secretary", "Prime Minister", "Foreign Minister"]
    text = "\n".join(paragraphs([*column(60, 700, names), *column(300, 700, offices)]))
    assert "Phan Văn Giang Minister of Defence" in text
    assert "Bùi Thanh Sơn Foreign Minister" in text


@pytest.mark.parametrize(
    ("lines", "language", "expected"),
    [(VIETNAMESE, "vi", " ".join(VIETNAMESE)), (LAO, "lo", "".join(LAO))],
    ids=["Vietnamese", "Lao"],
)
def test_scripts_are_joined_by_their_own_rule(lines: list[str], language: str, expected: str) -> None:
    """A line break is a space, but not in Lao."""
    found = read_pdf(write_pdf([column(60, 700, lines)]), URL)
    assert (found.article.body, found.article.language) == (expected, language)


@pytest.mark.parametrize("from_the_left", [False, True], ids=["as read", "from the left"])
def test_arabic_is_read_from_right_to_left(from_the_left: bool) -> None:
    """The document may list its glyphs as they are read or as they stand; numbers keep their direction."""
    painted = ARABIC.replace("2026", "6202")
    placed = (
        Placed(100, 700, painted[::-1]) if from_the_left else Placed(100 + 5 * len(painted), 700, painted, 10, True)
    )
    assert paragraphs([placed]) == [ARABIC]


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turned_pages_are_read_as_upright_ones(turns: int) -> None:
    """As tables in landscape are printed."""
    text = [*column(40, 540, LEFT), *column(310, 540, RIGHT)]
    turned = read_pdf(write_pdf([text], turns=turns), URL).article.body
    assert turned == read_pdf(write_pdf([text]), URL).article.body
    assert RIGHT[0] in turned


HEBREW = "שר הביטחון נפגש עם קציני המטה הכללי."


def place_mixed(runs: list[str], right: float = 520, y: float = 700) -> list[Placed]:
    """Place the runs of a line that is read from right to left."""
    placed = []
    for run in runs:
        is_reversed = not run.isascii() or run[0] == "("
        placed.append(Placed(right if is_reversed else right - 5 * len(run), y, run, is_reversed=is_reversed))
        right -= 5 * len(run)
    return placed


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        (
            ["קיבל את ", "General Phan Van Giang", " בבסיס ", "F-35", " בנגב"],
            "קיבל את General Phan Van Giang בבסיס F-35 בנגב",
        ),
        (["ההסכם ", "12/2026", " ייכנס לתוקף ב", "5", " במרץ"], "ההסכם 12/2026 ייכנס לתוקף ב5 במרץ"),
        (["وصلت قوات ", "NATO Response Force", " إلى القاعدة"], "وصلت قوات NATO Response Force إلى القاعدة"),
    ],
    ids=["name", "numbers", "arabic"],
)
def test_names_in_latin_letters_keep_the_order_of_their_words(runs: list[str], expected: str) -> None:
    """In a line of a page that is read from right to left, even if most of its letters are Latin."""
    other = Placed(520, 760, HEBREW, is_reversed=True)
    assert paragraphs([other, *place_mixed(runs)]) == [HEBREW, expected]


def test_text_that_is_painted_twice_is_read_once() -> None:
    """Bold text is sometimes made by painting it again, a little to the right."""
    twice = [part for line in column(60, 700, LEFT[:2]) for part in (line, Placed(line.x + 0.3, line.y, line.text))]
    assert paragraphs(twice) == [" ".join(LEFT[:2])]


def test_headers_footers_and_page_numbers_are_dropped() -> None:
    """Lines that repeat at the edges of pages are not part of the text, which goes on over the page."""
    pages = [
        [
            Placed(60, 800, f"Official Gazette, No. 7, page {number}", 8),
            *column(60, 700, lines),
            Placed(290, 40, str(number)),
        ]
        for number, lines in enumerate((LEFT[:3], [*LEFT[3:], *RIGHT[:1]], RIGHT[1:]), start=1)
    ]
    found = read_pdf(write_pdf(pages), URL)
    assert found.article.body.startswith("The minister of defence opened")
    assert "Gazette" not in found.article.body
    assert "The international loan is paid back" in found.article.body


def test_lines_of_the_text_are_no_headers() -> None:
    """At the top of each page, although they differ in a number only; the header above them is dropped."""
    sentence = "Article {} describes the duties of the guards and of all officers."
    pages = [
        [
            Placed(60, 800, "Law Gazette No. 7", 8),
            *column(60, 700, [sentence.format(f"{number}.{part}") for part in range(1, 8)]),
        ]
        for number in range(1, 5)
    ]
    body = read_pdf(write_pdf(pages), URL).article.body
    assert all(sentence.format(f"{number}.{part}") in body for number in range(1, 5) for part in range(1, 8))
    assert "Gazette" not in body


def test_a_header_of_two_pages_is_dropped() -> None:
    pages = [
        [Placed(60, 800, "Law Gazette No. 7", 8), *column(60, 700, lines), Placed(290, 40, f"Page {number} of 2", 8)]
        for number, lines in enumerate((LEFT, RIGHT), start=1)
    ]
    body = read_pdf(write_pdf(pages), URL).article.body
    assert body.startswith(LEFT[0])
    assert "Gazette" not in body
    assert "Page" not in body


def test_the_hyphen_of_a_compound_is_kept() -> None:
    assert paragraphs(
        column(60, 700, ["The ministers spoke about the Anglo-", "Saxon law of trade for two hours."])
    ) == ["The ministers spoke about the Anglo-Saxon law of trade for two hours."]


def test_the_rows_of_a_table_are_paragraphs() -> None:
    rows = [
        ("Phan Van Giang", "Minister of Defence"),
        ("Nguyen Tan Cuong", "Chief of Staff"),
        ("Keo Somphone", "Envoy"),
    ]
    cells = [
        Placed(x, 600 - 14 * row, text)
        for row, pair in enumerate(rows)
        for x, text in zip((60, 240), pair, strict=True)
    ]
    assert paragraphs([*column(60, 640, LEFT[:1]), *cells])[1:] == [" ".join(row) for row in rows]


def test_columns_of_justified_lines_are_read_one_after_the_other() -> None:
    """Such lines have wide spaces, which separate no columns."""
    spread = ["Officials", "of", "the", "ministry", "spoke"]
    left = [Placed(40 + 48 * at, 700 - LINE * row, word) for row in range(9) for at, word in enumerate(spread)]
    (*_, last) = paragraphs([*left, *column(310, 700, RIGHT * 3)])
    assert " ".join(RIGHT) in last


def test_the_headline_is_the_largest_text_or_the_title_of_the_document() -> None:
    """The title of a feed entry is kept; the name of a file is not used."""
    large = [Placed(60, 760, "Decree on the border guards", 18), *column(60, 700, LEFT)]
    plain = [Placed(60, 760, "Decree on the border guards"), *column(60, 700, LEFT)]
    assert read_pdf(write_pdf([large], "Microsoft Word - 12.doc"), URL).article.title == "Decree on the border guards"
    found = read_pdf(write_pdf([plain], "Decree on the border guards"), URL).article
    assert found.title == "Decree on the border guards"
    assert found.title not in found.body
    assert read_pdf(write_pdf([large]), URL, entry=Article(URL, "Decree 12")).article.title == ""


def test_each_paragraph_has_its_page() -> None:
    """So that a reader finds the passage in the document."""
    reasons = explain_page(write_pdf([column(60, 700, LEFT), column(60, 700, RIGHT)]), URL).reasons
    assert [reason.reason for reason in reasons if reason.region == "body"] == ["page 1", "page 2"]


@pytest.mark.parametrize(
    ("sentence", "page"),
    [
        ("The minister of defence opened", 1),
        ("General Phan Van Giang.", 1),
        ("A second report begins", 2),
        ("height as the lines", 2),
        ("It continues on the last page", 4),
    ],
)
def test_the_page_of_each_place_in_the_text_is_known(sentence: str, page: int) -> None:
    """Also after a page without text."""
    last = column(60, 700, ["It continues on the last page, after a map."])
    article = extract_page(write_pdf([column(60, 700, LEFT), column(60, 700, RIGHT), [], last]), URL)
    assert article.find_page(Region.BODY, article.body.index(sentence)) == page
    assert article.find_page(Region.TITLE, 0) == 0


def test_a_sentence_that_continues_on_the_next_page_has_the_pages_of_its_parts() -> None:
    """A paragraph is joined over the end of a page."""
    article = extract_page(write_pdf([column(60, 300, LEFT[:4]), column(60, 700, LEFT[4:])]), URL)
    assert "over thirty years, said General Phan Van Giang." in article.body
    pages = [
        article.find_page(Region.BODY, article.body.index(word))
        for word in ("The minister", "said", "General", "Giang")
    ]
    assert pages == [1, 1, 2, 2]


def test_only_the_first_pages_of_a_long_document_are_read() -> None:
    """The article has this reason in `partial_reason`."""
    pages = [column(60, 700, [f"Paragraph {number} of a decree with very many pages."]) for number in range(160)]
    article = extract_page(write_pdf(pages), URL)
    assert article.partial_reason == "pages"
    assert f"Paragraph {MAX_PDF_PAGES - 1} " in article.body
    assert f"Paragraph {MAX_PDF_PAGES} " not in article.body


@pytest.mark.parametrize(
    ("body", "problem", "reason"),
    [
        (write_pdf([[], []]), PageProblem.SCANNED_PDF, "no text layer: its 2 pages are pictures"),
        (write_pdf([column(60, 700, LEFT)], is_encrypted=True), PageProblem.LOCKED_PDF, "protected by a password"),
        (write_pdf([PLACEHOLDER], keys=XFA), PageProblem.XFA_FORM, "a form .XFA., whose only page asks for a program"),
        (b"%PDF-1.7\n" + bytes(range(256)) * 2_000, PageProblem.NONE, "damaged"),
        (
            write_pdf([column(60, 700, ["\ue000\ue001\ue002 " * 12])]),
            PageProblem.SCANNED_PDF,
            "which letters they show",
        ),
    ],
    ids=["scanned", "encrypted", "XFA form", "damaged", "without letters"],
)
def test_the_reason_why_a_document_cannot_be_read_is_stated(body: bytes, problem: PageProblem, reason: str) -> None:
    """With the problem that decides the suggestion."""
    with pytest.raises(UnreadableDocument, match=reason) as raised:
        extract_page(body, URL)
    assert raised.value.problem is problem


def test_without_the_extra_the_reason_names_the_command_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(UnreadableDocument, match=r"pip install 'monitor\[pdf\]'") as raised:
        extract_page(write_pdf([column(60, 700, LEFT)]), URL)
    assert raised.value.problem is PageProblem.NEEDS_PDF_EXTRA


def test_any_truncated_or_changed_document_is_read_or_refused() -> None:
    """Damage never causes another error."""
    body = write_pdf([column(60, 700, LEFT)])
    for at in range(0, len(body), 97):
        for damaged in (body[:at], body[:at] + b"\xff\x00<<" + body[at + 4 :]):
            if is_pdf(damaged):
                with suppress(UnreadableDocument):
                    read_pdf(damaged, URL)
