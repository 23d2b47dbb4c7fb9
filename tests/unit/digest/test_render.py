"""Rendered digests: every format has the same content, and foreign text is never active."""

import json
import re
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter
from steps import steps
from support.factories import NOW, OFFICIALS, ONCE, hit
from support.sample_digest import HAI, SEVEN, copies, item, passage, sample

from monitor.digest.compose import compose_digest
from monitor.digest.payload import Payload
from monitor.digest.render import render_atom, render_digest, render_page
from monitor.domain.article import Region
from monitor.domain.digest import Coverage, Digest, DigestStory, Window
from monitor.domain.mention import HitKind
from monitor.domain.values import replace

DOCS = Path(__file__).parents[3] / "docs"
XSS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "<a href='javascript:alert(1)'>x</a>",
    "</title><iframe src=//evil.example></iframe>",
    "<!--<style>*{display:none}</style>-->",
    "&lt;b&gt;&#x3c;script&#x3e;",
]
ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "div", "table", "tr", "td"),
    *("h1", "h2", "h3", "p", "b", "a", "br", "span", "s", "details", "summary", "blockquote"),
}


class Tags(HTMLParser):
    """Parser that collects tags, attributes and text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


def digest_with(
    title: str, text: str = "A text about Ada.", url: str = "https://news.example/1", rules: tuple[str, ...] = ()
) -> Digest:
    """Build a digest with one story in which every foreign text is the given one."""
    words = replace(passage("A text about Ada.", "Ada"), text=text, end=len(text), highlights=((0, min(3, len(text))),))
    one = replace(
        item(1, "Outlet", title, words, rule_ids=rules or ("people",)), url=url, outlet=title[:40], note=title
    )
    story = DigestStory("s", title, ("hai",), (one,), copies(title))
    return replace(sample(), stories=(story,), officials=(replace(HAI, name=title, position=title),), notices=(title,))


@pytest.mark.parametrize("vector", XSS)
def test_foreign_markup_is_shown_as_text(vector: str) -> None:
    """Scripts, handlers and tags in a title, a passage, a name or a note are displayed, never executed."""
    digest = digest_with(vector, vector)
    for page in (render_digest(digest).html, render_page(digest)):
        tags = Tags(page)
        assert tags.tags <= ALLOWED
        assert not any(name.startswith("on") for _, name, _ in tags.attributes)
        assert vector in tags.text.replace("\n", "") or vector in "".join(tags.text.split("\n"))


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//x.example", "vbscript:x", "", "https://"],
)
def test_only_http_urls_are_links(url: str) -> None:
    """Any other URL is omitted."""
    rendered = render_digest(digest_with("A title", url=url))
    links = [value for _, name, value in Tags(rendered.html).attributes if name == "href"]
    assert all(value.startswith("https://0.example/") for value in links)
    assert not any(line.strip() == url for line in rendered.text.splitlines() if url)


def test_the_web_page_forbids_scripts() -> None:
    """Its content security policy permits only its own style."""
    policy = next(
        value for _, name, value in Tags(render_page(sample())).attributes if name == "content" and "src" in value
    )
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")


def test_nothing_remote_is_loaded() -> None:
    """Images, fonts, style sheets, frames and tracking pixels are absent, so opening the email is not observable."""
    page = render_digest(sample()).html
    tags = Tags(page)
    assert not {"img", "link", "script", "iframe", "video", "object"} & tags.tags
    assert not {"src", "srcset", "background", "poster"} & {name for _, name, _ in tags.attributes}
    assert not re.search(r"url\(|@import|@font-face", page)


@pytest.mark.parametrize("syntax", ["{{7*7}}", "{% for x in y %}", "{# hidden #}", "${7*7}", "{{ view.digest }}"])
def test_template_syntax_in_foreign_text_is_literal(syntax: str) -> None:
    """Text that looks like template code in a title, a name or a rule is unchanged."""
    rendered = render_digest(digest_with(syntax, syntax, rules=(syntax,)))
    for form in (rendered.subject, rendered.text, Tags(rendered.html).text):
        assert syntax in form
    assert "49" not in rendered.subject


@given(st.text(alphabet=st.characters(), min_size=1, max_size=80), st.integers(0, 90), st.integers(0, 90))
def test_any_text_is_sanitized_in_every_format(text: str, start: int, length: int) -> None:
    """Control characters, overrides and lone surrogates are removed, and every format can be encoded."""
    words = replace(
        passage("A text about Ada.", "Ada"), text=text, end=len(text), highlights=((start, start + length),)
    )
    story = DigestStory("s", text, ("hai",), (item(1, text, text, words, note=text, language=text),), copies(text))
    rendered = render_digest(replace(sample(), stories=(story,), officials=(replace(HAI, name=text),), notices=(text,)))
    for form in (rendered.subject, rendered.text, rendered.html, rendered.payload, *rendered.blocks):
        form.encode()
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", form)
    assert json.loads(rendered.payload)["data"]["digest"] == "morning"


def test_matched_names_are_marked_in_every_format() -> None:
    """They are highlighted in HTML, in brackets in text, and given by offsets in the payload."""
    rendered = render_digest(sample())
    assert '<b class="mark">Trần Minh Hải</b>' in rendered.html
    assert "[Trần Minh Hải] cut the ribbon" in rendered.text
    found = json.loads(rendered.payload)["data"]["stories"][0]["items"][0]["passages"][1]
    start, end = found["marks"][0]
    assert found["text"][start - found["start"] : end - found["start"]] == "Trần Minh Hải"


@pytest.mark.parametrize(
    "standfirst", ["Ada Example came to Northport.", "Ada Example came to North…", "Ada Example came"]
)
def test_a_passage_repeated_in_the_article_is_shown_once(standfirst: str) -> None:
    """Feeds often repeat the first paragraph as the standfirst, complete or truncated."""
    body = "NORTHPORT (NPA) – Ada Example came to Northport."
    first = replace(passage(standfirst, "Ada Example"), region=Region.STANDFIRST)
    one = item(1, "Outlet", "A visit", first, passage(body, "Ada Example"), passage("Example left.", "Example"))
    story = DigestStory("s", "A visit", ("hai",), (one,), ())
    rendered = render_digest(replace(sample(), stories=(story,)))
    assert rendered.text.count("> ") == 2
    assert "NORTHPORT (NPA) – [Ada Example] came" in rendered.text
    assert "[Example] left." in rendered.text
    assert "more passage" not in rendered.html


def test_a_long_passage_is_shortened_around_the_name() -> None:
    """The name is in the part that is shown, wherever it is in the passage."""
    text = "word " * 400 + "Ada Example spoke. " + "word " * 400
    story = DigestStory("s", "T", ("hai",), (item(1, "O", "T", passage(text, "Ada Example")),))
    rendered = render_digest(replace(sample(), stories=(story,)))
    assert "…" in rendered.text
    assert "[Ada Example] spoke." in " ".join(rendered.text.split())
    assert len(rendered.text) < 2500


def test_the_plain_text_fits_a_terminal() -> None:
    """No line is wider than 78 columns except for URLs, and every story, duplicate and failing source is included."""
    text = render_digest(sample()).text
    assert all(len(line) <= 78 for line in text.splitlines() if "http" not in line)
    for word in ("Coast Courier", "Radio Delta", "CORRECTION: ", "Lao", "▁", "blocked since", "41 of 43 sources read"):
        assert word in text, word


def test_the_subject_line_has_the_most_important_headline() -> None:
    """It is the headline, or that nothing was found; late digests and corrections are labelled."""
    digest = sample()
    assert render_digest(digest).subject.startswith("Morning, 5 May: Minister Hải opens")
    assert render_digest(digest).subject.endswith("(+3 stories)")
    quiet = replace(digest, stories=(), is_overdue=True)
    warning = "2 sources need attention: Khao Maenam, Radio Delta"
    assert render_digest(quiet).subject == f"[overdue] Morning, 5 May: nothing found, {warning}"
    healthy = replace(quiet, coverage=replace(digest.coverage, problems=()))
    assert render_digest(healthy).subject == "[overdue] Morning, 5 May: nothing found, 41 of 43 sources read"
    alone = replace(digest, stories=digest.stories[1:2])
    assert render_digest(alone).subject == "Correction: Trần Minh Hải: Fishing quota for 2026 to fall by 8 per cent"


def test_a_digest_that_only_takes_reports_back_has_their_headline_as_subject() -> None:
    """Its first sentence states this, too; with a story, the story is the subject."""
    digest = replace(sample(), retracted_titles=("Minister opens bridge", "Minister closes bridge"))
    alone = render_digest(replace(digest, stories=()))
    assert alone.subject == "Taken back: Minister opens bridge (+1 report)"
    assert "2 reports taken back, nothing new." in alone.text
    assert "Nothing found" not in alone.text + alone.html
    assert render_digest(digest).subject == render_digest(sample()).subject


def test_a_digest_that_only_has_a_notice_has_it_as_subject() -> None:
    """Such as a post that may have changed hands: the reader must not take it for an empty digest."""
    notice = "Le Van Moi may now hold the post of Trần Minh Hải: Minister of Rivers"
    alone = render_digest(replace(sample(), stories=(), notices=(notice,)))
    assert alone.subject == f"Morning, 5 May: {notice}"
    assert "No new report, but a notice." in alone.text
    assert "Nothing found" not in alone.text + alone.html


def test_coverage_reports_entries_that_were_held_merged_or_dropped() -> None:
    """They are in the coverage of every form; a digest without any does not mention them."""
    digest = sample()
    counted = replace(digest, coverage=replace(digest.coverage, quarantined_count=4, merged_count=1, dropped_count=20))
    rendered = render_digest(counted)
    for form in (rendered.text, Tags(rendered.html).text):
        assert "612 new articles (4 in quarantine), 1 entry listed twice, 20 entries not stored" in " ".join(
            form.split()
        )
    coverage = json.loads(rendered.payload)["data"]["coverage"]
    assert (coverage["quarantined"], coverage["merged"], coverage["dropped"]) == (4, 1, 20)
    assert "listed twice" not in render_digest(digest).text


def test_quiet_and_late_digests_report_coverage_and_failing_sources() -> None:
    """A digest without stories reports its coverage, the watched officials and that it is late."""
    rendered = render_digest(replace(sample(), stories=(), is_overdue=True))
    for form in (rendered.text, Tags(rendered.html).text):
        for words in (
            "Nothing found",
            "41 of 43 sources read",
            "Khao Maenam",
            "Trần Minh Hải",
            "2 sources need attention",
        ):
            assert words in form
        assert "Suggestion: " not in form, "that is for the operator"
    assert "OVERDUE" in rendered.text
    assert "<b>Overdue.</b>" in rendered.html


def test_charts_need_no_images_and_few_bytes() -> None:
    """They are block characters with the numbers as their label, in less than 300 bytes."""
    rendered = render_digest(sample())
    assert "Articles a day over 14 days, oldest first: 0, 2, 1, 0, 3, 5, 2, 1, 0, 0, 1, 4, 6, 9." in rendered.html
    assert "·▂▁·▃▅▂▁··▁▄▆█ 34 articles in 14 days, 9 today" in rendered.text
    (chart,) = re.findall(r"<span[^>]*>[·▁-█]+</span> 34 articles in 14 days, 9 today", rendered.html)
    assert len(chart.encode()) < 300


@pytest.mark.parametrize(
    ("counts", "line"),
    [
        ((0,) * 13 + (4,), "4 articles today"),
        ((0,) * 12 + (1, 4), "5 articles since yesterday"),
        ((0,) * 12 + (1, 0), "1 article since yesterday"),
        ((0,) * 11 + (1, 0, 4), "▂·█ 5 articles in 14 days, 4 today"),
    ],
)
def test_a_chart_is_drawn_after_three_days(counts: tuple[int, ...], line: str) -> None:
    """Before, there is only the number of articles."""
    rendered = render_digest(replace(sample(), officials=(replace(HAI, daily_mentions=counts),)))
    assert f"{line}\n" in rendered.text
    assert ('role="img"' in rendered.html) == ("▂" in line)


def many_stories(number: int, passages: int = 1) -> Digest:
    """Return a digest of equally important stories with several passages each."""
    story = sample().stories[0]
    texts = [passage(f"Hải spoke of matter {n} of the day.", "Hải") for n in range(passages)]
    stories = tuple(
        replace(story, id=f"s{n}", items=(replace(story.items[0], title=f"Title {n:03}", passages=tuple(texts)),))
        for n in range(number)
    )
    return replace(sample(), stories=stories)


def test_the_head_links_to_the_five_most_important_stories_and_to_everybody() -> None:
    """Headlines have their outlets counted, people their stories; every link leads to a place in the digest."""
    digest = replace(many_stories(7), top_story_ids=("s6", "s0"))
    for page in (render_digest(digest).html, render_page(digest)):
        glance = page.partition("At a glance")[2].partition('<h2 class="name"')[0]
        assert re.findall(r'<a href="#(\w+)">(Title \d+)</a> <span[^>]*>(\d\soutlets)', glance) == [
            ("s6", "Title 006", "6\u00a0outlets"),
            ("s0", "Title 000", "6\u00a0outlets"),
        ]
        assert re.findall(r'">([^<]+)</a>&nbsp;(\d)', glance) == [("Trần Minh Hải", "7"), ("Somphone Vongdara", "7")]
        assert {*re.findall(r'href="#([^"]+)"', page)} <= {*re.findall(r'<a name="([^"]+)"', page)}
    text = render_digest(digest).text
    assert "At a glance\n-----------\n* Title 006 (6 outlets)\n* Title 000 (6 outlets)\n\nTrần Minh Hải 7, " in text
    assert "At a glance" not in render_digest(many_stories(2)).html, "two stories are seen at once"


def test_a_story_with_several_people_stands_once_and_is_referred_to() -> None:
    """It is in the section of the first; the others have a reference, in a section of their own or at the end."""
    rendered = render_digest(sample())
    assert rendered.html.count('name="harbour"') == 1
    own = rendered.html.partition("Somphone Vongdara</h2>")[2]
    assert '>Also in: <a href="#harbour">Minister Hải opens deep-water harbour' in own
    assert "Also in:\n- Minister Hải opens deep-water harbour" in rendered.text
    assert "Named in these stories, too" not in render_digest(replace(sample(), stories=sample().stories[:1])).text
    alone = render_digest(replace(sample(), stories=sample().stories[:2]))
    assert "Somphone Vongdara</h2>" not in alone.html
    assert '</a>Somphone Vongdara</b>: <a href="#harbour">Minister Hải opens' in alone.html
    assert "Somphone Vongdara: Minister Hải opens" in alone.text


def test_headlines_are_links_that_look_like_links() -> None:
    """Lead stories and further reports are underlined, whatever their place."""
    page = render_digest(sample()).html
    assert "a{color:#0a5a8c;text-decoration:underline" in page
    for number in range(1, 6):
        assert re.search(rf'<a [^>]*href="https://news.example/2026/05/{number}">', page)
    assert not re.search(r"<a [^>]*text-decoration:none", page)


def test_only_the_first_stories_of_an_email_show_several_passages() -> None:
    """The other stories show one, and link to the others: on the web page, or else in the article."""
    digest = many_stories(5, passages=4)
    rendered, page = render_digest(digest), render_page(digest)
    assert [rendered.html.count(f"</b> spoke of matter {n}") for n in range(4)] == [5, 3, 3, 0]
    assert [page.count(f"</b> spoke of matter {n}") for n in range(4)] == [5, 5, 5, 5]
    assert rendered.html.count('">1 more passage</a>') == 3
    assert rendered.html.count('<a href="https://news.example/2026/05/1">3 more passages</a>') == 2
    assert page.count("<details") == 5
    online = render_digest(digest, web_url="https://desk.example/")
    assert '<a href="https://desk.example/story/s4">3 more passages</a>' in online.html
    assert "  open on the desk: https://desk.example/story/s4\n" in online.text
    assert online.html.count('">open on the desk</a>') == 4, "s0 is not the id of a story"
    assert "open on the desk" not in rendered.html


def test_a_change_is_shown_before_and_after_on_two_lines() -> None:
    """The old text is struck, the new one marked; in plain text they have a minus and a plus."""
    rendered = render_digest(sample())
    assert (
        "  Text changed:\n"
        "  - The quota falls by 18 per cent, Mr Hải said on Sunday night.\n"
        "  + The quota falls by 8 per cent, Mr Hải said on Sunday night.\n"
    ) in rendered.text
    assert re.search(
        r"Text changed:<br><s [^>]+>The quota falls by 18 [^<]+</s><br><span [^>]+>The quota falls by 8", rendered.html
    )
    assert "the sentence around a mention" not in rendered.html + rendered.text + rendered.blocks[2]
    assert "- The quota falls by 18 per cent" in rendered.blocks[2]
    changes = json.loads(rendered.payload)["data"]["stories"][1]["items"][0]["changes"]
    assert changes[0]["place"] == "passage"
    assert changes[0]["before"].startswith("The quota falls by 18")


def test_a_withdrawal_is_called_one() -> None:
    """A page that is gone has its reason; there is no text before and after."""
    _, changed, *_ = sample().stories
    gone = replace(changed.items[0], kind=HitKind.WITHDRAWN, note="the page is no longer there", changes=())
    rendered = render_digest(replace(sample(), stories=(replace(changed, items=(gone,)),)))
    assert rendered.subject.startswith("Withdrawn: Trần Minh Hải: Fishing")
    said = replace(gone, title="WITHDRAWN: Fishing quota to fall")
    again = render_digest(replace(sample(), stories=(replace(changed, items=(said,)),)))
    for form in (again.subject, again.text, *again.blocks):
        assert "WITHDRAWN: W" not in form.upper()
    assert "* WITHDRAWN: Fishing quota" in rendered.text
    assert "  The page is no longer there\n" in rendered.text
    assert ">Withdrawn</span>" in rendered.html


def test_each_style_occurs_once() -> None:
    """Styles are rules of classes, so that many stories fit into the length at which mail programs cut a message."""
    many = many_stories(40)
    for form in (render_page(many), render_digest(many).html):
        assert form.count("border-left:3px") == 1
        assert {*re.findall(r'class="([\w-]+)"', form)} >= {"headline", "source", "quote", "mark"}
        styled = {*re.findall(r"^\.([\w-]+)\{", form, re.MULTILINE)}
        assert {*re.findall(r'<(?:p|h\d|span|b|s|blockquote) class="([\w-]+)"', form)} <= styled


def test_a_mail_is_readable_without_its_style_element() -> None:
    """Some mail programs drop the element: names are bold, passages are quotations, and headlines are headings."""
    page = re.sub(r"<style>.*?</style>", "", render_digest(sample()).html, flags=re.DOTALL)
    assert '<b class="mark">Trần Minh Hải</b>' in page
    assert re.search(r"<h3 [^>]*><a [^>]*>Minister", page)
    assert re.search(r"<blockquote [^>]*>[^<]*<b", page)


def test_a_time_of_another_year_has_its_year() -> None:
    """A date without a year is one of this year, in the digest's time zone."""
    first, *_ = sample().stories
    items = [
        replace(one, published_at=at)
        for one, at in zip(
            first.items,
            (SEVEN.replace(year=2024), SEVEN.replace(year=2026, month=1, day=1) - timedelta(hours=8)),
            strict=True,
        )
    ]
    text = render_digest(replace(sample(), stories=(replace(first, items=tuple(items)),))).text
    assert "Coast Courier, Sun 5 May 2024, 07:00" in text
    assert "Báo Biển Đông, Wed 31 Dec 2025, 23:00" in text
    assert "Mon 4 May, 07:00 – Tue 5 May, 07:00" in text


