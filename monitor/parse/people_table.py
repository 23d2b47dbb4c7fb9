"""Reader of people in CSV files, from spreadsheets, OpenSanctions, EveryPolitician or the Wikidata query service."""

from collections.abc import Iterable, Iterator
from contextlib import suppress

from monitor.domain.imported_people import ImportItem, ImportNote
from monitor.parse.person_draft import PersonDraft
from monitor.text.people_table import PeopleTable, PersonRow, RowFault, read_id, split_cell
from monitor.text.person_values import find_text_problem, shorten


def read_people_table(lines: Iterable[str]) -> Iterator[ImportItem]:
    """Read a CSV file whose first line has the headings: yield its people, and notes on what is not imported.

    A row that cannot be read gives a note, and reading continues. Raises ``InputError`` if no column has names.
    """
    for row in PeopleTable(lines).read_rows():
        if isinstance(row, RowFault):
            yield ImportNote(f"line {row.line}", row.message, is_left_out=True)
        else:
            yield from _read_row(row)


def _read_row(row: PersonRow) -> Iterator[ImportItem]:
    """Yield the person in a row, and notes on the values that are not imported."""
    draft = PersonDraft(f"line {row.line}")
    if (schema := row.get("schema")) and schema != "Person":
        yield draft.reject(f"{shorten(schema)} is not a person")
        return
    draft.name, draft.wikidata = row.get_name(), row.get_wikidata_id()
    with suppress(ValueError):
        draft.id = read_id(row.get("id"))
    draft.country = _read_country(draft, row.get("country"))
    draft.add_aliases(row.list_texts("aliases"))
    _read_roles(draft, row.get("role"), row.get("from"), row.get("until"), row.get("end"))
    yield from draft.finish()


def _read_country(draft: PersonDraft, text: str) -> str:
    countries = split_cell(text)
    if len(countries) > 1:
        draft.add_note(f"has several countries, {shorten(text)}; the first is imported")
    if countries and (problem := find_text_problem(countries[0])):
        draft.add_note(f"the country {shorten(text)} {problem}")
        return ""
    return countries[0] if countries else ""


def _read_roles(draft: PersonDraft, role: str, start: str, until: str, last: str) -> None:
    titles = split_cell(role)
    if len(titles) > 1 and (start or until or last):
        draft.add_note("has several posts and one date, which is left out; write one row for each post")
        start = until = last = ""
    for title in titles or [""]:
        draft.add_role(title, start, until or last, end_is_last_day=not until)
