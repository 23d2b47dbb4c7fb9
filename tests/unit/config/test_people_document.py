"""Officials in a file of their own: ``officials: {from: people.csv}``, as a table or as one JSON object a line."""

import asyncio
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.fakes import FakeKeyValueStore, run_inline

from monitor.config.included_files import read_file_set
from monitor.config.load import load_configuration, parse_configuration
from monitor.config.people_document import read_people_document
from monitor.config.reload import Reloader, ReloadOutcome, read_whole_configuration
from monitor.config.yaml_document import MAX_ERRORS, parse_yaml
from monitor.domain.configuration import Configuration
from monitor.domain.errors import ConfigError
from monitor.domain.watchlist import Official, Role

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MAIN = """\
sources: {post: {feed: "https://post.example/feed"}}
officials:
  from: people.csv
  keita: {name: Aminata Keita, country: Mali}
rules: {everyone: {officials: all}}
digests: {daily: {rules: all, at: "07:00"}}
"""
PEOPLE = """\
id,name,country,aliases,position,from,until,wikidata
anna-berg,Anna Berg,se,A. Berg;Anna Lind,Minister of Finance,2021-04-08,2024-01-01,Q123
anna-berg,Anna Berg,,,Prime Minister,2024,,
,José Ramón Díaz,Peru,,"Mayor; Senator",,,
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sources.yaml").write_text(MAIN, encoding="utf-8")
    (tmp_path / "people.csv").write_text(PEOPLE, encoding="utf-8")
    return tmp_path


def load(folder: Path) -> Configuration:
    return load_configuration(folder / "sources.yaml", {})


def officials(folder: Path) -> dict[str, Official]:
    return {one.id: one for one in load(folder).watchlist.officials}


def errors(folder: Path) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder)
    return [str(issue).replace(f"{folder}/", "") for issue in caught.value.issues]


def test_a_table_follows_the_rules_of_an_import(folder: Path) -> None:
    """Headings, codes of countries, several texts in a cell, several rows of one person, and ids made of names."""
    found = officials(folder)
    assert sorted(found) == ["anna-berg", "jose-ramon-diaz", "keita"]
    roles = (
        Role("Minister of Finance", date(2021, 4, 8), date(2024, 1, 1)),
        Role("Prime Minister", date(2024, 1, 1)),
    )
    assert found["anna-berg"] == Official(
        "anna-berg", "Anna Berg", "Sweden", ("A. Berg", "Anna Lind"), roles, wikidata="Q123"
    )
    assert found["jose-ramon-diaz"].roles == (Role("Mayor"), Role("Senator"))


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_table_of_a_spreadsheet_is_read(folder: Path, encoding: str) -> None:
    """Semicolons, line ends of Windows, the last day in a post, phrases that cancel a mention, and former ids."""
    text = "Name;Land;Position;End;Exclude phrases;Formerly\r\nAnna Berg;SE;Mayor;31 May 2023;Anna Berg AB;berg\r\n"
    (folder / "people.csv").write_bytes(text.encode(encoding))
    anna = officials(folder)["anna-berg"]
    assert (anna.roles, anna.exclude_phrases, anna.formerly) == (
        (Role("Mayor", None, date(2023, 6, 1)),),
        ("Anna Berg AB",),
        ("berg",),
    )


def test_a_line_of_json_has_the_keys_of_an_official(folder: Path) -> None:
    """An empty line is ignored. An id is made of the name if there is none."""
    (folder / "sources.yaml").write_text(MAIN.replace("people.csv", "[people.csv, 'more/*.jsonl']"), encoding="utf-8")
    (folder / "more").mkdir()
    lines = '{"id": "li", "name": "Li Na", "roles": [{"title": "Mayor", "from": "2020-01"}]}\n\n{"name":"Ion Popa"}\n'
    (folder / "more/people.jsonl").write_text(lines, encoding="utf-8")
    found = officials(folder)
    assert found["li"].roles == (Role("Mayor", date(2020, 1, 1)),)
    assert found["ion-popa"].name == "Ion Popa"
    assert "anna-berg" in found


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ("Anna Berg,se,Mayor,2021-13-40,", "2:20: officials.anna-berg.roles.0.from: "),
        ('Anna Berg,se,"Mayor, Lund",03/04/2021,', "2:28: officials.anna-berg.roles.0.from: "),
        ("Anna Berg,se,,2021,", "2:1: the row has the date of a post, but no post"),
        ("Anna Berg,se,Mayor;Senator,2021,", "2:14: the row has several posts and one date"),
        ("Anna Berg,se;no,,,", '2:11: the row has several countries, "se;no"'),
        (",se,,,", "2:1: the row has no name"),
        ("=cmd(),se,,,", '2:1: "=cmd()" begins with "=", like a formula'),
        ("李娜,cn,,,", "2:1: the name has no Latin letters for an id; add a column id"),
        ("Anna Berg,se,,,Anna_Berg", '2:1: the id "Anna_Berg" is not valid: '),
        ("Anna Berg,se,,,\nAnna Berg,no,,,", '3:1: the id "anna-berg" is that of another person in line 2; add a'),
        ("Anna Berg,se,,,\nAnna Berg,se,,,", '3:1: "anna-berg" is repeated, first in line 2, and nothing is added'),
        ("Anna Berg,se,,,,123", '2:17: "123" is not a Wikidata id, such as Q123'),
        ('"Anna Berg,se,,,\nBo Ek,se,,,', "2:1: a quotation mark is missing or wrong"),
        ("Anna Berg,se,Mayor,,,,too,many", "2:1: the row has 8 cells, but the first line has 6"),
        ("Aminata Keita,ml,,,keita", '2:1: officials: "keita" is repeated, first in sources.yaml:4'),
    ],
)
def test_an_error_in_a_table_has_the_line_and_column_of_its_cell(folder: Path, rows: str, expected: str) -> None:
    """Errors of rows are found with the errors of sources.yaml, and none hides another."""
    text = f"name,country,position,from,id,wikidata\n{rows}\nEva Holm,se,Mayor,x,\n"
    (folder / "people.csv").write_text(text, encoding="utf-8")
    (folder / "sources.yaml").write_text(MAIN.replace("country: Mali", "land: Mali"), encoding="utf-8")
    found = errors(folder)
    assert any(one.startswith(f"people.csv:{expected}") for one in found), found
    assert any("officials.eva-holm.roles.0.from: " in one for one in found), found
    assert any(one.startswith("sources.yaml:4:32: officials.keita.land: ") for one in found), found


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ('{"id": "x", "nam": "Li Na"}', '2:13: officials.x.nam: there is no key "nam"'),
        ('{"id": "x", "name": "Li Na", "roles": [{"title": "Mayor", "from": 7}]}', "2:67: officials.x.roles.0.from"),
        ('{"id": "X", "name": "Li Na"}', '2:1: officials: "X" is not a valid id: '),
        ('{"id": "x", "name": "Li Na",}', "2:29: this is not JSON: "),
        ('{"id": "x", "id": "y", "name": "Li Na"}', '2:1: the key "id" is repeated'),
        ('{"id": "a", "name": "Li Na"}', '2:1: "a" is repeated, first in line 1'),
        ('{"id": "x", "name": "\\ud800"}', "2:1: this contains half of a character"),
        ('{"id": 7, "name": "Li Na"}', "2:1: this is not an official with an id"),
        ("[" * 3000, "2:1: this is nested too deep"),
        ("7", "2:1: this is not an official with an id"),
    ],
)
def test_an_error_in_a_line_of_json_has_its_place(folder: Path, line: str, expected: str) -> None:
    """An error in a value has the column of the value or its key."""
    text = '{"id": "a", "name": "Eva Holm"}\n' + line + '\n{"id": "z", "name": "", "x": 1}\n'
    (folder / "people.csv").write_text(text, encoding="utf-8")
    found = errors(folder)
    assert any(one.startswith(f"people.csv:{expected}") for one in found), found
    assert any(one.startswith("people.csv:3:") for one in found), found


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "1:1: the file is empty"),
        (b"land,post\n", "1:1: no column has names"),
        (b'[{"id": "a"}]\n', "1:1: the file is a JSON list"),
        (b"name\nAnna Berg\nJos\xe9\n", "3:4: this byte is not UTF-8; save the file as UTF-8"),
    ],
)
def test_a_file_that_is_not_a_table_is_an_error(folder: Path, data: bytes, expected: str) -> None:
    """The message states what the file must be."""
    (folder / "people.csv").write_bytes(data)
    assert any(one.startswith(f"people.csv:{expected}") for one in errors(folder)), errors(folder)


@pytest.mark.parametrize("name", ["/etc/people.csv", "https://x.example/people.csv", "none.csv", "more/*.csv"])
def test_only_relative_names_of_existing_files_are_read(folder: Path, name: str) -> None:
    """The error is at the name in sources.yaml, as for ``include``."""
    (folder / "sources.yaml").write_text(MAIN.replace("people.csv", f'"{name}"'), encoding="utf-8")
    assert any(one.startswith("sources.yaml:3:9: ") and name in one for one in errors(folder)), errors(folder)


def test_an_included_file_names_no_files_of_officials(folder: Path) -> None:
    """Otherwise the daemon would have to read the included files to know which files to watch."""
    (folder / "sources.yaml").write_text("include: more.yaml\n" + MAIN, encoding="utf-8")
    (folder / "more.yaml").write_text("officials: {from: other.csv}\n", encoding="utf-8")
    assert errors(folder) == [
        "more.yaml:1:13: officials: from names other files; write it in sources.yaml, not in an included file"
    ]


def test_an_official_can_have_the_id_from(folder: Path) -> None:
    """A mapping under the key is an official, as before."""
    (folder / "sources.yaml").write_text(MAIN.replace("people.csv", "{name: Pierre From}"), encoding="utf-8")
    assert sorted(officials(folder)) == ["from", "keita"]


def test_a_column_that_is_not_used_is_a_warning(folder: Path) -> None:
    """A misspelt heading would lose its values silently."""
    (folder / "people.csv").write_text("name,aliasses,country\nAnna Berg,A. Berg,se\n", encoding="utf-8")
    (warning,) = load(folder).warnings
    assert (warning.line, warning.column, warning.file) == (1, 6, str(folder / "people.csv"))
    assert warning.message.startswith('the column "aliasses" is not used; the known columns are name, country, aliases')


def test_the_number_of_listed_errors_is_limited(folder: Path) -> None:
    """The last one states how many there are."""
    rows = "".join(f"p{number},Anna Berg,x{number}\n" for number in range(MAX_ERRORS + 5))
    (folder / "people.csv").write_text(f"id,name,wikidata id,from\n{rows}", encoding="utf-8")
    found = errors(folder)
    assert len(found) == MAX_ERRORS + 1
    assert found[-1].endswith("5 more are not listed")


@given(st.text(alphabet=st.sampled_from('name,;"\n\r\t{}[]:=idQ1ü\ufeff\x00\u2028')))
def test_any_text_gives_positions_inside_the_file(text: str) -> None:
    """No text stops the reader, and each official and error has a line of the file."""
    document = read_people_document(b"id,name,aliases\n" + text.encode())
    count = len(document.lines) or 1
    assert isinstance(document.value, dict)
    for official_id in document.value:
        for path in ((), ("name",), ("aliases", 0)):
            assert 1 <= document.find_position(("officials", official_id, *path)).line <= count
    assert all(1 <= position.line <= count for position, _ in document.errors)


def test_the_whole_configuration_is_stored_as_one_text(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """It is YAML and has every character of the officials, also the ones that JSON and YAML write differently."""
    main = MAIN + 'synonyms: [[a, "x\\u2028\\x85\\x7f\\ufeff\\"\\\\ 👩🏽 \'"]]\n'
    (folder / "sources.yaml").write_text(main, encoding="utf-8")
    path = folder / "sources.yaml"
    whole = read_whole_configuration(path.read_bytes(), path)
    assert parse_yaml(whole).errors == []
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "sources.yaml"
    assert parse_configuration(whole, elsewhere, {}).watchlist == load(folder).watchlist


def test_the_daemon_applies_an_edit_of_a_table(folder: Path) -> None:
    """Also if sources.yaml itself is unchanged; a table with an error is not applied."""
    reloader = Reloader(folder / "sources.yaml", {}, FakeKeyValueStore())
    reloader.load_initial(NOW)

    def check(second: float) -> Any:
        return asyncio.run(reloader.check_for_edit(run_inline, NOW, second))

    assert check(0) is None
    table = folder / "people.csv"
    table.write_text(PEOPLE + "eva,Eva Holm,se,,,,,\n", encoding="utf-8")
    assert check(1) is None
    found = check(2)
    assert found.outcome is ReloadOutcome.APPLIED
    assert "eva" in {one.id for one in found.configuration.watchlist.officials}
    table.write_text(PEOPLE + "eva,,se,,,,,\n", encoding="utf-8")
    assert check(3) is None
    rejected = check(4)
    assert rejected.outcome is ReloadOutcome.REJECTED
    assert [str(issue) for issue in rejected.issues] == [f"{table}:5:1: the row has no name"]


def test_a_position_is_found_in_a_row_of_several_lines() -> None:
    """The column is counted in the line with the cell."""
    document = read_people_document(b'name,aliases,position\n"Anna Berg","A. Berg\nAnna Lind",Mayor\n')
    assert document.find_position(("officials", "anna-berg", "roles", 0))[:2] == (3, 12)
    assert document.find_position(("officials", "anna-berg", "aliases", 1))[:2] == (2, 13)


def test_a_file_of_officials_belongs_to_the_files_of_the_configuration(folder: Path) -> None:
    """Bytes that replace a file are used instead of it."""
    path = folder / "sources.yaml"
    files = read_file_set(path.read_bytes(), path, {folder / "people.csv": b"name\nEva Holm\n"})
    assert sorted(files.tree["officials"]) == ["eva-holm", "keita"]
    file, own = files.find_file(("officials", "eva-holm", "name"))
    assert (file.path.name, file.document.find_position(own)[:2]) == ("people.csv", (2, 1))