def test_right_to_left_text_is_aligned_to_the_right() -> None:
    """Headline and passage in Arabic have their direction and their mark on the right, others need no attribute."""
    words = passage("قال الوزير آدا إن الميناء مفتوح.", "آدا")
    arabic = DigestStory("s1", "x", ("hai",), (item(1, "الأهرام", "الوزير يفتتح الميناء", words, language="ar"),))
    page = render_digest(replace(sample(), stories=(arabic, sample().stories[1]))).html
    assert re.search(r'<h3 [^>]+ dir="rtl" lang="ar" align="right"', page)
    assert re.search(r'<blockquote class="quote-rtl" dir="rtl" lang="ar">', page)
    assert re.search(r'<blockquote class="quote">', page)
    assert re.search(r'<b dir="rtl">الأهرام</b>', page)


def test_short_digests_are_threaded_by_story() -> None:
    """A correction refers to the thread of the first report; a digest of many stories has no thread."""
    first, second = sample(), replace(sample(), window=Window(SEVEN, SEVEN + timedelta(days=1)))
    assert (
        render_digest(replace(first, stories=first.stories[:1])).references
        == render_digest(replace(second, stories=second.stories[:1])).references
    )
    many = tuple(replace(first.stories[0], id=str(number)) for number in range(6))
    assert render_digest(replace(first, stories=many)).references == ()


