"""Fallback article of an entry whose HTML must not be parsed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import fields
from steps import LINEAR, growth

from monitor.domain.source import Entry, Source
from monitor.extract.feed_content import _MAX_BARE_HTML_CHARS, build_fallback_article

SOURCE = Source("daily", "Daily", feed="https://daily.example/rss", language="en")


def test_text_is_kept_without_markup() -> None:
    """Tags are removed, character references resolved, and the article is marked as partial."""
    entry = Entry("https://daily.example/1", title="A &amp; <b>B</b>", content="<p>One&nbsp;two</p><p>three &lt;")
    article = build_fallback_article(entry, SOURCE)
    assert (article.title, article.body) == ("A & B", "One two three <")
    assert (article.url, article.language, article.partial_reason) == (entry.url, "en", "feed")
    assert build_fallback_article(Entry("u", summary="<i>Summary</i>"), SOURCE).body == "Summary"


@given(st.text(alphabet="<>&;#x a\0é"))
def test_any_text_gives_clean_fields(text: str) -> None:
    """No field contains NUL characters, whatever the text is."""
    article = build_fallback_article(Entry("u", title=text, summary=text, content=text), SOURCE)
    assert all("\0" not in str(getattr(article, one.name)) for one in fields(article))


@pytest.mark.parametrize("piece", ["<", "<a ", "&", "&#", "<>", "><"])
def test_time_is_linear_for_any_text(piece: str) -> None:
    """Text that can crash a parser costs no more than other text, and text beyond the limit is ignored."""
    assert build_fallback_article(Entry("u", content=piece * 1_000_000), SOURCE) == build_fallback_article(
        Entry("u", content=(piece * _MAX_BARE_HTML_CHARS)[:_MAX_BARE_HTML_CHARS]), SOURCE
    )
    assert (
        growth(
            lambda size: build_fallback_article(Entry("u", content=(piece * size)[:size]), SOURCE), _MAX_BARE_HTML_CHARS
        )
        < LINEAR
    )
