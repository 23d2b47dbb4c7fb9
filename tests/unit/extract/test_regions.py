"""The regions of a page: each text in its place, and nothing that is not the article's."""

import pytest

from monitor.domain.article import Article
from monitor.domain.source import Selectors, Source, SourceKind
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
def test_other_news_inside_the_body_is_out(box: str) -> None:
    """Wherever the box stands, its names are not the article's."""
    for inside in (article(A, B) + box, article(A, B, C).replace(f"<p>{B}", f"{box}<p>{B}"), box + article(A, B, C)):
        found = read(f"<div>{inside}</div>")
        assert OTHER not in "\n".join(text for _, text in found.regions())
        assert A in found.body
        assert B in found.body


def test_lists_quotes_and_tables_of_the_article_stay() -> None:
    """What the author set apart is still the author's."""
    parts = f"<ul><li>The first agreement is about training.</li><li>The second is about roads.</li></ul><p>{C}</p>"
    quote = "<blockquote>We have never been closer than today, and we will be closer still.</blockquote>"
    body = read(article(A, B).replace("</div>", parts + quote + "</div>")).body
    assert "second is about roads" in body
    assert "never been closer" in body


def test_inline_tags_join_and_blocks_part() -> None:
    """A name in bold is one word with what surrounds it; a paragraph ends where its box ends."""
    name = "Minister <b>Phan</b>\n<i>Văn</i>&nbsp;Giang<span>’s</span>"
    inside = f"<p>{name} visit to the south was his third this year, we hear.</p><p>{B}</p>"
    body = read(f"<h1>Visit</h1><div>{inside}</div>").body
    assert body.split("\n")[0].startswith("Minister Phan Văn Giang’s visit")


def test_hard_wrapped_lines_are_one_paragraph() -> None:
    """A break in mid-sentence is a space, two breaks are a new paragraph."""
    found = read(f"<h1>Visit</h1><div>The Minister of National Defence<br>received the guests.<br><br>{B}</div>")
    assert found.body == f"The Minister of National Defence received the guests.\n{B}"


def test_standfirst_caption_dateline_agency_and_byline_are_told_apart() -> None:
    """Each goes to its region, none stands in the body."""
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


def test_of_several_articles_on_a_page_the_first_counts() -> None:
    """Pages that scroll on to the next story hold it already."""
    more = "".join(f"<p>{text}</p>" for text in (C, A, C, B) * 3)
    first = "".join(f"<p>{text}</p>" for text in (A, B, A + " Again.", B + " Again."))
    found = read(
        f"<article><h1>Visit brings agreements</h1>{first}</article><article><h1>Another story</h1>{more}</article>",
        "<meta property='og:title' content='Visit brings agreements'>",
    )
    assert C not in found.body
    assert A in found.body


def test_scripts_without_spaces_are_prose_too() -> None:
    """Lao, Thai and Chinese paragraphs are found like others, and name their language."""
    lao = "ລັດຖະມົນຕີກະຊວງປ້ອງກັນປະເທດໄດ້ຕ້ອນຮັບຄະນະຜູ້ແທນທີ່ນະຄອນຫຼວງວຽງຈັນໃນຕອນເຊົ້າວັນສຸກ"
    chinese = "国防部长星期五上午在首都会见了代表团，双方同意继续互访，并在边境联合巡逻。"
    for text, language in ((lao, "lo"), (chinese, "zh")):
        found = read(
            f"<ul><li><a href=/>{text[:9]}</a></li></ul><h1>{text[:12]}</h1><div><p>{text}</p><p>{text[::-1]}</p></div>"
        )
        assert text in found.body
        assert found.language == language


