"""Regions of a page: each text is in its region, and text that is not the article's is dropped."""

import pytest

from monitor.domain.article import Article
from monitor.domain.source import DateSelector, Selectors, Source
from monitor.extract.extractor import extract_page

URL = "https://news.example/politics/visit-123"
A = "The Minister of National Defence received the delegation in the capital on Friday morning, state media said."
B = "Both sides agreed to keep exchanging delegations, to train officers together and to patrol their border jointly."
C = "The delegation is to travel to the south on Saturday, where it will see a school that the two armies built."
OTHER = "General Somebody Else opens the games of the northern provinces"


def read(inside: str, head: str = "", source: Source | None = None) -> Article:
    return extract_page(f"<html><head>{head}</head><body>{inside}</body></html>".encode(), URL, "", source)


def article(*paragraphs: str) -> str:
    return (
        "<h1>Visit brings agreements</h1><div class=body>" + "".join(f"<p>{text}</p>" for text in paragraphs) + "</div>"
    )


@pytest.mark.parametrize(
    "box",
    [
        f"<div class=related><h3>Related news</h3><p><a href=/x>{OTHER}</a></p></div>",
        f"<ul class=most-viewed><li><a href=/x>{OTHER}</a></li></ul>",
        f"<aside><p>{OTHER}, who spoke for an hour to the athletes.</p></aside>",
        f"<div class='relatedArticles'><p>{OTHER}, who spoke for an hour to the athletes.</p></div>",
        f"<p>Read more: <a href=/x>{OTHER}</a></p>",
        f"<p><a href=/x>{OTHER}</a></p>",
        f"<div class=tin-lien-quan><p>{OTHER}, who spoke for an hour to the athletes.</p></div>",
        f"<div class=comments><p>user1: {OTHER}, and it is about time, too.</p></div>",
        f"<div class=tags>Tags: <a href=/t>{OTHER}</a></div>",
        f"<div id=cookie-banner><p>{OTHER} and our 800 partners use cookies to measure what you read.</p></div>",
        f"<div style='display: none'><p>{OTHER}, who spoke for an hour to the athletes.</p></div>",
        "".join(
            f"<div class=x><a href=/{n}><img></a><h3><a href=/{n}>{OTHER} {n}</a></h3><p>{n} hours ago</p></div>"
            for n in "123"
        ),
    ],
)
def test_other_news_within_the_body_is_dropped(box: str) -> None:
    """Boxes with other news are dropped wherever they are in the article."""
    for inside in (article(A, B) + box, article(A, B, C).replace(f"<p>{B}", f"{box}<p>{B}"), box + article(A, B, C)):
        found = read(f"<div>{inside}</div>")
        assert OTHER not in "\n".join(text for _, text in found.regions())
        assert A in found.body
        assert B in found.body


def test_lists_quotes_and_tables_of_the_article_are_kept() -> None:
    """Text that the author formatted differently is still part of the article."""
    parts = f"<ul><li>The first agreement is about training.</li><li>The second is about roads.</li></ul><p>{C}</p>"
    quote = "<blockquote>We have never been closer than today, and we will be closer still.</blockquote>"
    body = read(article(A, B).replace("</div>", parts + quote + "</div>")).body
    assert "second is about roads" in body
    assert "never been closer" in body


def test_inline_tags_join_words_and_blocks_separate_paragraphs() -> None:
    """A name in bold stays in its sentence; a paragraph ends where its box ends."""
    name = "Minister <b>Phan</b>\n<i>Văn</i>&nbsp;Giang<span>’s</span>"
    inside = f"<p>{name} visit to the south was his third this year, we hear.</p><p>{B}</p>"
    body = read(f"<h1>Visit</h1><div>{inside}</div>").body
    assert body.split("\n")[0].startswith("Minister Phan Văn Giang’s visit")


def test_hard_wrapped_lines_are_joined() -> None:
    """A line break within a sentence is a space; two line breaks start a new paragraph."""
    found = read(f"<h1>Visit</h1><div>The Minister of National Defence<br>received the guests.<br><br>{B}</div>")
    assert found.body == f"The Minister of National Defence received the guests.\n{B}"


