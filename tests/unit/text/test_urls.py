"""Canonical URLs."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.text import urls
from monitor.text.urls import canonicalize_url, extract_host, is_web_url


@pytest.mark.parametrize(
    ("url", "canonical"),
    [
        ("HTTP://Daily.Example:80/A/../b/./c?utm_source=x&b=2&a=1#f", "http://daily.example/b/c?a=1&b=2"),
        ("https://daily.example", "https://daily.example/"),
        ("https://daily.example:443/x", "https://daily.example/x"),
        ("https://daily.example:8443/x", "https://daily.example:8443/x"),
        ("https://user:pw@daily.example/x", "https://daily.example/x"),
        ("https://daily.example./x", "https://daily.example/x"),
        ("https://daily.example/x?fbclid=1&gclid=2&mc_cid=3&utm_medium=rss", "https://daily.example/x"),
        ("https://daily.example/x;jsessionid=AB12?id=1", "https://daily.example/x?id=1"),
        ("https://daily.example/?b=2&a=1&b=1", "https://daily.example/?a=1&b=2&b=1"),
        ("https://daily.example/%7euser/%c3%a9", "https://daily.example/~user/%C3%A9"),
        ("https://daily.example/é?q=ລາວ x", "https://daily.example/%C3%A9?q=%E0%BA%A5%E0%BA%B2%E0%BA%A7%20x"),
        ("https://báo.example/x", "https://xn--bo-mia.example/x"),
        ("  https://daily.example/a\u200bb\n ", "https://daily.example/ab"),
        ("https://daily.example/a//b/", "https://daily.example/a//b/"),
        ("https://[2001:DB8::1]:80/x", "https://[2001:db8::1]:80/x"),
        ("https://daily.example/a...b/.well-known", "https://daily.example/a...b/.well-known"),
        ("https://daily.example/a/..", "https://daily.example/"),
        ("/news/1", "https://base.example/news/1"),
        ("?page=2", "https://base.example/dir/?page=2"),
        ("//other.example/x", "https://other.example/x"),
        ("javascript:alert(1)", ""),
        ("mailto:a@b.example", ""),
        ("https://daily.example:99999/", ""),
        ("http://", ""),
    ],
)
def test_url_variants_have_one_canonical_spelling(url: str, canonical: str) -> None:
    """Case, ports, dots, escapes, tracking, sessions, parameter order and base URLs are covered."""
    assert canonicalize_url(url, "https://base.example/dir/") == canonical


@pytest.mark.parametrize(
    "pair",
    [
        ("https://daily.example/A", "https://daily.example/a"),
        ("https://daily.example/a", "https://daily.example/a/"),
        ("https://daily.example/x?id=1", "https://daily.example/x?id=2"),
        ("https://daily.example/x?sid=1", "https://daily.example/x"),
        ("http://daily.example/", "https://daily.example/"),
    ],
)
def test_different_urls_stay_different(pair: tuple[str, str]) -> None:
    """URLs that a server may distinguish have different spellings."""
    assert canonicalize_url(pair[0]) != canonicalize_url(pair[1])


@given(st.from_regex(r"https?://[a-zA-Z0-9.\-]{1,12}(:[0-9]{2,5})?/[a-zA-Z0-9%./?&=~_\-;é ]{0,30}", fullmatch=True))
def test_canonicalizing_is_idempotent(url: str) -> None:
    """A canonical URL is unchanged, and ``is_web_url`` and ``extract_host`` agree with it."""
    once = canonicalize_url(url)
    assert canonicalize_url(once) == once
    if once:
        assert is_web_url(once)
        assert extract_host(once) == extract_host(url)


@given(st.from_regex(r"https?://[a-z0-9.\-]{1,12}(:[0-9]{2,5})?/[a-zA-Z0-9./?&=~_\-]{0,30}", fullmatch=True))
def test_fast_and_slow_path_give_the_same_result(url: str) -> None:
    """URLs that already look canonical are not split, with the same result."""
    quick = canonicalize_url(url), extract_host(url), is_web_url(url)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(urls, "_CANONICAL", re.compile("(?!)"))
        assert (canonicalize_url(url), extract_host(url), is_web_url(url)) == quick


@given(st.text(max_size=50))
def test_any_text_is_accepted(text: str) -> None:
    """No text raises an error, whatever a page has as a link."""
    assert canonicalize_url(text, "https://base.example/") == "" or is_web_url(
        canonicalize_url(text, "https://base.example/")
    )
    extract_host(text)
    is_web_url(text)
