"""People in CSV files: headings, delimiters, dates, and rows that cannot be read."""

from collections.abc import Sequence
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.domain.errors import InputError
from monitor.domain.imported_people import ImportedPerson, ImportNote
from monitor.domain.watchlist import Role
from monitor.parse.people_table import read_people_table


def read(text: str) -> tuple[list[ImportedPerson], list[ImportNote]]:
    """Return the people and the notes of a file."""
    items = list(read_people_table(text.splitlines(keepends=True)))
    return [one for one in items if isinstance(one, ImportedPerson)], [
        one for one in items if isinstance(one, ImportNote)
    ]


def left_out(notes: Sequence[ImportNote]) -> list[str]:
    return [note.place for note in notes if note.is_left_out]


FILES = (
    """name,country,position,from,aliases,wikidata
Tô Lâm,Vietnam,President,2024-05-22,To Lam;苏林,Q1
""",
    """Họ và tên;Quốc gia;Chức vụ;Từ;Alias;QID
Tô Lâm;Vietnam;President;22 May 2024;To Lam|苏林;Q1
""",
    """sep=|
NAME|NATIONALITY|JOB_TITLE|Start date|also known as|wikidata
Tô Lâm|Vietnam|President|22.05.2024|To Lam;苏林|http://www.wikidata.org/entity/Q1
""",
    """\ufeffperson\tpersonLabel\tcountryLabel\tpositionLabel\tstartTime\tpersonAltLabel
http://www.wikidata.org/entity/Q1\tTô Lâm\tVietnam\tPresident\t2024-05-22T00:00:00Z\tTo Lam;苏林
""",
    """schema,id,name,aliases,countries,position,start_date
Person,Q1,Tô Lâm,To Lam;苏林,Vietnam,President,2024-05-22
Company,NK-x,Tô Lâm Ltd,,Vietnam,,
""",
)


@pytest.mark.parametrize("text", FILES)
def test_files_of_other_programs_have_the_same_people(text: str) -> None:
    """Headings in several languages and spellings, delimiters, a byte order mark, and addresses of Wikidata."""
    (person,), _ = read(text)
    assert (person.name, person.country, person.wikidata) == ("Tô Lâm", "Vietnam", "Q1")
    assert person.aliases == ("To Lam", "苏林")
    assert person.roles == (Role("President", date(2024, 5, 22)),)


def test_a_broken_row_is_reported_and_loses_no_other_row() -> None:
    """Also a missing quotation mark, after which the rest of the file would be one cell."""
    people, notes = read(
        'name,country,position\nAnn One,Laos,"Minister\nof Health"\nBen "Two,Laos,x\nCem Three,"Laos,x\n'
        'Dan Four,Laos,x\nEve Five,"Laos",x\nFay Six,Laos,"\nGil Seven,Laos,x\n=1+1,Laos,x\nHal,Eight,Laos,x\n\n'
        f"{'x' * 201},Laos,x\n,Laos,x\nname,country,position\nIda Nine,Laos,-\n"
    )
    names = [person.name.split()[0] for person in people]
    assert names == ["Ann", "Ben", "Dan", "Eve", "Gil", "Ida"]
    assert people[0].roles == (Role("Minister of Health"),)
    assert left_out(notes) == ["line 5", "line 8", "line 10", "line 11", "line 13", "line 14"]
    assert 'begins with "="' in next(note.message for note in notes if note.place == "line 10")


def test_doubtful_values_are_left_out_and_the_person_is_kept() -> None:
    """Dates without a year, impossible and reversed dates, and formulas in other cells."""
    people, notes = read(
        "name,position,from,end,aliases\nAnn,Mayor,8 April,,\nAnn,Mayor,2021-13-40,,\nAnn,Mayor,03/04/2021,,\n"
        "Ann,Mayor,2021,2020,\nAnn,,2021,,\nAnn,Mayor,2020-02,2021,=HYPERLINK(1);Annie\nAnn,Mayor;Judge,2021,,\n"
    )
    assert [person.roles for person in people] == [
        *[(Role("Mayor"),)] * 4,
        (),
        (Role("Mayor", date(2020, 2, 1), date(2022, 1, 1)),),
        (Role("Mayor"), Role("Judge")),
    ]
    assert people[5].aliases == ("Annie",)
    assert [note.place for note in notes] == [f"line {number}" for number in range(2, 9)]
    assert not left_out(notes)


def test_until_is_the_first_day_after_and_end_the_last_day() -> None:
    """As in sources.yaml, where until is the first day after a role."""
    (first,), _ = read("name,position,until\nAnn,Mayor,2021-04-08\n")
    (second,), _ = read("name,position,end date\nAnn,Mayor,2021-04-07\n")
    assert first.roles == second.roles == (Role("Mayor", None, date(2021, 4, 8)),)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "is empty"),
        ("Ann One,Laos\nBen Two,Laos\n", "must have the heading name"),
        ("first name,last name,country\nAnn,One,Laos\n", "their order depends on the country"),
    ],
)
def test_a_file_without_names_is_refused_with_what_would_be_right(text: str, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        read(text)


@given(st.text(alphabet='a,";|\n\r\t=Ä潘\0', max_size=60))
def test_no_content_raises_an_error_after_the_headings(text: str) -> None:
    """Every line is a person, a note, empty, or a part of one of these."""
    read(f"name,country,position\n{text}")
