"""What a feed gives of an article, and how it is weighed against the page."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.article import Article
from monitor.domain.source import Entry, Source, SourceKind, TextOrigin
from monitor.extract.feed_content import article_from_entry, html_to_text, is_complete, merge_texts

SOURCE = Source("daily", "Daily", SourceKind.FEED, "https://daily.example/feed", language="en")
SENTENCE = (
    "The officers of both armies met again on Tuesday, and they agreed on the order of the patrols for the spring."
)
URL = "https://daily.example/a"


def paragraphs(count: int) -> str:
    return "".join(f"<p>{number}. {SENTENCE}</p>" for number in range(count))


def test_visible_text_with_paragraphs() -> None:
    """Tags, entities and pictures go; paragraphs and breaks stay."""
    html = "<a href=x><img src=y></a></br>One &amp; <b>two</b><br><br>Three<p>Four</p><script>no()</script>"
    assert html_to_text(html) == "One & two\nThree\nFour"
    assert html_to_text("plain text") == "plain text"
    assert html_to_text("") == ""


def test_whole_content_needs_no_page() -> None:
    """A feed with the full text saves the fetch."""
    article = article_from_entry(Entry(URL, title="Patrols agreed", summary=SENTENCE, content=paragraphs(14)), SOURCE)
    assert is_complete(article)
    assert article.standfirst == SENTENCE
    assert article.body.count("\n") == 13


def test_a_description_may_hold_the_whole_text() -> None:
    """Some feeds put the full text where others put a summary."""
    article = article_from_entry(Entry(URL, title="Patrols agreed", summary=paragraphs(14)), SOURCE)
    assert is_complete(article)
    assert article.standfirst == ""


@pytest.mark.parametrize(
    "content",
    ["", paragraphs(2), paragraphs(14) + "<p>And then they […]</p>", paragraphs(14) + "<p><a>Read more</a>…</p>"],
)
def test_beginnings_are_marked(content: str) -> None:
    """A lead, a cut text and no text at all leave the page to be fetched."""
    article = article_from_entry(Entry(URL, title="Patrols agreed", summary=SENTENCE, content=content), SOURCE)
    assert article.partial == "feed"
    assert not is_complete(article)


def test_feed_mode_takes_the_summary_for_the_text() -> None:
    """A source whose pages are not fetched has its summary as body."""
    article = article_from_entry(
        Entry(URL, title="Patrols", summary=SENTENCE), replace(SOURCE, text_from=TextOrigin.FEED)
    )
    assert (article.body, article.standfirst) == (SENTENCE, "")


def test_lines_that_lead_back_to_the_site_are_dropped() -> None:
    """The plugin's last line names the site, not the news."""
    tail = "<p>The post <a href=x>Patrols agreed</a> appeared first on <a href=y>Daily</a>.</p>"
    article = article_from_entry(Entry(URL, content=paragraphs(14) + tail), SOURCE)
    assert "appeared first" not in article.body


PAGE = Article(URL, title="Patrols agreed", body="\n".join([SENTENCE] * 5), confidence=0.9)
FEED = Article(URL, title="Patrols agreed by officers", standfirst=SENTENCE, partial="feed", confidence=0.2)


def test_the_page_wins_over_a_summary_and_takes_what_it_lacks() -> None:
    """The longer text counts; fields that only the other has complete it."""
    article = merge_texts(PAGE, replace(FEED, authors=("Anna Keo",)))
    assert article.body == PAGE.body
    assert article.authors == ("Anna Keo",)
    assert article.partial == ""


@pytest.mark.parametrize(("partial", "confidence"), [("paywall", 0.8), ("teaser", 0.8), ("", 0.2)])
def test_a_page_that_hides_its_text_does_not_hide_what_the_feed_said(partial: str, confidence: float) -> None:
    """A name that stands in the summary alone is found, and what the page repeats is not said twice."""
    page = replace(PAGE, standfirst="Officers met.", body="Patrols agreed.", partial=partial, confidence=confidence)
    assert merge_texts(page, FEED).standfirst == f"Officers met.\n{SENTENCE}"
    assert merge_texts(replace(page, body=SENTENCE), FEED).standfirst == "Officers met."
    assert merge_texts(replace(page, standfirst=""), FEED).standfirst == SENTENCE


def test_a_page_that_is_read_well_keeps_its_own_standfirst() -> None:
    """A feed's teaser is no part of the article."""
    page = replace(PAGE, standfirst="Officers met.", body="Patrols agreed. " * 20)
    assert merge_texts(page, FEED).standfirst == "Officers met."


def test_a_whole_feed_wins_over_a_cut_page() -> None:
    """Behind a wall the page shows less than the feed."""
    feed = replace(FEED, body="\n".join([SENTENCE] * 20), partial="")
    article = merge_texts(replace(PAGE, partial="paywall"), feed)
    assert article.body == feed.body
    assert article.partial == ""


def test_a_page_that_is_not_the_article_is_not_believed() -> None:
    """A consent page answers 200; it shares no word with the entry."""
    consent = Article(
        URL, title="Before you continue", body="We use cookies to improve your experience. " * 30, confidence=0.8
    )
    article = merge_texts(consent, FEED)
    assert article.title == FEED.title
    assert article.partial == "feed"
    assert "cookies" not in article.body


def test_a_page_may_tell_it_in_other_words_than_its_teaser() -> None:
    """A teaser is often a joke about the article: few shared words are no proof that the page is another one."""
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
def test_a_text_without_markup_reads_as_the_parser_reads_it(text: str) -> None:
    """Most summaries are plain; that they are not parsed shows in nothing but the time."""
    parsed = html_to_text("<p></p>" + text.replace("\n", "<br><br>"))
    assert html_to_text(text) == parsed


PIECES = st.sampled_from(["&amp;", "&nbsp;", "&#8217;", "&#128;", "&copy", "&lt;", "&no;", ">", "Photo: AFP", SENTENCE])
TEXTS = st.lists(st.lists(st.one_of(PLAIN, PIECES), max_size=4).map("".join), min_size=1, max_size=4)


@given(TEXTS, st.sampled_from(["", "\n", " "]), st.sampled_from(["<p>", '<p class="x" dir="ltr">']))
def test_paragraphs_alone_read_as_the_parser_reads_them(texts: list[str], gap: str, opened: str) -> None:
    """Paragraphs and nothing else are not parsed either; a comment before them sends them to the parser."""
    html = gap.join(f"{opened}{text}</p>" for text in texts)
    entries = [Entry(URL, content=content) for content in (html, f"<!-- -->{html}")]
    assert article_from_entry(entries[0], SOURCE) == article_from_entry(entries[1], SOURCE)