def test_an_email_stays_below_the_size_limit_of_mail_programs() -> None:
    """Of 200 stories the first are in full, then one line each, below 102 KB; the text part has all of them."""
    story = sample().stories[0]
    many = tuple(
        replace(story, id=str(number), items=(replace(story.items[0], title=f"Title {number:03}", article_id=number),))
        for number in range(200)
    )
    digest = replace(sample(), stories=many)
    rendered = render_digest(digest)
    assert len(rendered.html.encode()) < 102_000
    assert "41 of 43" in rendered.html.split("</h1>")[1][:600]
    assert all(f"Title {number:03}" in rendered.text for number in range(200))
    page = render_page(digest)
    assert all(f"Title {number:03}" in page for number in range(200))
    missing = sum(f"Title {number:03}" not in rendered.html for number in range(200))
    assert (f"{missing} more stories are in this message" in rendered.html) == bool(missing)
    assert "plain text part" not in page
    targets = {*re.findall(r'<a name="([^"]+)"', rendered.html)}
    assert {*re.findall(r'href="#([^"]+)"', rendered.html)} <= targets, "no link leads to an omitted story"


@pytest.mark.parametrize(
    ("partial", "label"), [("feed", "feed text only"), ("paywall", "beginning only, before a paywall"), ("", "")]
)
def test_partial_articles_are_marked(partial: str, label: str) -> None:
    """Every format marks them, so that a summary is not mistaken for the article."""
    digest = digest_with("Bridge opened")
    (story,) = digest.stories
    articles = [replace(one, partial_reason=partial, outlet="Outlet") for one in story.items]
    lead, report = articles[0], replace(articles[0], article_id=2, outlet="Report")
    rendered = render_digest(replace(digest, stories=(replace(story, items=(lead, report)),)))
    assert rendered.text.count(f", {label}" if label else ", feed text only") == (2 if label else 0)
    assert rendered.html.count(f" · {label}" if label else "feed text only") == (2 if label else 0)
    (first, _second) = json.loads(rendered.payload)["data"]["stories"][0]["items"]
    assert first["partial"] == partial