def test_standfirst_caption_dateline_agency_and_byline_are_separated() -> None:
    """Each text is in its region and not in the body."""
    inside = f"""<h1>Visit brings agreements</h1><p class=byline>By Anna Keo</p><time>February 14, 2026</time>
      <div class=sapo>Two days of talks brought three agreements.</div>
      <figure><img><figcaption>The minister (R) and his guest. — DNA Photo</figcaption></figure>
      <div class=body><p>VIENTIANE (DNA) — {A}</p><p>{B}</p><p>{C} — DNA/DN</p></div>"""
    found = read(f"<article>{inside}</article>")
    assert found.standfirst == "Two days of talks brought three agreements."
    assert found.captions == ("The minister (R) and his guest. — DNA Photo",)
    assert found.dateline == "VIENTIANE (DNA) —"
    assert found.agency == "DNA/DN"
    assert found.body == f"{A}\n{B}\n{C}"
    assert found.published_at is not None


def test_the_first_of_several_articles_on_a_page_is_extracted() -> None:
    """Pages with endless scrolling already contain the next article."""
    more = "".join(f"<p>{text}</p>" for text in (C, A, C, B) * 3)
    first = "".join(f"<p>{text}</p>" for text in (A, B, A + " Again.", B + " Again."))
    found = read(
        f"<article><h1>Visit brings agreements</h1>{first}</article><article><h1>Another story</h1>{more}</article>",
        "<meta property='og:title' content='Visit brings agreements'>",
    )
    assert C not in found.body
    assert A in found.body


def test_scripts_without_spaces_are_recognised_as_prose() -> None:
    """Lao, Thai and Chinese paragraphs are found like others, and their language is detected."""
    lao = "ລັດຖະມົນຕີກະຊວງປ້ອງກັນປະເທດໄດ້ຕ້ອນຮັບຄະນະຜູ້ແທນທີ່ນະຄອນຫຼວງວຽງຈັນໃນຕອນເຊົ້າວັນສຸກ"
    chinese = "国防部长星期五上午在首都会见了代表团，双方同意继续互访，并在边境联合巡逻。"
    for text, language in ((lao, "lo"), (chinese, "zh")):
        found = read(
            f"<ul><li><a href=/>{text[:9]}</a></li></ul><h1>{text[:12]}</h1><div><p>{text}</p><p>{text[::-1]}</p></div>"
        )
        assert text in found.body
        assert found.language == language


def test_selectors_override_the_extractor() -> None:
    """The selected text is the article, and removed nodes are dropped."""
    selectors = Selectors(
        title="h2.real",
        standfirst=".deck",
        body=".teaser",
        published=DateSelector(".when", "%d/%m/%Y"),
        remove=(".x",),
    )
    source = Source("s", "S", feed=URL, timezone="Asia/Vientiane", selectors=selectors)
    found = read(
        f"{article(C)}<h2 class=real>The real title</h2><p class=deck>The deck.</p><p class=when>05/08/2026</p>"
        f"<div class=teaser><p>{A}</p><p class=x>{OTHER}.</p><p>{B}</p></div>",
        source=source,
    )
    assert (found.title, found.standfirst, found.body) == ("The real title", "The deck.", f"{A}\n{B}")
    assert found.published_at is not None
    assert found.published_at.isoformat() == "2026-08-04T17:00:00+00:00"


def test_selectors_without_a_match_are_ignored() -> None:
    """If the selected box is missing, the extractor finds the article; an invalid selector matches nothing."""
    for body in (".gone", "div[["):
        source = Source("s", "S", feed=URL, selectors=Selectors(body=body))
        assert read(article(A, B), source=source).body == f"{A}\n{B}"


def test_a_paywall_is_recognised() -> None:
    """A text cut off by a paywall is marked; if the metadata have the whole text, it is used."""
    wall = "<div class=paywall-box><p>This article is for readers with a subscription of the paper.</p></div>"
    assert read(article(A) + wall).partial_reason == "paywall"
    claim = f'{{"@type":"NewsArticle","headline":"Visit","articleBody":"{A}\\n{B}\\n{C}"}}'
    head = f'<script type="application/ld+json">{claim}</script>'
    assert read(article(A) + wall, head).body == f"{A}\n{B}\n{C}"
    lie = head.replace(A, "Something else stands here that the page does not say at all, in many words and more.")
    assert read(article(A) + wall, lie).body == A


