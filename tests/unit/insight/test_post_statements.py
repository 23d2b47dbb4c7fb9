"""Statements about posts in an article: what the labelled passages of tests/quality do not cover."""

from datetime import UTC, date, datetime

import pytest

from monitor.domain.article import Article, Region
from monitor.domain.mention import MatchForm, Mention
from monitor.domain.succession import StatementKind
from monitor.domain.watchlist import Official, Role, Watchlist
from monitor.insight.post_statements import StatementFinder
from monitor.match.engine import compile_watchlist

GIANG = Official("giang", "Phan Văn Giang", "Vietnam", roles=(Role("Minister of National Defence", date(2021, 4, 8)),))
MATCHER, FINDER = compile_watchlist(Watchlist((GIANG,))), StatementFinder([GIANG])


def find(body: str, *, language: str = "en", home: str = "", finder: StatementFinder = FINDER) -> list[tuple[str, str]]:
    """Return the kind and person of each statement in a text."""
    article = Article(
        "https://a.example/1", "", body=body, language=language, published_at=datetime(2026, 11, 30, tzinfo=UTC)
    )
    found = finder.find(article, MATCHER.match(article).mentions, date(2026, 11, 30), home)
    return [(str(one.kind), one.person) for one in found]


def test_the_offsets_are_those_of_the_evidence() -> None:
    """From the name to the post, in the text of the region."""
    body = "News. On Monday Le Van Moi became Vietnam's defence minister."
    article = Article("https://a.example/1", "", body=body, language="en")
    (one,) = FINDER.find(article, (), date(2026, 11, 30))
    assert (one.kind, body[one.start : one.end]) == (
        StatementKind.HOLDER,
        "Le Van Moi became Vietnam's defence minister",
    )


def test_a_post_without_a_country_is_one_of_the_country_of_the_source() -> None:
    """The language alone does not show it."""
    body = "Le Van Moi was appointed defence minister."
    assert find(body) == []
    assert find(body, home="Viet Nam") == [("holder", "Le Van Moi")]
    assert find(body, home="Laos") == []


SIKORSKI = Official("sikorski", "Radosław Sikorski", "Poland", roles=(Role("Foreign Minister", date(2023, 12, 13)),))
PL_MATCHER, PL_FINDER = compile_watchlist(Watchlist((SIKORSKI,))), StatementFinder([SIKORSKI])


def find_in_polish(body: str) -> list[str]:
    """Return the persons of the statements about a Polish minister in a text."""
    article = Article("https://a.example/1", "", body=body, language="pl")
    return [one.person for one in PL_FINDER.find(article, PL_MATCHER.match(article).mentions, date(2026, 11, 30))]


@pytest.mark.parametrize(
    ("body", "persons"),
    [
        ("Radosława Sikorskiego zastąpił Jan Nowak.", ["Jan Nowak"]),
        ("Radosław Sikorski zastąpił Jana Nowaka.", []),
        ("Jan Nowak zastąpił Radosława Sikorskiego.", ["Jan Nowak"]),
        ("Wiceminister Jan Nowak zastąpił Radosława Sikorskiego na szczycie.", []),
        ("Wiceminister Jan Nowak zastąpił Radosława Sikorskiego jako minister spraw zagranicznych.", ["Jan Nowak"]),
        ("Rzecznik potwierdził, że Jan Nowak zastąpił Radosława Sikorskiego.", ["Jan Nowak"]),
        ("Rzecznik zaprzeczył, że Jan Nowak zastąpił Radosława Sikorskiego.", []),
        ("Rzecznik zaprzeczył plotkom. Jan Nowak zastąpił Radosława Sikorskiego.", ["Jan Nowak"]),
    ],
)
def test_the_case_of_a_name_shows_who_replaces_whom(body: str, persons: list[str]) -> None:
    """A deputy replaces a minister also at a meeting, and a denied replacement is none."""
    assert find_in_polish(body) == persons


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("Jan Nowak został mianowany ministrem spraw zagranicznych.", 1),
        ("Hiszpania: Carlos Ruiz został mianowany ministrem spraw zagranicznych.", 0),
        ("Polska: Jan Nowak został mianowany ministrem spraw zagranicznych.", 1),
    ],
)
def test_names_of_countries_are_read_in_the_language_of_the_text(body: str, count: int) -> None:
    """Also in languages with Latin letters other than English."""
    assert len(find_in_polish(body)) == count


@pytest.mark.parametrize(
    ("titles", "is_stated"),
    [
        (("Minister of Defence", "Minister of National Defence"), True),
        (("Minister of Defence", "Deputy Prime Minister"), False),
    ],
)
def test_a_post_with_two_names_is_one_post(titles: tuple[str, ...], is_stated: bool) -> None:
    """Which post the official leaves is certain without its name."""
    roles = tuple(Role(title, date(2021, 4, 8)) for title in titles)
    officials = (Official("giang", "Phan Văn Giang", "Vietnam", roles=roles),)
    finder = StatementFinder(officials)
    assert bool(find("Phan Van Giang resigned.", finder=finder)) is is_stated
    assert bool(find("Phan Van Giang was replaced by Le Van Moi.", finder=finder)) is is_stated