def test_the_payload_matches_its_published_schema() -> None:
    """docs/digest.schema.json is generated from the types, and any digest is valid against it."""
    adapter = TypeAdapter(Payload)
    schema = adapter.json_schema()
    published = json.loads((DOCS / "digest.schema.json").read_text())
    assert {name: (set(one["properties"]), set(one["required"])) for name, one in published["$defs"].items()} == {
        name: (set(one["properties"]), set(one["required"])) for name, one in schema["$defs"].items()
    }
    payload = json.loads(render_digest(sample()).payload)
    jsonschema.validate(payload, published)
    adapter.validate_python(payload, strict=True)
    assert {"type", "timestamp", "data"} == payload.keys()
    assert {"digest", "window", "late", "stories", "coverage"} <= payload["data"].keys()
    first = payload["data"]["stories"][0]
    assert {"id", "title", "officials", "items", "also_in"} == first.keys()
    assert first["items"][0]["kind"] == "new"
    assert first["items"][0]["published"] == "2026-05-04T21:00:00Z"


def test_templates_can_be_overridden_and_are_sandboxed(tmp_path: Path) -> None:
    """A folder replaces single templates; Python internals are not accessible."""
    (tmp_path / "digest.txt").write_text("Only {{ view.story_count }} stories, {{ view.sections[0].name }}\n")
    rendered = render_digest(sample(), str(tmp_path))
    assert rendered.text == "Only 4 stories, Trần Minh Hải\n"
    assert "<h1" in rendered.html
    (tmp_path / "digest.txt").write_text("{{ ''.__class__.__mro__[1].__subclasses__() }}")
    rendered = render_digest(sample(), str(tmp_path))
    assert "subclasses" not in rendered.text.split("Coverage")[1]
    assert "Trần Minh Hải" in rendered.text


