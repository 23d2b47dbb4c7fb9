"""The words of an entry whose HTML nobody may read."""

from dataclasses import fields

import pytest
from hypothesis import given
from hypothesis import strategies as st
from steps import LINEAR, growth

from monitor.domain.source import Entry, Source, SourceKind
from monitor.extract.feed_content import _MAX_BARE_HTML_CHARS, build_fallback_article

SOURCE = Source("daily", "Daily", SourceKind.FEED, "https://daily.example/rss", language="en")


def test_words_are_kept_without_markup() -> None:
    """Tags go, references are resolved, and nobody takes it for the whole article."""
    entry = Entry("https://daily.example/1", title="A &amp; <b>B</b>", content="<p>One&nbsp;two</p><p>three &lt;")
    article = build_fallback_article(entry, SOURCE)
    assert (article.title, article.body) == ("A & B", "One two three <")
    assert (article.url, article.language, article.partial) == (entry.url, "en", "feed")
    assert build_fallback_article(Entry("u", summary="<i>Summary</i>"), SOURCE).body == "Summary"


@given(st.text(alphabet="<>&;#x a\0é"))
def test_any_text_will_do(text: str) -> None:
    """Whatever stands there, the article is made of clean strings."""
    article = build_fallback_article(Entry("u", title=text, summary=text, content=text), SOURCE)
    assert all("\0" not in str(getattr(article, one.name)) for one in fields(article))


@pytest.mark.parametrize("piece", ["<", "<a ", "&", "&#", "<>", "><"])
def test_no_text_takes_long(piece: str) -> None:
    """What kills a parser costs no more than other text, and no text is read beyond a limit."""
    assert build_fallback_article(Entry("u", content=piece * 1_000_000), SOURCE) == build_fallback_article(
        Entry("u", content=(piece * _MAX_BARE_HTML_CHARS)[:_MAX_BARE_HTML_CHARS]), SOURCE
    )
    assert (
        growth(
            lambda size: build_fallback_article(Entry("u", content=(piece * size)[:size]), SOURCE), _MAX_BARE_HTML_CHARS
        )
        < LINEAR
    )
