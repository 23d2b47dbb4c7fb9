"""Titles: the headline of the article, and never the outlet, a section, an address or another story."""

import json

import pytest

from monitor.domain.article import Article
from monitor.extract.extractor import extract_page

TITLE = "Assembly votes to rebuild the bridge"
OTHER = "General Somebody opens the winter games of the northern provinces"
A = "The provincial assembly voted on Tuesday to rebuild the bridge over the river, which a flood destroyed in autumn."
B = "Work is to begin in March and to last until the rainy season, the head of the works department told reporters."
C = "About forty families who live on the far bank have to cross by boat until the new bridge is open, he added."
BODY = f"<div class=entry-content><p>{A}</p><p>{B}</p><p>{C}</p></div>"
SITE = "<meta property='og:site_name' content='Daily Mail Box'>"


def read(inside: str, title: str = "Daily Mail Box", head: str = "", entry: Article | None = None) -> str:
    page = f"<html><head><title>{title}</title>{head}</head><body>{inside}</body></html>"
    return extract_page(page.encode(), "https://www.daily-mail-box.example/politics/bridge-7", "", entry=entry).title


def json_ld(claims: object) -> str:
    return f"<script type='application/ld+json'>{json.dumps(claims)}</script>"


@pytest.mark.parametrize(
    ("inside", "title"),
    [
        (f"<h1><a href=/>Daily Mail Box</a></h1><main><h2>{TITLE}</h2>{BODY}</main>", f"{TITLE} | Daily Mail Box"),
        (f"<h1 class=logo>Daily Mail Box</h1><main><h1>{TITLE}</h1>{BODY}</main>", "Daily Mail Box"),
        (f"<h1>News</h1><main><h2 class=headline>{TITLE}</h2>{BODY}</main>", "Daily Mail Box"),
        (f"<h1>Politics</h1><main><h1>{TITLE}</h1>{BODY}</main>", "Daily Mail Box"),
        (f"<h1>Politics</h1><main><h2>{TITLE}</h2>{BODY}</main>", f"{TITLE} | Daily Mail Box"),
    ],
)
def test_the_name_of_the_outlet_or_section_is_not_the_headline(inside: str, title: str) -> None:
    """A heading with the outlet's name, or a short one, is passed over."""
    assert read(inside, title) == TITLE


@pytest.mark.parametrize(
    ("title", "head"),
    [
        (f"{TITLE} - Daily Mail Box", SITE),
        (f"Daily Mail Box | {TITLE}", SITE),
        (f"Daily Mail Box - {TITLE}", ""),
        (f"{TITLE} | Politics | Daily Mail Box", ""),
        (f"{TITLE} - daily-mail-box.example", ""),
        (f"{TITLE} | Politics | Another Name", ""),
        (f"{TITLE} :: Daily Mail Box", json_ld({"@type": "WebSite", "name": "Daily Mail Box"})),
    ],
)
def test_names_around_the_headline_are_removed(title: str, head: str) -> None:
    """The document title alone gives the headline."""
    assert read(f"<main><article>{BODY}</article></main>", title, head) == TITLE


@pytest.mark.parametrize(
    ("title", "headline"),
    [
        ("省人大决定重建跨河大桥_要闻_示例网", "省人大决定重建跨河大桥"),
        ("省人大决定重建跨河大桥--时政--示例网", "省人大决定重建跨河大桥"),
        ("المجلس يصوت على إعادة بناء الجسر | صحيفة المثال", "المجلس يصوت على إعادة بناء الجسر"),
    ],
)
def test_names_are_removed_in_other_scripts(title: str, headline: str) -> None:
    """Separators without spaces are recognized."""
    assert read(f"<main><article>{BODY}</article></main>", title) == headline


@pytest.mark.parametrize("title", ["Assembly: vote on the bridge", "Assembly votes - bridge to be rebuilt", "A | B"])
def test_separators_within_a_headline_are_kept(title: str) -> None:
    """A headline may contain a colon or a dash."""
    assert read(f"<main><article><h1>{title}</h1>{BODY}</article></main>", title) == title


@pytest.mark.parametrize(
    "title",
    [
        "Daily Mail Box",
        "Home",
        "Untitled Document",
        "www.daily-mail-box.example",
        "https://daily-mail-box.example/7",
        "",
    ],
)
def test_without_a_headline_the_feed_title_or_the_first_words_are_used(title: str) -> None:
    """Names of the outlet, addresses and empty words are not used as titles."""
    inside = f"<main><article>{BODY}</article></main>"
    assert A.startswith(read(inside, title).rstrip("…"))
    entry = Article(url="https://daily-mail-box.example/7", title=TITLE)
    assert read(inside, title, entry=entry) == ""  # the feed's title is used when both are merged


@pytest.mark.parametrize(
    "claims",
    [
        {"@type": "NewsArticle", "headline": OTHER},
        {"@type": "ItemList", "itemListElement": [{"@type": "NewsArticle", "headline": OTHER}]},
        {"@type": "Article", "name": TITLE, "headline": "public works project in a province"},
    ],
)
def test_json_ld_about_something_else_is_not_the_title(claims: object) -> None:
    """A claimed headline that shares no word with the printed headline is another story's, or a description."""
    assert read(f"<main><article><h1>{TITLE}</h1>{BODY}</article></main>", TITLE, json_ld(claims)) == TITLE


def test_a_headline_that_is_stated_as_the_name_of_the_site_is_kept() -> None:
    """Some portals state their headline as the site's name."""
    headline = "The man whose duvet nearly killed him: how this medical mystery was solved"
    head = f"<meta property='og:site_name' content='{headline}'><meta property='og:title' content='{headline}'>"
    assert read(f"<main><article>{BODY}</article></main>", headline, head) == headline


@pytest.mark.parametrize(
    "inside",
    [
        f"<table><tr><td><font size=4><b>{TITLE}</b></font><br><br><font size=2>{A}<br><br>{B}<br><br>{C}</table>",
        f"<div><h2>{TITLE}</h2><h3>Forty families wait</h3><div>Posted on 4 May 2026</div><p>{A}<p>{B}<p>{C}</div>",
        f"<div><p><strong>{TITLE}</strong></p><p>{A}</p><p>{B}</p><p>{C}</p></div>",
    ],
)
def test_a_page_whose_metadata_state_only_its_kind_has_the_line_above_the_text_as_title(inside: str) -> None:
    """Without a heading that the metadata confirm, a heading or a bold line above the text is the headline."""
    assert read(inside, "Press release") == TITLE
    assert read(inside.replace(TITLE, "Our winter offers for you"), TITLE) == TITLE  # the metadata fit the text


def test_the_heading_of_a_box_is_not_the_headline() -> None:
    """A heading below the text, or of another box, does not become the title."""
    after = "<div><h2 class=more-on-the-subject-headline>More about the province</h2></div>"
    title = read(f"<main><article>{BODY}</article>{after}</main>", "Daily Mail Box")
    assert A.startswith(title.rstrip("…"))