def test_selectors_win() -> None:
    """What the user selected is the article, and what he removed is gone."""
    selectors = Selectors(
        title="h2.real",
        standfirst=".deck",
        body=".teaser",
        published=".when",
        published_format="%d/%m/%Y",
        remove=(".x",),
    )
    source = Source("s", "S", SourceKind.LISTING, URL, timezone="Asia/Vientiane", selectors=selectors)
    found = read(
        f"{article(C)}<h2 class=real>The real title</h2><p class=deck>The deck.</p><p class=when>05/08/2026</p>"
        f"<div class=teaser><p>{A}</p><p class=x>{OTHER}.</p><p>{B}</p></div>",
        source=source,
    )
    assert (found.title, found.standfirst, found.body) == ("The real title", "The deck.", f"{A}\n{B}")
    assert found.published_at is not None
    assert found.published_at.isoformat() == "2026-08-04T17:00:00+00:00"


def test_selectors_that_match_nothing_leave_the_finding_to_us() -> None:
    """A page that lost the selected box is still read; a selector that cannot be read matches nothing."""
    for body in (".gone", "div[["):
        source = Source("s", "S", SourceKind.LISTING, URL, selectors=Selectors(body=body))
        assert read(article(A, B), source=source).body == f"{A}\n{B}"


def test_a_wall_is_recognised() -> None:
    """A beginning before a wall is marked; a text whose rest stands in the metadata is read whole."""
    wall = "<div class=paywall-box><p>This article is for readers with a subscription of the paper.</p></div>"
    assert read(article(A) + wall).partial == "paywall"
    claim = f'{{"@type":"NewsArticle","headline":"Visit","articleBody":"{A}\\n{B}\\n{C}"}}'
    head = f'<script type="application/ld+json">{claim}</script>'
    assert read(article(A) + wall, head).body == f"{A}\n{B}\n{C}"
    lie = head.replace(A, "Something else stands here that the page does not say at all, in many words and more.")
    assert read(article(A) + wall, lie).body == A


def test_metadata_survive_broken_json_and_doubled_entities() -> None:
    """Line breaks in strings and trailing commas are forgiven, entities are undone."""
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


def test_the_headline_loses_the_outlet_but_not_its_own_words() -> None:
    """The site's name behind a bar is no part of the title."""
    head = "<title>Talks | on borders - News Example</title><meta property='og:site_name' content='News Example'>"
    assert read(f"<p>{A}</p><p>{B}</p>", head).title == "Talks | on borders"


def test_dates_are_read_by_the_order_of_the_page() -> None:
    """Another date of the page tells whether the day or the month stands first; without one there is none."""
    meta = "<p class=date>05/08/2026 20:35</p>"
    assert read(article(A, B).replace("</h1>", f"</h1>{meta}")).published_at is None
    found = read(article(A, B).replace("</h1>", f"</h1>{meta}") + "<div class=more><span>25/07/2026</span></div>")
    assert found.published_at is not None
    assert (found.published_at.day, found.published_at.month) == (5, 8)


def test_a_foreign_canonical_address_is_not_taken_over() -> None:
    """A page may name its own address, not another site's and not the front page."""
    for href, expected in (
        ("/politics/visit-123?x=1", "https://news.example/politics/visit-123?x=1"),
        ("https://evil.test/", URL),
        ("/", URL),
    ):
        assert read(article(A, B), f"<link rel=canonical href='{href}'>").canonical_url == expected


def test_a_subheading_with_words_of_the_headline_is_not_the_headline() -> None:
    """Only what is most of the headline is taken for it; the text before such a subheading stays."""
    inside = f"<div><p>{A}</p><p>{B}</p></div><div><h3>Border patrols agreed</h3><p>{C}</p><p>{C} So we hear.</p></div>"
    head = (
        "<meta property='og:title' content='Minister ends his visit: border patrols agreed, roads to follow next year'>"
    )
    assert A in read(f"<div>{inside}</div>", head).body


def test_news_in_brief_is_news() -> None:
    """A page of two short sentences has a text, too, and little confidence."""
    found = read("<ul><li><a href=/>Home</a></li></ul><h1>Visit ends</h1><div><p>The minister left today.</p></div>")
    assert found.body == "The minister left today."
    assert found.confidence < 0.6