@pytest.mark.parametrize("template", ["{{ view.nothing }}", "{% if %}", "{{ 1/0 }}", "{% include '../../secret' %}"])
def test_a_faulty_override_falls_back_to_the_built_in_template(tmp_path: Path, template: str) -> None:
    """The problem names the failed template, for the operator; readers do not see it."""
    (tmp_path / "digest.html").write_text(template)
    rendered = render_digest(sample(), str(tmp_path))
    assert "Trần Minh Hải" in rendered.html
    assert "digest.html" not in rendered.html + rendered.text
    (problem,) = rendered.template_problems
    assert "digest.html" in problem
    assert "built-in one was used" in problem


def test_the_atom_feed_has_one_entry_per_story() -> None:
    """It is valid XML with stable ids and the same HTML as the email."""
    older = replace(sample(), window=Window(SEVEN - timedelta(days=2), SEVEN - timedelta(days=1)))
    feed = ET.fromstring(render_atom([sample(), older], "morning", "Morning", "https://monitor.example/morning.atom"))
    space = "{http://www.w3.org/2005/Atom}"
    entries = feed.findall(f"{space}entry")
    assert len(entries) == 8
    assert len({entry.findtext(f"{space}id") for entry in entries}) == 8
    assert entries[1].findtext(f"{space}title") == "Correction: Fishing quota for 2026 to fall by 8 per cent"
    assert "Trần Minh Hải</b> cut the ribbon" in (entries[0].findtext(f"{space}content") or "")