def test_metadata_are_read_from_invalid_json_and_double_entities() -> None:
    """Line breaks in strings and trailing commas are accepted, and entities are resolved."""
    head = (
        '<script type="application/ld+json">/* <![CDATA[ */ {"@graph":[{"@type":["NewsArticle"],'
        '"headline":"A &#8216;visit&#8217;\n ends","datePublished":"2026-02-14T17:32:00+07:00",'
        '"author":[{"name":"Anna Keo"},{"name":"Bo Li"}],"inLanguage":"en",},]} /* ]]> */</script>'
    )
    found = read(article(A, B).replace("h1", "h4"), head)
    assert found.title == "A ‘visit’ ends"
    assert found.authors == ("Anna Keo", "Bo Li")
    assert found.published_at is not None
    assert found.published_at.isoformat() == "2026-02-14T10:32:00+00:00"


def test_the_outlet_name_is_removed_from_the_headline() -> None:
    """The site's name after a separator is removed; the headline's own words are kept."""
    head = "<title>Talks | on borders - News Example</title><meta property='og:site_name' content='News Example'>"
    assert read(f"<p>{A}</p><p>{B}</p>", head).title == "Talks | on borders"


def test_date_order_is_inferred_from_other_dates_of_the_page() -> None:
    """Another date of the page shows whether the day or the month is first; otherwise an ambiguous date is not used."""
    meta = "<p class=date>05/08/2026 20:35</p>"
    assert read(article(A, B).replace("</h1>", f"</h1>{meta}")).published_at is None
    found = read(article(A, B).replace("</h1>", f"</h1>{meta}") + "<div class=more><span>25/07/2026</span></div>")
    assert found.published_at is not None
    assert (found.published_at.day, found.published_at.month) == (5, 8)


def test_a_canonical_url_of_another_site_is_ignored() -> None:
    """A page can declare its own canonical URL, but not one on another site or the front page."""
    for href, expected in (
        ("/politics/visit-123?x=1", "https://news.example/politics/visit-123?x=1"),
        ("https://evil.test/", URL),
        ("/", URL),
    ):
        assert read(article(A, B), f"<link rel=canonical href='{href}'>").canonical_url == expected


def test_a_subheading_with_words_of_the_headline_is_not_the_headline() -> None:
    """A heading with few words of the headline is not taken as it; the text before it is kept."""
    inside = f"<div><p>{A}</p><p>{B}</p></div><div><h3>Border patrols agreed</h3><p>{C}</p><p>{C} So we hear.</p></div>"
    head = (
        "<meta property='og:title' content='Minister ends his visit: border patrols agreed, roads to follow next year'>"
    )
    assert A in read(f"<div>{inside}</div>", head).body


def test_a_very_short_article_is_extracted_with_low_confidence() -> None:
    """A page of two short sentences has a text."""
    found = read("<ul><li><a href=/>Home</a></li></ul><h1>Visit ends</h1><div><p>The minister left today.</p></div>")
    assert found.body == "The minister left today."
    assert found.confidence < 0.6


def test_a_selector_without_a_match_lowers_the_confidence() -> None:
    """The page has changed since the selector was written, so the text found may be wrong."""
    sure = read(article(A, B), source=Source("s", "S", feed=URL, selectors=Selectors(body="div, p")))
    lost = read(article(A, B), source=Source("s", "S", feed=URL, selectors=Selectors(body=".gone")))
    assert lost.confidence < 0.6 * sure.confidence


def test_the_box_around_an_offer_is_dropped() -> None:
    """All text in a small box with an offer is dropped; the article around it is kept."""
    offer = "<div><h3>Sign up and read on</h3><p>All of the city in your pocket.</p><p>Puzzles, too.</p></div>"
    found = read(f"<h1>Visit brings agreements</h1><div class=body><p>{A}</p><p>{B}</p>{offer}<p>{C}</p></div>")
    assert found.body == f"{A}\n{B}\n{C}"


