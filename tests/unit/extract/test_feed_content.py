"""Articles from feed content, and merging with the page."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.article import Article
from monitor.domain.source import Entry, Source, TextOrigin
from monitor.domain.values import replace
from monitor.extract.feed_content import article_from_entry, html_to_text, is_complete, merge_texts

SOURCE = Source("daily", "Daily", feed="https://daily.example/feed", language="en")
SENTENCE = (
    "The officers of both armies met again on Tuesday, and they agreed on the order of the patrols for the spring."
)
URL = "https://daily.example/a"


def paragraphs(count: int) -> str:
    return "".join(f"<p>{number}. {SENTENCE}</p>" for number in range(count))


def test_html_is_converted_to_paragraphs() -> None:
    """Tags, entities and pictures are removed; paragraphs and line breaks are kept."""
    html = "<a href=x><img src=y></a></br>One &amp; <b>two</b><br><br>Three<p>Four</p><script>no()</script>"
    assert html_to_text(html) == "One & two\nThree\nFour"
    assert html_to_text("plain text") == "plain text"
    assert html_to_text("") == ""


def test_complete_content_needs_no_page() -> None:
    """A feed with the full text makes fetching the page unnecessary."""
    article = article_from_entry(Entry(URL, title="Patrols agreed", summary=SENTENCE, content=paragraphs(14)), SOURCE)
    assert is_complete(article)
    assert article.standfirst == SENTENCE
    assert article.body.count("\n") == 13


@pytest.mark.parametrize(
    ("summary", "body", "expected"),
    [
        ("Éva met the envoy", "<p>ÉVA — met the envoy, and left.</p>", ""),
        ("Éva met the envoy", "<p>É - v - a - - - (m) (e) (t) - - t h e - - e n v o y - - - today.</p>", ""),
        ("Éva met the envoy", "<p>Éva met an envoy.</p>", "Éva met the envoy"),
        ("Éva met the envoy of the north", "<p>Éva met the envoy</p>", "Éva met the envoy of the north"),
    ],
)
def test_a_summary_that_begins_the_text_is_no_standfirst(summary: str, body: str, expected: str) -> None:
    """Only letters and digits are compared, however much else is between them."""
    article = article_from_entry(
        Entry(URL, "Envoy", summary=summary, content=body), Source("a", text_from=TextOrigin.FEED)
    )
    assert article.standfirst == expected


def test_a_description_can_be_the_complete_text() -> None:
    """Some feeds have the full text in the summary element."""
    article = article_from_entry(Entry(URL, title="Patrols agreed", summary=paragraphs(14)), SOURCE)
    assert is_complete(article)
    assert article.standfirst == ""


@pytest.mark.parametrize(
    "content",
    ["", paragraphs(2), paragraphs(14) + "<p>And then they […]</p>", paragraphs(14) + "<p><a>Read more</a>…</p>"],
)
def test_partial_texts_are_marked(content: str) -> None:
    """A short lead, a truncated text and an empty text are partial, so the page is fetched."""
    article = article_from_entry(Entry(URL, title="Patrols agreed", summary=SENTENCE, content=content), SOURCE)
    assert article.partial_reason == "feed"
    assert not is_complete(article)


def test_feed_mode_uses_the_summary_as_body() -> None:
    """A source whose pages are not fetched has its summary as the body."""
    article = article_from_entry(
        Entry(URL, title="Patrols", summary=SENTENCE), replace(SOURCE, text_from=TextOrigin.FEED)
    )
    assert (article.body, article.standfirst) == (SENTENCE, "")


def test_syndication_notes_are_dropped() -> None:
    """The last line that a plugin adds names the site and is not part of the news."""
    tail = "<p>The post <a href=x>Patrols agreed</a> appeared first on <a href=y>Daily</a>.</p>"
    article = article_from_entry(Entry(URL, content=paragraphs(14) + tail), SOURCE)
    assert "appeared first" not in article.body


PAGE = Article(URL, title="Patrols agreed", body="\n".join([SENTENCE] * 5), confidence=0.9)
FEED = Article(URL, title="Patrols agreed by officers", standfirst=SENTENCE, partial_reason="feed", confidence=0.2)


def test_the_page_replaces_a_summary_and_gets_its_missing_fields() -> None:
    """The longer text is used; fields that only the other article has are added."""
    article = merge_texts(PAGE, replace(FEED, authors=("Anna Keo",)))
    assert article.body == PAGE.body
    assert article.authors == ("Anna Keo",)
    assert article.partial_reason == ""


@pytest.mark.parametrize(("partial", "confidence"), [("paywall", 0.8), ("teaser", 0.8), ("", 0.2)])
def test_a_partial_page_keeps_the_summary_of_the_feed(partial: str, confidence: float) -> None:
    """A name that is only in the summary is kept, and a summary that the page repeats is not added twice."""
    page = replace(
        PAGE, standfirst="Officers met.", body="Patrols agreed.", partial_reason=partial, confidence=confidence
    )
    assert merge_texts(page, FEED).standfirst == f"Officers met.\n{SENTENCE}"
    assert merge_texts(replace(page, body=SENTENCE), FEED).standfirst == "Officers met."
    assert merge_texts(replace(page, standfirst=""), FEED).standfirst == SENTENCE


def test_a_complete_page_keeps_its_own_standfirst() -> None:
    """The feed's teaser is not added to a complete article."""
    page = replace(PAGE, standfirst="Officers met.", body="Patrols agreed. " * 20)
    assert merge_texts(page, FEED).standfirst == "Officers met."


