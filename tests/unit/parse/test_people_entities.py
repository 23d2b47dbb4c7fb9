"""People in JSON files: entities of FollowTheMoney, and items of Wikidata."""

import json
from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest

from monitor.domain.errors import InputError
from monitor.domain.imported_people import ImportedPerson, ImportNote
from monitor.domain.watchlist import Role
from monitor.parse.people_entities import read_people_entities
from monitor.parse.people_wikidata import WikidataPeople

MINISTER = Role("Minister of Health", date(2020, 1, 1), date(2021, 5, 1))


def read(text: str, country: str = "") -> tuple[list[ImportedPerson], list[ImportNote]]:
    """Return the people and the notes of a file."""
    wikidata = WikidataPeople()

    def is_wanted(countries: Iterable[str]) -> bool:
        return not country or country in countries

    items = [*read_people_entities(lambda: text.splitlines(keepends=True), wikidata, is_wanted), *wikidata.finish()]
    people = [one for one in items if isinstance(one, ImportedPerson)]
    return people, [one for one in items if isinstance(one, ImportNote)]


def ftm(key: str, schema: str, **properties: Any) -> dict[str, Any]:
    return {"id": key, "schema": schema, "properties": properties}


PERSON = ftm(
    "Q1", "Person", name=["PHAN VAN GIANG", "Phan Văn Giang"], alias=["潘文江"], nationality=["vn"], weakAlias=["G"]
)
OCCUPANCY = ftm("o1", "Occupancy", holder=["Q1"], post=["p1"], startDate=["2020"], endDate=["2021-04"])
POSITION = ftm("p1", "Position", name=["Minister of Health"])


@pytest.mark.parametrize(
    "entities",
    [
        [OCCUPANCY, PERSON, POSITION],
        [POSITION, PERSON, OCCUPANCY],
        [{**PERSON, "properties": {**PERSON["properties"], "positionOccupancies": [
            {**OCCUPANCY, "properties": {**OCCUPANCY["properties"], "post": [POSITION]}}]}}],
    ],
)  # fmt: skip
def test_posts_of_follow_the_money_are_joined_in_any_order(entities: list[dict[str, Any]]) -> None:
    """As separate entities before and after the person, and nested in the person; weak aliases are not imported."""
    (person,), notes = read("".join(json.dumps(one) + "\n" for one in entities))
    assert (person.name, person.country, person.wikidata) == ("Phan Văn Giang", "vn", "Q1")
    assert person.aliases == ("PHAN VAN GIANG", "潘文江")
    assert person.roles == (MINISTER,)
    assert not notes


def claim(value: Any, rank: str = "normal", **qualifiers: str) -> dict[str, Any]:
    """Return a statement of Wikidata; the qualifiers are times, with their precision."""
    times = {
        name: [{"datavalue": {"value": {"time": text[:-2], "precision": int(text[-2:])}}}]
        for name, text in qualifiers.items()
    }
    return {"mainsnak": {"datavalue": {"value": value}}, "rank": rank, "qualifiers": times}


def labels(**texts: str) -> dict[str, dict[str, str]]:
    return {code.replace("_", "-"): {"language": code, "value": text} for code, text in texts.items()}


HUMAN: dict[str, Any] = {
    "id": "Q1",
    "labels": labels(en="Phan Van Giang", vi="Phan Văn Giang", de="Phan Văn Giang", zh_hans="潘文江", xx="ფან"),
    "aliases": {"vi": [{"value": "Tướng Giang"}], "de": [{"value": "Der General"}]},
    "claims": {
        "P31": [claim({"id": "Q5"})],
        "P27": [claim({"id": "Q2"}, P582="+1976-00-00T00:00:00Z09"), claim({"id": "Q881"})],
        "P39": [
            claim({"id": "Q9"}, P580="+2020-00-00T00:00:00Z09", P582="+2021-04-00T00:00:00Z10"),
            claim({"id": "Q10"}),
            claim({"id": "Q9"}, "deprecated", P580="+1990-00-00T00:00:00Z09"),
        ],
    },
}
POST = {"id": "Q9", "labels": labels(en="minister of Health"), "claims": {}}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"entities": {"Q1": HUMAN, "Q9": POST}}),
        json.dumps({"entities": {"Q1": HUMAN, "Q9": POST}}, indent=2),
        f"[\n{json.dumps(POST)},\n{json.dumps(HUMAN)}\n]\n",
    ],
)
def test_an_item_of_wikidata_has_names_in_its_own_scripts_and_dated_posts(text: str) -> None:
    """Of Special:EntityData and of a dump; ended citizenships and deprecated posts do not count."""
    (person,), notes = read(text)
    assert (person.name, person.country, person.wikidata) == ("Phan Văn Giang", "Q881", "Q1")
    assert person.aliases == ("Phan Van Giang", "Tướng Giang", "潘文江")
    assert person.roles == (MINISTER,)
    assert [note.message for note in notes] == ["the title of the post Q10 is not known and the post is left out"]


def test_a_broken_line_loses_no_other_line() -> None:
    """Lines that are cut, no object, or of another kind are reported with their number."""
    people, notes = read(
        f'{json.dumps(PERSON)}\n{{"id": \n5\n{json.dumps(PERSON | {"id": "b"})}\n{{"a": 1}}\n{"[" * 9999}\n'
    )
    assert len(people) == 2
    assert [note.place for note in notes if note.is_left_out] == ["line 2", "line 3", "line 5", "line 6"]


def test_only_people_of_a_country_are_read() -> None:
    """Others are not kept in memory."""
    text = "".join(json.dumps(one) + "\n" for one in (PERSON, ftm("x", "Person", name=["Ann"], country=["la"])))
    assert [person.name for person in read(text, "la")[0]] == ["Ann"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('{"a": 1}\n', "schema and properties"),
        ("{\n", "neither JSON"),
        ("", "is empty"),
        ('{"entities": \n{"Q1": ', "line 2, column"),
    ],
)
def test_a_file_of_another_form_is_refused(text: str, expected: str) -> None:
    """The message names the keys that are needed, or the place of the error."""
    with pytest.raises(InputError, match=expected):
        read(text)


@pytest.mark.parametrize("value", [None, 1, "x", [], {}, [[]], [{}], {"x": 1}, [{"mainsnak": 1}]])
@pytest.mark.parametrize(
    "key", ["labels", "aliases", "claims", "P27", "P39", "properties", "name", "positionOccupancies"]
)
def test_values_of_unexpected_types_are_no_error(key: str, value: Any) -> None:
    """A person without a usable name is reported."""
    item = {**HUMAN, key: value} if key in HUMAN else {**HUMAN, "claims": {**HUMAN["claims"], key: value}}
    entity = {**PERSON, key: value} if key in PERSON else {**PERSON, "properties": {**PERSON["properties"], key: value}}
    read("".join(json.dumps(one) + "\n" for one in (PERSON, item, entity)))
