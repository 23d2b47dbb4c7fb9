"""Malformed pages: bounded work, low confidence, no error."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from steps import LINEAR, growth, steps

from monitor.domain.errors import UnreadableDocument
from monitor.extract.extractor import explain_page, extract_page
from monitor.extract.pdf_document import is_pdf

URL = "https://news.example/a"
STEPS, STEPS_PER_BYTE = 5_000, 10  # upper limits; an ordinary page takes some thousands, plus one per byte


@pytest.mark.parametrize(
    "page",
    [
        b"",
        b"<html></html>",
        b"<frameset><frame src=a.html><frame src=b.html></frameset>",
        b"<script>" + b"var a = 'text that is long enough to be prose, if it were text.';" * 5_000 + b"</script>",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 2_000,
        b"<a href=/x>Another story of today with a long headline</a> " * 5_000,
        b"<li><a href=/x>Another story of today with a long headline</a></li>" * 5_000,
        b"<div>" * 100_000,
        b"<div>" * 15_000 + b"</div>" * 15_000,
        b"<table><tr><td>" * 30_000,
        b"<b><p>" * 20_000,
        b"<!--" * 100_000,
        b"<script type='application/ld+json'>" + b"[" * 200_000,
        b"<script type='application/ld+json'>" + b'{"a":' * 50_000,
        b"<meta property='og:title' content='x'>" * 10_000,
        b"<p>" + b"a" * 3_000_000,
        b"<p>" + b"1/1/2026 " * 100_000,
        b"\xff\xfe" + b"\x00\xd8" * 1_000,
    ],
    ids=lambda page: page[:24].decode("ascii", "replace"),
)
def test_malformed_pages_cost_little_and_have_low_confidence(page: bytes) -> None:
    """The work is linear in the page's length, and the page is not taken as an article."""
    article = extract_page(page, URL, "text/html")
    assert article.confidence < 0.75
    assert steps(lambda: extract_page(page, URL, "text/html")) < STEPS + STEPS_PER_BYTE * len(page)
    assert growth(lambda size: extract_page(page[:size], URL, "text/html"), len(page)) < LINEAR


@given(
    st.lists(
        st.sampled_from(
            [
                "<p>",
                "</p>",
                "<div class=related>",
                "</div>",
                "<a href=/x>",
                "</a>",
                "<br>",
                "<table>",
                "<td>",
                "<li>",
                "<h1>",
                "</h1>",
                "Name of a minister ",
                "A sentence that is long enough to be prose, with a full stop. ",
                "<b>",
                "&#0;",
                "<article>",
                "</article>",
                "<figure>",
                "<figcaption>",
                "2026-02-14",
                "<time datetime='x'>",
                "\ud83d",
            ]
        ),
        max_size=60,
    )
)
def test_any_sequence_of_tags_is_accepted(pieces: list[str]) -> None:
    """Broken markup never fails, and every region is text of the page."""
    page = "".join(pieces).encode("utf-8", "surrogatepass")
    explanation = explain_page(page, URL)
    assert 0.0 <= explanation.article.confidence <= 1.0
    for _, text in explanation.article.regions():
        assert text == text.strip()


@given(st.binary(max_size=600), st.text(max_size=30))
def test_any_bytes_are_accepted(page: bytes, content_type: str) -> None:
    """Random bytes with any content type give an article, usually an empty one, or are a damaged PDF document."""
    try:
        assert extract_page(page, URL, content_type).url == URL
    except UnreadableDocument:
        assert is_pdf(page)


@pytest.mark.parametrize(
    "template",
    [
        "<div class='teaser related'><p>{text}</p></div>",
        "<div class='related w{number}'><p>{text}</p></div>",
        "<p class='c{number}' id='i{letters}'>{text}</p>",
        "<figure><blockquote><p>{letters}, {text}</p></blockquote></figure>",
        "<div class='pullquote'><p>{letters}, {text}</p></div><p>{text} It took {letters} years, it said.</p>",
        "<section><div><h1>{text}</h1></div></section>",
        "<table><tr><td>{letters} May 2026</td><td>{text}</td></tr></table>",
    ],
)
def test_siblings_are_compared_in_linear_time(template: str) -> None:
    """A page with thousands of elements side by side costs no more than its length, whatever their names are."""
    text = "The ministry said on Monday that the bridge would be opened in May."

    def read(count: int) -> None:
        letters = ("".join(chr(97 + int(digit)) for digit in str(number)) for number in range(count))
        body = "".join(template.format(number=n, letters=word, text=text) for n, word in enumerate(letters))
        extract_page(f"<html><body><h1>Bridge</h1>{body}</body></html>".encode(), URL, "text/html")

    assert steps(lambda: read(800)) < LINEAR / 2 * steps(lambda: read(50))