def test_a_complete_feed_text_replaces_a_truncated_page() -> None:
    """Behind a paywall the page shows less than the feed."""
    feed = replace(FEED, body="\n".join([SENTENCE] * 20), partial_reason="")
    article = merge_texts(replace(PAGE, partial_reason="paywall"), feed)
    assert article.body == feed.body
    assert article.partial_reason == ""


def test_a_page_that_is_not_the_article_is_discarded() -> None:
    """A consent page with status 200 shares no word with the entry."""
    consent = Article(
        URL, title="Before you continue", body="We use cookies to improve your experience. " * 30, confidence=0.8
    )
    article = merge_texts(consent, FEED)
    assert article.title == FEED.title
    assert article.partial_reason == "feed"
    assert "cookies" not in article.body


def test_few_shared_words_do_not_discard_a_page() -> None:
    """A teaser often uses other words than the article, so a small overlap does not discard the page."""
    feed = Article(
        "https://a.example/1", title="Tea for the garrison", standfirst="Why men from here never want coffee."
    )
    page = Article(
        "https://a.example/1",
        title="Tea for the garrison",
        body="The best leaf grows on low hills, and the garrison buys a tonne of it every spring.\n" * 4,
        confidence=0.7,
    )
    assert merge_texts(page, feed).body == page.body


PLAIN = st.text(
    st.one_of(
        st.sampled_from(" \n\r\t\u00a0\u200b\u2028.é"),
        st.characters(exclude_characters="<&\0", exclude_categories=["Cs"]),
    )
)


@given(PLAIN)
def test_text_without_markup_gives_the_same_result_as_the_parser(text: str) -> None:
    """Most summaries are plain text and skip the parser."""
    parsed = html_to_text("<p></p>" + text.replace("\n", "<br><br>"))
    assert html_to_text(text) == parsed


PIECES = st.sampled_from(["&amp;", "&nbsp;", "&#8217;", "&#128;", "&copy", "&lt;", "&no;", ">", "Photo: AFP", SENTENCE])
TEXTS = st.lists(st.lists(st.one_of(PLAIN, PIECES), max_size=4).map("".join), min_size=1, max_size=4)


@given(TEXTS, st.sampled_from(["", "\n", " "]), st.sampled_from(["<p>", '<p class="x" dir="ltr">']))
def test_plain_paragraphs_give_the_same_result_as_the_parser(texts: list[str], gap: str, opened: str) -> None:
    """Content of plain paragraphs skips the parser; a comment before them does not."""
    html = gap.join(f"{opened}{text}</p>" for text in texts)
    entries = [Entry(URL, content=content) for content in (html, f"<!-- -->{html}")]
    assert article_from_entry(entries[0], SOURCE) == article_from_entry(entries[1], SOURCE)