def test_paragraphs_around_an_offer_are_kept() -> None:
    """Only the offer is dropped if its box is part of the article."""
    part = f"<div><p>{A}</p><p>Sign up for our newsletter</p></div>"
    found = read(f"<h1>Visit brings agreements</h1><div class=body>{part}<p>{B}</p><p>{C}</p></div>")
    assert found.body == f"{A}\n{B}\n{C}"


def test_a_machine_generated_summary_is_dropped() -> None:
    """It is recognised by its label; the sentences next to the label are dropped too."""
    summary = (
        "<div><p>This summary was generated by AI.</p><ul><li>Ministers met in the town.</li>"
        "<li>They agreed on roads.</li></ul></div>"
    )
    found = read(f"<h1>Visit brings agreements</h1>{summary}<div class=body><p>{A}</p><p>{B}</p><p>{C}</p></div>")
    assert (found.standfirst, found.body) == ("", f"{A}\n{B}\n{C}")


def test_an_imprint_in_a_table_is_dropped() -> None:
    """Address, telephone number and copyright are dropped, with the short lines between them."""
    foot = "<p>7 Long Street, Vientiane</p><p>Tel: +856 21 000 000</p><p>The Daily</p><p>All rights reserved.</p>"
    found = read(
        f"<table><tr><td><h1>Visit brings agreements</h1><p>{A}</p><p>{B}</p><p>{C}</p>{foot}</td></tr></table>"
    )
    assert found.body == f"{A}\n{B}\n{C}"


def test_a_picture_series_keeps_its_headings() -> None:
    """Only captions follow these headings, and they are the text."""
    slides = "".join(
        f"<h2>{number}. The province of the {number}th river has the most bridges of all of them.</h2>"
        "<figure><img src=x.jpg><figcaption>A bridge</figcaption></figure>"
        for number in range(6)
    )
    found = read(f"<h1>Visit brings agreements</h1><div class=body><p>{A}</p>{slides}</div>")
    assert found.body.count("has the most bridges") == 6


@pytest.mark.parametrize(
    "heading",
    ["<span>Trade fair</span>Visit brings agreements", "<span>Trade fair</span><i>Visit brings agreements</i>"],
)
def test_a_kicker_does_not_run_into_the_headline(heading: str) -> None:
    """If the page separates them only visually, the title from the metadata is used."""
    head = '<meta property="og:title" content="Trade fair: Visit brings agreements">'
    found = read(f"<h1>{heading}</h1><div class=body><p>{A}</p><p>{B}</p></div>", head)
    assert found.title == "Trade fair: Visit brings agreements"


def test_a_first_paragraph_full_of_links_is_kept() -> None:
    """Its names are links, but it is formatted like the paragraphs below it."""
    lead = (
        "<p><a href=/a>Prime Minister Somebody of the Northern Republic</a> met <a href=/b>General Else</a> today.</p>"
    )
    found = read(f"<h1>Visit brings agreements</h1><div class=body>{lead}<p>{A}</p><p>{B}</p></div>")
    assert found.body.startswith("Prime Minister Somebody of the Northern Republic met General Else today.\n")


def test_pop_ups_over_a_name_are_dropped() -> None:
    """Headlines of other news in the pop-up are dropped; the name itself is kept."""
    tip = f"<span class=people-tooltip-content><a href=/x>{OTHER}</a></span>"
    found = read(
        article(f"The minister met <span class=tooltip><a href=/e>General Else</a>{tip}</span> on Monday. {A}", B)
    )
    assert found.body.startswith("The minister met General Else on Monday.")
    assert OTHER not in found.body


def test_a_standfirst_of_several_paragraphs_is_kept() -> None:
    """Only their position between headline and text identifies them; a list there is dropped."""
    sums = (
        "<p>Both armies build a road through the hills.</p><p>The first lorries drive in the autumn of next year.</p>"
    )
    listed = "<ul><li>The road has forty bridges and a tunnel of two kilometres.</li></ul>"
    head = f"<header><h1>Visit brings agreements</h1>{sums}{listed}</header>"
    text = "".join(f"<p>Part {number}. {A} {B} {C}</p>" for number in range(6))
    found = read(f"<article>{head}<section class=story-body>{text}</section></article>")
    assert found.standfirst.split("\n") == [
        "Both armies build a road through the hills.",
        "The first lorries drive in the autumn of next year.",
    ]
    assert found.body.startswith("Part 0.")