def test_the_cost_of_a_digest_is_linear_in_its_stories() -> None:
    """Measured in steps from hits to every format: ten times the stories take ten times as many."""
    plan = replace(ONCE, max_articles=500)

    def cost(stories: int) -> int:
        hits = [hit(one, title=f"Ada Example opens harbour {one}", region=Region.TITLE) for one in range(stories)]
        return steps(
            lambda: render_digest(
                compose_digest(plan, Window(SEVEN, SEVEN), hits, Coverage(), OFFICIALS, {}, SEVEN, is_overdue=False)
            )
        )

    cost(1)
    few, many = cost(50), cost(500)
    assert many < 12 * few
    assert many < 500 * 4_000, "no more than before: a second on a slow machine"


def test_chat_paragraphs_have_one_story_each() -> None:
    """Head, stories and failing sources are separate paragraphs."""
    head, *stories, failing_sources = render_digest(sample()).blocks
    assert head.startswith("Morning, Mon 4 May, 07:00")
    assert [block.splitlines()[0][:24] for block in stories][1] == "Trần Minh Hải: CORRECTIO"
    assert all(block.count("https://") == 1 for block in stories)
    assert "Khao Maenam: blocked, " in failing_sources
    assert "Suggestion: " not in failing_sources, "that is for the operator"


def test_a_duplicate_with_another_headline_shows_it() -> None:
    """A reader sees what other outlets made of the text; outlets are counted, not articles."""
    window = Window(NOW - timedelta(hours=24), NOW)
    hits = [
        hit(1, title="Minister opens the harbour", outlet="Bay Times"),
        hit(2, title="Harbour reopens at last", outlet="Port Daily", duplicate_of=1),
        hit(3, title="Minister opens the harbour", outlet="Port Daily", duplicate_of=1),
    ]
    rendered = render_digest(compose_digest(ONCE, window, hits, Coverage(), OFFICIALS, {}, NOW, False))
    assert "The same text in 1 outlet:" in rendered.text
    assert "= Port Daily: Harbour reopens at last  https://news.example/2" in rendered.text
    assert "= Port Daily  https://news.example/3" in rendered.text
    assert "Port Daily: Harbour reopens at last</a>" in rendered.html
