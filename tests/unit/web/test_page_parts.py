"""Parts of the pages of the desk that need no server: groups of hits, marks in a text, times, and templates."""

import re
from collections.abc import Sequence
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from support.rows import NOW, draft

from monitor.domain.article import Region, StoredArticle
from monitor.domain.desk_models import ArticleLine, HitLine, MentionPlace
from monitor.domain.mention import Findings, HitKind, MatchForm, Mention, NearMiss, Passage
from monitor.domain.readers import MAX_LOGIN_DELAY, login_delay
from monitor.domain.values import replace
from monitor.web.pages.articles import mark_regions, number_findings
from monitor.web.pages.today import choose_passages, group_hits, merge_hits
from monitor.web.templating import create_environment, describe_browser, format_duration, format_moment


def line(number: int, story: str = "", duplicate_of: int | None = None, source: str = "times") -> ArticleLine:
    return ArticleLine(number, f"Title {number}", "", source, source.title(), "en", None, NOW, story, duplicate_of)


def hit(number: int, article: ArticleLine, *officials: str, kind: HitKind = HitKind.NEW) -> HitLine:
    return HitLine(number, "rule", officials or ("somebody",), kind, NOW, "", article)


def test_hits_of_one_story_are_one_entry() -> None:
    """The leading article duplicates no other, and its first official is the heading."""
    hits = [
        hit(4, line(4, "s1", duplicate_of=2), "b"),
        hit(3, line(3)),
        hit(2, line(2, "s1", source="post"), "a", "b"),
    ]
    stories = group_hits(hits)
    assert [(story.key, story.lead.id, story.official_ids) for story in stories] == [
        ("s1", 2, ("a", "b")),
        ("a3", 3, ("somebody",)),
    ]
    assert stories[0].outlets == ("Post", "Times")


def test_the_article_that_names_an_official_leads_a_story() -> None:
    """Also if a newer one of the story has only the words of a query."""
    of_query = replace(hit(2, line(2, "s1")), official_ids=())
    (story,) = group_hits([of_query, hit(1, line(1, "s1"), "a")])
    assert (story.lead.id, story.lead_officials, story.newest_at) == (1, ("a",), of_query.found_at)


SENTENCE = "Some Body crossed the river."
BY_NAME = Passage(SENTENCE, Region.BODY, 40, 68, ((40, 49),))
BY_QUERY = Passage(SENTENCE, Region.BODY, 40, 68, ((62, 67),))
OTHER = Passage("Other One spoke.", Region.BODY, 0, 16, ((0, 9),))
HEADLINE = Passage("Some Body at the river", Region.TITLE, 0, 22, ((17, 22),))


def marked(passages: Sequence[Passage], *named_at: MentionPlace, limit: int = 2) -> list[list[str]]:
    """Return the marked words of each chosen passage."""
    return [
        [text for text, is_marked in passage.pieces if is_marked]
        for passage in choose_passages(passages, "en", limit, named_at)
    ]


@pytest.mark.parametrize("is_query_newer", [True, False])
def test_a_passage_of_several_rules_has_the_marks_of_all(is_query_newer: bool) -> None:
    """Whichever rule was checked last; the sentence with a person is before sentences with other words."""
    of_person, of_query = hit(1, line(1), "somebody"), replace(hit(2, line(1)), official_ids=())
    hits = [of_query, of_person] if is_query_newer else [of_person, of_query]
    passages = merge_hits(hits, {1: (BY_NAME,), 2: (replace(OTHER, highlights=()), BY_QUERY)})
    assert marked(passages) == [["Some Body", "river"], []]