@pytest.mark.parametrize(
    ("body", "language", "count"),
    [
        ("Ông Lê Văn Mới thay ông Phan Văn Giang.", "vi", 1),
        ("Ông Lê Văn Mới thấy ông Phan Văn Giang.", "vi", 0),
        ("Ong Le Van Moi thay ong Phan Van Giang.", "vi", 1),
        ("Le Van Moi wurde zum Verteidigungsminister Vietnams ernannt.", "de", 1),
        ("Le Van Moi würde zum Verteidigungsminister Vietnams ernannt.", "de", 0),
        ("Le Van Moi wurde am Montag in Hanoi von Phan Van Giang zum Verteidigungsminister Vietnams ernannt.", "de", 1),
    ],
)
def test_diacritics_tell_words_apart(body: str, language: str, count: int) -> None:
    """Vietnamese also without any, and German always with them. A place before a German verb gets no post."""
    found = find(body, language=language)
    assert len(found) == count
    assert all(person in {"Le Van Moi", "Lê Văn Mới"} for _, person in found)


@pytest.mark.parametrize("place", ["", " in the Senate", " at Government House", " on Friday"])
def test_the_place_of_a_ceremony_is_no_part_of_the_post(place: str) -> None:
    """A parliament is a place, unless it is all that a title names."""
    assert find(f"Le Van Moi was sworn in as Vietnam's Minister for National Defence{place}.") == [
        ("holder", "Le Van Moi")
    ]


def test_a_title_next_to_another_name_is_weak_evidence() -> None:
    """A slip, or a text about earlier years."""
    wrong = "Vietnam's Defence Minister Le Van Moi spoke."
    assert find(wrong) == [("holder", "Le Van Moi")]
    assert find(f"{wrong} Vietnam's Defence Minister Phan Van Giang listened.") == []


@pytest.mark.parametrize(("year", "is_stated"), [("2016", False), ("٢٠١٦", False), ("⁶¹⁰²", True), ("❶❷❸❹", True)])
def test_a_past_year_is_a_number_in_any_digits(year: str, is_stated: bool) -> None:
    """Superscripts and other characters for which only `str.isdigit` is true are a word."""
    assert bool(find(f"In {year} Le Van Moi became Vietnam's defence minister.")) is is_stated


@pytest.mark.parametrize(
    "roles", [(), (Role("Minister of National Defence", None, date(2020, 1, 1)),), (Role("Adviser", date(2020, 1, 1)),)]
)
def test_only_posts_that_are_held_are_compared(roles: tuple[Role, ...]) -> None:
    """A post that has ended, and another post than the one in the text, cannot change hands."""
    finder = StatementFinder([Official("giang", "Phan Văn Giang", "Vietnam", roles=roles)])
    assert find("Le Van Moi was appointed Vietnam's defence minister.", finder=finder) == []


def test_a_role_without_dates_is_held() -> None:
    """Most users list the present posts of a person without a date."""
    roles = (Role("Minister of National Defence"),)
    finder = StatementFinder([Official("giang", "Phan Văn Giang", "Vietnam", roles=roles)])
    text = "Le Van Moi was appointed Vietnam's defence minister."
    assert find(text, finder=finder) == [("holder", "Le Van Moi")]
    assert find("Vietnam's Defence Minister Le Van Moi spoke.", finder=finder) == [], "the role may be long over"


def test_a_title_is_no_evidence_against_other_holders() -> None:
    """A country has several deputies, and a watched person may hold the same post in another country."""
    since = date(2021, 4, 5)
    finder = StatementFinder(
        [
            Official("deputy", "Võ Minh Lương", "Vietnam", roles=(Role("Deputy Minister of National Defence", since),)),
            Official("pm-vn", "Phạm Minh Chính", "Vietnam", roles=(Role("Prime Minister", since),)),
            Official("pm-la", "Sonexay Siphandone", "Laos", roles=(Role("Prime Minister", since),)),
        ]
    )
    assert find("Hoang Xuan Chien, Deputy Minister of National Defence of Vietnam, listened.", finder=finder) == []
    text = "Prime Minister Pham Minh Chinh arrived."
    mention = Mention("pm-vn", "Pham Minh Chinh", Region.BODY, 15, 30, MatchForm.FULL, 0.97, "full name")
    article = Article("https://a.example/1", "", body=text, language="en")
    assert finder.find(article, (), date(2026, 11, 30), "Laos") != ()
    assert finder.find(article, (mention,), date(2026, 11, 30), "Laos") == ()


def test_an_article_about_other_things_is_not_read() -> None:
    """Only one that names an official or prints words of a post can have a statement."""
    assert FINDER.may_concern(Article("https://a", "", body="A new defence minister."), ())
    assert not FINDER.may_concern(Article("https://a", "", body="Rain is expected on Thursday."), ())
    assert not StatementFinder([]).may_concern(Article("https://a", "", body="A new defence minister."), ())


@pytest.mark.parametrize("language", ["", "xx", "fi", "zh-Hant", "en"])
def test_odd_texts_do_no_harm(language: str) -> None:
    """Empty, without words, without sentences, and in unknown languages."""
    for body in ("", "\n\n", "...", "’s ’s", "部" * 3000, "Minister " * 400, "appointed " * 400, "A. B. C. " * 300):
        assert find(body, language=language) == []
