"""Successions: which statements of outlets make one, the role that would be right, and the text of the notice."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
import yaml

from monitor.domain.succession import Announcement, ReportedStatement, StatementKind
from monitor.domain.watchlist import Official, Role
from monitor.insight.person_names import is_same_name
from monitor.insight.succession import (
    MAX_NOTICE_CHARS,
    count_outlets,
    find_successions,
    format_role,
    format_succession,
    is_announced,
)

POST = "Minister of National Defence"
GIANG = Official("giang", "Phan Văn Giang", "Vietnam", roles=(Role(POST, date(2021, 4, 8)),))
SEEN_AT = datetime(2026, 11, 30, 8, tzinfo=UTC)
TODAY = date(2026, 11, 30)


def statement(outlet: str, person: str = "Le Van Moi", **fields: Any) -> ReportedStatement:
    """Return a statement of an outlet; each has an article of its own."""
    number = ord(outlet[0])
    values: dict[str, Any] = {
        "official_id": "giang",
        "kind": StatementKind.HOLDER if person else StatementKind.LEFT,
        "person": person,
        "post": POST,
        "is_direct": True,
        "passage": f"{outlet}: {person or 'He'} has news.",
        "seen_at": SEEN_AT,
        "article_id": number,
        "original_id": number,
        "source_id": outlet,
        "outlet": outlet.title(),
        "title": "News",
        "url": f"https://{outlet}.example/1",
    }
    return ReportedStatement(**values | fields)


def test_two_outlets_make_a_succession() -> None:
    """One does not; the line of the role ends on the day of the first article."""
    assert find_successions([statement("alpha")], [GIANG], TODAY) == []
    (found,) = find_successions([statement("alpha"), statement("beta", "Lê Văn Mới")], [GIANG], TODAY)
    assert (found.kind, found.person, found.outlets) == (StatementKind.HOLDER, "Lê Văn Mới", ("Alpha", "Beta"))
    assert found.yaml_line == "- {title: Minister of National Defence, from: 2021-04-08, until: 2026-11-30}"


def test_outlets_with_the_same_text_count_as_one() -> None:
    """Whatever the number of outlets that print it; another text makes two."""
    copied = [statement("alpha"), statement("beta", original_id=1), statement("gamma", original_id=1)]
    copied[0] = statement("alpha", article_id=1, original_id=1)
    assert count_outlets(copied) == 1
    assert find_successions(copied, [GIANG], TODAY) == []
    assert count_outlets([*copied, statement("delta")]) == 2


def test_outlets_must_name_the_same_person() -> None:
    """Names in another script support it if both texts say that the post changes hands."""
    assert find_successions([statement("alpha"), statement("beta", "Tran Van Hung")], [GIANG], TODAY) == []
    (found,) = find_successions([statement("alpha", "黎文梅"), statement("beta")], [GIANG], TODAY)
    assert found.person == "Le Van Moi"
    only_printed = [statement("alpha", "黎文梅", is_direct=False), statement("beta")]
    assert find_successions(only_printed, [GIANG], TODAY) == []


def test_a_departure_is_supported_by_a_successor() -> None:
    """One outlet says that the official left, another that somebody follows."""
    (found,) = find_successions([statement("alpha", ""), statement("beta")], [GIANG], TODAY)
    assert (found.kind, found.person) == (StatementKind.LEFT, "")


def test_a_new_post_has_a_role_to_add() -> None:
    """The role begins on the day of the first article."""
    new = {"kind": StatementKind.NEW_POST, "post": "president"}
    (found,) = find_successions([statement("alpha", "", **new), statement("beta", "", **new)], [GIANG], TODAY)
    assert found.yaml_line == "- {title: president, from: 2026-11-30}"
    assert "may now hold another post: president." in format_succession(found)


def test_a_role_that_ends_in_the_file_is_settled() -> None:
    """After the edit that the notice asks for, it is gone."""
    edited = Official("giang", GIANG.name, "Vietnam", roles=(Role(POST, date(2021, 4, 8), date(2026, 11, 30)),))
    assert find_successions([statement("alpha"), statement("beta")], [edited], TODAY) == []


@pytest.mark.parametrize(
    "title", ["Chief: Staff #1", "- x", "Bộ trưởng Quốc phòng", 'a "b" {c}', "Minister [acting], x"]
)
def test_the_line_is_yaml(title: str) -> None:
    """Whatever is in the title."""
    official = Official("a", "A B", "Laos", roles=(Role(title, date(2020, 1, 2)),))
    assert yaml.safe_load(format_role(official, title, TODAY, is_new=False)) == [
        {"title": title, "from": date(2020, 1, 2), "until": TODAY}
    ]


def test_a_notice_keeps_its_line_if_passages_are_long() -> None:
    """Passages are shortened."""
    some = [statement(name, passage="word " * 300) for name in ("alpha", "beta", "gamma", "delta")]
    (found,) = find_successions(some, [GIANG], TODAY)
    notice = format_succession(found)
    assert len(notice) <= MAX_NOTICE_CHARS
    assert found.yaml_line in notice
    assert notice.count("“") == 3


def test_a_succession_is_announced_once() -> None:
    """Another spelling of the name or a departure from the same post is not announced again; another person is."""
    (found,) = find_successions([statement("alpha"), statement("beta")], [GIANG], TODAY)
    (left,) = find_successions([statement("alpha", ""), statement("beta", "")], [GIANG], TODAY)
    assert is_announced(found, [found.announcement])
    assert is_announced(found, [Announcement("giang", StatementKind.HOLDER, "General Lê Văn Mới", POST)])
    assert is_announced(left, [found.announcement])
    assert not is_announced(found, [left.announcement])
    assert not is_announced(found, [Announcement("giang", StatementKind.HOLDER, "Tran Van Hung", POST)])


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Олег Карпин", "Олега Карпина", True),
        ("Le Van Moi", "Van Moi", True),
        ("Le Van Moi", "Le Van Ba", False),
        ("李建国", "李建国周", True),
        ("黎文梅", "Le Van Mai", False),
        ("", "Le Van Moi", False),
    ],
)
def test_names_are_compared(one: str, other: str, same: bool) -> None:
    """By their words, without the endings of cases."""
    assert is_same_name(one, other) is same