def test_the_passage_that_names_the_person_is_first_and_has_the_name_marked() -> None:
    """Also if the person is named later than others, or in the headline alone."""
    place = MentionPlace(Region.BODY, 40, 49)
    assert marked([OTHER, BY_QUERY], place) == [["Some Body", "river"], ["Other One"]]
    assert marked([OTHER, BY_QUERY], place, limit=1) == [["Some Body", "river"]]
    assert marked([HEADLINE, OTHER], MentionPlace(Region.TITLE, 0, 9)) == [["Some Body", "river"], ["Other One"]]
    assert marked([HEADLINE, OTHER], place) == [["Other One"]]
    assert marked([HEADLINE]) == [["river"]]


def test_a_correction_is_marked() -> None:
    (story,) = group_hits([hit(2, line(1, "s1"), kind=HitKind.CORRECTION), hit(1, line(1, "s1"))])
    assert (story.badge, story.changed) == ("Correction", ())


def test_a_withdrawn_article_does_not_mark_another_one() -> None:
    """The headline of the story is of another article; the withdrawn one is named with its own."""
    withdrawn, new = hit(1, line(1, "s1"), "b", kind=HitKind.WITHDRAWN), hit(2, line(2, "s1"), "a")
    (story,) = group_hits([new, withdrawn])
    assert (story.lead.id, story.badge) == (2, "")
    assert [(one.badge, one.article.id) for one in story.changed] == [("Withdrawn", 1)]


def test_marks_are_at_their_places_in_the_text() -> None:
    """Offsets count in the text as it is stored; what overlaps is marked once."""
    article = draft("x", body="A B\nC D").article
    findings = Findings(
        mentions=(Mention("o", "C", Region.BODY, 4, 5, MatchForm.FULL, 1.0, "full name"),),
        near_misses=(NearMiss("o", "C D", Region.BODY, 4, 7, "other"), NearMiss("o", "B", Region.BODY, 2, 3, "x")),
    )
    footnotes, numbers = number_findings(findings)
    stored = StoredArticle(1, "times", replace(article, title=""), NOW)
    ((body,), is_cut_off) = mark_regions(stored, findings, numbers)
    assert [[(piece.text, piece.kind) for piece in paragraph] for paragraph in body.paragraphs] == [
        [("A ", ""), ("B", "miss")],
        [("C", "mention"), (" D", "")],
    ]
    assert not is_cut_off
    assert [note.number for note in footnotes] == [1, 2, 3]


@pytest.mark.parametrize(("days", "text"), [(0, "Sun 1 Mar, 19:00"), (-400, "Sat 25 Jan 2025, 19:00")])
def test_times_name_the_year_only_if_it_is_another_one(days: int, text: str) -> None:
    assert format_moment(NOW + timedelta(days=days), ZoneInfo("Asia/Vientiane"), NOW) == text


def test_durations_have_one_unit() -> None:
    assert [format_duration(seconds) for seconds in (5, 119, 120, 7200, 200_000)] == [
        "5 s",
        "119 s",
        "2 min",
        "2 h",
        "2 d",
    ]


def test_templates_have_no_inline_scripts_and_no_unescaped_values() -> None:
    """The policy of every page forbids them, so that a template cannot bring them back."""
    environment = create_environment()
    for name in environment.list_templates():
        loader = environment.loader
        assert loader is not None
        text = loader.get_source(environment, name)[0]
        assert not re.search(r"\|\s*safe|<style|\sstyle=|\son[a-z]+=|javascript:|autoescape", text), name
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", text)), name


def test_delays_double_up_to_a_limit() -> None:
    delays = [login_delay(failures).total_seconds() for failures in range(4, 30)]
    assert delays[:4] == [0, 16, 32, 64]
    assert max(delays) == MAX_LOGIN_DELAY.total_seconds()


@pytest.mark.parametrize(
    ("agent", "shown"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/150.0 Safari/537.36", "Chrome, Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:150.0) Gecko/20100101 Firefox/150.0", "Firefox, Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari, iPhone"),
        ("curl/8.1", "curl/8.1"),
        ("", ""),
    ],
)
def test_a_session_is_named_by_browser_and_system(agent: str, shown: str) -> None:
    assert describe_browser(agent) == shown
