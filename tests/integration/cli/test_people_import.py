"""`monitor people import`: from files and from Wikidata into sources.yaml."""

import asyncio
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from support.command_line import app
from support.http_server import Loopback, reply, serving
from typer.testing import CliRunner, Result

from monitor.config.load import load_configuration
from monitor.domain.configuration_edits import EditConflict
from monitor.domain.errors import InputError, UsageError
from monitor.domain.watchlist import Official
from monitor.store.database import Database

CONFIGURATION = """\
# the desk
settings: {allowed_networks: [127.0.0.0/8]}
include: [old.yaml]   # people of last year
sources: {times: {feed: "https://times.example/rss"}}
officials:
  giang:
    name: Phan Văn Giang   # the minister
    country: Vietnam
    roles: Minister of National Defence
rules:
  people: {officials: all}
"""
OLD = (
    "officials:\n  # retired\n  ann: {name: Ann Smith, roles: [Mayor of Hull, {title: Judge, from: 2001-01-01}]}  # x\n"
)
TABLE = """\
name,country,alias,position,from,end
Phan Van Giang,vn,潘文江,Minister of National Defence,2021-04-08,
Phan Van Giang,vn,,General,,
Ann Smith,UK,,Mayor of Hull,2010,2014
Tô Lâm,vn,To Lam,President,2024-05-22,2024-10-20
=1,vn,,,,
"""
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in a folder with sources.yaml and an included file."""
    monkeypatch.chdir(tmp_path)
    Path("sources.yaml").write_text(CONFIGURATION, encoding="utf-8")
    Path("old.yaml").write_text(OLD, encoding="utf-8")
    Path("people.csv").write_text(TABLE, encoding="utf-8")
    return lambda *words: CliRunner().invoke(app, ["people", "import", *words])


def officials() -> dict[str, Official]:
    return {one.id: one for one in load_configuration(Path("sources.yaml"), {}).watchlist.officials}


def test_without_write_nothing_is_written(run: Run) -> None:
    """New people as YAML, changes, left out lines and warnings are printed; the exit code shows lines left out."""
    result = run("people.csv")
    assert result.exit_code == 1
    assert "  to-lam:\n    name: Tô Lâm\n" in result.output
    assert "ann: country United Kingdom; roles Mayor of Hull from 2010-01-01 until 2015-01-01" in result.output
    assert 'line 6: the name "=1" begins with "="' in result.output
    assert "1 new, 2 changed, 0 unchanged, 1 left out." in result.output
    assert Path("sources.yaml").read_text(encoding="utf-8") == CONFIGURATION


def test_write_adds_people_and_keeps_every_comment(run: Run) -> None:
    """In the file that has the official; a second import changes nothing."""
    run("people.csv", "--write")
    text = Path("sources.yaml").read_text(encoding="utf-8")
    for line in CONFIGURATION.splitlines():
        assert line in text or "Minister" in line
    assert Path("old.yaml").read_text(encoding="utf-8") == (
        'officials:\n  # retired\n  ann: {name: Ann Smith, roles: [{title: Mayor of Hull, from: "2010-01-01", '
        'until: "2015-01-01"}, {title: Judge, from: 2001-01-01}], country: United Kingdom}  # x\n'
    )
    found = officials()
    assert [role.title for role in found["giang"].roles] == ["Minister of National Defence", "General"]
    assert found["giang"].aliases == ("潘文江",)
    assert str(found["giang"].roles[0].from_on) == "2021-04-08"
    assert found["to-lam"].country == "Vietnam"
    before = Path("sources.yaml").read_bytes()
    assert "0 new, 0 changed, 3 unchanged" in run("people.csv", "--write").output
    assert Path("sources.yaml").read_bytes() == before


def test_many_people_get_a_file_of_their_own(run: Run) -> None:
    """It is included by sources.yaml; a later import adds to it."""
    rows = "".join(f"Ann {chr(97 + n % 26)}{chr(97 + n // 26)}lund,Laos,Q{n + 1}\n" for n in range(101))
    Path("many.csv").write_text(f"name,country,wikidata\n{rows}", encoding="utf-8")
    assert "people.yaml is written.\nsources.yaml is written.\n" in run("many.csv", "--write").output
    assert "include: [old.yaml, people.yaml]   # people of last year\n" in Path("sources.yaml").read_text(
        encoding="utf-8"
    )
    Path("more.csv").write_text("name,country\nBo Berg,Laos\n", encoding="utf-8")
    result = run("more.csv", "--write", "--into", "people.yaml")
    assert result.output.endswith("people.yaml is written.\n")
    assert len(officials()) == 104
    Path("other.yaml").write_text("officials: {}\n", encoding="utf-8")
    Path("more.csv").write_text("name,country\nCy Dahl,Laos\n", encoding="utf-8")
    assert "does not include it" in str(run("more.csv", "--write", "--into", "other.yaml").exception)


def test_an_official_in_a_table_is_not_changed(run: Run) -> None:
    """The import names the line of the table, and writes everything else."""
    Path("watched.csv").write_text("id,name,country\ntl,Tô Lâm,Vietnam\n", encoding="utf-8")
    text = CONFIGURATION.replace("officials:\n", "officials:\n  from: watched.csv\n")
    Path("sources.yaml").write_text(text, encoding="utf-8")
    result = run("people.csv", "--write")
    expected = (
        "tl: roles President from 2024-05-22 until 2024-10-21: this official is in line 2 of watched.csv, edit it"
    )
    assert expected in result.output
    assert "0 new, 2 changed, 0 unchanged, 2 left out." in result.output
    found = officials()
    assert sorted(found) == ["ann", "giang", "tl"]
    assert found["tl"].roles == ()


def test_new_people_are_added_next_to_the_names_of_tables(run: Run) -> None:
    """Also if the section has only the names."""
    Path("watched.csv").write_text("id,name,country\ntl,Tô Lâm,Vietnam\n", encoding="utf-8")
    Path("sources.yaml").write_text("officials: {from: watched.csv}\n", encoding="utf-8")
    Path("more.csv").write_text("name,country\nBo Berg,Laos\n", encoding="utf-8")
    assert "sources.yaml is written." in run("more.csv", "--write").output
    assert sorted(officials()) == ["bo-berg", "tl"]


def test_an_import_is_recorded_and_can_be_undone(run: Run) -> None:
    """Each changed file is a change of its own; an edit of the file since is a conflict."""
    result = run("people.csv", "--write", "--json")
    assert "not recorded" in result.stderr  # there is no database yet
    assert all(json.loads(line)["kind"] for line in result.stdout.splitlines())
    Path("sources.yaml").write_text(CONFIGURATION, encoding="utf-8")
    Path("old.yaml").write_text(OLD, encoding="utf-8")
    Database.open(load_configuration(Path("sources.yaml"), {}).settings.database.reveal()).close()
    assert "To undo: monitor undo 1\nTo undo: monitor undo 2\n" in run("people.csv", "--write").stderr
    main = Path("sources.yaml").read_bytes()
    Path("sources.yaml").write_bytes(main + b"# later\n")
    assert isinstance(CliRunner().invoke(app, ["undo", "2"]).exception, EditConflict)
    Path("sources.yaml").write_bytes(main)
    for change in "12":
        assert CliRunner().invoke(app, ["undo", change]).exit_code == 0
    assert Path("sources.yaml").read_text(encoding="utf-8") == CONFIGURATION
    assert Path("old.yaml").read_text(encoding="utf-8") == OLD
    run("people.csv", "--write")
    assert "undo" not in run("people.csv", "--write").stderr  # nothing is left to change


def test_a_result_that_is_invalid_is_not_written(run: Run) -> None:
    """The files that were written before are restored."""
    Path("sources.yaml").write_text(CONFIGURATION.replace("officials: all", "officials: nobody"), encoding="utf-8")
    Path("old.yaml").write_text(OLD + "rules: {x: {officials: nobody}}\n", encoding="utf-8")
    before = Path("sources.yaml").read_bytes(), Path("old.yaml").read_bytes()
    assert run("people.csv", "--write", "--into", "new.yaml").exit_code != 0
    assert (Path("sources.yaml").read_bytes(), Path("old.yaml").read_bytes()) == before
    assert not Path("new.yaml").exists()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252", "gzip"])
def test_files_are_read_in_the_encodings_of_spreadsheets(run: Run, encoding: str) -> None:
    """A guessed encoding is reported."""
    data = "name;country\r\nMüller Lüdenscheidt;Germany\r\n"
    raw = gzip.compress(data.encode()) if encoding == "gzip" else data.encode(encoding)
    Path("german.csv").write_bytes(raw)
    result = run("german.csv")
    assert result.exit_code == 0
    assert "name: Müller Lüdenscheidt\n" in result.output
    assert ("read as cp1252" in result.output) == (encoding == "cp1252")


def test_json_prints_every_person_note_and_warning(run: Run) -> None:
    lines = [json.loads(line) for line in run("people.csv", "--json").output.splitlines()]
    assert [line["kind"] for line in lines] == ["new", "changed", "changed", "left out", "risk"]
    assert lines[0]["roles"] == [{"title": "President", "from": "2024-05-22", "until": "2024-10-21"}]
    assert lines[2] == {
        "kind": "changed", "id": "ann", "place": "line 4", "country": "United Kingdom",
        "roles": [{"title": "Mayor of Hull", "from": "2010-01-01", "until": "2015-01-01"}],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("none.csv", None, "cannot be read: No such file"),
        ("cut.csv.gz", gzip.compress(b"name\n" + bytes(range(256)) * 99)[:-40], "damaged or not complete"),
        ("empty.csv", b"", "is empty"),
        ("x.csv", b"\x00\xff\xfe", "must have the heading name"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(run: Run, name: str, data: bytes | None, expected: str) -> None:
    """With the reason, and nothing is written."""
    if data is not None:
        Path(name).write_bytes(data)
    error = run(name, "--write").exception
    assert isinstance(error, InputError | UsageError)
    assert expected in str(error)
    assert name in str(error)


def wikidata_item(key: str, label: str, **claims: object) -> bytes:
    labels = {"en": {"language": "en", "value": label}}
    return json.dumps({"entities": {key: {"id": key, "labels": labels, "claims": claims}}}).encode()


def statement(key: str) -> dict[str, object]:
    return {"mainsnak": {"datavalue": {"value": {"id": key}}}}


ITEMS = {
    "Q7": wikidata_item("Q7", "Boua Lapha", P31=[statement("Q5")], P27=[statement("Q819")], P39=[statement("Q9")]),
    "Q8": wikidata_item("Q8", "Vientiane", P31=[statement("Q515")]),
    "Q9": wikidata_item("Q9", "governor of Vientiane"),
    "Q6": b"<html>",
}


def ask_wikidata(run: Run, *words: str, meanwhile: Callable[[], object] = bool) -> tuple[Result, Loopback]:
    """Run the command with a server for Wikidata, which calls ``meanwhile`` at each request."""

    async def work() -> tuple[Result, Loopback]:
        async def respond(path: str, _headers: dict[str, str], writer: asyncio.StreamWriter) -> None:
            meanwhile()
            body = ITEMS.get(path.removeprefix("/wiki/Special:EntityData/").removesuffix(".json"))
            writer.write(reply(body, content_type="application/json") if body else reply(b"", "404 Not Found"))

        async with serving(respond) as server:
            return await asyncio.to_thread(run, *words, "--wikidata-url", server.url("/")), server

    return asyncio.run(work())


def test_people_are_read_from_wikidata_by_their_ids(run: Run) -> None:
    """Items that are missing, no person or no JSON are reported; the posts are looked up."""
    result, server = ask_wikidata(run, "Q7", "Q8", "Q404", "Q6", "--write")
    assert result.exit_code == 1
    assert "Q8: is not a person" in result.output
    assert "Q404: cannot be read" in result.output
    assert "is not the JSON of an item" in result.output
    assert yaml.safe_load(Path("sources.yaml").read_text(encoding="utf-8"))["officials"]["boua-lapha"] == {
        "name": "Boua Lapha", "country": "Laos", "roles": ["Governor of Vientiane"], "wikidata": "Q7",
    }  # fmt: skip
    assert [one.path.rpartition("/")[2] for one in server.asked] == [
        "Q7.json",
        "Q8.json",
        "Q404.json",
        "Q6.json",
        "Q9.json",
    ]


def test_an_edit_while_wikidata_is_asked_is_not_lost(run: Run) -> None:
    """The import is refused, because its edits belong to the file as it was before."""
    edited = CONFIGURATION.replace("# the desk", "# the desk, edited")
    result, _server = ask_wikidata(
        run, "Q7", "--write", meanwhile=lambda: Path("sources.yaml").write_text(edited, encoding="utf-8")
    )
    assert isinstance(result.exception, EditConflict)
    assert Path("sources.yaml").read_text(encoding="utf-8") == edited


def test_the_posts_of_a_wikidata_file_are_looked_up_on_request(run: Run) -> None:
    """Without --look-up, nothing is requested."""
    Path("item.json").write_bytes(ITEMS["Q7"])
    result, server = ask_wikidata(run, "item.json")
    assert "the title of the post Q9 is not known" in result.output
    assert not server.asked
    result, server = ask_wikidata(run, "item.json", "--look-up")
    assert "roles: [Governor of Vientiane]" in result.output
    assert len(server.asked) == 1
