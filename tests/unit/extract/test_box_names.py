"""Box names: they are evidence about a text, which the text itself may outweigh."""

import pytest

from monitor.domain.article import Article
from monitor.extract.box_names import find_boilerplate_name, is_same_kind, split_camel_case
from monitor.extract.extractor import extract_page

A = "Le conseil régional a voté lundi la réouverture de la ligne qui reliait autrefois les deux vallées de montagne."
B = "Les travaux commenceront au printemps par le tunnel, dont la voûte doit être reprise sur trois cents mètres."
C = "La présidente a rappelé que les communes attendaient ce train depuis que le dernier fut retiré du service."
D = "Deux gares seront reconstruites à leur ancienne place, la troisième sera déplacée de l'autre côté de la rivière."
OTHER = "Colette Exemple ouvrira samedi la foire aux fromages, où l'on attend cette année plus de deux cents exposants."
WHOLE = f"{A}\n{B}\n{C}\n{D}"


def read(inside: str) -> Article:
    page = f"<html><body><main><article><h1>La ligne des vallées rouvre</h1>{inside}</article></main></body></html>"
    return extract_page(page.encode(), "https://gazette.example/region/ligne-12", "")


def paragraphs(*texts: str) -> str:
    return "".join(f"<p>{text}</p>" for text in texts)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("class='Story__Part'", "class='Story__Part Story__Part--Ads'"),
        ("class='c-text'", "class='c-text c-text--newsletter'"),
        ("class='texte_bloc'", "class='texte_bloc texte_bloc--partage'"),
        ("class='articleText section'", "class='articleText version-2 section'"),
        ("class='post-body' id='toc-1'", "class='post-body' id='toc-2'"),
        ("class='corps'", "class='corps has-sidebar'"),
        ("class='corps'", "class='corps with-social-links'"),
    ],
)
def test_a_part_of_the_article_is_kept_whatever_its_box_is_called(first: str, second: str) -> None:
    """Modifiers, anchors and states of a box do not drop its paragraphs."""
    found = read(f"<section {first}>{paragraphs(A, B)}</section><section {second}>{paragraphs(C, D)}</section>")
    assert found.body == WHOLE


@pytest.mark.parametrize("name", ["live-comment", "toc-entry", "slider-item", "related-part", "share-text"])
def test_no_name_takes_the_whole_article(name: str) -> None:
    """If all paragraphs are in boxes of one name, they are the article."""
    found = read(
        "<div class=flux>" + "".join(f"<div class={name}><p>{text}</p></div>" for text in (A, B, C, D)) + "</div>"
    )
    assert found.body == WHOLE


@pytest.mark.parametrize(
    "name",
    [
        "jp-relatedposts",
        "yarpp yarpp-related",
        "relatedarticles",
        "similarposts",
        "relatedNews",
        "artikel-terkait",
        "lire-aussi",
        "leia-mais",
        "te-puede-interesar",
        "czytaj-takze",
        "lees-ook",
        "tinlienquan",
        "authorbox",
        "author-bio",
        "about-the-author",
        "adblock-notice",
        "report-typo",
        "widget widget--related",
    ],
)
def test_other_stories_and_notices_in_the_body_are_dropped(name: str) -> None:
    """Boxes of related posts, biographies and notices have names in one word and in many languages."""
    box = f"<div class='{name}'><h3><a href=/1>La foire</a></h3><p>{OTHER}</p><p>1 mai 2025</p></div>"
    assert read(f"<div class=entry-content>{paragraphs(A, B, C, D)}{box}</div>").body == WHOLE


def test_long_comments_are_dropped() -> None:
    """The comments of a page may be longer than its article."""
    comments = "".join(f"<li class=comment><p>{OTHER} ({n})</p></li>" for n in range(40))
    body = read(f"<div class=texte>{paragraphs(A, B, C, D, A + B, C + D)}</div><ol class=comments>{comments}</ol>").body
    assert "Colette" not in body
    assert body.startswith(A)


@pytest.mark.parametrize(
    ("hint", "word"),
    [
        ("Report__Section Report__Section--Ads", "ads"),
        ("box--related", "related"),
        ("main has-sidebar", ""),
        ("hentry post type-post tag-cookies category-privacy", ""),
        ("jpRelatedposts", "relatedposts"),
    ],
)
def test_names_are_read_in_parts(hint: str, word: str) -> None:
    """States and the terms of a post are not names of the box."""
    assert find_boilerplate_name(split_camel_case(hint))[0] == word


def test_boxes_of_one_kind_differ_in_modifiers_and_numbers() -> None:
    """The names of a page's grid do not make two boxes alike."""
    assert is_same_kind("text section", "text version-2 section")
    assert is_same_kind("block block--wide", "block")
    assert is_same_kind("part-1", "part-2")
    assert not is_same_kind("col-6 text", "col-6 teaser")
    assert not is_same_kind("col-6", "col-6 teaser")


@pytest.mark.parametrize(
    ("hint", "count"),
    [
        ("live-comment", 0),
        ("liveblog-comment", 0),
        ("article-comments-enabled", 0),
        ("politics-sidebar-open", 0),
        ("share", 2),
        ("sidebar", 3),
        ("newsletter", 3),
        ("comments", 0),
    ],
)
def test_the_weight_of_a_name_is_a_number_of_paragraphs(hint: str, count: int) -> None:
    """States of a page have no weight; the names of tools and places are outweighed by paragraphs."""
    assert find_boilerplate_name(hint) == ("" if not count and hint != "comments" else hint, count)


def test_the_rows_of_a_table_are_not_judged_by_the_name_of_a_tool() -> None:
    """A player in a table of results is an athlete."""
    rows = "".join(f"<tr class='row player-{at}'><td>{at}</td><td>Anna Example {at}</td></tr>" for at in range(4))
    text = "The league published its final table on Sunday evening, after the last three matches of the season."
    page = f"<main><h1>Final table</h1><div><p>{text}</p><table>{rows}</table><p>{text} Twice.</p></div></main>"
    assert "Anna Example 3" in extract_page(page.encode(), "https://sport.example/7", "").body
