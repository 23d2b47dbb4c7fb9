"""Feeds of all formats, including unusual and invalid ones: ids, links, titles and times of their entries."""

import json
from datetime import datetime
from functools import cache
from itertools import zip_longest
from pathlib import Path

import pytest
from support.baselines import assert_floor

from monitor.domain.errors import NotAFeed
from monitor.domain.source import Entry, Source
from monitor.parse.dispatch import parse_document

DATA = Path(__file__).parent / "feeds"
URL = "https://feeds.example/section/feed.xml"
SOURCE = Source("feeds", "Feeds", feed=URL)

Expected = dict[str, str | None]
NOTHING: Expected = {}


@cache
def expected() -> dict[str, list[Expected]]:
    """Return the expected entries of each file."""
    read = json.loads((DATA / "expected.json").read_text(encoding="utf-8"))
    return {name: one["entries"] for name, one in read.items()}


@cache
def found() -> dict[str, tuple[Expected, ...]]:
    """Return the entries that the program reads in each file."""
    return {name: tuple(map(shown, entries(DATA / name))) for name in expected()}


def entries(path: Path) -> tuple[Entry, ...]:
    """Return the entries of a file; none if it is not a feed."""
    try:
        return parse_document(path.read_bytes(), "", URL, SOURCE).entries
    except NotAFeed:
        return ()


def shown(entry: Entry) -> Expected:
    """Return an entry in the form of expected.json."""
    moment = entry.published_at or entry.updated_at
    return {"id": entry.guid, "link": entry.url, "title": entry.title, "published": second(moment)}


def second(moment: datetime | None) -> str | None:
    """Return a time to the second."""
    return moment.replace(microsecond=0).isoformat() if moment else None


def test_every_entry_is_read_and_no_other() -> None:
    """The number of entries is the expected one for every document."""
    wrong = {name: len(found()[name]) for name, rows in expected().items() if len(found()[name]) != len(rows)}
    assert_floor("feeds.entries", 1 - len(wrong) / len(expected()), wrong)


@pytest.mark.parametrize("field", ["id", "link", "title", "published"])
def test_fields_of_entries_are_right(field: str) -> None:
    """An entry is compared with the expected one in its place; a missing entry is wrong in every field."""
    pairs = [
        (name, row[field], read.get(field))
        for name, rows in expected().items()
        for row, read in zip_longest(rows, found()[name][: len(rows)], fillvalue=NOTHING)
    ]
    wrong = [pair for pair in pairs if pair[1] != pair[2]]
    assert_floor(f"feeds.{field}", 1 - len(wrong) / len(pairs), wrong)


def test_every_file_is_labelled() -> None:
    """Every file in the folder has expected entries."""
    assert {path.name for path in DATA.iterdir()} - {"README.md", "expected.json"} == set(expected())