def test_a_selector_that_matches_nothing_is_less_sure() -> None:
    """The page is not as it was when the selector was written; what is found in spite of it may be anything."""
    sure = read(article(A, B), source=Source("s", "S", SourceKind.LISTING, URL, selectors=Selectors(body="div, p")))
    lost = read(article(A, B), source=Source("s", "S", SourceKind.LISTING, URL, selectors=Selectors(body=".gone")))
    assert lost.confidence < 0.6 * sure.confidence


def test_an_offer_takes_its_box_with_it() -> None:
    """What stands in a small box below an offer is part of it, in whatever words; the article around it stays."""
    offer = "<div><h3>Sign up and read on</h3><p>All of the city in your pocket.</p><p>Puzzles, too.</p></div>"
    found = read(f"<h1>Visit brings agreements</h1><div class=body><p>{A}</p><p>{B}</p>{offer}<p>{C}</p></div>")
    assert found.body == f"{A}\n{B}\n{C}"


def test_an_offer_among_paragraphs_takes_nothing_with_it() -> None:
    """A part of the article that holds one stays."""
    part = f"<div><p>{A}</p><p>Sign up for our newsletter</p></div>"
    found = read(f"<h1>Visit brings agreements</h1><div class=body>{part}<p>{B}</p><p>{C}</p></div>")
    assert found.body == f"{A}\n{B}\n{C}"


def test_a_machine_made_summary_is_dropped() -> None:
    """Its label names it; the sentences beside the label say nothing that the article does not."""
    summary = (
        "<div><p>This summary was generated by AI.</p><ul><li>Ministers met in the town.</li>"
        "<li>They agreed on roads.</li></ul></div>"
    )
    found = read(f"<h1>Visit brings agreements</h1>{summary}<div class=body><p>{A}</p><p>{B}</p><p>{C}</p></div>")
    assert (found.standfirst, found.body) == ("", f"{A}\n{B}\n{C}")


def test_the_foot_of_a_page_laid_out_by_a_table_is_no_text() -> None:
    """Address, telephone and rights, with the crumbs between them."""
    foot = "<p>7 Long Street, Vientiane</p><p>Tel: +856 21 000 000</p><p>The Daily</p><p>All rights reserved.</p>"
    found = read(
        f"<table><tr><td><h1>Visit brings agreements</h1><p>{A}</p><p>{B}</p><p>{C}</p>{foot}</td></tr></table>"
    )
    assert found.body == f"{A}\n{B}\n{C}"


def test_a_story_told_in_pictures_keeps_its_headings() -> None:
    """Nothing but captions follows them, and they are the text."""
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
    """Where the page sets them apart by looks alone, what it says to machines keeps the words apart."""
    head = '<meta property="og:title" content="Trade fair: Visit brings agreements">'
    found = read(f"<h1>{heading}</h1><div class=body><p>{A}</p><p>{B}</p></div>", head)
    assert found.title == "Trade fair: Visit brings agreements"


def test_a_first_paragraph_full_of_links_is_text() -> None:
    """Its names lead to pages about them; it is a paragraph like those below it all the same."""
    lead = (
        "<p><a href=/a>Prime Minister Somebody of the Northern Republic</a> met <a href=/b>General Else</a> today.</p>"
    )
    found = read(f"<h1>Visit brings agreements</h1><div class=body>{lead}<p>{A}</p><p>{B}</p></div>")
    assert found.body.startswith("Prime Minister Somebody of the Northern Republic met General Else today.\n")


def test_what_pops_up_over_a_name_is_not_in_the_sentence() -> None:
    """Other people's headlines hide in such boxes; the name itself stays."""
    tip = f"<span class=people-tooltip-content><a href=/x>{OTHER}</a></span>"
    found = read(
        article(f"The minister met <span class=tooltip><a href=/e>General Else</a>{tip}</span> on Monday. {A}", B)
    )
    assert found.body.startswith("The minister met General Else on Monday.")
    assert OTHER not in found.body


def test_a_summary_of_several_paragraphs_is_kept() -> None:
    """Nothing but their place between headline and text tells what they are; a list there only sums the text up."""
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
