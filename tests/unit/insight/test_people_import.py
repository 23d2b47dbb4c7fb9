"""Merge of imported people with the officials of sources.yaml."""

from datetime import date

import pytest

from monitor.domain.imported_people import ImportedPerson
from monitor.domain.watchlist import Official, Role
from monitor.insight.people_import import ImportPlan, find_country, plan_import

GIANG = Official("giang", "Phan Văn Giang", "Vietnam", roles=(Role("Minister of Defence"),))


def merge(*people: ImportedPerson, known: tuple[Official, ...] = (GIANG,)) -> ImportPlan:
    return plan_import(known, people)


@pytest.mark.parametrize(
    ("text", "name"),
    [("vn", "Vietnam"), ("VNM", "Vietnam"), ("Q881", "Vietnam"), ("Việt Nam", "Vietnam"), ("gb-sct", "UK")],
)
def test_a_country_is_found_by_name_code_and_wikidata_id(text: str, name: str) -> None:
    assert find_country(text) == find_country(name) != ""


@pytest.mark.parametrize("text", ["Atlantis", "zz", "zzz", "Q1", "q-1", ""])
def test_a_country_that_is_not_known_is_not_guessed(text: str) -> None:
    assert not find_country(text)


def test_a_known_official_gets_only_what_is_missing() -> None:
    """The name, other names, dates of a role, new roles, and the Wikidata id; values of the file are kept."""
    plan = merge(
        ImportedPerson("line 2", "PHAN VAN GIANG", "vn", ("潘文江", "Phan Van Giang"), wikidata="Q1"),
        ImportedPerson("line 3", "Phan Van Giang", "VNM", (), (Role("minister of defence", date(2021, 4, 8)),)),
        ImportedPerson("line 4", "Lt Giang", "la", (), (Role("General"),), "Q1"),
    )
    (change,) = plan.changes
    assert not plan.new
    assert change.aliases == ("潘文江", "Lt Giang")
    assert change.new_dates == ((0, Role("Minister of Defence", date(2021, 4, 8))),)
    assert change.roles == (Role("General"),)
    assert (change.country, change.wikidata) == ("", "Q1")
    assert any("has the country Vietnam, which is kept" in note.message for note in plan.notes)


@pytest.mark.parametrize(
    ("person", "is_same"),
    [
        (ImportedPerson("1", "Phan Van Giang", "Vietnam"), True),
        (ImportedPerson("1", "Phan Van Giang", ""), True),
        (ImportedPerson("1", "Phan Van Giang", "Laos"), False),
        (ImportedPerson("1", "Phan Vân Giảng", "Vietnam"), False),
        (ImportedPerson("1", "Phan Văn Giang", "Vietnam", wikidata="Q7"), True),
    ],
)
def test_name_and_country_decide_who_is_the_same(person: ImportedPerson, is_same: bool) -> None:
    """Another country or other diacritics are another person."""
    assert bool(merge(person).new) is not is_same


def test_two_wikidata_ids_are_two_people() -> None:
    known = Official("giang", "Phan Văn Giang", "Vietnam", wikidata="Q1")
    plan = merge(ImportedPerson("1", "Phan Văn Giang", "Vietnam", wikidata="Q2"), known=(known,))
    assert [one.id for one in plan.new] == ["phan-van-giang"]
    assert any("is also a name of giang" in risk.message for risk in plan.risks)


def test_rows_of_one_person_are_merged_and_repetitions_reported() -> None:
    """Several terms of one post stay several roles; two sources may differ by days."""
    terms = [(2001, None), (2001, 2005), (2010, 2014), (2010, 2014)]
    people = [
        ImportedPerson(
            f"line {n}", "Ann Smith", "uk", (), (Role("Mayor", date(a, 1, n), date(b, 1, 1) if b else None),)
        )
        for n, (a, b) in enumerate(terms, 1)
    ]
    plan = merge(*people)
    assert plan.new[0].roles == (
        Role("Mayor", date(2001, 1, 1), date(2005, 1, 1)),
        Role("Mayor", date(2010, 1, 3), date(2014, 1, 1)),
    )
    assert [note.place for note in plan.notes] == ["line 4"]
    assert not plan.left_out


def test_a_name_that_may_be_two_people_is_left_out() -> None:
    """An id or Wikidata id decides."""
    known = (Official("a", "Ann Smith", "Laos"), Official("b", "Ann Smith", "Laos"))
    person = ImportedPerson("line 2", "Ann Smith", "Laos")
    assert "several people have the name" in merge(person, known=known).left_out[0].message
    by_id = ImportedPerson("line 2", "Ann Smith", "Laos", id="b")
    assert merge(by_id, known=known).unchanged_ids == ("b",)


def test_unusable_names_are_left_out_and_ids_are_unique() -> None:
    """Names without letters; names in other scripts get the Wikidata id as id."""
    plan = merge(
        ImportedPerson("1", "!!"),
        ImportedPerson("2", "Ann Smith", "Laos", ("??",)),
        ImportedPerson("3", "Ann Smith", "Peru"),
        ImportedPerson("4", "潘文江", "cn", wikidata="Q3"),
        ImportedPerson("5", "All", "Laos", id="giang"),
    )
    assert [one.id for one in plan.new] == ["ann-smith", "ann-smith-2", "q3", "all-2"]
    assert [note.place for note in plan.left_out] == ["1"]
    assert [note.place for note in plan.notes] == ["1", "2"]
