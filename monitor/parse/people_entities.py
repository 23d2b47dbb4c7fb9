"""Reader of people in JSON files: FollowTheMoney entities (from OpenSanctions) and Wikidata items.

A file has one entity per line, as OpenSanctions files and Wikidata dumps have, or it is one JSON document. A JSON
document is a list, or a response of Special:EntityData or of the OpenSanctions API.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain
from typing import Any

from monitor.domain.errors import InputError
from monitor.domain.imported_people import ImportItem, ImportNote
from monitor.parse.people_ftm import FtmPeople, is_ftm_entity
from monitor.parse.people_wikidata import WikidataPeople, is_wikidata_item

MAX_LINE_CHARS = MAX_DOCUMENT_CHARS = 50_000_000
MAX_PEOPLE = 200_000
Entity = dict[str, Any]
_JSON_ERRORS = (ValueError, RecursionError)


def read_people_entities(
    open_lines: Callable[[], Iterable[str]], wikidata: WikidataPeople, is_wanted: Callable[[Iterable[str]], bool]
) -> Iterator[ImportItem]:
    """Read a JSON file: yield its people, and notes on what is not imported.

    - ``open_lines`` returns the lines from the beginning of the file. It is called a second time if posts are separate
      entities.
    - ``wikidata`` is the collector to which people in Wikidata items are added. This function does not yield them,
      because the titles of their posts may have to be read from Wikidata first.
    - ``is_wanted`` gets the countries of a person, and returns whether the person is to be read.

    At most ``MAX_PEOPLE`` people are read. Raises ``InputError`` if the file has no entity of a known form.
    """
    ftm = FtmPeople(is_wanted)
    known = other = 0
    for place, entity in iter_entities(open_lines()):
        if isinstance(entity, ImportNote):
            yield entity
        elif ftm.count + wikidata.count >= MAX_PEOPLE:
            message = f"the file has more than {MAX_PEOPLE:,} people; the others are not read, choose with --country"
            yield ImportNote(place, message, is_left_out=True)
            break
        elif is_ftm_entity(entity):
            known += 1
            ftm.add(entity, place)
        elif is_wikidata_item(entity):
            known += 1
            wikidata.add(entity, place, is_wanted)
        else:
            other += 1
            yield ImportNote(place, "is neither an entity of FollowTheMoney nor an item of Wikidata", is_left_out=True)
    if other and not known:
        raise InputError(
            "no entity has the keys schema and properties (FollowTheMoney) or id and labels (Wikidata); write a CSV "
            "file with the heading name instead"
        )
    if ftm.has_separate_posts or wikidata.missing_posts:
        for _place, entity in iter_entities(open_lines()):
            if not isinstance(entity, ImportNote):
                ftm.add_post(entity)
                wikidata.add_post(entity)
    yield from ftm.finish()


def iter_entities(lines: Iterable[str]) -> Iterator[tuple[str, Entity | ImportNote]]:
    """Yield each entity of a file with its location, such as "line 3".

    For a line that is not valid JSON, a note is yielded.
    """
    numbered = enumerate(lines, 1)
    first = next(((number, line) for number, line in numbered if line.strip(" \t\r\n\ufeff")), None)
    if first is None:
        raise InputError("the file is empty")
    text = first[1].lstrip("\ufeff")
    if text.strip() != "[" and not _is_json(text.strip().rstrip(",")):
        yield from _iter_document(chain([text], (line for _, line in numbered)))
        return
    for number, line in chain([(first[0], text)], numbered):
        if not (bare := line.strip().rstrip(",")) or bare in {"[", "]"}:
            continue
        if len(line) > MAX_LINE_CHARS:
            message = f"the line has more than {MAX_LINE_CHARS:,} characters"
            yield f"line {number}", ImportNote(f"line {number}", message, is_left_out=True)
            continue
        try:
            value = json.loads(bare)
        except _JSON_ERRORS as error:
            message = f"is not valid JSON: {_describe(error)}"
            yield f"line {number}", ImportNote(f"line {number}", message, is_left_out=True)
            continue
        yield from _iter_values(value, f"line {number}")


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except _JSON_ERRORS:
        return text[:1] not in "[{" or text.rstrip().endswith("}")  # a broken line, not the begin of a document
    return True


def _iter_document(lines: Iterable[str]) -> Iterator[tuple[str, Entity | ImportNote]]:
    """Yield the entities of a file that is one JSON document.

    Raises ``InputError`` if the document is too long or not valid JSON.
    """
    parts, size = [], 0
    for line in lines:
        parts.append(line)
        size += len(line)
        if size > MAX_DOCUMENT_CHARS:
            raise InputError(
                f"the JSON document has more than {MAX_DOCUMENT_CHARS:,} characters; write one entity a line"
            )
    try:
        value = json.loads("".join(parts))
    except _JSON_ERRORS as error:
        raise InputError(
            f"the file is neither JSON with one entity a line nor one document: {_describe(error)}"
        ) from error
    yield from _iter_values(value, "entity")


def _iter_values(value: Any, place: str) -> Iterator[tuple[str, Entity | ImportNote]]:
    """Yield the entities in a JSON value.

    The value is an entity, a list of entities, or an object that has its entities under ``entities`` or ``results``.
    """
    if isinstance(value, dict):
        inner = value.get("entities", value.get("results")) if "schema" not in value and "labels" not in value else None
        if not isinstance(inner, dict | list):
            yield place, value
            return
        value = list(inner.values()) if isinstance(inner, dict) else inner
    if not isinstance(value, list):
        yield place, ImportNote(place, "is not an entity, but a text or a number", is_left_out=True)
        return
    for number, one in enumerate(value, 1):
        where = f"{place} {number}" if place == "entity" else place
        if isinstance(one, dict):
            yield where, one
        else:
            yield where, ImportNote(where, "is not an entity, but a text, a number or a list", is_left_out=True)


def _describe(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return (
            f"{error.msg} in line {error.lineno}, column {error.colno}"
            if error.lineno > 1
            else (f"{error.msg} at column {error.colno}")
        )
    return "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
