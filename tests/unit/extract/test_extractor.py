"""Extraction of a whole page."""

import pickle

from monitor.extract.extractor import extract_page

URL = "https://news.example/politics/visit-123"
LEAD = "The Minister of National Defence received the delegation in the capital on Friday morning, state media said."
MORE = (
    "Both sides agreed to keep exchanging delegations, to train officers together and to patrol their border jointly."
)


def page(inside: str, head: str = "") -> bytes:
    head = f"<title>Visit ends | Example News</title>{head}"
    return f"<html lang='en'><head>{head}</head><body>{inside}</body></html>".encode()


def test_only_the_article_is_extracted() -> None:
    """Navigation, related news and footers are dropped; each paragraph is one line."""
    article = extract_page(
        page(
            "<nav><a href=/>Home</a></nav><div class=main><h1>Visit ends</h1>"
            f"<div class=text><p>{LEAD}</p><p>{MORE}</p></div>"
            "<div class=related-news>"
            "<p><a href=/x>General Somebody Else meets the press in the capital today</a></p></div>"
            "</div><footer><p>Published under licence by the example press company, all rights reserved.</p></footer>"
        ),
        URL,
    )
    assert article.body == f"{LEAD}\n{MORE}"
    assert article.title == "Visit ends"
    assert article.language == "en"


def test_binary_bodies_give_an_empty_article() -> None:
    """A picture served as HTML gives no text and low confidence, and no error."""
    article = extract_page(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 50, URL, "text/html")
    assert article.confidence < 0.3
    assert article.title == ""


def test_articles_can_be_pickled() -> None:
    """Extraction runs in a worker process, so the result must be picklable."""
    article = extract_page(page(f"<p>{LEAD}</p>"), URL)
    assert pickle.loads(pickle.dumps(article)) == article
